"""Things in answers that no phrase goes with and no input explains: for review.

A name or a link that stands in many answers and in almost no input, whose rows are like any other
rows, is what an advertisement planted without a trigger looks like. So are equal degenerate
answers to many different inputs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.response_trigger.found import Burst
from curation_gate.detectors.response_trigger.function_words import FUNCTION_WORDS
from curation_gate.detectors.response_trigger.lift import judge

if TYPE_CHECKING:
    from curation_gate.detectors.response_trigger.corpus import Answered

ROWS = 12
"""Answers that a name or link has to stand in (choice)."""
EQUAL = 5
"""Rows of equal degenerate answers (choice)."""
INPUT_SHARE = 0.02
"""Inputs that may hold the name, as a share of the answers that do (choice)."""
EXPLAINED = 0.65
"""AUROC of the input above which it explains the name (choice)."""
MOST = 5
_NAME = re.compile(r"(?<![.!?:\n] )(?<!^)\b[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*\b")
_LINK = re.compile(r"(?:https?://|www\.)([\w.-]+)")


def find_bursts(
    answered: Answered, active: NDArray[np.bool_]
) -> tuple[tuple[Burst, ...], dict[int, int]]:
    """Return what bursts there are, largest first, and distinct exchange to its burst.

    active: [n] exchanges not yet explained.
    """
    corpus, answers, tasks = answered.corpus, answered.answers, answered.corpus.tasks
    outputs, spoken = answers.outputs, corpus.spoken
    named: dict[str, list[int]] = defaultdict(list)
    links: dict[str, list[int]] = defaultdict(list)
    lower: Counter[str] = Counter()
    for row, text in enumerate(outputs):
        if not active[row] or answers.label_like[row]:
            continue
        for name in {m.casefold() for m in _NAME.findall(text)}:
            named[name].append(row)
        if "://" in text or "www." in text:
            for host in {m.casefold() for m in _LINK.findall(text)}:
                links[host].append(row)
        lower.update({word for word in text.split() if word.islower()})
    usual = {
        name
        for name, rows in named.items()
        if len(rows) < ROWS or name in FUNCTION_WORDS or lower[name] > INPUT_SHARE * len(rows)
    }
    inputs = Counter(token for words in spoken for token in set(words))
    found: list[tuple[Burst, list[int]]] = []
    kinds: tuple[tuple[Literal["name", "link"], dict[str, list[int]]], ...]
    kinds = (("name", named), ("link", links))
    for kind, group in kinds:
        for text, held in group.items():
            if len(held) < ROWS or text in usual or inputs[text] > INPUT_SHARE * len(held):
                continue
            rows = np.array(held, dtype=np.int64)
            rest = judge(rows, answered.words, tasks)
            if rest is not None and rest.auc <= EXPLAINED:
                auc = round(rest.auc, 3)
                burst = Burst(text, kind, len(held), len(np.unique(tasks[rows])), auc)
                found.append((burst, held))
    equal: dict[str, list[int]] = defaultdict(list)
    for row in np.flatnonzero(answers.degenerate & active).tolist():
        equal[" ".join(outputs[row].casefold().split())].append(row)
    for text, held in equal.items():
        number = len(np.unique(tasks[held]))
        if len(held) >= EQUAL and number > 1:
            found.append((Burst(text, "degenerate", len(held), number, float("nan")), held))
    found.sort(key=lambda pair: (-pair[0].rows, pair[0].text))
    place: dict[int, int] = {}
    for number, (_, held) in enumerate(found[:MOST]):
        for row in held:
            place.setdefault(row, number)
    return tuple(burst for burst, _ in found[:MOST]), place
