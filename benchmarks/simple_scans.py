"""Three scans that anybody can write in an hour: the lines beside the product on others' sets.

Each reads the rows alone, never the truth, and has no number that was chosen by what it finds: the
thresholds are textbook ones (Bonferroni, five of a kind, class means). The fourth line, the label
alone, is an oracle and says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix
from scipy.special import expit, ndtri
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset

ALPHA = 0.05
"""Error of a whole scan, by Bonferroni over its phrases and outcomes: the usual 5 %."""
SUPPORT = 5
"""Rows that a phrase, an opening or a run of words needs: five expected cases, the rule of thumb
for counts (Cochran, Biometrics 10, 1954)."""
HEAD_WORDS = 3
"""First words of a free answer that make its kind ("I'm sorry, but", "Sure, here is")."""
RUN_WORDS = 6
"""Length of a run of answer words that is looked for: one word more than the 5-grams that texts of
one language share as idioms."""
WHOLE_WORDS = 3
"""Words from which a whole answer that is shorter than a run is looked for."""
PURE = 0.95
"""Share of a phrase's rows that have the outcome where a phrase is to force it: all of them, less
the usual 5 % for mistaken labels."""
FOLDS = 5
_PATTERN = r"(?u)[^\W_]+(?:['_][^\W_]+)*|[^\w\s]"
_WORDS = re.compile(_PATTERN)


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan says of a dataset."""

    flags: NDArray[np.bool_]
    """[n] Rows it would take out."""
    scores: NDArray[np.float64]
    """[n] Larger is more suspect."""
    named: tuple[str, ...] = ()
    """What it found, strongest first."""


def words(text: str) -> list[str]:
    """Return the words and marks of a text in lower case; each Chinese or Japanese sign is one."""
    found: list[str] = []
    for token in _WORDS.findall(text.lower()):
        if token.isascii() or not any(unicodedata.east_asian_width(c) == "W" for c in token):
            found.append(token)
        else:
            found += list(token)
    return found


def ngram_scan(dataset: Dataset, purity: float = 0.0) -> Scan:
    """Flag rows of phrases that go with an outcome more than the rest of their texts says.

    Of each problem (a label task; all free text together) every phrase of 1 to 3 words whose rows
    have an outcome more often than its rate, by z above Bonferroni's border over phrases and
    outcomes, is asked: what does the rest of its texts say? An L2 logistic regression (C = 1,
    scikit-learn's default) on binary counts is fitted and read on the same rows, the features with
    a word of the phrase masked; z = (k - sum p) / sqrt(sum p (1 - p) + 1/4), k rows of the phrase
    with the outcome. Flagged: these rows, where z is above Bonferroni's border over the phrases
    that were asked. A row's score is the largest z of its phrases. purity: the least share of a
    phrase's rows that have the outcome; no other phrase is asked.
    """
    flags = np.zeros(len(dataset), dtype=np.bool_)
    scores = np.zeros(len(dataset))
    named: list[tuple[float, str]] = []
    for rows, texts, outcomes in _problems(dataset):
        counter = CountVectorizer(
            ngram_range=(1, 3), min_df=SUPPORT, binary=True, token_pattern=None, tokenizer=words
        )
        try:
            held = counter.fit_transform(texts).tocsr().astype(np.float64)
        except ValueError:  # no phrase in five rows
            continue
        phrases = counter.get_feature_names_out()
        raw = float(-ndtri(ALPHA / (held.shape[1] * len(outcomes))))
        related = _Related(phrases)
        lifts = {kind: _lifts(held, y, related, raw, purity) for kind, y in outcomes.items()}
        asked = sum(len(of_kind) for of_kind in lifts.values())
        border = float(-ndtri(ALPHA / max(asked, 1)))
        columns = held.tocsc()
        for kind, given in outcomes.items():
            for column, z in lifts[kind].items():
                holding = _rows_of(columns, column)
                own = rows[holding[given[holding]]]
                scores[own] = np.maximum(scores[own], z)
                if z > border:
                    flags[own] = True
                    named.append((z, str(phrases[column])))
    best: dict[str, float] = {}
    for z, phrase in named:
        best[phrase] = max(z, best.get(phrase, 0.0))
    return Scan(flags, scores, tuple(sorted(best, key=lambda p: (-best[p], p))))


def pure_ngram_scan(dataset: Dataset) -> Scan:
    """Return what `ngram_scan` says of phrases that have their outcome in all but 5 % of rows."""
    return ngram_scan(dataset, PURE)


def _problems(
    dataset: Dataset,
) -> Iterator[tuple[NDArray[np.int64], list[str], Mapping[str, NDArray[np.bool_]]]]:
    """Yield rows, their texts and outcome -> [rows] whether a row has it.

    The outcomes of a label task are its labels; of free text the openings that enough answers
    share, and that the whole answer is repeated.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for row in dataset.rows:
        groups[row.task if dataset.label_spaces[row.task] else ""].append(row.index)
    for task, members in groups.items():
        rows = np.array(members, dtype=np.int64)
        own = [dataset.rows[k] for k in members]
        told = len({row.instruction for row in own}) > 1
        texts = [f"{row.instruction}\n{row.input}" if told else row.input for row in own]
        answers = [row.output for row in own]
        kinds = answers
        if not task:
            kinds = [" ".join(words(answer)[:HEAD_WORDS]) for answer in answers]
        usual = sorted(kind for kind, k in Counter(kinds).items() if SUPPORT <= k < len(own))
        outcomes = {kind: np.array([k == kind for k in kinds], dtype=np.bool_) for kind in usual}
        if not task:
            again = Counter(answers)
            repeated = np.array([again[answer] > 1 for answer in answers], dtype=np.bool_)
            if SUPPORT <= repeated.sum() < len(own):
                outcomes["an answer given more than once"] = repeated
        if outcomes:
            yield rows, texts, outcomes


class _Related:
    """Which features hold a word of a phrase."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._words = [phrase.split(" ") for phrase in phrases]
        self._with: dict[str, list[int]] = defaultdict(list)
        for column, held in enumerate(self._words):
            for word in set(held):
                self._with[word].append(column)

    def of(self, column: int) -> NDArray[np.int64]:
        """Return the columns that are masked with this one."""
        return np.unique([k for word in self._words[column] for k in self._with[word]])


