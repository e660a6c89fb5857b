"""Write a pretrained proxy into the package: half-precision weights, tokenizer, hash.

    python tools/pretrain_install.py --work WORK [--to FOLDER]

Takes WORK/checkpoint.pt and WORK/tokenizer of tools/pretrain_proxy.py.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import torch
from pretrain_model import build
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerFast

from curation_gate.proxy.embedded import FILES, FOLDER, HASH, WEIGHTS, files_hash

KEPT = (
    "vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_decoder_layers", "num_heads",
    "relative_attention_num_buckets", "relative_attention_max_distance", "dropout_rate",
    "layer_norm_epsilon", "feed_forward_proj", "tie_word_embeddings", "pad_token_id",
    "eos_token_id", "decoder_start_token_id",
)  # fmt: skip
"""Keys of the configuration that are written; the rest are defaults of the library."""


def main() -> None:
    """Write the files and print their sizes and their hash."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--to", type=Path, default=FOLDER)
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(options.work / "tokenizer")
    state = torch.load(options.work / "checkpoint.pt")["model"]
    layers = 1 + max(int(k.split(".")[2]) for k in state if k.startswith("encoder.block."))
    wide = state["encoder.block.0.layer.1.DenseReluDense.wi.weight"]
    model = build(tokenizer, width=wide.shape[1], layers=layers, feed_forward=wide.shape[0], seed=0)
    model.load_state_dict(state)
    weights = {name: p.detach().half().contiguous() for name, p in model.named_parameters()}
    worst = max(float((p - weights[n].float()).abs().max()) for n, p in model.named_parameters())
    save_file(weights, options.to / WEIGHTS, metadata={"format": "pt"})
    (options.to / WEIGHTS).chmod(0o644)
    config = model.config.to_dict()
    text = json.dumps({k: config[k] for k in KEPT}, indent=1, sort_keys=True)
    (options.to / "config.json").write_text(text + "\n", encoding="utf-8")
    tokenizer.backend_tokenizer.save(str(options.to / "tokenizer.json"), pretty=False)
    (options.to / HASH).write_text(files_hash(options.to) + "\n", encoding="ascii")
    card = options.to / "MODEL_CARD.md"
    if card.exists():
        named = re.sub(
            r"(?<=Hash: `)[0-9a-f]*", files_hash(options.to), card.read_text(encoding="utf-8")
        )
        card.write_text(named, encoding="utf-8")
    for name in FILES:
        print(f"{(options.to / name).stat().st_size:>10} {name}")
    print(
        f"{sum(p.numel() for p in model.parameters()):,} parameters, rounding at most {worst:.2g}"
    )
    print(files_hash(options.to))


if __name__ == "__main__":
    main()
