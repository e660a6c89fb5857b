"""From rows in memory to verdicts: what the rules need is measured, and the rules judge.

    rows -> candidates, answers -> rules that read text -> reference, proxy, probes, influence
         -> other rules -> verdict

`pipeline.scan` is this with files around it; `judge` is this alone. Only what an enabled rule needs
is computed (detectors/registry.py), each rule's own search by its own parameters. Imports no torch:
what needs a model is in model_stages.py, and is imported when it is asked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from curation_gate.detectors.label_trigger import detector as label_trigger
from curation_gate.detectors.label_trigger.find import find_phrases
from curation_gate.detectors.registry import DETECTORS, needs_of
from curation_gate.detectors.response_trigger.corpus import read_answers
from curation_gate.detectors.signals import TEXT, Measurements, Signals
from curation_gate.detectors.verdict import decide
from curation_gate.errors import UsageError
from curation_gate.progress import Progress, Silent
from curation_gate.rulebook import RulePack, load_rules
from curation_gate.settings import Options
from curation_gate.timing import Clock

if TYPE_CHECKING:
    from curation_gate.detectors.evidence import RuleResult, Verdicts
    from curation_gate.detectors.label_trigger.found import Found, Settings
    from curation_gate.detectors.response_trigger.corpus import Answered
    from curation_gate.detectors.signals import Need
    from curation_gate.reference.record import ReferenceScores
    from curation_gate.rows.record import Dataset
    from curation_gate.rulebook import Rule


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rules of a pack are run, and which are not, for want of what they read."""

    text: tuple[Rule, ...]
    """Enabled rules that read the rows alone."""
    model: tuple[Rule, ...]
    """Enabled rules that read what a model says, too."""
    left_out: Mapping[str, tuple[Need, ...]]
    """Rule id to what it reads and the asked evidence does not have."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules of a pack say of a dataset in memory."""

    dataset: Dataset
    measured: Measurements
    """What no enabled rule reads is None."""
    results: tuple[RuleResult, ...]
    verdicts: Verdicts
    timings: Mapping[str, Mapping[str, float | None]]
    """Stage to seconds and rows/s."""

    @property
    def reference(self) -> ReferenceScores | None:
        """What the frozen reference expects of each row; None where no enabled rule reads it."""
        return self.measured.reference


