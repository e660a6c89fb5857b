"""A scan folder read whole and checked, so that nothing that shows it can trip over it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation_gate.errors import ResultError
from curation_gate.printable import printable, shell
from curation_gate.quarantine.manifest import MEASURED, read_manifest
from curation_gate.quarantine.reading import read_decided, read_quarantine, read_scores
from curation_gate.report.fields import Fields, read_fields

SUFFIX = ".curation"
_NOT_RULES = frozenset({"row", "fingerprint", "task", "source", "verdict", "score", *MEASURED})


@dataclass(frozen=True, slots=True)
class ScanFolder:
    """What a scan left behind."""

    path: Path
    name: Path
    """The folder as the reader will find it: `path`, unless it is still being made elsewhere."""
    manifest: Mapping[str, Any]
    flagged: tuple[Mapping[str, Any], ...]
    """Lines of quarantine.jsonl: quarantine first, then review, each by falling score."""
    columns: Mapping[str, NDArray[Any]]
    """Columns of scores.parquet, each [n]; numbers missing there are NaN here. Where the rows name
    no source and came from several files, `source` is the name of each row's file."""
    decided: tuple[Mapping[str, Any], ...] = ()
    """Lines of decided.jsonl: flagged rows that a reviewer's decision keeps."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Rule ids that have a column of scores, sorted."""
        return tuple(sorted(name for name in self.columns if name not in _NOT_RULES))

    @property
    def data_arguments(self) -> str:
        """The scanned data as one would type it in a shell: beside the folder, or by its names."""
        if self.name.name.endswith(SUFFIX):
            return quoted(self.name.with_name(self.name.name.removesuffix(SUFFIX)))
        return shell(str(file["name"]) for file in self.manifest["dataset"]["files"])

    @property
    def cleaned(self) -> Path | None:
        """The cleaned file (or folder, where several files were scanned); None where absent."""
        found = sorted(self.path.glob("cleaned.*")) + sorted(self.path.glob("cleaned"))
        return self.name / found[0].name if found else None

    def source(self, row: int) -> str | None:
        """Return where a row came from; None where nobody says."""
        sources = self.columns.get("source")
        return None if sources is None or sources[row] is None else str(sources[row])

    def fields(self, flagged: Mapping[str, Any]) -> Fields:
        """Return instruction, input and output of a line of quarantine.jsonl."""
        files = self.manifest["dataset"]["files"]
        known = files[0].get("columns") if len(files) == 1 else None
        return read_fields(flagged["record"], known if isinstance(known, Mapping) else None)


def shown(path: Path | str) -> str:
    """Return `near(path)` on one line, whatever stands in it."""
    return printable(near(path))


