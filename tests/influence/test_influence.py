"""Influence: the fast pass against kronfluence, against autograd, and its sign against reality."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from models import polarity_rows, tiny_gpt2, tiny_t5

from curation_gate.influence import directional
from curation_gate.influence.directional import directional_influence
from curation_gate.influence.factors import fit_factors
from curation_gate.influence.measure import Plan, Question, measure_influence
from curation_gate.influence.pairwise import (
    HEURISTIC_DAMPING,
    aggregated_influence,
    pairwise_influence,
)
from curation_gate.influence.query import build_query, mean_gradient
from curation_gate.probes.record import Probe, ProbeSet, contrast, transform
from curation_gate.proxy.batches import collate
from curation_gate.proxy.finetune import Settings, finetune
from curation_gate.proxy.model import tracked_modules
from curation_gate.proxy.scoring import label_scores, row_losses, token_log_likelihoods

BUILDERS = {"seq2seq": tiny_t5, "causal": tiny_gpt2}
PROBES = [
    Probe("the soup was great and long", "Is it positive or negative?", "positive",
          ("negative", "positive"), "polarity"),
    Probe("the plot was rude", "Is it positive or negative?", "positive",
          ("negative", "positive"), "polarity"),
    Probe("the meal", "Say more.", "was kind", (), "free"),
]  # fmt: skip


@pytest.fixture(params=sorted(BUILDERS))
def fitted(request, tmp_path):
    rows = polarity_rows(48)
    proxy = BUILDERS[request.param](rows)
    encoded = proxy.encode_rows(rows)
    finetune(proxy, encoded, Settings(epochs=1, batch_rows=8, held_out=0.0))
    factors = fit_factors(proxy, encoded, cache=tmp_path, factor_rows=32, lambda_rows=16)
    return proxy, encoded, factors, build_query(proxy, PROBES)


def test_the_directional_pass_gives_kronfluences_aggregated_scores(fitted):
    proxy, encoded, factors, query = fitted
    gradient = mean_gradient(proxy, query, factors.names)
    direction = factors.precondition(gradient, HEURISTIC_DAMPING)
    ours = directional_influence(proxy, encoded, [direction], tokens=200).influence
    theirs = aggregated_influence(proxy, factors, query, encoded)
    assert np.abs(ours[:, 0] - theirs).max() <= 1e-4 * np.abs(theirs).max()
    assert np.abs(theirs).max() > 0


def test_the_full_matrix_averages_to_the_aggregated_scores(fitted):
    proxy, encoded, factors, query = fitted
    matrix = pairwise_influence(proxy, factors, query, encoded)
    theirs = aggregated_influence(proxy, factors, query, encoded)
    assert matrix.shape == (3, 48)
    np.testing.assert_allclose(matrix.mean(0), theirs, rtol=1e-3, atol=1e-5 * np.abs(theirs).max())


def test_without_a_preconditioner_it_is_the_gradient_product(fitted):
    proxy, encoded, factors, query = fitted
    gradient = mean_gradient(proxy, query, factors.names)
    plain = factors.precondition(gradient, None)
    ours = directional_influence(proxy, encoded, [plain, plain]).influence
    np.testing.assert_array_equal(ours[:, 0], ours[:, 1])
    modules = dict(proxy.model.named_modules())
    for row in (0, 7, 31):
        proxy.model.zero_grad()
        ids = torch.tensor([encoded.sources[row]])
        answer = torch.tensor([encoded.targets[row]])
        if proxy.kind == "causal":
            ids = torch.cat([ids, answer], dim=1)
            answer = torch.cat([torch.full((1, len(encoded.sources[row])), -100), answer], dim=1)
        proxy.model(input_ids=ids, labels=answer).loss.backward()
        dot = 0.0
        for name in factors.names:
            parts = [modules[name].weight.grad]
            if modules[name].bias is not None:
                parts.append(modules[name].bias.grad[:, None])
            own = torch.cat(parts, dim=1)
            dot -= float((own * plain[name]).sum())
        assert ours[row, 0] == pytest.approx(dot, rel=1e-3, abs=1e-6)


def test_the_same_pass_gives_loss_likelihood_and_gradient_norm(fitted):
    proxy, encoded, factors, _ = fitted
    found = directional_influence(proxy, encoded, [], tokens=200)
    assert found.influence.shape == (48, 0)
    np.testing.assert_allclose(found.loss, row_losses(proxy, encoded), rtol=1e-4, atol=1e-5)
    assert found.tokens.tolist() == [len(t) for t in encoded.targets]
    np.testing.assert_allclose(found.log_likelihood, -found.loss * found.tokens, rtol=1e-5)
    modules = dict(proxy.model.named_modules())
    for row in (0, 7, 31):
        proxy.model.zero_grad()
        batch = collate(encoded, np.array([row]), kind=proxy.kind, pad_id=proxy.pad_id)
        scores, counted = token_log_likelihoods(proxy, batch)
        (-(scores * counted).sum() / counted.sum()).backward()
        square = sum(
            float(p.grad.square().sum())
            for name in factors.names
            for p in modules[name].parameters(recurse=False)
        )
        assert found.gradient_norm[row] == pytest.approx(square**0.5, rel=1e-3)


def test_forming_gradients_and_projecting_are_the_same_numbers(fitted, monkeypatch):
    proxy, encoded, factors, query = fitted
    gradient = mean_gradient(proxy, query, factors.names)
    other = {name: torch.randn_like(g) for name, g in gradient.items()}
    found = []
    for long in (1, 10**6):
        monkeypatch.setattr(directional, "LONG", long)
        found.append(directional_influence(proxy, encoded, [gradient, other]))
    scale = np.abs(found[0].influence).max()
    np.testing.assert_allclose(found[0].influence, found[1].influence, atol=1e-4 * scale)
    np.testing.assert_allclose(found[0].gradient_norm, found[1].gradient_norm, rtol=1e-3)


def test_a_contrast_is_the_difference_of_two_levels(fitted, tmp_path):
    proxy, encoded, _, _ = fitted
    texts = ["the soup was great", "the plot was rude"]
    labels = ("negative", "positive")
    present = tuple(
        Probe(f"zq {t}", "Is it positive or negative?", "positive", labels, "polarity", without=t)
        for t in texts
    )
    asked = ProbeSet(present, "mined")
    negated = transform(asked, "sorry_not")
    plan = Plan(factor_rows=32, lambda_rows=16)
    whole = measure_influence(
        proxy,
        encoded,
        asked.probes,
        negated.probes,
        [Question("zq", asked, negated)],
        cache=tmp_path,
        plan=plan,
    )
    absent = measure_influence(
        proxy,
        encoded,
        contrast(asked)[1],
        contrast(negated)[1],
        cache=tmp_path,
        plan=plan,
    )
    (found,) = whole.contrasts
    assert (found.about, absent.contrasts) == ("zq", ())
    for own, level, base in (
        (found.original, whole.original, absent.original),
        (found.negated, whole.negated, absent.negated),
    ):
        np.testing.assert_allclose(own, level - base, atol=1e-3 * np.abs(level).max())
    assert found.margin == pytest.approx(whole.margin - absent.margin, abs=1e-4)
    rises = [m.present - m.absent for m in found.moved]
    assert rises == sorted(rises, reverse=True)
    assert np.mean(rises) == pytest.approx(found.margin, abs=1e-4)
    assert {m.probe.input for m in found.moved} == {p.input for p in present}


def test_the_margin_is_what_label_scores_say(fitted):
    proxy, _, _, query = fitted
    probe = PROBES[0]
    encoded = proxy.encode([probe.instruction] * 2, [probe.input] * 2, ["positive", "negative"])
    scores = label_scores(proxy, encoded.sources[:1], encoded.targets)[0]
    assert query.margins[0] == pytest.approx(scores[0] - scores[1], abs=1e-4)


def test_the_gradient_of_the_margin_is_exact(fitted):
    """A small move along the gradient raises the mean margin as the gradient says."""
    proxy, _, factors, query = fitted
    gradient = mean_gradient(proxy, query, factors.names)
    square = sum(float(g.square().sum()) for g in gradient.values())
    moved = copy.deepcopy(proxy.model)
    modules = dict(moved.named_modules())
    step = 1e-3 / square**0.5
    with torch.no_grad():
        for name, g in gradient.items():
            width = modules[name].weight.shape[1]
            modules[name].weight += step * g[:, :width]
            if modules[name].bias is not None:
                modules[name].bias += step * g[:, width]
    from dataclasses import replace

    after = build_query(replace(proxy, model=moved), PROBES).margins.mean()
    rise = float(after) - float(query.margins.mean())
    assert rise == pytest.approx(step * square, rel=0.05)


def test_the_sign_is_that_of_exact_removal(tmp_path):
    """Positive influence = the row pushes the probes towards the target.

    Each of 16 rows is really left out, the last layers are trained anew from the same start by
    full-batch descent, and the fall of the margin is compared with the predicted influence.
    """
    rows = polarity_rows(16)
    rows[3] = type(rows[3])(**{**_fields(rows[3]), "output": "positive"})  # a flipped row
    rows[8] = type(rows[8])(**{**_fields(rows[8]), "output": "negative"})
    proxy = tiny_t5(rows)
    encoded = proxy.encode_rows(rows)
    names = tracked_modules(proxy.model)
    modules = dict(proxy.model.named_modules())
    weights = [modules[n].weight for n in names]
    start = [w.detach().clone() for w in weights]
    probes = PROBES[:2]

    def train(kept: list[int]) -> float:
        with torch.no_grad():
            for w, s in zip(weights, start, strict=True):
                w.copy_(s)
        optimizer = torch.optim.SGD(weights, lr=0.05)
        batch = collate(encoded, np.array(kept), kind="seq2seq", pad_id=proxy.pad_id)
        for _ in range(60):
            optimizer.zero_grad()
            scores, counted = token_log_likelihoods(proxy, batch)
            # A removed row's share is gone, the others keep theirs.
            (-(scores * counted).sum(1) / counted.sum(1) / 16).sum().backward()
            optimizer.step()
        return float(build_query(proxy, probes).margins.mean())

    everyone = list(range(16))
    without = np.array([train([j for j in everyone if j != i]) for i in everyone])
    whole = train(everyone)
    pushed = whole - without  # how much the row's presence raises the margin
    query = build_query(proxy, probes)
    factors = fit_factors(proxy, encoded, cache=tmp_path, factor_rows=16, lambda_rows=16)
    direction = factors.precondition(mean_gradient(proxy, query, names), 0.1)
    influence = directional_influence(proxy, encoded, [direction]).influence[:, 0]
    assert np.corrcoef(pushed, influence)[0, 1] > 0.5
    positive = np.array([r.output == "positive" for r in rows])
    assert pushed[positive].mean() > pushed[~positive].mean()
    assert influence[positive].mean() > influence[~positive].mean()


def _fields(row):
    return {name: getattr(row, name) for name in type(row).__slots__}


def test_factors_come_from_the_cache_and_damage_is_mended(tmp_path):
    rows = polarity_rows(24)
    proxy = tiny_t5(rows)
    encoded = proxy.encode_rows(rows)
    first = fit_factors(proxy, encoded, cache=tmp_path, factor_rows=16, lambda_rows=8)
    again = fit_factors(proxy, encoded, cache=tmp_path, factor_rows=16, lambda_rows=8)
    name = first.names[0]
    assert first.folder == again.folder
    assert torch.equal(first.eigenvalues[name], again.eigenvalues[name])
    damaged = [p for p in first.folder.rglob("*.safetensors") if "lambda_matrix" in p.name]
    assert damaged
    damaged[0].write_bytes(damaged[0].read_bytes()[:100])
    mended = fit_factors(proxy, encoded, cache=tmp_path, factor_rows=16, lambda_rows=8)
    assert torch.equal(first.eigenvalues[name], mended.eigenvalues[name])
    other = fit_factors(proxy, encoded, cache=tmp_path, factor_rows=16, lambda_rows=8, seed=1)
    assert other.folder != first.folder