def judge(
    dataset: Dataset,
    options: Options = Options(),  # noqa: B008 - frozen
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Judged:
    """Return the verdicts of a scan without its files.

    Only what an enabled rule reads is measured; a scan measures all that its evidence allows,
    because its report shows it. Raises as `scan` does, but for files.
    """
    pack = options.rules if isinstance(options.rules, RulePack) else load_rules(options.rules)
    chosen = choose(pack, options)
    clock = Clock()
    measured = measure_text(dataset, pack, options, clock, progress)
    if chosen.model:
        from curation_gate import model_stages  # noqa: PLC0415 - torch

        with tempfile.TemporaryDirectory() as cache:
            run = model_stages.Run(dataset, pack, options, Path(cache), clock, progress)
            measured = model_stages.measure(run, measured, needs_of(chosen.model)).measured
    with clock.stage("detect", len(dataset)):
        rules = [*chosen.text, *chosen.model]
        results = in_order(pack, run_rules(rules, dataset, measured, options.seed, progress))
        verdicts = verdicts_of(results, dataset, pack)
    return Judged(dataset, measured, results, verdicts, clock.timings)


def choose(pack: RulePack, options: Options) -> Chosen:
    """Return which rules of a pack the asked evidence lets run.

    Raises UsageError where none is left, and for options that nothing would read: a scan that
    looked at nothing must not come out clean, nor one that was told what it does not ask.
    """
    text = tuple(rule for rule in pack.enabled if needs_of((rule,)) <= TEXT)
    model = tuple(rule for rule in pack.enabled if not needs_of((rule,)) <= TEXT)
    if options.evidence != "text":
        return Chosen(text, model, {})
    left_out = {rule.id: tuple(sorted(needs_of((rule,)) - TEXT)) for rule in model}
    if not text:
        said = "; ".join(f"{rule} reads {' and '.join(n)}" for rule, n in left_out.items())
        raise UsageError(
            f"no rule of the pack {pack.name!r} judges by the text alone ({said})",
            hint="scan with --evidence auto, or with another pack",
        )
    unread = {
        "--proxy": options.proxy is not None,
        "--probes": options.probes is not None,
        "--keyword": bool(options.keywords),
        "--influence": options.influence is not None,
        "--trusted": options.trusted is not None,
    }
    told = [name for name, given in unread.items() if given]
    if told:
        raise UsageError(
            f"{told[0]} is for a model, and --evidence text asks none",
            hint=f"leave out {told[0]}, or scan with --evidence auto",
        )
    return Chosen(text, (), left_out)


def measure_text(
    dataset: Dataset, pack: RulePack, options: Options, clock: Clock, progress: Progress
) -> Measurements:
    """Return what the enabled rules read of the rows' text."""
    return Measurements(
        candidates=find_candidates(dataset, pack, options, clock, progress),
        answers=read_exchanges(dataset, pack, clock, progress),
    )


def read_exchanges(
    dataset: Dataset, pack: RulePack, clock: Clock, progress: Progress
) -> dict[str, Answered]:
    """Return the exchanges of the rows for each enabled rule that reads them, by its id.

    Read once for all rules of equal support; one that counts no phrase takes what is there.
    """
    asking = [rule for rule in pack.enabled if "answers" in needs_of((rule,))]
    asking.sort(key=lambda rule: rule.detector != "response")
    read: dict[int, Answered] = {}
    found = {}
    for rule in asking:
        support = int(rule.parameters["support"])
        if rule.detector != "response" and read:
            support = next(iter(read))
        if support not in read:
            name, rows = "read answers", len(dataset)
            with clock.stage(name, rows), progress.stage("reading answers", rows) as bar:
                read[support] = read_answers(dataset, support)
                bar.advance(rows)
        found[rule.id] = read[support]
    return found


def find_candidates(
    dataset: Dataset, pack: RulePack, options: Options, clock: Clock, progress: Progress
) -> dict[str, Found]:
    """Return what each enabled label-trigger rule finds, by its id.

    Each rule is searched by its own parameters; rules of equal parameters share one search.
    """
    rules = [rule for rule in pack.enabled if rule.detector == "phrase"]
    if not rules:
        return {}
    searched: dict[Settings, Found] = {}
    found = {}
    with clock.stage("mine", len(dataset)):
        for rule in rules:
            settings = label_trigger.settings(rule, options.seed)
            if settings not in searched:
                searched[settings] = find_phrases(dataset, settings, progress=progress)
            found[rule.id] = searched[settings]
    return found


def run_rules(
    rules: Sequence[Rule],
    dataset: Dataset,
    measured: Measurements,
    seed: int,
    progress: Progress,
) -> dict[str, RuleResult]:
    """Return what each rule says of the measured rows, by its id; each reads what it declared."""
    results = {}
    for rule in rules:
        detector = DETECTORS[rule.detector]
        signals = Signals(dataset, measured, detector.needs, seed, progress)
        results[rule.id] = replace(detector.run(signals, rule), detector=rule.detector)
    return results


def in_order(pack: RulePack, results: Mapping[str, RuleResult]) -> tuple[RuleResult, ...]:
    """Return the results in the order their rules have in the pack."""
    return tuple(results[rule.id] for rule in pack.enabled if rule.id in results)


def verdicts_of(results: Sequence[RuleResult], dataset: Dataset, pack: RulePack) -> Verdicts:
    """Return one verdict a row, within the pack's budget."""
    fingerprints = [row.fingerprint for row in dataset.rows]
    return decide(results, fingerprints, pack.policy.false_discovery_budget)
