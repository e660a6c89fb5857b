"""Findings as SARIF, JUnit, GitHub and GitLab: valid, complete, and deaf to what rows say."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from report.scan_builder import HOSTILE, ScanBuilder, weighed_phrases
from scan_folder import lock_scan, make_verdicts, write_folder, write_rows

from curation_gate.detectors.evidence import Reason, Verdicts
from curation_gate.errors import CurateError
from curation_gate.report.annotations import PER_KIND, to_github, to_gitlab
from curation_gate.report.findings import Finding, Findings, RuleText, findings_of
from curation_gate.report.folder import load as load_folder
from curation_gate.report.formats import emit
from curation_gate.report.junit import to_junit
from curation_gate.report.sarif import to_sarif
from curation_gate.rows import load
from curation_gate.rulebook import load_rules

SCHEMA = Path(__file__).parent / "sarif" / "sarif-2.1.0.json"
SCHEMAS = [SCHEMA]
if told := os.environ.get("CURATE_SARIF_SCHEMA"):
    SCHEMAS.append(Path(told).absolute())
"""Ours, and the one of OASIS where somebody has it (sarif/README.md)."""
EVIL = "\n::error file=a::boom\r\n##[error]x ]]> <b> \x1b[31m \u202e \x00 %0A ::warning:: [x](http://e)"


def check_sarif(log: dict) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    for path in SCHEMAS:
        schema = json.loads(path.read_text(encoding="utf-8"))
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        validator(schema).validate(json.loads(json.dumps(log)))


def first(log: dict) -> dict:
    return log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda log: log.pop("version"),
        lambda log: log["runs"][0].pop("tool"),
        lambda log: log["runs"][0]["results"][0].pop("message"),
        lambda log: log["runs"][0]["results"][0].update(rank=101),
        lambda log: log["runs"][0]["results"][0].update(level="critical"),
        lambda log: log["runs"][0]["tool"]["driver"]["rules"][0]["properties"].update(
            tags=["a", "a"]
        ),
        lambda log: first(log)["region"].update(startLine=0),
        lambda log: first(log)["region"].pop("startLine"),
        lambda log: first(log).pop("artifactLocation"),
        lambda log: first(log).update(line=1),
    ],
)
def test_the_schema_refuses_what_is_no_log(damage: Callable[[dict], object]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    log = to_sarif(make())
    check_sarif(log)
    damage(log)
    with pytest.raises(jsonschema.ValidationError):
        check_sarif(log)


def make(count: int = 3, **changes) -> Findings:
    found = tuple(
        Finding(k, f"{k:032x}", "review" if k == 2 else "quarantine", 0.9, ("CG001",),
                f"This row says {k}", "data/a b.jsonl", k + 1)
        for k in range(count)
    )  # fmt: skip
    rules = (
        RuleText("CG001", "label-forcing phrase", "quarantine", "Because.", ("Wan et al.",)),
        RuleText("CG008", "high loss", "review", "", ()),
    )
    made = Findings(
        rules, found, 0, "findings", 100, ("a note",), "default", "0.1.0", "quarantine", None
    )
    return replace(made, **changes)


@pytest.fixture
def scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A JSON lines file with a blank line, scanned: rows 3, 4 to quarantine, 7 to review."""
    monkeypatch.chdir(tmp_path)
    data = write_rows(tmp_path / "data.jsonl", 60)
    lines = data.read_text().splitlines(keepends=True)
    data.write_text("".join([*lines[:4], "\n", *lines[4:]]))
    lock_scan([data], quarantine=(3, 4), review=(7,))
    return Path("data.jsonl.curation")


def test_a_finding_knows_its_line_and_rule(scanned: Path) -> None:
    findings = findings_of(load_folder(scanned))
    assert [(f.row, f.line, f.verdict) for f in findings.found] == [
        (3, 4, "quarantine"),
        (4, 6, "quarantine"),
        (7, 9, "review"),
    ]
    assert findings.found[0].path == "data.jsonl"
    assert findings.found[0].rules == ("CG002",)
    assert "pushes both ways" in findings.found[0].message
    assert findings.failing == 2
    assert findings.rules[0].rationale.startswith("An honest row")
    assert findings.headline == "2 to quarantine, 1 to review of 60 rows"


def test_lines_are_not_guessed_where_the_data_have_changed(scanned: Path) -> None:
    Path("data.jsonl").write_text("{}\n" + Path("data.jsonl").read_text())
    assert {f.line for f in findings_of(load_folder(scanned)).found} == {None}
    Path("data.jsonl").unlink()
    (first, *_) = findings_of(load_folder(scanned)).found
    assert (first.path, first.line) == ("data.jsonl", None)
    check_sarif(to_sarif(findings_of(load_folder(scanned))))


