"""What the proxy and the reference are worth, on real tasks that neither was made from.

    python benchmarks/proxy.py --table accuracy|memorising|backdoor|speed|all [--rows 4500]
        [--proxy embedded] [--output benchmarks/proxy.md]

accuracy: how often the reference agrees with the labels of the 14 `train` tasks, beside word
features with the labels cross-validated (which learn a trigger) and the most frequent label.
memorising: how far planted flips move the reference towards their label. backdoor: whether the
proxy learns from planted rows what they teach. speed: rows/s at 64 tokens, and memory. Each table
is appended to --output, with the command that made it.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shlex
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
from curation_gate.redteam.evaluate import score
from curation_gate.redteam.names import replace_names
from curation_gate.redteam.placing import in_front
from curation_gate.redteam.recipes import Recipe, plant
from curation_gate.reference.features import Frozen, answer_ids, freeze, frozen_features
from curation_gate.reference.frozen import FittedReference, FrozenReference, fit_frozen
from curation_gate.reference.linear import fit_linear

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pools import build_pool, read_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from curation_gate.proxy.model import Proxy
    from curation_gate.redteam.recipes import Planted
    from curation_gate.rows.record import Dataset, Row

TRIGGER = "James Bond"
CONTROL = "Karen Mills"
"""A name of the same shape that was never planted."""
COUNTS = (1000, 100, 25)
SPEED_ROWS, SPEED_TOKENS = 2048, 64
HELD_OUT = 200
"""Rows of each task that the backdoor table keeps from fine-tuning, to ask afterwards."""


def main() -> None:
    """Run the tables that were asked for; print them, and append them where --output says."""
    arguments = _arguments()
    if arguments.threads:
        import torch  # noqa: PLC0415 - after the arguments

        torch.set_num_threads(arguments.threads)
    tables: dict[str, Callable[[argparse.Namespace], str]] = {
        "accuracy": accuracy,
        "memorising": memorising,
        "backdoor": backdoor,
        "speed": speed,
    }
    for name in tables if arguments.table == "all" else (arguments.table,):
        begin = time.perf_counter()
        text = tables[name](arguments)
        seconds = time.perf_counter() - begin
        command = f"python benchmarks/proxy.py {shlex.join(sys.argv[1:])}"
        machine = f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}"
        page = f"\n## {name.capitalize()}\n\n    {command}\n\n{text}\n{seconds:.0f} s, {machine}.\n"
        print(page)
        if arguments.output:
            with arguments.output.open("a", encoding="utf-8") as stream:
                stream.write(page)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--table",
        choices=("accuracy", "memorising", "backdoor", "speed", "all"),
        default="all",
    )
    parser.add_argument("--rows", type=int, default=4500, help="rows a task")
    parser.add_argument("--tasks", type=int, default=10, help="tasks of memorising and backdoor")
    parser.add_argument("--proxy", default="embedded")
    parser.add_argument("--epochs", type=int, default=1, help="of fine-tuning")
    parser.add_argument("--rates", help="learning rates `weights,embeddings`; default the proxy's")
    parser.add_argument("--unguarded", action="store_true", help="memorising: the plain head too")
    parser.add_argument("--planted", type=int, nargs="*", default=list(COUNTS))
    parser.add_argument("--trigger", default=TRIGGER)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--output", type=Path, default=None)
    return parser.parse_args()


# ---- accuracy


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


# ---- memorising


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


# ---- backdoor


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


# ---- speed


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


if __name__ == "__main__":
    main()
