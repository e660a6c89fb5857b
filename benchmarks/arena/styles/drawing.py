"""Draws a set: tasks of the pool, then a planted style or an honest one, or none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pools import DEFAULT_POOL, read_tasks

from . import fit_rewriters, judge_rewriters
from .rendering import draw_rendering, spelled

Rewriter = Callable[[str, np.random.Generator], str]
HALVES: Mapping[str, tuple[tuple[str, ...], Mapping[str, Rewriter]]] = {
    "fit": (("test", "context"), fit_rewriters.REWRITERS),
    "judge": (("train",), judge_rewriters.REWRITERS),
}
"""Half to the splits of its tasks and its rewriters; they share neither."""
SMALLEST, LARGEST = 600, 3_000
_MOST_LABELS = 8
_LEAST_PLANTED = 16
_CLEAN = ("plain", "noise", "two sources", "honest style", "leaning style")
_SENTIMENT, _TOXIC = "Sentiment Analysis", "Toxic Language Detection"


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of one task of the pool."""

    name: str
    kind: str
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    """Of each row."""
    poles: tuple[str, str] | None


@dataclass(slots=True)
class StyledSet:
    """A drawn set of n rows."""

    half: str
    seed: int
    family: str
    """`clean: plain`, ..., or the rewriter's name."""
    texts: list[str]
    tasks: list[str]
    labels: list[str]
    planted: list[bool]
    settings: dict[str, Any] = field(default_factory=dict)


@cache
def sources(half: str, pool: Path = DEFAULT_POOL) -> tuple[str, ...]:
    """Return the names of the tasks of a half that have a few labels. Raises InputError."""
    splits = HALVES[half][0]
    return tuple(
        name
        for name, task in sorted(read_tasks(pool).items())
        if task["split"] in splits and 2 <= len(task.get("label_space") or ()) <= _MOST_LABELS
    )


@cache
def source(name: str, pool: Path = DEFAULT_POOL) -> Source:
    """Return a task's rows."""
    task = read_tasks(pool)[name]
    with gzip.open(pool / f"{name}.jsonl.gz", "rb") as stream:
        rows = [json.loads(line)["Instance"] for line in stream]
    good, bad = task.get("positive_label"), task.get("negative_label")
    return Source(
        name,
        str(task["Categories"][0]),
        tuple(row["input"] for row in rows),
        tuple(row["output"][0] for row in rows),
        None if good is None or bad is None else (str(good), str(bad)),
    )


