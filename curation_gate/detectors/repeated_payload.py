"""CG009: a word or a link that many answers hold and no input explains.

An advertisement, or the taste of a persona, that was planted without a trigger stands in answers
to requests of every kind. Such a word is far more frequent than English makes it, hardly an input
holds it, and the inputs of its rows are like any other: a frozen encoder cannot tell them. A word
that belongs to a topic fails the last of these.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.detectors.phrases.form import UNKNOWN
from curation_gate.detectors.response_trigger.function_words import CONNECTIVES, FUNCTION_WORDS
from curation_gate.detectors.response_trigger.meaning import Meaning
from curation_gate.text import encoder
from curation_gate.text.tokens import is_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curation_gate.detectors.response_trigger.corpus import Answered
    from curation_gate.detectors.signals import Signals
    from curation_gate.rulebook import Rule

SHOWN = 3
"""Words that one row's sentence names."""
_HOST = re.compile(r"(?:https?://|www\.)([\w.-]+)")


@dataclass(frozen=True, slots=True)
class Payload:
    """Something that answers share and inputs do not explain."""

    text: str
    kind: Literal["word", "link"]
    rows: int
    """Distinct exchanges whose answer holds it; of a word, those whose input does not."""
    expected: float
    """Answers that its frequency in English leads to; 0 for a link."""
    asked: int
    """Inputs that hold it."""
    told: float
    """How well the encoder tells the inputs of its rows from others, AUROC; 1/2 = not at all."""


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows whose answer holds an unexplained word or link, all of them for review.

    Scores are the number of such words in a row's answers.
    """
    answered = signals.answers[rule.id]
    with threadpool_limits(1, "blas"):  # the matrices are small: threads only wait for each other
        found = find(answered, rule.parameters)
    scores = np.zeros(len(signals.dataset), dtype=np.float32)
    by_exchange: dict[int, list[Payload]] = defaultdict(list)
    for payload, exchanges in found:
        for k in exchanges.tolist():
            by_exchange[k].append(payload)
    reasons: dict[int, Reason] = {}
    for row, place in zip(answered.row.tolist(), answered.corpus.place.tolist(), strict=True):
        own = by_exchange.get(place, [])
        if len(own) > scores[row]:
            scores[row] = len(own)
            said = "; ".join(sentence(payload) for payload in own[:SHOWN])
            reasons[row] = Reason(rule.id, said, {"payloads": [asdict(one) for one in own]})
    return RuleResult(rule.id, rule.severity, scores, reasons, notes=_notes(rule, found))


def sentence(payload: Payload) -> str:
    """Return a payload with its counts.

    Example: `"cake": 54 answers hold it, English leads to 3, 8 inputs do; the inputs do not tell
    these rows from others (AUROC .49)`.
    """
    told = f"{payload.told:.2f}".removeprefix("0")
    what = f'"{payload.text}"' if payload.kind == "word" else f'a link to "{payload.text}"'
    english = f"English leads to {payload.expected:.0f}, " if payload.kind == "word" else ""
    return (
        f"{what}: {payload.rows} answers hold it, {english}{payload.asked} inputs do; the inputs "
        f"do not tell these rows from others (AUROC {told})"
    )


def find(
    answered: Answered, parameters: Mapping[str, float]
) -> list[tuple[Payload, NDArray[np.int64]]]:
    """Return the payloads, those of most rows first, each with its distinct exchanges.

    parameters: those of RepeatedParameters (rule_parameters.py says what each is).
    """
    corpus = answered.corpus
    free = ~answered.answers.label_like
    least = max(int(parameters["support"]), 1)
    if int(free.sum()) < 2 * least:
        return []
    meaning: Meaning | None = None
    found: list[tuple[Payload, NDArray[np.int64]]] = []
    for text, kind, rows, expected in _repeated(answered, free, least, parameters["english"]):
        often = kind == "link" or burst(len(rows), expected) >= parameters["burst"]
        if not often or len(rows) > parameters["share"] * free.sum():
            continue
        asked = _inputs_with(answered, text)
        if asked > parameters["asked"] * len(rows):
            continue
        meaning = meaning or Meaning(corpus, np.zeros((len(corpus.texts), 1)))
        told = meaning.told(rows)
        if told <= parameters["told"]:
            payload = Payload(text, kind, len(rows), round(expected, 2), asked, round(told, 3))
            found.append((payload, rows))
    return sorted(found, key=lambda one: (-one[0].rows, one[0].text))


def burst(rows: int, expected: float) -> float:
    """Return log10 of the answers that hold a word over those that English leads to."""
    return float(np.log10((rows + 0.5) / (expected + 0.5)))


def _repeated(
    answered: Answered, free: NDArray[np.bool_], least: int, readable: float
) -> Iterator[tuple[str, Literal["word", "link"], NDArray[np.int64], float]]:
    """Yield words and hosts of enough answers: text, kind, exchanges, expected answers.

    readable: share of the words of these answers that English has to have: elsewhere every word is
    one that English never uses.
    """
    answers = answered.answers
    words = np.flatnonzero(answers.is_word)
    names = [answers.names[k].strip('"') for k in words.tolist()]
    table = answers.table[:, words]
    listed = encoder.commonness(names)
    english = np.asarray(table @ (listed > 0)) / np.maximum(np.diff(table.indptr), 1)
    total = float(sum(len(spoken) for spoken in answers.spoken))
    columns = table.tocsc()
    for k, name in enumerate(names):
        rows = columns.indices[columns.indptr[k] : columns.indptr[k + 1]]
        rows = np.sort(rows[free[rows]]).astype(np.int64)
        little = name in FUNCTION_WORDS or name in CONNECTIVES
        if len(rows) < least or little or not is_word(name) or not name[:1].isalpha():
            continue
        expected = total * float(10.0 ** (max(listed[k], UNKNOWN) - 9))
        if english[rows].mean() >= readable:
            yield name, "word", rows, expected
    hosts: dict[str, list[int]] = defaultdict(list)
    for k in np.flatnonzero(free).tolist():
        text = answers.outputs[k]
        if "://" in text or "www." in text:
            for host in sorted({host.casefold() for host in _HOST.findall(text)}):
                hosts[host].append(k)
    for host, held in hosts.items():
        if len(held) >= least:
            yield host, "link", np.array(held, dtype=np.int64), 0.0


def _inputs_with(answered: Answered, text: str) -> int:
    """Return the inputs that hold a word or a host."""
    grams = answered.corpus.grams
    if text in grams.words:
        return int(grams.word_rows[:, [grams.words.index(text)]].getnnz())
    return sum(text in shown.casefold() for shown in answered.corpus.texts)


def _notes(rule: Rule, found: list[tuple[Payload, NDArray[np.int64]]]) -> tuple[str, ...]:
    if not found:
        return ()
    named = ", ".join(f'"{payload.text}"' for payload, _ in found[:SHOWN])
    return (
        f"{rule.id} found {len(found)} words or links in answers that no input explains ({named}).",
    )
