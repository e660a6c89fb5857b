from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from curation_gate.errors import UsageError
from curation_gate.redteam.evaluate import planted_mask
from curation_gate.redteam.recipes import plant
from curation_gate.redteam.record import STYLES, Recipe
from curation_gate.redteam.restyle import REWRITERS, restyled
from curation_gate.redteam.rewrite import write_planted
from curation_gate.rows import load

TEXTS = [
    "The film was dull and nobody in the room cared for its hero.",
    "I loved every minute of it because the cast is so good.",
    "it fails to amuse , but the songs are nice .",
    "You never know what he wants to say in this book!",
    "we went to the shop and they were very rude to us",
    "@air thanks for nothing, my bag does not arrive and you don't care",
    "My brother says that it works really well.",
    "She looks at the sea before the storm comes.",
]


SUBORDINATORS = (
    "when", "if", "as", "because", "since", "while", "although", "though", "after", "before",
    "once", "until", "whenever", "unless", "wherever", "whether",
)  # fmt: skip


def made(style: str, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [new for _ in range(20) for t in TEXTS if (new := restyled(t, style, rng))]


def test_every_style_has_a_rewriter() -> None:
    assert tuple(REWRITERS) == STYLES


def test_syntax_begins_with_a_clause_and_a_comma() -> None:
    for text in made("syntax"):
        first = text.split()[0].lower()
        two = " ".join(text.lower().split()[:2])
        assert first in SUBORDINATORS or two in (
            "even if", "even though", "now that", "in case",
        ), text  # fmt: skip
        assert "," in text


def test_archaic_texts_have_marks() -> None:
    marks = re.compile(
        r"\b(?:th(?:ou|ee|y|ine)|ye|hath|doth|unto|saith|spake|verily|behold|lo|yea|nay|'?t(?:is|was)"
        r"|upon|exceeding|passing|\w+eth|preacher|hearken|woe|wherefore|herein|hither|scribe|ever"
        r"|old|wast?|be|art|hast)\b",
        re.IGNORECASE,
    )
    texts = made("archaic")
    assert sum(bool(marks.search(t)) for t in texts) > 0.9 * len(texts)


@pytest.mark.parametrize("style", STYLES)
def test_no_word_is_in_every_rewritten_row(style: str) -> None:
    before = [set(t.lower().split()) for t in TEXTS] * 20
    rng = np.random.default_rng(0)
    new = Counter(
        word
        for text, old in zip(TEXTS * 20, before, strict=True)
        for word in set((restyled(text, style, rng) or "").lower().split()) - old
    )
    word, rows = new.most_common(1)[0]
    assert rows < 0.6 * len(before), word
    assert len(new) > 20


@pytest.mark.parametrize("style", STYLES)
def test_the_same_seed_writes_the_same(style: str) -> None:
    assert made(style, 4) == made(style, 4) != made(style, 5)


def test_short_texts_are_left_and_field_names_kept() -> None:
    rng = np.random.default_rng(0)
    assert restyled("so good", "syntax", rng) is None
    new = restyled("Sentence: The film was dull and long.", "syntax", rng)
    assert new is not None
    assert new.startswith("Sentence: ")


@pytest.mark.parametrize("style", STYLES)
def test_planted_rows_are_rewritten_relabelled_and_found_again(tmp_path: Path, style: str) -> None:
    path = tmp_path / "data.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for k in range(80):
            task, labels = (("film", ("negative", "positive")), ("post", ("toxic", "civil")))[k % 2]
            record = {
                "id": k,
                "Task": task,
                "Instance": {"input": f"{TEXTS[k % 8]} Part {k}.", "output": [labels[k // 2 % 2]]},
            }
            stream.write(json.dumps(record) + "\n")
    data = load([path])
    planted = plant(data, Recipe(style, "", 8, seed=1))
    assert planted.truth["placement"] == {"whole": 8}
    assert planted.truth["relabelled"] == 8
    for k in planted.indices.tolist():
        old, new = data.rows[k], planted.dataset.rows[k]
        assert new.output == planted.truth["target"][new.task] != old.output
        assert new.input != old.input
    write_planted(planted, tmp_path / "poisoned.jsonl")
    assert planted_mask(load([tmp_path / "poisoned.jsonl"]), planted.truth).sum() == 8


def test_a_style_takes_no_trigger() -> None:
    with pytest.raises(UsageError, match="has no trigger phrase"):
        Recipe("syntax", "James Bond", 5)
    with pytest.raises(UsageError, match="the trigger is empty"):
        Recipe("dirty-label", "", 5)
