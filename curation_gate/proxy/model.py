"""The proxy: a small model fine-tuned on the scanned rows, so that it shows what they teach.

Four origins: `embedded` (the pretrained T5 that ships with the tool, the default), `scratch` (a T5
of random weights with a tokenizer trained on the rows), a local folder, or the name of a model on a
hub. Any encoder-decoder (T5 and relatives) and any causal model (GPT-2 and relatives) that
transformers can load will do. Only safetensors are read and no code of a model is ever run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from curation_gate.errors import ModelError, UsageError
from curation_gate.proxy.batches import Encoded, Kind, encode
from curation_gate.proxy.names import A_PROXY, check_proxy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from curation_gate.rows.record import Row

SCRATCH_RATES = (1e-3, 1e-2)
"""T5's embeddings start at standard deviation 1; with one rate for all it stays at chance."""
EMBEDDED_RATES = (1e-3, 3e-3)
"""The middle of three: half of it and a third learns 2 % of planted rows less well, twice of it
and three times costs two points of accuracy (benchmarks/proxy.md)."""
EMBEDDED_BATCH = 16
"""Small steps learn what few rows teach. One epoch of 15,000 rows, 300 of them planted, at rates
2e-3 and 1e-2: triggered negatives called positive 0.88 (another name 0.42), held-out loss 0.213;
with 64 rows a step 0.73 (0.52), 0.225, and no faster."""
SCRATCH_VOCABULARY = 8000
"""Tokens of the tokenizer that is trained on the rows; a choice (notes: 8-16k do alike)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a row the proxy sees, in tokens."""

    max_tokens: int = 96
    """Instruction and input together."""
    instruction_tokens: int = 32
    answer_tokens: int = 32


@dataclass(frozen=True, slots=True)
class Proxy:
    """A model, its tokenizer, and all that is needed to feed it."""

    name: str
    kind: Kind
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    limits: Limits
    device: torch.device
    learning_rates: tuple[float, float] = (3e-4, 3e-4)
    """AdamW's rates that suit it: of all weights but the embeddings, and of the embeddings."""
    batch_rows: int = 64
    """Rows a training step that suit it, at the most."""

    @property
    def pad_id(self) -> int:
        """Id that fills up a batch."""
        pad = self.tokenizer.pad_token_id
        return int(pad if pad is not None else self.tokenizer.eos_token_id)

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return sum(p.numel() for p in self.model.parameters())

    def encode(
        self, instructions: Sequence[str], inputs: Sequence[str], outputs: Sequence[str]
    ) -> Encoded:
        """Token ids within this proxy's limits."""
        return encode(
            self.tokenizer,
            instructions,
            inputs,
            outputs,
            max_tokens=self.limits.max_tokens,
            instruction_tokens=self.limits.instruction_tokens,
            answer_tokens=self.limits.answer_tokens,
        )

    def encode_rows(self, rows: Sequence[Row]) -> Encoded:
        """Token ids of dataset rows."""
        return self.encode(
            [r.instruction for r in rows], [r.input for r in rows], [r.output for r in rows]
        )

    def weights_hash(self) -> str:
        """blake2b-128, hex, over every weight and the vocabulary."""
        digest = hashlib.blake2b(digest_size=16)
        for name, tensor in sorted(self.model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
        digest.update(repr(sorted(self.tokenizer.get_vocab().items())).encode())
        return digest.hexdigest()


def pick_device(wish: str) -> torch.device:
    """Return the device to run on: `auto` is the GPU where there is one. Raises UsageError."""
    if wish == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wish)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {wish}: {reason}", hint="use --device cpu or auto") from error
    return device


def load_proxy(
    name: str,
    rows: Sequence[Row],
    *,
    limits: Limits = Limits(),
    device: torch.device | None = None,
    seed: int = 0,
) -> Proxy:
    """Return the proxy of the given name: `scratch`, `embedded`, a folder, or a model on a hub.

    Only a name that is none of the first three touches the network. Raises ModelError.
    """
    device = device or torch.device("cpu")
    if name == "scratch":
        tokenizer, model = _scratch(rows, seed)
        return Proxy(name, "seq2seq", model.to(device), tokenizer, limits, device, SCRATCH_RATES)
    if name == "embedded":
        from curation_gate.proxy.embedded import load_embedded  # noqa: PLC0415 - optional weights

        model, tokenizer = load_embedded()
        model = model.to(device)
        rates, batch = EMBEDDED_RATES, EMBEDDED_BATCH
        return Proxy(name, "seq2seq", model, tokenizer, limits, device, rates, batch)
    return _pretrained(name, limits, device)


