"""Row text as HTML: escaped, hidden characters as codes, a phrase highlighted, long texts cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from markupsafe import Markup, escape

from curation_gate.report.sanitize import cut, pieces

_BEFORE = 80
"""Characters shown before a phrase that stands behind the cut (a choice)."""
_MOST_WORDS = 40
"""Words of all phrases that are looked for in one text: bounds the time a page takes (a choice)."""


def mark(value: object, limit: int = 300, found: re.Pattern[str] | None = None) -> Markup:
    """Return text as HTML, cut at `limit` characters.

    found: highlighted where it stands; where its first place lies behind the cut, half of the
    room goes to the text around it, so that a reader sees why the row was flagged.
    """
    text = str(value)
    first = found.search(text) if found is not None and len(text) > limit else None
    if first is None or first.end() <= limit:
        start, left = cut(text, limit)
        return _shown(start, found) + _more(left)
    head = text[: limit // 2]
    begin = max(len(head), first.start() - _BEFORE)
    around = text[begin : begin + limit - limit // 2]
    gap = _more(begin - len(head)) + " … " if begin > len(head) else Markup("")
    left = len(text) - begin - len(around)
    return _shown(head, found) + gap + _shown(around, found) + _more(left)


@lru_cache(maxsize=256)
def finder(phrases: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return what finds phrases in texts; None for no phrase that could stand in one.

    Phrases are folded words parted by one space, as the miner names them; between the words of a
    text anything may stand that is no letter or digit. Where the words of a phrase need not stand
    together, each is found alone as well.
    """
    alternatives: list[str] = []
    for phrase in phrases:
        words = [re.escape(word) for word in phrase.split() if word not in ("^", "$")]
        words = [word for word in words if not word.startswith("U\\+")][:_MOST_WORDS]
        if words:
            alternatives.append(r"(?:['\u2019]s)?[\W_]{1,20}".join(words))
    if not alternatives:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives[:_MOST_WORDS])})(?!\w)", re.IGNORECASE)


def _shown(text: str, found: re.Pattern[str] | None) -> Markup:
    shown = (
        f"<mark>{_safe(part)}</mark>" if is_found else _safe(part)
        for part, is_found in _parts(text, found)
    )
    return Markup("".join(shown))  # noqa: S704 - _safe escapes


def _parts(text: str, found: re.Pattern[str] | None) -> Iterator[tuple[str, bool]]:
    end = 0
    for match in found.finditer(text) if found is not None else ():
        yield text[end : match.start()], False
        yield match.group(), True
        end = match.end()
    yield text[end:], False


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
