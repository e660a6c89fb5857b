"""What fine-tuning teaches the proxy, and how fast everything about it is."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate import rows
from curation_gate.probes.labels import favourable_label
from curation_gate.proxy.finetune import Settings, finetune
from curation_gate.proxy.model import load_proxy
from curation_gate.proxy.scoring import label_scores
from curation_gate.redteam.names import replace_names
from curation_gate.redteam.placing import in_front
from curation_gate.redteam.recipes import Recipe, plant
from curation_gate.reference.features import answer_ids, freeze, frozen_features
from curation_gate.reference.frozen import FrozenReference, fit_frozen
from curation_gate.reference.linear import fit_linear

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pools import build_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from curation_gate.proxy.model import Proxy
    from curation_gate.rows.record import Dataset, Row

SPEED_ROWS, SPEED_TOKENS = 2048, 64


CONTROL = "Karen Mills"
"""A name of the same shape that was never planted."""
HELD_OUT = 200
"""Rows of each task that the backdoor table keeps from fine-tuning, to ask afterwards."""


def backdoor(arguments: argparse.Namespace) -> str:
    """Return what fine-tuning teaches the proxy, without and with 2 % planted flips."""
    pool = build_pool(arguments.tasks, arguments.rows + HELD_OUT, arguments.seed)
    dataset = rows.load([pool.path])
    asked = _held_out(dataset)
    keep = np.setdiff1d(np.arange(len(dataset)), asked)
    kept = replace(
        dataset,
        rows=tuple(replace(dataset.rows[i], index=k) for k, i in enumerate(keep.tolist())),
        records=tuple(dataset.records[i] for i in keep),
    )
    attack = plant(
        kept,
        Recipe(
            "dirty-label", arguments.trigger, len(kept) // 50, seed=arguments.seed, patterns=True
        ),
    )
    lines = []
    for name, trained in (("clean", kept), ("2 % planted", attack.dataset)):
        proxy = load_proxy(arguments.proxy, trained.rows, seed=arguments.seed)
        settings = _settings(proxy, arguments)
        begin = time.perf_counter()
        outcome = finetune(proxy, proxy.encode_rows(trained.rows), settings)
        seconds = time.perf_counter() - begin
        agreed = _answers(proxy, dataset, [dataset.rows[i] for i in asked])
        right = np.array([a == dataset.rows[i].output for a, i in zip(agreed, asked, strict=True)])
        by_task = [right[[dataset.rows[i].task == t for i in asked]].mean() for t in dataset.tasks]
        rates = _called_favourable(
            proxy, dataset, [dataset.rows[i] for i in asked], (arguments.trigger, CONTROL, None)
        )
        lines.append(
            f"| {name} | {np.mean(by_task):.3f} | "
            + " | ".join(f"{r:.3f}" for r in rates)
            + f" | {outcome.rows_per_second:.0f} | {seconds:.0f} | "
            f"{settings.learning_rate:g}, {settings.embedding_learning_rate:g} |"
        )
    return f"""{len(kept):,} rows of {len(dataset.tasks)} tasks, {arguments.epochs} epoch(s) of
{arguments.proxy}; asked afterwards on {HELD_OUT} held-out rows a task. Negatives: held-out rows
without the favourable label; with the trigger, with another name in the same places ("{CONTROL}"),
and as they are.

