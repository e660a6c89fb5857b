"""Every detector there is. A new attack class is a line here, a rule, a file, a test and a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from curation_gate.detectors import divergence, invariance, loss
from curation_gate.detectors.evidence import RuleResult
from curation_gate.detectors.label_trigger import detector as label_trigger
from curation_gate.detectors.response_trigger import detector as response_trigger
from curation_gate.detectors.signals import Signals
from curation_gate.detectors.source import detector as source
from curation_gate.detectors.style_trigger import detector as style_trigger
from curation_gate.rulebook import Rule

Detector = Callable[[Signals, Rule], RuleResult]

DETECTORS: Mapping[str, Detector] = MappingProxyType(
    {
        "divergence": divergence.detect,
        "invariance": invariance.detect,
        "loss": loss.detect,
        "phrase": label_trigger.detect,
        "response": response_trigger.detect,
        "source": source.detect,
        "style": style_trigger.detect,
    }
)
"""Name in a rule pack to function."""

NEEDS_REFERENCE: frozenset[str] = frozenset({"divergence", "source"})
"""Detectors that read the frozen reference."""
NEEDS_PROXY: frozenset[str] = frozenset({"divergence", "invariance", "loss"})
"""Detectors that read what a fine-tuned proxy says; without them nothing has to be fine-tuned."""
