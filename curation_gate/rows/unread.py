"""What rows hold that is not judged: answers but the one a row is read as."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from curation_gate.rows import messages
from curation_gate.rows.shapes import get, path_of

if TYPE_CHECKING:
    from curation_gate.rows.record import DataFile, Dataset


def unread_answers(dataset: Dataset) -> list[str]:
    """Return a sentence for each kind of answers that no rule reads, with how many rows have them.

    A conversation is read as its last answer, a list of references as its first.
    """
    turns = references = 0
    for row, record in zip(dataset.rows, dataset.records, strict=True):
        value = _answers(record, dataset.files[row.file])
        if isinstance(value, list) and len(value) > 1:
            keys = messages.turn_keys(value)
            if keys is None:
                references += 1
            else:
                turns += messages.answers(value, keys) > 1
    notes = []
    if turns:
        notes.append(
            f"Conversations with several answers: {turns:,}. The last one of each is judged, what "
            "stands before it is read as its question; give every answer a row of its own to have "
            "all of them judged."
        )
    if references:
        notes.append(f"Rows with several references: {references:,}. The first of each is judged.")
    return notes


def _answers(record: Mapping[str, Any], file: DataFile) -> Any:
    column = file.columns.get("output")
    return None if column is None else get(record, path_of(column, dict.fromkeys(record)))
