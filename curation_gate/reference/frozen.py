"""The frozen reference: a proxy that never trained on the rows, and a small head a task.

What is guaranteed: a row's probability comes from weights that saw neither its label, nor a copy of
it, nor any row that shares a suspicious phrase with it. What it costs: see benchmarks/proxy.md; a
phrase that only a few rows hold is not always suspicious, and then moves the reference a little.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.progress import Progress, Silent
from curation_gate.reference.features import (
    Frozen,
    answer_ids,
    centred,
    freeze,
    frozen_pass,
    prefix_lengths,
    word_features,
)
from curation_gate.reference.few_rows import few_row_probabilities
from curation_gate.reference.head import FOLDS, Examples, Head, fit_head
from curation_gate.reference.lexical import Lexical, fit_lexical
from curation_gate.reference.linear import Words, fit_linear, read_words, row_texts
from curation_gate.reference.record import ReferenceScores, gather, given_labels, trusted_labels
from curation_gate.reference.suspects import (
    PHRASE_FOLDS,
    Phrases,
    find_phrases,
    suspicious_folds,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from curation_gate.proxy.model import Proxy
    from curation_gate.rows.record import Dataset

RIDGE = 0.006
"""Penalty of a head; twice or half of it changes the accuracy by less than a point."""
FEW_ROWS = 200
"""Below it a task has too few rows for a head of its own."""
TRUSTED_ALONE = 200
"""From so many trusted rows of a task on, its head is fitted on nothing else."""


@dataclass(frozen=True, slots=True)
class FrozenReference:
    """How to build a frozen reference."""

    proxy: Proxy
    ridge: float = RIDGE
    lexical: bool = True
    """Join label-blind word features to the proxy's."""
    guarded: bool = True
    """Keep rows that share a suspicious phrase out of each other's head; off only to measure."""

    def fit(
        self,
        dataset: Dataset,
        trusted: Dataset | None = None,
        *,
        progress: Progress = Silent(),  # noqa: B008 - stateless
    ) -> ReferenceScores:
        """Return the scores of every row; `fit_frozen` returns the heads as well."""
        return fit_frozen(self, dataset, trusted, progress=progress).scores


@dataclass(frozen=True, slots=True)
class FittedReference:
    """A frozen reference with its heads: it can score a row's text after a change."""

    settings: FrozenReference
    dataset: Dataset
    scores: ReferenceScores
    heads: Mapping[str, Head]
    """Task to head; tasks of few rows have none."""
    words: Words
    phrases: Phrases
    lexical: Lexical | None
    suspicious: NDArray[np.bool_]
    """[n] Rows that hold a suspicious phrase."""

    def p_given(self, rows: NDArray[np.int64], inputs: Sequence[str]) -> NDArray[np.float64]:
        """[k] Probability of the given labels of `rows` if their inputs were `inputs`.

        Each row is scored by the weights that scored it before, so they have not seen its label.
        NaN for free text and for tasks without a head of their own.
        """
        p = np.full(len(rows), np.nan)
        texts = list(inputs)
        for task, head in self.heads.items():
            own = self.scores.rows[task]
            place = np.minimum(np.searchsorted(own, rows), len(own) - 1)
            mine = np.flatnonzero(own[place] == rows)
            if not len(mine):
                continue
            changed = [
                replace(self.dataset.rows[i], input=texts[k])
                for i, k in zip(rows[mine].tolist(), mine.tolist(), strict=True)
            ]
            proxy = self.settings.proxy
            labels = answer_ids(proxy, self.dataset.label_spaces[task])
            encoded, prefixes = proxy.encode_rows(changed), prefix_lengths(proxy, changed)
            states, scores = frozen_pass(proxy, encoded.sources, prefixes, labels)
            pooled = word_features(proxy, changed, encoded, prefixes)
            parts = [states, pooled, centred(scores)]
            if self.lexical is not None:
                words = read_words(
                    [r.input or r.instruction for r in changed], self.words.vocabulary
                )
                parts.append(self.lexical.of(self.phrases.held_by(words)))
            found = head.probabilities(np.concatenate(parts, axis=1), head.which[place[mine]])
            given = given_labels(self.dataset, task, rows[mine])
            p[mine] = found[np.arange(len(mine)), given]
        return p


