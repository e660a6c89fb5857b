"""Finds the styles that force a label, and the rows they were planted in.

    dataset -> search (candidates, held out) -> evidence -> model -> styles -> rows

Which style is planted is decided by one model of the verdict (detectors/verdict_model.py) and
nothing else; which of its rows were planted, by the mixture of mixture.py.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.style_trigger.describe import marks_of, telling
from curation_gate.detectors.style_trigger.evidence import HAS, NAMES
from curation_gate.detectors.style_trigger.found import (
    Settings,
    Status,
    Style,
    Styled,
    StyleFound,
)
from curation_gate.detectors.style_trigger.search import Read, Searched, search
from curation_gate.detectors.style_trigger.verdict import Weighed, listed, weighed
from curation_gate.detectors.verdict_model import load_model
from curation_gate.progress import Progress, Silent
from curation_gate.text import ngrams
from curation_gate.text.distinct import distinct_rows

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset

LEAST_TASK = 40
"""Distinct rows a task needs to be judged: each half has to show what its content says."""


def find_styles(
    dataset: Dataset,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> StyleFound:
    """Return the styles that force a label, and the rows they were planted in.

    Free-text tasks, tasks of one label and tasks of fewer than LEAST_TASK rows are not judged. Rows
    of equal task, folded text and answer are counted once and decided together. Same dataset and
    settings, same result. Raises ModelError for a package whose model or encoder is damaged.
    """
    texts = ngrams.texts(dataset)
    place, first, names = _judged_rows(dataset, texts)
    unjudged = tuple(task for task in dataset.tasks if task not in names)
    planted = np.where(place >= 0, 0.0, np.nan)
    nothing = StyleFound((), {}, planted, float("nan"), 0, unjudged, "")
    if not names:
        return nothing
    model = load_model("style")
    read = _read(dataset, [texts[k] for k in first], first, names)
    with progress.stage("fitting styles", len(first)) as bar:
        found = search(
            read,
            features=settings.features,
            feature_starts=settings.feature_starts,
            cluster_starts=settings.cluster_starts,
            rounds=settings.rounds,
            draws=settings.draws,
            candidates=settings.candidates,
            seed=settings.seed,
        )
        bar.advance(len(first))
    if found is None:
        return nothing
    verdict = weighed(found, model)
    styles: list[Style] = []
    suspects: dict[int, Styled] = {}
    own = np.zeros(len(first))
    for candidate, status in listed(found, verdict, model, settings.review):
        style = _style(dataset, found, verdict, candidate, status, names)
        styles.append(style)
        chance = found.whole.planted[:, candidate]
        rows = np.flatnonzero(chance >= HAS)
        for row, marks in zip(
            rows.tolist(), marks_of(found.features, style.features, rows), strict=True
        ):
            own[row] = max(own[row], style.probability * float(chance[row]))
            suspects.setdefault(
                row,
                Styled(
                    len(styles) - 1,
                    style.probability * float(chance[row]),
                    float(found.rows.p[row, candidate]),
                    marks,
                    status == "confirmed",
                ),
            )
    judged = place >= 0
    planted[judged] = own[place[judged]]
    every = {
        row: suspects[distinct]
        for row, distinct in enumerate(place.tolist())
        if distinct in suspects
    }
    return StyleFound(
        tuple(styles), every, planted, model.threshold, len(found.z), unjudged, model.digest
    )


def _read(
    dataset: Dataset, texts: list[str], first: NDArray[np.int64], names: tuple[str, ...]
) -> Read:
    number = {task: k for k, task in enumerate(names)}
    spaces = [dataset.label_spaces[task] for task in names]
    rows = [dataset.rows[k] for k in first]
    tasks = np.array([number[row.task] for row in rows], dtype=np.int64)
    labels = np.array(
        [
            spaces[t].index(dataset.label_of(row))
            for t, row in zip(tasks.tolist(), rows, strict=True)
        ],
        dtype=np.int64,
    )
    return Read(texts, tasks, labels, tuple(len(space) for space in spaces))


def _style(
    dataset: Dataset, found: Searched, verdict: Weighed, k: int, status: Status,
    names: tuple[str, ...],
) -> Style:  # fmt: skip
    """Return the record of candidate k."""
    tasks = found.read.tasks
    has = found.held.styled[:, k] >= HAS
    named = np.bincount(tasks[has], minlength=len(names)) > 1
    if not named.any():
        named = np.bincount(tasks[found.whole.planted[:, k] >= HAS], minlength=len(names)) > 0
    has &= named[tasks]
    spaces = [dataset.label_spaces[task] for task in names]
    targets = {names[t]: spaces[t][found.targets[t, k]] for t in np.flatnonzero(named).tolist()}
    parts = zip(verdict.names, verdict.contributions[k], strict=True)
    return Style(
        status,
        round(float(verdict.probability[k]), 4),
        telling(found.features, found.whole.planted[:, k], tasks),
        targets,
        int(has.sum()),
        int((has & found.rows.given[:, k]).sum()),
        round(float(found.rows.p[has, k].sum()), 2),
        round(float(found.z[k]), 2),
        {name: round(float(x), 4) for name, x in zip(NAMES, verdict.table[k], strict=True)},
        {"intercept": round(float(verdict.intercept), 4)}
        | {name: round(float(x), 4) for name, x in parts},
    )


def _judged_rows(
    dataset: Dataset, texts: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[str, ...]]:
    """Return each row's distinct content [n] (-1: not judged), the first row of each, the tasks."""
    _, first = distinct_rows(dataset, texts)
    contents: Counter[str] = Counter()
    labels: dict[str, set[str]] = {}
    unspelled: set[int] = set()
    for k in first.tolist():
        row = dataset.rows[k]
        contents[row.task] += 1
        labels.setdefault(row.task, set()).add(dataset.label_of(row))
    names = tuple(
        task
        for task in dataset.tasks
        if len(dataset.label_spaces[task]) > 1
        and contents[task] >= LEAST_TASK
        and len(labels[task]) > 1
    )
    known = set(names)
    for k, row in enumerate(dataset.rows):
        if row.task not in known or dataset.label_of(row) not in dataset.label_spaces[row.task]:
            unspelled.add(k)
    return *distinct_rows(dataset, texts, left_out=unspelled), names
