"""What the command line and the rule pack together ask of each stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detect import phrase
from curation_gate.errors import RulesError
from curation_gate.influence.measure import Plan
from curation_gate.influence.pairwise import HEURISTIC_DAMPING
from curation_gate.mine import found as mine
from curation_gate.probes import build
from curation_gate.proxy.finetune import Settings
from curation_gate.rulebook import RulePack

if TYPE_CHECKING:
    from curation_gate.probes.build import ProbeSet
    from curation_gate.proxy.model import Proxy
    from curation_gate.rows.record import Dataset

FACTOR_ROWS = 2000
LAMBDA_ROWS = 1000
"""Rows behind the EK-FAC factors where the pack does not say (see influence/factors.py)."""


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
    trusted: Path | None = None
    """Rows the caller vouches for: the reference learns from them."""
    lock: bool = True
    """Write curate.lock beside the data; off where the data are no files of the caller's."""


def finetune_settings(pack: RulePack, proxy: Proxy, seed: int) -> Settings:
    """Fine-tuning as the pack asks for it, the rest as the defaults are."""
    wanted = pack.proxy
    weights, embeddings = proxy.learning_rates
    settings = Settings(
        epochs=wanted.epochs,
        learning_rate=weights,
        embedding_learning_rate=embeddings,
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


def find_settings(pack: RulePack, options: Options) -> mine.Settings | None:
    """Return how phrases are mined, or None where no rule of the pack asks for it."""
    for rule in pack.enabled:
        if rule.detector == "phrase":
            return phrase.settings(rule, options.seed)
    return None


def build_probes(
    dataset: Dataset, pack: RulePack, options: Options, found: mine.Found | None
) -> ProbeSet:
    """Return probes from what the caller names, else from what the pack names.

    Where the pack asks for entities and the miner has confirmed phrases, these phrases are asked
    about instead: the question is then the one the attack answers.
    """
    wanted = pack.probes
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
    confirmed = [p.text for p in found.phrases if p.status == "confirmed"] if found else []
    if confirmed:
        try:
            mined = build.from_keywords(dataset, confirmed, wanted.count, target=wanted.target)
        except RulesError:  # a phrase whose words stand apart in every row
            pass
        else:
            return replace(mined, origin="mined")
    return build.from_entities(dataset, wanted.count, np.random.default_rng(options.seed))
