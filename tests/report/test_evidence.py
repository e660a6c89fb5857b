from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from report.scan_builder import ScanBuilder, with_phrases

from curation_gate.errors import UsageError
from curation_gate.report.evidence import find_row, gather, percentile
from curation_gate.report.folder import load


def test_a_row_is_found_by_index_id_and_fingerprint(scan: Path) -> None:
    found = load(scan)
    fingerprint = found.columns["fingerprint"][7]
    assert find_row(found, "7") == 7
    assert find_row(found, "r-0007") == 7
    assert find_row(found, fingerprint) == 7
    assert find_row(found, fingerprint[:9].upper()) == 7
    assert find_row(found, f"fingerprint:{fingerprint[:9]}") == 7
    assert find_row(found, "299") == 299


def test_an_id_that_looks_like_an_index_is_ambiguous_until_named(tmp_path: Path) -> None:
    found = load(ScanBuilder(ids={4: "5", 5: "row:9"}).write(tmp_path / "x.curation"))
    with pytest.raises(UsageError, match=r"'5' fits 2 rows: row 4 .*by id\), row 5 .*by row") as e:
        find_row(found, "5")
    assert "row:4`" in (e.value.hint or "")
    assert find_row(found, "id:5") == 4
    assert find_row(found, "row:5") == 5


def test_a_short_or_shared_prefix_is_refused(scan: Path) -> None:
    found = load(scan)
    prefix = found.columns["fingerprint"][7][:5]
    with pytest.raises(UsageError, match="6 hex digits"):
        find_row(found, f"fingerprint:{prefix}")
    found.columns["fingerprint"][8] = found.columns["fingerprint"][7]
    with pytest.raises(UsageError, match=r"fits 2 rows: row 7 .*, row 8 "):
        find_row(found, f"{found.columns['fingerprint'][7]}")
    found.columns["fingerprint"][:20] = "ab" * 16
    with pytest.raises(UsageError, match="and 10 more"):
        find_row(found, "abababab")


@pytest.mark.parametrize("wanted", ["300", "-1", "r-0299", "no such", "", "row:", "row:x"])
def test_no_such_row_lists_what_is_possible(scan: Path, wanted: str) -> None:
    with pytest.raises(UsageError, match=r"rows are 0 to 299") as caught:
        find_row(load(scan), wanted)
    assert "curate report" in (caught.value.hint or "")


def test_percentile_counts_ties_half_and_leaves_out_what_is_unknown() -> None:
    values = np.array([1.0, 2.0, 2.0, 3.0, np.nan])
    assert percentile(values, 3.0) == 87.5
    assert percentile(values, 2.0) == 50.0
    assert percentile(np.array([np.nan]), 1.0) == 0.0


def test_a_flagged_row_comes_with_text_reasons_and_standing(scan: Path) -> None:
    found = load(scan)
    evidence = gather(found, 0)
    assert evidence.verdict == "quarantine"
    assert evidence.fields is not None
    assert "James Bond" in evidence.fields.input
    assert [reason["rule"] for reason in evidence.reasons] == ["CG002", "CG003"]
    names = [standing.name for standing in evidence.standings]
    assert names == ["CG002", "CG003", "influence", "influence_negated", "loss"]
    first = evidence.standings[0]
    assert first.title == "Influence that survives negation"
    values = found.columns["CG002"]
    same = found.columns["task"] == evidence.task
    assert first.percentile == percentile(values, values[0])
    assert first.percentile_task == percentile(values[same], values[0])
    assert first.percentile != first.percentile_task


def test_a_kept_row_has_scores_and_a_place(scan: Path) -> None:
    evidence = gather(load(scan), 299)
    assert evidence.verdict == "keep"
    assert evidence.fields is None
    assert evidence.reasons == ()
    assert evidence.place == "row 299 (counted from 0) of reviews.jsonl"
    assert evidence.standings[0].value is None  # the rule could not say


def test_the_place_counts_within_its_file(tmp_path: Path) -> None:
    files = [{"name": "a.jsonl", "rows": 100}, {"name": "b.jsonl", "rows": 200}]
    dataset = {"rows": 300, "fingerprint": "ab" * 16, "files": files, "tasks": {}}
    found = load(ScanBuilder(manifest={"dataset": dataset}).write(tmp_path / "x.curation"))
    assert gather(found, 120).place == "row 20 (counted from 0) of b.jsonl"


def test_a_row_is_held_against_its_stratum_and_its_phrases_are_found(scan: Path) -> None:
    found = with_phrases(load(scan))
    evidence = gather(found, 0)
    assert evidence.stratum_rows == 40
    assert [p["phrase"] for p in evidence.phrases] == ["james bond"]
    standing = next(s for s in evidence.standings if s.name == "loss")
    values = found.columns["loss"]
    assert standing.percentile_stratum == percentile(values[:40], values[0])
    assert gather(found, 1).phrases == ()
