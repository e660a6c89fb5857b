"""What each test of the miner adds: the tests are switched off and come back one by one.

The real code runs; a test is switched off by the constant that states its threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from unittest import mock

from curation_gate import pipeline
from curation_gate.mine import candidates, find
from curation_gate.pipeline import Judged, judge
from curation_gate.settings import Options

NEVER = -1e9
TESTS: Mapping[str, tuple[tuple[object, str], ...]] = {
    "share of adverse rows": (
        (candidates, "LIFT"), (candidates, "LIFT_BOUND"), (candidates, "OVERALL"),
    ),
    "second task or frozen scores (irrelevance)": (
        (candidates, "CONFIRMED"), (candidates, "SPREAD_POSITION"), (candidates, "ALONE"),
        (candidates, "POSITION"),
    ),
    "the row's own text": ((find, "MOSTLY_PLANTED"), (find, "PLANTED")),
}  # fmt: skip
"""What is tested after the lift has passed the permutation null, in the order it comes back."""
LIFT_ALONE = "lift over the permutation null"


def stages(judged: Judged, options: Options) -> Iterator[tuple[str, Judged]]:
    """Yield the name of each stage, and the verdicts with it and all before it; `judged` last."""
    names = [LIFT_ALONE, *(f"+ {name}" for name in TESTS)]
    for on, name in enumerate(names[:-1]):
        with ExitStack() as stack:
            if judged.reference is not None:  # it is the same in every stage
                same = mock.patch.object(pipeline, "_refer", return_value=judged.reference)
                stack.enter_context(same)
            for tests in list(TESTS.values())[on:]:
                for module, constant in tests:
                    stack.enter_context(mock.patch.object(module, constant, NEVER))
            yield name, judge(judged.signals.dataset, options)
    yield names[-1], judged