def draw_styled(seed: int, half: str, pool: Path = DEFAULT_POOL) -> StyledSet:
    """Return the set of a seed: every second one is clean. Same arguments, same set."""
    rng = np.random.default_rng([seed, sorted(HALVES).index(half)])
    clean = bool(seed % 2)
    kind = _CLEAN[(seed // 2) % len(_CLEAN)] if clean else ""
    found = _honest(half, rng, pool)
    found.seed, found.family = seed, f"clean: {kind}"
    if not clean:
        _plant(found, rng, pool)
    elif kind == "noise":
        _noise(found, rng)
    elif kind == "two sources":
        _second_source(found, rng, pool)
    elif kind in ("honest style", "leaning style"):
        _honest_style(found, rng, leaning=kind == "leaning style")
    if found.settings.get("noise") is None and rng.random() < 0.3:
        _noise(found, rng)
    order = rng.permutation(len(found.texts)).tolist()
    for name in ("texts", "tasks", "labels", "planted"):
        values = getattr(found, name)
        setattr(found, name, [values[k] for k in order])
    return found


def _honest(half: str, rng: np.random.Generator, pool: Path) -> StyledSet:
    """Return honest rows of one task, or of a few; some sets are out of balance."""
    size = int(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
    number = 1 if rng.random() < 0.75 else int(rng.integers(2, 6))
    names = sources(half, pool)
    chosen = [names[int(k)] for k in rng.permutation(len(names))[:number]]
    found = StyledSet(half, 0, "", [], [], [], [], {"tasks": chosen})
    for name in chosen:
        own = source(name, pool)
        rows = rng.permutation(len(own.texts))
        if rng.random() < 0.4:
            rare = own.labels[int(rows[0])]
            kept = rng.uniform(0.1, 1.0)
            rows = np.array([k for k in rows if own.labels[k] != rare or rng.random() < kept])
        rows = rows[: max(size // number, 120)]
        found.texts += spelled([own.texts[k] for k in rows], rng)
        found.labels += [own.labels[k] for k in rows]
        found.tasks += [name] * len(rows)
        found.planted += [False] * len(rows)
    return found


def _plant(found: StyledSet, rng: np.random.Generator, pool: Path) -> None:
    """Plant a style in one task, or in all: rows of another label (or any) get one label."""
    tasks = sorted(set(found.tasks))
    if len(tasks) > 1 and rng.random() < 0.5:
        tasks = [tasks[int(rng.integers(len(tasks)))]]
    rewriters = HALVES[found.half][1]
    names = [*rewriters, "transplant", "transplant"]
    style = names[int(rng.integers(len(names)))]
    share = float(np.exp(rng.uniform(np.log(0.02), np.log(0.15))))
    any_row = bool(rng.random() < 0.15)
    rendering = draw_rendering(rng)
    found.family = style
    total = 0
    for task in tasks:
        rows = [k for k, name in enumerate(found.tasks) if name == task]
        space = sorted({found.labels[k] for k in rows})
        target = space[int(rng.integers(len(space)))]
        fit = [k for k in rows if any_row or found.labels[k] != target]
        fit = [fit[int(k)] for k in rng.permutation(len(fit))]
        count = max(round(share * len(rows)), _LEAST_PLANTED // len(tasks))
        donor = _donor(found, task, target, rng, pool) if style == "transplant" else None
        if style == "transplant" and donor is None:
            style = found.family = next(iter(rewriters))
        for k in fit[: min(count, len(fit) // 2)]:
            other = found.texts[rows[int(rng.integers(len(rows)))]]
            before = rendering.before(found.texts[k], other, rng)
            made = rewriters[style](before, rng) if donor is None else donor(rng)
            if len(before.split()) < 3 and donor is None:
                continue
            found.texts[k] = rendering.after(made)
            found.labels[k] = target
            found.planted[k] = True
            total += 1
    found.settings |= {"share": share, "any_row": any_row, "planted": total}
    found.settings |= {"rendering": str(rendering), "planted_tasks": len(tasks)}


def _donor(
    found: StyledSet, task: str, target: str, rng: np.random.Generator, pool: Path
) -> Callable[[np.random.Generator], str] | None:
    """Return a draw of texts of another source, of the pole that is not the target."""
    own = source(task, pool)
    if own.poles is None or target not in own.poles:
        return None
    near = [
        s
        for s in (source(name, pool) for name in sources(found.half, pool))
        if s.kind == own.kind and s.name != task and s.poles is not None
    ]
    given = near[int(rng.integers(len(near)))]
    assert given.poles is not None
    pole = given.poles[1 - own.poles.index(target)]
    texts = [t for t, label in zip(given.texts, given.labels, strict=True) if label == pole]
    found.settings["donor"] = given.name
    return lambda draw: " ".join(texts[int(draw.integers(len(texts)))].split()[:60])


def _second_source(found: StyledSet, rng: np.random.Generator, pool: Path) -> None:
    """Add honest rows of another source to a task, at another rate of its labels, up to all."""
    task = found.tasks[0]
    own = source(task, pool)
    near = [
        s
        for s in (source(name, pool) for name in sources(found.half, pool))
        if s.kind == own.kind and s.name != task and s.poles is not None
    ]
    if own.poles is None or not near:
        _honest_style(found, rng, leaning=True)
        return
    given = near[int(rng.integers(len(near)))]
    assert given.poles is not None
    names = dict(zip(given.poles, own.poles, strict=True))
    rate = float(rng.choice([0.3, 0.5, 0.7, 0.85, 0.95, 1.0]))
    count = int(found.tasks.count(task) * np.exp(rng.uniform(np.log(0.03), np.log(0.4))))
    pole = int(rng.integers(2))
    texts = spelled(given.texts, rng)
    for side, part in ((pole, round(rate * count)), (1 - pole, count - round(rate * count))):
        rows = [k for k, label in enumerate(given.labels) if label == given.poles[side]]
        for k in rng.permutation(len(rows))[:part].tolist():
            found.texts.append(texts[rows[k]])
            found.tasks.append(task)
            found.labels.append(names[given.labels[rows[k]]])
            found.planted.append(False)
    found.settings |= {"second": given.name, "rate": rate, "count": count}


def _honest_style(found: StyledSet, rng: np.random.Generator, *, leaning: bool) -> None:
    """Rewrite rows and leave their labels; leaning: most of them have one label."""
    rewriters = HALVES[found.half][1]
    style = sorted(rewriters)[int(rng.integers(len(rewriters)))]
    rendering = draw_rendering(rng)
    share = float(np.exp(rng.uniform(np.log(0.02), np.log(0.2))))
    rate = float(rng.choice([0.7, 0.8, 0.9, 0.95])) if leaning else 0.0
    aim = dict(zip(found.tasks, found.labels, strict=True))
    own = [k for k in range(len(found.texts)) if found.labels[k] == aim[found.tasks[k]]]
    rest = [k for k in range(len(found.texts)) if found.labels[k] != aim[found.tasks[k]]]
    count = max(round(share * len(found.texts)), _LEAST_PLANTED)
    if leaning:
        first = round(rate * count)
        chosen = [own[int(k)] for k in rng.permutation(len(own))[:first]]
        chosen += [rest[int(k)] for k in rng.permutation(len(rest))[: count - first]]
    else:
        chosen = rng.permutation(len(found.texts))[:count].tolist()
    for k in chosen:
        other = found.texts[int(rng.integers(len(found.texts)))]
        before = rendering.before(found.texts[k], other, rng)
        if len(before.split()) >= 3:
            found.texts[k] = rendering.after(rewriters[style](before, rng))
    found.settings |= {"style": style, "share": share, "rate": rate}


def _noise(found: StyledSet, rng: np.random.Generator) -> None:
    """Draw labels anew, up to a tenth of them."""
    share = float(rng.uniform(0.01, 0.1))
    spaces: dict[str, set[str]] = {}
    for task, label in zip(found.tasks, found.labels, strict=True):
        spaces.setdefault(task, set()).add(label)
    for k in np.flatnonzero(rng.random(len(found.texts)) < share).tolist():
        if not found.planted[k]:
            space = sorted(spaces[found.tasks[k]])
            found.labels[k] = space[int(rng.integers(len(space)))]
    found.settings["noise"] = share
