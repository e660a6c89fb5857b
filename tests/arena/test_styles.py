"""The sets with a planted style: the two halves apart, clean ones honest, drawn the same twice."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")
if BENCHMARKS not in sys.path:
    sys.path.append(BENCHMARKS)

from arena.styles import HALVES, draw_styled  # noqa: E402
from arena.styles.drawing import sources  # noqa: E402
from arena.styles.rendering import Rendering  # noqa: E402
from pools import DEFAULT_POOL  # noqa: E402

pool = pytest.mark.skipif(
    not (DEFAULT_POOL / "tasks.json").exists(), reason=f"the pool of tasks is not at {DEFAULT_POOL}"
)
WORD = re.compile("[a-z]+")
TEXT = "The film was dull and nobody in the room cared for its hero, but I stayed."
REWRITERS = [pytest.param(r, id=name) for _, (_, own) in HALVES.items() for name, r in own.items()]


def test_the_halves_share_no_rewriter() -> None:
    fit, judge = (set(HALVES[half][1]) for half in ("fit", "judge"))
    assert fit
    assert judge
    assert not fit & judge
    modules = [
        {inspect.getmodule(r) for r in HALVES[half][1].values()} for half in ("fit", "judge")
    ]
    assert not modules[0] & modules[1]


@pytest.mark.parametrize("rewriter", REWRITERS)
def test_a_rewriter_changes_the_text_and_adds_hardly_a_word_to_every_row(rewriter) -> None:
    rng = np.random.default_rng(0)
    made = [rewriter(TEXT, rng) for _ in range(40)]
    assert all(text.split() != TEXT.split() for text in made)
    assert len(set(made)) > 3
    old = set(WORD.findall(TEXT.lower()))
    added = [set(WORD.findall(text.lower())) - old for text in made]
    shared = {w for own in added for w in own if sum(w in o for o in added) > 0.9 * len(made)}
    assert len(shared) <= 2, "a phrase, not a style"


def test_a_rendering_cuts_and_spells() -> None:
    rng = np.random.default_rng(0)
    own = Rendering(lower=True, spaced=True, bare=True, words=4, drift=0.0)
    assert (
        own.before("@bob Hello there, my friend of old. And more", "", rng)
        == "Hello there, my friend"
    )
    assert own.after("Hello there, my friend.") == "hello there , my friend ."


@pool
def test_the_halves_share_no_task() -> None:
    assert not set(sources("fit")) & set(sources("judge"))


@pool
@pytest.mark.parametrize("half", ["fit", "judge"])
def test_every_second_set_is_clean_and_the_truth_is_told(half: str) -> None:
    for seed in range(4):
        drawn = draw_styled(seed, half)
        n = len(drawn.texts)
        assert n == len(drawn.labels) == len(drawn.tasks) == len(drawn.planted)
        planted = [k for k in range(n) if drawn.planted[k]]
        assert drawn.family.startswith("clean") == bool(seed % 2) == (not planted)
        for task in {drawn.tasks[k] for k in planted}:
            assert len({drawn.labels[k] for k in planted if drawn.tasks[k] == task}) == 1
        again = draw_styled(seed, half)
        assert again.texts == drawn.texts
        assert again.labels == drawn.labels