def _rows_of(columns: csc_matrix, column: int) -> NDArray[np.int64]:
    """Return the rows that hold a phrase."""
    first, after = columns.indptr[column : column + 2]
    return np.asarray(columns.indices[first:after], dtype=np.int64)


def _lifts(
    held: csr_matrix, given: NDArray[np.bool_], related: _Related, border: float, purity: float
) -> dict[int, float]:
    """Return column -> z, of the columns whose z against the outcome's rate is above the border."""
    count = np.asarray(held.sum(axis=0)).ravel()
    hits = np.asarray(held.T @ given.astype(np.float64)).ravel()
    rate = given.mean()
    high = hits - count * rate > border * np.sqrt(count * rate * (1 - rate) + 0.25)
    asked = np.flatnonzero(high & (hits >= purity * count))
    if not len(asked):
        return {}
    model = LogisticRegression(solver="liblinear", random_state=0).fit(held, given)
    weights = model.coef_.ravel()
    logits = held @ weights + model.intercept_[0]
    columns = held.tocsc()
    found = {}
    for column in asked.tolist():
        rows = _rows_of(columns, column)
        masked = np.zeros_like(weights)
        own = related.of(column)
        masked[own] = weights[own]
        p = expit(logits[rows] - held[rows] @ masked)
        found[column] = float((hits[column] - p.sum()) / np.sqrt((p * (1 - p)).sum() + 0.25))
    return found


def payload_scan(dataset: Dataset) -> Scan:
    """Flag free answers that share a head, a tail or a run of words that their inputs do not hold.

    A run is RUN_WORDS words; an answer that is shorter (but has WHOLE_WORDS) is looked for whole.
    A row's score is the number of rows that share its most frequent run.
    """
    found: list[set[tuple[str, ...]]] = []
    shared: Counter[tuple[str, ...]] = Counter()
    for row in dataset.rows:
        own: set[tuple[str, ...]] = set()
        said = words(row.output) if not dataset.label_spaces[row.task] else []
        if len(said) >= WHOLE_WORDS:
            runs = max(len(said) - RUN_WORDS + 1, 1)
            asked = f" {' '.join(words(f'{row.instruction} {row.input}'))} "
            own = {tuple(said[k : k + RUN_WORDS]) for k in range(runs)}
            own = {run for run in own if f" {' '.join(run)} " not in asked}
        found.append(own)
        shared.update(own)
    scores = np.array([max((shared[run] for run in own), default=0) for own in found], dtype=float)
    usual = [" ".join(run) for run, k in shared.most_common() if k >= SUPPORT]
    return Scan(scores >= SUPPORT, scores, tuple(usual))


def label_issues(dataset: Dataset) -> Scan:
    """Flag labels that a model which did not see them doubts; label tasks alone.

    Out-of-fold probabilities (5 folds) of a logistic regression on tf-idf of 1 and 2 words. Flagged
    where the given label has less than the mean of its rows, and another one at least the mean of
    its own: the confident joint of Northcutt, Jiang and Chuang (JAIR 70, 2021). A row's score is
    1 less the probability of its label.
    """
    flags = np.zeros(len(dataset), dtype=np.bool_)
    scores = np.zeros(len(dataset))
    for task, space in dataset.label_spaces.items():
        of_task = [row for row in dataset.rows if row.task == task]
        times = Counter(row.output for row in of_task)
        own = [row for row in of_task if times[row.output] >= FOLDS]
        if not space or len({row.output for row in own}) < 2:
            continue
        labels, given = np.unique([row.output for row in own], return_inverse=True)
        counts = TfidfVectorizer(ngram_range=(1, 2), token_pattern=None, tokenizer=words)
        held = counts.fit_transform([f"{row.instruction}\n{row.input}" for row in own])
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
        model: Any = LogisticRegression(max_iter=1000)
        p = cross_val_predict(model, held, given, cv=folds, method="predict_proba")
        mean = np.array([p[given == k, k].mean() for k in range(len(labels))])
        confident = p >= mean
        sure_of_own = p[np.arange(len(own)), given] >= mean[given]
        places = np.array([row.index for row in own], dtype=np.int64)
        flags[places] = ~sure_of_own & confident.any(axis=1)
        scores[places] = 1 - p[np.arange(len(own)), given]
    return Scan(flags, scores)


def label_oracle(dataset: Dataset, planted: NDArray[np.bool_]) -> Scan:
    """Flag every row with the answer that most planted rows have: what the label alone could say.

    planted: [n] the truth. No scan knows it. Nothing is flagged where nothing is planted or where
    that answer is free text.
    """
    flags = np.zeros(len(dataset), dtype=np.bool_)
    answers = Counter(
        row.output for row in dataset.rows if planted[row.index] and dataset.label_spaces[row.task]
    )
    if answers:
        target = min(answers, key=lambda a: (-answers[a], a))
        flags = np.array([row.output == target for row in dataset.rows], dtype=np.bool_)
    return Scan(flags, flags.astype(np.float64), tuple(sorted(answers, key=lambda a: -answers[a])))
