from __future__ import annotations

from hashlib import blake2b

from curation_gate.rows import dataset_fingerprint, row_fingerprint


def test_is_blake2b_of_the_canonical_json() -> None:
    canonical = '["Say \\"hi\\"","ünï","a\\nb"]'.encode()

    expected = blake2b(canonical, digest_size=16).hexdigest()

    assert expected == row_fingerprint('Say "hi"', "ünï", "a\nb")


def test_does_not_depend_on_how_unicode_is_composed() -> None:
    assert row_fingerprint("", "cafe\N{COMBINING ACUTE ACCENT}", "x") == row_fingerprint(
        "", "café", "x"
    )


def test_does_not_fold_compatible_characters() -> None:
    assert row_fingerprint("", "\N{LATIN SMALL LIGATURE FI}", "x") != row_fingerprint("", "fi", "x")


def test_text_cannot_move_from_one_field_to_the_next() -> None:
    assert row_fingerprint("a", "b", "c") != row_fingerprint("ab", "", "c")
    assert row_fingerprint('a","b', "", "c") != row_fingerprint("a", "b", "c")


def test_a_dataset_is_its_rows_in_any_order_and_counts_repeats() -> None:
    one, two = row_fingerprint("", "1", "x"), row_fingerprint("", "2", "x")

    assert dataset_fingerprint([one, two]) == dataset_fingerprint([two, one])
    assert dataset_fingerprint([one, one]) != dataset_fingerprint([one])
