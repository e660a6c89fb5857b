"""Accuracy of a frozen proxy's features on tasks it has never seen.

    python tools/pretrain_evaluate.py --pool POOL --model FOLDER

For each task of split `train`, a logistic regression in five folds on: the input's word embeddings
(mean weighted by rarity, maximum, minimum), the encoder states of the prompt (mean, maximum), the
first decoder state, words and states together, all together. Beside them: the best label score
alone (nothing is fitted), and the most frequent label. The task's rows are read here and nowhere
in the pretraining.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from pretrain_data import read_task
from pretrain_model import answer_loss, pool
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from transformers import T5ForConditionalGeneration

from curation_gate.proxy.batches import Encoded, collate, encode, encode_texts, length_batches
from curation_gate.proxy.embedded import load_embedded

RARITY = 1e-3
"""Weight of a token: RARITY / (RARITY + its frequency); Arora, Liang and Ma 2017, equation 1."""


def word_features(vectors: np.ndarray, texts: list[list[int]]) -> np.ndarray:
    """[3, n, d] Rarity-weighted mean, maximum, minimum of the word embeddings [v, d] of texts."""
    texts = [ids or [0] for ids in texts]
    frequency = np.bincount(np.concatenate(texts), minlength=len(vectors)).astype(np.float64)
    weight = RARITY / (RARITY + frequency / frequency.sum())
    rows = []
    for ids in texts:
        words, w = vectors[ids], weight[ids][:, None]
        rows.append([(words * w).sum(0) / w.sum(), words.max(0), words.min(0)])
    return np.array(rows, dtype=np.float32).transpose(1, 0, 2)


@torch.inference_mode()
def model_features(
    model: T5ForConditionalGeneration, encoded: Encoded, choices: list[list[int]]
) -> dict[str, np.ndarray]:
    """Features of the rows, [n, d] each: states (2d), decoder, scores (log-likelihoods)."""
    n, width = len(encoded.sources), model.config.d_model
    sizes = {"states": 2 * width, "decoder": width, "scores": len(choices)}
    table = {k: np.zeros((n, size), np.float32) for k, size in sizes.items()}
    for group in length_batches(encoded.lengths(), tokens=8192):
        batch = collate(encoded, group, kind="seq2seq", pad_id=0)
        hidden = model.encoder(
            input_ids=batch.input_ids, attention_mask=batch.attention_mask
        ).last_hidden_state
        table["states"][group] = torch.cat(pool(hidden, batch.attention_mask), 1).numpy()
        for k, choice in enumerate(choices):
            asked = replace(batch, labels=torch.tensor([choice] * len(group)))
            loss, first = answer_loss(model, hidden, asked)
            table["scores"][group, k] = -loss.numpy() * len(choice)
            table["decoder"][group] = first.numpy()
    table["scores"] -= table["scores"].mean(1, keepdims=True)
    return table


def scaled(x: np.ndarray) -> np.ndarray:
    """Centred features whose mean variance is 1: strong directions stay stronger than weak ones."""
    x = x - x.mean(0)
    return x / np.sqrt(x.var(0).mean())


def accuracy(parts: list[np.ndarray], y: np.ndarray, strength: float) -> float:
    """Five-fold accuracy of a logistic regression on the scaled parts."""
    x = np.concatenate([scaled(part) for part in parts], 1)
    head = LogisticRegression(C=strength, max_iter=200, tol=1e-3)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return float((cross_val_predict(head, x, y, cv=folds) == y).mean())


def main() -> None:
    """Print a table: one line a task, columns of accuracies, and their means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", required=True, type=Path)
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--strength", type=float, default=0.003, help="C of the regression")
    parser.add_argument("--max-tokens", type=int, default=256, help="of a prompt")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, tokenizer = load_embedded(options.model)
    tasks = json.loads((options.pool / "tasks.json").read_text(encoding="utf-8"))
    groups = {
        "words": ["words"],
        "states": ["states"],
        "decoder": ["decoder"],
        "w+states": ["words", "states"],
        "all": ["words", "states", "decoder", "scores"],
    }
    columns = (*groups, "zero-shot", "majority")
    print(f"{'task':26}" + "".join(f"{c:>13}" for c in columns))
    table = []
    count, begin = 0, time.monotonic()
    for name, task in tasks.items():
        if task["split"] != "train":
            continue
        rows = read_task(options.pool, name)
        chosen = np.random.default_rng(0).permutation(len(rows))[: options.rows]
        texts = [rows[i]["Instance"]["input"] for i in chosen]
        outputs = [rows[i]["Instance"]["output"][0] for i in chosen]
        instructions = [task["Definition"][0]] * len(texts)
        encoded = encode(tokenizer, instructions, texts, outputs, max_tokens=options.max_tokens)
        labels = task["label_space"]
        end = [tokenizer.eos_token_id]
        choices = [x + end for x in tokenizer(labels, add_special_tokens=False)["input_ids"]]
        found = model_features(model, encoded, choices)
        bodies = encode_texts(tokenizer, texts, options.max_tokens)
        words = word_features(model.shared.weight.detach().numpy(), bodies)
        y = np.array([labels.index(o) for o in outputs])
        parts = {k: [v] for k, v in found.items()} | {"words": list(words)}
        line = [
            accuracy([p for k in names for p in parts[k]], y, options.strength)
            for names in groups.values()
        ]
        line.append(float((found["scores"].argmax(1) == y).mean()))
        line.append(float(np.bincount(y).max() / len(y)))
        table.append(line)
        count += len(y)
        print(f"{name:26}" + "".join(f"{v:13.3f}" for v in line), flush=True)
    print(f"{'mean':26}" + "".join(f"{v:13.3f}" for v in np.mean(table, 0)))
    print(f"{count / (time.monotonic() - begin):.0f} rows/s, head fits included")


if __name__ == "__main__":
    main()
