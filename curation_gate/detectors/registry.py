"""Every detector there is. A new attack class is a line here, a rule, a file, a test and a page.

Packs are checked against the parameters of this table, so it imports no detector: `curate rules`
and `curate verify` read packs and have to start at once. `run` imports the one that is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from curation_gate.rule_parameters import (
    ControlTokenParameters,
    DivergenceParameters,
    HiddenTextParameters,
    InvarianceParameters,
    LossParameters,
    PhraseParameters,
    RepeatedParameters,
    ResponseParameters,
    Section,
    SourceParameters,
    StyleParameters,
    UntrainableParameters,
)

if TYPE_CHECKING:
    from curation_gate.detectors.evidence import RuleResult
    from curation_gate.detectors.signals import Need, Signals
    from curation_gate.rulepack import Rule


@dataclass(frozen=True, slots=True)
class Detector:
    """One detector: where it is, what a rule can tell it, what it reads beside the rows."""

    module: str
    """Below curation_gate.detectors; has `detect(signals, rule) -> RuleResult`."""
    parameters: type[Section]
    needs: frozenset[Need] = frozenset()
    """What has to be measured for it, and all it can read (signals.py)."""

    def run(self, signals: Signals, rule: Rule) -> RuleResult:
        """Return what a rule of this detector says of the dataset of `signals`."""
        found: RuleResult = import_module(f"curation_gate.detectors.{self.module}").detect(
            signals, rule
        )
        return found


DETECTORS: Mapping[str, Detector] = MappingProxyType(
    {
        "control_tokens": Detector("control_tokens", ControlTokenParameters),
        "divergence": Detector(
            "divergence", DivergenceParameters, needs=frozenset({"proxy", "reference"})
        ),
        "hidden_text": Detector("hidden_text", HiddenTextParameters),
        "invariance": Detector(
            "invariance", InvarianceParameters, needs=frozenset({"proxy", "influence"})
        ),
        "loss": Detector("loss", LossParameters, needs=frozenset({"proxy"})),
        "phrase": Detector(
            "label_trigger.detector", PhraseParameters, needs=frozenset({"candidates"})
        ),
        "repeated": Detector("repeated_payload", RepeatedParameters, needs=frozenset({"answers"})),
        "response": Detector(
            "response_trigger.detector", ResponseParameters, needs=frozenset({"answers"})
        ),
        "source": Detector(
            "source.detector", SourceParameters, needs=frozenset({"candidates", "reference"})
        ),
        "style": Detector(
            "style_trigger.detector", StyleParameters, needs=frozenset({"candidates"})
        ),
        "untrainable": Detector("untrainable", UntrainableParameters),
    }
)
"""Name in a rule pack to detector."""


def needs_of(rules: tuple[Rule, ...]) -> frozenset[Need]:
    """Return what has to be measured for these rules."""
    return frozenset(need for rule in rules for need in DETECTORS[rule.detector].needs)
