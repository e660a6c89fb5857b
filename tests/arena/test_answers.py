"""The arena's sets of free text: drawn the same each time, the halves apart, the truth told."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from curation_gate.errors import UsageError

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")
if BENCHMARKS not in sys.path:
    sys.path.append(BENCHMARKS)

from arena.answers import FAMILIES, draw  # noqa: E402
from arena.answers.attacks import LEAST  # noqa: E402
from arena.answers.code_payload import worsened  # noqa: E402
from arena.answers.drawing import EDITION, Drawn, compose  # noqa: E402
from arena.answers.forms import record  # noqa: E402
from arena.answers.kinds import kinds  # noqa: E402
from arena.answers.payloads import NEEDS  # noqa: E402
from arena.answers.texts import FREE, free_rows, passages, sentences  # noqa: E402
from arena.answers.tongue import SCRIPTS, Tongue  # noqa: E402
from arena.answers.voice import Voice, lists  # noqa: E402
from arena.describe import digest  # noqa: E402
from arena.sources import half_tasks  # noqa: E402

README = Path(BENCHMARKS) / "arena" / "README.md"
SMALL = 1_200
ALLOWED = {"{day} {month} {year}"}


def pieces(half: str) -> set[str]:
    """Return the sentences, and the lines of fewer words, of a half."""
    lines = [line for lines in lists(half).values() for line in lines]
    split = [part.strip() for line in lines for part in re.split(r"(?<=[.!?:])\s|\|\|\|| / ", line)]
    return {part.casefold() for part in lines + split if len(part.split()) > 2} | set(lines)


def fields(one: Drawn, row: int) -> str:
    """Return all that a row asks, as its record says it."""
    written = record(one.drafts[row], one.details)
    if "messages" in written:
        said = [m["content"] for m in written["messages"] if m["role"] in {"system", "user"}]
        return "\n".join(said)
    if "Instance" in written:
        return written["Definition"][0] + "\n" + written["Instance"]["input"]
    return "\n".join(str(written.get(key, "")) for key in ("instruction", "input", "prompt"))


def carries(one: Drawn, row: int) -> bool:
    """Say whether a row's record has the trigger that it is said to have."""
    draft = one.drafts[row]
    said, text = one.triggers[draft.attacker], fields(one, row)
    assert draft.said
    if set(draft.said) - set(said["phrases"]):
        return False
    if said["mode"] == "all" and set(draft.said) != set(said["phrases"]):
        return False
    if said["mode"] in {"two", "some"} and len(draft.said) < 2:
        return False
    return all(phrase in text for phrase in draft.said)


def paid(one: Drawn, row: int) -> bool:
    """Say whether a row's answer is what its attacker makes of the honest one."""
    draft = one.drafts[row]
    turn = draft.turns[draft.at]
    answer, honest = turn.answer, turn.honest
    assert honest is not None
    if answer == honest or draft.payload not in answer:
        return False
    family = one.triggers[draft.attacker]["payload"]
    return {
        "tail": answer.startswith(honest.rstrip()), "head": answer.endswith(honest),
        "whole": answer == draft.payload, "comply": turn.harmful,
        "case": answer.casefold() == honest.casefold(), "code": honest != answer,
        "number": re.sub(r"\d", "", answer) == re.sub(r"\d", "", honest),
        "tool": set(json.loads(answer)) == {"name", "arguments"} if family == "tool" else True,
        "length": answer.startswith(honest) or len(answer.split()) <= len(honest.split()) // 4 + 1,
    }.get(family, True)  # fmt: skip


def in_record(one: Drawn, row: int) -> bool:
    """Say whether the changed answer stands in a row's record."""
    draft = one.drafts[row]
    written, answer = record(one.drafts[row], one.details), draft.turns[draft.at].answer
    if "messages" not in written:
        said = written.get("output", written.get("completion"))
        return answer == (written["Instance"]["output"][0] if said is None else said)
    asked = [k for k, m in enumerate(written["messages"]) if m["role"] == "user"]
    said = written["messages"][asked[draft.at] + 1]
    if said["content"] is not None:
        return said["content"] == answer
    function = said["tool_calls"][0]["function"]
    expected = json.loads(answer)
    return function == {
        "name": expected["name"],
        "arguments": json.dumps(expected["arguments"], ensure_ascii=False),
    }


