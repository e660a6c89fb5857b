"""What each test of the miner adds: the tests are switched off and come back one by one.

The real code runs; a test is switched off by the threshold that its constant states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from curation_gate import model_stages
from curation_gate.detectors.label_trigger import candidates, find
from curation_gate.judging import Judged, judge
from curation_gate.settings import Options

NEVER = -1e9


def _no_templates(*_: object) -> NDArray[np.int64]:
    """Return that no phrase is a template's."""
    return np.empty(0, dtype=np.int64)


TESTS: Mapping[str, tuple[tuple[object, str, object], ...]] = {
    "share of adverse rows": tuple(
        (candidates, name, NEVER) for name in ("LIFT", "LIFT_BOUND", "ALONE_BOUND", "OVERALL")
    ),
    "second task or frozen scores (irrelevance)": tuple(
        (candidates, name, NEVER)
        for name in ("CONFIRMED", "CONFIRMED_PURE", "SPREAD_POSITION", "ALONE", "POSITION")
    ),
    "templates": ((candidates, "templated", _no_templates),),
    "the row's own text": ((find, "MOSTLY_PLANTED", NEVER), (find, "PLANTED", NEVER)),
}
"""What is tested after the lift has passed the permutation null, in the order it comes back: where
each test stands, and what switches it off."""
LIFT_ALONE = "lift over the permutation null"


def stages(judged: Judged, options: Options) -> Iterator[tuple[str, Judged]]:
    """Yield the name of each stage, and the verdicts with it and all before it; `judged` last."""
    names = [LIFT_ALONE, *(f"+ {name}" for name in TESTS)]
    for on, name in enumerate(names[:-1]):
        with ExitStack() as stack:
            if judged.reference is not None:  # it is the same in every stage
                same = mock.patch.object(model_stages, "_refer", return_value=judged.reference)
                stack.enter_context(same)
            for tests in list(TESTS.values())[on:]:
                for module, name_there, off in tests:
                    stack.enter_context(mock.patch.object(module, name_there, off))
            yield name, judge(judged.dataset, options)
    yield names[-1], judged
