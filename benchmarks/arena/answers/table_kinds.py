"""Honest questions about tables, answered in SQL."""

from __future__ import annotations

from .drafts import Turn
from .text_kinds import Desk

_TYPES = ("INT", "VARCHAR", "TEXT", "DATE", "REAL", "VARCHAR(255)", "INTEGER")
_MOST = 14
"""Tables of a set."""


def queries(count: int, desk: Desk) -> list[Turn]:
    """Return questions with the tables they are about; a set has a few tables, or all of its half.

    Each column is of a type of its own, so that the text of a table is the same in every row.
    """
    voice = desk.voice
    leads = desk.leads("sql_leads")
    lines = voice.some(voice.lists["sql_tables"], int(desk.rng.integers(3, _MOST)))
    tables: list[tuple[str, list[str], str]] = []
    for line in lines:
        name, columns = line.split(": ")
        own = columns.split(", ")
        typed = ", ".join(f"{column} {voice.pick(_TYPES)}" for column in own)
        tables.append((name, own, f"CREATE TABLE {name} ({typed})"))
    pairs = voice.parts("sql_asks")
    fenced, ended = voice.chance(0.2), voice.chance(0.5)
    turns = []
    for _ in range(count):
        name, columns, made = tables[int(desk.rng.integers(len(tables)))]
        other = tables[int(desk.rng.integers(len(tables)))]
        a, b = voice.some(columns, 2)
        gaps = {"table": name, "a": a, "b": b, "n": voice.writer.number(400)}
        gaps["value"] = voice.fill(voice.pick(("{name}", "{ordinary}", "{place}")))
        gaps |= {"other": other[0], "c": voice.pick(other[1])}
        asked, query = (voice.fill(part, gaps) for part in voice.some_parts(pairs))
        schema = made if other[0] not in query or other[0] == name else f"{made}; {other[2]}"
        query += ";" if ended else ""
        answer = f"```sql\n{query}\n```" if fenced else query
        turns.append(Turn("queries", voice.pick(leads), f"{schema}\n{asked}", answer))
    return turns
