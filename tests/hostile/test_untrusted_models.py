"""A model folder, a cache and a scan folder somebody else made: nothing in them is executed."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from models import polarity_rows, tiny_t5

from curation_gate.errors import ModelError
from curation_gate.proxy.batches import Encoded
from curation_gate.proxy.cache import finetune_cached
from curation_gate.proxy.finetune import Settings
from curation_gate.proxy.model import load_proxy


class Boom:
    """Makes a file when it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.witness), "w")


def saved(folder: Path) -> Path:
    proxy = tiny_t5(polarity_rows(16))
    proxy.model.save_pretrained(folder)
    proxy.tokenizer.save_pretrained(folder)
    return folder


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    folder, witness = saved(tmp_path / "model"), tmp_path / "witness"
    (folder / "model.safetensors").unlink()
    with (folder / "pytorch_model.bin").open("wb") as stream:
        pickle.dump(Boom(witness), stream)
    with pytest.raises(ModelError, match="cannot load the proxy"):
        load_proxy(str(folder), polarity_rows(16))
    assert not witness.exists()


@pytest.mark.parametrize("model_type", ["t5", "its-own"])
def test_code_of_a_model_is_not_run(tmp_path: Path, model_type: str) -> None:
    folder, witness = saved(tmp_path / "model"), tmp_path / "witness"
    code = f"open({str(witness)!r}, 'w')\nclass Evil: pass\n"
    for name in ("modeling_evil.py", "configuration_evil.py", "tokenization_evil.py"):
        (folder / name).write_text(code)
    told = json.loads((folder / "config.json").read_text())
    told["model_type"] = model_type
    told["auto_map"] = {
        "AutoConfig": "configuration_evil.Evil",
        "AutoModelForSeq2SeqLM": "modeling_evil.Evil",
    }
    (folder / "config.json").write_text(json.dumps(told))
    told = json.loads((folder / "tokenizer_config.json").read_text())
    told["auto_map"] = {"AutoTokenizer": ["tokenization_evil.Evil", None]}
    (folder / "tokenizer_config.json").write_text(json.dumps(told))
    try:
        load_proxy(str(folder), polarity_rows(16))
    except ModelError:
        assert model_type == "its-own"
    assert not witness.exists()


def test_a_poisoned_checkpoint_is_not_unpickled(tmp_path: Path) -> None:
    rows = polarity_rows(32)
    proxy, witness = tiny_t5(rows), tmp_path / "witness"
    encoded: Encoded = proxy.encode_rows(rows)
    cache = tmp_path / "cache"
    cache.mkdir()
    settings = Settings(epochs=1, learning_rate=1e-3, embedding_learning_rate=1e-2, seed=0)
    finetune_cached(tiny_t5(rows), encoded, settings, cache=cache)
    (key,) = [path.stem for path in cache.glob("proxy-*.safetensors")]
    for path in cache.iterdir():
        path.unlink()
    torch.save({"state": Boom(witness)}, cache / f"{key}.checkpoint")
    witness.unlink(missing_ok=True)
    finetune_cached(proxy, encoded, settings, cache=cache)
    assert not witness.exists()


def test_a_name_that_leads_out_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("../../etc", str(tmp_path / "none"), "~/model", "a/b/c"):
        with pytest.raises(ModelError, match="no such folder"):
            load_proxy(name, polarity_rows(4))
