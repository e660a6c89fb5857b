"""The library's face: `scan` for files and for data in memory, and what it returns.

    from curation_gate import scan

    result = scan(dataset)                       # a datasets.Dataset, a DataFrame, a list of dicts
    trainer = SFTTrainer(model, train_dataset=result.cleaned)

Importing it costs nothing heavy; torch and the rest are imported by the first scan.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, Unpack, cast, overload

import numpy as np
from numpy.typing import NDArray

from curation_gate.errors import InconclusiveError, InputError, UsageError
from curation_gate.rows.in_memory import InMemory, is_paths, spill

if TYPE_CHECKING:
    from curation_gate import pipeline
    from curation_gate.detectors.evidence import Verdicts
    from curation_gate.progress import Progress
    from curation_gate.rows.record import Dataset
    from curation_gate.rulepack import RulePack
    from curation_gate.settings import EvidenceLevel, Options

Data = TypeVar("Data")


class ScanOptions(TypedDict, total=False):
    """What `scan` takes by name, beside `output` and `progress`; see settings.Options."""

    rules: str | Path | RulePack
    """default, strict, paper, a YAML file, or a pack made by load_rules."""
    evidence: EvidenceLevel
    """text (the rows alone, no model), auto or all."""
    proxy: str | None
    """embedded, scratch, a folder, or a model on a hub."""
    probes: Path | None
    keywords: tuple[str, ...]
    influence: str | None
    device: str
    """auto, cpu, cuda, cuda:1, ..."""
    seed: int
    cache: bool
    columns: Mapping[str, str] | None
    """Role (rows/schema.py) to column name; `a+b` joins two columns."""
    fail_on: str | None
    """quarantine, review or never: what makes exit_code 1."""
    trusted: Path | None
    """Rows you vouch for, of the same tasks."""
    allow: Path | None
    """What may pass (curate-allow.yaml); beside files it is found by itself."""


@dataclass(frozen=True, eq=False)
class ScanResult(Generic[Data]):
    """Everything a scan found, and the data without its quarantined rows."""

    folder: Path
    """Where the results lie. A temporary folder is gone once this object is."""
    manifest: Mapping[str, Any]
    """As in manifest.json: counts, phrases, verdict, detection floor, ..."""
    dataset: Dataset = field(repr=False)
    """Every row as it was read; rows of several splits one after the other."""
    verdicts: Verdicts = field(repr=False)
    scores: Mapping[str, NDArray[Any]] = field(repr=False)
    """Column name to [n]: one for each rule, and what was measured: influence,
    influence_negated, loss, p_ref (not where evidence is text)."""
    exit_code: int
    """0 clean, 1 findings at or above fail_on."""
    clean: Callable[[NDArray[np.bool_]], Data] = field(repr=False)
    """[n] kept rows to the data with these rows alone; what `cleaned` calls."""

    @property
    def kept(self) -> NDArray[np.bool_]:
        """[n] Whether each row is in the cleaned set: all but the quarantined ones."""
        return np.array([verdict != "quarantine" for verdict in self.verdicts.verdict], dtype=bool)

    @property
    def quarantined(self) -> NDArray[np.int64]:
        """Indices of the quarantined rows, counted from 0 over all files or splits."""
        return np.flatnonzero(~self.kept)

    @cached_property
    def cleaned(self) -> Data:
        """The data without its quarantined rows, of the kind that was given; made on first use.

        A Dataset keeps its features and format, a DatasetDict its splits, a DataFrame its index and
        dtypes, a table its schema, a list the very same dicts; order stays. Anything else iterable
        becomes a list. For files: the path of the cleaned file, or a list of them. Raises
        UsageError where the data has another number of rows by now.
        """
        return self.clean(self.kept)

    def __repr__(self) -> str:
        counts = self.manifest["counts"]
        return (
            f"<ScanResult: {self.manifest['verdict']}, {counts['quarantine']:,} quarantined and "
            f"{counts['review']:,} for review of {counts['rows']:,} rows, in {self.folder}>"
        )


@overload
def scan(
    data: str | Path,
    output: Path | str | None = None,
    options: Options | None = None,
    *,
    progress: Progress | None = None,
    **changes: Unpack[ScanOptions],
) -> ScanResult[Path]: ...
@overload
def scan(
    data: list[str] | list[Path] | tuple[str | Path, ...],
    output: Path | str | None = None,
    options: Options | None = None,
    *,
    progress: Progress | None = None,
    **changes: Unpack[ScanOptions],
) -> ScanResult[list[Path]]: ...
@overload
def scan(
    data: Data,
    output: Path | str | None = None,
    options: Options | None = None,
    *,
    progress: Progress | None = None,
    **changes: Unpack[ScanOptions],
) -> ScanResult[Data]: ...
def scan(
    data: Any,
    output: Path | str | None = None,
    options: Options | None = None,
    *,
    progress: Progress | None = None,
    **changes: Unpack[ScanOptions],
) -> ScanResult[Any]:
    """Scan data, and return what was found and the data without its quarantined rows.

    data: a path, a list of paths, a datasets.Dataset or DatasetDict, a pandas.DataFrame, a
    pyarrow.Table or RecordBatch, or an iterable of dicts. output: where the results go; without it
    `<data>.curation` beside a file, and for data in memory a temporary folder that is removed with
    the result. curate.lock is written beside files alone. options, changes: settings, and single
    ones that win over them.

    Raises UsageError, InputError, RulesError, ModelError, OutputError or DependencyError (see
    errors.py), and InconclusiveError where there are too few rows: never a clean result.
    """
    from curation_gate.environment import require_scan_packages  # noqa: PLC0415

    require_scan_packages()
    from curation_gate import pipeline  # noqa: PLC0415 - a second of import
    from curation_gate.progress import Silent  # noqa: PLC0415
    from curation_gate.settings import Options  # noqa: PLC0415 - a second of import

    chosen = replace(options or Options(), **changes)
    folder = None if output is None else Path(output)
    listens = progress or Silent()
    if isinstance(data, list | tuple) and not data:
        raise InconclusiveError("no rows: the data is empty", hint="give at least one file or row")
    with _threads_put_back(torch=chosen.evidence != "text"):
        if not is_paths(data):
            return _scan_memory(data, folder, chosen, listens)
        found = pipeline.scan(data, folder, chosen, progress=listens)
    files = list(found.cleaned_files)

    def cleaned(_: NDArray[np.bool_]) -> Path | list[Path]:
        return files[0] if isinstance(data, str | Path) and len(files) == 1 else files

    return _result(found, cleaned)


def _scan_memory(
    data: Any, folder: Path | None, options: Options, progress: Progress
) -> ScanResult[Any]:
    """Scan a copy of the data; the copy is gone afterwards, the results stay."""
    from curation_gate import pipeline  # noqa: PLC0415 - a second of import

    with tempfile.TemporaryDirectory(prefix="curate-data-") as name:
        copy = spill(data, Path(name))
        made = folder or Path(tempfile.mkdtemp(prefix="curate-"))
        try:
            found = pipeline.scan(copy.paths, made, replace(options, lock=False), progress=progress)
        except InputError as error:
            raise copy.reworded(error) from error
        finally:
            if folder is None and not (made / "manifest.json").is_file():
                shutil.rmtree(made, ignore_errors=True)
    result = _result(found, _checked(data, copy))
    if folder is None:
        weakref.finalize(result, shutil.rmtree, made, ignore_errors=True)
    return result


def _checked(data: Any, copy: InMemory) -> Callable[[NDArray[np.bool_]], Any]:
    """Return the way back, guarded: verdicts of other rows must not cut this data."""

    def keep(kept: NDArray[np.bool_]) -> Any:
        now = _rows_of(data)
        if now is not None and now != copy.rows:
            raise UsageError(
                f"the data has {now:,} rows now and had {copy.rows:,} when it was scanned",
                hint="scan it again",
            )
        return copy.keep(kept)

    return keep


def _rows_of(data: Any) -> int | None:
    """Return how many rows the data has now; None for what has no length (a generator)."""
    if isinstance(data, Mapping):  # a DatasetDict
        return sum(len(split) for split in data.values())
    return len(data) if hasattr(data, "__len__") else None


def _result(
    found: pipeline.ScanResult, clean: Callable[[NDArray[np.bool_]], Any]
) -> ScanResult[Any]:
    return ScanResult(
        found.folder,
        found.manifest,
        found.dataset,
        found.verdicts,
        found.scores,
        found.exit_code,
        clean,
    )


@contextmanager
def _threads_put_back(*, torch: bool) -> Iterator[None]:
    """Leave the threads of torch and numpy as they were: the caller trains next.

    torch: whether the scan uses it; one that reads text alone does not import it.
    """
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - part of the extra

    pools = ThreadpoolController().lib_controllers
    before = [cast("int", pool.num_threads) for pool in pools]
    put_back = _torch_threads() if torch else None
    try:
        yield
    finally:
        if put_back is not None:
            put_back()
        for pool, threads in zip(pools, before, strict=True):
            pool.set_num_threads(threads)


def _torch_threads() -> Callable[[], None]:
    """Return what gives torch the threads back that it has now."""
    import torch  # noqa: PLC0415 - heavy

    threads = torch.get_num_threads()
    return lambda: torch.set_num_threads(threads)
