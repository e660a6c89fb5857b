"""What the texts of a dataset hold, read once: what every search begins with.

    dataset -> distinct rows -> tokens and markers -> words and phrases -> co-occurring words

Rows of one content are one witness: they are counted once and decided together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.text import ngrams
from curation_gate.text.cooccurrence import masked_words
from curation_gate.text.distinct import distinct_rows
from curation_gate.text.markers import marks
from curation_gate.text.tokens import tokens

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

    from curation_gate.rows.record import Dataset
    from curation_gate.text.ngrams import Grams


@dataclass(frozen=True, slots=True)
class Corpus:
    """The distinct rows of a dataset and what stands in them; n distinct rows, f phrases."""

    place: NDArray[np.int64]
    """[rows of the dataset] Number of the distinct row that each is."""
    texts: Sequence[str]
    """[n]"""
    spoken: Sequence[Sequence[str]]
    """[n] Tokens of each text, in order."""
    grams: Grams
    columns: csc_matrix
    """[n, f] `grams.phrase_rows` by phrase."""
    masked: csr_matrix
    """[f, 2u] What is masked with each phrase (cooccurrence.py)."""
    tasks: NDArray[np.int64]
    """[n] Index into `names`."""
    answers: Sequence[str]
    """[n]"""
    spaces: Mapping[int, tuple[str, ...]]
    """Task to its labels; () where its answers are free text."""
    names: tuple[str, ...]
    """Of the tasks."""

    def rows_of(self, phrase: int) -> NDArray[np.int64]:
        """[k] The distinct rows that hold a phrase, ascending."""
        columns = self.columns
        return np.asarray(
            columns.indices[columns.indptr[phrase] : columns.indptr[phrase + 1]], dtype=np.int64
        )


def read_corpus(dataset: Dataset, support: int) -> Corpus:
    """Return the corpus of a dataset.

    support: rows a phrase needs to be counted.
    """
    every = ngrams.texts(dataset)
    place, distinct = distinct_rows(dataset, every)
    place, first = _by_content(dataset, every, place, len(distinct))
    texts = [every[k] for k in first]
    spoken = [tokens(text) for text in texts]
    grams = ngrams.count_tokens(spoken, [marks(text) for text in texts], support=support)
    columns = grams.phrase_rows.tocsc()
    columns.sort_indices()
    names = dataset.tasks
    return Corpus(
        place,
        texts,
        spoken,
        grams,
        columns,
        masked_words(grams),
        dataset.task_ids()[first],
        [dataset.label_of(dataset.rows[k]) for k in first],
        {k: dataset.label_spaces[task] for k, task in enumerate(names)},
        names,
    )


def _by_content(
    dataset: Dataset, texts: Sequence[str], place: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return `place` and the row that stands for each distinct one, in an order of content alone.

    Of copies that differ in case or blanks the one that sorts first stands for all. So nothing that
    is drawn or summed over rows depends on their order in the files.
    """
    chosen: list[tuple[str, str, str, int]] = [("", "", "", -1)] * count
    for k, number in enumerate(place.tolist()):
        own = (dataset.rows[k].task, texts[k], dataset.label_of(dataset.rows[k]), k)
        if chosen[number][3] < 0 or own[:3] < chosen[number][:3]:
            chosen[number] = own
    keys = [
        blake2b("\0".join(own[:3]).encode(errors="surrogatepass"), digest_size=8).digest()
        for own in chosen
    ]
    order = np.array(sorted(range(count), key=keys.__getitem__), dtype=np.int64)
    rank = np.empty_like(order)
    rank[order] = np.arange(count)
    return rank[place], np.array([chosen[k][3] for k in order.tolist()], dtype=np.int64)
