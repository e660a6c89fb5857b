"""One scan, from files to results: with judging.py, the only file that knows every stage.

    rows -> candidates -> rules that read text -> reference, proxy, probes, influence -> other rules
         -> verdict -> quarantine + cleaned -> expectations -> report

With `--evidence text` the middle is left out, and torch is not imported. Each stage takes plain
records and arrays and returns plain records and arrays. Results are made in a folder of their own
and moved into place at the end, the manifest last: a scan that is interrupted leaves no
half-written output, and resumes from its cache.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from curation_gate import atomic, rows
from curation_gate.detectors import contrast
from curation_gate.detectors.divergence import divergences, frozen_probability
from curation_gate.detectors.signals import Measurements, Signals
from curation_gate.environment import free_threads
from curation_gate.errors import InconclusiveError, OutputError
from curation_gate.judging import choose, in_order, measure_text, run_rules, verdicts_of
from curation_gate.progress import Progress, Silent
from curation_gate.proxy.names import check_proxy
from curation_gate.quarantine.allow import Allowed, let_pass
from curation_gate.quarantine.allow_file import load_allow
from curation_gate.quarantine.claim import claim
from curation_gate.quarantine.document import BROKEN, Asked, describe
from curation_gate.quarantine.lock_writing import write_lock
from curation_gate.quarantine.manifest import read_manifest
from curation_gate.quarantine.staging import cache_folder, check_folder, staging
from curation_gate.quarantine.writing import write_results
from curation_gate.rulebook import RulePack, load_rules, rules_folder
from curation_gate.settings import Options, influence_plan
from curation_gate.timing import Clock, peak_memory_mb

if TYPE_CHECKING:
    from curation_gate.detectors.evidence import RuleResult, Verdicts
    from curation_gate.detectors.signals import Need
    from curation_gate.quarantine.allow_file import AllowFile
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
    chosen = choose(pack, options)
    device = "cpu"
    if options.evidence != "text":
        check_proxy(options.proxy or pack.proxy.name)
        if options.device != "auto":  # what may be wrong is told before the data are read
            device = _device(options.device)
    clock = Clock()
    started = time.perf_counter()
    dataset = rows.split_prompts(rows.load(paths, columns=options.columns, progress=progress))
    clock.record("rows", time.perf_counter() - started, len(dataset))
    if len(dataset) < pack.policy.minimum_rows:
        raise InconclusiveError(
            f"{len(dataset)} rows are too few to say anything (policy.minimum_rows is "
            f"{pack.policy.minimum_rows})",
            hint="scan the whole set together with the new rows",
        )
    allowing = load_allow(options.allow, dataset)
    check_folder(folder, [file.path for file in dataset.files])
    # Only now: most mistakes are told without the seconds that it takes to import torch.
    if options.evidence != "text":
        device = _device(options.device)
        influence_plan(pack, options)
    _limit_threads(torch=options.evidence != "text")
    measured = measure_text(dataset, pack, options, clock, progress)
    with clock.stage("detect", len(dataset)):
        results = run_rules(chosen.text, dataset, measured, options.seed, progress)
        judged = _verdicts(in_order(pack, results), dataset, pack, allowing)
    measured = replace(measured, answers=None)  # large, and no rule that asks a model reads it
    tuned = None
    if options.evidence != "text":
        from curation_gate import model_stages  # noqa: PLC0415 - torch

        progress.say(f"text evidence: {_counted(judged.verdicts)}; the proxy is asked next")
        with cache_folder(folder, keep=options.cache) as cache:
            run = model_stages.Run(dataset, pack, options, cache, clock, progress)
            everything: tuple[Need, ...] = ("reference", "proxy", "influence")
            found = model_stages.measure(run, measured, everything)
        measured, tuned = found.measured, found.tuned
        with clock.stage("detect", len(dataset)):
            results |= run_rules(chosen.model, dataset, measured, options.seed, progress)
            judged = _verdicts(in_order(pack, results), dataset, pack, allowing)
    results_, verdicts = judged.results, judged.verdicts
    columns = {
        **_measured_columns(dataset, measured),
        **{result.rule: result.scores for result in results_},
    }
    asked = Asked(options.evidence, chosen.left_out, options.seed)
    document = describe(dataset, pack, asked, measured.reference, tuned, verdicts, results_)
    document["device"] = device
    if judged.allowed is not None:
        document["allowed"] = judged.allowed.document
        document["notes"].extend(judged.allowed.notes)
    with progress.stage("writing the results", len(dataset)) as bar, staging(folder) as staged:
        paths_written = _write_cleaned(staged, dataset, verdicts, document, options.columns, clock)
        bar.advance(len(dataset))
        document["timings"] = clock.timings
        document["peak_memory_mb"] = peak_memory_mb()
        write_results(
            staged, manifest=document, dataset=dataset, verdicts=verdicts, columns=columns
        )
        written = _write_report(staged, folder)
    cleaned = tuple(folder / path.relative_to(staged) for path in paths_written)
    if options.lock:
        write_lock(
            dataset,
            cleaned,
            dict(written),
            verdicts=verdicts.verdict,
            rules_file=pack.path if pack.path and pack.path.parent != rules_folder() else None,
            allow_file=None if allowing is None else allowing[0],
        )
    counts = document["counts"]
    findings = {
        "quarantine": counts["quarantine"],
        "review": counts["quarantine"] + counts["review"],
        "never": 0,
    }[options.fail_on or pack.policy.fail_on]
    return ScanResult(folder, written, dataset, verdicts, columns, 1 if findings else 0, cleaned)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the rules say, less what may pass."""

    results: tuple[RuleResult, ...]
    verdicts: Verdicts
    allowed: Allowed | None


