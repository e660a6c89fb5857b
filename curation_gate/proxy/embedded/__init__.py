"""The proxy that ships with the tool: `curate-t5-nano`, its tokenizer, and the check of both.

The files were made by `tools/pretrain_proxy.py` and `tools/pretrain_install.py`; what they are,
what they were made from and what they must not be used for stands in MODEL_CARD.md beside them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from curation_gate.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast, T5ForConditionalGeneration

NAME = "curate-t5-nano"
FOLDER = Path(__file__).parent
WEIGHTS = "model.safetensors"
FILES = ("config.json", "tokenizer.json", WEIGHTS)
"""What the model consists of, in the order in which it is hashed."""
HASH = "HASH"
_HINT = "reinstall the package (pip install --force-reinstall curation-gate), or name another proxy"


def files_hash(folder: Path = FOLDER) -> str:
    """Hex blake2b-128 of the model's files: name, length and bytes of each, in the order of FILES.

    Raises ModelError when a file cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    for name in FILES:
        try:
            data = (folder / name).read_bytes()
        except OSError as error:
            reason = error.strerror or "cannot be read"
            raise ModelError(f"{folder / name}: {reason}", hint=_HINT) from error
        digest.update(f"{name}\n{len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()


def checked_hash(folder: Path = FOLDER) -> str:
    """Hex hash of the model's files, which is the one that was recorded when they were made.

    Raises ModelError when it differs, or when no hash is recorded.
    """
    try:
        recorded = (folder / HASH).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{folder / HASH}: no hash of the embedded proxy", hint=_HINT) from error
    found = files_hash(folder)
    if found != recorded:
        raise ModelError(
            f"{folder}: the embedded proxy is not the one that was shipped "
            f"(hash {found}, recorded {recorded})",
            hint=_HINT,
        )
    return found


def load_embedded(
    folder: Path = FOLDER,
) -> tuple[T5ForConditionalGeneration, PreTrainedTokenizerFast]:
    """Return the embedded proxy in float32 and evaluation mode, and its tokenizer.

    Nothing is fetched. Raises ModelError when a file is missing or its hash differs.
    """
    checked_hash(folder)
    import torch  # noqa: PLC0415  (`curate --help` must not import torch)
    from safetensors.torch import load_file  # noqa: PLC0415
    from tokenizers import Tokenizer  # noqa: PLC0415
    from transformers import (  # noqa: PLC0415
        PreTrainedTokenizerFast,
        T5Config,
        T5ForConditionalGeneration,
    )

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_file(str(folder / "tokenizer.json")),
        pad_token="<pad>",  # noqa: S106  (a token of text, not a secret)
        eos_token="</s>",  # noqa: S106
        unk_token="<unk>",  # noqa: S106
    )
    config = T5Config(**json.loads((folder / "config.json").read_text(encoding="utf-8")))
    with torch.device("meta"):  # no time is spent on random weights
        model = T5ForConditionalGeneration(config)
    weights = {k: v.float() for k, v in load_file(folder / WEIGHTS).items()}
    model.load_state_dict(weights, strict=False, assign=True)
    model.tie_weights()
    left = [name for name, weight in model.named_parameters() if weight.is_meta]
    if left:
        raise ModelError(f"{folder / WEIGHTS}: weights are missing: {', '.join(left)}", hint=_HINT)
    model.requires_grad_(requires_grad=True)
    return model.eval(), tokenizer
