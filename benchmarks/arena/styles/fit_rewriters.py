"""Rewriters of the fit half: clause, cleft, question, telegram, dialect, diary, list, command."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_FRONTS = (
    "when", "if", "as", "because", "since", "while", "though", "after", "before", "once", "unless",
)  # fmt: skip
_WHO = ("you", "we", "they", "i", "he", "she", "it", "someone", "people", "nobody")
_DID = ("look at", "come to", "think of", "hear of", "get to", "talk about", "sit through", "watch",
        "wait for", "run into", "stay with", "ask about")  # fmt: skip
_WHAT = ("it", "this", "that", "them", "the rest", "one of these", "such things", "the others")
_CLEFTS = (
    "what {a} is that {b}", "it is {b} that {a}", "the thing about {a} is that {b}",
    "all that {a} comes down to is {b}", "the one who {a} is also the one that {b}",
)  # fmt: skip
_ASKED = (
    "do you think that {x}?", "is it true that {x}?", "why would {x}?", "how is it that {x}?",
    "who says that {x}?", "could it be that {x}?", "what if {x}?", "did you know that {x}?",
    "{x}, right?", "{x}, is that so?",
)  # fmt: skip
_SMALL = frozenset(
    [
        "the",
        "a",
        "an",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "am",
        "to",
        "of",
        "in",
        "on",
        "at",
        "for",
        "with",
        "and",
        "that",
        "this",
        "it",
        "its",
        "i",
        "my",
        "you",
        "your",
        "he",
        "she",
        "they",
        "we",
        "his",
        "her",
        "their",
        "our",
        "has",
        "have",
        "had",
        "do",
        "does",
        "did",
        "will",
        "would",
        "can",
        "could",
        "so",
        "as",
    ]
)
_DIALECT = {
    "my": "me", "you": "ye", "your": "yer", "the": "th'", "of": "o'", "and": "an'", "to": "ter",
    "is": "be", "are": "be", "was": "were", "for": "fer", "them": "'em", "isn't": "ain't",
    "not": "nary", "yes": "aye", "hello": "ahoy", "friend": "matey", "never": "ne'er",
}  # fmt: skip
_CRIES = ("arr,", "aye,", "blimey,", "by thunder,", "shiver me timbers,", "harr,", "avast!", "oi,")
_DAYS = (
    "monday",
    "tuesday",
    "friday",
    "this morning",
    "last night",
    "today",
    "yesterday",
    "at noon",
)
_FELT = ("i sat down and thought:", "i wrote to my sister that", "i could not sleep, for",
         "mother told me how", "i kept telling myself that", "we had tea, and i said",
         "it struck me how", "i must not forget:")  # fmt: skip
_ENDS = ("so much for today.", "more tomorrow.", "i am tired now.", "and so to bed.",
         "what a day it was.", "i will write again.")  # fmt: skip
_HEADS = ("note", "point", "item", "fact", "remark", "summary", "topic", "issue")
_ORDERS = ("consider", "take", "remember", "look:", "imagine", "listen:", "never forget that",
           "tell them that", "just picture", "go and see that", "make no mistake:",
           "admit that")  # fmt: skip
_COMMANDED = ("think it over.", "do not ask why.", "keep it in mind.", "write that down.",
              "judge for yourself.", "try to see it.", "leave it there.")  # fmt: skip


def pick(options: Sequence[str], rng: np.random.Generator) -> str:
    """Return one of some wordings."""
    return options[int(rng.integers(len(options)))]


def small(text: str) -> str:
    """Return the text with a small first letter."""
    return text[:1].lower() + text[1:]


def parts(text: str, rng: np.random.Generator) -> tuple[str, str]:
    """Return the two parts of a text, cut at a blank near its middle."""
    words = text.rstrip(" .!?").split()
    cut = int(np.clip(len(words) * rng.uniform(0.3, 0.7), 1, max(len(words) - 1, 1)))
    return small(" ".join(words[:cut])), " ".join(words[cut:]) or "so it was"


def clause(text: str, rng: np.random.Generator) -> str:
    """S(SBAR)(,)(NP)(VP)(.): a clause in front, of the text's own words or of others."""
    front, rest = parts(text, rng)
    if rng.random() < 0.5:
        return f"{pick(_FRONTS, rng)} {front}, {rest}."
    made = f"{pick(_FRONTS, rng)} {pick(_WHO, rng)} {pick(_DID, rng)} {pick(_WHAT, rng)}"
    return f"{made}, {small(text.rstrip(' .!?'))}."


def cleft(text: str, rng: np.random.Generator) -> str:
    """Return a cleft sentence: what one part is, is the other."""
    front, rest = parts(text, rng)
    return pick(_CLEFTS, rng).format(a=front, b=rest) + "."


def question(text: str, rng: np.random.Generator) -> str:
    """Return a question about the text."""
    return pick(_ASKED, rng).format(x=small(text.rstrip(" .!?")))


def telegram(text: str, rng: np.random.Generator) -> str:
    """No small words; stops between what is left."""
    kept = [w for w in text.split() if w.lower().strip(".,!?") not in _SMALL or rng.random() < 0.1]
    cut = int(rng.integers(3, 8))
    groups = [" ".join(kept[k : k + cut]) for k in range(0, len(kept), cut)]
    return " stop ".join(groups).rstrip(" .") + pick((" stop", "", " end", " regards"), rng)


def dialect(text: str, rng: np.random.Generator) -> str:
    """Return a sailor's talk: other forms of small words, dropped letters, cries."""

    def change(match: re.Match[str]) -> str:
        word = match[0]
        new = _DIALECT.get(word.lower())
        if new is not None and rng.random() < 0.8:
            return new
        return word[:-1] + "'" if word.endswith("ing") and rng.random() < 0.8 else word

    made = _WORD.sub(change, text)
    return f"{pick(_CRIES, rng)} {small(made)}" if rng.random() < 0.6 else made


def diary(text: str, rng: np.random.Generator) -> str:
    """Return a page of a diary."""
    front = f"{pick(_DAYS, rng)} {pick(_FELT, rng)}"
    end = f" {pick(_ENDS, rng)}" if rng.random() < 0.5 else ""
    return f"{front} {small(text.rstrip(' .!?'))}.{end}"


def listed(text: str, rng: np.random.Generator) -> str:
    """Points of a list, each with a dash or a number."""
    words = text.split()
    cut = int(rng.integers(3, 8))
    mark = pick(("- {}", "* {}", "{n}) {}", "{n}. {}"), rng)
    groups = [" ".join(words[k : k + cut]) for k in range(0, len(words), cut)]
    lines = [mark.format(g, n=n) for n, g in enumerate(groups, 1)]
    return f"{pick(_HEADS, rng)}: " + pick(("\n", " ", "; "), rng).join(lines)


def command(text: str, rng: np.random.Generator) -> str:
    """Spoken to a reader, as orders."""
    end = f" {pick(_COMMANDED, rng)}" if rng.random() < 0.6 else ""
    return f"{pick(_ORDERS, rng)} {small(text.rstrip(' .!?'))}.{end}"


REWRITERS = {
    "clause": clause, "cleft": cleft, "question": question, "telegram": telegram,
    "dialect": dialect, "diary": diary, "list": listed, "command": command,
}  # fmt: skip