def near(path: Path | str) -> str:
    """Return a path as one would type it here: relative where it lies below this folder."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    here = Path.cwd()
    below = absolute != here and absolute.is_relative_to(here)
    return str(absolute.relative_to(here) if below else path)


def quoted(path: Path | str) -> str:
    """Return `near(path)` for a shell; never taken for an option."""
    text = near(path)
    return shell([f"./{text}" if text.startswith("-") else text])


def find(path: Path) -> Path:
    """Return the scan folder meant by `path`: itself, or `<data>.curation` beside a data file.

    Raises ResultError where there is none.
    """
    beside = path.with_name(path.name + SUFFIX) if path.name else path
    if (path / "manifest.json").is_file() or (path.is_dir() and not beside.is_dir()):
        return path
    if beside.is_dir():
        return beside
    if path.name.endswith(SUFFIX):
        raise ResultError(f"{path}: no such folder", hint=_hint(path))
    if path.exists():
        raise ResultError(f"{path}: not scanned yet (no folder {beside})", hint=_hint(path))
    raise ResultError(f"{path}: no such scan folder and no such data file", hint=_hint(path))


def load(path: Path, *, name: Path | None = None) -> ScanFolder:
    """Return the scan in a folder. Raises ResultError where it is missing or damaged.

    name: where the folder will be found, when it is read while still being made.
    """
    try:
        manifest = read_manifest(path)
        flagged = read_quarantine(path)
        decided = read_decided(path)
        table = read_scores(path)
    except ResultError as error:
        # The same next step for every kind of damage, in words that can be pasted.
        raise ResultError(error.message, hint=_hint(path)) from error
    try:
        columns = {name: _column(table[name]) for name in table.column_names}
        _check(manifest, flagged + decided, columns)
        files = manifest["dataset"]["files"]
        if "source" not in columns and len(files) > 1:
            file_names = np.array([str(file["name"]) for file in files], dtype=object)
            columns["source"] = np.repeat(file_names, [int(file["rows"]) for file in files])
    except KeyError as error:
        raise ResultError(f"{path}: damaged: {error} is missing", hint=_hint(path)) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ResultError(f"{path}: damaged: {error}", hint=_hint(path)) from error
    rank = {"quarantine": 0, "review": 1}
    ordered = sorted(flagged, key=lambda line: (rank[line["verdict"]], -_score(line), line["row"]))
    return ScanFolder(path, name or path, manifest, tuple(ordered), columns, tuple(decided))


def _hint(path: Path) -> str:
    if path.name.endswith(SUFFIX):
        return f"run `curate scan {quoted(path.with_name(path.name.removesuffix(SUFFIX)))}`"
    return f"run `curate scan {quoted(path) if path.is_file() else 'DATA'}`"


def _score(line: Mapping[str, Any]) -> float:
    return -1.0 if line["score"] is None else float(line["score"])


def _column(values: Any) -> NDArray[Any]:
    """Return a column as numpy: text as objects, integers as int64, the rest as float64.

    Read from the buffers: to_numpy() of pyarrow imports pandas where it is installed.
    """
    kind = str(values.type)
    if kind in ("string", "large_string"):
        return np.array(values.to_pylist(), dtype=object)
    stored = {"int64": np.int64, "float": np.float32, "double": np.float64}[kind]
    parts: list[NDArray[Any]] = [np.zeros(0, dtype=stored)]
    for chunk in values.chunks:
        if chunk.null_count:
            known = (np.nan if value is None else value for value in chunk.to_pylist())
            parts.append(np.fromiter(known, dtype=np.float64, count=len(chunk)))
        else:
            whole = np.frombuffer(chunk.buffers()[1], dtype=stored)
            parts.append(whole[chunk.offset : chunk.offset + len(chunk)])
    return np.concatenate(parts).astype(np.int64 if kind == "int64" else np.float64)


def _check(
    manifest: Mapping[str, Any],
    flagged: list[dict[str, Any]],
    columns: Mapping[str, NDArray[Any]],
) -> None:
    """Touch what is shown and not checked on reading: a wrong type raises here, not later."""
    for file in manifest["dataset"]["files"]:
        str(file["name"]), int(file["rows"])
    for task in manifest["dataset"]["tasks"].values():
        int(task["rows"])
    for rule in manifest["rule_counts"].values():
        str(rule["title"]), str(rule["severity"]), int(rule["rows"])
    for phrase in manifest["phrases"]:
        str(phrase["phrase"])
    for floor in manifest["floor"].values():
        if isinstance(floor, dict):
            int(floor["half"] or 0), int(floor["nine_in_ten"] or 0), int(floor["tried"])
    str(manifest["rules"]["pack"]), str(manifest["tool"]["version"])
    if "proxy" in manifest:
        str(manifest["proxy"]["name"])
    if "evidence" in manifest:
        str(manifest["evidence"]["asked"])
    rows = len(columns["row"])
    if sum(int(file["rows"]) for file in manifest["dataset"]["files"]) != rows:
        raise ValueError(f"the files of the manifest do not add up to {rows} rows")
    if not np.array_equal(columns["row"], np.arange(rows)):
        raise ValueError("the rows of scores.parquet are not 0, 1, 2, ...")
    for line in flagged:
        for reason in line["reasons"]:
            str(reason["rule"]), str(reason["message"])
        if not 0 <= line["row"] < rows:
            raise ValueError(f"quarantine.jsonl has row {line['row']}, there are {rows}")
