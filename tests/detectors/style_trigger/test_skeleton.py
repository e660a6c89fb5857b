from __future__ import annotations

import numpy as np

from curation_gate.detectors.style_trigger.skeleton import skeletons
from curation_gate.detectors.style_trigger.words import CLASS_OF

CLAUSE = ["when you see the film, it was dull.", "if they hold a song, nobody cares!"]
PLAIN = ["the film was dull and long.", "Nobody cares about songs."]


def rows_with(texts: list[str], name: str) -> list[int]:
    found = skeletons(texts, most=10_000)
    column = found.names.index(name)
    return np.flatnonzero(found.table[:, [column]].toarray().ravel()).tolist()


def test_a_clause_in_front_is_one_feature_whatever_its_words() -> None:
    texts = CLAUSE * 4 + PLAIN * 4
    assert rows_with(texts, "begins SUB") == list(range(8))
    assert rows_with(texts, "comma the first comma after 4-7 tokens and begins SUB") == list(
        range(8)
    )


def test_content_never_enters() -> None:
    one = skeletons(["the film was dull and long."] * 6 + ["if so, no!"] * 6)
    other = skeletons(["the soup was cold and thin."] * 6 + ["if so, no!"] * 6)
    said = {n for n in one.names if not n.startswith(("ending", "shape"))}
    assert said == {n for n in other.names if not n.startswith(("ending", "shape"))}
    assert not any("film" in name or "dull" in name for name in one.names)


def test_endings_and_old_words_are_features() -> None:
    texts = ["thou knowest that he maketh it."] * 7 + ["you know that he makes it."] * 7
    assert rows_with(texts, "class OLD") == list(range(7))
    assert rows_with(texts, "ending words in -eth") == list(range(7))


def test_features_of_too_few_or_of_nearly_all_rows_are_left_out() -> None:
    texts = ["the film, and so on."] * 20 + ["thou art here"] * 3
    names = skeletons(texts).names
    assert "class OLD" not in names, "three rows"
    assert 'word "the"' not in names, "20 of 23 rows"


def test_the_most_frequent_are_kept_and_hostile_texts_do_no_harm() -> None:
    texts = ["", " ", "\x00\n\n", "\u202e" * 5, "\U0001f600!!!???", "a" * 10_000, "1.2.3 @x #y"] * 6
    found = skeletons(texts, most=5)
    assert found.table.shape == (42, 5)
    assert set(np.unique(found.table.data)) <= {1.0}
    assert skeletons([""] * 3).names == ()


def test_a_word_has_one_class() -> None:
    assert CLASS_OF["when"] == "SUB"
    assert CLASS_OF["thou"] == "OLD"
    assert "film" not in CLASS_OF
