"""Row text as HTML: escaped, hidden characters as codes, a phrase highlighted, long texts cut."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from curation_gate.report.places import phrase_spans
from curation_gate.report.sanitize import cut, pieces

_BEFORE = 80
"""Characters shown before a phrase that stands behind the cut (a choice)."""
_SEARCHED = 20_000
"""Characters of a text in which phrases are looked for: bounds the time a page takes (a choice)."""


def mark(value: object, limit: int = 300, phrases: Sequence[str] = ()) -> Markup:
    """Return text as HTML, cut at `limit` characters.

    phrases: highlighted where they stand; where the first place lies behind the cut, half of the
    room goes to the text around it, so that a reader sees why the row was flagged.
    """
    text = str(value)
    spans = phrase_spans(text[:_SEARCHED], phrases) if phrases else []
    if len(text) <= limit or not spans or spans[0][1] <= limit:
        start, left = cut(text, limit)
        return _shown(start, spans) + _more(left)
    head = text[: limit // 2]
    room = limit - limit // 2
    begin = max(len(head), spans[0][0] - min(_BEFORE, room // 2))
    around = text[begin : begin + room]
    gap = _more(begin - len(head)) + " … " if begin > len(head) else Markup("")
    left = len(text) - begin - len(around)
    return _shown(head, spans) + gap + _shown(around, spans, begin) + _more(left)


def _shown(text: str, spans: Sequence[tuple[int, int]], begin: int = 0) -> Markup:
    """Return a part of a text that begins at `begin`; spans: of the whole text."""
    shown: list[str] = []
    at = 0
    for start, end in spans:
        start, end = max(start - begin, at), min(end - begin, len(text))  # noqa: PLW2901
        if start < end:
            shown += (_safe(text[at:start]), f"<mark>{_safe(text[start:end])}</mark>")
            at = end
    shown.append(_safe(text[at:]))
    return Markup("".join(shown))  # noqa: S704 - _safe escapes


def _safe(text: str) -> str:
    # Plain joins, not Markup.format: ten times as fast, and a page holds a million characters.
    return "".join(
        str(escape(piece.text))
        if piece.name is None
        else f'<b class="hid" title="{escape(piece.name.lower())}">{escape(piece.text)}</b>'
        for piece in pieces(text)
    )


def _more(left: int) -> Markup:
    return Markup('<i class="cut"> … {:,} more characters</i>').format(left) if left else Markup("")
