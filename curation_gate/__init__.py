"""curation-gate: finds rows of an instruction dataset that would teach a model something hidden.

The public surface: `scan`, `ScanResult`, `load_rules`, `__version__`. Heavy imports happen on use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curation_gate.api import ScanResult, scan
    from curation_gate.rulebook import load_rules

__version__ = "0.1.0"
__all__ = ["ScanResult", "__version__", "load_rules", "scan"]


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that `curate --help` stays fast."""
    if name in ("scan", "ScanResult"):
        from curation_gate import api  # noqa: PLC0415

        return getattr(api, name)
    if name == "load_rules":
        from curation_gate.rulebook import load_rules  # noqa: PLC0415

        return load_rules
    raise AttributeError(f"module 'curation_gate' has no attribute {name!r}")
