"""Every detector there is. A new attack class is a line here, a rule, a file, a test and a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from curation_gate.detect import invariance, loss, phrase, style
from curation_gate.detect.evidence import RuleResult
from curation_gate.detect.signals import Signals
from curation_gate.rulebook import Rule

Detector = Callable[[Signals, Rule], RuleResult]

DETECTORS: Mapping[str, Detector] = MappingProxyType(
    {
        "invariance": invariance.detect,
        "loss": loss.detect,
        "phrase": phrase.detect,
        "style": style.detect,
    }
)
"""Name in a rule pack to function."""
