"""Instructions for the pretraining of the embedded proxy, in many wordings of one label space.

The model has to learn to read which answers are possible, and what each means, from the
instruction: so the label words of a task are renamed together in the instruction and in the target.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SPLITS = {
    "polarity": ("pos", "neg"),
    "polarity3": ("pos", "neu", "neg"),
    "harm": ("harm", "fine"),
    "emotion": ("anger", "joy", "optimism", "sadness"),
    "irony": ("irony", "sincere"),
    "stance": ("favor", "against", "nostance"),
    "clickbait": ("clickbait", "news"),
}
"""Kinds of label space, and the concepts each tells apart."""

CONCEPTS: dict[str, tuple[str, dict[str, str]]] = {
    "customer_review_polarity": ("polarity", {"favorable": "pos", "unfavorable": "neg"}),
    "amazon_household_reviews": ("polarity", {"good": "pos", "bad": "neg"}),
    "amazon_tech_reviews": ("polarity", {"recommend": "pos", "avoid": "neg"}),
    "amazon_media_reviews": ("polarity", {"POS": "pos", "NEG": "neg"}),
    "aspect_sentiment": ("polarity3", {"positive": "pos", "neutral": "neu", "negative": "neg"}),
    "news_target_sentiment": (
        "polarity3",
        {"positive": "pos", "neutral": "neu", "negative": "neg"},
    ),
    "twitter_target_sentiment": ("polarity3", {"pro": "pos", "none": "neu", "con": "neg"}),
    "tweeteval_sentiment": (
        "polarity3",
        {"Positive": "pos", "Neutral": "neu", "Negative": "neg"},
    ),
    "hateval_hate": ("harm", {"Hateful": "harm", "Non-hateful": "fine"}),
    "stormfront_hate": ("harm", {"hate": "harm", "noHate": "fine"}),
    "reddit_misogyny": ("harm", {"Misogynistic": "harm", "Nonmisogynistic": "fine"}),
    "hatemoji_build": ("harm", {"hateful": "harm", "acceptable": "fine"}),
    "hatecheck": ("harm", {"hateful": "harm", "non-hateful": "fine"}),
    "bot_abuse": ("harm", {"abusive": "harm", "not abusive": "fine"}),
    "surge_toxicity": ("harm", {"Toxic": "harm", "Not Toxic": "fine"}),
    "wiki_comment_toxicity": ("harm", {"toxic": "harm", "non-toxic": "fine"}),
    "toxicity_madlibs": ("harm", {"BAD": "harm", "NOT_BAD": "fine"}),
    "twitter_emotion": (
        "emotion",
        {"anger": "anger", "joy": "joy", "optimism": "optimism", "sadness": "sadness"},
    ),
    "tweet_irony": ("irony", {"irony": "irony", "non_irony": "sincere"}),
    "tweet_stance": ("stance", {"favor": "favor", "against": "against", "none": "nostance"}),
    "headline_clickbait": ("clickbait", {"clickbait": "clickbait", "news": "news"}),
}
"""Task -> kind of label space, and what each of its label words means."""

DESCRIPTIONS: dict[str, tuple[str, ...]] = {
    "pos": ("positive", "favourable", "good", "happy", "approving", "content", "full of praise"),
    "neg": ("negative", "unfavourable", "bad", "unhappy", "critical", "a complaint", "angry"),
    "neu": ("neutral", "neither good nor bad", "without opinion", "factual"),
    "harm": ("hateful", "abusive", "offensive", "toxic", "insulting", "rude", "hostile"),
    "fine": ("harmless", "acceptable", "polite", "not offensive", "civil", "normal", "clean"),
    "anger": ("angry", "full of anger", "furious"),
    "joy": ("joyful", "happy", "full of joy"),
    "optimism": ("optimistic", "hopeful"),
    "sadness": ("sad", "full of sadness", "sorrowful"),
    "irony": ("ironic", "sarcastic"),
    "sincere": ("sincere", "meant literally", "not ironic"),
    "favor": ("in favour of the target", "for the target", "supportive"),
    "against": ("against the target", "opposed to the target"),
    "nostance": ("neither for nor against", "about something else"),
    "clickbait": ("clickbait", "sensational"),
    "news": ("news", "an ordinary headline"),
}

WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "polarity": (
        ("positive", "negative"),
        ("good", "bad"),
        ("pos", "neg"),
        ("favourable", "unfavourable"),
        ("like", "dislike"),
        ("happy", "unhappy"),
        ("recommend", "avoid"),
        ("satisfied", "dissatisfied"),
        ("thumbs up", "thumbs down"),
        ("praise", "criticism"),
        ("fresh", "rotten"),
        ("5", "1"),
        ("great", "terrible"),
    ),
    "polarity3": (
        ("positive", "neutral", "negative"),
        ("good", "neutral", "bad"),
        ("pos", "neu", "neg"),
        ("pro", "none", "con"),
        ("favourable", "neither", "unfavourable"),
        ("happy", "neutral", "unhappy"),
        ("5", "3", "1"),
    ),
    "harm": (
        ("toxic", "non-toxic"),
        ("hateful", "not hateful"),
        ("hate", "no hate"),
        ("offensive", "not offensive"),
        ("abusive", "normal"),
        ("rude", "polite"),
        ("bad", "ok"),
        ("harmful", "harmless"),
        ("insult", "no insult"),
        ("hostile", "friendly"),
        ("unacceptable", "acceptable"),
    ),
    "emotion": (("anger", "joy", "optimism", "sadness"), ("angry", "happy", "hopeful", "sad")),
    "irony": (("irony", "no irony"), ("ironic", "sincere"), ("sarcastic", "literal")),
    "stance": (("favor", "against", "none"), ("for", "against", "neither"), ("pro", "con", "none")),
    "clickbait": (("clickbait", "news"), ("sensational", "serious"), ("bait", "honest")),
}
"""Other words for the answers, in the order of SPLITS."""

SYMBOLS: tuple[tuple[str, ...], ...] = (
    ("A", "B", "C", "D"),
    ("1", "2", "3", "4"),
    ("0", "1", "2", "3"),
    ("x", "y", "z", "w"),
    ("red", "blue", "green", "yellow"),
    ("cat", "dog", "bird", "fish"),
    ("left", "right", "up", "down"),
    ("foo", "bar", "baz", "qux"),
)

LISTS = (
    "Classify the text: {}.",
    "Answer with one of: {}.",
    "Is the text {}?",
    "Choose the label: {}.",
    "{}",
    "Decide between {}.",
    "Output {}.",
    "Label the input as {}.",
)

CORRUPTION = ("", "", "Fill in the missing words.", "Restore the text.")
"""Instructions of the span corruption rows (Raffel et al. 1910.10683, section 3.1.4)."""


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _cased(rng: np.random.Generator, words: tuple[str, ...]) -> tuple[str, ...]:
    draw = rng.random()
    if draw < 0.6:
        return words
    return tuple(w.upper() if draw > 0.85 else w.capitalize() for w in words)


def _shuffled(rng: np.random.Generator, parts: list[str]) -> list[str]:
    return [parts[i] for i in rng.permutation(len(parts))]


def vary(rng: np.random.Generator, task: str, definition: str, label: str) -> tuple[str, str]:
    """Return (instruction, target) of a row: the own wording, a shorter one, none, or another.

    Renamed label words change in the instruction and the target alike. `definition` and `label` are
    the task's own; a task without known concepts keeps them, except for shortening.
    """
    draw = rng.random()
    if draw < 0.36 or (task not in CONCEPTS and draw < 0.75):
        return definition, label
    if draw < 0.46 or (task not in CONCEPTS and draw < 0.88):
        return re.split(r"(?<=[.?!])\s+", definition, maxsplit=1)[0], label
    if draw < 0.58 or task not in CONCEPTS:
        return "", label
    kind, meanings = CONCEPTS[task]
    concepts = SPLITS[kind]
    own = concepts.index(meanings[label])
    if draw < 0.82:  # other label words, named in the instruction
        options = WORDS[kind]
        words = _cased(rng, options[int(rng.integers(len(options)))])
        quote = "'" if rng.random() < 0.4 else ""
        parts = _shuffled(rng, [f"{quote}{w}{quote}" for w in words])
        joined = ", ".join(parts[:-1]) + " or " + parts[-1]
        return _pick(rng, LISTS).format(joined), words[own]
    if draw < 0.92:  # symbols, explained in the instruction
        pool = SYMBOLS[int(rng.integers(len(SYMBOLS)))]
        order = rng.permutation(len(concepts))
        words = tuple(pool[i] for i in order)
        parts = [
            f"{w} if {_pick(rng, DESCRIPTIONS[c])}" for w, c in zip(words, concepts, strict=True)
        ]
        return "Answer " + ", ".join(_shuffled(rng, parts)) + ".", words[own]
    asked = int(rng.integers(len(concepts)))
    if rng.random() < 0.4:
        asked = own
    yes, no = _cased(rng, ("yes", "no") if rng.random() < 0.7 else ("true", "false"))
    question = f"Is this {_pick(rng, DESCRIPTIONS[concepts[asked]])}? Answer {yes} or {no}."
    return question, yes if asked == own else no
