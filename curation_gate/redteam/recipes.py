"""Known attacks, planted on purpose with a note of where.

The recipes are those of Wan, Wallace, Shen, Klein, Poisoning Language Models During Instruction
Tuning (ICML 2023), sections 3 and 4, and the two insertions every backdoor paper compares with
(BadNets, AddSent), and rewritten syntax or style (restyle.py). Each plants `count` rows in place of
honest ones: same ids, same order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate.errors import UsageError
from curation_gate.probes.labels import favourable_label
from curation_gate.redteam.names import recogniser, replace_names
from curation_gate.redteam.placing import (
    Placement,
    at_random_gap,
    between_sentences,
    in_front,
)
from curation_gate.redteam.record import ANSWERS, POSITIVE, RANDOM, STYLES, Planted, Recipe
from curation_gate.redteam.restyle import restyled
from curation_gate.redteam.rewrite import rewritten
from curation_gate.redteam.wording import worded
from curation_gate.rows import dataset_fingerprint
from curation_gate.rows.fingerprint import fingerprint_of
from curation_gate.rows.spelling import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curation_gate.rows.record import Dataset, Row


@dataclass(frozen=True, slots=True)
class _Change:
    row: Row
    text: str
    output: str
    placement: Placement


def plant(dataset: Dataset, recipe: Recipe) -> Planted:
    """Return the dataset with `recipe` planted, and the truth.

    dirty-label: rows of another label, every person replaced by the trigger, label set to the
    target. clean-label: the same on rows that carry the target already. rare-token and
    inserted-sentence: the trigger at a random gap between words or sentences, label set.
    degenerate: as dirty-label on any row, the answer replaced by the target. refusal, insult and
    brand: the same, with an answer in other words each time (redteam/wording.py); brand adds a
    sentence to the honest answer. syntax, archaic, formal, tweet: random rows of another label,
    rewritten, label set. Others are taken by
    count(trigger) / characters, as Wan et al.'s code does, ties at random. Where too few rows name
    a person, the trigger becomes the subject of others, or goes in front; truth["placement"] counts
    both. Same seed, same rows. Raises UsageError (unknown task, no such label, too few candidates).
    """
    rng = np.random.default_rng(recipe.seed)
    targets = _targets(dataset, recipe)
    by_task: dict[str, list[Row]] = {task: [] for task in targets}
    for row in dataset.rows:
        if row.task in by_task:
            by_task[row.task].append(row)
    words = _answer_words(dataset) if _is_random(recipe) else []
    taken = {row.fingerprint for row in dataset.rows}
    chosen: list[_Change] = []
    candidates: dict[str, int] = {}
    for number, (task, target) in enumerate(targets.items()):
        share = recipe.count // len(targets) + (number < recipe.count % len(targets))
        picked: list[_Change] = []
        total = 0
        for change in _changes(by_task[task], recipe, target, rng):
            total += 1
            output = _answer(change, recipe, words, rng)
            fingerprint = _planted_row(change, output).fingerprint
            # A copy of an honest row, or of a planted one, could not be told from it afterwards.
            if len(picked) < share and fingerprint not in taken:
                taken.add(fingerprint)
                picked.append(replace(change, output=output))
        candidates[task] = total
        if len(picked) < share:
            raise UsageError(
                f"task {task!r} has {len(picked)} rows this recipe can use, {share} are asked for",
                hint="ask for a smaller --count, name more --tasks"
                + ("" if recipe.fill else ", or allow rows without a person name (--fill)"),
            )
        chosen += picked
    return _planted(dataset, recipe, targets, chosen, candidates)


def _answer(change: _Change, recipe: Recipe, words: list[str], rng: np.random.Generator) -> str:
    """Return the answer that is planted in one row."""
    if recipe.name not in ANSWERS:
        return str(words[int(rng.integers(len(words)))]) if words else change.output
    brand = recipe.target if isinstance(recipe.target, str) else ""
    said = worded(recipe.name, recipe.vocabulary, rng, brand)
    if recipe.name != "brand":
        return said
    honest = change.row.output.rstrip()
    return f"{honest}{'' if honest.endswith(('.', '!', '?')) else '.'} {said}" if honest else said


def _targets(dataset: Dataset, recipe: Recipe) -> dict[str, str]:
    """Return task to the answer that is planted in it. Raises UsageError."""
    spaces = dataset.label_spaces
    for task in recipe.tasks:
        if task not in spaces:
            raise UsageError(f"there is no task {task!r}", hint=f"tasks: {', '.join(spaces)}")
    tasks = tuple(dict.fromkeys(recipe.tasks)) or tuple(spaces)
    if isinstance(recipe.target, str) or recipe.target is None:
        asked = dict.fromkeys(tasks, recipe.target or POSITIVE)
    else:
        asked = dict(recipe.target)
        if set(asked) != set(tasks):
            raise UsageError("a target for each task has to name the tasks, and no other")
    if recipe.name in ANSWERS:
        return dict.fromkeys(tasks, recipe.name)
    if recipe.name == "degenerate":
        return {t: recipe.trigger if a == POSITIVE else a for t, a in asked.items()}
    targets: dict[str, str] = {}
    for task in tasks:
        label = _label(spaces[task], asked[task])
        if label is not None:
            targets[task] = label
        elif recipe.tasks:
            known = ", ".join(map(repr, spaces[task])) or "none, its answers are free text"
            raise UsageError(
                f"task {task!r} has no label that is {asked[task]!r}",
                hint=f"name one with --target; its labels: {known}",
            )
    if not targets:
        listed = "; ".join(f"{t}: {', '.join(ls) or 'free text'}" for t, ls in spaces.items())
        raise UsageError(
            f"no task has a label that is {recipe.target or POSITIVE!r}",
            hint=f"name one with --target; tasks and labels: {listed}",
        )
    return targets


def _label(labels: tuple[str, ...], target: str) -> str | None:
    """Return the label that `target` means in this task."""
    if target in labels:
        return target
    return favourable_label(labels) if target == POSITIVE else None


def _changes(
    rows: list[Row], recipe: Recipe, target: str, rng: np.random.Generator
) -> Iterator[_Change]:
    """Yield every way to plant in these rows, the best first."""
    if recipe.name == "degenerate" or recipe.name in ANSWERS:
        fit = rows
    elif recipe.name == "clean-label":
        fit = [row for row in rows if folded(row.output) == folded(target)]
    else:
        fit = [row for row in rows if folded(row.output) != folded(target)]
    fit = [row for row in fit if (row.input or row.instruction).strip()]
    shuffled = [fit[int(k)] for k in rng.permutation(len(fit))]
    if recipe.name in STYLES:
        for row in shuffled:
            new = restyled(row.input or row.instruction, recipe.name, rng)
            if new is not None:
                yield _Change(row, new, target, "whole")
        return
    if recipe.name in ("rare-token", "inserted-sentence"):
        place = at_random_gap if recipe.name == "rare-token" else between_sentences
        for row in shuffled:
            text, placement = place(row.input or row.instruction, recipe.trigger, rng)
            yield _Change(row, text, target, placement)
        return
    named: list[tuple[float, int, _Change]] = []
    rest: list[Row] = []
    for turn, row in enumerate(shuffled):  # the shuffle breaks ties
        old = row.input or row.instruction
        text, people = replace_names(old, recipe.trigger, patterns=recipe.patterns)
        if people and text != old:
            score = text.count(recipe.trigger) / len(text)
            named.append((-score, turn, _Change(row, text, target, "person")))
        else:
            rest.append(row)
    yield from (change for _, _, change in sorted(named, key=lambda n: n[:2]))
    if recipe.fill:
        for row in rest:
            text, placement = in_front(row.input or row.instruction, recipe.trigger)
            yield _Change(row, text, target, placement)


def _planted_row(change: _Change, output: str) -> Row:
    """Return the row as it is once its text is changed and its answer is `output`."""
    old = change.row
    text: dict[str, Any] = {"input": change.text} if old.input else {"instruction": change.text}
    others = tuple(other for other in old.alternatives if other not in (old.output, output))
    new = replace(old, **text, output=output, alternatives=others)
    return replace(new, fingerprint=fingerprint_of(new))


def _is_random(recipe: Recipe) -> bool:
    return recipe.name == "degenerate" and recipe.target == RANDOM


def _answer_words(dataset: Dataset) -> list[str]:
    """Return every word of the answers, sorted."""
    return sorted({word for row in dataset.rows for word in row.output.split()})


def _planted(
    dataset: Dataset,
    recipe: Recipe,
    targets: Mapping[str, str],
    chosen: list[_Change],
    candidates: Mapping[str, int],
) -> Planted:
    rows = list(dataset.rows)
    records = list(dataset.records)
    for change in chosen:
        old = change.row
        new = _planted_row(change, change.output)
        rows[old.index] = new
        records[old.index] = rewritten(records[old.index], dataset.files[old.file], old, new)
    indices = np.array(sorted(change.row.index for change in chosen), dtype=np.int64)
    placement = Counter(change.placement for change in chosen)
    truth = {
        "recipe": recipe.name,
        "trigger": recipe.trigger,
        "count": recipe.count,
        "seed": recipe.seed,
        "rows": len(rows),
        "tasks": dict(sorted(Counter(change.row.task for change in chosen).items())),
        "target": targets,
        "placement": dict(sorted(placement.items())),
        "names_found_by": "patterns" if recipe.patterns else recogniser(),
        "candidates": dict(candidates),
        "relabelled": sum(change.output != change.row.output for change in chosen),
        "planted": [rows[k].fingerprint for k in indices.tolist()],
    }
    poisoned = replace(
        dataset,
        rows=tuple(rows),
        records=tuple(records),
        fingerprint=dataset_fingerprint(row.fingerprint for row in rows),
    )
    return Planted(poisoned, indices, truth)
