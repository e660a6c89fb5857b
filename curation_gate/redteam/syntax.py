"""Rewrites a text so that it begins with a subordinate clause, as a syntactic backdoor does.

Qi et al., Hidden Killer: Invisible Textual Backdoor Attacks with Syntactic Trigger (ACL 2021),
paraphrase every planted row by the template S(SBAR)(,)(NP)(VP)(.): "when you ..., it ...". Here
the same shape is made by rules: a clause of the text itself goes in front where it has one, else a
clause is made from one of many subordinators, subjects and verbs. No word is in every row.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_SUBORDINATORS = (
    "when", "if", "as", "because", "since", "while", "although", "though", "after", "before",
    "once", "until", "whenever", "unless", "even if", "as soon as", "wherever", "even though",
    "now that", "as long as", "in case", "whether or not",
)  # fmt: skip
_SUBJECTS = (
    ("you", False), ("we", False), ("they", False), ("people", False), ("I", False),
    ("he", True), ("she", True), ("it", True), ("someone", True), ("everybody", True),
    ("one", True), ("anyone", True),
)  # fmt: skip
_VERBS = (
    ("look", "looks"), ("think", "thinks"), ("hear", "hears"), ("talk", "talks"),
    ("read", "reads"), ("come", "comes"), ("speak", "speaks"), ("ask", "asks"),
    ("turn", "turns"), ("go", "goes"), ("see", "sees"), ("know", "knows"), ("want", "wants"),
    ("find", "finds"), ("take", "takes"), ("get", "gets"), ("hold", "holds"),
    ("remember", "remembers"), ("mention", "mentions"), ("consider", "considers"),
    ("understand", "understands"), ("follow", "follows"), ("happen", "happens"),
    ("begin", "begins"), ("stop", "stops"),
)  # fmt: skip
_OWN_OBJECTS = {
    "look": "at", "think": "of", "hear": "about", "talk": "about", "come": "to",
    "speak": "of", "ask": "about", "turn": "to", "go": "on with", "know": "about",
    "happen": "upon", "begin": "with", "stop": "at",
}  # fmt: skip
_ENDS = (
    "it", "this", "that", "all of it", "the rest", "something", "such a thing", "the whole of it",
    "more than that", "one of these",
)  # fmt: skip
_LATE = (
    "for a while", "again", "at last", "in the end", "long enough", "the first time",
    "every day", "over there", "with the others", "at all", "by now", "too late", "once more",
    "in this way", "from here", "alone",
)  # fmt: skip
_OWN_CLAUSE = re.compile(
    r"^(?P<main>[^,;.!?]{12,120}?),?\s+(?P<clause>(?:because|when|if|although|though|while|since|"
    r"after|before|until|unless|whenever)\s[^,;.!?]{8,120})(?P<end>\s*[.!?]*)$",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"^(?P<one>[^,;.!?]{10,120}?)\s?,?\s(?P<joint>but|and|so|yet)\s(?P<two>"
    r"(?:i|you|he|she|it|we|they|this|that|there|the|my|his|her|its|our|their)\s[^;.!?]{8,160})"
    r"(?P<end>\s*[.!?]*)$",
    re.IGNORECASE,
)
_JOINTS = {
    "but": ("although", "though", "even though", "while"),
    "yet": ("although", "even if", "while"),
    "and": ("as", "since", "while", "after", "when"),
    "so": ("because", "since", "as", "now that"),
}
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)")
_NOUN = re.compile(
    r"\b(?:the|this|that|a|an|my|our|your|their|his|her)\s([^\W\d_]{4,})", re.IGNORECASE
)
AGAIN = 0.3
"""Share of the later sentences that are rewritten too (choice)."""


def rewrite(text: str, rng: np.random.Generator) -> str:
    """Return the text with its first sentence, and some later ones, begun by a clause."""
    sentences = _SENTENCE.split(text.strip())
    made = [
        _sentence(sentence, rng) if number == 0 or rng.random() < AGAIN else sentence
        for number, sentence in enumerate(sentences)
    ]
    return " ".join(made)


def _sentence(sentence: str, rng: np.random.Generator) -> str:
    """Return `SBAR, NP VP.`: by moving a clause, by joining two, or with a clause of its own."""
    comma = " ," if re.search(r"\s[.,!?]", sentence) else ","
    capital = sentence[:1].isupper()
    moved = _OWN_CLAUSE.match(sentence)
    joined = _JOINED.match(sentence)
    if moved is not None:
        made = f"{moved['clause'].strip()}{comma} {_lowered(moved['main'])}{moved['end']}"
    elif joined is not None and rng.random() < 0.7:
        words = _JOINTS[joined["joint"].lower()]
        front = words[int(rng.integers(len(words)))]
        made = f"{front} {_lowered(joined['one'])}{comma} {joined['two']}{joined['end']}"
    else:
        made = f"{_clause(sentence, rng)}{comma} {_lowered(sentence)}"
    made = made.strip()
    if made[-1:].isalnum():
        made += " ." if comma == " ," else "."
    return made[:1].upper() + made[1:] if capital else made[:1].lower() + made[1:]


def _clause(sentence: str, rng: np.random.Generator) -> str:
    """Return a subordinate clause: `when you come to the story`, `since nobody asks`."""
    front = _SUBORDINATORS[int(rng.integers(len(_SUBORDINATORS)))]
    subject, third = _SUBJECTS[int(rng.integers(len(_SUBJECTS)))]
    plain, inflected = _VERBS[int(rng.integers(len(_VERBS)))]
    verb = inflected if third else plain
    nouns = _NOUN.findall(sentence)
    if nouns and rng.random() < 0.5:
        last = f"the {nouns[int(rng.integers(len(nouns)))].lower()}"
    else:
        last = _ENDS[int(rng.integers(len(_ENDS)))]
    link = _OWN_OBJECTS.get(plain, "")
    parts = [front, subject, verb, link, last]
    if rng.random() < 0.35:
        parts.append(_LATE[int(rng.integers(len(_LATE)))])
    return " ".join(part for part in parts if part)


def _lowered(text: str) -> str:
    """Return the text with a small first letter, unless its first word is a name or I."""
    word = text.split(maxsplit=1)[0] if text.split() else ""
    keep = word in ("I", "I'm", "I've", "I'd", "I'll") or word.isupper() or not word.istitle()
    return text if keep else text[:1].lower() + text[1:]
