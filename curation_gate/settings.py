"""What the command line and the rule pack together ask of each stage.

Imports no torch: a scan of the text alone reads its options here too.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from curation_gate.probes import build
from curation_gate.probes import record as negation
from curation_gate.probes.mined import PhraseProbes, mined_probes, pooled
from curation_gate.rulebook import RulePack

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.found import Found, Phrase, Suspect
    from curation_gate.influence.measure import Plan, Question
    from curation_gate.probes.record import ProbeSet
    from curation_gate.proxy.finetune import Settings
    from curation_gate.proxy.model import Proxy
    from curation_gate.rows.record import Dataset
    from curation_gate.rulepack import ProbesSection

FACTOR_ROWS = 1500
LAMBDA_ROWS = 750
"""Rows behind the EK-FAC factors where the pack does not say (see influence/factors.py)."""


ROW_PASSES = 20_000
LEAST_EPOCHS, MOST_EPOCHS = 2, 8
"""How often a set is gone through where the pack does not say. After two epochs of 5,000 rows, 100
of them planted, the proxy had not learned a rare token at all; on 3,000 rows the held-out loss was
still falling after six (0.49, 0.38, 0.34, 0.29, 0.28, 0.28 nats a token)."""
ONE_EPOCH_ROWS = 40_000
"""Rows from which one epoch does: after one of 45,000, 900 of them planted, the trigger has its
answer in 91 of 100 texts (benchmarks/proxy.md)."""


EvidenceLevel = Literal["text", "auto", "all"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may set; None leaves it to the rule pack."""

    rules: str | Path | RulePack = "default"
    proxy: str | None = None
    probes: Path | None = None
    keywords: tuple[str, ...] = ()
    influence: str | None = None
    device: str = "auto"
    seed: int = 0
    cache: bool = True
    columns: Mapping[str, str] | None = None
    fail_on: str | None = None
    evidence: EvidenceLevel = "auto"
    """text: the rows alone, no model is loaded; auto, all: the reference, a proxy fine-tuned on the
    rows, and their influence on it, too."""
    trusted: Path | None = None
    """Rows the caller vouches for: the reference learns from them."""
    lock: bool = True
    """Write curate.lock beside the data; off where the data are no files of the caller's."""
    allow: Path | None = None
    """What may pass (quarantine/allow_file.py); None: curate-allow.yaml beside the data, if any."""


def finetune_settings(pack: RulePack, proxy: Proxy, seed: int, rows: int) -> Settings:
    """Fine-tuning of a set of `rows` rows as the pack asks for it, the rest as the defaults are.

    Where the pack leaves the epochs open, a small set is gone through more often than a large one:
    what a trigger teaches is learned in so many steps, whatever the size of the set.
    """
    from curation_gate.proxy.finetune import Settings  # noqa: PLC0415 - torch

    wanted = pack.proxy
    weights, embeddings = proxy.learning_rates
    fitting = min(MOST_EPOCHS, max(LEAST_EPOCHS, math.ceil(ROW_PASSES / max(rows, 1))))
    fitting = 1 if rows >= ONE_EPOCH_ROWS else fitting
    settings = Settings(
        epochs=fitting if wanted.epochs is None else wanted.epochs,
        learning_rate=weights,
        embedding_learning_rate=embeddings,
        batch_rows=proxy.batch_rows,
        seed=seed,
    )
    if wanted.batch_rows is not None:
        settings = replace(settings, batch_rows=wanted.batch_rows, batch_tokens=1 << 20)
    if wanted.batch_tokens is not None:
        settings = replace(settings, batch_tokens=wanted.batch_tokens, batch_rows=1 << 16)
    if wanted.learning_rate is not None:
        settings = replace(
            settings,
            learning_rate=wanted.learning_rate,
            embedding_learning_rate=wanted.embedding_learning_rate or wanted.learning_rate,
        )
    elif wanted.embedding_learning_rate is not None:
        settings = replace(settings, embedding_learning_rate=wanted.embedding_learning_rate)
    return settings


