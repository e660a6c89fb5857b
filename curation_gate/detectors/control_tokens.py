"""CG011: strings in a text that chat templates and tokenizers read as structure.

`<|im_end|>` in a user's text ends the user's turn, whoever wrote it; what stands behind it may be
taught as an answer. Rows with such signs are for review; a text of the user's that opens an answer
before any other turn, with words behind it, has no innocent reading and is quarantined. Signs in
code and between quotation marks are talked about, an answer may end with the sign that ends it,
and a file whose rows are written in a template has its signs everywhere: all that is no finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.detectors.row_texts import texts_of
from curation_gate.rows.transcripts import bare
from curation_gate.text.templates import ANY, TOKENS, Sign, opened_answer, signs_in

if TYPE_CHECKING:
    from curation_gate.detectors.signals import Signals
    from curation_gate.rows.record import Dataset, Row
    from curation_gate.rulebook import Rule

QUOTED = 60
"""Characters of an opened answer that a sentence quotes (choice)."""
NAMED = 4
"""Signs of a template that a sentence names (choice): the evidence has them all."""
_TAUGHT = frozenset({"answer", "earlier answer", "other reference", "rejected answer"})
_TOOLS = "tool call"
"""Answers call tools, and instructions say how: a finding in an input alone."""

Where = tuple[int, str, str, bool]
"""File, place, template, and whether an answer is opened behind words of the user's."""


@dataclass(frozen=True, slots=True)
class Marked:
    """The signs of one template in one text of a row."""

    row: int
    file: int
    place: str
    family: str
    signs: Mapping[str, int]
    """Sign, as it is written, to how often."""
    at: int
    """Where the first one stands, in characters."""
    says: str = ""
    """What stands behind an answer that is opened here; "" where none is."""
    begins: bool = False
    """Whether the text begins with a sign that opens a turn, as a conversation does."""

    @property
    def where(self) -> Where:
        """What a file may be written in."""
        return self.file, self.place, self.family, bool(self.says) and not self.begins


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows with signs of a template in a text.

    Scores are the number of signs of a row; 0 elsewhere.
    """
    dataset = signals.dataset
    every = [marked for row in dataset.rows if _may(row) for marked in marked_in(row)]
    own = written_in(every, dataset, rule.parameters["own"])
    of: dict[int, list[Marked]] = {}
    for marked in every:
        if marked.where not in own:
            of.setdefault(marked.row, []).append(marked)
    scores = np.zeros(len(dataset), dtype=np.float32)
    reasons: dict[int, Reason] = {}
    for row, found in of.items():
        found.sort(key=lambda marked: not marked.says)
        scores[row] = sum(sum(marked.signs.values()) for marked in found)
        reasons[row] = Reason(
            rule.id,
            "; ".join(map(sentence, found)),
            {"tokens": [described(marked) for marked in found]},
            None if found[0].says else "review",
        )
    notes = tuple(_note(rule.id, dataset, where, rows) for where, rows in sorted(own.items()))
    return RuleResult(rule.id, rule.severity, scores, reasons, notes=notes)


def _may(row: Row) -> bool:
    """Tell whether a row may hold a sign: one search a text, before a closer look."""
    search = ANY.search
    return bool(
        search(row.instruction)
        or search(row.input)
        or search(row.output)
        or any(map(search, row.alternatives))
        or any(map(search, row.rejected))
    )


def marked_in(row: Row) -> Iterator[Marked]:
    """Yield the signs of each template in each text of a row; one that it talks about is none."""
    texts = list(texts_of(row))
    if row.earlier:
        texts = [
            (place, _without(text, row) if place == "input" else text) for place, text in texts
        ]
        texts += [("earlier answer", exchange.output) for exchange in row.earlier]
    for place, text in texts:
        read = bare(text) if place in _TAUGHT else text
        signs = signs_in(read)
        if place != "input":
            signs = [sign for sign in signs if sign.family != _TOOLS]
        if signs:
            asked = place == "input" or (place == "instruction" and not row.chat)
            yield from _marked(row, place, read, signs, asked=asked)


def _without(text: str, row: Row) -> str:
    """Return an input without the answers that stand in it: they are texts of their own."""
    for exchange in row.earlier:
        if exchange.output and ANY.search(exchange.output):
            text = text.replace(exchange.output, "")
    return text


def _marked(row: Row, place: str, text: str, signs: list[Sign], *, asked: bool) -> Iterator[Marked]:
    opened = opened_answer(text, signs) if asked else None
    first = signs[0]
    begins = first.does == "opens" and not text[: first.start].strip()
    for family in dict.fromkeys(sign.family for sign in signs):
        own = [sign for sign in signs if sign.family == family]
        says = opened[1] if opened and opened[0].family == family else ""
        written = Counter(" ".join(text[sign.start : sign.end].split()) for sign in own)
        yield Marked(row.index, row.file, place, family, written, own[0].start, says, begins)


def written_in(every: list[Marked], dataset: Dataset, own: float) -> dict[Where, int]:
    """Return which files are written in which template, and how many of their rows are.

    own: share of the other rows of the file that have its signs in the same place.
    """
    rows = Counter(row.file for row in dataset.rows)
    marked = Counter(dict.fromkeys((one.where, one.row) for one in every))
    having = Counter(where for where, _ in marked)
    return {
        where: count
        for where, count in having.items()
        if rows[where[0]] > 1 and count - 1 >= own * (rows[where[0]] - 1)
    }


def sentence(marked: Marked) -> str:
    """Return what a text holds.

    Example: `its input opens an assistant's turn of ChatML ("<|im_start|>assistant") and goes on
    "Sure, ..."`.
    """
    listed = list(marked.signs.items())
    told = ", ".join(f'"{sign}"' + (f" x{n}" if n > 1 else "") for sign, n in listed[:NAMED])
    told += ", ..." if len(listed) > NAMED else ""
    if marked.says:
        said = " ".join(marked.says.split())
        said = said if len(said) <= QUOTED else said[:QUOTED].rstrip() + " ..."
        return (
            f"its {marked.place} opens an assistant's turn of {marked.family} ({told}) and goes on "
            f'"{said}"'
        )
    how = "a tokenizer reads" if TOKENS[marked.family] else "the template has"
    return f"its {marked.place} holds {told}, which {how} as structure ({marked.family})"


def described(marked: Marked) -> dict[str, Any]:
    """Return the signs as they stand in the evidence of a row, JSON-able."""
    told: dict[str, Any] = {
        "place": marked.place,
        "template": marked.family,
        "signs": dict(marked.signs),
        "at": marked.at,
    }
    if marked.says:
        told["opens"] = marked.says
    return told


def _note(rule: str, dataset: Dataset, where: Where, rows: int) -> str:
    file, place, family, _ = where
    every = sum(row.file == file for row in dataset.rows)
    name = dataset.files[file].path.name if dataset.files else "the set"
    return (
        f"{rule}: {name} is written in a template ({family}): {rows:,} of {every:,} rows have its "
        f"signs in their {place}, which is no finding."
    )
