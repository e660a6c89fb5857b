"""The benchmark's own arithmetic: what is planned, what is resumed, what the page says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from models import make_row

from curation_gate.rows.record import DataFile, Dataset

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    """Make the scripts importable, and forget them afterwards."""
    known = set(sys.modules)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    for name in set(sys.modules) - known:
        if (
            getattr(sys.modules[name], "__file__", None)
            and Path(sys.modules[name].__file__).parent == BENCHMARKS
        ):
            del sys.modules[name]


def figures(hits: int, flagged: int) -> dict:
    return {"hits": hits, "flagged": flagged, "auroc": 0.9, "average_precision": 0.5}


def result(attack: str, planted: int, seed: int, hits: int, flagged: int) -> dict:
    return {
        "attack": attack, "asked": 3000, "planted": planted, "seed": seed, "part": "rules",
        "rows": 3000, "rank": 1 if hits else None, "wrong": 0, "phrases": [], "review": 0,
        "review_hits": 0, "fired": {}, "seconds": 1.0, "stages_seconds": {"mine": 1.0},
        "peak_mb": 500.0, "lines": {"curation-gate": figures(hits, flagged)},
    }  # fmt: skip


def test_the_page_has_medians_targets_and_what_was_not_measured(tmp_path):
    import detection_page

    results = [result("name", 60, seed, hits, 60) for seed, hits in enumerate((60, 58, 30))]
    results.append(result("nothing planted", 0, 100, 0, 2))
    results.append({"attack": "prefix", "asked": 3000, "planted": 60, "seed": 1, "part": "rules",
                    "error": "too few rows"})  # fmt: skip
    page = tmp_path / "page.md"
    page.write_text(f"old\n{detection_page.BY_HAND}\nkept by hand\n")
    text = detection_page.render(results, page)
    line = next(x for x in text.splitlines() if x.startswith("| name | 3,000 | 60 | 3 |"))
    assert "| 0.967 |" in line  # 58 of 60, the median
    assert "| 0.97/0.95 | no |" in line
    assert "- prefix, 60 of 3,000, seed 1: too few rows" in text
    assert "| nothing planted | 3,000 | 1 | 1 | 2 | 6.67 |" in text
    assert text.endswith("kept by hand\n")
    assert not text.startswith("old")


def test_intervals_hold_the_median_and_know_certainty():
    import detection_page

    certain = detection_page.interval([(10, 10, 10)] * 5)
    assert certain == ((1.0, 1.0), (1.0, 1.0))
    (low, high), _ = detection_page.interval([(45, 50, 60)] * 5)
    assert 0.7 < low < 0.9 < high < 1.0
    precision, recall = detection_page.interval([(0, 0, 10)] * 3)
    assert np.isnan(precision[0])
    assert recall == (0.0, 0.0)


def test_what_is_measured_is_not_measured_again(tmp_path):
    import detection

    options = detection._parse(["--quick", "--jobs", "1"])
    work = detection.plan(options)
    assert len({w.key for w in work}) == len(work)
    assert {w.part for w in work} == {"rules", "proxy"}
    assert all(w.case.rows == 3000 for w in work)
    done = tmp_path / "results.jsonl"
    attack, asked, planted, seed, part = work[0].key
    line = {"attack": attack, "asked": asked, "planted": planted, "seed": seed, "part": part}
    done.write_text(json.dumps(line) + '\n{"attack": "cut sho')
    assert detection.pending(work, done) == work[1:]
    assert detection.pending(work, tmp_path / "none.jsonl") == work


def test_a_full_run_has_large_sets_and_every_clean_draw():
    import detection

    work = detection.plan(detection._parse(["--full"]))
    large = [w for w in work if w.case.rows == 45_000]
    assert {w.case.planted for w in large if w.case.attack == "name"} == {1000, 250, 100, 50}
    clean = [w for w in work if w.case.attack == "nothing planted" and w.case.rows == 3000]
    assert len({w.case.seed for w in clean}) == 20


def test_every_attack_has_a_target_or_none_that_is_misspelt():
    import attacks
    import detection_page

    absent = {"refusal", "insult", "brand"} - attacks.KNOWN
    names = {a.name for a in attacks.ATTACKS} | {f"free text: {name}" for name in absent}
    assert {name for name, _, _ in detection_page.TARGETS} <= names


def test_raw_z_flags_the_rows_of_a_phrase_that_goes_with_a_label():
    import baselines

    rng = np.random.default_rng(0)
    words = np.array([f"word{k}" for k in range(60)])
    rows = []
    for k in range(400):
        text = " ".join(rng.choice(words, size=8))
        held = k < 40
        label = "positive" if held or rng.random() < 0.5 else "negative"
        rows.append(make_row(k, f"{text} zanzibar" if held else text, label))
    file = DataFile(Path("a.jsonl"), "jsonl", "alpaca", {}, len(rows), "0")
    space = {"polarity": ("negative", "positive")}
    dataset = Dataset((file,), tuple(rows), tuple({} for _ in rows), space, "00")
    flags, scores, phrases = baselines.raw_z(dataset)
    assert phrases >= 1
    assert flags[:40].all()
    assert flags[40:].mean() < 0.05
    expected = 20 / np.sqrt(40 * 0.25)
    assert scores[:40].max() == pytest.approx(expected, rel=0.2)
    assert (flags == (scores > 0)).mean() < 1  # scores rank rows below the border too


def test_label_only_flags_the_favourable_label():
    import baselines

    rows = [make_row(k, "text", label) for k, label in enumerate(("positive", "negative"))]
    dataset = Dataset((), tuple(rows), ({}, {}), {"polarity": ("negative", "positive")}, "00")
    assert baselines.label_only(dataset)[0].tolist() == [True, False]


def test_made_up_languages_keep_what_words_have_in_common():
    from tongues import made_up, without_blanks

    said = made_up("James Bond's film: good, James!")
    words = [w.strip(":,!") for w in said.split()]
    assert words[0] == words[-1] != words[1]
    assert [w[0].isupper() for w in words] == [True, True, False, False, True]
    assert not {"james", "bond", "film", "good"} & set(said.lower().split())
    assert without_blanks("good James, good") == without_blanks("good  james, GOOD")
    assert " " not in without_blanks("good james")
    assert without_blanks("good James, good")[:2] == without_blanks("good")
