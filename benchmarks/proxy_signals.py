"""What a fine-tuned proxy says of a set: the baselines and the stages that need one.

The published rule (influence under negation) with its two arms, mean influence, high loss, and what
the later stages would add to the miner: divergence, influence contrast, contrast under negation.
Probes of arm K and of the contrasts are built from the planted trigger, so these lines know more
than a scan does; arm N knows nothing.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from baselines import Judgement, high_loss
from numpy.typing import NDArray

from curation_gate.detectors.invariance import invariance_scores
from curation_gate.detectors.signals import majority_signs, robust_z
from curation_gate.influence.directional import directional_influence
from curation_gate.influence.factors import fit_factors
from curation_gate.influence.query import build_query, mean_gradient
from curation_gate.probes.build import from_entities, from_keywords
from curation_gate.probes.record import ProbeSet, transform
from curation_gate.proxy.cache import finetune_cached
from curation_gate.proxy.model import Limits, load_proxy
from curation_gate.rulebook import RulePack
from curation_gate.settings import Options, finetune_settings, influence_plan

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset

THRESHOLD = 3.0
"""Robust z from which a row is flagged (rules/paper.yaml); fixed before any truth is seen."""
SURE = 0.02
"""Residuals and probabilities are kept this far from 0 and 1."""


def judge(
    dataset: Dataset, pack: RulePack, trigger: str, p_ref: NDArray[np.float64], seed: int
) -> Mapping[str, Judgement]:
    """Return flags and scores of each line, by its name in the table."""
    asked = _questions(dataset, pack, trigger, seed)
    influence, loss, likelihood = _measure(dataset, pack, asked, seed)
    strata = dataset.strata()
    lines: dict[str, Judgement] = {"high loss, top 2 %": high_loss(loss)}
    for arm, (a, b) in (("K", ("K", "TK")), ("N", ("N", "TN"))):
        scores = invariance_scores(influence[a], influence[b], strata, "R1")
        lines[f"the paper's R1, arm {arm}"] = scores > THRESHOLD, scores
    plain = robust_z(influence["K"], strata) * -majority_signs(influence["K"], strata)
    lines["mean influence, no negation, arm K"] = plain > THRESHOLD, plain
    learned = np.exp(likelihood.astype(np.float64))
    divergence = robust_z((_odds(learned) - _odds(p_ref)).astype(np.float32), strata)
    lines["stage: divergence"] = divergence > THRESHOLD, divergence
    own = np.maximum(1 - learned, SURE)
    contrast = robust_z(((influence["K"] - influence["Q0"]) / own).astype(np.float32), strata)
    lines["stage: influence contrast"] = contrast > THRESHOLD, contrast
    negated = robust_z(((influence["TK"] - influence["TQ0"]) / own).astype(np.float32), strata)
    both = np.minimum(contrast, negated)
    lines["stage: contrast under negation"] = both > THRESHOLD, both
    return lines


def _odds(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n] Log-odds; 0 where p is unknown."""
    sure = np.clip(np.where(np.isnan(p), 0.5, p), SURE, 1 - SURE)
    return np.asarray(np.log(sure / (1 - sure)))


def _questions(dataset: Dataset, pack: RulePack, trigger: str, seed: int) -> Mapping[str, ProbeSet]:
    """Return probes with the trigger, without it and of unknown triggers, each negated too."""
    known = from_keywords(dataset, [trigger], pack.probes.count)
    bare = re.compile(re.escape(trigger), re.IGNORECASE)
    without = tuple(replace(p, input=bare.sub("", p.input)) for p in known.probes)
    asked = {
        "K": known,
        "Q0": ProbeSet(without, known.origin),
        "N": from_entities(dataset, pack.probes.count, np.random.default_rng(seed)),
    }
    return asked | {f"T{k}": transform(q, pack.probes.transform) for k, q in asked.items()}


def _measure(
    dataset: Dataset, pack: RulePack, asked: Mapping[str, ProbeSet], seed: int
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32], NDArray[np.float32]]:
    """Return [n] influence on each probe set, [n] loss, nats a token, [n] answer likelihood."""
    proxy = load_proxy(
        pack.proxy.name, dataset.rows, limits=Limits(max_tokens=pack.proxy.max_tokens), seed=seed
    )
    encoded = proxy.encode_rows(dataset.rows)
    plan = influence_plan(pack, Options(seed=seed))
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        finetune_cached(
            proxy, encoded, finetune_settings(pack, proxy, seed, len(dataset)), cache=cache
        )
        factors = fit_factors(
            proxy,
            encoded,
            cache=cache,
            factor_rows=plan.factor_rows,
            lambda_rows=plan.lambda_rows,
            seed=plan.seed,
        )
    directions = [
        factors.precondition(
            mean_gradient(proxy, build_query(proxy, questions.probes), factors.names), plan.damping
        )
        for questions in asked.values()
    ]
    passed = directional_influence(proxy, encoded, directions)
    by_name = {name: passed.influence[:, k] for k, name in enumerate(asked)}
    return by_name, passed.loss, passed.log_likelihood
