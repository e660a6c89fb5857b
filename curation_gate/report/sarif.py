"""Findings as SARIF 2.1.0 (OASIS), for code scanning on GitHub and for editors."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import quote

from curation_gate.report.findings import Finding, Findings, RuleText

MOST = 5000
"""Results listed: GitHub shows so many of a run and refuses runs of more than 25,000."""

DRIVER = "curation-gate"
"""The name of the tool in a log."""
_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"quarantine": "error", "review": "warning"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~])")


def to_sarif(findings: Findings) -> dict[str, Any]:
    """Return a SARIF log of one run: a result for each row, at most MOST of them.

    Rows left out are counted in a notification. Nothing depends on time or machine.
    """
    listed = findings.found[:MOST]
    order = {rule.id: k for k, rule in enumerate(findings.rules)}
    notifications = [{"level": "note", "message": {"text": _text(note)}} for note in findings.notes]
    if len(findings.found) > MOST:
        left = len(findings.found) - MOST
        said = f"{left:,} more findings are not listed here; all stand in quarantine.jsonl."
        notifications.insert(0, {"level": "warning", "message": {"text": said}})
    if findings.since is not None:
        said = f"{findings.left_out:,} findings were there at {findings.since} and are left out."
        notifications.insert(0, {"level": "note", "message": {"text": _text(said)}})
    run = {
        "tool": {
            "driver": {
                "name": DRIVER,
                "version": findings.version,
                "semanticVersion": findings.version,
                "rules": [_rule(rule) for rule in findings.rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The repository's root."}}},
        "invocations": [
            {
                "executionSuccessful": findings.verdict != "inconclusive",
                "toolExecutionNotifications": notifications,
            }
        ],
        "results": [_result(finding, order) for finding in listed],
        "properties": _properties(findings),
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _properties(findings: Findings) -> dict[str, Any]:
    """Return what the run says of itself; `curate clean` writes the file again by it."""
    said: dict[str, Any] = {
        "rows": findings.rows,
        "verdict": findings.verdict,
        "pack": findings.pack,
        "failOn": findings.fail_on,
    }
    if findings.since is not None:
        said["diffBase"] = {"revision": findings.since, "commit": findings.commit}
    return said


def _result(finding: Finding, order: dict[str, int]) -> dict[str, Any]:
    place: dict[str, Any] = {
        "artifactLocation": {"uri": quote(os.fsencode(finding.path)), "uriBaseId": "%SRCROOT%"}
    }
    if finding.line is not None:
        place["region"] = {"startLine": finding.line}
    result: dict[str, Any] = {
        "level": _LEVELS[finding.verdict],
        "message": {"text": _text(finding.message)},
        "locations": [
            {
                "physicalLocation": place,
                "logicalLocations": [{"name": f"row {finding.row}", "kind": "row"}],
            }
        ],
        "partialFingerprints": {"curationGateRow/v1": finding.fingerprint},
        "properties": {"verdict": finding.verdict, "rules": list(finding.rules)},
    }
    if finding.score is not None:
        result["rank"] = round(100 * finding.score, 2)
    if finding.rules:
        result["ruleId"] = finding.rules[0]
        if finding.rules[0] in order:
            result["ruleIndex"] = order[finding.rules[0]]
    return result


def _rule(rule: RuleText) -> dict[str, Any]:
    """Return a rule with its help, which links nowhere: CI runs without a network."""
    help_text = rule.rationale or rule.title
    cited = "".join(f"\n- {_markdown(reference)}" for reference in rule.references)
    then = (
        "What to do: read the row; if it is planted, take the cleaned set that the scan wrote; "
        "if it is honest, let it go in review."
    )
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in re.findall(r"\w+", rule.title)) or rule.id,
        "shortDescription": {"text": _text(rule.title)},
        "fullDescription": {"text": _text(help_text)},
        "help": {
            "text": _text(f"{help_text} {then}"),
            "markdown": f"**{_markdown(rule.id)}: {_markdown(rule.title)}**\n\n"
            f"{_markdown(help_text)}\n\n{_markdown(then)}{chr(10) if cited else ''}{cited}",
        },
        "defaultConfiguration": {"level": _LEVELS.get(rule.severity, "warning")},
        "properties": {"tags": ["security", "dataset"], "precision": "high"},
    }


def _text(text: str) -> str:
    """Return a text in which a viewer sees no link (SARIF 3.11.6: `[text](target)`)."""
    return text.replace("](", "] (")


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)
