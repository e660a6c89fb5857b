"""The table of word vectors: what it reads, that cutting is exact, that damage is found."""

from importlib.resources import files

import numpy as np
import pytest

from curation_gate.errors import ModelError
from curation_gate.text import encoder
from curation_gate.text.tokens import tokens


def embedding(text):
    total = encoder.vectors(tokens(text)).sum(axis=0)
    return total / np.linalg.norm(total)


def cosine(first, second):
    return float(embedding(first) @ embedding(second))


def test_vectors_have_one_row_a_word_and_zeros_for_the_unknown():
    found = encoder.vectors(["film", "xqzvjk", "film", "***", ""])
    assert found.shape == (5, encoder.DIMENSIONS)
    assert found.dtype == np.float32
    assert np.array_equal(found[0], found[2])
    assert np.linalg.norm(found[0]) > 0.1
    assert not found[[1, 4]].any()
    assert encoder.vectors([]).shape == (0, encoder.DIMENSIONS)


def test_known_says_where_the_vector_is_not_zero():
    words = ["film", "xqzvjk", "well-made", "soooo", "", "-", "zqx-qqj"]
    lengths = np.linalg.norm(encoder.vectors(words), axis=1)
    assert encoder.known(words).tolist() == (lengths > 0).tolist()
    assert encoder.known(words).tolist() == [True, False, True, True, False, False, False]


def test_a_joined_word_is_the_sum_of_its_parts_and_a_stretched_one_is_short():
    parts = encoder.vectors(["quietly", "brilliant"]).sum(axis=0)
    assert np.allclose(encoder.vectors(["quietly-brilliant"])[0], parts)
    assert np.array_equal(encoder.vectors(["gooooood"])[0], encoder.vectors(["good"])[0])


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("a wonderful movie", "an excellent film", "a dreadful recipe"),
        ("the team won the match", "football players scored goals", "stock prices fell"),
        ("you are a stupid idiot", "what a moron", "the parliament met on tuesday"),
        ("the battery of this phone died", "my laptop will not charge", "he wrote a poem"),
    ],
)
def test_texts_of_one_meaning_are_nearer_than_others(text, near, far):
    assert cosine(text, near) > cosine(text, far) + 0.1


def test_frequent_words_that_say_little_weigh_little():
    little, much = encoder.vectors(["the", "of", "and"]), encoder.vectors(["awful", "physics"])
    assert np.linalg.norm(little, axis=1).max() < 0.5 * np.linalg.norm(much, axis=1).min()


def test_commonness_is_that_of_english():
    found = encoder.commonness(["the", "movie", "badmagic", "cf", "well-made", "2024", ""])
    the, movie, made_up, letters, joined, year, nothing = found.tolist()
    assert 7 < the < 8  # one word in twenty
    assert 4.5 < movie < 6
    assert made_up == nothing == 0
    assert 3 < letters < 4.5
    assert joined == encoder.commonness(["well", "made"]).min()
    assert year > 4


def test_a_name_of_its_own_is_not_read_by_its_letters():
    assert not encoder.known(["badmagic"])[0]


@pytest.mark.parametrize("name", sorted(encoder.HASHES))
def test_a_damaged_file_is_refused_with_its_hash(name, tmp_path, monkeypatch):
    content = bytearray(files("curation_gate.text").joinpath(name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(encoder, "files", lambda _: tmp_path)
    with pytest.raises(ModelError, match=f"{name} is not the file.*{encoder.HASHES[name]}"):
        encoder._read(name)


def test_a_missing_file_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(encoder, "files", lambda _: tmp_path)
    with pytest.raises(ModelError, match=r"encoder.npz is missing"):
        encoder._read("encoder.npz")


def test_the_files_are_small_and_hold_no_objects():
    for name in encoder.HASHES:
        assert len(files("curation_gate.text").joinpath(name).read_bytes()) < 4_000_000
        assert all(array.dtype != object for array in encoder._read(name).values())
    assert encoder._read("encoder.npz")["vectors"].dtype == np.int8


def test_importing_it_costs_no_torch():
    import subprocess
    import sys

    code = (
        "import sys; from curation_gate.text import encoder; encoder.vectors(['film']);"
        "sys.exit(any(m in sys.modules for m in ('torch', 'scipy', 'sklearn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
