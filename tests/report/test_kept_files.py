"""Files of earlier formats in a scan folder: whose they are, and how they were asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from curation_gate.errors import OutputError
from curation_gate.report.findings import Findings
from curation_gate.report.formats import FILES, emit
from curation_gate.report.kept_files import Kept, forget, kept_files

EMPTY = Findings((), (), 0, "clean", 9, (), "default", "0.1.0", "quarantine", None)


@pytest.mark.parametrize("fail_on", ["quarantine", "review", "never"])
@pytest.mark.parametrize("commit", [None, "0a" * 20, "0b" * 32])
def test_a_file_says_how_it_was_asked_for(tmp_path: Path, fail_on: str, commit: str | None) -> None:
    since = None if commit is None else 'a<b>&"c'
    for form in FILES:
        emit(replace(EMPTY, fail_on=fail_on, since=since, commit=commit), form, tmp_path)
    assert kept_files(tmp_path) == dict.fromkeys(FILES, Kept(fail_on, since, commit))


def test_files_of_a_version_that_did_not_say_are_ours_too(tmp_path: Path) -> None:
    (tmp_path / "results.sarif").write_text(
        '{"runs": [{"tool": {"driver": {"name": "curation-gate"}}}]}'
    )
    (tmp_path / "junit.xml").write_text(
        '<testsuites><testsuite name="curation-gate strict"/></testsuites>'
    )
    assert kept_files(tmp_path) == dict.fromkeys(FILES, Kept(None, None, None))


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "[" * 100_000, '{"runs": 1}', '{"runs": [1]}', '{"runs": [{}, {}]}',
        '{"runs": [{"tool": {"driver": {"name": "another"}}}]}', "\udc80", "<a>", "<a/>",
        '<testsuites><testsuite name="pytest"/></testsuites>',
        '<!DOCTYPE a [<!ENTITY b "c">]><a><testsuite name="curation-gate &b;"/></a>',
    ],
)  # fmt: skip
def test_what_is_not_ours_stays(tmp_path: Path, text: str) -> None:
    for name in FILES.values():
        (tmp_path / name).write_bytes(text.encode(errors="surrogateescape"))
    assert kept_files(tmp_path) == {}
    forget(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES.values())


@pytest.mark.parametrize("value", ["main", "0" * 39, "0" * 41, "-x" + "0" * 38, "A" * 40])
def test_only_a_hash_is_taken_for_a_hash(tmp_path: Path, value: str) -> None:
    for form in FILES:
        emit(replace(EMPTY, since="main", commit=value), form, tmp_path)
    assert set(kept_files(tmp_path).values()) == {Kept("quarantine", None, None)}


def test_files_of_ours_are_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for form in FILES:
        emit(EMPTY, form, tmp_path)
    (tmp_path / "other.sarif").write_text("x")
    with monkeypatch.context() as patch:

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(OutputError, match="of an earlier scan: Permission denied"):
            forget(tmp_path)
    forget(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other.sarif"]
