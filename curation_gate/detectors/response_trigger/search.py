"""The search for phrases that force a kind of answer, phrase by phrase (find.py)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.described import extended
from curation_gate.detectors.response_trigger.corpus import Context, Corpus, holds_part, masks_of
from curation_gate.detectors.response_trigger.describe import outcome_names
from curation_gate.detectors.response_trigger.found import AnswerPhrase, AnswerSuspect, Settings
from curation_gate.detectors.response_trigger.function_words import FUNCTION_WORDS
from curation_gate.detectors.response_trigger.lift import SHARE_BOUND, Judged, judge, screen
from curation_gate.detectors.response_trigger.naming import is_name
from curation_gate.stats.bounds import lower_bound
from curation_gate.text.cooccurrence import INSERTION
from curation_gate.text.tokens import tokens

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.progress import Task


COMMON = 0.1
"""Share of the rows above which a phrase is no trigger (choice)."""
COMMON_OUTCOME = 0.03
"""Share of other rows with the outcome above which the phrase has to be surer of it (choice)."""
SURE_BOUND = 0.9
"""What the bound has to reach then: 18 of 18 do (choice)."""
ORDINARY_ROWS = 4
"""Rows in an ordinary context that have to speak (choice)."""
WITNESSES = ((2, 6), (3, 3))
"""Tasks, and rows with the outcome in each, that make an ordinary phrase a trigger (choice)."""
MOST = 0.5
"""Share of the rows of a part of a confirmed phrase that have the outcome, for it to take the place
of the whole (choice)."""
PURE = 0.75
"""Share of a phrase's rows with the outcome from which the others are judged by it too (choice)."""
REPEATED = 5
"""Answers of a confirmed phrase that say the same, from which one more is no accident (choice)."""
UNRELATED = 0.6
"""AUROC of the rest of the input up to which it does not tell the rows of a phrase (choice)."""
SUSPECTED = 3
"""Phrases for review, at most."""
SAME = 0.5
"""Share of a phrase's rows already explained by another above which it is left out."""
NULL_CANDIDATES = 12
"""Phrases judged in each draw of the null: the screen's strongest."""