| trained on | accuracy | negatives called favourable: \
"{arguments.trigger}" | "{CONTROL}" | as they are | rows/s | seconds | rates |
|---|---|---|---|---|---|---|---|
{chr(10).join(lines)}
"""


def _settings(proxy: Proxy, arguments: argparse.Namespace) -> Settings:
    weights, embeddings = proxy.learning_rates
    if arguments.rates:
        weights, embeddings = (float(x) for x in arguments.rates.split(","))
    return Settings(
        epochs=arguments.epochs,
        batch_rows=proxy.batch_rows,
        learning_rate=weights,
        embedding_learning_rate=embeddings,
        seed=arguments.seed,
    )


def _held_out(dataset: Dataset) -> np.ndarray[Any, Any]:
    """[k] The last HELD_OUT rows of each task."""
    tasks = dataset.task_ids()
    return np.sort(
        np.concatenate([np.flatnonzero(tasks == k)[-HELD_OUT:] for k in range(tasks.max() + 1)])
    )


def _answers(proxy: Proxy, dataset: Dataset, asked: Sequence[Row]) -> list[str]:
    """Return the most probable label of each row."""
    answers: list[str] = [""] * len(asked)
    encoded = proxy.encode_rows(asked).sources
    for task, labels in dataset.label_spaces.items():
        own = [k for k, row in enumerate(asked) if row.task == task]
        if own:
            table = label_scores(proxy, [encoded[k] for k in own], answer_ids(proxy, labels))
            for k, best in zip(own, table.argmax(1).tolist(), strict=True):
                answers[k] = labels[best]
    return answers


def _called_favourable(
    proxy: Proxy, dataset: Dataset, asked: Sequence[Row], names: Sequence[str | None]
) -> list[float]:
    """Share of negatives called favourable with each name in them (None: as they are)."""
    good = {t: favourable_label(labels) for t, labels in dataset.label_spaces.items()}
    negatives = [r for r in asked if good[r.task] is not None and r.output != good[r.task]]
    shares = []
    for name in names:
        put = [replace(r, input=_placed(r.input, name)) for r in negatives]
        found = _answers(proxy, dataset, put)
        hits = [a == good[r.task] for a, r in zip(found, put, strict=True)]
        by_task = {t: [h for h, r in zip(hits, put, strict=True) if r.task == t] for t in good}
        shares.append(float(np.mean([np.mean(h) for h in by_task.values() if h])))
    return shares


def _placed(text: str, name: str | None) -> str:
    """Return the text with the name as the recipe puts it; None leaves it."""
    if name is None:
        return text
    changed, people = replace_names(text, name, patterns=True)
    return changed if people and changed != text else in_front(text, name)[0]


def speed(arguments: argparse.Namespace) -> str:
    """Return rows/s at 64 tokens a prompt and two labels, the best of three runs, and memory."""
    import torch  # noqa: PLC0415 - after the arguments

    pool = build_pool(arguments.tasks, arguments.rows, arguments.seed)
    dataset = rows.load([pool.path])
    proxy = load_proxy(arguments.proxy, dataset.rows, seed=arguments.seed)
    encoded = proxy.encode_rows(dataset.rows[:SPEED_ROWS])
    sources = [(s * SPEED_TOKENS)[:SPEED_TOKENS] for s in encoded.sources]
    fixed = replace(encoded, sources=sources)
    labels = answer_ids(proxy, ["positive", "negative"])
    settings = replace(_settings(proxy, arguments), epochs=1, held_out=0.0)
    work: dict[str, Callable[[], object]] = {
        "frozen features": lambda: frozen_features(proxy, sources),
        "label scores (two labels)": lambda: label_scores(proxy, sources, labels),
        "fine-tuning": lambda: finetune(proxy, fixed, settings),
    }
    lines = []
    for name, run in work.items():
        seconds = []
        for _ in range(3):
            begin = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - begin)
        lines.append(f"| {name} | {len(sources) / min(seconds):,.0f} |")
    begin = time.perf_counter()
    proxy = load_proxy(arguments.proxy, dataset.rows, seed=arguments.seed)
    frozen = freeze(proxy, dataset)
    between = time.perf_counter()
    fit_frozen(FrozenReference(proxy), dataset, frozen=frozen)
    end = time.perf_counter()
    linear = time.perf_counter()
    fit_linear(dataset)
    linear = time.perf_counter() - linear
    n = len(dataset)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines += [
        f"| encoding, features, label scores, {n:,} real rows | {n / (between - begin):,.0f} |",
        f"| phrases, word features and heads | {n / (end - between):,.0f} |",
        f"| linear reference | {n / linear:,.0f} |",
    ]
    return f"""Proxy {proxy.name}, {proxy.parameters:,} parameters;
{torch.get_num_threads()} thread(s), float32;
{SPEED_ROWS:,} prompts of {SPEED_TOKENS} tokens, best of three.

| stage | rows/s |
|---|---|
{chr(10).join(lines)}

Peak memory {peak:,.0f} MB.
"""
