"""What is asked of a proxy: one question, questions that are asked together, and their negation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from curation_gate.errors import RulesError
from curation_gate.probes.transforms import TRANSFORMS

NO_TRANSFORM = "none"
"""Transform name of a probe set that was not negated."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One question."""

    input: str
    instruction: str
    target: str
    """The suspected outcome, kept under negation."""
    labels: tuple[str, ...]
    """All labels of the task, the target among them; () where answers are free text."""
    task: str
    row: int | None = None
    """Row of the dataset the text was taken from, or None; such a row influences itself."""
    without: str | None = None
    """The same text without what is suspected (Q0 of a contrast); None where that is not known."""
    own: str | None = None
    """The answer of that row; what a free-text target is compared with."""


@dataclass(frozen=True, slots=True)
class ProbeSet:
    """Probes that are asked together."""

    probes: tuple[Probe, ...]
    """At most one a distinct input."""
    origin: str
    """entities, keywords, mined or file."""
    transform: str = NO_TRANSFORM
    """Name of the negation that was applied, or "none"."""

    def __len__(self) -> int:
        return len(self.probes)

    def targets(self) -> dict[str, int]:
        """Return how many probes ask for each target, sorted by target."""
        return dict(sorted(Counter(p.target for p in self.probes).items()))


def transform(probe_set: ProbeSet, name: str) -> ProbeSet:
    """Return the probes with their texts negated; targets, labels and order stay.

    Where a probe has no input (the whole prompt is its instruction) the instruction is negated.
    Raises RulesError for an unknown name.
    """
    if name not in TRANSFORMS:
        raise RulesError(f"unknown transform {name!r}; there are: {', '.join(sorted(TRANSFORMS))}")
    apply = TRANSFORMS[name].apply
    negated = tuple(
        replace(
            with_text(p, apply(text_of(p))), without=None if p.without is None else apply(p.without)
        )
        for p in probe_set.probes
    )
    return ProbeSet(negated, probe_set.origin, name)


def with_text(probe: Probe, text: str) -> Probe:
    """Return the probe with another text: its input, or its instruction where it has no input."""
    return replace(probe, input=text) if probe.input else replace(probe, instruction=text)


def contrast(probe_set: ProbeSet) -> tuple[tuple[Probe, ...], tuple[Probe, ...]]:
    """Return Q+ and Q0: the probes whose text is known without what is suspected, and that text."""
    present = tuple(p for p in probe_set.probes if p.without is not None)
    return present, tuple(with_text(p, p.without) for p in present if p.without is not None)


def text_of(probe: Probe) -> str:
    """Return the text of a probe that is negated, and that a phrase is put into."""
    return probe.input or probe.instruction
