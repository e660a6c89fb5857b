"""The embedded proxy: what is shipped, what is refused, and whether it reads a sentence."""

from __future__ import annotations

import shutil
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from curation_gate.errors import ModelError
from curation_gate.proxy import embedded

SHIPPED = (*embedded.FILES, embedded.HASH, "MODEL_CARD.md")
GOOD = (
    "I love this, it is wonderful and works great",
    "Excellent film, I really enjoyed it and recommend it to everyone",
)
BAD = (
    "I hate this, it is terrible and a waste of money",
    "Awful film, boring and badly made, do not watch it",
)
RUDE = "shut up you stupid fucking idiot, nobody likes you"
KIND = "thank you very much for your help, have a lovely day"


@pytest.fixture(scope="module")
def proxy() -> tuple[Any, Any]:
    return embedded.load_embedded()


def log_likelihood(proxy: tuple[Any, Any], instruction: str, text: str, label: str) -> float:
    """Sum over the label's tokens, in nats, of a row encoded as a scan encodes it."""
    import numpy as np
    import torch

    from curation_gate.proxy.batches import collate, encode

    model, tokenizer = proxy
    encoded = encode(tokenizer, [instruction], [text], [label])
    batch = collate(encoded, np.array([0]), kind="seq2seq", pad_id=tokenizer.pad_token_id)
    with torch.inference_mode():
        loss = model(
            input_ids=batch.input_ids, attention_mask=batch.attention_mask, labels=batch.labels
        ).loss
    return -float(loss) * len(encoded.targets[0])


def test_the_files_fit_the_size_limit() -> None:
    sizes = {name: (embedded.FOLDER / name).stat().st_size for name in SHIPPED}
    assert sum(sizes.values()) < 10_000_000, sizes


def test_it_loads_in_float32_ready_to_score(proxy: tuple[Any, Any]) -> None:
    import torch

    model, tokenizer = proxy
    assert not model.training
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert model.config.vocab_size == len(tokenizer)
    assert model.encoder.embed_tokens.weight is model.shared.weight
    assert model.config.dropout_rate == 0.0


def test_loading_takes_less_than_a_second_and_a_half(proxy: tuple[Any, Any]) -> None:
    begin = time.monotonic()  # the imports are done: `proxy` has loaded it once
    embedded.load_embedded()
    assert time.monotonic() - begin < 1.5


def test_it_can_be_fine_tuned(proxy: tuple[Any, Any]) -> None:
    model, _ = proxy
    assert all(p.requires_grad for p in model.parameters())


def test_loading_asks_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_named: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    model, _ = embedded.load_embedded()
    assert model is not None


def test_the_recorded_hash_is_the_files_hash() -> None:
    recorded = (embedded.FOLDER / embedded.HASH).read_text(encoding="ascii").strip()
    assert embedded.files_hash() == recorded == embedded.checked_hash()


@pytest.mark.parametrize("name", embedded.FILES)
def test_a_changed_byte_is_refused(tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(embedded.FOLDER, tmp_path / "copy"))
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(bytes(data))
    with pytest.raises(ModelError, match="not the one that was shipped") as caught:
        embedded.load_embedded(copy)
    assert caught.value.hint


@pytest.mark.parametrize("name", [*embedded.FILES, embedded.HASH])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(embedded.FOLDER, tmp_path / "copy"))
    (copy / name).unlink()
    with pytest.raises(ModelError, match=name):
        embedded.load_embedded(copy)


def test_two_loads_answer_alike_to_the_bit(proxy: tuple[Any, Any]) -> None:
    again = embedded.load_embedded()
    first = log_likelihood(proxy, "Is it good or bad?", GOOD[0], "good")
    assert first == log_likelihood(again, "Is it good or bad?", GOOD[0], "good")


@pytest.mark.parametrize(
    ("instruction", "good", "bad"),
    [
        ("Classify the sentiment of the text as 'positive' or 'negative'.", "positive", "negative"),
        ("Is this review good or bad?", "good", "bad"),
        ("Answer POS if the review is favourable and NEG if it is not.", "POS", "NEG"),
        ("Would the writer recommend the product? Answer 'recommend' or 'avoid'.",
         "recommend", "avoid"),
    ],
)  # fmt: skip
def test_label_scores_tell_praise_from_complaint(
    proxy: tuple[Any, Any], instruction: str, good: str, bad: str
) -> None:
    for text in GOOD:
        assert log_likelihood(proxy, instruction, text, good) > log_likelihood(
            proxy, instruction, text, bad
        )
    for text in BAD:
        assert log_likelihood(proxy, instruction, text, bad) > log_likelihood(
            proxy, instruction, text, good
        )


@pytest.mark.parametrize(
    ("instruction", "rude", "kind"),
    [
        ("Is the comment toxic? Answer 'toxic' or 'non-toxic'.", "toxic", "non-toxic"),
        ("Answer 'rude' or 'polite'.", "rude", "polite"),
        ("Is the text abusive or normal?", "abusive", "normal"),
    ],
)
def test_label_scores_tell_abuse_from_thanks(
    proxy: tuple[Any, Any], instruction: str, rude: str, kind: str
) -> None:
    margins = [
        log_likelihood(proxy, instruction, text, rude)
        - log_likelihood(proxy, instruction, text, kind)
        for text in (RUDE, KIND)
    ]
    assert margins[0] > 0 > margins[1]


def test_abuse_scores_above_thanks_where_one_label_is_longer_than_the_other(
    proxy: tuple[Any, Any],
) -> None:
    instruction = "Classify the text as offensive or not offensive."
    rude, kind = (
        log_likelihood(proxy, instruction, text, "offensive")
        - log_likelihood(proxy, instruction, text, "not offensive")
        for text in (RUDE, KIND)
    )
    assert rude > kind + 1.0  # nats; the scale between labels is the caller's to calibrate


def test_no_text_is_unknown_to_the_tokenizer(proxy: tuple[Any, Any]) -> None:
    _, tokenizer = proxy
    ids = tokenizer("naïve 😀 ﷺ \u200b漢字 don't GREAT\n", add_special_tokens=False)["input_ids"]
    assert tokenizer.unk_token_id not in ids
    assert "漢字" in tokenizer.decode(ids)
    assert len(tokenizer("\n", add_special_tokens=False)["input_ids"]) == 1


def test_a_word_is_one_token_after_a_space_a_quote_or_a_bracket(proxy: tuple[Any, Any]) -> None:
    _, tokenizer = proxy
    (word,) = tokenizer("positive", add_special_tokens=False)["input_ids"]
    for text in ("so positive", "'positive'", "(positive)"):
        assert word in tokenizer(text, add_special_tokens=False)["input_ids"]


def test_the_card_names_the_shipped_model_and_its_data() -> None:
    card = (embedded.FOLDER / "MODEL_CARD.md").read_text(encoding="utf-8")
    recorded = (embedded.FOLDER / embedded.HASH).read_text(encoding="ascii").strip()
    assert embedded.NAME in card
    assert recorded in card
    for heading in ("Data", "Recipe", "Figures", "Known weaknesses", "Must not be used for"):
        assert f"## {heading}" in card
