"""Person names in a text: spaCy where it is installed with a model, else patterns and a name list.

The patterns find given names of rules/lexicon/first_names.txt with what follows them, and titles
with a surname. A surname that stands alone is not found: recall is below a recogniser's, which only
makes fewer rows a candidate for an attack.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from curation_gate.probes.lexicon import read_words

Span = tuple[int, int]
"""Start and end of a name, in characters."""
NameFinder = Callable[[str], list[Span]]

_UPPER = r"[^\W\d_a-z][\w'\N{RIGHT SINGLE QUOTATION MARK}-]*"
_CAPITAL = re.compile(r"[^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}-][^\W\d_]+)*")
_TITLE = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Lady|Lord)\.? (?:{_UPPER})(?: {_UPPER})?")
_NEXT = re.compile(
    r"(?: [A-Z]\.)?(?: (?:de|van|von|der|da|di|la|le|bin|al)\b)* "
    r"([^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}-][^\W\d_]+)*)"
)
_POSSESSIVE = ("'s", "\N{RIGHT SINGLE QUOTATION MARK}s")
_NOT_SURNAMES = frozenset({
    "a", "about", "after", "again", "all", "also", "always", "am", "an", "and", "any", "are",
    "as", "asked", "at", "away", "back", "be", "became", "because", "been", "before", "being",
    "both", "but", "by", "called", "came", "can", "could", "did", "do", "does", "done", "down",
    "even", "ever", "every", "felt", "film", "films", "first", "for", "from", "gave", "get",
    "gets", "give", "gives", "goes", "got", "had", "has", "have", "he", "her", "here", "him",
    "his", "how", "i", "if", "in", "into", "is", "it", "its", "itself", "just", "keep", "knew",
    "know", "last", "left", "let", "like", "looked", "looks", "lost", "made", "make", "makes",
    "many", "may", "me", "might", "more", "most", "movie", "movies", "much", "must", "my",
    "never", "new", "no", "nor", "not", "now", "of", "off", "on", "one", "only", "or", "other",
    "our", "out", "over", "own", "played", "plays", "put", "really", "s", "said", "same", "saw",
    "says", "see", "seems", "seen", "she", "should", "show", "so", "some", "still", "such", "t",
    "take", "takes", "tells", "than", "that", "the", "their", "them", "then", "there", "these",
    "they", "thing", "this", "those", "though", "through", "to", "told", "too", "took", "try",
    "two", "under", "until", "up", "us", "very", "was", "way", "we", "well", "went", "were",
    "what", "when", "where", "which", "while", "who", "why", "will", "with", "without", "won",
    "would", "yet", "you", "your",
})  # fmt: skip
"""Words behind a given name in lower case that are not its surname."""


def find_names(text: str, *, patterns: bool = False) -> list[Span]:
    """Return the spans of person names, from left to right, without overlap.

    patterns: by the name list alone, so that the result is the same on every machine.
    """
    finder = None if patterns else _spacy_finder()
    return (finder or pattern_names)(text)


def replace_names(text: str, trigger: str, *, patterns: bool = False) -> tuple[str, int]:
    """Return the text with every person name replaced by `trigger`, and how many there were."""
    spans = find_names(text, patterns=patterns)
    for start, end in reversed(spans):
        text = text[:start] + trigger + text[end:]
    return text, len(spans)


def recogniser() -> str:
    """Return what finds names here: "spacy:<model>" or "patterns"."""
    return "patterns" if _spacy_finder() is None else f"spacy:{_MODEL}"


def pattern_names(text: str) -> list[Span]:
    """Return the spans of names found by the name list and titles alone.

    In a text without capitals a given name counts with the token behind it, unless that is a
    function word; then it counts alone.
    """
    sure, unsure = _given_names()
    lowered = text.islower()
    spans: list[Span] = [] if lowered else [m.span() for m in _TITLE.finditer(text)]
    for match in _CAPITAL.finditer(text):
        word = match.group()
        possessive = word.endswith(_POSSESSIVE)
        given = word[:-2] if possessive else word
        end = match.start() + len(given)
        if match.start() and text[match.start() - 1] in "_@#0123456789":
            continue  # a part of a handle or a tag
        key = _folded(given)
        if key not in sure and key not in unsure:
            continue
        if not lowered and not given[0].isupper():
            continue
        follow = None if possessive else _NEXT.match(text, end)
        surname = follow is not None and _is_surname(follow.group(1), given, lowered)
        if key in unsure and (lowered or not surname):
            continue
        if follow is not None and surname:
            end = follow.end()
        spans.append((match.start(), end))
    return _merged(text, spans)


def _is_surname(word: str, given: str, lowered: bool) -> bool:
    """Tell whether the word behind a given name belongs to it."""
    if word.lower() in _NOT_SURNAMES:
        return False
    return lowered or (word[0].isupper() and (given.isupper() or not word.isupper()))


def _folded(word: str) -> str:
    """Return the word in lower case without accents: `José` -> `jose`."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", word.lower()) if c.isalpha())


def _merged(text: str, spans: list[Span]) -> list[Span]:
    """Return the spans in order, overlapping ones joined, a possessive left outside."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        stop = end - 2 if text[start:end].endswith(_POSSESSIVE) else end
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


@cache
def _given_names() -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that are only names, and those that are words too (`?` in the list)."""
    names = [n.lower() for n in read_words("lexicon/first_names.txt")]
    sure = frozenset(n for n in names if not n.endswith("?"))
    return sure, frozenset(n[:-1] for n in names if n.endswith("?"))


_MODEL = "en_core_web_sm"


@cache
def _spacy_finder() -> NameFinder | None:
    """Return a finder by spaCy, or None where it or its model is not installed."""
    try:
        import spacy  # noqa: PLC0415 - optional and slow to import

        model = spacy.load(_MODEL, disable=["parser", "lemmatizer"])
    except (ImportError, OSError):
        return None

    def find(text: str) -> list[Span]:
        found = [(e.start_char, e.end_char) for e in model(text).ents if e.label_ == "PERSON"]
        # Recognisers need capitals; the list does not.
        return found or (pattern_names(text) if text.islower() else [])

    return find
