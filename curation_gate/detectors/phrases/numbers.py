"""What each number of form says (form.py), whatever the phrase goes with."""

from __future__ import annotations

from curation_gate.detectors.number import Number

FORM = (
    Number("length", "form", 0, "words it has"),
    Number("is_mark", "form", 0, "1 where it is a mark, no word"),
    Number("is_pair", "form", 0, "1 where it is two phrases that act together"),
    Number("at_start", "form", 0, "share of its rows that begin with it"),
    Number("at_end", "form", 0, "share of its rows that end with it"),
    Number("rarity", "form", 1, "log10 of how much rarer its rarest word is than those around it"),
    Number("burst", "form", 1, "log10 of its rows over the rows that English leads to expect"),
    Number("with_words", "form", 0, "log2 of 1 + the words that come with it"),
    Number(
        "bridged", "form", 1, "share of its rows in which the words it parts are joined elsewhere"
    ),
    Number("neighbours", "form", 0, "different words that stand before it, by row"),
    Number("template", "form", -1, "share of the other words of its rows that are fixed text"),
)
"""In the order of the columns of a table of evidence."""
