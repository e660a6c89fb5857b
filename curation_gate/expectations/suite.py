"""The suite of a rules file, run by Great Expectations over the rows of a cleaned set.

Great Expectations fails open: unknown types and severities are logged and dropped, an empty suite
and an empty table pass, a column of nulls passes a check of its values. Every one of these is an
error or a failed check here. No context but the ephemeral one is used and nothing leaves the
process, whatever GX_CLOUD_* says.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from curation_gate.detectors.evidence import Verdicts
from curation_gate.errors import RulesError
from curation_gate.expectations.docs import render
from curation_gate.expectations.native import label_shares
from curation_gate.expectations.promises import (
    COLUMNS,
    DriftParameters,
    Promise,
    cleaned_rules,
    load_promises,
)
from curation_gate.expectations.result import Checked, CheckResult
from curation_gate.rows.record import Dataset

EXAMPLES = 20
"""Rows shown for an expectation that is broken (a choice)."""


def check(
    dataset: Dataset, verdicts: Verdicts, cleaned: Dataset, rules_path: Path | None = None
) -> CheckResult:
    """Return what check_cleaned (expectations/__init__.py) promises."""
    path = cleaned_rules() if rules_path is None else rules_path
    promises = load_promises(path)
    if len(cleaned):
        with _quiet():
            results = _run(promises.expectations, path, dataset, verdicts, cleaned)
    else:
        results = tuple(
            Checked(p.type, p.title, "critical", success=False, observed="the cleaned set is empty")
            for p in promises.expectations
        )
    success = not any(r.severity == "critical" and not r.success for r in results)
    page = render(results, rows=len(cleaned), rules=promises.name)
    return CheckResult(success=success, results=results, html=page)


def _run(
    promises: tuple[Promise, ...],
    path: Path,
    dataset: Dataset,
    verdicts: Verdicts,
    cleaned: Dataset,
) -> tuple[Checked, ...]:
    """Return what each expectation found, in order. Heavy imports happen here."""
    import great_expectations as gx  # noqa: PLC0415 - seconds to import
    import pandas as pd  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    context.enable_analytics(enable=False)

    suite = gx.ExpectationSuite(name="cleaned")
    for place, promise in enumerate(promises):
        suite.add_expectation(_expectation(promise, place, path))
    if len(suite.expectations) != len(promises):
        raise RulesError(
            f"{path}: {len(promises)} expectations, of which Great Expectations kept "
            f"{len(suite.expectations)}",
            hint="two of them are equal: remove one",
        )

    tasks = _input_tasks(dataset, verdicts, cleaned)
    frame = pd.DataFrame(
        {
            "row": range(len(cleaned)),
            "fingerprint": [row.fingerprint for row in cleaned.rows],
            "instruction": [row.instruction for row in cleaned.rows],
            "input": [row.input for row in cleaned.rows],
            "output": [row.output for row in cleaned.rows],
            "task": tasks,
        },
        columns=list(COLUMNS),
    )
    quarantined = [k for k, verdict in enumerate(verdicts.verdict) if verdict == "quarantine"]
    batch = (
        context.data_sources.add_pandas("cleaned")
        .add_dataframe_asset("cleaned")
        .add_batch_definition_whole_dataframe("cleaned")
        .get_batch({"dataframe": frame})
    )
    outcome = batch.validate(
        suite,
        expectation_parameters={
            "quarantined": sorted({dataset.rows[k].fingerprint for k in quarantined}),
            "expected_rows": len(dataset) - len(quarantined),
            "shares": [
                list(share)
                for share in label_shares(
                    [row.task for row in dataset.rows],
                    [row.output for row in dataset.rows],
                    dataset.label_spaces,
                )
            ],
        },
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["row"],
        },
    )
    by_place = {
        result.expectation_config.meta["place"]: result.to_json_dict() for result in outcome.results
    }
    return tuple(
        _checked(promise, by_place.get(place), len(frame)) for place, promise in enumerate(promises)
    )


def _expectation(promise: Promise, place: int, path: Path) -> Any:
    """Return the Great Expectations object of a promise. Raises RulesError."""
    import great_expectations.expectations as gxe  # noqa: PLC0415

    from curation_gate.expectations.custom import OWN  # noqa: PLC0415 - imports GX

    parameters: dict[str, Any] = dict(promise.parameters)
    if promise.type in OWN:
        made: type[Any] | None = OWN[promise.type]
        runtime: dict[str, dict[str, Any]] = {
            "no_quarantined_fingerprint_left": {
                "column": "fingerprint",
                "quarantined": {"$PARAMETER": "quarantined"},
            },
            "row_count_is_input_minus_quarantined": {"expected": {"$PARAMETER": "expected_rows"}},
            "no_empty_output": {"column": "output"},
            "label_balance_drift": {"shares": {"$PARAMETER": "shares"}},
        }
        parameters |= runtime[promise.type]
        if promise.type == "label_balance_drift":
            parameters |= DriftParameters.model_validate(promise.parameters).model_dump()
    else:
        made = getattr(gxe, "".join(part.capitalize() for part in promise.type.split("_")), None)
    where = f"{path}: expectations.{place}"
    if made is None:
        raise RulesError(f"{where}.type: Great Expectations has no {promise.type}")
    try:
        expectation = made(**parameters, severity=promise.severity, meta={"place": place})
    except Exception as error:
        # pydantic 1 inside Great Expectations, and errors of its own kinds
        raise RulesError(f"{where}.parameters: {' '.join(str(error).split())}") from error
    if str(getattr(expectation.severity, "value", expectation.severity)) != promise.severity:
        raise RulesError(f"{where}.severity: Great Expectations did not take {promise.severity}")
    return expectation


def _checked(promise: Promise, result: Mapping[str, Any] | None, rows: int) -> Checked:
    """Return what came of one promise; whatever was not evaluated over every row is critical."""

    def failed(observed: str) -> Checked:
        return Checked(promise.type, promise.title, "critical", success=False, observed=observed)

    if result is None:
        return failed("was not evaluated")
    raised = _exception(result.get("exception_info"))
    if raised is not None:
        return failed(f"could not be evaluated: {raised}")
    found = result["result"]
    seen = found.get("element_count")
    if seen is not None and seen != rows:
        return failed(f"evaluated {seen:,} of {rows:,} rows")
    if seen is not None and found.get("missing_count") == seen:
        return failed("the column is empty: there was nothing to evaluate")
    examples = tuple(
        (int(where["row"]), str(value))
        for where, value in zip(
            (found.get("unexpected_index_list") or [])[:EXAMPLES],
            (found.get("unexpected_list") or [])[:EXAMPLES],
            strict=False,
        )
    )
    if "observed_value" in found:
        observed = str(found["observed_value"])
    elif found.get("unexpected_count"):
        observed = f"{found['unexpected_count']:,} of {rows:,} rows break it"
    else:
        observed = f"holds for all {rows:,} rows"
    success = bool(result["success"])
    return Checked(promise.type, promise.title, promise.severity, success, observed, examples)


def _exception(info: Any) -> str | None:
    """Return the message of an exception anywhere in GX's exception_info, which nests them."""
    if not isinstance(info, Mapping):
        return None
    if info.get("raised_exception"):
        return str(info.get("exception_message") or "an exception without a message")
    return next((m for inner in info.values() if (m := _exception(inner)) is not None), None)


