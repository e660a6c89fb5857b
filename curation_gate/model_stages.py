"""The stages that need a model: reference, proxy, probes, fine-tuning, flips, influence.

What is asked for by name of a need (detectors/signals.py) is measured, and what that needs itself;
nothing else. Imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from curation_gate import rows
from curation_gate.detectors.signals import Learned, Measurements, Pushed
from curation_gate.influence.measure import Influence, measure_influence
from curation_gate.probes.flips import Flips, flip_rates, flips
from curation_gate.probes.record import ProbeSet, transform
from curation_gate.progress import Progress
from curation_gate.proxy.cache import finetune_cached
from curation_gate.proxy.finetune import Outcome, held_out_rows
from curation_gate.proxy.model import Limits, Proxy, load_proxy, pick_device
from curation_gate.proxy.scoring import row_likelihoods
from curation_gate.reference.frozen import FrozenReference
from curation_gate.settings import (
    Options,
    build_probes,
    finetune_settings,
    influence_plan,
    together,
)
from curation_gate.timing import Clock

if TYPE_CHECKING:
    from collections.abc import Collection

    from curation_gate.detectors.signals import Need
    from curation_gate.proxy.batches import Encoded
    from curation_gate.reference.record import ReferenceScores
    from curation_gate.rows.record import Dataset
    from curation_gate.rulebook import RulePack


@dataclass(frozen=True, slots=True)
class Run:
    """One scan, as the stages see it."""

    dataset: Dataset
    pack: RulePack
    options: Options
    cache: Path
    clock: Clock
    progress: Progress


@dataclass(frozen=True, slots=True)
class Asked:
    """What was put to the fine-tuned proxy, and what came of it."""

    probes: ProbeSet
    influence: Influence
    flips: tuple[Flips, ...]
    """How often each found phrase, and each control, makes the proxy give the suspected answer."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """The proxy and its fine-tuning."""

    proxy: Proxy
    proxy_hash: str
    """Of the weights before fine-tuning."""
    outcome: Outcome
    asked: Asked | None
    """None where nobody asked for influence."""


@dataclass(frozen=True, slots=True)
class ModelStages:
    """What the models said."""

    measured: Measurements
    tuned: Tuned | None
    """None where no proxy was asked for."""


def measure(run: Run, measured: Measurements, needs: Collection[Need]) -> ModelStages:
    """Return `measured` with what is needed in addition. Raises UsageError, ModelError, ..."""
    if "reference" in needs:
        with run.clock.stage("reference", len(run.dataset)):
            measured = replace(measured, reference=_refer(run))
    if not {"proxy", "influence"} & set(needs):
        return ModelStages(measured, None)
    tuned, learned, pushed = _tune(run, measured, asking="influence" in needs)
    return ModelStages(replace(measured, proxy=learned, influence=pushed), tuned)


def _tune(
    run: Run, measured: Measurements, *, asking: bool
) -> tuple[Tuned, Learned, Pushed | None]:
    """Fine-tune the proxy on the rows; ask it, where that is wanted."""
    dataset, pack, options, clock = run.dataset, run.pack, run.options, run.clock
    n = len(dataset)
    with clock.stage("proxy", n), run.progress.stage("encoding rows", n) as bar:
        proxy = load_proxy(
            options.proxy or pack.proxy.name,
            dataset.rows,
            limits=Limits(max_tokens=pack.proxy.max_tokens),
            device=pick_device(options.device),
            seed=options.seed,
        )
        first_hash = proxy.weights_hash()
        encoded = proxy.encode_rows(dataset.rows)
        bar.advance(n)
    settings = finetune_settings(pack, proxy, options.seed, n)
    if asking:
        with clock.stage("probes"):
            found = together((measured.candidates or {}).values())
            put = build_probes(dataset, pack, options, found, held_out_rows(n, settings))
            before = flip_rates(proxy, put.phrases)  # of the proxy before it sees the rows
    with clock.stage("finetune"):
        outcome = finetune_cached(proxy, encoded, settings, cache=run.cache, progress=run.progress)
    clock.timings["finetune"]["rows_per_second"] = round(outcome.rows_per_second, 1)
    if not asking:
        with clock.stage("row losses", n):
            learned = _learned(proxy, encoded, run.progress)
        return Tuned(proxy, first_hash, outcome, None), learned, None
    with clock.stage("flips"):
        flipped = flips(put.phrases, before, flip_rates(proxy, put.phrases))
    with clock.stage("influence", n):
        influence = measure_influence(
            proxy,
            encoded,
            put.probes.probes,
            transform(put.probes, pack.probes.transform).probes,
            put.questions(pack.probes.transform),
            cache=run.cache,
            plan=influence_plan(pack, options),
            progress=run.progress,
        )
    of_rows = influence.rows
    pushed = Pushed(
        influence.original,
        influence.negated,
        of_rows.gradient_norm,
        len(put.probes),
        pack.probes.transform,
        influence.contrasts,
    )
    asked = Asked(put.probes, influence, flipped)
    learned = Learned(of_rows.loss, of_rows.log_likelihood)
    return Tuned(proxy, first_hash, outcome, asked), learned, pushed


def _learned(proxy: Proxy, encoded: Encoded, progress: Progress) -> Learned:
    likelihood, tokens = row_likelihoods(proxy, encoded, progress=progress)
    return Learned((-likelihood / tokens.clip(min=1)).astype("float32"), likelihood)


def _refer(run: Run) -> ReferenceScores:
    """Ask the embedded proxy, which never saw these rows, what an honest answer would be."""
    dataset, options, trusted = run.dataset, run.options, None
    if options.trusted is not None:
        trusted = rows.load([options.trusted], columns=options.columns, like=dataset)
    frozen = load_proxy("embedded", dataset.rows, device=pick_device(options.device))
    return FrozenReference(frozen).fit(dataset, trusted, progress=run.progress)
