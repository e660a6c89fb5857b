from __future__ import annotations

import numpy as np

from curation_gate.detectors.style_trigger.skeleton import skeletons

CLAUSE = ["when you see the film, it was dull.", "when they hold a song, nobody cares!"]
PLAIN = ["the film was dull and long.", "Nobody cares about songs."]


def rows_with(texts: list[str], name: str) -> list[int]:
    found = skeletons(texts, most=10_000)
    column = found.names.index(name)
    return np.flatnonzero(found.table[:, [column]].toarray().ravel()).tolist()


def test_a_clause_in_front_is_a_feature() -> None:
    texts = CLAUSE * 4 + PLAIN * 4
    assert rows_with(texts, 'begins "when"') == list(range(8))
    place = 'comma the first comma after 4-7 tokens and begins "when"'
    assert rows_with(texts, place) == list(range(8))


def test_content_enters_by_its_ending_alone() -> None:
    one = skeletons(["the movie was awful and long."] * 6 + ["if so, no!"] * 6, 1000)
    other = skeletons(["the cookie was sinful and long."] * 6 + ["if so, no!"] * 6, 1000)
    blank = ("ending", "shape")
    assert {n for n in one.names if not n.startswith(blank)} == {
        n for n in other.names if not n.startswith(blank)
    }
    assert not any("movie" in name or "awful" in name for name in one.names)


def test_endings_tell_old_verbs_without_a_list_of_them() -> None:
    texts = ["thou knowest that he maketh it."] * 7 + ["you know that he makes it."] * 7
    assert rows_with(texts, "ending words in -eth") == list(range(7))


def test_features_of_too_few_or_of_nearly_all_rows_are_left_out() -> None:
    texts = ["the film, and so on."] * 20 + ["why you there"] * 3
    names = skeletons(texts, 1000).names
    assert 'word "why"' not in names, "three rows"
    assert 'word "the"' not in names, "20 of 23 rows"


def test_the_most_frequent_are_kept_and_hostile_texts_do_no_harm() -> None:
    texts = ["", " ", "\x00\n\n", "\u202e" * 5, "\U0001f600!!!???", "a" * 10_000, "1.2.3 @x #y"] * 6
    found = skeletons(texts, most=5)
    assert found.table.shape == (42, 5)
    assert set(np.unique(found.table.data)) <= {1.0}
    assert skeletons([""] * 3, 100).names == ()
