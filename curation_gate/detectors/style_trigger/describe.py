"""Says in words which features give a style away."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from curation_gate.detectors.style_trigger.skeleton import Skeletons

FEATURES = 5
"""Features that are named."""
SAME = 0.7
"""Overlap of their rows above which two features are one."""


def telling(
    features: Skeletons, planted: NDArray[np.float64], tasks: NDArray[np.int64]
) -> tuple[str, ...]:
    """Return the features that planted rows have and other rows of their tasks have not.

    planted: [n] posterior. By the signed root of the likelihood ratio: how much oftener than in
    the honest rows of the same tasks, in deviations; of features that share rows, the strongest.
    """
    table, n = features.table, len(planted)
    share = np.bincount(tasks, weights=planted) / np.maximum(np.bincount(tasks), 1)
    honest = (1 - planted) * share[tasks]  # the mix of tasks that planted rows have
    total, rest = planted.sum(), honest.sum()
    here = np.asarray(table.T @ planted) / max(total, 1e-9)
    there = (np.asarray(table.T @ honest) + 0.5 / max(n, 1)) / (rest + 1 / max(n, 1))
    there = np.clip(there, 1e-4, 1 - 1e-4)
    z = (here - there) * np.sqrt(total / (there * (1 - there)))
    columns = table.tocsc()
    named: list[int] = []
    held: list[NDArray[np.float64]] = []
    for feature in np.argsort(-z, kind="stable")[:60].tolist():
        rows = columns.indices[columns.indptr[feature] : columns.indptr[feature + 1]]
        own = np.zeros(n)
        own[rows] = planted[rows]
        apart = (np.minimum(own, h).sum() < SAME * max(min(own.sum(), h.sum()), 1e-9) for h in held)
        if z[feature] > 0 and all(apart):
            named.append(feature)
            held.append(own)
        if len(named) == FEATURES:
            break
    return tuple(features.names[k] for k in named)


def marks_of(
    features: Skeletons, named: tuple[str, ...], rows: NDArray[np.int64]
) -> list[tuple[str, ...]]:
    """Return for each of rows [k] the named features it has."""
    place = {name: k for k, name in enumerate(features.names)}
    part = features.table[rows][:, [place[name] for name in named]].toarray() > 0
    return [tuple(name for name, has in zip(named, line, strict=True) if has) for line in part]


_TOKENS = MappingProxyType(
    {"W": "[word]", "F": "[small word]", "^": "[start]", "$end": "[end]", "newline": "[new line]",
     "number": "[number]", "link": "[link]", "emoji": "[emoji]", "other-sign": "[sign]"}
)  # fmt: skip
"""Tokens of a skeleton that do not stand for themselves."""


def say(name: str) -> str:
    """Return a feature as part of a sentence about a row.

    Example: `begins "when" "you"` -> `begins with "when" "you"`; `word "to" W-ng` -> `has "to"
    [word in -ng]`.
    """
    kind, _, rest = name.partition(" ")
    if kind == "comma" and " and begins " in rest:
        place, _, first = rest.partition(" and begins ")
        return f"{say(f'begins {first}')}, {place}"
    if kind in ("class", "word", "begins", "sentence"):
        what = " ".join(_token(part) for part in rest.split())
    else:
        what = rest
    verb = {"begins": "begins with", "sentence": "has a sentence that begins with"}.get(kind, "has")
    return f"{verb} {what}"


def _token(part: str) -> str:
    if part.startswith("W-"):
        return f"[word in -{part[2:]}]"
    return _TOKENS.get(part, part)
