from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from curation_gate.errors import RulesError
from curation_gate.probes import lexicon
from curation_gate.probes.lexicon import read_pairs, read_words


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty rules folder in place of the shipped one."""
    monkeypatch.setattr(lexicon, "rules_folder", lambda: tmp_path)
    read_words.cache_clear()
    read_pairs.cache_clear()
    yield tmp_path
    read_words.cache_clear()
    read_pairs.cache_clear()


def test_remarks_and_blank_lines_are_left_out(folder: Path) -> None:
    (folder / "list.txt").write_text("# a remark\n\none\n two words \n", encoding="utf-8")
    assert read_words("list.txt") == ("one", "two words")


def test_pairs(folder: Path) -> None:
    (folder / "pairs.tsv").write_text("good\tbad\n", encoding="utf-8")
    assert read_pairs("pairs.tsv") == (("good", "bad"),)
    (folder / "odd.tsv").write_text("good bad\n", encoding="utf-8")
    with pytest.raises(RulesError, match="'good bad' is not a pair"):
        read_pairs("odd.tsv")


def test_a_list_that_is_absent_or_empty_is_an_error(folder: Path) -> None:
    with pytest.raises(RulesError, match="part of the installation"):
        read_words("absent.txt")
    (folder / "empty.txt").write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(RulesError, match="the list is empty"):
        read_words("empty.txt")
