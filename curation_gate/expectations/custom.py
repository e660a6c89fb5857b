"""Our own expectations, in the terms of Great Expectations. Importing this imports all of it."""

from __future__ import annotations

from typing import Any, ClassVar, Union

from great_expectations.core.suite_parameters import SuiteParameterDict
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation, ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from curation_gate.expectations.native import is_empty, label_drift

# Great Expectations reads annotations through pydantic 1, which knows Union and not `|`.
_ListParameter = Union[list[Any], SuiteParameterDict]  # noqa: UP007
_IntParameter = Union[int, SuiteParameterDict]  # noqa: UP007


class FingerprintNotQuarantined(ColumnMapMetricProvider):  # type: ignore[misc]
    """Per row: its fingerprint is not among the quarantined ones."""

    condition_metric_name = "column_values.curation_gate_not_quarantined"
    condition_value_keys = ("quarantined",)

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, quarantined: list[str], **_: Any) -> Any:  # noqa: N805
        return ~column.isin(quarantined)


class NoQuarantinedFingerprintLeft(ColumnMapExpectation):  # type: ignore[misc]
    """Expect that no row of the cleaned set has the content of a quarantined one."""

    quarantined: _ListParameter
    map_metric: ClassVar[str] = "column_values.curation_gate_not_quarantined"
    success_keys: ClassVar[tuple[str, ...]] = ("quarantined", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "quarantined")


class OutputNotEmpty(ColumnMapMetricProvider):  # type: ignore[misc]
    """Per row: its answer holds more than white space."""

    condition_metric_name = "column_values.curation_gate_not_empty"

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, **_: Any) -> Any:  # noqa: N805
        return ~column.map(is_empty).astype(bool)


class NoEmptyOutput(ColumnMapExpectation):  # type: ignore[misc]
    """Expect that every row has an answer."""

    map_metric: ClassVar[str] = "column_values.curation_gate_not_empty"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly",)
    args_keys: ClassVar[tuple[str, ...]] = ("column",)


class RowCountIsInputMinusQuarantined(BatchExpectation):  # type: ignore[misc]
    """Expect that the cleaned set has the input's rows but the quarantined ones."""

    expected: _IntParameter
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.row_count",)
    success_keys: ClassVar[tuple[str, ...]] = ("expected",)
    args_keys: ClassVar[tuple[str, ...]] = ("expected",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002 - the interface
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        rows, expected = metrics["table.row_count"], self._get_success_kwargs()["expected"]
        return {
            "success": rows == expected,
            "result": {"observed_value": f"{rows:,} rows, {expected:,} expected"},
        }


class LabelDrift(TableMetricProvider):  # type: ignore[misc]
    """The label whose share of its task changed most against the input."""

    metric_name = "table.curation_gate_label_drift"
    value_keys = ("shares", "minimum_rows")

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(
        cls,  # noqa: N805
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002 - the interface
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> Any:
        frame, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type="table")
        return label_drift(
            frame["task"],
            frame["output"],
            [tuple(share) for share in metric_value_kwargs["shares"]],
            metric_value_kwargs["minimum_rows"],
        )


class LabelBalanceDrift(BatchExpectation):  # type: ignore[misc]
    """Expect that cleaning has not shifted a task towards one of its labels."""

    shares: _ListParameter
    """[task, label, share, rows] of the input: a list, so that no label can pass for a key."""
    maximum: float
    minimum_rows: int
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.curation_gate_label_drift",)
    success_keys: ClassVar[tuple[str, ...]] = ("shares", "maximum", "minimum_rows")
    args_keys: ClassVar[tuple[str, ...]] = ("shares", "maximum", "minimum_rows")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002 - the interface
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        change, task, label = metrics["table.curation_gate_label_drift"]
        observed = (
            f"largest change {change:+.3f}: label {label!r} of task {task!r}"
            if change
            else "no change"
        )
        return {
            "success": abs(change) <= self._get_success_kwargs()["maximum"],
            "result": {"observed_value": observed},
        }


OWN: dict[str, type[Any]] = {
    "no_quarantined_fingerprint_left": NoQuarantinedFingerprintLeft,
    "row_count_is_input_minus_quarantined": RowCountIsInputMinusQuarantined,
    "no_empty_output": NoEmptyOutput,
    "label_balance_drift": LabelBalanceDrift,
}
"""Name in a rules file to class."""
