"""One scan, from files to verdicts: the only file that knows every stage.

    rows -> reference -> mine -> proxy -> probes -> influence -> detect -> verdict
         -> quarantine + cleaned -> expectations -> report

Each stage takes plain records and arrays and returns plain records and arrays. Results are made in
a folder of their own and moved into place at the end, the manifest last: a scan that is interrupted
leaves no half-written output, and resumes from its cache.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from curation_gate import atomic, rows
from curation_gate.detect import contrast
from curation_gate.detect.divergence import divergences
from curation_gate.detect.registry import DETECTORS, NEEDS_PROXY, NEEDS_REFERENCE
from curation_gate.detect.signals import Signals
from curation_gate.detect.verdict import decide
from curation_gate.environment import free_threads
from curation_gate.errors import InconclusiveError, OutputError
from curation_gate.influence.measure import Influence, measure_influence
from curation_gate.mine.find import find_phrases
from curation_gate.probes.flips import Flips, flip_rates, flips
from curation_gate.probes.record import ProbeSet, transform
from curation_gate.progress import Progress, Silent
from curation_gate.proxy.cache import finetune_cached
from curation_gate.proxy.finetune import Outcome, held_out_rows
from curation_gate.proxy.model import Limits, Proxy, load_proxy, pick_device
from curation_gate.quarantine import lock, manifest
from curation_gate.quarantine.allow import let_pass, load_allow
from curation_gate.quarantine.claim import claim
from curation_gate.quarantine.document import BROKEN, describe
from curation_gate.quarantine.staging import cache_folder, check_folder, staging
from curation_gate.reference.frozen import FrozenReference
from curation_gate.rulebook import RulePack, load_rules, rules_folder
from curation_gate.settings import (
    Options,
    build_probes,
    find_settings,
    finetune_settings,
    influence_plan,
)
from curation_gate.timing import Clock, peak_memory_mb

if TYPE_CHECKING:
    from curation_gate.detect.evidence import RuleResult, Verdicts
    from curation_gate.mine.found import Found
    from curation_gate.reference.record import ReferenceScores
    from curation_gate.rows.record import Dataset

Columns = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Everything a scan found."""

    folder: Path
    """Where the results lie."""
    manifest: Mapping[str, Any]
    """As in manifest.json."""
    dataset: Dataset
    verdicts: Verdicts
    scores: Columns
    """Column name to [n]: what was measured (quarantine/manifest.py), and each rule's scores."""
    exit_code: int
    """0 clean, 1 findings at or above fail_on."""
    cleaned_files: tuple[Path, ...] = ()
    """The cleaned files, one for each file of the dataset, in their order."""


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


def default_folder(paths: Sequence[Path | str]) -> Path:
    """Return where results go without -o: `<data>.curation` beside the first file."""
    first = str(paths[0])
    for sign in "*?[":
        first = first.split(sign, 1)[0]
    return Path((first.rstrip("/") or "dataset") + ".curation")


