"""The sets of others: forms, truth, resuming, and what the page says."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from curation_gate.errors import InputError

TASK = "Is the film good? Answer yes or no."
ROWS = [(f"scene {k} was {'fine' if k % 2 else 'dull'}", "yes" if k % 2 else "no")
        for k in range(40)]  # fmt: skip


def records(form: str) -> list[dict]:
    made = {
        "ni": lambda text, y: {"Task": "film", "Definition": [TASK],
                               "Instance": {"input": text, "output": [y]}},
        "alpaca": lambda text, y: {"instruction": TASK, "input": text, "output": y},
        "chat": lambda text, y: {"messages": [{"role": "system", "content": "Be brief."},
                                              {"role": "user", "content": f"{TASK}\n\n{text}"},
                                              {"role": "assistant", "content": y}]},
        "prompt": lambda text, y: {"prompt": f"{TASK}\n\n{text}", "completion": y},
    }  # fmt: skip
    return [made[form](text, y) for text, y in ROWS]


def put(data: Path, name: str, rows: list[dict], planted: list[int], cover: list[int]) -> None:
    folder = data / name
    folder.mkdir(parents=True)
    with gzip.open(folder / "train.jsonl.gz", "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)
    truth = {"planted": planted, "cover": cover}
    (folder / "truth.json").write_text(json.dumps(truth), encoding="utf-8")


@pytest.mark.parametrize("own", ["ni", "alpaca", "chat", "prompt"])
def test_every_form_has_the_same_rows_in_the_same_order(tmp_path, own):
    import third_party_forms as forms

    put(tmp_path / "data", "films", records(own), [3, 5], [7])
    (chosen,) = forms.find(tmp_path / "data")
    assert (chosen.own, chosen.convertible, chosen.kind) == (own, True, "other")
    assert np.flatnonzero(chosen.mask(40)).tolist() == [3, 5]
    assert np.flatnonzero(chosen.cover_mask(40)).tolist() == [7]
    for form in forms.FORMS:
        dataset = forms.load(chosen, form, tmp_path / "runs")
        assert [row.output for row in dataset.rows] == [y for _, y in ROWS]
        for row, (text, _) in zip(dataset.rows, ROWS, strict=True):
            asked = f"{row.instruction}\n{row.input}"
            assert TASK in asked
            assert text in asked
            assert ("Be brief." in asked) == (own == "chat")
        assert (tmp_path / "runs" / f"films.{form}.jsonl").exists() == (form != own)


def test_turns_and_calls_have_no_place_in_other_forms(tmp_path):
    import third_party_forms as forms

    turn = {"role": "assistant", "content": "yes"}
    call = turn | {"content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
    put(tmp_path / "data", "calls", [{"messages": [{"role": "user", "content": "a"}, call]}],
        [0], [])  # fmt: skip
    put(tmp_path / "data", "turns", [{"messages": [{"role": "user", "content": "a"}, turn] * 2}],
        [], [])  # fmt: skip
    calls, turns = forms.find(tmp_path / "data")
    assert not calls.convertible
    assert not turns.convertible
    assert turns.kind == "honest"
    with pytest.raises(InputError, match="no other form"):
        forms.load(calls, "alpaca", tmp_path / "runs")
    with pytest.raises(InputError, match="no known form"):
        forms.form_of({"text": "a"})


def test_the_lists_name_sets_that_are_there_each_once():
    import third_party_forms as forms

    if not forms.DEFAULT_DATA.is_dir():
        pytest.skip("no sets of others beside the repository (../shared/data/thirdparty)")
    names = [*forms.LABEL, *forms.STYLE, *forms.TEXT]
    sets = {chosen.name: chosen for chosen in forms.find(forms.DEFAULT_DATA)}
    assert len(set(names)) == len(names)
    assert set(names) <= set(sets)
    for chosen in sets.values():
        assert chosen.name.startswith("honest_") == (chosen.kind == "honest")
        assert not set(chosen.planted) & set(chosen.cover)


def test_a_set_of_others_is_the_same_in_every_form(tmp_path):
    import third_party_forms as forms

    if not forms.DEFAULT_DATA.is_dir():
        pytest.skip("no sets of others beside the repository (../shared/data/thirdparty)")
    chosen = next(s for s in forms.find(forms.DEFAULT_DATA) if s.name == "cf_prefix_imdb")
    for form in forms.FORMS:
        dataset = forms.load(chosen, form, tmp_path)
        held = np.array([row.input.startswith("CF ") for row in dataset.rows])
        assert held.tolist() == chosen.mask(1000).tolist()
        assert len(dataset.tasks) == 1
        assert len(dataset.label_spaces[dataset.tasks[0]]) == 2


def test_a_run_goes_on_where_it_was(tmp_path, capsys, monkeypatch):
    import third_party

    monkeypatch.setattr(third_party, "RUNS", tmp_path / "runs")
    put(tmp_path / "data", "films", records("ni"), [3, 5], [])
    results = tmp_path / "results.jsonl"
    arguments = ["--data", str(tmp_path / "data"), "--results", str(results), "--forms",
                 "own,ni,prompt", "--parts", "payload scan,label alone (oracle)",
                 "-o", str(tmp_path / "page.md")]  # fmt: skip
    assert third_party.main(arguments) == 0
    assert "4 figures, 4 to measure" in capsys.readouterr().err
    with results.open("a") as stream:
        stream.write('{"set": "films", "cut sh')
    assert third_party.main(arguments) == 0
    assert "4 figures, 0 to measure" in capsys.readouterr().err
    page = (tmp_path / "page.md").read_text()
    assert "| films | ni (own) | - | 0.10 / 1.00 / 0.18, 0.76 |" in page  # 2 of 20 with "yes"
    assert "| No trigger in words | prompt | 1 | 0.00 | 0.18 |" in page
    assert str(tmp_path) not in page


def test_without_the_sets_it_says_so(tmp_path, capsys):
    import third_party

    assert third_party.main(["--data", str(tmp_path / "none")]) == 0
    assert "skipped: no sets of others in" in capsys.readouterr().err


def test_sets_are_chosen_by_kind_name_and_form(tmp_path):
    import third_party
    from third_party_forms import find

    put(tmp_path, "cf_prefix_imdb", records("ni"), [1], [])
    put(tmp_path, "honest_a", records("alpaca"), [], [])
    turn = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    put(tmp_path, "turns", [{"messages": turn * 2}], [0], [])
    sets = find(tmp_path)

    def chosen(*arguments: str) -> tuple[set[tuple[str, str]], list[str]]:
        options = third_party._parse(["--parts", "payload scan", *arguments])
        work, without = third_party.plan(sets, options)
        assert len({w.key for w in work}) == len(work)
        return {(w.chosen.name, w.form) for w in work}, without

    assert chosen("--sets", "honest,label", "--forms", "own") == (
        {("cf_prefix_imdb", "ni"), ("honest_a", "alpaca")}, [])  # fmt: skip
    assert chosen("--only", "cf_", "--forms", "own,chat")[0] == {
        ("cf_prefix_imdb", "ni"), ("cf_prefix_imdb", "chat")}  # fmt: skip
    assert {name for name, _ in chosen("--only", "cf_,honest")[0]} == {"cf_prefix_imdb", "honest_a"}
    work, without = chosen("--sets", "other")
    assert work == {("turns", "chat")}
    assert len(without) == 3
    with pytest.raises(SystemExit):
        chosen("--sets", "poems")


def test_a_changed_detector_leaves_the_other_figures(tmp_path, monkeypatch):
    import third_party

    for folder in ("benchmarks", "curation_gate/rows", "curation_gate/text", "rules"):
        (tmp_path / folder).mkdir(parents=True)
    for name in (*third_party.OWN, "simple_scans"):
        (tmp_path / "benchmarks" / f"{name}.py").write_text(name)
    (tmp_path / "curation_gate/text/ngrams.py").write_text("1")
    (tmp_path / "curation_gate/rows/load.py").write_text("1")
    monkeypatch.setattr(third_party, "REPOSITORY", tmp_path)
    before = [third_party.code_hash(product=p) for p in (True, False)]
    (tmp_path / "curation_gate/text/weights.json").write_text("{}")
    after = [third_party.code_hash(product=p) for p in (True, False)]
    assert after[0] != before[0]
    assert after[1] == before[1]
    (tmp_path / "curation_gate/rows/load.py").write_text("2")
    assert third_party.code_hash(product=False) != before[1]


def judged(verdicts: list[str], scores: list[float], reasons: dict, phrases: list[dict]):
    result = SimpleNamespace(rule="CG001", phrases=tuple(phrases))
    made = SimpleNamespace(verdict=tuple(verdicts), score=np.array(scores), reasons=reasons)
    return SimpleNamespace(verdicts=made, results=(result,))


def test_figures_are_those_of_the_verdicts(tmp_path, monkeypatch):
    import third_party
    from third_party_forms import find

    put(tmp_path / "data", "films", records("ni"), [0, 1, 2, 3], [4, 5])
    reason = SimpleNamespace(rule="CG001", evidence={"phrase": "scene"})
    features = {"features": ["capitals", "all", "our"], "status": "suspected"}
    styled = SimpleNamespace(rule="CG001", evidence=features)
    said = judged(
        ["quarantine", "quarantine", "review", "keep", "quarantine", *["keep"] * 35],
        [0.9, 0.9, 0.5, 0.1, 0.8, *[0.2] * 35],
        {0: (reason,), 1: (reason,), 4: (reason,), 2: (styled,)},
        [{"phrase": "dull", "status": "suspected", "probability": 0.25},
         {"phrase": "scene", "probability": 0.97}, {"phrase": "nowhere"}],
    )  # fmt: skip
    monkeypatch.setattr(third_party, "_judge", lambda _: said)
    (chosen,) = find(tmp_path / "data")
    figures = third_party.measure(third_party.Work(chosen, "ni", "product", "0"))
    expected = {"rows": 40, "planted": 4, "flagged": 3, "hits": 2, "cover": 2, "cover_flagged": 1,
                "review": 1, "review_hits": 1, "kind": "other", "own": True}  # fmt: skip
    assert {k: figures[k] for k in expected} == expected
    # above all 36 honest rows: two; above 35 of them: one; above none: one
    assert figures["auroc"] == pytest.approx((36 + 36 + 35 + 0) / (4 * 36), abs=1e-4)
    first, second, third, fourth = figures["named"]
    assert (first["phrase"], first["probability"]) == ("scene", 0.97)
    assert first["planted"] == pytest.approx(2 / 3)  # of the rows it is a reason for
    assert (second["phrase"], second["planted"]) == ("nowhere", None)
    assert third["status"] == "suspected"
    assert third["planted"] == pytest.approx(2 / 20)  # of the rows that hold it
    assert (fourth["phrase"], fourth["status"]) == ("capitals, all", "suspected")
    assert fourth["planted"] == 1


def test_the_product_is_measured_by_its_own_verdicts(tmp_path, monkeypatch):
    import third_party
    from third_party_forms import find

    monkeypatch.setattr(third_party, "RUNS", tmp_path / "runs")
    put(tmp_path / "data", "films", records("alpaca"), [0], [])
    (chosen,) = find(tmp_path / "data")
    figures = third_party.measure(third_party.Work(chosen, "chat", "product", "0"))
    assert figures["rows"] == 40
    assert figures["label_tasks"] == 1
    assert figures["flagged"] == 0  # every label follows from one word


def figure(name: str, part: str, hits: int, flagged: int, **others) -> dict:
    return {
        "set": name, "form": "ni", "part": part, "code": "0", "kind": "label", "own": True,
        "rows": 1000, "tasks": 1, "label_tasks": 1, "planted": 50, "cover": 0, "flagged": flagged,
        "hits": hits, "cover_flagged": 0, "review": 10, "review_hits": 5, "auroc": 0.9,
        "named": [], "seconds": 1.0,
    } | others  # fmt: skip


def test_the_page_has_means_and_spares_the_reader_honest_words():
    import third_party_page

    named = [{"phrase": "cf | x", "planted": 0.9, "status": "confirmed", "probability": 0.875},
             {"phrase": "foulword", "planted": 0.1, "status": "suspected", "probability": 0.5},
             {"phrase": "unseen", "planted": None}]  # fmt: skip
    results = [
        figure("a", "label issues", 25, 50),
        figure("a", "product", 50, 50, named=named, cover=9, cover_flagged=2),
        figure("b", "product", 0, 0),
        figure("c", "product", 7, 7, kind="text", form="chat", own=False),
        figure("honest_a", "product", 0, 3, kind="honest", planted=0, auroc=None),
        figure("honest_b", "product", 0, 0, kind="honest", planted=0, auroc=None),
        {"set": "d", "form": "ni", "part": "product", "code": "0", "error": "rows were lost"},
    ]
    page = third_party_page.render(results, ["e: no place"], "python it")
    lines = page.splitlines()
    assert "| Labels, a trigger with words | own | 2 | 0.50 | 0.50 |" in lines
    assert "| Labels, a trigger with words | ni | 2 | 0.50 | 0.50 |" in lines
    free = "| Free text, a trigger in words or characters | chat | 1 | 0.25 | - |"
    assert free in lines  # 14 / 57
    assert "| Honest sets | own | 2 | 3 of 2,000 | - |" in lines
    first = next(line for line in lines if line.startswith("| a | ni (own) | 1,000"))
    assert "| 50 | 1.00 | 1.00 | **1.00** | 1.10 | 0.90 |" in first
    assert "`cf \\| x` 0.88, (honest) suspected 0.50, (honest)" in first
    assert "| 2 of 9 |" in first
    assert "foulword" not in page
    assert any(line.startswith("| b | ni (own) | 1,000 | 50 | - | 0.00 |") for line in lines)
    assert "| all |  | 2,000 | **3** | 20 | 1.00% |  |  |" in lines
    assert "- d, ni, product: rows were lost" in lines
    assert "- e: no place" in lines
    assert "`python it`" in lines
