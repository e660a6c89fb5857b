from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scan_folder import make_dataset

from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.errors import RulesError
from curation_gate.quarantine.allow import Allowed, let_pass
from curation_gate.quarantine.allow_file import ALLOW, AllowFile, load_allow
from curation_gate.rows.record import Dataset

TODAY = dt.date(2026, 11, 21)


def dataset(rows: int = 20) -> Dataset:
    made = make_dataset(rows)
    sources = {0: "a", 1: "a", 2: "b"}
    return replace(made, rows=tuple(replace(r, source=sources.get(r.index)) for r in made.rows))


def results(rows: int = 20) -> list[RuleResult]:
    """CG001 names `james bond` in rows 0 to 3 (row 3 for review), CG004 fires on rows 2 to 4."""
    named = {"phrase": "james bond"}
    phrase = {k: Reason("CG001", "holds it", named, "review" if k == 3 else None) for k in range(4)}
    answer = {k: Reason("CG004", "repeats", {}) for k in (2, 3, 4)}
    scores = np.zeros(rows, dtype=np.float32)
    return [
        RuleResult("CG001", "quarantine", scores, phrase),
        RuleResult("CG004", "review", scores, answer),
    ]


def entries(*given: dict[str, object]) -> AllowFile:
    return AllowFile.model_validate({"allow": tuple({"reason": "seen", **e} for e in given)})


def applied(*given: dict[str, object]) -> Allowed:
    return let_pass(results(), dataset(), entries(*given), TODAY)


def flagged(allowed: Allowed) -> dict[int, str]:
    return {k: allowed.verdicts.verdict[k] for k in allowed.verdicts.reasons}


def test_without_entries_nothing_changes() -> None:
    allowed = applied()
    assert flagged(allowed) == {
        **dict.fromkeys((0, 1, 2), "quarantine"),
        **dict.fromkeys((3, 4), "review"),
    }
    assert (allowed.document["rows"], allowed.notes) == (0, ())


def test_a_phrase_sets_its_own_reasons_aside_and_no_others() -> None:
    allowed = applied({"phrase": "James  BOND"})
    assert flagged(allowed) == dict.fromkeys((2, 3, 4), "review")
    assert [r.rule for r in allowed.verdicts.reasons[2]] == ["CG004"]
    (entry,) = allowed.document["entries"]
    assert (entry["status"], entry["rows"], allowed.document["rows"]) == ("used", 4, 2)
    assert [(k["row"], k["verdict"], k["entry"]) for k in allowed.document["kept"]] == [
        (0, "quarantine", 0),
        (1, "quarantine", 0),
    ]
    assert allowed.notes == (f"2 flagged rows are kept because {ALLOW} lets them pass.",)


def test_a_fingerprint_and_a_source_set_every_reason_aside() -> None:
    row = dataset().rows[2]
    allowed = applied({"fingerprint": row.fingerprint}, {"source": "a"})
    assert flagged(allowed) == {3: "review", 4: "review"}
    assert {k["row"]: k["entry"] for k in allowed.document["kept"]} == {0: 1, 1: 1, 2: 0}


def test_stale_and_expired_entries_are_reported_and_do_nothing() -> None:
    yesterday, today = TODAY - dt.timedelta(1), TODAY
    allowed = applied(
        {"phrase": "james bond", "expires": yesterday},
        {"phrase": "joe biden"},
        {"source": "a", "expires": today},
        {"fingerprint": dataset().rows[9].fingerprint},
    )
    states = [e["status"] for e in allowed.document["entries"]]
    assert states == ["expired", "stale", "used", "stale"]
    assert flagged(allowed) == {2: "quarantine", 3: "review", 4: "review"}
    said = " ".join(allowed.notes)
    assert 'phrase "james bond" expired on 2026-11-20' in said
    assert 'phrase "joe biden" matches no flagged row: remove it' in said


def test_a_content_that_another_source_has_too_stays_flagged() -> None:
    made = make_dataset([("i", "same", "yes"), ("i", "same", "yes"), ("i", "other", "no")])
    rows = tuple(replace(r, source=s) for r, s in zip(made.rows, "aba", strict=True))
    scores = np.zeros(3, dtype=np.float32)
    fired = {k: Reason("CG001", "m", {}) for k in (0, 1)}
    result = RuleResult("CG001", "quarantine", scores, fired)
    allowed = let_pass([result], replace(made, rows=rows), entries({"source": "a"}), TODAY)
    assert flagged(allowed) == {0: "quarantine", 1: "quarantine"}
    assert allowed.document["rows"] == 0


def test_the_file_beside_the_data_is_found(tmp_path: Path) -> None:
    data = make_dataset(3, path=tmp_path / "data.jsonl")
    assert load_allow(None, data) is None
    (tmp_path / ALLOW).write_text("allow:\n  - phrase: a\n    reason: b\n    expires: 2027-01-31\n")
    found = load_allow(None, data)
    assert found is not None
    assert found[0] == tmp_path / ALLOW
    assert found[1].allow[0].expires == dt.date(2027, 1, 31)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the allow file is empty"),
        ("- phrase: a\n", "a mapping of keys, not a list"),
        ("allow:\n  - phrase: a\n", r":2: allow\[0\]\.reason: is required"),
        ("allow:\n  - phrase: a\n    reason: ' '\n", r":3: allow\[0\]\.reason"),
        ("allow:\n  - reason: b\n", r":2: allow\[0\]: an entry needs one of .* none of them"),
        ("allow:\n- phrase: a\n  source: c\n  reason: b\n", ":2: .*not phrase and source"),
        ("allow:\n- phrase: a\n  reason: b\n  expiry: 2027-01-01\n", r":4: .*expiry: unknown key"),
        ("allow:\n- phrase: a\n  reason: b\n  expires: soon\n", r":4: allow\[0\]\.expires"),
        ("allow:\n- phrase: a\n  reason: b\n  expires: 2027-02-30\n", "not YAML: day"),
        ("allow:\n- fingerprint: 12ab\n  reason: b\n", r":2: allow\[0\]\.fingerprint"),
        ("allow: &x\n- phrase: *x\n", "anchors and aliases"),
        ("allow:\n- phrase: a\n  phrase: b\n", ":3: key 'phrase' is given twice"),
        ("allow: [\n", "not YAML"),
    ],
)
def test_a_wrong_file_says_which_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(RulesError, match=said) as caught:
        load_allow(path, make_dataset(2))
    assert str(path) in str(caught.value)


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="cannot be read"):
        load_allow(tmp_path / "none.yaml", make_dataset(2))