def scan(
    data: str | Path | Sequence[str | Path],
    output: Path | None = None,
    options: Options = Options(),  # noqa: B008 - frozen
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> ScanResult:
    """Scan data files, write the results into a folder, and return them.

    output: the folder (default: `<data>.curation`). Raises InputError, RulesError, UsageError,
    ModelError or OutputError (see errors.py), and InconclusiveError where there are too few rows.
    """
    paths = [data] if isinstance(data, str | Path) else list(data)
    folder = output or default_folder(paths)
    if output is None and folder.is_symlink():
        raise OutputError(
            f"{folder} is a link: results are not written through a link nobody asked for",
            hint=f"name the folder that is meant: -o {folder.resolve()}",
        )
    with claim(folder):
        return _scan(paths, folder, options, progress)


def _scan(
    paths: Sequence[str | Path], folder: Path, options: Options, progress: Progress
) -> ScanResult:
    """Scan into a folder that is held for it; see `scan`."""
    pack = options.rules if isinstance(options.rules, RulePack) else load_rules(options.rules)
    device = pick_device(options.device)
    threads = free_threads()
    torch.set_num_threads(threads)
    threadpool_limits(threads)  # of the linear algebra below numpy
    clock = Clock()
    started = time.perf_counter()
    dataset = rows.load(paths, columns=options.columns, progress=progress)
    clock.record("rows", time.perf_counter() - started, len(dataset))
    if len(dataset) < pack.policy.minimum_rows:
        raise InconclusiveError(
            f"{len(dataset)} rows are too few to say anything (policy.minimum_rows is "
            f"{pack.policy.minimum_rows})",
            hint="scan the whole set together with the new rows",
        )
    allowing = load_allow(options.allow, dataset)
    check_folder(folder, [file.path for file in dataset.files])
    with cache_folder(folder, keep=options.cache) as cache:
        measured = _measure(dataset, pack, options, device, cache, clock, progress)
    with clock.stage("detect", len(dataset)):
        results = [DETECTORS[rule.detector](measured.signals, rule) for rule in pack.enabled]
        budget = pack.policy.false_discovery_budget
        verdicts = decide(results, [row.fingerprint for row in dataset.rows], budget)
        allowed = None
        if allowing is not None:
            today = dt.datetime.now(dt.UTC).date()
            allowed = let_pass(
                results, dataset, allowing[1], today, budget=budget, name=allowing[0].name
            )
            results, verdicts = list(allowed.results), allowed.verdicts
    columns: dict[str, np.ndarray[Any, Any]] = {
        "influence": measured.signals.influence,
        "influence_negated": measured.signals.influence_negated,
        "loss": measured.signals.loss,
        "p_ref": measured.signals.p_ref,
        "divergence": divergences(measured.signals),
        **contrast.columns(measured.signals),
        "stratum": dataset.strata().astype(np.float32),
        **{result.rule: result.scores for result in results},
    }
    document = describe(dataset, pack, options.seed, measured, verdicts, results)
    document["device"] = str(device)
    if allowed is not None:
        document["allowed"] = allowed.document
        document["notes"].extend(allowed.notes)
    with progress.stage("writing the results", len(dataset)) as bar, staging(folder) as staged:
        paths_written = _write_cleaned(staged, dataset, verdicts, document, options.columns, clock)
        bar.advance(len(dataset))
        document["timings"] = clock.timings
        document["peak_memory_mb"] = peak_memory_mb()
        manifest.write_results(
            staged, manifest=document, dataset=dataset, verdicts=verdicts, columns=columns
        )
        written = _write_report(staged, folder)
    cleaned = tuple(folder / path.relative_to(staged) for path in paths_written)
    if options.lock:
        lock.write_lock(
            dataset,
            cleaned,
            dict(written),
            verdicts=verdicts.verdict,
            rules_file=pack.path if pack.path and pack.path.parent != rules_folder() else None,
        )
    counts = document["counts"]
    findings = {
        "quarantine": counts["quarantine"],
        "review": counts["quarantine"] + counts["review"],
        "never": 0,
    }[options.fail_on or pack.policy.fail_on]
    return ScanResult(folder, written, dataset, verdicts, columns, 1 if findings else 0, cleaned)


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
            measured = _measure(dataset, pack, options, device, Path(cache), clock, progress)
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
            found=found,
            reference=reference,
        )
    with clock.stage("detect", len(dataset)):
        results = tuple(DETECTORS[rule.detector](signals, rule) for rule in pack.enabled)
        budget = pack.policy.false_discovery_budget
        verdicts = decide(results, [row.fingerprint for row in dataset.rows], budget)
    return Judged(signals, reference, results, verdicts, clock.timings)


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


def _measure(
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
    with clock.stage("proxy", n), progress.stage("loading the proxy", n) as bar:
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
        found=found,
        reference=reference,
        contrasts=influence.contrasts,
        log_likelihood=influence.rows.log_likelihood,
        gradient_norm=influence.rows.gradient_norm,
        answers_ref=reference.answers,
    )
    return Measured(signals, proxy, first_hash, outcome, probes, influence, reference, flipped)


def _refer(
    dataset: Dataset, options: Options, device: torch.device, progress: Progress
) -> ReferenceScores:
    """Ask the embedded proxy, which never saw these rows, what an honest answer would be."""
    trusted = None
    if options.trusted is not None:
        trusted = rows.load([options.trusted], columns=options.columns, like=dataset)
    frozen = load_proxy("embedded", dataset.rows, device=device)
    return FrozenReference(frozen).fit(dataset, trusted, progress=progress)


def _write_cleaned(
    staged: Path,
    dataset: Dataset,
    verdicts: Verdicts,
    document: dict[str, Any],
    columns: Mapping[str, str] | None,
    clock: Clock,
) -> tuple[Path, ...]:
    """Write the cleaned files, read them again, and hold them against the expectations."""
    from curation_gate.expectations import check_cleaned  # noqa: PLC0415 - five seconds of import

    drop = {i for i, verdict in enumerate(verdicts.verdict) if verdict == "quarantine"}
    with clock.stage("cleaned", len(dataset)):
        paths = rows.write_cleaned(dataset, drop, staged)
        if len(drop) < len(dataset):
            cleaned = rows.load(paths, columns=columns, like=dataset)
        else:
            cleaned = replace(dataset, rows=(), records=(), label_spaces={})
    with clock.stage("expectations", len(cleaned)):
        checked = check_cleaned(dataset, verdicts, cleaned)
    document["expectations"] = {"success": checked.success, "checked": len(checked.results)}
    if not checked.success:
        document["notes"].append(BROKEN)
    atomic.write_text(staged / "expectations.html", checked.html)
    return paths


def _write_report(staged: Path, folder: Path) -> Mapping[str, Any]:
    """Write report.html beside the results; return the manifest as it was written."""
    from curation_gate.report import html  # noqa: PLC0415 - jinja2

    atomic.write_text(staged / "report.html", html.render(staged, name=folder))
    return manifest.read_manifest(staged)
