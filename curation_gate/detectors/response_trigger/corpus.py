"""What the search for kinds of answers reads: distinct exchanges, their phrases, their answers."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from curation_gate.detectors.response_trigger.describe import Answers, describe_answers
from curation_gate.detectors.response_trigger.exchanges import read_exchanges
from curation_gate.detectors.response_trigger.lift import Table
from curation_gate.text import ngrams
from curation_gate.text.corpus import Corpus
from curation_gate.text.markers import marks
from curation_gate.text.tokens import tokens

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset


@dataclass(frozen=True, slots=True)
class Answered:
    """The n distinct exchanges of a dataset."""

    row: NDArray[np.int64]
    """[m] Row of the dataset that each exchange is of."""
    corpus: Corpus
    """Of the inputs; `corpus.place` [m] leads from exchanges to distinct ones, `corpus.answers` are
    the answers, folded. Nothing is masked in it."""
    answers: Answers
    features: Table
    """[n, a] Of the answers."""
    words: Table
    """[n, u] Of the inputs."""


def read_answers(dataset: Dataset, support: int) -> Answered:
    """Return the exchanges of a dataset, in an order of content alone.

    Exchanges of equal task, folded input and folded answer are one. support: exchanges that a
    phrase has to stand in.
    """
    exchanges = read_exchanges(dataset)
    ids, names = dataset.task_ids(), dataset.tasks
    tasks = ids[exchanges.row]
    folded = [
        (names[task], " ".join(shown.casefold().split()), " ".join(said.casefold().split()))
        for task, shown, said in zip(
            tasks.tolist(), exchanges.inputs, exchanges.outputs, strict=True
        )
    ]
    keys = [
        blake2b("\0".join(own).encode(errors="surrogatepass"), digest_size=8).digest()
        for own in folded
    ]
    # Of exchanges that differ in case or blanks the one that sorts first stands for all.
    order = sorted(
        range(len(keys)), key=lambda k: (keys[k], exchanges.inputs[k], exchanges.outputs[k])
    )
    number: dict[bytes, int] = {}
    first: list[int] = []
    for k in order:
        if number.setdefault(keys[k], len(first)) == len(first):
            first.append(k)
    place = np.array([number[key] for key in keys], dtype=np.int64)
    texts = [exchanges.inputs[k] for k in first]
    spoken = [tokens(text) for text in texts]
    grams = ngrams.count_tokens(spoken, [marks(text) for text in texts], support=support)
    columns = grams.phrase_rows.tocsc()
    columns.sort_indices()
    own = tasks[first] if first else np.zeros(0, dtype=np.int64)
    corpus = Corpus(
        place,
        texts,
        spoken,
        grams,
        columns,
        csr_matrix((len(grams.phrases), 2 * len(grams.words)), dtype=np.float64),
        own,
        [folded[k][2] for k in first],
        {k: dataset.label_spaces[task] for k, task in enumerate(names)},
        names,
    )
    asked = [
        words if exchanges.asked[k] is exchanges.inputs[k] else tokens(exchanges.asked[k])
        for k, words in zip(first, spoken, strict=True)
    ]
    answers = describe_answers(asked, [exchanges.outputs[k] for k in first], own)
    return Answered(
        exchanges.row, corpus, answers, Table.of(answers.table), Table.of(grams.word_rows)
    )
