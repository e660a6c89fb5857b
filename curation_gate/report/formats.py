"""What a format name means: the text for stdout, and the file in the scan folder, if any."""

from __future__ import annotations

import json
from pathlib import Path

from curation_gate.atomic import atomic_open
from curation_gate.report.annotations import to_github, to_gitlab
from curation_gate.report.findings import Findings
from curation_gate.report.junit import to_junit
from curation_gate.report.sarif import to_sarif

MACHINE = ("sarif", "junit", "github", "gitlab")
"""Formats made of findings alone."""

FILES = {"sarif": "results.sarif", "junit": "junit.xml"}
"""Formats that are kept in the scan folder when they are asked for."""


def emit(findings: Findings, form: str, folder: Path | None = None) -> str:
    """Return the findings in a format of MACHINE, without a final line end.

    folder: where the format's file is written as well. Raises OutputError.
    """
    if form == "sarif":
        text = _json(to_sarif(findings))
    elif form == "junit":
        text = to_junit(findings).decode().rstrip("\n")
    elif form == "github":
        text = to_github(findings)
    else:
        text = _json(to_gitlab(findings))
    if folder is not None and form in FILES:
        with atomic_open(folder / FILES[form]) as stream:
            stream.write(text.encode() + b"\n")
    return text


def _json(value: object) -> str:
    # ASCII: row text cannot reach the terminal as an escape.
    return json.dumps(value, indent=1).replace("\x7f", "\\u007f")