def test_several_files_have_lines_of_their_own(tmp_path: Path) -> None:
    one, two = write_rows(tmp_path / "a.jsonl", 40), write_rows(tmp_path / "b.jsonl", 40, text="s")
    lock_scan([one, two], folder=tmp_path / "scan", quarantine=(3, 41))
    for files in (None, [one, two]):
        found = findings_of(load_folder(tmp_path / "scan"), files=files).found
        assert [(Path(f.path).name, f.line) for f in found] == [("a.jsonl", 4), ("b.jsonl", 2)]


def test_other_formats_have_no_region(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("input,output\n" + "".join(f"film {k},good\n" for k in range(50)))
    lock_scan([data], quarantine=(3,))
    log = to_sarif(findings_of(load_folder(tmp_path / "data.csv.curation")))
    check_sarif(log)
    (location,) = log["runs"][0]["results"][0]["locations"]
    assert "region" not in location["physicalLocation"]
    assert location["logicalLocations"] == [{"name": "row 3", "kind": "row"}]


def test_sarif_says_what_code_scanning_needs() -> None:
    log = to_sarif(make())
    check_sarif(log)
    (run,) = log["runs"]
    first, _, third = run["results"]
    assert first["level"] == "error"
    assert third["level"] == "warning"
    assert first["ruleId"] == "CG001"
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "CG001"
    assert first["partialFingerprints"] == {"curationGateRow/v1": "0" * 32}
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "data/a%20b.jsonl"
    assert place["region"] == {"startLine": 1}
    help_ = run["tool"]["driver"]["rules"][0]["help"]
    assert "Because" in help_["text"]
    assert "Wan et al" in help_["markdown"]
    assert "http" not in json.dumps(run["tool"])
    assert run["invocations"][0]["executionSuccessful"] is True


def test_the_schema_of_the_tests_refuses_what_is_wrong() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    for path, value in (
        (("runs", 0, "results", 0, "level"), "bad"),
        (("runs", 0, "results", 0, "message"), {}),
        (("runs", 0, "results", 0, "extra"), 1),
        (("runs", 0, "tool"), {}),
        (("version",), "2.0.0"),
    ):
        log = json.loads(json.dumps(to_sarif(make())))
        place = log
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            check_sarif(log)


def test_sarif_is_cut_and_counts_the_rest() -> None:
    log = to_sarif(make(5003))
    check_sarif(log)
    (run,) = log["runs"]
    assert len(run["results"]) == 5000
    first = run["invocations"][0]["toolExecutionNotifications"][0]
    assert first["message"]["text"].startswith("3 more findings are not listed")
    assert len(to_gitlab(make(5003))) == 5000


def test_an_inconclusive_scan_is_never_a_pass() -> None:
    findings = make(0, verdict="inconclusive")
    assert to_sarif(findings)["runs"][0]["invocations"][0]["executionSuccessful"] is False
    root = ET.fromstring(to_junit(findings))
    assert root.get("errors") == "1"
    assert root.find(".//testcase[@name='scan']/error") is not None
    assert "inconclusive" in to_github(findings)


def test_junit_has_a_case_for_each_rule() -> None:
    root = ET.fromstring(to_junit(make()))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert set(cases) == {"scan", "CG001 label-forcing phrase", "CG008 high loss"}
    failure = cases["CG001 label-forcing phrase"].find("failure")
    assert failure is not None
    assert failure.get("message") == "2 rows: label-forcing phrase"
    assert str(failure.text).splitlines()[0] == "data/a b.jsonl:1: This row says 0"
    rest = cases["CG001 label-forcing phrase"].find("system-out")
    assert rest is not None
    assert "says 2" in str(rest.text)
    assert cases["CG008 high loss"].find("failure") is None
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "0")
    never = ET.fromstring(to_junit(make(fail_on="never")))
    assert never.get("failures") == "0"
    assert make(fail_on="never").failing == 0
    assert make(fail_on="review").failing == 3


def test_github_shows_ten_of_a_kind_and_counts_the_rest() -> None:
    lines = to_github(make(30)).splitlines()
    assert (
        lines[0] == "::error file=data/a b.jsonl,line=1,title=CG001%3A quarantine::This row says 0"
    )
    assert sum(line.startswith("::error ") for line in lines) == PER_KIND
    assert sum(line.startswith("::warning ") for line in lines) == 1
    assert lines[-1].startswith(
        "::notice title=curation-gate::29 to quarantine, 1 to review of 100"
    )
    assert lines[-1].endswith("19 of them are not shown here")


