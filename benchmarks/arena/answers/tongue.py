"""Made-up languages: stems, endings and names of their own, in Latin or other letters.

A stem has one translation; the English ending of a word becomes an ending of the language. A name
is carried over in one fixed form, so that a rare word of the text has its own rare word in the
translation, as in real ones.
"""

from __future__ import annotations

import re
from hashlib import blake2b

import numpy as np

SCRIPTS = ("latin", "cyrillic", "han", "hangul", "kana")
_SHARES = (0.45, 0.1, 0.25, 0.1, 0.1)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_ENDINGS = re.compile(r"(?<=\w{3})(ing|ed|es|ly|s|er)$")
_STOPS = str.maketrans(".,?!", "\u3002\uff0c\uff1f\uff01")
_LATIN = ("bcdfghjklmnpqrstvwxz", ("a", "e", "i", "o", "u", "ä", "ö", "ue", "ai", "é", "y"))
_CYRILLIC = ("бвгджзклмнпрстфхцч", ("а", "е", "и", "о", "у", "ы", "я"))  # noqa: RUF001
_SIGNS = {"han": (0x4E00, 13, 1_500), "hangul": (0xAC00, 7, 1_400), "kana": (0x3042, 1, 80)}
"""First sign, step from one to the next, and how many there are."""
_SHORT = 3
"""Letters of an English word that becomes the shortest word there is."""


class Tongue:
    """A made-up language, drawn by a generator."""

    def __init__(self, rng: np.random.Generator, script: str | None = None) -> None:
        self.script = script or SCRIPTS[int(rng.choice(len(SCRIPTS), p=_SHARES))]
        self.key = rng.bytes(8)
        self.spaced = self.script in {"latin", "cyrillic"}
        self.reversed = bool(rng.random() < 0.3)
        """Clauses are said back to front."""
        self._known: dict[str, str] = {}
        if self.spaced:
            consonants, vowels = _LATIN if self.script == "latin" else _CYRILLIC
            some = [consonants[k] for k in rng.permutation(len(consonants))[:9].tolist()]
            voiced = [vowels[k] for k in rng.permutation(len(vowels))[:5].tolist()]
            self._units = [c + v for c in some for v in voiced]
        else:
            first, step, count = _SIGNS[self.script]
            self._units = [chr(first + step * k) for k in rng.permutation(count).tolist()]

    def says(self, text: str) -> str:
        """Return the translation of an English text."""
        clauses = re.split(r"([.,;:?!]+\s*|\n+)", text)
        out = "".join(part if k % 2 else self._clause(part) for k, part in enumerate(clauses))
        return out if self.spaced else "".join(out.split(" ")).translate(_STOPS)

    def _clause(self, text: str) -> str:
        words = text.split(" ")
        spoken = [
            _WORD.sub(lambda found, k=k: self._word(found[0], first=k == 0), word)  # type: ignore[misc]
            for k, word in enumerate(words)
        ]
        return " ".join(reversed(spoken) if self.reversed else spoken)

    def _word(self, word: str, *, first: bool) -> str:
        name = word[0].isupper() and not first and len(word) > 1
        key = word if name else word.casefold()
        if key not in self._known:
            self._known[key] = self._name(word) if name else self._made(key)
        out = self._known[key]
        return out.capitalize() if self.spaced and word[0].isupper() else out

    def _made(self, word: str) -> str:
        ending = _ENDINGS.search(word)
        stem = word[: ending.start()] if ending else word
        length = 1 if len(stem) <= _SHORT else 2 if len(stem) < 7 or not self.spaced else 3
        return self._units_of(stem, length) + (self._units_of(f"-{ending[1]}", 1) if ending else "")

    def _name(self, name: str) -> str:
        if self.script == "latin":
            return name[:-1] + self._units_of(name[-1], 1) if len(name) > 3 else name
        pairs = re.findall("..?", name.casefold())
        return "".join(self._units_of(f"+{pair}", 1) for pair in pairs)

    def _units_of(self, text: str, length: int) -> str:
        digest = blake2b(text.encode(), digest_size=8, key=self.key).digest()
        rest = int.from_bytes(digest)
        out = []
        for _ in range(length):
            rest, place = divmod(rest, len(self._units))
            out.append(self._units[place])
        return "".join(out)
