"""A scan for machines: formats on stdout alone, and only what is new since a revision."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET

import pytest


@pytest.fixture
def repository(data, monkeypatch):
    """The 160 rows, the first 150 of them committed."""
    monkeypatch.chdir(data.parent)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    whole = data.read_bytes()
    data.write_bytes(b"".join(whole.splitlines(keepends=True)[:150]))
    names = ["-c", "user.name=t", "-c", "user.email=t@x.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", data.name], [*names, "commit", "-qm", "start"]):
        subprocess.run(["git", *arguments], check=True, capture_output=True)
    data.write_bytes(whole)
    return data


def test_sarif_of_what_is_new_and_the_rest_without_a_scan(curate, repository, quick):
    data = repository.name
    options = ("--rules", quick, "--format", "sarif", "--fail-on", "review")
    code, out, err = curate("scan", data, *options, "--diff-base", "HEAD")
    log = json.loads(out)
    folder = repository.parent / "data.jsonl.curation"
    assert (folder / "results.sarif").read_text() == out
    results = log["runs"][0]["results"]
    lines = [r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in results]
    flagged = [json.loads(x) for x in (folder / "quarantine.jsonl").read_text().splitlines()]
    assert flagged, "a scan that flags nothing tests nothing"
    assert sorted(lines) == [line["row"] + 1 for line in flagged if line["row"] >= 150]
    assert code == (1 if results else 0), err
    said = log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert said.startswith(f"{len(flagged) - len(results)} findings were there at HEAD")

    code, out, _ = curate("report", "data.jsonl.curation", "--format", "junit")
    assert code == 0
    assert (folder / "junit.xml").read_text() == out
    assert ET.fromstring(out).find("testsuite") is not None
    code, out, _ = curate("report", "data.jsonl.curation", "--format", "gitlab")
    assert len(json.loads(out)) == len(flagged)
    code, out, _ = curate("report", "data.jsonl.curation", "--format", "github")
    assert out.startswith(("::error file=data.jsonl,line=", "::warning file=data.jsonl,line="))

    code, out, _ = curate(
        "scan", data, "--rules", quick, "--format", "junit", "--fail-on", "review"
    )
    assert code == 1
    assert (folder / "junit.xml").read_text() == out
    assert not (folder / "results.sarif").exists(), "of an earlier scan, and not asked for again"


@pytest.mark.parametrize(
    ("revision", "said"), [("nope", "no such revision"), ("HEAD", "in no git repository")]
)
def test_a_wrong_base_is_told_before_anything_is_scanned(
    curate, data, quick, tmp_path, monkeypatch, revision, said
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    if revision == "nope":
        subprocess.run(["git", "init", "-q"], check=True, capture_output=True)
    code, out, err = curate("scan", data, "--rules", quick, "--diff-base", revision)
    assert code == 2
    assert out == ""
    assert said in err
    assert not (tmp_path / "data.jsonl.curation").exists()
