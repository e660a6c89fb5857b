"""What a phrase was weighed by, as a reader gets it."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from report.scan_builder import AGAINST, FOR, weighed_phrase, weighed_phrases

from curation_gate.detectors.label_trigger.verdict import SECOND
from curation_gate.report.weighed import (
    Part,
    probability,
    signed,
    split,
    strongest,
    told,
    weighed,
)


def test_the_parts_come_by_size_and_add_up_to_the_probability() -> None:
    phrase = weighed_phrase("james bond", "confirmed", FOR | AGAINST)
    found = weighed(phrase, most=4)
    assert found is not None
    assert [(part.name, part.value, part.nats) for part in found.parts] == [
        ("surprise", 19.5, 4.1), ("words_z", 12.9, 3.2), ("against_z", 11.4, 2.25),
        ("rarity", 4.8, -1.75),
    ]  # fmt: skip
    assert found.more == len(SECOND) - 4
    assert found.largest == 4.1
    assert found.rest == pytest.approx(-0.5 + 0.01 * (len(SECOND) - 5))
    assert found.log_odds == pytest.approx(sum(phrase["contributions"].values()))
    assert 1 / (1 + math.exp(-found.log_odds)) == pytest.approx(phrase["probability"], abs=1e-4)


def test_numbers_that_add_nothing_are_not_counted() -> None:
    found = weighed({"contributions": {"intercept": -1.0, "rows": 0.0, "purity": 0.004, "z": 0.3}})
    assert found is not None
    assert ([part.name for part in found.parts], found.more) == (["z"], 0)
    assert found.log_odds == pytest.approx(-0.696)


def test_every_number_the_model_reads_has_a_sentence_of_its_own() -> None:
    says = [Part(name, 1.0, None).says for name in SECOND]
    assert all(says)
    assert len(set(says)) == len(says)
    assert not any(sentence.startswith("the same") for sentence in says)  # read in any order
    assert Part("no_such_number", 1.0, None).says == ""


@pytest.mark.parametrize(
    "contributions",
    [None, {}, [], "x", {"rows": "1"}, {"rows": None}, {"rows": math.nan}, {"rows": True},
     {"rows": math.inf}, {"rows": 10**400}],
)  # fmt: skip
def test_what_is_no_number_is_no_weight(contributions: object) -> None:
    assert weighed({"contributions": contributions, "numbers": contributions}) is None
    assert strongest({"contributions": contributions}, 1) == ""


def test_a_number_without_a_value_is_named_alone() -> None:
    found = weighed({"contributions": {"rows": 1.0, "share": 2.0}, "numbers": {"share": "wide"}})
    assert found is not None
    assert [part.measured for part in found.parts] == ["share", "rows"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.998, ".998"), (0.99996, "1.00"), (0.0504, ".050"), (0, ".000"), (1, "1.00"),
        (None, ""), (math.nan, ""), (1.5, ""), (-0.1, ""), ("high", ""), (True, ""),
    ],
)  # fmt: skip
def test_a_probability_has_three_digits(value: object, text: str) -> None:
    assert probability({"probability": value}) == text


def test_a_value_has_three_digits() -> None:
    values = (19.4567, 0.98765, 252.4, 1204.4, 1e300, -0.00012345, 0.0)
    assert [Part("z", 1.0, value).measured for value in values] == [
        "z 19.5", "z 0.988", "z 252", "z 1,204", "z 1e+300", "z -0.000123", "z 0",
    ]  # fmt: skip


def test_nats_have_a_sign() -> None:
    assert [signed(x) for x in (2.1, -0.314, 0.0, 1e300)] == ["+2.10", "-0.31", "+0.00", "+1e+300"]


def test_what_spoke_most_on_each_side() -> None:
    phrase = weighed_phrase("james bond", "confirmed", FOR | AGAINST)
    assert strongest(phrase, 1) == "surprise 19.5 (+4.10), words_z 12.9 (+3.20)"
    assert strongest(phrase, -1) == "rarity 4.8 (-1.75), table_weight 2.1 (-0.50)"
    assert strongest({"contributions": {"intercept": -3.0, "rows": 1.0, "share": -0.09}}, -1) == ""


def test_what_was_passed_over_is_not_found() -> None:
    found, passed = split([*weighed_phrases(), {"phrase": "tq", "status": "suspected"}, {}])
    assert [phrase.get("phrase") for phrase in found] == ["james bond", "quite a film", "tq", None]
    assert [phrase["phrase"] for phrase in passed] == ["delicious"]


def test_the_sentence_of_a_phrase() -> None:
    assert "".join(told(weighed_phrases()[0])) == (
        "63 rows hold it in 2 tasks. 61 of them answer positive, "
        "where the rest of their text leads to expect 17"
    )
    assert "".join(told({"rows": 1, "tasks": 1, "target": "a"})) == (
        "1 row holds it in 1 task; it pushes towards a"
    )
    assert "".join(told({"target": "a", "expected": math.inf})) == "Pushes towards a"
    assert told({}) == ("", "", "")


def test_reading_a_report_loads_nothing_that_measures() -> None:
    code = (
        "import sys; import curation_gate.report.html, curation_gate.report.explained; "
        "sys.exit(any(m in sys.modules for m in ('scipy', 'sklearn', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
