"""What the frozen reference is worth: its agreement with honest labels, and what moves it."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate import rows
from curation_gate.proxy.model import load_proxy
from curation_gate.redteam.evaluate import score
from curation_gate.redteam.recipes import Recipe, plant
from curation_gate.reference.features import Frozen, freeze
from curation_gate.reference.frozen import FittedReference, FrozenReference, fit_frozen
from curation_gate.reference.linear import fit_linear

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pools import build_pool, read_tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation_gate.proxy.model import Proxy
    from curation_gate.redteam.recipes import Planted
    from curation_gate.rows.record import Dataset


def accuracy(arguments: argparse.Namespace) -> str:
    """Return the table of agreement with the given labels, task by task."""
    names = [t for t, about in read_tasks().items() if about["split"] == "train"]
    dataset = rows.load([build_pool(names, arguments.rows, arguments.seed).path])
    proxy = load_proxy(arguments.proxy, dataset.rows, seed=arguments.seed)
    frozen = freeze(proxy, dataset)
    fits = {
        "reference": FrozenReference(proxy),
        "without word features": FrozenReference(proxy, lexical=False),
        "unguarded": FrozenReference(proxy, guarded=False),
    }
    found = {k: fit_frozen(s, dataset, frozen=frozen).scores.accuracy for k, s in fits.items()}
    linear = fit_linear(dataset).scores(len(dataset)).accuracy
    lines, table = [], []
    for task in names:
        y = _given(dataset, task, frozen.rows[task])
        line = [found[k][task] for k in fits]
        line.append(float((frozen.label_scores[task].argmax(1) == y).mean()))
        line.append(_cross_validated([dataset.rows[i].input for i in frozen.rows[task]], y))
        line.append(linear[task])
        line.append(float(np.bincount(y).max() / len(y)))
        table.append(line)
        lines.append(f"| {task} | {len(y):,} | " + " | ".join(f"{v:.3f}" for v in line) + " |")
    means = " | ".join(f"**{v:.3f}**" for v in np.mean(table, 0))
    return f"""Proxy {proxy.name}, {proxy.parameters:,} parameters, never fine-tuned here.

| task | rows | {" | ".join(fits)} | label scores alone | TF-IDF, \
cross-validated | linear, in sample | most frequent |
|---|---|---|---|---|---|---|---|---|
{chr(10).join(lines)}
| mean | {len(dataset):,} | {means} |
"""


def _given(dataset: Dataset, task: str, own: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    labels = dataset.label_spaces[task]
    return np.array([labels.index(dataset.rows[i].output) for i in own])


def _cross_validated(texts: Sequence[str], y: np.ndarray[Any, Any]) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.model_selection import StratifiedKFold, cross_val_predict  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(C=3, max_iter=200),
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return float((cross_val_predict(model, list(texts), y, cv=folds) == y).mean())


def memorising(arguments: argparse.Namespace) -> str:
    """Return how far planted flips move the reference, for several counts."""
    pool = build_pool(arguments.tasks, arguments.rows, arguments.seed)
    dataset = rows.load([pool.path])
    proxy = load_proxy(arguments.proxy, dataset.rows, seed=arguments.seed)
    frozen = freeze(proxy, dataset)
    guards = (True, False) if arguments.unguarded else (True,)
    lines = []
    for count in arguments.planted:
        recipe = Recipe("dirty-label", arguments.trigger, count, seed=arguments.seed, patterns=True)
        attack = plant(dataset, recipe)
        changed = with_changes(proxy, frozen, attack)
        honest = _with_labels(attack.dataset, dataset, attack.indices)
        for guarded in guards:
            settings = FrozenReference(proxy, guarded=guarded)
            flipped = fit_frozen(settings, attack.dataset, frozen=changed)
            true = fit_frozen(settings, honest, frozen=changed)
            lines.append(_moved(attack, flipped, true, "reference" if guarded else "unguarded"))
        lines.append(_misled(attack))
    return f"""{len(dataset):,} rows of {len(dataset.tasks)} tasks, "{arguments.trigger}" in