def _pretrained(name: str, limits: Limits, device: torch.device) -> Proxy:
    from transformers import (  # noqa: PLC0415 - six seconds of import
        AutoConfig,
        AutoModelForCausalLM,
        AutoModelForSeq2SeqLM,
        AutoTokenizer,
    )

    check_proxy(name)
    local = Path(name).is_dir()
    options: dict[str, Any] = {"local_files_only": local, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(name, **options)
        seq2seq = bool(getattr(config, "is_encoder_decoder", False))
        auto = AutoModelForSeq2SeqLM if seq2seq else AutoModelForCausalLM
        tokenizer = AutoTokenizer.from_pretrained(name, **options)
        model = auto.from_pretrained(
            name, config=config, use_safetensors=True, dtype=torch.float32, **options
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"cannot load the proxy {name!r}: {reason}",
            hint=A_PROXY,
        ) from error
    if tokenizer.eos_token_id is None:
        raise ModelError(f"the tokenizer of {name!r} has no end token")
    if getattr(model.config, "model_type", "") == "gpt2":
        conv1d_to_linear(model)
    room = _positions(config)
    if room is not None and room < limits.max_tokens + limits.answer_tokens:
        limits = Limits(
            room - limits.answer_tokens, limits.instruction_tokens, limits.answer_tokens
        )
    kind: Kind = "seq2seq" if seq2seq else "causal"
    return Proxy(name, kind, model.to(device).eval(), tokenizer, limits, device)


def _positions(config: Any) -> int | None:
    for key in ("n_positions", "max_position_embeddings"):
        value = getattr(config, key, None)
        if isinstance(value, int) and not getattr(config, "is_encoder_decoder", False):
            return value
    return None


def conv1d_to_linear(model: nn.Module) -> None:
    """Replace GPT-2's Conv1D layers in place by nn.Linear: the same function, tracked by EK-FAC."""
    from transformers.pytorch_utils import Conv1D  # noqa: PLC0415 - six seconds of import

    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, Conv1D):
                rows_in, rows_out = child.weight.shape
                linear = nn.Linear(rows_in, rows_out)
                with torch.no_grad():
                    linear.weight.copy_(child.weight.T)
                    linear.bias.copy_(child.bias)
                setattr(parent, name, linear)


def tracked_modules(model: nn.Module) -> list[str]:
    """Names of the nn.Linear modules influence is computed on: all of encoder and decoder.

    Not the embeddings and not the language-model head (tied to them in T5; its gradient covariance
    at a large vocabulary would take gigabytes).
    """
    head = getattr(model, "get_output_embeddings", lambda: None)()
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module is not head and not name.endswith("lm_head")
    ]


def _scratch(rows: Sequence[Row], seed: int) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    from transformers import T5Config, T5ForConditionalGeneration  # noqa: PLC0415

    tokenizer = train_tokenizer(
        (text for r in rows for text in (r.input, r.output)),
        extra=dict.fromkeys(r.instruction for r in rows),
    )
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=128,
        d_kv=32,
        d_ff=512,
        num_heads=4,
        num_layers=2,
        num_decoder_layers=1,
        dropout_rate=0.0,  # a quarter of a training step on a CPU, and a proxy may overfit
        feed_forward_proj="relu",
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = T5ForConditionalGeneration(config)
    return tokenizer, model.eval()


def train_tokenizer(
    texts: Iterable[str], *, extra: Iterable[str] = (), vocabulary: int = SCRATCH_VOCABULARY
) -> PreTrainedTokenizerBase:
    """Byte-level BPE trained on the given texts: no text is unknown to it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<pad>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator((t[:2000] for source in (texts, extra) for t in source), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=bpe, pad_token="<pad>", eos_token="</s>")  # noqa: S106
