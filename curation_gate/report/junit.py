"""Findings as JUnit XML, for the test reports of CI servers: one case a rule."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from curation_gate.report.findings import Finding, Findings

MOST = 200
"""Rows listed in a case (a choice: the report is read by people)."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SUITE = "curation-gate"
"""The name of the suite begins with it."""


def to_junit(findings: Findings) -> bytes:
    """Return the XML: a case for the scan itself and one for each rule.

    A rule's case fails where it flagged a row at or above fail-on; rows below that are listed in
    the case's output. A scan that was inconclusive is an error, never a pass. The properties say
    what counts as a failure; `curate clean` writes the file again by them.
    """
    suite = ET.Element("testsuite", name=f"{SUITE} {findings.pack}")
    properties = ET.SubElement(suite, "properties")
    for key, said in (
        ("fail-on", findings.fail_on),
        ("diff-base", findings.since),
        ("diff-base-commit", findings.commit),
    ):
        if said is not None:
            ET.SubElement(properties, "property", name=key, value=_xml(said))
    scan = ET.SubElement(suite, "testcase", classname=SUITE, name="scan")
    errors = failures = 0
    if findings.verdict == "inconclusive":
        errors = 1
        ET.SubElement(scan, "error", message=_xml(findings.headline))
    out = ET.SubElement(scan, "system-out")
    out.text = _xml("\n".join((findings.headline, *findings.notes)))
    fails = {"quarantine": {"quarantine"}, "review": {"quarantine", "review"}}
    kinds = fails.get(findings.fail_on, set())
    for rule in findings.rules:
        case = ET.SubElement(
            suite, "testcase", classname=SUITE, name=_xml(f"{rule.id} {rule.title}")
        )
        own = [finding for finding in findings.found if rule.id in finding.rules]
        failed = [finding for finding in own if finding.verdict in kinds]
        rest = [finding for finding in own if finding.verdict not in kinds]
        if failed:
            failures += 1
            rows = "1 row" if len(failed) == 1 else f"{len(failed):,} rows"
            failure = ET.SubElement(
                case, "failure", message=_xml(f"{rows}: {rule.title}"), type=_xml(rule.id)
            )
            failure.text = _xml(_listed(failed))
        if rest:
            ET.SubElement(case, "system-out").text = _xml(_listed(rest))
    for key, value in (("tests", len(findings.rules) + 1), ("failures", failures)):
        suite.set(key, str(value))
    suite.set("errors", str(errors))
    root = ET.Element("testsuites", {k: v for k, v in suite.attrib.items() if k != "name"})
    root.append(suite)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _listed(found: list[Finding]) -> str:
    lines = [f"{finding.place}: {finding.message}" for finding in found[:MOST]]
    if len(found) > MOST:
        lines.append(f"{len(found) - MOST:,} more in quarantine.jsonl")
    return "\n".join(lines)


def _xml(text: str) -> str:
    """Return a text without the characters XML 1.0 has no way to write."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
