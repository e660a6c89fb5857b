"""Fine-tuning learns, is deterministic, stops early, and resumes where it was interrupted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from models import polarity_rows, tiny_gpt2, tiny_t5

from curation_gate.errors import InconclusiveError
from curation_gate.progress import Silent
from curation_gate.proxy.cache import finetune_cached
from curation_gate.proxy.finetune import Settings, finetune
from curation_gate.proxy.scoring import label_scores, row_losses

SETTINGS = Settings(epochs=3, batch_rows=8, held_out=0.2)


class InterruptedTrainingError(Exception):
    pass


class StopsAfter(Silent):
    """A progress that raises once `rows` rows were trained on."""

    def __init__(self, rows):
        self.left = rows

    def stage(self, title, total=None, *, unit="rows"):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def advance(self, rows=1):
        self.left -= rows
        if self.left < 0:
            raise InterruptedTrainingError

    def note(self, text):
        pass


@pytest.mark.parametrize("build", [tiny_t5, tiny_gpt2])
def test_training_lowers_the_loss_and_learns_the_labels(build):
    rows = polarity_rows(96)
    proxy = build(rows)
    encoded = proxy.encode_rows(rows)
    before = row_losses(proxy, encoded)
    outcome = finetune(proxy, encoded, Settings(epochs=25, batch_rows=8, held_out=0.1, patience=25))
    after = row_losses(proxy, encoded)
    assert after.mean() < before.mean() / 2
    assert outcome.held_out_losses[outcome.best_epoch] == min(outcome.held_out_losses)
    answers = proxy.encode([""] * 2, [""] * 2, ["negative", "positive"]).targets
    scores = label_scores(proxy, encoded.sources, answers)
    predicted = scores[:, 1] > scores[:, 0]
    truth = np.array([r.output == "positive" for r in rows])
    assert (predicted == truth).mean() > 0.9


def test_the_same_seed_gives_the_same_weights():
    rows = polarity_rows(32)
    hashes = []
    for seed in (0, 0, 1):
        proxy = tiny_t5(rows)
        finetune(proxy, proxy.encode_rows(rows), Settings(epochs=1, batch_rows=8, seed=seed))
        hashes.append(proxy.weights_hash())
    assert hashes[0] == hashes[1] != hashes[2]


def test_an_interrupted_run_resumes_to_the_same_weights(tmp_path):
    rows = polarity_rows(40)
    whole = tiny_t5(rows)
    encoded = whole.encode_rows(rows)
    finetune(whole, encoded, SETTINGS)
    checkpoint = tmp_path / "run.checkpoint"
    first = tiny_t5(rows)
    with pytest.raises(InterruptedTrainingError):
        finetune(first, encoded, SETTINGS, checkpoint=checkpoint, progress=StopsAfter(40))
    assert checkpoint.exists()
    second = tiny_t5(rows)
    finetune(second, encoded, SETTINGS, checkpoint=checkpoint)
    assert second.weights_hash() == whole.weights_hash()
    assert not checkpoint.exists()


def test_a_damaged_checkpoint_is_ignored(tmp_path):
    rows = polarity_rows(24)
    whole, other = tiny_t5(rows), tiny_t5(rows)
    encoded = whole.encode_rows(rows)
    finetune(whole, encoded, SETTINGS)
    checkpoint = tmp_path / "run.checkpoint"
    checkpoint.write_bytes(b"not a checkpoint")
    finetune(other, encoded, SETTINGS, checkpoint=checkpoint)
    assert other.weights_hash() == whole.weights_hash()


def test_the_cache_gives_back_the_same_weights_and_only_for_the_same_rows(tmp_path):
    rows = polarity_rows(48)
    trained, loaded, changed = tiny_t5(rows), tiny_t5(rows), tiny_t5(rows)
    encoded = trained.encode_rows(rows)
    first = finetune_cached(trained, encoded, SETTINGS, cache=tmp_path)
    second = finetune_cached(loaded, encoded, SETTINGS, cache=tmp_path)
    assert first == second
    assert loaded.weights_hash() == trained.weights_hash()
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    finetune_cached(changed, changed.encode_rows(rows[1:]), SETTINGS, cache=tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    for file in tmp_path.glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:50])
    again = tiny_t5(rows)
    finetune_cached(again, encoded, SETTINGS, cache=tmp_path)
    assert again.weights_hash() == trained.weights_hash()


def test_a_loss_that_is_not_a_number_is_inconclusive():
    rows = polarity_rows(16)
    proxy = tiny_t5(rows)
    with torch.no_grad():
        proxy.model.get_input_embeddings().weight.fill_(float("nan"))
    with pytest.raises(InconclusiveError, match="not a number"):
        finetune(proxy, proxy.encode_rows(rows), SETTINGS)


def test_early_stop_keeps_the_best_epoch():
    """A rate far too high makes the held-out loss rise: the first weights must come back."""
    rows = polarity_rows(64)
    proxy = tiny_t5(rows)
    settings = Settings(
        epochs=8, batch_rows=8, held_out=0.2, learning_rate=3.0, embedding_learning_rate=3.0
    )
    outcome = finetune(proxy, proxy.encode_rows(rows), settings)
    assert outcome.epochs < 8
    assert outcome.held_out_losses[outcome.best_epoch] == min(outcome.held_out_losses)
