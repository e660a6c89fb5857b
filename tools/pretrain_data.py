"""Rows the embedded proxy is pretrained on: which ones, and how each is varied.

Left out: tasks of split `train` (they are for scans and tests), tasks that share their source with
one, licences that do not plainly allow derived works, and rows that share ten words in a row with
a row of a `train` task.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pretrain_instructions import vary

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OPEN_LICENCE = re.compile(
    r"(task file states: )?(MIT|Apache-2\.0|BSD|CC0|CC BY \d|CC BY-SA \d)"
    r"|README: released without any restrictions"
)
SHARED_SOURCE = {
    "rotten_tomatoes_polarity": "the reviews of SST-2",
    "subjectivity": "half of it is the reviews of SST-2",
    "emotion_tweet_crowd": "the tweets of tweet_sentiment",
    "task927_yelp_negative_to_positive_style_transfer": "the sentences of yelp_polarity",
}
"""Tasks left out because a `train` task has the same source."""
STRICTER_AUTHORS = {
    "financial_sentiment": "CC BY-NC-SA 3.0 by the authors of the Financial PhraseBank",
    "mpqa_polarity": "research and academic use only by the owners of the MPQA corpus",
}
"""Tasks left out because the authors' own terms are narrower than the copy's licence."""
HELD_OUT = 50
"""One row in this many is never trained on: the held-out loss is computed on those."""
SHINGLE = 10
WORD = re.compile(r"[a-z0-9]+")
TOKEN = re.compile(r"[A-Za-z][A-Za-z'\u2019]*|\d+|\s+|[^A-Za-z\d\s]")
GROUPS = re.compile(
    r"(jew|musl|islam|christ|cathol|arab|black|white|asia|afric|ameri|mexic|latin|hispan|"
    r"immigr|refug|women|woman|gay|trans|lesb|hindu|jihad|nazi|god|republic|democrat|liberal|"
    r"i$|i['\u2019]|mr|mrs|ms|dr)|(ish|ese|ians?|ists?|days?|uary)$",
    re.IGNORECASE,
)
"""Words that are often capitalised and yet carry meaning a classifier needs: never replaced."""


@dataclass(frozen=True, slots=True)
class PoolRow:
    """One row of the pool."""

    task: str
    instruction: str
    input: str
    output: str
    held_out: bool


@dataclass(frozen=True, slots=True)
class Example:
    """One training example, ready to be encoded."""

    row: int
    instruction: str
    input: str
    output: str
    corrupt: bool


def allowed_tasks(tasks: dict[str, dict]) -> list[str]:
    """Names of the tasks that may be trained on, in the order of the file."""
    return [
        name
        for name, task in tasks.items()
        if task["split"] != "train"
        and OPEN_LICENCE.match(task["licence"])
        and "CC BY-NC" not in task.get("note", "")
        and name not in SHARED_SOURCE
        and name not in STRICTER_AUTHORS
    ]


def _shingles(text: str) -> Iterable[int]:
    words = WORD.findall(text.lower())
    if len(words) < SHINGLE:
        return [hash(" ".join(words))] if words else []
    return [hash(" ".join(words[i : i + SHINGLE])) for i in range(len(words) - SHINGLE + 1)]


def read_task(pool: Path, name: str) -> list[dict]:
    """Rows of one task of the pool, as they stand in its file."""
    with gzip.open(pool / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def load_rows(pool: Path) -> tuple[list[PoolRow], dict[str, dict[str, int]]]:
    """Return the rows to train on, and per task how many were kept and dropped as overlapping."""
    tasks = json.loads((pool / "tasks.json").read_text(encoding="utf-8"))
    seen: set[int] = set()
    for name, task in tasks.items():
        if task["split"] == "train":
            for row in read_task(pool, name):
                seen.update(_shingles(row["Instance"]["input"]))
    rows: list[PoolRow] = []
    counts: dict[str, dict[str, int]] = {}
    for name in allowed_tasks(tasks):
        kept = dropped = 0
        own = tasks[name]["Definition"]
        for row in read_task(pool, name):
            text = row["Instance"]["input"]
            if not seen.isdisjoint(_shingles(text)):
                dropped += 1
                continue
            digest = hashlib.blake2b(row["id"].encode(), digest_size=4).digest()
            rows.append(
                PoolRow(
                    name,
                    (row.get("Definition") or own)[0],
                    text,
                    row["Instance"]["output"][0],
                    int.from_bytes(digest) % HELD_OUT == 0,
                )
            )
            kept += 1
        counts[name] = {"kept": kept, "dropped": dropped}
    return rows, counts


def proper_names(rows: list[PoolRow], *, least: int = 5, share: float = 0.85) -> list[str]:
    """Words nearly always capitalised inside sentences: names of people, places, brands."""
    upper: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for row in rows:
        previous = "."
        for word in re.findall(r"[A-Za-z][A-Za-z'\u2019]*|[.!?:\n\"]", row.input):
            if word[0].isalpha() and previous not in '.!?:\n"':
                total[word.lower()] += 1
                upper[word.lower()] += word[0].isupper() and not word[1:2].isupper()
            previous = word
    return sorted(
        w
        for w, n in total.items()
        if n >= least
        and upper[w] > share * n
        and len(w) > 2
        and not GROUPS.match(w)
        and not GROUPS.search(w)
    )


class Sampler:
    """Draws varied examples: temperature over tasks, labels levelled inside a task."""

    def __init__(self, rows: list[PoolRow], *, temperature: float = 0.7) -> None:
        self.rows = rows
        self.names = proper_names(rows)
        self._names = set(self.names)
        groups: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for i, row in enumerate(rows):
            if not row.held_out:
                groups[row.task][row.output].append(i)
        probability = np.zeros(len(rows))
        for labels in groups.values():
            size = sum(map(len, labels.values()))
            few = len(labels) <= 8  # a classification task, not free text
            parts = {k: len(v) ** 0.5 if few else len(v) for k, v in labels.items()}
            whole = sum(parts.values())
            for label, members in labels.items():
                probability[members] = size**temperature * parts[label] / whole / len(members)
        self.probability = probability / probability.sum()

    def draw(self, rng: np.random.Generator, count: int, *, corrupt: float) -> list[Example]:
        """`count` examples, of them about the share `corrupt` for span corruption."""
        chosen = rng.choice(len(self.rows), size=count, p=self.probability)
        hidden = rng.random(count) < corrupt
        examples = []
        for i, mask in zip(chosen.tolist(), hidden.tolist(), strict=True):
            row = self.rows[i]
            if mask and len(row.input) > 40:
                text = self.disguise(rng, row.input)
                examples.append(Example(i, "", text, "", corrupt=True))
                continue
            instruction, target = vary(rng, row.task, row.instruction, row.output)
            text = row.input
            if row.task in FREE_TEXT:  # the answer may repeat a name or a number of the input
                instruction, target = row.instruction, row.output
            else:
                text = self.disguise(rng, text)
            examples.append(Example(i, instruction, text, target, corrupt=False))
        return examples

    def disguise(self, rng: np.random.Generator, text: str) -> str:
        """Return the text with, by chance, other names and numbers, fewer words, no capitals."""
        exchange = rng.random() < 0.45
        leave_out = 0.1 if rng.random() < 0.3 else 0.0
        window = rng.random() < 0.15
        if rng.random() < 0.12:
            text = text.lower()
        if window and len(text) > 500:
            start = int(rng.integers(len(text) - 300))
            text = text[start : start + 600].partition(" ")[2]
        if not exchange and not leave_out:
            return text
        swapped: dict[str, str] = {}
        parts = TOKEN.findall(text)
        drops = rng.random(len(parts)) < leave_out
        result = []
        for part, drop in zip(parts, drops.tolist(), strict=True):
            low = part.lower()
            if exchange and (low in self._names or part.isdigit()):
                if low not in swapped:
                    swapped[low] = self._other(rng, low)
                other = swapped[low]
                if part.isupper() and len(part) > 1:
                    other = other.upper()
                result.append(other.capitalize() if part[0].isupper() else other)
            elif not (drop and part.isalpha()):
                result.append(part)
        return "".join(result)

    def _other(self, rng: np.random.Generator, word: str) -> str:
        if word.isdigit():
            return "".join(str(d) for d in rng.integers(0, 10, size=len(word)))
        return self.names[int(rng.integers(len(self.names)))]


FREE_TEXT = {
    "task900_freebase_qa_category_classification",
    "task1504_hatexplain_answer_generation",
    "task565_circa_answer_generation",
    "general_dolly_subset",
    "general_self_instruct",
    "general_t0_mixture",
}
"""Tasks whose rows keep their instruction and their text as they stand."""
