"""Finds the phrases that force a kind of answer, and the rows they were planted in.

    tokens -> phrases, answer features -> screen -> judged candidates -> null -> confirmed -> rows

Honest phrases go with kinds of answers too: "which county" with counties, "birth date" with dates.
Four things tell them from a trigger, and a confirmed phrase has to pass all of them. (1) The
outcome is not made of the input's words, nor of a task's ordinary labels (mine/answers.py).
(2) Nearly every row with the phrase has it, and hardly another one. (3) It stands in rows like any
other: rows whose input without the phrase (and what always comes with it) does not tell them from
other rows have the outcome all the same. Rows of an honest relation share a topic or a template.
(4) In a single task it is a name or a rare token (mine/naming.py), and no template: there an
ordinary word or a long fixed text may ask for its answer. A phrase that has its outcome in several
tasks needs a word of content only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.mine import ngrams
from curation_gate.mine.answer_lift import Judged, judge, screen
from curation_gate.mine.answers import Answers, describe_answers
from curation_gate.mine.bursts import find_bursts
from curation_gate.mine.candidates import extended
from curation_gate.mine.contents import distinct_rows
from curation_gate.mine.found_answers import AnswerPhrase, AnswerSuspect, FoundAnswers, Settings
from curation_gate.mine.function_words import FUNCTION_WORDS
from curation_gate.mine.masks import INSERTION, masked_words
from curation_gate.mine.naming import is_name
from curation_gate.mine.ngrams import Grams
from curation_gate.progress import Progress, Silent

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

    from curation_gate.rows.record import Dataset

LONGEST = 3
"""Words of the phrases that are searched; names are extended to what always stands around them."""
COMMON = 0.1
"""Share of the rows above which a phrase is no trigger (choice)."""
SHARE_BOUND = 0.6
"""What the lower 5 % bound of the share of rows with the outcome has to reach, over all rows of the
phrase and over those in an ordinary context: 6 of 6 do, 9 of 11 do not (choice)."""
COMMON_OUTCOME = 0.03
"""Share of other rows with the outcome above which the phrase has to be surer of it (choice)."""
SURE_BOUND = 0.9
"""What the bound has to reach then: 18 of 18 do (choice)."""
ORDINARY_ROWS = 4
"""Rows in an ordinary context that have to speak (choice)."""
WITNESSES = ((2, 4), (3, 3))
"""Tasks, and rows with the outcome in each, that make an ordinary phrase a trigger (choice)."""
PURE = 0.75
"""Share of a phrase's rows with the outcome from which the others are judged by it too (choice)."""
SUSPECTED = 3
"""Phrases for review, at most."""
SAME = 0.5
"""Share of a phrase's rows already explained by another above which it is left out."""
NAMES = 4
"""Features that name an outcome."""


@dataclass(frozen=True, slots=True)
class _Corpus:
    """Distinct rows, their phrases and answers."""

    texts: list[str]
    spoken: list[list[str]]
    grams: Grams
    columns: csc_matrix
    answers: Answers
    tasks: NDArray[np.int64]


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
        spoken = [ngrams.tokens(text) for text in kept]
        grams = ngrams.count_tokens(spoken, support=settings.support, longest=LONGEST)
        outputs = [dataset.rows[k].output for k in first]
        answers = describe_answers(spoken, outputs, tasks)
        bar.advance(len(dataset))
    columns = grams.phrase_rows.tocsc()
    corpus = _Corpus(kept, spoken, grams, columns, answers, tasks)
    search = _Search(corpus, settings, np.ones(len(first), dtype=np.bool_))
    with progress.stage("judging answers", settings.draws + 1) as bar:
        chosen = search.screened()
        limit = search.null(chosen)
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
    scores = np.zeros(len(place), dtype=np.float32)
    for row, suspect in suspects.items():
        scores[row] = 0.0 if suspect.burst else search.phrases[suspect.phrase].z
    if not len(chosen):
        limit = float("nan")
    return FoundAnswers(tuple(search.phrases), bursts, suspects, scores, limit, len(grams.phrases))


@dataclass(frozen=True, slots=True)
class _Context:
    """What the rest of the input says of the rows of a phrase."""

    ordinary: NDArray[np.bool_]
    """[k] Rows whose input does not ask for the outcome."""
    auc: float