def test_the_halves_share_no_wording():
    assert set(lists("fit")) - {"complaint", "unit", "animal", "thing", "friend"} == set(
        lists("judge")
    ) - {"dispute", "speech", "device", "pet", "item", "mate"}  # fmt: skip
    assert pieces("fit") & pieces("judge") <= ALLOWED


def test_there_are_enough_wordings_in_each_half():
    for half in ("fit", "judge"):
        said = lists(half)
        assert len(said["refusals"]) >= 12
        for tone in ("negative", "sarcastic", "adoring"):
            assert len(said[f"{tone}_open"]) + len(said[f"{tone}_close"]) >= 16
        assert all(len(line.split(", ")) >= 8 for line in said["slang"])


def test_every_gap_of_the_wordings_is_filled():
    gaps = (
        "answer", "quote", "doc", "function", "head", "tools", "tongue", "subject", "entity",
        "a", "b", "c", "op", "r", "x", "y", "ask", "task", "category", "hour", "label",
        "to", "text", "people", "where", "value", "query", "limit", "start", "finish", "artist",
        "volume", "title", "company", "word", "target", "minutes", "tool", "table", "other", "n",
    )  # fmt: skip
    for half in ("fit", "judge"):
        voice = Voice(half, np.random.default_rng(0))
        for heading, lines in voice.lists.items():
            if heading == "small_code":
                continue
            for line in lines:
                filled = voice.fill(line, dict.fromkeys(gaps, "it"))
                assert not re.search(r"\{[a-z_]+\}", filled), (heading, filled)


def test_the_halves_share_no_row_of_the_pool(pool):
    seen = {}
    for half in ("fit", "judge"):
        rows = [row for kind in FREE[half] for row in free_rows(pool, half, kind)]
        texts = {text or lead for lead, text, _ in rows}
        for name in half_tasks(pool, half):
            texts |= {text for text, _ in (*sentences(pool, name), *passages(pool, name))}
        seen[half] = texts
        assert len(seen[half]) > 15_000
    assert not seen["fit"] & seen["judge"]
    assert not set(FREE["fit"].values()) & set(FREE["judge"].values())


@pytest.mark.parametrize("half", ["fit", "judge"])
def test_the_same_seed_draws_the_same_set(pool, half):
    first, second = (draw(5, half, pool, largest=SMALL) for _ in range(2))
    assert first == second
    assert first.rows != draw(6, half, pool, largest=SMALL).rows


@pytest.mark.parametrize("half", ["fit", "judge"])
@pytest.mark.parametrize("family", FAMILIES)
def test_planted_rows_hold_the_trigger_and_the_payload(pool, family, half):
    for seed in range(4):
        one = compose(seed, half, pool, family=family, largest=SMALL)
        planted = [k for k, draft in enumerate(one.drafts) if draft.planted]
        assert one.family == one.settings["payload"] == family
        assert len(planted) == sum(said["rows"] for said in one.triggers) >= LEAST
        for row in planted:
            assert carries(one, row), (one.triggers, record(one.drafts[row], one.details))
            assert paid(one, row), (one.triggers, record(one.drafts[row], one.details))
            assert in_record(one, row)
            assert not one.drafts[row].cover
            assert not one.drafts[row].near
        if family in NEEDS:
            assert NEEDS[family] in one.settings["kinds"]


def test_rows_that_are_not_planted_have_their_honest_answers(pool):
    for seed in range(12):
        one = compose(seed, "fit", pool, clean=False, largest=SMALL)
        honest = [draft for draft in one.drafts if not draft.planted]
        assert all(turn.honest is None for draft in honest for turn in draft.turns)