def _input_tasks(dataset: Dataset, verdicts: Verdicts, cleaned: Dataset) -> list[str]:
    """[n cleaned] The task each row had in the input.

    A task may be called after the file, and the cleaned file has another name: rows are matched by
    fingerprint, equal ones in order. A row the input does not have keeps the task it came with.
    """
    tasks: dict[str, deque[str]] = defaultdict(deque)
    for row, verdict in zip(dataset.rows, verdicts.verdict, strict=True):
        if verdict != "quarantine":
            tasks[row.fingerprint].append(row.task)
    return [
        waiting.popleft() if (waiting := tasks.get(row.fingerprint)) else row.task
        for row in cleaned.rows
    ]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Great Expectations from calling home, from logging over the progress, from warning.

    The environment is put back afterwards: this is a library too.
    """
    before = os.environ.get("GX_ANALYTICS_ENABLED")
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # Of its own code and of pandas called from there; nothing a user could change.
            warnings.filterwarnings("ignore", module=r"great_expectations\.")
            warnings.filterwarnings("ignore", module=r"marshmallow\.")
            yield
    finally:
        logger.setLevel(level)
        if before is None:
            del os.environ["GX_ANALYTICS_ENABLED"]
        else:
            os.environ["GX_ANALYTICS_ENABLED"] = before
