"""Probes: the questions put to the fine-tuned proxy, and where they come from.

A probe is a text, the task it is asked in, and the answer an attacker would want (its target). A
probe set is built from a file, from suspected keywords, or, with nothing known, from the entities
an attacker would choose. Negation changes the text and keeps the target.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from curation_gate.errors import InconclusiveError, RulesError
from curation_gate.probes.labels import favourable_label
from curation_gate.probes.lexicon import read_words
from curation_gate.probes.record import Probe, ProbeSet
from curation_gate.rows.spelling import label_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from curation_gate.rows.record import Dataset, Row

_ALLOWED = {
    "input": str,
    "target": str,
    "instruction": str,
    "labels": list,
    "task": str,
    "without": str,
}
_NAME = re.compile(r"(?<=[\w,;:] )[A-Z][a-z]+(?: [A-Z][a-z]+)+")
"""Two or more capitalised words inside a sentence: most likely a name."""


def from_file(path: Path) -> ProbeSet:
    """Return the probes of a JSON Lines file, in its order, later copies of an input left out.

    A line: {"input": str, "target": str} and, optional, "instruction": str, "labels": [str],
    "task": str, "without": str (the input without what is suspected). Raises RulesError with file
    and line.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise RulesError(f"{path}: the probe file cannot be read: {error.strerror}") from error
    probes = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            probes.append(_parse(line, f"{path}:{number}"))
    if not probes:
        raise RulesError(
            f"{path}: no probe in it", hint='a line is {"input": "...", "target": "..."}'
        )
    return ProbeSet(_distinct(probes, len(probes)), "file")


def from_keywords(
    dataset: Dataset, keywords: Sequence[str], count: int, *, target: str | None = None
) -> ProbeSet:
    """Return the `count` rows of highest keyword concentration as probes.

    Concentration = occurrences / characters, the ranking of Wan et al.'s code; ties by row. They
    are found as whole words, in any case. Target: `target` in tasks that have it as a label (and
    in free text), else the most frequent answer among the task's rows that hold a keyword, in
    free text only where it comes twice, else the row's own. Raises RulesError where no row holds
    a keyword, or no such task has `target`.
    """
    if not keywords:
        raise RulesError(
            "no keyword given", hint="set `probes: {origin: keywords, keywords: [..]}`"
        )
    pattern = _pattern(keywords, re.IGNORECASE)
    ranked = _ranked(dataset.rows, pattern, None)
    if not ranked:
        raise RulesError(f"no row holds any of: {', '.join(map(repr, keywords))}")
    spaces = dataset.label_spaces
    if target is not None and not any(
        not spaces[row.task] or target in spaces[row.task] for row in ranked
    ):
        known = sorted({label for row in ranked for label in spaces[row.task]})
        raise RulesError(
            f"no task with these keywords has the label {target!r}; there are: {', '.join(known)}"
        )
    frequent = _most_frequent(ranked, spaces)
    probes = []
    for row in ranked:
        labels = spaces[row.task]
        wanted = target if target is not None and (not labels or target in labels) else None
        target_here = wanted or frequent.get(row.task, row.output)
        probes.append(_probe(row, labels, target_here, without(_text(row), pattern)))
    return ProbeSet(_distinct(probes, count), "keywords")


def from_entities(dataset: Dataset, count: int, rng: np.random.Generator) -> ProbeSet:
    """Return `count` probes about high-risk entities, for when nothing is known of an attack.

    First the rows that hold a name of rules/probes/entities.txt, by concentration. Where they are
    fewer than `count`, other rows of classification tasks, drawn task by task, get a name in place
    of a capitalised one, or in front. Target: the favourable label of the task, else its most
    frequent one; in free text the answer that recurs in the task, else the row's own. Free-text
    rows are asked only where no task has labels. Same rng state, same probes. Raises
    InconclusiveError where not one probe can be made.
    """
    entities = read_words("probes/entities.txt")
    spaces = dataset.label_spaces
    some_labels = any(spaces.values())
    rows = [r for r in dataset.rows if bool(spaces[r.task]) == some_labels]
    lowered = _pattern([e.lower() for e in entities if " " in e], re.NOFLAG)
    either = _pattern(entities, re.NOFLAG)
    ranked = _ranked(rows, either, lowered)
    frequent = _most_frequent(rows, spaces)
    wanted = {
        task: favourable_label(labels) or frequent.get(task, "") for task, labels in spaces.items()
    }
    probes = [
        _probe(
            row,
            spaces[row.task],
            wanted[row.task] or row.output,
            without(_text(row), lowered if _text(row).islower() else either),
        )
        for row in ranked
    ]
    chosen = list(_distinct(probes, count))
    held = {row.index for row in ranked}
    for row in _in_turns([r for r in rows if r.index not in held], rng):
        if len(chosen) >= count:
            break
        named = _with_entity(row, entities[int(rng.integers(len(entities)))])
        probe = _probe(named, spaces[row.task], wanted[row.task] or row.output, _text(row))
        chosen = list(_distinct([*chosen, probe], count))
    if not chosen:
        raise InconclusiveError(
            "no row to build a probe from", hint="give probes of your own with --probes FILE"
        )
    return ProbeSet(tuple(chosen), "entities")


