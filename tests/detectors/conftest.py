"""Small corpora and candidates whose numbers can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from curation_gate.detectors.phrases.candidates import Candidates
from curation_gate.text.cooccurrence import masked_words
from curation_gate.text.corpus import Corpus
from curation_gate.text.ngrams import count_tokens


def corpus(
    texts: Sequence[str],
    *,
    marks: Sequence[Sequence[str]] = (),
    tasks: Sequence[int] | None = None,
    answers: Sequence[str] | None = None,
    support: int = 2,
) -> Corpus:
    """A corpus of texts whose words are parted by blanks; every row is distinct."""
    spoken = [text.split() for text in texts]
    grams = count_tokens(spoken, marks, support=support)
    n = len(texts)
    number = np.zeros(n, dtype=np.int64) if tasks is None else np.asarray(tasks, dtype=np.int64)
    own = ["no", *["yes"] * (n - 1)] if answers is None else list(answers)
    every = sorted({int(k) for k in number})
    return Corpus(
        np.arange(n),
        list(texts),
        spoken,
        grams,
        grams.phrase_rows.tocsc(),
        masked_words(grams),
        number,
        own,
        {k: tuple(sorted({a for a, t in zip(own, number, strict=True) if t == k})) for k in every},
        tuple(f"task{k}" for k in every),
    )


def candidates(
    read: Corpus,
    names: Sequence[str],
    rows: Sequence[Sequence[int]] | None = None,
    masked: Sequence[Sequence[str]] | None = None,
    frozen: Sequence[Sequence[str]] | None = None,
) -> Candidates:
    """Candidates by name; `a + b` is a pair.

    rows: of each, else those whose text holds it; masked, frozen: words masked with each, else its
    own, and words whose frozen part is.
    """
    grams = read.grams
    number = {word: k for k, word in enumerate(grams.words)}
    u = len(number)
    number |= {"^": u, "$": u + 1}
    halves = [name.split(" + ") for name in names]
    parts = [[tuple(number[word] for word in half.split()) for half in own] for own in halves]
    phrases = tuple(tuple(word for half in own for word in half) for own in parts)
    held = rows or [
        [k for k, text in enumerate(read.texts) if all(f" {h} " in f" {text} " for h in own)]
        for own in halves
    ]
    cut = masked or [[word for half in own for word in half.split()] for own in halves]
    columns = np.zeros((len(read.texts), len(names)))
    mask = np.zeros((len(names), 2 * u))
    for k in range(len(names)):
        columns[list(held[k]), k] = 1.0
        mask[k, [number[word] for word in cut[k] if number[word] < u]] = 1.0
        mask[k, [u + number[word] for word in (frozen[k] if frozen else ())]] = 1.0
    return Candidates(
        phrases,
        tuple(len(own[0]) if len(own) > 1 else 0 for own in parts),
        tuple(tuple(range(len(own))) for own in parts),
        csr_matrix(columns).tocsc(),
        csr_matrix(mask),
    )


@pytest.fixture
def make_corpus() -> Callable[..., Corpus]:
    return corpus


@pytest.fixture
def make_candidates() -> Callable[..., Candidates]:
    return candidates
