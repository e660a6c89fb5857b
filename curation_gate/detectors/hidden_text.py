"""CG010: characters in a text that no reader sees, or takes for others.

Every text of a row that a trainer reads is looked at. What spells a text of its own (tag
characters, bytes as variation selectors, zero-width bits) cannot be innocent and is quarantined.
Everything else is for review: zero-width characters within a word or many in a row, marks that turn
the reading direction, letters of another script in a word, private use. Emoji, flags, scripts that
join by joiners, text that is written from right to left, a mark at a beginning, a single hidden
sign beside a blank, and soft hyphens are none of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.detectors.row_texts import texts_of
from curation_gate.text import spelled
from curation_gate.text.hidden import EMOJI, FILLERS, JOINING, KINDS, PRIVATE
from curation_gate.text.lookalikes import Disguised, disguised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curation_gate.detectors.signals import Signals
    from curation_gate.rulebook import Rule

Kind = Literal[
    "tags", "selectors", "bits", "direction", "run", "inside", "lookalikes", "private use"
]
QUOTED = 80
"""Characters of what is spelled that a sentence shows; the evidence has it whole."""
NAMED = 4
"""Kinds of characters, and words, that a sentence names (choice): the evidence has them all."""

_ZERO, _BIDI = KINDS["<zero-width>"], KINDS["<bidi-mark>"]
_SELECTORS, _TAGS = KINDS["<variation-selector>"], KINDS["<tag-character>"]
_OVERRIDES = frozenset("\u202d\u202e")
_TURNING = frozenset("\u202b\u2067")
"""They turn the order of signs and digits in text that is written from left to right."""
_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_ANY = re.compile(f"[{_ZERO}{_BIDI}{FILLERS}{_TAGS}{PRIVATE}]|[{_SELECTORS}]")
_MARKS = re.compile(f"[{_BIDI}]")
_RUN = re.compile(f"[{_ZERO}{_BIDI}{FILLERS}]+")
_RTL = re.compile(f"[{_RIGHT_TO_LEFT}]")
_LETTER_TAGS = "\U000e0061-\U000e007a"
_FLAG = f"\U0001f3f4[{_LETTER_TAGS}]{{2}}[\U000e0030-\U000e0039{_LETTER_TAGS}]{{1,3}}\U000e007f"
"""Flags of subdivisions: a black flag, the code of a country and of its part (UTS 51)."""
_TAG = re.compile(f"{_FLAG}|(?P<tags>[{_TAGS}]+)")
_SELECTOR = re.compile(f"[{_SELECTORS}]+")
_EMOJI_STYLE = frozenset("\ufe0e\ufe0f")
_PRIVATE = re.compile(f"[{PRIVATE}]+")
_EMOJI_PART = re.compile(f"[{EMOJI}\ufe0f]")
_WORD_JOINER = "\u2060"
_JOINERS = frozenset("\u200c\u200d")
_MARK = "\ufeff"
"""Stands at the beginning of files."""
_NEEDED_BY = re.compile(
    # Scripts that join or break words by zero-width characters; Hangul, Mongolian, accents.
    f"[{JOINING}\u0e00-\u0eff\u1100-\u11ff\u1800-\u18af\ua960-\ua97f\ua9e0-\uaa7f\ud7b0-\ud7ff"
    "\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff]"
)
_OPERATORS = frozenset("\u2061\u2062\u2063\u2064")
"""Of formulas: they say what stands between two signs, and are copied with them."""
_IDEOGRAPHIC = range(0xE0100, 0xE01F0)
"""Selectors of the forms of Han characters, and of nothing else."""
_HAS_FORMS = (
    *("CJK ", "IDEOGRAPHIC ", "FULLWIDTH ", "HIRAGANA ", "KATAKANA ", "DIGIT ZERO"),
    *("MONGOLIAN ", "PHAGS-PA ", "MYANMAR ", "MANICHAEAN "),
)
"""Beginnings of names of signs, beside symbols, whose form a selector chooses."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What one kind of hidden text a text holds."""

    kind: Kind
    characters: str
    """All of them, in order."""
    at: int
    """Where the first one stands, in characters."""
    spells: str = ""
    """What they say, where they say something."""
    words: tuple[Disguised, ...] = ()
    """Words with foreign letters."""

    @property
    def quarantine(self) -> bool:
        """Whether it cannot be innocent."""
        return bool(self.spells)


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows with hidden text, what they spell, and where.

    Scores are the number of hidden characters of a row; 0 elsewhere.
    """
    rows = signals.dataset.rows
    scores = np.zeros(len(rows), dtype=np.float32)
    reasons: dict[int, Reason] = {}
    for row in rows:
        found = [
            (place, hidden)
            for place, text in texts_of(row)
            if not text.isascii()
            for hidden in hidden_in(text, **rule.parameters)
        ]
        if not found:
            continue
        found.sort(key=lambda one: not one[1].quarantine)
        scores[row.index] = sum(len(hidden.characters) for _, hidden in found)
        worst = found[0][1].quarantine
        reasons[row.index] = Reason(
            rule.id,
            "; ".join(f"its {place} holds {sentence(hidden)}" for place, hidden in found),
            {"hidden": [described(place, hidden) for place, hidden in found]},
            None if worst else "review",
        )
    return RuleResult(rule.id, rule.severity, scores, reasons)


def hidden_in(text: str, *, run: int, spelled: int, letters: int) -> list[Hidden]:
    """Return what a text hides, one of a kind, in no order.

    run, spelled, letters: the parameters of the rule (HiddenTextParameters).
    """
    words = tuple(word for word in disguised(text) if word.own >= letters)
    found = []
    if words:
        letters_of = "".join(chain.from_iterable(word.foreign for word in words))
        found.append(Hidden("lookalikes", letters_of, words[0].at, words=words))
    if not _ANY.search(text):
        return found
    found += _tags(text, spelled)
    found += _selectors(text, spelled)
    found += _invisible(text, run, spelled)
    private = list(_PRIVATE.finditer(text))
    if private:
        found.append(Hidden("private use", _joined(private), private[0].start()))
    return found


def _tags(text: str, fewest: int) -> Iterator[Hidden]:
    runs = [match for match in _TAG.finditer(text) if match["tags"]]
    if runs:
        characters = _joined(runs)
        said = spelled.of_tags(characters)
        meant = len(said) >= fewest and spelled.printable(said)
        yield Hidden("tags", characters, runs[0].start(), said if meant else "")


def _selectors(text: str, fewest: int) -> Iterator[Hidden]:
    runs = [m for m in _SELECTOR.finditer(text) if not _chooses_a_form(text, m)]
    if runs:
        characters = _joined(runs)
        said = spelled.of_selectors(characters)
        yield Hidden("selectors", characters, runs[0].start(), said if len(said) >= fewest else "")


def _chooses_a_form(text: str, match: re.Match[str]) -> bool:
    """Tell whether variation selectors do what they are for: one behind a sign that has forms."""
    if _EMOJI_STYLE.issuperset(match[0]):  # twice or behind nothing, too: left by cut emoji
        return True
    before = text[match.start() - 1] if match.start() else ""
    if len(match[0]) > 1 or not before:
        return False
    name = unicodedata.name(before, "")
    if ord(match[0]) in _IDEOGRAPHIC:
        return name.startswith("CJK ")
    return unicodedata.category(before)[0] == "S" or name.startswith(_HAS_FORMS)


def _invisible(text: str, run: int, fewest: int) -> Iterator[Hidden]:
    """Yield zero-width characters and marks of direction that no honest text needs there."""
    right_to_left = _RTL.search(text) is not None
    every: list[str] = []
    of: dict[Kind, list[tuple[int, str]]] = {}
    for match in _RUN.finditer(text):
        kept = _needless(text, match, right_to_left=right_to_left)
        every.append(kept)
        kind = _kind(text, match, kept, run, right_to_left=right_to_left)
        if kept and kind:
            of.setdefault(kind, []).append((match.start(), kept))
    said = spelled.of_bits("".join(every), fewest) or max(
        (spelled.of_bits(kept, fewest) for kept in every), key=len, default=""
    )
    if said:
        first = min((place for places in of.values() for place, _ in places), default=0)
        yield Hidden("bits", "".join(every), first, said)
        of.pop("run", None)
        of.pop("inside", None)
    for kind, places in of.items():
        yield Hidden(kind, "".join(kept for _, kept in places), places[0][0])


def _needless(text: str, match: re.Match[str], *, right_to_left: bool) -> str:
    """Return the characters of a run that are neither emoji, nor script, nor a beginning."""
    before, after = _beside(text, match)
    kept = match[0]
    if kept in _JOINERS and (
        _EMOJI_PART.match(before) or _NEEDED_BY.match(before) or _EMOJI_PART.match(after)
    ):
        return ""
    if not match.start() and (kept.count(_MARK) in (1, len(kept))):
        kept = kept.lstrip(_MARK)  # but no part of what is spelled
    if right_to_left:
        kept = "".join(c for c in kept if not _MARKS.match(c) or c in _OVERRIDES)
    return kept


def _kind(
    text: str, match: re.Match[str], kept: str, run: int, *, right_to_left: bool
) -> Kind | None:
    """Return what a run is that is needless; None where it may have come along with copied text."""
    if not _OVERRIDES.isdisjoint(kept):
        return "direction"
    if not right_to_left and not _TURNING.isdisjoint(kept):
        return "direction"
    if len(kept) >= run:
        return "run"
    before, after = _beside(text, match)
    if not before.strip() or not after.strip() or _OPERATORS.issuperset(kept):
        return None
    beside = (before, after)
    if any(_NEEDED_BY.match(c) or _EMOJI_PART.match(c) for c in beside):
        return None
    if any(unicodedata.category(c)[0] == "M" for c in beside):
        return None
    strict = all(c == _WORD_JOINER or _MARKS.match(c) for c in kept)
    return "inside" if not strict or all(c.isalnum() for c in beside) else None


def _beside(text: str, match: re.Match[str]) -> tuple[str, str]:
    """Return the characters before and behind a match; "" at an end of the text."""
    start, end = match.span()
    return text[max(start - 1, 0) : start], text[end : end + 1]


def _joined(matches: list[re.Match[str]]) -> str:
    return "".join(match[0] for match in matches)


def sentence(hidden: Hidden) -> str:
    """Return what was found, for behind `its input holds`.

    Example: `27 tag characters (U+E0069, U+E0067 x2, ...) that spell: "ignore previous ..."`.
    """
    if hidden.kind == "lookalikes":
        return _words(hidden.words)
    count = len(hidden.characters)
    several = "" if count == 1 else "s"
    what = {
        "tags": f"tag character{several}",
        "selectors": f"variation selector{several} that choose no form of a sign",
        "bits": f"zero-width character{several}",
        "direction": f"character{several} that turn{'' if several else 's'} the reading direction",
        "run": f"zero-width character{several} in a row",
        "inside": f"zero-width character{several} within a word",
        "private use": f"private-use character{several}, drawn as a font likes or not at all",
    }[hidden.kind]
    told = f"{count} {what} ({_points(hidden.characters)})"
    if not hidden.spells:
        return told
    how = {"tags": "they spell", "selectors": "as bytes they spell", "bits": "as bits they spell"}
    said = (
        hidden.spells if len(hidden.spells) <= QUOTED else hidden.spells[:QUOTED].rstrip() + " ..."
    )
    return f'{told}; {how[hidden.kind]}: "{said}"'


def _words(words: tuple[Disguised, ...]) -> str:
    distinct = list({word.word: word for word in words}.values())
    told = [
        f'"{word.honest}" written with {_points("".join(word.foreign), names=True)}'
        for word in distinct[:NAMED]
    ]
    more = f" and {len(distinct) - NAMED} more words" if len(distinct) > NAMED else ""
    return "the word" + ("s " if len(distinct) > 1 else " ") + ", ".join(told) + more


def _points(characters: str, *, names: bool = False) -> str:
    """Return the code points of characters, the most frequent ones first."""
    counts = Counter(characters).most_common()
    told = [
        f"U+{ord(c):04X}"
        + (f" {unicodedata.name(c, '')}" if names else "")
        + (f" x{n}" if n > 1 else "")
        for c, n in counts[:NAMED]
    ]
    return ", ".join(told) + (", ..." if len(counts) > NAMED else "")


def described(place: str, hidden: Hidden) -> Mapping[str, Any]:
    """Return what was found, JSON-able, with every code point."""
    counts = Counter(f"U+{ord(c):04X}" for c in hidden.characters)
    told: dict[str, Any] = {
        "place": place,
        "kind": hidden.kind,
        "at": hidden.at,
        "characters": dict(sorted(counts.items())),
    }
    if hidden.spells:
        told["spells"] = hidden.spells
    if hidden.words:
        told["words"] = {word.word: word.honest for word in hidden.words}
    return told
