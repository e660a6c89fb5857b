"""Are the packages a scan needs here, and do they fit? Asked before anything heavy is imported."""

from __future__ import annotations

import importlib
import os
from importlib import metadata
from importlib.util import find_spec

from curation_gate.errors import DependencyError

SCAN_PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "kronfluence",
    "great_expectations",
    "pandas",
    "psutil",
    "sklearn",
)
"""What `pip install 'curation-gate[scan]'` brings, by import name."""


def require_scan_packages() -> None:
    """Check that a scan can run, and keep its packages quiet. Raises DependencyError.

    Also recognises a torchvision that does not fit its torch: it fails to import, and transformers,
    which imports it wherever it is installed, fails with it in a way that names neither.
    """
    missing = [name for name in SCAN_PACKAGES if find_spec(name) is None]
    if missing:
        raise DependencyError(
            f"not installed: {', '.join(missing)}", hint="pip install 'curation-gate[scan]'"
        )
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_UPDATE_DOWNLOAD_COUNTS", "0")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    if find_spec("torchvision") is not None:
        try:
            importlib.import_module("torchvision")
        except Exception as error:
            raise DependencyError(
                f"torchvision {metadata.version('torchvision')} does not fit "
                f"torch {metadata.version('torch')}: {str(error).splitlines()[0]}",
                hint="pip uninstall torchvision (nothing here needs it), or install the pair that "
                "fits your torch",
            ) from error


def free_threads() -> int:
    """Return how many cores this process may use and nobody else is busy on; at least 1.

    torch with two threads beside another busy process runs several times slower than with one.
    OMP_NUM_THREADS, where set, is obeyed.
    """
    wished = os.environ.get("OMP_NUM_THREADS", "")
    if wished.isdigit() and int(wished) > 0:
        return int(wished)
    import psutil  # noqa: PLC0415 - part of the extra

    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    busy: float = sum(psutil.cpu_percent(interval=0.2, percpu=True)) / 100
    return max(1, min(cores, round((os.cpu_count() or 1) - busy)))
