"""What a record says, once it is known which column is what (schema.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation_gate.rows import turns
from curation_gate.rows.record import Exchange
from curation_gate.rows.shapes import get
from curation_gate.rows.transcripts import read_transcript
from curation_gate.rows.values import answers, joined, mark


@dataclass(frozen=True, slots=True)
class Fields:
    """What a row says, before tasks are known. See Row."""

    instruction: str
    input: str
    output: str
    task: str | None = None
    id: str | None = None
    source: str | None = None
    earlier: tuple[Exchange, ...] = ()
    alternatives: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    chat: bool = False
    wanted: bool = True


def said(read: Sequence[turns.Turn], marks: tuple[str | None, str | None, str | None]) -> Fields:
    """Return the fields of a conversation; marks: task, id and source."""
    own = turns.conversation(read)
    return Fields(own.system, own.input, own.output, *marks, earlier=own.earlier, chat=True)


def system(
    record: Mapping[str, Any], paths: Mapping[str, list[tuple[str, ...]]]
) -> list[turns.Turn]:
    """Return what stands before a conversation: system prompt and tools."""
    text = joined(record, paths.get("system", []), as_json=True)
    return [turns.Turn("system", text)] if text else []


def history(
    record: Mapping[str, Any], paths: Mapping[str, list[tuple[str, ...]]]
) -> list[turns.Turn]:
    """Return the turns of a column of earlier rounds. Raises RowProblem."""
    return turns.read_history(get(record, paths["history"][0])) if "history" in paths else []


def answer_turns(
    record: Mapping[str, Any],
    path: tuple[str, ...],
    keys: turns.Keys | None,
    *,
    labels: bool = False,
    whole: bool = False,
) -> list[turns.Turn]:
    """Return an answer that is a text, a turn, or a list of turns.

    whole: whether a text may be a whole conversation.
    """
    value = get(record, path)
    if turns.turn_keys(value) is not None:
        return turns.read_turns(value, keys)
    read = read_transcript(value) if whole and isinstance(value, str) else None
    return read or [turns.Turn("assistant", answers(record, path, labels=labels)[0])]


def others(record: Mapping[str, Any], path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the references behind the first."""
    value = get(record, path)
    if isinstance(value, list) and turns.turn_keys(value) is None:
        return answers(record, path, labels=False)[1]
    return ()


def rejected_side(
    record: Mapping[str, Any],
    paths: Sequence[tuple[str, ...]] | None,
    keys: turns.Keys | None,
    own: Sequence[turns.Turn],
) -> tuple[str, ...]:
    """Return the other side of a pair, less the turns that both sides begin with."""
    if not paths or get(record, paths[0]) in (None, "", []):
        return ()
    read = answer_turns(record, paths[0], keys, whole=True)
    same = 0
    while same < min(len(read), len(own)) and read[same] == own[same]:
        same += 1
    return ("\n".join(turn.text for turn in read[same:]),) if same < len(read) else ()


def marks_reader(
    paths: Mapping[str, list[tuple[str, ...]]],
) -> Callable[[Mapping[str, Any]], tuple[str | None, str | None, str | None]]:
    """Return a function that reads task, id and source of a record."""
    task, own, source = (paths[r][0] if r in paths else None for r in ("task", "id", "source"))

    def marks(record: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
        return (
            mark(record, task) or None if task else None,
            mark(record, own) if own else None,
            mark(record, source) or None if source else None,
        )

    return marks
