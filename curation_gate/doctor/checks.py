"""Is everything here that a scan needs, and does it fit? One record for each thing looked at."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from curation_gate import __version__
from curation_gate.environment import SCAN_PACKAGES, free_threads, require_scan_packages
from curation_gate.errors import CurateError

Status = Literal["ok", "note", "bad"]

CORE = ("click", "jinja2", "numpy", "pyarrow", "pydantic", "pyyaml", "rich")
"""What the package itself needs, by the name it is installed under."""
INSTALLED_AS = {"sklearn": "scikit-learn", "great_expectations": "great-expectations"}
"""Import name to the name it is installed under, where they differ."""
MEMORY_GB = 2.0
"""Free memory below which a note is given: a scan of 20,000 rows peaked at 1.6 GB
(benchmarks/first_light.md)."""
DISK_GB = 1.0
"""Free space for temporary files below which a note is given (a choice)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    status: Status
    """ok; note: a scan runs, and this is worth knowing; bad: a scan does not run."""
    said: str
    hint: str | None = None
    """What to do."""


def check_all() -> tuple[Check, ...]:
    """Return every check, in the order a reader asks; imports torch where it is installed."""
    return tuple(_all())


def _all() -> Iterator[Check]:
    yield _python()
    yield _core()
    packages = _scan_packages()
    yield packages
    if packages.status == "bad":
        yield from (_guarded("proxy", _proxy), _guarded("rules", _rules))
        return
    pair = _guarded("torchvision", _pair)
    yield pair
    if pair.status != "bad":
        yield _guarded("device", _device)
    yield from (
        _guarded("proxy", _proxy),
        _guarded("rules", _rules),
        _guarded("threads", _threads),
        _guarded("memory", _memory),
    )
    yield _guarded("disk", _disk)


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    """Return what `look` finds; what it raises is a finding too, never a crash."""
    try:
        return look()
    except CurateError as error:
        return Check(name, "bad", error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - a doctor reports, whatever is broken
        said = str(error).strip().splitlines() or [""]
        return Check(name, "bad", f"{type(error).__name__}: {said[0]}")


def _python() -> Check:
    said = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("python", "ok", said)


def _core() -> Check:
    return _versions("curation-gate", CORE, f"{__version__}; ", "pip install curation-gate")


def _scan_packages() -> Check:
    names = [INSTALLED_AS.get(name, name) for name in (*SCAN_PACKAGES, "datasets")]
    return _versions("scan", names, "", "pip install 'curation-gate[scan]'")


def _versions(name: str, packages: tuple[str, ...] | list[str], said: str, hint: str) -> Check:
    """Return the versions of packages; bad where one is missing or outside the range we declare."""
    ranges = _declared()
    found, missing, outside = [], [], []
    for package in packages:
        try:
            version = metadata.version(package)
        except metadata.PackageNotFoundError:
            missing.append(package)
            continue
        found.append(f"{package} {version}")
        wanted = ranges.get(package.lower().replace("_", "-"))
        if wanted is not None and not wanted(version):
            outside.append(f"{package} {version}")
    said += ", ".join(found)
    if missing:
        what = f"not installed: {', '.join(missing)}"
        return Check(name, "bad", f"{what} (here: {said})" if said else what, hint)
    if outside:
        return Check(
            name, "bad", f"of a version this tool does not take: {', '.join(outside)}", hint
        )
    return Check(name, "ok", said)


def _declared() -> dict[str, Callable[[str], bool]]:
    """Return for each package we declare whether a version of it will do; {} where unknown."""
    try:
        from packaging.requirements import Requirement  # noqa: PLC0415 - comes with the extra

        lines = metadata.requires("curation-gate") or []
    except (ImportError, metadata.PackageNotFoundError):
        return {}
    wanted = [Requirement(line) for line in lines]
    return {
        one.name.lower().replace("_", "-"): lambda version, one=one: one.specifier.contains(  # type: ignore[misc]
            version, prereleases=True
        )
        for one in wanted
    }


def _pair() -> Check:
    """Look whether torchvision, where it is installed, fits torch: else transformers fails too."""
    require_scan_packages()
    try:
        version = metadata.version("torchvision")
    except metadata.PackageNotFoundError:
        return Check("torchvision", "ok", "not installed, and not needed")
    return Check("torchvision", "ok", f"{version} fits torch {metadata.version('torch')}")


def _device() -> Check:
    import torch  # noqa: PLC0415 - seconds

    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        memory = torch.cuda.get_device_properties(0).total_memory / 1e9
        count = torch.cuda.device_count()
        more = f" (the first of {count}; torchrun uses all)" if count > 1 else ""
        return Check("device", "ok", f"cuda: {name}, {memory:.0f} GB{more}")
    if shutil.which("nvidia-smi") and torch.version.cuda is None:
        return Check(
            "device",
            "note",
            "cpu: there is an NVIDIA driver, and this torch is built without CUDA",
            "install the torch build for your CUDA version to scan on the GPU",
        )
    return Check("device", "ok", f"cpu: {os.cpu_count()} cores, no GPU that torch can use")


def _proxy() -> Check:
    from curation_gate.proxy.embedded import NAME, checked_hash  # noqa: PLC0415

    return Check("proxy", "ok", f"embedded: {NAME}, hash {checked_hash()} as it was shipped")


def _rules() -> Check:
    from curation_gate.rulebook import load_rules, shipped_packs  # noqa: PLC0415 - pydantic

    packs = [load_rules(name) for name in shipped_packs()]
    said = ", ".join(f"{p.name} {p.hash[:12]} ({len(p.enabled)} rules on)" for p in packs)
    return Check("rules", "ok", said)


def _threads() -> Check:
    wished = os.environ.get("OMP_NUM_THREADS")
    cores = os.cpu_count() or 1
    threads = free_threads()
    if wished:
        return Check("threads", "ok", f"{threads} (OMP_NUM_THREADS={wished}), {cores} cores")
    if threads < cores:
        return Check(
            "threads",
            "note",
            f"{threads} of {cores} cores are free now",
            "a scan takes the free ones; end other work, or set OMP_NUM_THREADS",
        )
    return Check("threads", "ok", f"{threads} of {cores} cores")


def _memory() -> Check:
    import psutil  # noqa: PLC0415 - part of the extra

    state = psutil.virtual_memory()
    free = state.available / 1e9
    said = f"{free:.1f} GB free of {state.total / 1e9:.1f}"
    if free < MEMORY_GB:
        return Check("memory", "note", said, "scan large sets in parts, or end other work")
    return Check("memory", "ok", said)


def _disk() -> Check:
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free / 1e9
    said = f"{free:.1f} GB free for temporary files in {folder}"
    if free < DISK_GB:
        return Check("disk", "note", said, "set TMPDIR to a folder with more room")
    return Check("disk", "ok", said)