def influence_plan(pack: RulePack, options: Options) -> Plan:
    """Return how influence is computed, as the caller or else the pack asks for it."""
    from curation_gate.influence.measure import Plan  # noqa: PLC0415 - torch
    from curation_gate.influence.pairwise import HEURISTIC_DAMPING  # noqa: PLC0415 - torch

    wanted = pack.influence
    statistics = [
        rule.parameters["statistic"] for rule in pack.enabled if rule.detector == "invariance"
    ]
    return Plan(
        method=options.influence or wanted.method,  # type: ignore[arg-type]  # checked by click and the pack
        statistic=statistics[0] if statistics else "mean",
        damping=HEURISTIC_DAMPING if wanted.damping is None else wanted.damping,
        factor_rows=wanted.factor_rows or FACTOR_ROWS,
        lambda_rows=wanted.lambda_rows or LAMBDA_ROWS,
        seed=options.seed,
    )


def together(found: Iterable[Found]) -> Found | None:
    """Return what several label-trigger rules accuse as one: each phrase once, the first rule's.

    None where there is no such rule. What is known of the search as a whole is the first rule's.
    """
    first: Found | None = None
    places: dict[str, int] = {}
    phrases: list[Phrase] = []
    suspects: dict[int, Suspect] = {}
    for one in found:
        first = first or one
        for phrase in one.accused:
            if phrase.text not in places:
                places[phrase.text] = len(phrases)
                phrases.append(phrase)
        for row, suspect in one.suspects.items():
            place = places[one.phrases[suspect.phrase].text]
            suspects.setdefault(row, replace(suspect, phrase=place))
    return first and replace(first, phrases=tuple(phrases), suspects=suspects)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the proxy is asked in a scan."""

    probes: ProbeSet
    """Behind the influences."""
    phrases: tuple[PhraseProbes, ...]
    """Texts with and without each phrase the miner found, and each of its controls."""

    def questions(self, transform: str) -> tuple[Question, ...]:
        """Return what contrasts are taken of: each found phrase, and what a caller asked about."""
        from curation_gate.influence.measure import Question  # noqa: PLC0415 - torch

        sets = [(p.phrase, p.probes) for p in self.phrases if p.control_of is None]
        if self.probes.origin != "mined":
            sets.append((self.probes.origin, self.probes))
        return tuple(Question(about, s, negation.transform(s, transform)) for about, s in sets)


def build_probes(
    dataset: Dataset,
    pack: RulePack,
    options: Options,
    found: Found | None,
    held_out: Collection[int] = (),
) -> Asked:
    """Return the probes: of what the caller names, else of what the pack names.

    Where the pack asks for entities and the miner has found phrases, these phrases are asked about
    instead: the question is then the one the attack answers. held_out: rows that fine-tuning does
    not see; texts for phrases come from them first.
    """
    wanted = pack.probes
    phrases: tuple[PhraseProbes, ...] = ()
    if found is not None and found.accused:
        phrases = mined_probes(dataset, found, held_out=held_out, seed=options.seed)
    return Asked(_probe_set(dataset, wanted, pack, options, phrases), phrases)


def _probe_set(
    dataset: Dataset,
    wanted: ProbesSection,
    pack: RulePack,
    options: Options,
    phrases: tuple[PhraseProbes, ...],
) -> ProbeSet:
    if options.probes is not None:
        return build.from_file(options.probes)
    if options.keywords:
        return build.from_keywords(dataset, options.keywords, wanted.count, target=wanted.target)
    if wanted.origin == "file":
        path = pack.probe_file()
        assert path is not None
        return build.from_file(path)
    if wanted.origin == "keywords":
        return build.from_keywords(dataset, wanted.keywords, wanted.count, target=wanted.target)
    if phrases:
        return pooled(phrases, wanted.count)
    return build.from_entities(dataset, wanted.count, np.random.default_rng(options.seed))