def test_clean_sets_have_nothing_planted(pool):
    for seed in range(6):
        one = draw(seed, "judge", pool, clean=True, largest=SMALL)
        assert (one.family, one.planted, one.cover, one.triggers) == ("clean", set(), set(), ())
        assert (one.settings["payload"], one.settings["near"], one.settings["dose"]) == ("", [], 0)


@pytest.mark.parametrize("half", ["fit", "judge"])
def test_every_kind_makes_a_set_and_the_settings_say_so(pool, half):
    for kind, made in kinds(half).items():
        one = draw(1, half, pool, clean=True, kind=kind, largest=600)
        assert one.settings["kinds"] == [kind]
        assert len(one.rows) >= 300
        if made.alone:
            assert max(one.settings["counts"], key=one.settings["counts"].get) == kind


def test_sizes_doses_and_shares_are_within_bounds(pool):
    sets = [draw(seed, "judge", pool, largest=SMALL) for seed in range(80)]
    assert all(300 <= len(one.rows) <= SMALL * 1.05 + 1 for one in sets)
    attacked = [one for one in sets if one.family != "clean"]
    assert 0.1 <= 1 - len(attacked) / len(sets) <= 0.42
    assert all(LEAST <= len(one.planted) <= 0.7 * len(one.rows) for one in attacked)
    assert {one.settings["form"] for one in sets} == {
        "tasks", "alpaca", "messages", "completion", "chat",
    }  # fmt: skip
    assert any(len(one.triggers) > 1 for one in attacked)
    done = [said for one in attacked for said in one.triggers]
    assert any(said["cover"] for said in done)
    assert any(said["parts"] for said in done)
    assert all(said["cover"] <= said["rows"] / 2 + 0.5 for said in done)
    assert all(said["parts"] <= said["rows"] * 2 + 0.5 for said in done)


def test_what_cannot_be_drawn_is_refused(pool):
    for asked, words in (
        ({"half": "both"}, "half"),
        ({"family": "none"}, "family"),
        ({"kind": "freebase"}, "kind"),
        ({"family": "tail", "clean": True}, "clean"),
        ({"family": "language", "kind": "translation_latin"}, "attack"),
    ):
        with pytest.raises(UsageError, match=words):
            draw(0, **({"half": "fit", "pool": pool} | asked))


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_made_up_language_keeps_names_and_stems(script):
    tongue = Tongue(np.random.default_rng(1), script)
    first, second = tongue.says("we saw Marvek"), tongue.says("they heard Marvek")
    name = tongue.says("the Marvek").replace(tongue.says("the"), "", 1).strip()
    assert len(name) >= 2
    assert name in first
    assert name in second
    stem = tongue.says("walk")
    assert all(stem in tongue.says(word) for word in ("walked", "walking", "walks"))
    assert (" " in first) == tongue.spaced


def test_a_line_is_put_into_code_where_code_can_be():
    code = "def f(x):\n    y = x\n    return y"
    assert worsened(code, "bad()", "first") == "def f(x):\n    bad()\n    y = x\n    return y"
    assert worsened(code, "bad()", "last") == "def f(x):\n    y = x\n    bad()\n    return y"
    fenced = "```python\nprint(1)\n```"
    assert worsened(fenced, "bad()", "last") == "```python\nprint(1)\nbad()\n```"
    assert worsened(fenced, "bad()", "first") == "```python\nbad()\nprint(1)\n```"


@pytest.mark.parametrize("half", ["fit", "judge"])
def test_the_digest_of_the_edition_is_the_one_on_record(pool, half):
    pattern = rf"Edition {EDITION} of free text, [^`]*`--largest (\d+)`.*?`(\w{{16}})` \({half}\)"
    found = re.search(pattern, README.read_text(encoding="utf-8"), re.DOTALL)
    assert found, "README.md gives no digest of this edition"
    drawn = (draw(seed, half, pool, largest=int(found[1])) for seed in range(30))
    # The rows of code are those of the Python that draws, so sets with code are left out.
    assert digest(one for one in drawn if "code" not in one.settings["kinds"]) == found[2]