def _verdicts(
    results: tuple[RuleResult, ...],
    dataset: Dataset,
    pack: RulePack,
    allowing: tuple[Path, AllowFile] | None,
) -> _Judged:
    """Return the verdicts, less what the allow file lets pass today."""
    if allowing is None:
        return _Judged(results, verdicts_of(results, dataset, pack), None)
    allowed = let_pass(
        results,
        dataset,
        allowing[1],
        dt.datetime.now(dt.UTC).date(),
        budget=pack.policy.false_discovery_budget,
        name=allowing[0].name,
    )
    return _Judged(allowed.results, allowed.verdicts, allowed)


def _counted(verdicts: Verdicts) -> str:
    """Return `60 rows for quarantine, 3 for review`."""
    quarantine, review = (verdicts.verdict.count(v) for v in ("quarantine", "review"))
    return (
        f"{quarantine:,} row{'' if quarantine == 1 else 's'} for quarantine, {review:,} for review"
    )


def _device(wish: str) -> str:
    """Return the name of the device to run on. Raises UsageError."""
    from curation_gate.proxy.model import pick_device  # noqa: PLC0415 - torch

    return str(pick_device(wish))


def _limit_threads(*, torch: bool) -> None:
    """Use the cores that are free, for torch where it is used and for the linear algebra."""
    # What is loaded after the limit would not know it.
    import scipy.linalg  # noqa: F401, PLC0415
    import sklearn.isotonic  # noqa: PLC0415
    import sklearn.linear_model  # noqa: F401, PLC0415

    threads = free_threads()
    if torch:
        from torch import set_num_threads  # noqa: PLC0415 - heavy

        set_num_threads(threads)
    threadpool_limits(threads)


def _measured_columns(dataset: Dataset, measured: Measurements) -> dict[str, np.ndarray[Any, Any]]:
    """Return the columns of scores.parquet that are no rule's: those that were measured."""
    columns: dict[str, np.ndarray[Any, Any]] = {"stratum": dataset.strata().astype(np.float32)}
    if measured.reference is None or measured.proxy is None or measured.influence is None:
        return columns
    signals = Signals(dataset, measured, frozenset({"reference", "proxy", "influence"}))
    return columns | {
        "influence": measured.influence.original,
        "influence_negated": measured.influence.negated,
        "loss": measured.proxy.loss,
        "p_ref": frozen_probability(signals),
        "divergence": divergences(signals),
        **contrast.columns(signals),
    }


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
    """Write report.html beside the results; return the manifest as it was written.

    results.sarif and junit.xml of an earlier scan go: they are written where they are asked for.
    """
    from curation_gate.report import html, kept_files  # noqa: PLC0415 - jinja2

    atomic.write_text(staged / "report.html", html.render(staged, name=folder))
    kept_files.forget(folder)
    return read_manifest(staged)
