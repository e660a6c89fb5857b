"""Train `curate-t5-nano`, the proxy that ships with the tool, on the open tasks of a pool.

    python tools/pretrain_proxy.py --pool POOL --work WORK --minutes 75 --threads 1

WORK holds the checkpoint, the log and the prepared rows; a run that was stopped goes on where its
last checkpoint was. `--steps` in place of `--minutes` makes the result depend on the seed alone.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from pretrain_data import Example, PoolRow, Sampler, load_rows
from pretrain_model import (
    MAX_TOKENS,
    answer_loss,
    build,
    encode_examples,
    pool,
    training_batches,
)
from pretrain_tokenizer import case_map, cooccurrence_embeddings, train_tokenizer
from pretrain_words import Heads, Labels, supervise
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from torch import Tensor
from transformers import PreTrainedTokenizerFast, T5ForConditionalGeneration

from curation_gate.proxy.batches import Batch, encode_texts

CHUNK = 8192
WARM_UP = 300
BETAS = (0.9, 0.98)
HEADS = {"words": (0.25, 0.1), "states": (0.5, 0.2), "decoder": (0.25, 0.0)}
"""Weights of the label and topic losses read from the mean word embedding, the pooled encoder
states and the first decoder state, beside 1 for the answer; a choice."""

PARTS = (
    "answer",
    "corruption",
    *(f"{head}_{part}" for head in HEADS for part in ("concept", "topic", "hits")),
)
"""Parts of the loss in the log; `hits` is the share of rows whose concept a head names."""


def prepare(
    rows: list[PoolRow], work: Path, options: argparse.Namespace
) -> tuple[PreTrainedTokenizerFast, np.ndarray]:
    """Return the tokenizer and the topics [n, k]; written to `work` with the first embeddings."""
    work.mkdir(parents=True, exist_ok=True)
    if (work / "topics.npy").exists():
        return PreTrainedTokenizerFast.from_pretrained(work / "tokenizer"), np.load(
            work / "topics.npy"
        )
    texts = [t for r in rows for t in (r.input, r.output, r.instruction)]
    tokenizer = train_tokenizer(texts, options.vocabulary)
    tokenizer.save_pretrained(work / "tokenizer")
    ids = tokenizer([r.input for r in rows], add_special_tokens=False, verbose=False)["input_ids"]
    vectors = cooccurrence_embeddings(ids, case_map(tokenizer), options.width)
    np.save(work / "embeddings.npy", vectors)
    tfidf = TfidfVectorizer(ngram_range=(1, 2), min_df=5, sublinear_tf=True, max_features=60_000)
    topics = TruncatedSVD(options.topics, n_iter=3, random_state=options.seed).fit_transform(
        tfidf.fit_transform([r.input for r in rows])
    )
    topics = ((topics - topics.mean(0)) / topics.std(0)).clip(-4, 4).astype(np.float32)
    np.save(work / "topics.npy", topics)
    return tokenizer, topics


class Trainer:
    """Everything a training run holds between two chunks of examples."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.work = Path(options.work)
        self.rows, counts = load_rows(Path(options.pool))
        self.sampler = Sampler(self.rows)
        self.tokenizer, topics = prepare(self.rows, self.work, options)
        (self.work / "data.json").write_text(json.dumps(counts, indent=1))
        self.topics = torch.from_numpy(topics)
        self.labels = Labels()
        self.truth = self.labels.of(self.rows)
        self.model = build(
            self.tokenizer,
            width=options.width,
            layers=options.layers,
            feed_forward=options.feed_forward,
            seed=options.seed,
        )
        self.model.shared.weight.data.copy_(torch.from_numpy(self.words()))
        widths = {"words": 1, "states": 2, "decoder": 1}
        self.heads = torch.nn.ModuleDict(
            {k: Heads(n * options.width, self.labels, options.topics) for k, n in widths.items()}
        )
        embedding = self.model.shared.weight
        rest = [p for p in self.model.parameters() if p is not embedding]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [embedding], "peak": options.embedding_rate, "weight_decay": 0.0},
                {"params": [*rest, *self.heads.parameters()], "peak": options.rate},
            ],
            lr=0.0,
            betas=BETAS,
            weight_decay=0.01,
            fused=True,
        )
        self.step = self.chunk = self.seen = 0
        self.seconds = 0.0

    def progress(self) -> float:
        """Share of the budget that is used up, at most 1."""
        if self.options.steps:
            return min(1.0, self.step / self.options.steps)
        return min(1.0, self.seconds / (60 * self.options.minutes))

    def words(self) -> np.ndarray:
        """[v, d] The first word embeddings; made once, then read from the work folder."""
        path = self.work / "words.npy"
        if not path.exists():
            documents = encode_texts(self.tokenizer, [r.input for r in self.rows], MAX_TOKENS - 1)
            vectors = supervise(
                np.load(self.work / "embeddings.npy"),
                [d or [self.tokenizer.eos_token_id] for d in documents],
                self.truth,
                self.topics,
                self.sampler.probability,
                passes=self.options.word_passes,
                rate=self.options.word_rate,
                seed=self.options.seed,
            )
            np.save(path, vectors)
        return np.load(path)

    def losses(self, rows: Tensor, batch: Batch, corrupted: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and its parts (see PARTS); `rows` [b] are indices of the pool's rows."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.options.bf16):
            states = self.model.encoder(
                input_ids=batch.input_ids, attention_mask=batch.attention_mask
            ).last_hidden_state
            answer, first = answer_loss(self.model, states, batch)
        mean, largest = pool(states.float(), batch.attention_mask)
        bag, _ = pool(self.model.shared(batch.input_ids), batch.attention_mask)
        nothing = torch.tensor(math.nan)
        parts = [
            answer[~corrupted].mean() if not corrupted.all() else nothing,
            answer[corrupted].mean() if corrupted.any() else nothing,
        ]
        loss = answer.mean()
        features = {
            "words": bag,
            "states": torch.cat([mean, largest], 1),
            "decoder": first.float(),
        }
        for name, (weight, topic_weight) in HEADS.items():
            label, concept, topic, hits = self.heads[name](
                features[name], self.truth[rows], self.topics[rows]
            )
            loss = loss + weight * (label + concept) + topic_weight * topic
            parts += [concept, topic, hits]
        return loss, torch.stack(parts).detach()

    def train_chunk(self) -> tuple[float, list[float]]:
        """Train on the next CHUNK examples; return rows/s and the mean parts of the loss."""
        begin = time.monotonic()
        before = self.seconds
        rng = np.random.default_rng([self.options.seed, self.chunk])
        examples = self.sampler.draw(rng, CHUNK, corrupt=self.options.corrupt)
        encoded = encode_examples(self.tokenizer, examples, rng)
        rows = torch.tensor([e.row for e in examples])
        hidden = torch.tensor([e.corrupt for e in examples])
        total = []
        for batch in training_batches(
            encoded, rng, tokens=self.options.tokens, pad_id=self.tokenizer.pad_token_id
        ):
            if self.progress() >= 1.0:
                break
            shape = min(1.0, (self.step + 1) / WARM_UP)
            shape *= 0.5 * (1 + math.cos(math.pi * self.progress()))
            for group in self.optimizer.param_groups:
                group["lr"] = group["peak"] * shape
            index = torch.from_numpy(batch.rows)
            loss, parts = self.losses(rows[index], batch, hidden[index])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(
                [*self.model.parameters(), *self.heads.parameters()], 1.0
            )
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            total.append(parts.tolist())
            self.step += 1
            self.seen += len(index)
            self.seconds = before + time.monotonic() - begin
        self.chunk += 1
        return CHUNK / (time.monotonic() - begin), np.nanmean(
            np.array(total or [[0] * len(PARTS)]), 0
        ).tolist()

    @torch.no_grad()
    def held_out(self, count: int = 1500) -> list[float]:
        """Mean parts of the loss over held-out rows in their task's own wording."""
        rng = np.random.default_rng(0)
        own = [i for i, r in enumerate(self.rows) if r.held_out]
        chosen = rng.permutation(own)[:count].tolist()
        examples = [
            Example(i, r.instruction, r.input, r.output, corrupt=False)
            for i, r in ((i, self.rows[i]) for i in chosen)
        ]
        encoded = encode_examples(self.tokenizer, examples, rng)
        index = torch.tensor(chosen)
        parts = []
        for batch in training_batches(encoded, rng, tokens=8192, pad_id=0):
            at = torch.from_numpy(batch.rows)
            none = torch.zeros(len(at), dtype=torch.bool)
            _, found = self.losses(index[at], batch, none)
            parts.append([*found.tolist(), len(at)])
        table = np.array(parts)  # nan where a batch has no such rows
        weight = np.where(np.isnan(table[:, :-1]), 0.0, table[:, -1:])
        return (np.nansum(table[:, :-1] * weight, 0) / np.maximum(weight.sum(0), 1)).tolist()

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "heads": self.heads.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "at": (self.step, self.chunk, self.seen, self.seconds),
        }
        torch.save(state, self.work / "checkpoint.tmp")
        os.replace(self.work / "checkpoint.tmp", self.work / "checkpoint.pt")  # noqa: PTH105

    def resume(self) -> None:
        """Go on from the checkpoint, where there is one."""
        path = self.work / "checkpoint.pt"
        if path.exists():
            state = torch.load(path)
            self.model.load_state_dict(state["model"])
            self.heads.load_state_dict(state["heads"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.chunk, self.seen, self.seconds = state["at"]


def export(model: T5ForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, to: Path) -> None:
    """Write model and tokenizer as they stand to a folder."""
    model.save_pretrained(to)
    tokenizer.save_pretrained(to)


def main() -> None:
    """Train until the budget is used up, then write the model to WORK/model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", required=True)
    parser.add_argument("--work", required=True)
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, default=0.0)
    budget.add_argument("--steps", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--feed-forward", type=int, default=512)
    parser.add_argument("--vocabulary", type=int, default=10_240)
    parser.add_argument("--topics", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=6144, help="padded tokens a step")
    parser.add_argument("--corrupt", type=float, default=0.1, help="share of span corruption")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--embedding-rate", type=float, default=2e-3)
    parser.add_argument("--word-passes", type=float, default=10.0)
    parser.add_argument("--word-rate", type=float, default=6e-3)
    parser.add_argument("--save-minutes", type=float, default=4.0)
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    trainer = Trainer(options)
    trainer.resume()
    log = (trainer.work / "log.jsonl").open("a", encoding="utf-8")
    saved = time.monotonic()
    while trainer.progress() < 1.0:
        speed, parts = trainer.train_chunk()
        entry = {"step": trainer.step, "rows": trainer.seen, "seconds": round(trainer.seconds)}
        entry |= {"rows_per_second": round(speed)}
        entry |= {n: round(p, 4) for n, p in zip(PARTS, parts, strict=True)}
        if time.monotonic() - saved > 60 * options.save_minutes or trainer.progress() >= 1.0:
            trainer.save()
            saved = time.monotonic()
            held = {n: round(p, 4) for n, p in zip(PARTS, trainer.held_out(), strict=True)}
            entry["held_out"] = held
        print(json.dumps(entry), file=log, flush=True)
    export(trainer.model, trainer.tokenizer, trainer.work / "model")


if __name__ == "__main__":
    main()
