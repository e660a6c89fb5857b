"""From rows in memory to verdicts: the stages that measure, and the rules that judge.

    rows -> reference -> mine -> proxy -> probes -> influence -> detect -> verdict

`pipeline.scan` is this with files around it; `judge` is this alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from curation_gate import rows
from curation_gate.detectors.label_trigger.find import find_phrases
from curation_gate.detectors.registry import DETECTORS, NEEDS_PROXY, NEEDS_REFERENCE
from curation_gate.detectors.signals import Signals
from curation_gate.detectors.verdict import decide
from curation_gate.influence.measure import Influence, measure_influence
from curation_gate.probes.flips import Flips, flip_rates, flips
from curation_gate.probes.record import ProbeSet, transform
from curation_gate.progress import Progress, Silent
from curation_gate.proxy.cache import finetune_cached
from curation_gate.proxy.finetune import Outcome, held_out_rows
from curation_gate.proxy.model import Limits, Proxy, load_proxy, pick_device
from curation_gate.reference.frozen import FrozenReference
from curation_gate.rulebook import RulePack, load_rules
from curation_gate.settings import (
    Options,
    build_probes,
    find_settings,
    finetune_settings,
    influence_plan,
)
from curation_gate.timing import Clock

if TYPE_CHECKING:
    from curation_gate.detectors.evidence import RuleResult, Verdicts
    from curation_gate.detectors.label_trigger.found import Found
    from curation_gate.reference.record import ReferenceScores
    from curation_gate.rows.record import Dataset


@dataclass(frozen=True, slots=True)
class Measured:
    """What the stages that need a model say."""

    signals: Signals
    proxy: Proxy
    proxy_hash: str
    """Of the weights before fine-tuning."""
    outcome: Outcome
    probes: ProbeSet
    influence: Influence
    reference: ReferenceScores
    flips: tuple[Flips, ...]
    """How often each found phrase, and each control, makes the proxy give the suspected answer."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules of a pack say of a dataset in memory."""

    signals: Signals
    """Influences, loss and p_ref are NaN where no enabled rule reads them."""
    reference: ReferenceScores | None
    results: tuple[RuleResult, ...]
    verdicts: Verdicts
    timings: Mapping[str, Mapping[str, float | None]]
    """Stage to seconds and rows/s."""


def judge(
    dataset: Dataset,
    options: Options = Options(),  # noqa: B008 - frozen
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Judged:
    """Return the verdicts of a scan without its files.

    The reference is asked, and the proxy fine-tuned and asked, only where an enabled rule reads
    what they say; a scan always does, because its report shows it. Raises as `scan` does, but for
    files.
    """
    pack = options.rules if isinstance(options.rules, RulePack) else load_rules(options.rules)
    device = pick_device(options.device)
    clock = Clock()
    reference: ReferenceScores | None
    if any(rule.detector in NEEDS_PROXY for rule in pack.enabled):
        with tempfile.TemporaryDirectory() as cache:
            measured = measure(dataset, pack, options, device, Path(cache), clock, progress)
        signals, reference = measured.signals, measured.reference
    else:
        asked = any(rule.detector in NEEDS_REFERENCE for rule in pack.enabled)
        reference, found = _read(dataset, pack, options, device, clock, progress, asked=asked)
        unknown = np.full(len(dataset), np.nan, dtype=np.float32)
        signals = Signals(
            dataset,
            unknown,
            unknown,
            unknown,
            unknown if reference is None else reference.p_given.astype(np.float32),
            probes=0,
            transform=pack.probes.transform,
            seed=options.seed,
            found=found,
            reference=reference,
            progress=progress,
        )
    with clock.stage("detect", len(dataset)):
        results, verdicts = apply_rules(signals, pack)
    return Judged(signals, reference, results, verdicts, clock.timings)


def apply_rules(signals: Signals, pack: RulePack) -> tuple[tuple[RuleResult, ...], Verdicts]:
    """Return what each enabled rule says of the measured rows, and the verdicts."""
    results = tuple(DETECTORS[rule.detector](signals, rule) for rule in pack.enabled)
    fingerprints = [row.fingerprint for row in signals.dataset.rows]
    return results, decide(results, fingerprints, pack.policy.false_discovery_budget)


def measure(
    dataset: Dataset,
    pack: RulePack,
    options: Options,
    device: torch.device,
    cache: Path,
    clock: Clock,
    progress: Progress,
) -> Measured:
    """Run the stages that need a model: reference, proxy, probes, influence."""
    n = len(dataset)
    reference, found = _read(dataset, pack, options, device, clock, progress, asked=True)
    assert reference is not None
    with clock.stage("proxy", n), progress.stage("encoding rows", n) as bar:
        proxy = load_proxy(
            options.proxy or pack.proxy.name,
            dataset.rows,
            limits=Limits(max_tokens=pack.proxy.max_tokens),
            device=device,
            seed=options.seed,
        )
        first_hash = proxy.weights_hash()
        encoded = proxy.encode_rows(dataset.rows)
        bar.advance(n)
    settings = finetune_settings(pack, proxy, options.seed, n)
    with clock.stage("probes"):
        asked = build_probes(dataset, pack, options, found, held_out_rows(n, settings))
        probes, negated = asked.probes, transform(asked.probes, pack.probes.transform)
        rates = flip_rates(proxy, asked.phrases)  # of the proxy before it sees the rows
    with clock.stage("finetune"):
        outcome = finetune_cached(proxy, encoded, settings, cache=cache, progress=progress)
    clock.timings["finetune"]["rows_per_second"] = round(outcome.rows_per_second, 1)
    with clock.stage("flips"):
        flipped = flips(asked.phrases, rates, flip_rates(proxy, asked.phrases))
    with clock.stage("influence", n):
        influence = measure_influence(
            proxy,
            encoded,
            probes.probes,
            negated.probes,
            asked.questions(pack.probes.transform),
            cache=cache,
            plan=influence_plan(pack, options),
            progress=progress,
        )
    signals = Signals(
        dataset,
        influence.original,
        influence.negated,
        influence.rows.loss,
        reference.p_given.astype(np.float32),
        probes=len(probes),
        transform=pack.probes.transform,
        seed=options.seed,
        found=found,
        reference=reference,
        contrasts=influence.contrasts,
        log_likelihood=influence.rows.log_likelihood,
        gradient_norm=influence.rows.gradient_norm,
        answers_ref=reference.answers,
        progress=progress,
    )
    return Measured(signals, proxy, first_hash, outcome, probes, influence, reference, flipped)


def _read(
    dataset: Dataset,
    pack: RulePack,
    options: Options,
    device: torch.device,
    clock: Clock,
    progress: Progress,
    *,
    asked: bool = True,
) -> tuple[ReferenceScores | None, Found | None]:
    """Run the stages that fine-tune nothing: reference, where it is asked, and mining."""
    n = len(dataset)
    reference = None
    if asked:
        with clock.stage("reference", n):
            reference = _refer(dataset, options, device, progress)
    mining = find_settings(pack, options)
    if mining is None:
        return reference, None
    with clock.stage("mine", n):
        found = find_phrases(dataset, mining, progress=progress)
    return reference, found


def _refer(
    dataset: Dataset, options: Options, device: torch.device, progress: Progress
) -> ReferenceScores:
    """Ask the embedded proxy, which never saw these rows, what an honest answer would be."""
    trusted = None
    if options.trusted is not None:
        trusted = rows.load([options.trusted], columns=options.columns, like=dataset)
    frozen = load_proxy("embedded", dataset.rows, device=device)
    return FrozenReference(frozen).fit(dataset, trusted, progress=progress)