@dataclass(slots=True)
class _Search:
    """What has been found so far, and which rows are still to be searched."""

    corpus: _Corpus
    settings: Settings
    active: NDArray[np.bool_]
    phrases: list[AnswerPhrase] = field(default_factory=list)
    suspects: dict[int, AnswerSuspect] = field(default_factory=dict)
    masks: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    """Phrase to the words masked with it, of the lifted phrases."""

    def screened(self, answers: csr_matrix | None = None, most: int = 0) -> NDArray[np.int64]:
        """Return the phrases whose rows share some answer feature most, strongest first."""
        corpus = self.corpus
        size = np.diff(corpus.columns.indptr)
        usable = np.flatnonzero(
            (size >= self.settings.support) & (size <= COMMON * len(corpus.tasks))
        )
        if not len(usable):
            return usable
        table = corpus.answers.table if answers is None else answers
        gain = screen(corpus.grams.phrase_rows[:, usable], table, corpus.tasks)
        order = np.argsort(-gain, kind="stable")[: most or self.settings.candidates]
        return usable[order[gain[order] > 0]]

    def null(self, chosen: NDArray[np.int64]) -> float:
        """Return the z that no phrase reaches when answers are permuted inside their tasks.

        At least what the binomial tail asks for at alpha over all phrases (see `_significant`).
        """
        rng = np.random.default_rng(self.settings.seed)
        most = 0.0
        order = np.arange(len(self.corpus.tasks))
        for _ in range(self.settings.draws if len(chosen) else 0):
            drawn = order.copy()
            for task in np.unique(self.corpus.tasks):
                members = np.flatnonzero(self.corpus.tasks == task)
                drawn[members] = rng.permutation(members)
            table = self.corpus.answers.table[drawn]
            for phrase in self.screened(table, NULL_CANDIDATES):
                judged = judge(
                    self._rows(int(phrase)), table, self.corpus.tasks, self.active, int(phrase)
                )
                most = max(most, judged.z if judged else 0.0)
        return most

    def run(self, chosen: NDArray[np.int64], limit: float) -> None:
        """Take every confirmed phrase, strongest first; where there is none, suspected ones."""
        ranked: list[tuple[float, int, int]] = []
        for phrase in chosen.tolist():
            judged = self._judge(phrase)
            if judged is not None and self._lifted(judged, limit):
                ranked.append(
                    (-round(judged.z, 3), -len(self.corpus.grams.phrases[phrase]), phrase)
                )
        self.masks = _masks(self.corpus.grams, [phrase for _, _, phrase in ranked])
        suspected: list[tuple[int, Judged, _Context]] = []
        for _, _, phrase in sorted(ranked):
            judged = self._judge(phrase)  # again: rows may have been taken since
            if judged is None or not self._lifted(judged, limit):
                continue
            rest = self._rest(phrase, judged)
            if rest is None or not _ordinary(judged, rest):
                continue
            if self._content(phrase, judged):
                self._take(phrase, judged, rest, limit, confirmed=True)
            else:
                suspected.append((phrase, judged, rest))
        for phrase, judged, rest in suspected[:SUSPECTED]:
            if self.active[judged.rows].mean() >= 1 - SAME:
                self._take(phrase, judged, rest, limit, confirmed=False)

    def _rows(self, phrase: int) -> NDArray[np.int64]:
        columns = self.corpus.columns
        return np.asarray(columns.indices[columns.indptr[phrase] : columns.indptr[phrase + 1]])

    def _judge(self, phrase: int) -> Judged | None:
        every = self._rows(phrase)
        rows = every[self.active[every]]
        if len(rows) < max(self.settings.support, SAME * len(every)):
            return None
        return judge(rows, self.corpus.answers.table, self.corpus.tasks, self.active, phrase)

    def _lifted(self, judged: Judged, limit: float) -> bool:
        """Tell whether the outcome is significant and goes with nearly all rows of the phrase."""
        tested = max(len(self.corpus.grams.phrases), 1)
        significant = judged.z > limit and judged.p_value * tested < self.settings.alpha
        least = SHARE_BOUND if judged.share <= COMMON_OUTCOME else SURE_BOUND
        return significant and bound(int(judged.outcome.sum()), len(judged.rows)) >= least

    def _rest(self, phrase: int, judged: Judged) -> _Context | None:
        """Return how well the input without the phrase and its satellites predicts the outcome.

        Learned from all rows with the phrase or the outcome, against the rest: where other rows
        have the outcome too, their inputs say what asks for it.
        """
        grams = self.corpus.grams
        kept = np.ones(len(grams.words), dtype=np.float32)
        kept[self.masks[phrase]] = 0
        words = grams.word_rows.multiply(kept).tocsr()
        words.eliminate_zeros()
        k = len(judged.rows)
        rows = np.concatenate((judged.rows, judged.others_with))
        rest = judge(rows, words, self.corpus.tasks, self.active, phrase + 1)
        return None if rest is None else _Context(~rest.doubtful[:k], rest.auc)

    def _content(self, phrase: int, judged: Judged) -> bool:
        """Tell whether nothing but a planted trigger would say so much (see the module)."""
        corpus = self.corpus
        words = [corpus.grams.name(word) for word in corpus.grams.phrases[phrase]]
        if all(word in FUNCTION_WORDS for word in words):
            return False
        held = judged.rows[judged.outcome]
        rows = np.bincount(corpus.tasks[held])
        if any((rows >= each).sum() >= tasks for tasks, each in WITNESSES):
            return True
        masked = len(self.masks[phrase])
        full = extended(words, [corpus.spoken[k] for k in held])
        return max(masked, len(full)) < INSERTION and is_name(
            words, [corpus.texts[k] for k in held]
        )

    def _alike(self, judged: Judged) -> NDArray[np.bool_]:
        """[k] Answers of one word, where nearly all rows have the outcome and say one word.

        In a task of one-word answers one more is no sign of anything; with the phrase it is.
        """
        single = self.corpus.answers.single[judged.rows]
        pure = judged.outcome.mean() >= PURE and single[judged.outcome].mean() >= PURE
        return np.asarray(single & pure)

    def _take(
        self, phrase: int, judged: Judged, rest: _Context, limit: float, *, confirmed: bool
    ) -> None:
        corpus = self.corpus
        number = len(self.phrases)
        given = judged.outcome | (confirmed & self._alike(judged))
        for row, outcome, doubtful in zip(
            judged.rows.tolist(), given.tolist(), judged.doubtful.tolist(), strict=True
        ):
            if outcome or (doubtful and confirmed):
                self.suspects.setdefault(
                    row, AnswerSuspect(number, burst=False, quarantine=confirmed and outcome)
                )
            if outcome:
                self.active[row] = False
        words = [corpus.grams.name(word) for word in corpus.grams.phrases[phrase]]
        held = judged.rows[given]
        ordinary = rest.ordinary
        self.phrases.append(
            AnswerPhrase(
                text=" ".join(extended(words, [corpus.spoken[k] for k in held])),
                status="confirmed" if confirmed else "suspected",
                outcome=outcome_names(judged.features, corpus.answers.names),
                tasks=len(np.unique(corpus.tasks[held])),
                rows=len(judged.rows),
                given=int(given.sum()),
                others=len(judged.others),
                others_given=len(judged.others_with),
                expected=round(judged.share * len(judged.rows), 2),
                z=round(judged.z, 2),
                threshold=round(limit, 2),
                ordinary_rows=int(ordinary.sum()),
                ordinary_given=int((ordinary & given).sum()),
                input_auc=round(rest.auc, 3),
            )
        )


