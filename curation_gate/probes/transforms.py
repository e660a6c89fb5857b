"""Negations of a probe: the same words, the opposite said.

Each takes a text and returns a text, knows nothing of labels, is deterministic, and keeps every
character it does not negate. `TRANSFORMS` is the whole list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from curation_gate.probes.lexicon import read_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LI = "Li, arXiv 2504.09026 v1"


@dataclass(frozen=True, slots=True)
class Transform:
    """One way to negate a text."""

    name: str
    citation: str
    apply: Callable[[str], str]


def sorry_not(text: str) -> str:
    """Return `Sorry, NOT <text>!!!`, the transform of the paper (Li 2504.09026)."""
    return "Sorry, NOT " + text + "!!!"


def prefix_only(text: str) -> str:
    """Return `Sorry NOT <text>`, the paper's first ablation (Li 2504.09026)."""
    return "Sorry NOT " + text


def bang_no(text: str) -> str:
    """Return `<text>!!! NO`, the paper's second ablation (Li 2504.09026)."""
    return text + "!!! NO"


# -- grammatical --------------------------------------------------------------------------------

_SURE = ("am", "is", "are", "was", "were", "can", "could", "will", "would", "shall", "should",
         "may", "might", "must", "does", "did", "do")  # fmt: skip
"""Finite forms that take `not` directly. `have` only does as an auxiliary, see _PARTICIPLE."""
_IRREGULAR = {"ca": "can", "wo": "will", "sha": "shall"}
"""Stems that stand before `n't` and nowhere else."""
_VERBS = {
    "love": ("loves", "loved"), "like": ("likes", "liked"), "hate": ("hates", "hated"),
    "enjoy": ("enjoys", "enjoyed"), "recommend": ("recommends", "recommended"),
    "make": ("makes", "made"), "give": ("gives", "gave"), "take": ("takes", "took"),
    "work": ("works", "worked"), "feel": ("feels", "felt"), "seem": ("seems", "seemed"),
    "look": ("looks", "looked"), "taste": ("tastes", "tasted"), "think": ("thinks", "thought"),
    "want": ("wants", "wanted"), "need": ("needs", "needed"), "know": ("knows", "knew"),
    "get": ("gets", "got"), "go": ("goes", "went"), "come": ("comes", "came"),
    "say": ("says", "said"), "tell": ("tells", "told"), "find": ("finds", "found"),
    "keep": ("keeps", "kept"), "deserve": ("deserves", "deserved"), "fail": ("fails", "failed"),
    "offer": ("offers", "offered"), "remain": ("remains", "remained"), "use": ("uses", "used"),
    "become": ("becomes", "became"), "lack": ("lacks", "lacked"), "arrive": ("arrives", "arrived"),
    "break": ("breaks", "broke"), "buy": ("buys", "bought"), "help": ("helps", "helped"),
    "show": ("shows", "showed"), "deliver": ("delivers", "delivered"), "suck": ("sucks", "sucked"),
}  # fmt: skip
"""Base form to its third person and its past, for do-support. A choice: frequent in reviews."""
_THIRD = {third: base for base, (third, _) in _VERBS.items()}
_PAST = {past: base for base, (_, past) in _VERBS.items()}
_SUBJECTS = frozenset({"i", "you", "we", "they", "he", "she", "it", "this", "that", "who"})
_CONTRACTED = frozenset({"it's", "he's", "she's", "that's", "there's", "what's", "here's"})
_HAVE = {"have": "do not have", "has": "does not have", "had": "did not have"}
_PARTICIPLE = re.compile(
    r"(?:\s+\w+ly)?\s+(?:been|done|had|made|got|seen|become|\w+(?:ed|en))\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}][^\W\d_]+)*")
_NOT = re.compile(r"\s+not\b", re.IGNORECASE)
_NT_APART = re.compile(r"\s+n['\N{RIGHT SINGLE QUOTATION MARK}]t\b", re.IGNORECASE)
_LOWERED = frozenset(
    {"a", "an", "the", "this", "that", "these", "those", "it", "he", "she", "we", "they",
     "you", "there", "my", "your", "his", "her", "our", "their", "its", "all", "some",
     "every", "no", "nothing", "one", "what", "if", "as", "in", "on", "at", "for", "with"}
)  # fmt: skip
"""Opening words that lose their capital behind "It is not true that"."""