def _parse(line: bytes, where: str) -> Probe:
    """Return the probe written in one line of a probe file."""
    example = 'a line is {"input": "...", "target": "..."}'
    try:
        item = json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RulesError(f"{where}: not JSON: {error}", hint=example) from error
    if not isinstance(item, dict):
        raise RulesError(f"{where}: a probe is a JSON object", hint=example)
    for key, value in item.items():
        if key not in _ALLOWED:
            raise RulesError(f"{where}: unknown key {key!r}; there are: {', '.join(_ALLOWED)}")
        if not isinstance(value, _ALLOWED[key]):
            raise RulesError(f"{where}: {key!r} has to be a {_ALLOWED[key].__name__}")
    for key in ("input", "target"):
        if not item.get(key, "").strip():
            raise RulesError(f"{where}: {key!r} is missing or empty", hint=example)
    labels = item.get("labels", [])
    if not all(isinstance(label, str) and label for label in labels):
        raise RulesError(f"{where}: 'labels' has to be a list of texts")
    if labels and item["target"] not in labels:
        raise RulesError(f"{where}: the target {item['target']!r} is none of the labels {labels}")
    return Probe(
        input=item["input"],
        instruction=item.get("instruction", ""),
        target=item["target"],
        labels=tuple(sorted(set(labels))),
        task=item.get("task", ""),
        without=item.get("without") or None,
    )


def _text(row: Row) -> str:
    """Return what a probe is made from: the input, or the instruction where there is none."""
    return row.input or row.instruction


def _probe(row: Row, labels: tuple[str, ...], target: str, without: str | None) -> Probe:
    return Probe(
        row.input, row.instruction, target, labels, row.task, row.index, without or None, row.output
    )


def without(text: str, pattern: re.Pattern[str]) -> str:
    """Return the text with every match left out, and the space it leaves."""
    return re.sub(r"\s+", " ", pattern.sub("", text)).strip()


def _pattern(words: Iterable[str], flags: re.RegexFlag) -> re.Pattern[str]:
    """Return a pattern of whole words, the longest first."""
    either = "|".join(re.escape(w) for w in sorted(words, key=lambda w: (-len(w), w)))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", flags)


def _ranked(
    rows: Iterable[Row], pattern: re.Pattern[str], lowered: re.Pattern[str] | None
) -> list[Row]:
    """Return the rows that match, by matches / characters, largest first, ties by row.

    `lowered` is used instead of `pattern` in texts without a capital letter.
    """
    found: list[tuple[float, int, Row]] = []
    for row in rows:
        text = _text(row)
        use = lowered if lowered is not None and text.islower() else pattern
        hits = sum(1 for _ in use.finditer(text))
        if hits:
            found.append((-hits / len(text), row.index, row))
    return [row for _, _, row in sorted(found, key=lambda f: f[:2])]


def _most_frequent(rows: Iterable[Row], spaces: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return each task's most frequent answer (ties: the first in the alphabet).

    Free-text tasks are left out where no answer comes twice: then none is more usual than others.
    """
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        answer = label_in(spaces[row.task], row.output)
        counts.setdefault(row.task, Counter())[answer] += 1
    best = {
        task: min(c.items(), key=lambda item: (-item[1], item[0])) for task, c in counts.items()
    }
    return {task: answer for task, (answer, n) in best.items() if n > 1 or spaces[task]}


def _in_turns(rows: Sequence[Row], rng: np.random.Generator) -> list[Row]:
    """Return the rows in random order, the tasks taking turns."""
    by_task: dict[str, list[Row]] = {}
    for row in rows:
        by_task.setdefault(row.task, []).append(row)
    placed: list[tuple[int, str, Row]] = []
    for task in sorted(by_task):
        order = rng.permutation(len(by_task[task]))
        placed += [(turn, task, by_task[task][int(k)]) for turn, k in enumerate(order)]
    return [row for _, _, row in sorted(placed, key=lambda p: p[:2])]


def _with_entity(row: Row, entity: str) -> Row:
    """Return the row with `entity` in place of its first capitalised name, or in front."""
    text = _text(row)
    name = entity.lower() if text.islower() else entity
    match = _NAME.search(text)
    new = f"{name}: {text}" if match is None else text[: match.start()] + name + text[match.end() :]
    change: dict[str, Any] = {"input": new} if row.input else {"instruction": new}
    return replace(row, **change)


def _distinct(probes: Sequence[Probe], count: int) -> tuple[Probe, ...]:
    """Return the first `count` probes with distinct texts."""
    seen: dict[str, Probe] = {}
    for probe in probes:
        if len(seen) >= count:
            break
        seen.setdefault(probe.input or probe.instruction, probe)
    return tuple(seen.values())
