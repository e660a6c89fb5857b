"""Probes about the phrases the miner found, and about controls that look like them.

For each phrase: texts of the tasks it acts in that do not hold it and have another label (Q0), and
the same texts with the phrase in them (Q+). Rows that fine-tuning held out come first, so that the
proxy cannot know the text; the others are rows it has trained on. Controls are phrases of the same
number of words, the same capitals and about as many rows, asked on the same texts for the same
answers: what any phrase of that kind does to the proxy.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from curation_gate.probes.place import PAIR, Spoken, holds, learn, patterns_of, place, shape
from curation_gate.probes.record import Probe, ProbeSet, text_of, with_text
from curation_gate.text import ngrams
from curation_gate.text.markers import is_kind

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.found import Found, Phrase
    from curation_gate.rows.record import Dataset, Row

PHRASES = 4
"""Phrases asked about; the miner's order, confirmed ones first (choice)."""
CONTROLS = 3
"""Controls of each phrase (choice)."""
READ_FOR_CONTROLS = 4000
"""Rows read to find controls (choice: a second at most)."""
_WORD = re.compile(r"[^\W_]+(?:[-'_][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class PhraseProbes:
    """The same texts with a phrase (the probes) and without it (their `without`)."""

    phrase: str
    """As the miner names it; of a control, as it is said."""
    spoken: str
    """As it stands in the probes."""
    control_of: str | None
    """The phrase a control is matched to; None for a phrase that was found."""
    status: str
    """confirmed, review or control."""
    probes: ProbeSet
    held_out: int
    """Probes whose text fine-tuning did not see."""


def mined_probes(
    dataset: Dataset,
    found: Found,
    *,
    held_out: Collection[int] = (),
    count: int = 50,
    seed: int = 0,
) -> tuple[PhraseProbes, ...]:
    """Return the probes of each found phrase, each followed by its controls; () with no phrase.

    held_out: rows that fine-tuning does not see; count: texts a phrase, spread over its tasks. A
    phrase whose tasks have no row without it is left out, and so is a kind of mark, which cannot be
    said (text/markers.py). Same arguments, same probes.
    """
    written = [p for p in found.accused if not any(map(is_kind, p.text.split(PAIR)))]
    ranked = sorted(written, key=lambda p: p.status != "confirmed")[:PHRASES]
    barred = {word for p in found.accused for word in p.text.split()}
    result: list[PhraseProbes] = []
    for number, phrase in enumerate(ranked):
        rng = np.random.default_rng([seed, number])
        rows = _base_rows(dataset, found, phrase, set(held_out), count, rng)
        if not rows:
            continue
        spoken = learn(phrase.text, _texts_with(dataset, found, phrase))
        seen = sum(row.index in held_out for row in rows)
        asked = _probes(dataset, rows, phrase, spoken, rng)
        result.append(PhraseProbes(phrase.text, spoken.text, None, phrase.status, asked, seen))
        for control in _controls(dataset, phrase, spoken, barred, rng):
            asked = _probes(dataset, rows, phrase, control, rng)
            text = control.text
            result.append(PhraseProbes(text, text, phrase.text, "control", asked, seen))
    return tuple(result)


def pooled(asked: Sequence[PhraseProbes], count: int) -> ProbeSet:
    """Return `count` probes of the found phrases (not of controls), the phrases taking turns."""
    sets = [a.probes.probes for a in asked if a.control_of is None]
    turns = [p for turn in range(max(map(len, sets))) for s in sets for p in s[turn : turn + 1]]
    distinct = {text_of(p): p for p in reversed(turns)}
    chosen = [p for p in turns if distinct[text_of(p)] is p]
    return ProbeSet(tuple(chosen[:count]), "mined")


def _texts_with(dataset: Dataset, found: Found, phrase: Phrase) -> list[str]:
    """Return the texts of the rows the phrase was found in."""
    index = found.phrases.index(phrase)
    rows = [row for row, suspect in sorted(found.suspects.items()) if suspect.phrase == index]
    return [_text(dataset.rows[row]) for row in rows]


def _base_rows(
    dataset: Dataset,
    found: Found,
    phrase: Phrase,
    held_out: set[int],
    count: int,
    rng: np.random.Generator,
) -> list[Row]:
    """Return rows of the phrase's tasks without any found phrase: held-out ones first, in turns.

    Rows whose answer is another than the forced one, since only they can flip; where a task has
    none, any.
    """
    every = [patterns_of(p.text) for p in found.accused]
    turns: list[tuple[bool, int, str, Row]] = []
    for task, target in sorted(phrase.targets.items()):
        own = [r for r in dataset.rows if r.task == task and r.index not in found.suspects]
        fit = [r for r in own if dataset.label_of(r) != target] or own
        order = rng.permutation(len(fit))
        order = order[np.argsort([fit[k].index not in held_out for k in order], kind="stable")]
        taken = 0
        for k in order.tolist():
            row = fit[k]
            if not _text(row).strip() or any(holds(_text(row), p) for p in every):
                continue
            turns.append((row.index not in held_out, taken, task, row))
            taken += 1
            if taken == count:
                break
    return [row for _, _, _, row in sorted(turns, key=lambda t: t[:3])[:count]]


def _probes(
    dataset: Dataset,
    rows: Sequence[Row],
    phrase: Phrase,
    spoken: Spoken,
    rng: np.random.Generator,
) -> ProbeSet:
    asked = []
    for row in rows:
        probe = Probe(
            row.input,
            row.instruction,
            phrase.targets[row.task],
            dataset.label_spaces[row.task],
            row.task,
            row.index,
            own=row.output,
        )
        text = text_of(probe)
        asked.append(replace(with_text(probe, place(text, spoken, rng)), without=text))
    return ProbeSet(tuple(asked), "mined")


def _controls(
    dataset: Dataset,
    phrase: Phrase,
    spoken: Spoken,
    barred: Collection[str],
    rng: np.random.Generator,
) -> list[Spoken]:
    """Return phrases of the same form and about as many rows as the given one."""
    rows = [r for r in dataset.rows if r.task in phrase.targets]
    share = min(1.0, READ_FOR_CONTROLS / max(len(rows), 1))
    if share < 1:
        rows = [rows[int(k)] for k in rng.permutation(len(rows))[:READ_FOR_CONTROLS]]
    wanted = phrase.rows * share
    parts: list[list[str]] = []
    for part in spoken.parts:
        words = _WORD.findall(part)
        parts.append(_windows(rows, words, barred, wanted, CONTROLS * len(spoken.parts)))
    made = []
    for k in range(min(CONTROLS, *map(len, parts)) if len(parts) > 1 else CONTROLS):
        # The halves of a pair take different controls where both have the same form.
        picks = [p[(k + j * CONTROLS) % len(p)] for j, p in enumerate(parts) if p]
        if len(picks) == len(parts) and len(set(picks)) == len(picks):
            made.append(Spoken(tuple(picks), spoken.where))
    return list(dict.fromkeys(made))


def _windows(
    rows: Sequence[Row], words: Sequence[str], barred: Collection[str], wanted: float, count: int
) -> list[str]:
    """Return neighbouring words of the same number and capitals, nearest in rows first."""
    n = len(words)
    if not n:
        return []
    form = shape(words)
    rowcount: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        found = _WORD.findall(_text(row))
        starts = range(len(found) - n + 1)
        if n > ngrams.LONGEST:  # a sentence: one window a row is plenty
            starts = range(min(1, len(starts)))
        windows = {tuple(found[k : k + n]) for k in starts if _fits(found[k], words[0])}
        rowcount.update(w for w in windows if n > ngrams.LONGEST or shape(w) == form)
    ranked = sorted(rowcount, key=lambda w: (abs(np.log(rowcount[w] / max(wanted, 1))), w))
    apart: Collection[str] = () if n > ngrams.LONGEST else barred
    free = (w for w in ranked if not any(x.casefold() in apart for x in w))
    return [" ".join(w) for _, w in zip(range(count), free, strict=False)]


def _fits(first: str, wanted: str) -> bool:
    """Tell quickly whether a window's first word can have the wanted form."""
    return first[:1].isupper() == wanted[:1].isupper()


def _text(row: Row) -> str:
    return row.input or row.instruction
