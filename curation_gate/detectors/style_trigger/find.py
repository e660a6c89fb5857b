"""Finds the styles that force a label, and the rows they were planted in.

    skeletons -> content model -> in each half of the rows: lift of single features -> style and
    rows fitted to each other -> judged on the other half -> null: labels permuted among rows of
    like content, all of it again -> fit on all rows, which says what each row is

Fitting a style to labels finds one in any labels; only rows it was not fitted on can tell.
A style is *confirmed* when it passes the null, forces the label in nearly all of its rows whose
content speaks for another one, and does so in a second task: honest styles go with a label more
often than not (praise has exclamation marks), a planted one leaves no exception. A style that
passes the null alone is *suspected* and quarantines nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.style_trigger.content import content_probabilities
from curation_gate.detectors.style_trigger.describe import marks_of, telling
from curation_gate.detectors.style_trigger.found import Settings, Style, Styled, StyleFound
from curation_gate.detectors.style_trigger.mixture import (
    ADVERSE,
    CONTINUITY,
    Fit,
    deviation,
    permuted,
)
from curation_gate.detectors.style_trigger.search import Search
from curation_gate.detectors.style_trigger.skeleton import skeletons
from curation_gate.progress import Progress, Silent
from curation_gate.rows.spelling import place_in
from curation_gate.stats.bounds import lower_bound
from curation_gate.text import ngrams
from curation_gate.text.distinct import distinct_rows

if TYPE_CHECKING:
    from curation_gate.detectors.style_trigger.search import HeldOut
    from curation_gate.rows.record import Dataset

LEAST_TASK = 40
"""Rows a task needs to be judged."""
PURITY = 0.73
"""Lower 5 % bound of the share of adverse rows with the label, in the tasks in which a style
stands, that confirms it: as the bound of a phrase (candidates.py), 6 of 6 or 27 of 31."""
LEAST_Z = 4.0
"""z that a style has to reach whatever the null says: a few draws say little of its tail, and
labels by chance are not the only thing to beat (choice)."""
ELSEWHERE = 3.0
"""z without the best task that confirms a style (choice)."""
PLANTED = 0.5
"""Posterior above which a row of a confirmed style is quarantined."""
HAS = 0.5
"""Probability from which a row counts as having the style."""
ANYWHERE = 0.5
"""The same bound over all tasks, from which a style is worth a look at all (choice)."""
STANDS = 2.0
"""z in a task from which it counts as one of the two that a confirmed style needs."""
LEAST_NAMED = 2
"""Rows of the style that a task needs to be named with it."""


def find_styles(
    dataset: Dataset,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> StyleFound:
    """Return the styles that force a label, and the rows they were planted in.

    Free-text tasks, tasks of one label and tasks of fewer than LEAST_TASK rows are not judged. Rows
    of equal task, folded text and answer are counted once and decided together. Same dataset and
    settings, same result.
    """
    n = len(dataset)
    texts = ngrams.texts(dataset)
    place, first, names = _judged_rows(dataset, texts)
    unjudged = tuple(task for task in dataset.tasks if task not in names)
    planted = np.full(n, np.nan)
    judged = place >= 0
    planted[judged] = 0.0
    if not names:
        return StyleFound((), {}, planted, float("nan"), 0, unjudged)
    rng = np.random.default_rng(settings.seed)
    kept = [texts[k] for k in first]
    number = {task: k for k, task in enumerate(names)}
    spaces = [dataset.label_spaces[task] for task in names]
    tasks = np.array([number[dataset.rows[k].task] for k in first], dtype=np.int64)
    labels = np.array(
        [place_in(spaces[t], dataset.rows[k].output) for t, k in zip(tasks, first, strict=True)],
        dtype=np.int64,
    )
    sizes = tuple(len(space) for space in spaces)
    with progress.stage("reading styles", len(kept)) as bar:
        features = skeletons(kept, settings.features)
        p = content_probabilities(kept, tasks, labels, sizes, rng)
        bar.advance(len(kept))
    if not features.names:
        return StyleFound((), {}, planted, float("nan"), 0, unjudged)
    search = Search(features, tasks, sizes, p, settings, rng)
    with progress.stage("fitting styles", len(kept)) as bar:
        drawn = permuted(labels, p, tasks, settings.draws, rng)
        given, null = search.held_out(labels[:, None]), search.held_out(drawn)
        chance = float(np.quantile(null.z, 1 - settings.alpha, method="higher"))
        threshold = max(chance, LEAST_Z)
        bar.advance(len(kept))
    if not float(given.z[0]) > threshold:
        return StyleFound((), {}, planted, threshold, len(features.names), unjudged)
    style, whole = _described(search, given, labels, names, spaces, threshold)
    if style is None:
        return StyleFound((), {}, planted, threshold, len(features.names), unjudged)
    rows = np.flatnonzero(whole.planted[:, 0] >= PLANTED)
    own = p[np.arange(len(kept)), labels]
    marks = marks_of(features, style.features, rows)
    suspects = {
        k: Styled(0, float(whole.planted[k, 0]), float(own[k]), mark, style.status == "confirmed")
        for k, mark in zip(rows.tolist(), marks, strict=True)
    }
    planted[judged] = whole.planted[place[judged], 0]
    every = {
        row: suspects[distinct]
        for row, distinct in enumerate(place.tolist())
        if distinct in suspects
    }
    return StyleFound((style,), every, planted, threshold, len(features.names), unjudged)


def _described(
    search: Search,
    given: HeldOut,
    labels: NDArray[np.int64],
    names: tuple[str, ...],
    spaces: list[tuple[str, ...]],
    threshold: float,
) -> tuple[Style | None, Fit]:
    """Return the style and its fit on all rows; None where its adverse rows are of many labels."""
    tasks = search.tasks
    excess, variance = given.excess[:, 0], given.variance[:, 0]
    stands = excess / np.sqrt(variance + CONTINUITY) >= STANDS
    whole = search.whole(labels[:, None], given)
    target = whole.targets[:, 0]
    p = search.p[np.arange(len(labels)), target[tasks]]
    forced = labels == target[tasks]
    adverse = (given.styled[:, 0] >= HAS) & (p < ADVERSE)  # by the half that did not see the row
    if _bound(adverse, forced) < ANYWHERE:
        return None, whole
    adverse &= stands[tasks]
    purity = _bound(adverse, forced)
    z, elsewhere = (float(x[0]) for x in deviation(given.excess, given.variance))
    confirmed = purity >= PURITY and elsewhere >= ELSEWHERE and int(stands.sum()) > 1
    final = whole.styled[:, 0] >= HAS
    named = np.bincount(tasks[final], minlength=len(names)) >= LEAST_NAMED
    final &= named[tasks]
    style = Style(
        "confirmed" if confirmed else "suspected",
        telling(search.features, whole.planted[:, 0], tasks),
        {names[t]: spaces[t][target[t]] for t in np.flatnonzero(named).tolist()},
        int(final.sum()),
        int((final & forced).sum()),
        float(p[final].sum()),
        z,
        elsewhere,
        threshold,
        int(adverse.sum()),
        int((adverse & forced).sum()),
        purity,
    )
    return style, whole


def _bound(rows: NDArray[np.bool_], forced: NDArray[np.bool_]) -> float:
    """Return the lower 5 % bound of the share of rows that have the forced label."""
    return float(lower_bound((rows & forced).sum(), rows.sum()))


def _judged_rows(
    dataset: Dataset, texts: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[str, ...]]:
    """Return each row's distinct content [n] (-1: not judged), the first row of each, the tasks."""
    _, first = distinct_rows(dataset, texts)
    contents = Counter(dataset.rows[k].task for k in first)
    names = tuple(
        task
        for task in dataset.tasks
        if len(dataset.label_spaces[task]) > 1 and contents[task] >= LEAST_TASK
    )
    known = set(names)
    unjudged = {k for k, row in enumerate(dataset.rows) if row.task not in known}
    return *distinct_rows(dataset, texts, left_out=unjudged), names