def fit_frozen(
    settings: FrozenReference,
    dataset: Dataset,
    trusted: Dataset | None = None,
    *,
    frozen: Frozen | None = None,
    frozen_trusted: Frozen | None = None,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> FittedReference:
    """Return the fitted reference. `frozen`: features computed before, by `freeze`."""
    frozen = frozen or freeze(settings.proxy, dataset, progress=progress)
    if trusted is not None and frozen_trusted is None:
        same = replace(trusted, label_spaces=_spaces(dataset, trusted))
        frozen_trusted = freeze(settings.proxy, same, progress=progress)
    n = len(dataset)
    with progress.stage("phrases to keep apart", n) as bar:
        words = read_words(row_texts(dataset) + (row_texts(trusted) if trusted else []))
        phrases = find_phrases(words)
        touched = np.zeros((n, PHRASE_FOLDS), dtype=np.bool_)
        if settings.guarded:
            linear = fit_linear(dataset, trusted=trusted, words=words)
            touched = suspicious_folds(linear, phrases, n)
        lexical = fit_lexical(phrases) if settings.lexical else None
        bar.advance(n)
    blocks = _Blocks(frozen, frozen_trusted, phrases, lexical, n)
    folds = content_folds(words, n)
    vouched = trusted_labels(dataset, trusted)
    heads: dict[str, Head] = {}
    examples: dict[str, Examples] = {}
    with progress.stage("reference heads", n) as bar:
        for task, rows in frozen.rows.items():
            if not dataset.label_spaces[task] or not len(rows):
                continue
            also, answers = vouched.get(task, (rows[:0], rows[:0]))
            examples[task] = Examples(
                blocks.own(task, rows),
                given_labels(dataset, task, rows),
                touched[rows],
                folds[rows],
                blocks.trusted(task, also),
                answers,
                blocks.widths(task),
            )
            if len(rows) + len(also) >= FEW_ROWS:
                heads[task] = fit_head(
                    examples[task],
                    len(dataset.label_spaces[task]),
                    ridge=settings.ridge,
                    trusted_alone=len(also) >= TRUSTED_ALONE,
                )
            bar.advance(len(rows))
    found = {t: h.probabilities(examples[t].x, h.which) for t, h in heads.items()}
    heat = {t: h.temperature for t, h in heads.items()}
    few = [t for t in examples if t not in heads]
    if few:
        shared, warmth = few_row_probabilities(dataset, frozen, examples, few, settings.ridge)
        found |= shared
        heat |= dict.fromkeys(few, warmth)
    scores = gather(
        n,
        {t: frozen.rows[t] for t in examples},
        {t: e.y for t, e in examples.items()},
        found,
        heat,
        (frozen.answers, frozen.answers_alone),
    )
    return FittedReference(
        settings, dataset, scores, heads, words, phrases, lexical, np.asarray(touched.any(1))
    )


def content_folds(words: Words, n: int) -> NDArray[np.int64]:
    """[n] Fold of each of the first n rows: a hash of its words, so that copies share one."""
    parts = (words.sequence[a:b].tobytes() for a, b in pairwise(words.starts[: n + 1].tolist()))
    return np.array(
        [hashlib.blake2b(part, digest_size=4).digest()[0] % FOLDS for part in parts],
        dtype=np.int64,
    )


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Where the features of a task's rows come from."""

    frozen: Frozen
    frozen_trusted: Frozen | None
    phrases: Phrases
    lexical: Lexical | None
    n: int

    def widths(self, task: str) -> tuple[int, ...]:
        """Columns of each block that `own` puts side by side."""
        labels = self.frozen.label_scores[task].shape[1]
        words = () if self.lexical is None else (self.lexical.directions.shape[1],)
        return (*self.frozen.widths, labels, *words)

    def own(self, task: str, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._join(self.frozen, task, rows, 0)

    def trusted(self, task: str, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        if self.frozen_trusted is None or not len(rows):
            return self._join(self.frozen, task, rows[:0], 0)
        return self._join(self.frozen_trusted, task, rows, self.n)

    def _join(
        self, frozen: Frozen, task: str, rows: NDArray[np.int64], offset: int
    ) -> NDArray[np.float32]:
        """[k, d] Frozen features, label log-odds and word features of rows of a task."""
        place = np.searchsorted(frozen.rows[task], rows)
        parts = [frozen.features[rows], centred(frozen.label_scores[task][place])]
        if self.lexical is not None:
            parts.append(self.lexical.of(self.phrases.present[rows + offset]))
        return np.concatenate(parts, axis=1)


def _spaces(dataset: Dataset, trusted: Dataset) -> dict[str, tuple[str, ...]]:
    """Label spaces of the trusted rows' tasks, as the dataset has them: label scores must match."""
    return {t: dataset.label_spaces.get(t, ()) for t in trusted.label_spaces}
