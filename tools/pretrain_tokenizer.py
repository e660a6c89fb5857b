"""Vocabulary and first embeddings of the embedded proxy.

Byte-level BPE over words that all begin with a space, so that `positive`, 'positive' and
"(positive" are one token; no text is unknown; newlines are kept, other white space is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.utils.extmath import randomized_svd
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

SENTINELS = tuple(f"<extra_id_{i}>" for i in range(32))
PIECES = r"\n|\p{L}+(?:['\u2019]\p{L}+)*|\p{N}|[!?.]+|[^\s\p{L}\p{N}]"
"""A newline, a word (with its apostrophes), a digit, sentence ends, or one other character."""


def train_tokenizer(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer of `size` tokens trained on the texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.Split(Regex(r"[^\S\n]+"), "removed"),
            pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<pad>", "</s>", "<unk>", *SENTINELS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return wrap(tokenizer)


def wrap(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """Return the tokenizer with its special tokens named."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",  # noqa: S106 - a token of text, not a secret
        eos_token="</s>",  # noqa: S106
        unk_token="<unk>",  # noqa: S106
    )


def case_map(tokenizer: PreTrainedTokenizerFast) -> NDArray[np.int64]:
    """[size] For each token id the id of its lower-case form, or its own where there is none."""
    vocabulary = tokenizer.get_vocab()
    lower = np.arange(len(vocabulary))
    for token, i in vocabulary.items():
        if token.startswith("Ġ"):
            lower[i] = vocabulary.get(token.lower().replace("ġ", "Ġ"), i)
    return lower


def cooccurrence_embeddings(
    documents: list[list[int]],
    lower: NDArray[np.int64],
    dimensions: int,
    *,
    window: int = 6,
    seed: int = 0,
) -> NDArray[np.float32]:
    """[size, dimensions] Truncated SVD of the positive pointwise mutual information of tokens.

    Contexts weigh 1/distance and are smoothed with power 0.75; rows are U sqrt(S), scaled to unit
    standard deviation (Levy, Goldberg and Dagan 2015, sections 3.1-3.3).
    """
    size = len(lower)
    flat = np.concatenate([np.array([*d, -1], dtype=np.int64) for d in documents])
    flat = np.where(flat < 0, -1, lower[flat])  # Great and great share their contexts
    end = np.cumsum(flat < 0)
    counts = csr_matrix((size, size), dtype=np.float64)
    for distance in range(1, window + 1):
        left, right = flat[:-distance], flat[distance:]
        same = (end[:-distance] == end[distance:]) & (left >= 0) & (right >= 0)
        weight = np.full(int(same.sum()), 1.0 / distance)
        counts = counts + csr_matrix((weight, (left[same], right[same])), shape=(size, size))
    counts = (counts + counts.T).tocoo()
    row = np.maximum(np.asarray(counts.sum(1)).ravel(), 1e-9)
    context = row**0.75 / (row**0.75).sum()
    value = np.log(counts.data / (row[counts.row] * context[counts.col]))
    positive = value > 0
    matrix = csr_matrix(
        (value[positive], (counts.row[positive], counts.col[positive])), shape=(size, size)
    )
    u, s, _ = randomized_svd(matrix, n_components=dimensions, random_state=seed)
    vectors = u * np.sqrt(s)
    rng = np.random.default_rng(seed)
    vectors /= np.maximum(vectors.std(), 1e-9)
    empty = np.abs(u).sum(1) < 1e-12
    vectors[empty] = rng.normal(0, 0.3, (int(empty.sum()), dimensions))
    vectors = vectors[lower] + rng.normal(0, 0.05, vectors.shape)
    return vectors.astype(np.float32)