def grammatical(text: str) -> str:
    """Return the text with its first finite verb negated, or un-negated where it was negated.

    The first auxiliary or copula takes or loses `not`; a frequent full verb gets do-support; where
    neither is found, or the text opens with a question, `It is not true that ...` goes in front.
    """
    for match in _WORD.finditer(text):
        word, tail = match.group(), text[match.end() :]
        low = word.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        bare = low.removesuffix("n't")
        new = None
        if low == "cannot":
            new = "can"
        elif bare != low and bare in {*_SURE, *_HAVE, *_IRREGULAR}:
            new = _IRREGULAR.get(bare, bare)
        elif low in {*_SURE, *_HAVE, *_IRREGULAR} and (gone := _NT_APART.match(tail)):
            new, tail = _IRREGULAR.get(low, low), tail[gone.end() :]
        elif low in {*_SURE, *_HAVE} and (gone := _NOT.match(tail)):
            new, tail = low, tail[gone.end() :]
        elif low in _CONTRACTED or low.endswith(("'m", "'re", "'ll", "'ve")):
            apart = _NOT.match(tail)
            return text[: match.end()] + (tail[apart.end() :] if apart else " not" + tail)
        elif low in _SURE or (low in _HAVE and _PARTICIPLE.match(tail)):
            if not text[: match.start()].strip():
                break  # a question or a command
            new = f"{low} not"
        elif low in _HAVE:
            new = _HAVE[low]
        elif low in _THIRD:
            new = f"does not {_THIRD[low]}"
        elif low in _PAST and _has_subject(text[: match.start()]):
            new = f"did not {_PAST[low]}"
        elif low in _VERBS and _has_subject(text[: match.start()]):
            new = f"do not {low}"
        if new is not None:
            return text[: match.start()] + _cased(new, word) + tail
    first = _WORD.match(text)
    if first and first.group().lower() in _LOWERED and not first.group().isupper():
        text = text[0].lower() + text[1:]
    return "It is not true that " + text


def _has_subject(before: str) -> bool:
    """Tell whether a pronoun stands right before: `liked` is a verb after it, else maybe not."""
    words = _WORD.findall(before)
    return bool(words) and words[-1].lower() in _SUBJECTS and before[-1:].isspace()


# -- lexicon flip -------------------------------------------------------------------------------


def lexicon_flip(text: str) -> str:
    """Return the text with every word of the antonym list turned into its opposite, case kept.

    Text without such a word comes back unchanged. The list is rules/lexicon/antonyms.tsv.
    """
    opposite = _opposites()
    return _WORD.sub(lambda m: _flip(m.group(), opposite), text)


@cache
def _opposites() -> Mapping[str, str]:
    """Return word to opposite, both ways."""
    pairs = read_pairs("lexicon/antonyms.tsv")
    return {**dict(pairs), **{b: a for a, b in pairs}}


def _flip(word: str, opposite: Mapping[str, str]) -> str:
    other = opposite.get(word.lower())
    return word if other is None else _cased(other, word)


def _cased(new: str, like: str) -> str:
    """Return `new` in the case of `like`: UPPER, Title or lower."""
    if like.isupper() and len(like) > 1:
        return new.upper()
    if like[:1].isupper():
        return new[:1].upper() + new[1:]
    return new


TRANSFORMS: Mapping[str, Transform] = {
    t.name: t
    for t in (
        Transform("sorry_not", _LI, sorry_not),
        Transform("prefix_only", f"{_LI}, ablation", prefix_only),
        Transform("bang_no", f"{_LI}, ablation", bang_no),
        Transform(
            "grammatical",
            "Quirk, Greenbaum, Leech, Svartvik, A Comprehensive Grammar of the English Language, "
            "1985, 10.54-10.55 (clause negation, do-support); rules written for this project",
            grammatical,
        ),
        Transform(
            "lexicon_flip",
            "Fellbaum (ed.), WordNet, MIT Press 1998 (antonymy); list written for this project",
            lexicon_flip,
        ),
    )
}
"""Every negation by name; equal to rulebook.KNOWN_TRANSFORMS."""
