"""Loading proxies: scratch, a folder, and everything that is not one."""

from __future__ import annotations

import pytest
import torch
from models import polarity_rows, tiny_gpt2, tiny_t5

from curation_gate.errors import ModelError, UsageError
from curation_gate.proxy.model import load_proxy, pick_device, tracked_modules


def test_scratch_is_deterministic_and_knows_every_character():
    rows = polarity_rows(64)
    first, second = (load_proxy("scratch", rows, seed=3) for _ in range(2))
    assert first.weights_hash() == second.weights_hash()
    assert load_proxy("scratch", rows, seed=4).weights_hash() != first.weights_hash()
    text = "naïve \u4f60\u597d \U0001f600 \u202e zero\u200bwidth"
    ids = first.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert first.tokenizer.decode(ids).strip() == text


@pytest.mark.parametrize("build", [tiny_t5, tiny_gpt2])
def test_a_saved_model_is_loaded_from_its_folder(build, tmp_path):
    rows = polarity_rows(16)
    proxy = build(rows)
    if proxy.kind == "seq2seq":
        proxy.model.save_pretrained(tmp_path)
    else:
        from transformers import GPT2LMHeadModel

        GPT2LMHeadModel(proxy.model.config).save_pretrained(tmp_path)
    proxy.tokenizer.save_pretrained(tmp_path)
    loaded = load_proxy(str(tmp_path), rows)
    assert loaded.kind == proxy.kind
    encoded = loaded.encode_rows(rows)
    assert encoded.sources == proxy.encode_rows(rows).sources
    names = tracked_modules(loaded.model)
    assert names
    assert all(isinstance(loaded.model.get_submodule(n), torch.nn.Linear) for n in names)
    assert not any("lm_head" in n or "shared" in n for n in names)


def test_a_gpt2_whose_conv1d_became_linear_computes_the_same(tmp_path):
    from transformers import GPT2LMHeadModel

    rows = polarity_rows(16)
    proxy = tiny_gpt2(rows)
    original = GPT2LMHeadModel(proxy.model.config).eval()
    original.save_pretrained(tmp_path)
    proxy.tokenizer.save_pretrained(tmp_path)
    loaded = load_proxy(str(tmp_path), rows)
    ids = torch.tensor([[3, 9, 27, 81]])
    torch.testing.assert_close(loaded.model(ids).logits, original(ids).logits)


@pytest.mark.parametrize("name", ["./no/such/folder", "/nowhere", "no-such-model-on-any-hub"])
def test_what_cannot_be_loaded_is_a_model_error(name):
    with pytest.raises(ModelError) as caught:
        load_proxy(name, polarity_rows(8))
    assert caught.value.hint


def test_a_folder_without_a_model_is_a_model_error(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError):
        load_proxy(str(tmp_path), polarity_rows(8))


def test_pickled_weights_are_refused(tmp_path):
    proxy = tiny_t5(polarity_rows(8))
    proxy.model.config.save_pretrained(tmp_path)
    proxy.tokenizer.save_pretrained(tmp_path)
    torch.save(proxy.model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError):
        load_proxy(str(tmp_path), polarity_rows(8))


def test_devices():
    assert pick_device("cpu").type == "cpu"
    with pytest.raises(UsageError):
        pick_device("no-such-device")
