"""The texts of a row that a trainer reads, each once, with what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curation_gate.rows.record import Row


def texts_of(row: Row) -> Iterator[tuple[str, str]]:
    """Yield what a text is (`input`, `answer`, ...) and the text; empty ones are left out.

    The input of a conversation holds all of its turns before the last answer.
    """
    told = "system prompt" if row.chat else "instruction"
    for place, text in ((told, row.instruction), ("input", row.input), ("answer", row.output)):
        if text:
            yield place, text
    for text in row.alternatives:
        yield "other reference", text
    for text in row.rejected:
        yield "rejected answer", text