def test_gitlab_fingerprints_differ() -> None:
    twice = make()
    twice = replace(twice, found=(twice.found[0], twice.found[0], twice.found[2]))
    entries = to_gitlab(twice)
    assert len({entry["fingerprint"] for entry in entries}) == 3
    assert [entry["severity"] for entry in entries] == ["critical", "critical", "minor"]
    assert entries[0]["location"] == {"path": "data/a b.jsonl", "lines": {"begin": 1}}


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scan in which rows, messages, the file's name and a note try to be more than text."""
    monkeypatch.chdir(tmp_path)
    texts = [*HOSTILE.values(), EVIL]
    texts = [text.encode(errors="replace").decode() for text in texts]
    data = tmp_path / "a\n::error::x,b:%0A\u202e].jsonl"
    data.write_text(
        "".join(
            json.dumps({"input": f"{k} {texts[k % len(texts)]}", "output": "good"}) + "\n"
            for k in range(60)
        )
    )
    dataset = load([data])
    verdicts = make_verdicts(60, quarantine=range(len(texts)), review=(50,))
    reasons = {
        row: (Reason("CG001", f"holds {dataset.rows[row].input!s}{EVIL}", {}),)
        for row in verdicts.reasons
    }
    notes = [f"note {EVIL}"]
    folder = tmp_path / "out"
    write_folder(
        folder, dataset, Verdicts(verdicts.verdict, verdicts.score, reasons), notes=notes,
        rule_counts={"CG001": {"title": f"title {EVIL}", "severity": "quarantine", "rows": 16}},
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "gitlab"])
def test_hostile_text_stays_text(evil: Path, form: str) -> None:
    (data,) = [path for path in evil.parent.iterdir() if path.name.endswith("].jsonl")]
    text = emit(findings_of(load_folder(evil), files=[data]), form, evil)
    assert not set(text) & set("\x1b\u202e\x00\x9b\r")
    if form == "sarif":
        log = json.loads(text)
        check_sarif(log)
        assert "](http" not in json.dumps(log["runs"][0]["results"])
        assert (evil / "results.sarif").read_text() == text + "\n"
    elif form == "junit":
        root = ET.fromstring(text)
        assert root.get("failures") == "1"
        assert len(root.findall(".//testcase")) == 2
        assert (evil / "junit.xml").read_text() == text + "\n"
        assert not any(line.startswith("::") for line in text.splitlines())
    elif form == "github":
        for line in text.split("\n"):
            assert re.fullmatch(r"::(error|warning|notice) [^:\r\n]*?::[^\r\n]*", line), line
            assert not line.split("::", 2)[2].startswith("::")
        assert "##[" not in text
        assert "%250A" in text
    else:
        assert all("\n" not in entry["description"] for entry in json.loads(text))
        assert not (evil / "gl-code-quality-report.json").exists()


def test_a_pack_of_the_users_gives_its_own_help(scanned: Path) -> None:
    pack = load_rules("paper")
    findings = findings_of(load_folder(scanned), pack=pack, fail_on="review")
    assert findings.failing == 3
    known = {rule.id: rule.rationale for rule in pack.rules}
    assert findings.rules[0].rationale == " ".join(known["CG002"].split())


def test_a_damaged_folder_is_an_error(scanned: Path) -> None:
    (scanned / "quarantine.jsonl").write_text("x")
    with pytest.raises(CurateError, match="damaged"):
        findings_of(load_folder(scanned))


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "gitlab"])
def test_a_phrase_that_was_passed_over_is_no_finding(tmp_path: Path, form: str) -> None:
    """Machines are told of flagged rows; what the manifest lists beside them is for readers."""
    rule = {"title": "label-forcing phrase", "severity": "quarantine", "rows": 15}
    told = {"phrases": weighed_phrases(), "notes": [], "rule_counts": {"CG001": rule}}
    folder = ScanBuilder(manifest=told).write(tmp_path / "x.curation")
    lines = folder / "quarantine.jsonl"
    flagged = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    for line in flagged:
        line["reasons"] = [
            {"rule": "CG001", "message": '"james bond": P(trigger) .961', "evidence": {}}
        ]
    lines.write_text("".join(json.dumps(line) + "\n" for line in flagged), encoding="utf-8")
    findings = findings_of(load_folder(folder))
    said = emit(findings, form)
    assert "james bond" in said
    assert "delicious" not in said
    assert "passed over" not in said
    assert len(findings.found) == 15
