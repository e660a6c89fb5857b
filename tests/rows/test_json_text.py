from __future__ import annotations

import pytest

from curation_gate.rows.json_text import MAX_DEPTH, JsonProblem, kind, quote, scan


def problem(text: str) -> JsonProblem:
    with pytest.raises(JsonProblem) as caught:
        scan(text)
    return caught.value


def test_returns_the_value_and_where_it_ends() -> None:
    assert scan('  {"a": [1, 2.5, null]}, 7', 2) == ({"a": [1, 2.5, None]}, 23)


def test_whole_numbers_keep_every_digit() -> None:
    digits = "123456789012345678901234567890"

    assert scan(f'{{"n": {digits}}}')[0]["n"] == int(digits)


def test_numbers_python_cannot_hold_are_kept_as_their_text() -> None:
    long = "9" * 5000

    value, end = scan(f'{{"n": {long}, "m": [1e999, -1e999, 1]}}')

    assert value == {"n": long, "m": ["1e999", "-1e999", 1]}
    assert end == len(long) + 32


@pytest.mark.parametrize(
    ("text", "at", "part"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 2}}', 23, 'duplicate key "c"'),
        ('{"a": "{\\"a\\": 1}", "b": 2, "a": 3}', 28, 'duplicate key "a"'),
        ('{"a": [{"x": 1}, {"x": 2}], "\\u0061": 3}', 28, 'duplicate key "a"'),
        ('{"a": "NaN", "b": NaN}', 18, "NaN is not JSON"),
        ('{"a": -Infinity}', 6, "-Infinity is not JSON"),
        ('{"a": "\\ud800"}', 7, "lone surrogate \\ud800"),
        ('{"a": "\\udc00\\ud800"}', 7, "lone surrogate \\udc00"),
        ('{"a": "\\ud83dx\\ude00"}', 7, "lone surrogate \\ud83d"),
        ('{"a": "\\\\ud83d\\ude00"}', 14, "lone surrogate \\ude00"),
        ('{"\\uDBFF": 1}', 2, "lone surrogate \\uDBFF"),
        ('{"a": }', 6, "a value must stand here"),
        ('{"a": ', 6, "the text ends"),
        ('{"a": "x', 6, "unterminated string"),
        ("{'a': 1}", 1, "double quotes"),
        ('{"a": 1,}', 8, "double quotes"),
        ('{"a": "\t"}', 7, "invalid control character"),
        ('{"a": "\x00"}', 7, "invalid control character"),
        ('{"a": 01}', 7, "delimiter"),
    ],
)
def test_says_what_is_wrong_and_where(text: str, at: int, part: str) -> None:
    found = problem(text)

    assert part in found.message
    assert at == found.at


def test_whole_pairs_and_escaped_backslashes_are_no_surrogates() -> None:
    assert scan('{"a": "\\ud83d\\ude00 \\\\ud800 \\\\\\\\udc00"}')[0] == {
        "a": "\N{GRINNING FACE} \\ud800 \\\\udc00"
    }


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_has_a_limit_and_never_overflows(opening: str, closing: str) -> None:
    def nested(depth: int) -> str:
        return opening * depth + "1" * (opening != "[") + closing * depth

    assert scan(nested(MAX_DEPTH))[1] == len(nested(MAX_DEPTH))
    assert "nested more than" in problem(nested(MAX_DEPTH + 1)).message
    assert "nested more than" in problem(nested(200_000)).message


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert len(scan("[" + "[]," * 500 + "[]]")[0]) == 501


def test_quote_is_safe_on_a_terminal_and_short() -> None:
    assert quote("a\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}") == '"a\\u001b[31m\\u202e"'
    assert len(quote("x" * 10_000)) < 80


def test_kind_uses_the_words_of_json() -> None:
    assert [kind(value) for value in (None, True, 1, 1.5, "", [], {})] == [
        "null",
        "true or false",
        "a number",
        "a number",
        "a string",
        "a list",
        "an object",
    ]
