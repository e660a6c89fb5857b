"""Every detector there is. A new attack class is a line here, a rule, a file, a test and a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from curation_gate.detect import divergence, invariance, loss, phrase, source
from curation_gate.detect.evidence import RuleResult
from curation_gate.detect.signals import Signals
from curation_gate.rulebook import Rule

Detector = Callable[[Signals, Rule], RuleResult]

DETECTORS: Mapping[str, Detector] = MappingProxyType(
    {
        "divergence": divergence.detect,
        "invariance": invariance.detect,
        "loss": loss.detect,
        "phrase": phrase.detect,
        "source": source.detect,
    }
)
"""Name in a rule pack to function."""

NEEDS_REFERENCE: frozenset[str] = frozenset({"divergence", "source"})
"""Detectors that read the frozen reference."""
NEEDS_PROXY: frozenset[str] = frozenset({"divergence", "invariance", "loss"})
"""Detectors that read what a fine-tuned proxy says; without them nothing has to be fine-tuned."""