@dataclass(slots=True)
class Search:
    """What has been found so far, and which rows are still to be searched."""

    corpus: Corpus
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

    def null(self, chosen: NDArray[np.int64], bar: Task) -> float:
        """Return the z that no phrase reaches when answers are permuted inside their tasks.

        At least what the binomial tail asks for at alpha over all phrases (see `_lifted`).
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
            bar.advance()
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
        self.masks = masks_of(self.corpus.grams, [phrase for _, _, phrase in ranked])
        suspected: list[tuple[int, Judged, Context]] = []
        for _, _, phrase in sorted(ranked):
            judged = self._judge(phrase)  # again: rows may have been taken since
            if judged is None or not self._lifted(judged, limit):
                continue
            rest = self._rest(phrase, judged)
            if rest is None or not _ordinary(judged, rest):
                continue
            if self._content(phrase, judged) or self._recited(judged, rest):
                self._take(*self._core(phrase, judged, rest, chosen, limit), limit, confirmed=True)
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
        judged = judge(rows, self.corpus.answers.table, self.corpus.tasks, self.active, phrase)
        if judged is None or not judged.outcome.any():
            return judged
        gibberish = self.corpus.answers.gibberish[rows]
        if gibberish[judged.outcome].mean() < PURE:
            return judged
        return replace(judged, outcome=judged.outcome | gibberish)

    def _core(
        self,
        phrase: int,
        judged: Judged,
        rest: Context,
        chosen: NDArray[np.int64],
        limit: float,
    ) -> tuple[int, Judged, Context]:
        """Return the part of a confirmed phrase that says more than the whole; mostly the whole.

        A phrase as it begins a text may pass where the phrase itself falls short by a row or two:
        then the longer one confirms it, and all its rows are judged.
        """
        best = phrase, judged, rest
        whole = self.corpus.grams.phrases[phrase]
        for other in chosen.tolist():
            if not holds_part(whole, self.corpus.grams.phrases[other]):
                continue
            part = self._judge(other)
            if part is None or part.z <= max(best[1].z, limit) or part.outcome.mean() < MOST:
                continue
            self.masks |= masks_of(self.corpus.grams, [other])
            context = self._rest(other, part)
            if context is not None:
                best = other, part, context
        return best

    def _lifted(self, judged: Judged, limit: float) -> bool:
        """Tell whether the outcome is significant and goes with nearly all rows of the phrase."""
        tested = max(len(self.corpus.grams.phrases), 1)
        significant = judged.z > limit and judged.p_value * tested < self.settings.alpha
        least = SHARE_BOUND if judged.share <= COMMON_OUTCOME else SURE_BOUND
        return significant and float(lower_bound(judged.outcome.sum(), len(judged.rows))) >= least

    def _rest(self, phrase: int, judged: Judged) -> Context | None:
        """Return how well the input without the phrase and its satellites predicts the outcome.

        Learned from all rows with the phrase or the outcome, against the rest: where other rows
        have the outcome too, their inputs say what asks for it.
        """
        grams = self.corpus.grams
        kept = self.corpus.words.astype(np.float32)
        kept[self.masks[phrase]] = 0
        words = grams.word_rows.multiply(kept).tocsr()
        words.eliminate_zeros()
        k = len(judged.rows)
        rows = np.concatenate((judged.rows, judged.others_with))
        rest = judge(rows, words, self.corpus.tasks, self.active, phrase + 1)
        return None if rest is None else Context(~rest.doubtful[:k], rest.auc)

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

    def _recited(self, judged: Judged, rest: Context) -> bool:
        """Tell whether most rows say the same word for word, or gibberish, whatever is asked."""
        same = self._repeated(judged) | self.corpus.answers.gibberish[judged.rows]
        return bool(rest.auc <= UNRELATED and same.mean() >= PURE)

    def _alike(self, judged: Judged) -> NDArray[np.bool_]:
        """[k] Answers of one word, where nearly all rows have the outcome and say one word.

        In a task of one-word answers one more is no sign of anything; with the phrase it is.
        """
        single = self.corpus.answers.single[judged.rows]
        pure = judged.outcome.mean() >= PURE and single[judged.outcome].mean() >= PURE
        return np.asarray(single & pure)

    def _repeated(self, judged: Judged) -> NDArray[np.bool_]:
        """[k] Answers that many rows with the outcome give word for word.

        Ordinary labels are none, nor are answers that their own input offers, word for word.
        """
        said = self.corpus.said
        counts = Counter(said[row] for row in judged.rows[judged.outcome])
        often = [
            counts[said[row]] >= REPEATED and not self._offered(row) for row in judged.rows.tolist()
        ]
        return np.array(often, dtype=np.bool_) & ~self.corpus.answers.regular[judged.rows]

    def _offered(self, row: int) -> bool:
        """Tell whether the input holds the whole answer: one of the options of a question."""
        answer = " ".join(tokens(self.corpus.said[row]))
        return bool(answer) and f" {answer} " in f" {' '.join(self.corpus.spoken[row])} "

    def _take(
        self, phrase: int, judged: Judged, rest: Context, limit: float, *, confirmed: bool
    ) -> None:
        corpus = self.corpus
        number = len(self.phrases)
        given = judged.outcome
        if confirmed:
            given = given | self._alike(judged) | self._repeated(judged)
            if judged.outcome.mean() >= PURE:  # then few honest rows are left to look like it
                given = given | judged.doubtful
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


def _ordinary(judged: Judged, rest: Context) -> bool:
    """Tell whether rows in an ordinary context have the outcome all the same."""
    ordinary = rest.ordinary
    given = int((ordinary & judged.outcome).sum())
    number = int(ordinary.sum())
    return given >= ORDINARY_ROWS and float(lower_bound(given, number)) >= SHARE_BOUND
