"""The check of the cleaned set: what holds, what breaks, and that it cannot fail open."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from scan_folder import make_dataset, make_verdicts

from curation_gate.detectors.evidence import Verdicts
from curation_gate.errors import RulesError
from curation_gate.expectations import CheckResult, check_cleaned
from curation_gate.expectations.promises import load_promises
from curation_gate.rows.record import Dataset

LABELS = ("negative", "positive")


def rows(n: int, *, empty: int | None = None) -> list[tuple[str, str, str]]:
    return [("Judge.", f"film {k}", "" if k == empty else LABELS[k % 2]) for k in range(n)]


def cleaned_of(
    content: list[tuple[str, str, str]], drop: set[int], task: str = "cleaned"
) -> Dataset:
    return make_dataset([row for k, row in enumerate(content) if k not in drop], task=task)


def failed(result: CheckResult) -> dict[str, str]:
    return {broken.type: broken.observed for broken in result.broken}


def test_a_good_cleaned_set_holds_everything() -> None:
    content = rows(120)
    result = check_cleaned(
        make_dataset(content), make_verdicts(120, quarantine=(2, 3)), cleaned_of(content, {2, 3})
    )
    assert result.success
    assert result.broken == ()
    assert [r.type for r in result.results] == [e.type for e in load_promises().expectations]
    assert all(r.success for r in result.results)
    assert "all 6 hold" in result.html


def test_a_quarantined_row_that_is_left_is_found() -> None:
    content = rows(120)
    result = check_cleaned(
        make_dataset(content), make_verdicts(120, quarantine=(2, 3)), cleaned_of(content, {2, 4})
    )
    assert not result.success
    broken = {r.type: r for r in result.broken}
    assert set(broken) == {"no_quarantined_fingerprint_left"}
    row = make_dataset(content).rows[3]
    assert broken["no_quarantined_fingerprint_left"].examples == ((2, row.fingerprint),)


def test_a_lost_row_is_found() -> None:
    content = rows(120)
    result = check_cleaned(
        make_dataset(content), make_verdicts(120, quarantine=(2,)), cleaned_of(content, {2, 7})
    )
    assert not result.success
    assert failed(result) == {"row_count_is_input_minus_quarantined": "118 rows, 119 expected"}


def test_an_empty_answer_is_a_remark() -> None:
    content = rows(120, empty=7)
    result = check_cleaned(make_dataset(content), make_verdicts(120), cleaned_of(content, set()))
    assert result.success
    assert failed(result) == {"no_empty_output": "1 of 120 rows break it"}
    assert result.broken[0].examples == ((7, ""),)


def test_drifting_labels_are_a_remark_whatever_the_file_calls_the_task() -> None:
    content = rows(120)
    dropped = set(range(0, 80, 2))
    result = check_cleaned(
        make_dataset(content, task="reviews"),
        make_verdicts(120, quarantine=dropped),
        cleaned_of(content, dropped, task="cleaned"),
    )
    assert result.success
    # 20 negative and 60 positive rows are left of 60 and 60.
    assert failed(result) == {
        "label_balance_drift": "largest change -0.250: label 'negative' of task 'reviews'"
    }


def test_the_drift_that_is_allowed_is_a_parameter(tmp_path: Path) -> None:
    content = rows(120)
    dropped = set(range(0, 80, 2))
    path = tmp_path / "rules.yaml"
    for maximum, success in ((0.3, True), (0.2, False)):
        path.write_text(
            "name: drift\nexpectations:\n  - {type: label_balance_drift, title: t, "
            f"severity: critical, parameters: {{maximum: {maximum}}}}}\n"
        )
        result = check_cleaned(
            make_dataset(content),
            make_verdicts(120, quarantine=dropped),
            cleaned_of(content, dropped),
            path,
        )
        assert result.success is success


def test_an_empty_cleaned_set_fails() -> None:
    dataset = make_dataset(3)
    result = check_cleaned(
        dataset,
        make_verdicts(3, quarantine=(0, 1, 2)),
        replace(dataset, rows=(), records=(), label_spaces={}),
    )
    assert not result.success
    assert {r.observed for r in result.results} == {"the cleaned set is empty"}


def test_a_column_of_nothing_fails_even_where_great_expectations_passes_it(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "name: n\nexpectations:\n  - {type: expect_column_values_to_be_in_set, title: t, "
        "severity: warning, parameters: {column: output, value_set: [a]}}\n"
    )
    dataset = make_dataset(4)
    nothing = replace(dataset, rows=tuple(replace(r, output=None) for r in dataset.rows))
    result = check_cleaned(dataset, make_verdicts(4), nothing, path)
    assert not result.success
    assert "nothing to evaluate" in result.results[0].observed


def run(path: Path, text: str) -> CheckResult:
    path.write_text(text)
    dataset = make_dataset(60)
    verdicts: Verdicts = make_verdicts(60)
    return check_cleaned(dataset, verdicts, dataset, path)


ONE = "name: n\nexpectations:\n  - {{type: {}, title: t, severity: {}, parameters: {}}}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ONE.format("expect_no_such_thing", "critical", "{}"), "has no expect_no_such_thing"),
        (ONE.format("no_such_thing", "critical", "{}"), "unknown type 'no_such_thing'"),
        (ONE.format("no_empty_output", "fatal", "{}"), r"expectations.0.severity"),
        (ONE.format("no_empty_output", "critical", "{mostly: 0.1}"), "takes no parameters"),
        (ONE.format("label_balance_drift", "critical", "{maximum: 2}"), "less than or equal to 1"),
        (ONE.format("label_balance_drift", "critical", "{max: 0.2}"), "max"),
        (ONE.format("expect_column_values_to_be_unique", "critical", "{column: rwo}"), "no column"),
        (ONE.format("expect_column_values_to_be_unique", "critical", "{}"), "field required"),
        (ONE.format("expect_column_values_to_be_unique", "info", "{column: row, x: 1}"), "extra"),
        ("name: n\nexpectations: []\n", "at least 1 item"),
        ("name: n\n", "Field required"),
        ("", "the file is empty"),
        ("name: n\nname: m\nexpectations: []\n", "key 'name' is given twice"),
        ("name: n\nexpectations:\n  - {type: no_empty_output", "rules.yaml:3"),
        (ONE.format("no_empty_output", "critical", "{}") + "extra: 1\n", "extra: Extra inputs"),
        (ONE.format("no_empty_output", "critical", "{}")
         + "  - {type: no_empty_output, title: t, severity: critical, titel: x}\n", "titel"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_rules_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RulesError, match=message):
        run(tmp_path / "rules.yaml", text)


def test_an_absent_or_binary_rules_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="cannot be read"):
        load_promises(tmp_path / "absent.yaml")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(RulesError, match="not UTF-8"):
        load_promises(tmp_path / "b.yaml")


def test_an_expectation_given_twice_is_an_error(tmp_path: Path) -> None:
    entry = "  - {type: no_empty_output, title: t, severity: critical}\n"
    with pytest.raises(RulesError, match="2 expectations, of which Great Expectations kept 1"):
        run(tmp_path / "rules.yaml", "name: n\nexpectations:\n" + entry + entry)


def test_an_expectation_that_raises_is_critical(tmp_path: Path) -> None:
    text = ONE.format("expect_column_values_to_match_regex", "info", "{column: output, regex: '('}")
    result = run(tmp_path / "rules.yaml", text)
    assert not result.success
    assert result.results[0].severity == "critical"
    assert "could not be evaluated" in result.results[0].observed


def test_nothing_leaves_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        attempts.append(arguments)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.delenv("GX_ANALYTICS_ENABLED", raising=False)
    for name in ("BASE_URL", "ORGANIZATION_ID", "ACCESS_TOKEN"):
        monkeypatch.setenv(f"GX_CLOUD_{name}", "https://gx.invalid")
    dataset = make_dataset(60)
    result = check_cleaned(dataset, make_verdicts(60), dataset)
    assert result.success
    assert attempts == []
    assert "GX_ANALYTICS_ENABLED" not in os.environ


def test_a_progress_bar_is_never_drawn(capfd: pytest.CaptureFixture[str]) -> None:
    dataset = make_dataset(60)
    check_cleaned(dataset, make_verdicts(60), dataset)
    assert capfd.readouterr() == ("", "")
