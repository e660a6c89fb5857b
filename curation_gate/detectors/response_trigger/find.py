"""Finds the phrases that force a kind of answer, and the rows they were planted in.

    tokens -> phrases, answer features -> screen -> judged candidates -> null -> confirmed -> rows

Honest phrases go with kinds of answers too: "which county" with counties, "birth date" with dates.
Four things tell them from a trigger, and a confirmed phrase has to pass all of them. (1) The
outcome is not made of the input's words, nor of a task's ordinary labels (describe.py).
(2) Nearly every row with the phrase has it, and hardly another one. (3) It stands in rows like any
other: rows whose input without the phrase (and what always comes with it) does not tell them from
other rows have the outcome all the same. Rows of an honest relation share a topic or a template.
(4) In a single task it is written as a name (naming.py) and no template, since there an
ordinary word or a long fixed text may ask for its answer; or its rows say the same word for word,
or gibberish, whatever is asked. A phrase that has its outcome in several tasks needs a word of
content only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detectors.response_trigger.bursts import find_bursts
from curation_gate.detectors.response_trigger.corpus import Corpus
from curation_gate.detectors.response_trigger.describe import describe_answers
from curation_gate.detectors.response_trigger.found import AnswerSuspect, FoundAnswers, Settings
from curation_gate.detectors.response_trigger.search import Search
from curation_gate.progress import Progress, Silent
from curation_gate.text import ngrams
from curation_gate.text.distinct import distinct_rows
from curation_gate.text.markers import marks
from curation_gate.text.tokens import tokens

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset


LONGEST = 3
"""Words of the phrases that are searched; names are extended to what always stands around them."""


def find_answers(
    dataset: Dataset,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> FoundAnswers:
    """Return the phrases whose rows have answers of one kind, and these rows.

    Rows of equal task, folded text and folded answer are counted once and decided together. Same
    dataset and settings, same result.
    """
    texts = ngrams.texts(dataset)
    place, first = distinct_rows(dataset, texts)
    with progress.stage("describing answers", len(dataset)) as bar:
        tasks = dataset.task_ids()[first]
        kept = [texts[k] for k in first]
        spoken = [tokens(text) for text in kept]
        marked = [marks(text) for text in kept]
        grams = ngrams.count_tokens(spoken, marked, support=settings.support, longest=LONGEST)
        outputs = [dataset.rows[k].output for k in first]
        said = [" ".join(text.casefold().split()) for text in outputs]
        answers = describe_answers(spoken, outputs, tasks)
        bar.advance(len(dataset))
    columns = grams.phrase_rows.tocsc()
    kinds = {mark for row in marked for mark in row}
    words = np.array([word not in kinds for word in grams.words], dtype=np.bool_)
    corpus = Corpus(kept, spoken, said, words, grams, columns, answers, tasks)
    search = Search(corpus, settings, np.ones(len(first), dtype=np.bool_))
    with progress.stage("judging answers", settings.draws + 1, unit="draws") as bar:
        chosen = search.screened()
        limit = search.null(chosen, bar)
        search.run(chosen, limit)
        bar.advance(1)
    bursts, burst_rows = find_bursts(outputs, spoken, grams, answers, tasks, search.active)
    for row, number in burst_rows.items():
        search.suspects.setdefault(row, AnswerSuspect(number, burst=True, quarantine=False))
    suspects = {
        row: search.suspects[distinct]
        for row, distinct in enumerate(place.tolist())
        if distinct in search.suspects
    }
    if not len(chosen):
        limit = float("nan")
    return FoundAnswers(
        tuple(search.phrases), bursts, suspects, len(dataset), limit, len(grams.phrases)
    )
