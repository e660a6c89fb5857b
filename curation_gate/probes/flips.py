"""How often a phrase makes the proxy give the suspected answer: attack success, of a candidate.

The same texts are asked with the phrase and without it, of the proxy as it was before fine-tuning
and as it is after. A trigger does little to the frozen proxy and flips the fine-tuned one; an
honest word does about the same to both; a matched control shows what any phrase of that form does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curation_gate.probes.record import contrast

if TYPE_CHECKING:
    from curation_gate.probes.mined import PhraseProbes
    from curation_gate.probes.record import Probe
    from curation_gate.proxy.model import Proxy


@dataclass(frozen=True, slots=True)
class Rates:
    """Of one proxy."""

    present: float
    """Share of the probes with the phrase whose most probable answer is the suspected one."""
    absent: float
    """The same without the phrase."""

    @property
    def rise(self) -> float:
        """What the phrase adds."""
        return self.present - self.absent


@dataclass(frozen=True, slots=True)
class Flips:
    """Of one phrase or control."""

    phrase: str
    spoken: str
    control_of: str | None
    probes: int
    held_out: int
    before: Rates
    """Of the proxy before fine-tuning."""
    after: Rates


def flip_rates(proxy: Proxy, asked: Sequence[PhraseProbes]) -> list[Rates]:
    """Return the rates of each phrase and control, by the proxy as it is now.

    In tasks with labels the most probable label counts; in free text a probe counts where the
    suspected answer is more likely, a token, than the row's own. Raises nothing: an empty probe
    set has rates NaN.
    """
    pairs = [contrast(a.probes) for a in asked]
    flat = [probe for present, absent in pairs for probe in (*present, *absent)]
    won = favoured(proxy, flat)
    rates = []
    start = 0
    for present, absent in pairs:
        shares = []
        for part in (present, absent):
            own = won[start : start + len(part)]
            shares.append(float(own.mean()) if len(own) else float("nan"))
            start += len(part)
        rates.append(Rates(*shares))
    return rates


def favoured(proxy: Proxy, probes: Sequence[Probe]) -> NDArray[np.bool_]:
    """[q] Whether the suspected answer of each probe is the proxy's most probable one."""
    from curation_gate.proxy.scoring import label_scores  # noqa: PLC0415 - torch

    won = np.zeros(len(probes), dtype=np.bool_)
    groups: dict[tuple[str, ...], list[int]] = {}
    for k, probe in enumerate(probes):
        answers = probe.labels or tuple(dict.fromkeys((probe.target, probe.own or "")))
        groups.setdefault(answers, []).append(k)
    for answers, members in groups.items():
        own = [probes[k] for k in members]
        blank = [""] * len(answers)
        labels = proxy.encode(blank, blank, list(answers)).targets
        prompts = proxy.encode(
            [p.instruction for p in own], [p.input for p in own], [""] * len(own)
        ).sources
        scores = label_scores(proxy, prompts, labels)
        if not own[0].labels:  # answers of unequal length: by token
            scores /= np.array([len(x) for x in labels], dtype=np.float32)
        best = scores.argmax(1)
        won[members] = [answers[b] == p.target for b, p in zip(best.tolist(), own, strict=True)]
    return won


def flips(
    asked: Sequence[PhraseProbes], before: Sequence[Rates], after: Sequence[Rates]
) -> tuple[Flips, ...]:
    """Return the rates before and after fine-tuning, side by side."""
    return tuple(
        Flips(a.phrase, a.spoken, a.control_of, len(a.probes), a.held_out, first, last)
        for a, first, last in zip(asked, before, after, strict=True)
    )


def sentence(flip: Flips, controls: Sequence[Flips]) -> str:
    """Return what was measured of a phrase, with its counts, and beside it of its controls."""
    told = (
        f'asked {flip.probes} texts with and without "{flip.spoken}", the fine-tuned proxy gives '
        f"the suspected answer to {flip.after.present:.2f} and {flip.after.absent:.2f} of them, "
        f"the proxy before fine-tuning to {flip.before.present:.2f} and {flip.before.absent:.2f}"
    )
    if controls:
        others = ", ".join(f'"{c.spoken}" {c.after.present:.2f}' for c in controls)
        told += f"; fine-tuned, with phrases of the same form instead: {others}"
    return told


def described(flip: Flips, controls: Sequence[Flips]) -> dict[str, Any]:
    """Return the rates of a phrase as they stand in manifest.json."""
    return {
        "probes": flip.probes,
        "held_out": flip.held_out,
        "said": flip.spoken,
        "before": _rates(flip.before),
        "after": _rates(flip.after),
        "controls": {
            c.spoken: {"before": _rates(c.before), "after": _rates(c.after)} for c in controls
        },
    }


def _rates(rates: Rates) -> dict[str, float]:
    return {"with": round(rates.present, 4), "without": round(rates.absent, 4)}
