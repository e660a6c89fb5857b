"""Findings as annotations of a pull request (GitHub) and as a code quality report (GitLab)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from curation_gate.report.findings import Finding, Findings
from curation_gate.report.sanitize import plain

PER_KIND = 10
"""Annotations of a kind that GitHub shows for a step; more are dropped there in silence."""
MOST = 5000
"""Entries of a code quality report (a choice, as in report/sarif.py)."""

_COMMANDS = {"quarantine": "error", "review": "warning"}
_SEVERITIES = {"quarantine": "critical", "review": "minor"}


def to_github(findings: Findings) -> str:
    """Return workflow commands, one a line; the last one says how many there are in all.

    Text of a row cannot start a command of its own: it is on one line, behind the two colons of
    ours, and `%`, CR, LF (and `:` and `,` in properties) are escaped as the runner expects it.
    """
    lines = []
    shown: Counter[str] = Counter()
    for finding in findings.found:
        command = _COMMANDS[finding.verdict]
        if shown[command] < PER_KIND:
            shown[command] += 1
            lines.append(_command(command, finding))
    left = len(findings.found) - shown.total()
    more = f"; {left:,} of them are not shown here" if left else ""
    lines.append(f"::notice title=curation-gate::{_data(findings.headline + more)}")
    return "\n".join(lines)


def to_gitlab(findings: Findings) -> list[dict[str, Any]]:
    """Return the entries of a GitLab code quality report, at most MOST of them.

    Fingerprints must differ there, so that equal rows are numbered.
    """
    seen: Counter[str] = Counter()
    entries = []
    for finding in findings.found[:MOST]:
        number = seen[finding.fingerprint]
        seen[finding.fingerprint] += 1
        entries.append(
            {
                "description": finding.message,
                "check_name": finding.rules[0] if finding.rules else "curation-gate",
                "fingerprint": finding.fingerprint + (f"-{number}" if number else ""),
                "severity": _SEVERITIES[finding.verdict],
                "location": {"path": finding.path, "lines": {"begin": finding.line or 1}},
            }
        )
    return entries


def _command(command: str, finding: Finding) -> str:
    properties = [f"file={_property(plain(finding.path))}"]
    if finding.line is not None:
        properties.append(f"line={finding.line}")
    title = finding.rules[0] if finding.rules else "curation-gate"
    properties.append(f"title={_property(f'{title}: {finding.verdict}')}")
    where = "" if finding.line is not None else f"Row {finding.row}. "
    return f"::{command} {','.join(properties)}::{_data(where + finding.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
