"""What rows hold that is not judged: counted and named, so that nothing passes in silence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from curation_gate.rows import turns
from curation_gate.rows.json_text import quote
from curation_gate.rows.shapes import get, parts_of, path_of

if TYPE_CHECKING:
    from curation_gate.rows.record import DataFile, Dataset

SHOWN = 10
"""Names told in a note; the rest is counted (choice)."""
_ABOUT = re.compile(
    r"(?:\A|[_.\- ])(?:ids?|uu?id|guid|idx|index|hash|sha\d*|md5|sources?|src|origin|urls?|uri|"
    r"link|date|time|timestamp|(?:created|updated)(?:_at)?|lang|language|locale|split|subset|author|"
    r"annotator|contributor|licen[cs]e|model|generator|version|meta|metadata|dataset|file|"
    r"filename|path|type|name)\Z",
    re.IGNORECASE,
)
"""Names of columns that say something about a row and are no part of what is taught."""


def unread_answers(dataset: Dataset) -> list[str]:
    """Return a sentence for each kind of text that some rules do not read, with its rows.

    Answers before the last one of a conversation, references behind the first, the rejected side of
    a pair, turns behind the last answer; roles nobody knows; columns no role takes.
    """
    rows = dataset.rows
    earlier = sum(len(row.earlier) for row in rows)
    behind, roles, keys = _turns(dataset)
    columns = _columns(dataset)
    notes = {
        f"Conversations with several answers: {sum(bool(r.earlier) for r in rows):,}. CG004 reads "
        f"every answer; the other rules the last one of each, and {earlier:,} answers before it as "
        "a part of its question.": earlier,
        _counted("Rows with several references", sum(bool(row.alternatives) for row in rows))
        + "CG004 reads all of them, the other rules the first.": sum(
            bool(row.alternatives) for row in rows
        ),
        _counted("Rows with a rejected answer", sum(bool(row.rejected) for row in rows))
        + "The chosen one of each is judged.": sum(bool(row.rejected) for row in rows),
        _counted("Rows that teach not to give their answer", sum(not row.wanted for row in rows))
        + "They are judged among themselves.": sum(not row.wanted for row in rows),
        _counted("Conversations with turns behind the last answer", behind)
        + "These turns are not judged: nothing answers them.": behind,
        f"Roles this tool does not know: {_named(roles, 'turn')}. Their turns are read as a part "
        "of the question.": len(roles),
        f"Texts in turns that are not read: {_named(keys, 'turn')}.": len(keys),
        f"Columns that are not read: {_named(columns, 'row')}. Where a trainer sees one, say what "
        "it is with --columns, for example input=question+notes.": len(columns),
    }
    return [sentence for sentence, number in notes.items() if number]


def _counted(what: str, number: int) -> str:
    return f"{what}: {number:,}. "


def _named(found: Counter[str], unit: str) -> str:
    ranked = sorted(found, key=lambda name: (-found[name], name))
    told = [
        f"{quote(name)} ({found[name]:,} {unit}{'' if found[name] == 1 else 's'})"
        for name in ranked[:SHOWN]
    ]
    more = len(ranked) - SHOWN
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def _turns(dataset: Dataset) -> tuple[int, Counter[str], Counter[str]]:
    """Return conversations that go on behind their last answer, unknown roles, unread keys."""
    behind = 0
    roles: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    known = frozenset(turns.ROLES.values())
    for row, record in zip(dataset.rows, dataset.records, strict=True):
        if not row.chat:
            continue
        file = dataset.files[row.file]
        read = [turn for value in _lists(record, file) for turn in value]
        said = [turns.role_of(turn) for turn in read]
        behind += "assistant" in said and said[-1] != "assistant"
        roles.update(role for role in said if role not in known)
        for turn in read:
            if turn.keys() <= turns.READ:
                continue
            keys.update(
                key
                for key, value in turn.items()
                if key not in turns.READ and not _ABOUT.search(key) and _is_text(value)
            )
    return behind, roles, keys


def _lists(record: Mapping[str, Any], file: DataFile) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the lists of turns of a record, in the order of a conversation."""
    columns = [file.columns.get(role) for role in ("history", "input", "output")]
    seen = [column for column in columns if column is not None]
    for column in dict.fromkeys(seen):
        value = get(record, path_of(column, record))
        if turns.turn_keys(value) is not None:
            read = value if isinstance(value, list) else [value]
            yield [turn for turn in read if type(turn) is dict or isinstance(turn, Mapping)]


def _columns(dataset: Dataset) -> Counter[str]:
    """Return the columns with text that no role takes, and how many rows have one."""
    found: Counter[str] = Counter()
    places = [0]
    for file in dataset.files:
        places.append(places[-1] + file.rows)
    for file, (first, end) in zip(dataset.files, pairwise(places), strict=True):
        records = dataset.records[first:end]
        names = dict.fromkeys(name for record in records for name in record)
        read = {part for column in file.columns.values() for part in parts_of(column, names)}
        inside = {part.split(".")[0] for part in read if part not in names}
        asked = {name: not _ABOUT.search(name) for name in names if name not in read | inside}
        for record in records:
            for name, value in record.items():
                if asked.get(name) and _is_text(value):
                    found[name] += 1
                elif name in inside and isinstance(value, Mapping):
                    found.update(
                        f"{name}.{inner}"
                        for inner, held in value.items()
                        if f"{name}.{inner}" not in read
                        and not _ABOUT.search(inner)
                        and _is_text(held)
                    )
    return found


def _is_text(value: Any) -> bool:
    """Tell whether a value holds text, itself or in what it is made of."""
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Mapping):
        return any(isinstance(inner, str | list | Mapping) and inner for inner in value.values())
    if isinstance(value, list):
        return any(isinstance(inner, str | list | Mapping) and inner for inner in value)
    return False
