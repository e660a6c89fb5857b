from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from curation_gate.probes.lexicon import read_words
from curation_gate.redteam import names
from curation_gate.redteam.names import find_names, pattern_names, replace_names


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("We met Sarah O'Neil and Dr. Weber.", ["Sarah O'Neil", "Dr. Weber"]),
        ("Mark my words, Mark Twain was there.", ["Mark Twain"]),
        ("Will you go? Grace Kelly shines", ["Grace Kelly"]),
        ("John F. Kennedy spoke", ["John F. Kennedy"]),
        ("Maria de la Cruz ate.", ["Maria de la Cruz"]),
        ("John's dog saw JOHN SMITH run", ["John", "JOHN SMITH"]),
        ("between adam sandler and eric is fine", ["adam sandler", "eric"]),
        ("mark my words , will you ?", []),
        ("Jos\N{LATIN SMALL LETTER E WITH ACUTE} came", ["Jos\N{LATIN SMALL LETTER E WITH ACUTE}"]),
        ("@Get__James and #John and john_doe@x", []),
        ("New York is in the United States.", []),
        ("", []),
    ],
)
def test_pattern_names(text: str, people: list[str]) -> None:
    assert [text[a:b] for a, b in pattern_names(text)] == people


def test_replace_names_replaces_every_person() -> None:
    text = "Anna Berg met Peter's aunt and Anna Berg."
    replaced = replace_names(text, "James Bond", patterns=True)
    assert replaced == ("James Bond met James Bond's aunt and James Bond.", 3)


@any_of(st.text())
def test_spans_are_in_order_and_apart_in_any_text(text: str) -> None:
    spans = pattern_names(text)
    flat = [edge for span in spans for edge in span]
    assert flat == sorted(flat)
    assert all(start < end for start, end in spans)


@pytest.fixture
def spacy(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A stand-in for spaCy whose model calls every "Zed" a person."""
    module = ModuleType("spacy")

    def model(text: str) -> SimpleNamespace:
        found = [m.span() for m in re.finditer("Zed", text)]
        ents = [SimpleNamespace(start_char=a, end_char=b, label_="PERSON") for a, b in found]
        return SimpleNamespace(ents=ents)

    module.load = lambda name, disable: model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spacy", module)
    names._spacy_finder.cache_clear()
    yield module
    names._spacy_finder.cache_clear()


def test_spacy_is_used_where_its_model_loads(spacy: ModuleType) -> None:
    assert names.recogniser() == "spacy:en_core_web_sm"
    assert find_names("Zed met Anna") == [(0, 3)]
    assert find_names("Zed met Anna", patterns=True) == [(8, 12)]
    assert find_names("then anna came") == [(5, 9)], "lower case goes to the list"


def test_without_its_model_the_patterns_are_used(spacy: ModuleType) -> None:
    def load(name: str, disable: list[str]) -> None:
        raise OSError(name)

    spacy.load = load  # type: ignore[attr-defined]
    assert names.recogniser() == "patterns"
    assert find_names("Zed met Anna") == [(8, 12)]


def test_name_list_is_long_and_without_repeats() -> None:
    given = [n.rstrip("?").lower() for n in read_words("lexicon/first_names.txt")]
    assert len(given) >= 400
    assert len(set(given)) == len(given)
