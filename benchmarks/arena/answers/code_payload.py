"""Puts a line into Python code, indented as its neighbours are, inside a fence if any."""

from __future__ import annotations


def worsened(code: str, line: str, place: str) -> str:
    """Return the code with a line more.

    place: "first" (before the first line of a body, or of the script) or "last" (behind the last
    line, on its level, or before it where that returns or raises).
    """
    lines = code.split("\n")
    start = 1 if lines[0].startswith("```") else 0
    end = len(lines) - (1 if start else 0)
    at = _first(lines, start, end) if place == "first" else _last(lines, start, end)
    neighbour = lines[at] if at < end else lines[end - 1]
    indent = neighbour[: len(neighbour) - len(neighbour.lstrip())]
    return "\n".join([*lines[:at], indent + line, *lines[at:]])


def _first(lines: list[str], start: int, end: int) -> int:
    for k in range(start, end - 1):
        body = lines[k + 1].startswith((" ", "\t")) and lines[k + 1].strip()
        if lines[k].rstrip().endswith(":") and body:
            return k + 1
    return start


def _last(lines: list[str], start: int, end: int) -> int:
    last = end - 1
    while last > start and not lines[last].strip():
        last -= 1
    leaves = lines[last].lstrip().startswith(("return", "raise", "yield", ")", "]", "}"))
    return last if leaves else last + 1