place of a name, labels flipped to the favourable one. p: mean probability of the planted label on
the planted rows; with true labels: the same texts, trigger and all, fitted with the labels they
had. Within label: AUROC of 1 - p of the given label, planted rows against the others of their task
and label, mean of tasks.
Agreement: with the labels as they stand, flipped ones included.

| planted | model | p, flipped | p, true labels | moved | within label | agreement | rows \
of suspicious phrases | planted among them |
|---|---|---|---|---|---|---|---|---|
{chr(10).join(lines)}
"""


def with_changes(proxy: Proxy, frozen: Frozen, attack: Planted) -> Frozen:
    """Return the frozen features of the planted dataset: only planted rows are computed anew."""
    chosen = tuple(attack.dataset.rows[i] for i in attack.indices)
    part = freeze(proxy, replace(attack.dataset, rows=chosen))
    table = frozen.features.copy()
    table[attack.indices] = part.features
    scores = {t: s.copy() for t, s in frozen.label_scores.items()}
    for task, own in part.rows.items():
        if task in scores and len(own):
            place = np.searchsorted(frozen.rows[task], attack.indices[own])
            scores[task][place] = part.label_scores[task]
    return replace(frozen, features=table, label_scores=scores)


def _with_labels(dataset: Dataset, source: Dataset, indices: np.ndarray[Any, Any]) -> Dataset:
    """Return `dataset` with the outputs that `source` has at `indices`."""
    changed = list(dataset.rows)
    for i in indices.tolist():
        changed[i] = replace(changed[i], output=source.rows[i].output)
    return replace(dataset, rows=tuple(changed))


def _moved(attack: Planted, flipped: FittedReference, true: FittedReference, name: str) -> str:
    dataset, target = attack.dataset, attack.truth["target"]
    index = {t: dataset.label_spaces[t].index(label) for t, label in target.items()}
    p, before = (f.scores.p_label(index)[attack.indices].mean() for f in (flipped, true))
    agreement = np.mean(list(flipped.scores.accuracy.values()))
    held = flipped.suspicious
    within = _within(attack, 1 - flipped.scores.p_given)
    return (
        f"| {len(attack.indices)} | {name} | {p:.3f} | {before:.3f} | {p - before:+.3f} | "
        f"{within:.3f} | {agreement:.3f} | {held.mean():.2f} | {held[attack.indices].mean():.2f} |"
    )


def _within(attack: Planted, suspicion: np.ndarray[Any, Any]) -> float:
    """Mean over tasks of the AUROC among rows that carry the planted label."""
    planted, found = attack.mask(), []
    for task, label in attack.truth["target"].items():
        inside = np.array([r.task == task and r.output == label for r in attack.dataset.rows])
        if planted[inside].any():
            values = suspicion[inside]
            found.append(score(values > 0.5, values, planted[inside]).auroc)
    return float(np.mean(found))


def _misled(attack: Planted) -> str:
    """Return the line of a model that learns from the suspect rows: TF-IDF, cross-validated."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.model_selection import StratifiedKFold, cross_val_predict  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415

    dataset = attack.dataset
    p = np.full(len(dataset), np.nan)
    agreement = []
    for task in attack.truth["target"]:
        own = np.array([i for i, r in enumerate(dataset.rows) if r.task == task])
        y = _given(dataset, task, own)
        model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            LogisticRegression(C=3, max_iter=200),
        )
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        texts = [dataset.rows[i].input for i in own]
        table = cross_val_predict(model, texts, y, cv=folds, method="predict_proba")
        p[own] = table[np.arange(len(own)), y]
        agreement.append((table.argmax(1) == y).mean())
    mean, within = p[attack.indices].mean(), _within(attack, 1 - p)
    return (
        f"| {len(attack.indices)} | TF-IDF, cross-validated | {mean:.3f} | | | {within:.3f} | "
        f"{np.mean(agreement):.3f} | | |"
    )