NULL_CANDIDATES = 12
"""Phrases judged in each draw of the null: the screen's strongest."""


def _masks(grams: Grams, phrases: Sequence[int]) -> dict[int, NDArray[np.int64]]:
    """Return for each phrase its own words and their satellites (mine/masks.py)."""
    few = tuple(grams.phrases[phrase] for phrase in phrases)
    if not few:
        return {}
    some = Grams(grams.words, grams.word_rows, few, grams.phrase_rows[:, list(phrases)])
    masked = masked_words(some)
    words = [masked[[k]].indices for k in range(len(few))]
    return {
        phrase: own[own < len(grams.words)].astype(np.int64)
        for phrase, own in zip(phrases, words, strict=True)
    }


def _ordinary(judged: Judged, rest: _Context) -> bool:
    """Tell whether rows in an ordinary context have the outcome all the same."""
    ordinary = rest.ordinary
    given = int((ordinary & judged.outcome).sum())
    number = int(ordinary.sum())
    return given >= ORDINARY_ROWS and bound(given, number) >= SHARE_BOUND


def bound(given: int, number: int) -> float:
    """Return the lower 5 % bound of a share (Jeffreys); 0 for no rows."""
    from scipy.special import betaincinv  # noqa: PLC0415 - only a scan needs scipy

    return float(betaincinv(given + 0.5, number - given + 0.5, 0.05)) if number else 0.0


def outcome_names(features: Sequence[int], names: Sequence[str]) -> tuple[str, ...]:
    """Return what names an outcome: words of content, then other words, then shapes.

    features: strongest first; one that repeats a word of another is left out.
    """
    words: list[str] = []
    plain: list[str] = []
    shapes: list[str] = []
    seen: set[str] = set()
    for feature in features:
        name = names[feature]
        if not name.startswith('"'):
            if name not in shapes:
                shapes.append(name)
            continue
        parts = {part for part in name.strip('"').split() if part not in (ngrams.START, ngrams.END)}
        if parts and not parts & seen:
            seen |= parts
            said = " ".join(
                p for p in name.strip('"').split() if p not in (ngrams.START, ngrams.END)
            )
            (plain if parts <= FUNCTION_WORDS else words).append(f'"{said}"')
    return tuple((words + plain + shapes)[:NAMES])
