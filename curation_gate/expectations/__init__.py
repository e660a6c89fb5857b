"""What a cleaned set is expected to hold, and the check of it."""

from __future__ import annotations

from pathlib import Path

from curation_gate.detectors.evidence import Verdicts
from curation_gate.expectations.result import Checked, CheckResult
from curation_gate.rows.record import Dataset

__all__ = ["CheckResult", "Checked", "check_cleaned"]


def check_cleaned(
    dataset: Dataset, verdicts: Verdicts, cleaned: Dataset, rules_path: Path | None = None
) -> CheckResult:
    """Return whether the cleaned set is what was promised, checked by Great Expectations.

    dataset: the input; verdicts: of its rows; cleaned: what was written, read again. rules_path:
    expectations to use in place of rules/cleaned.yaml. Raises RulesError where those are wrong.
    """
    from curation_gate.expectations.suite import check  # noqa: PLC0415 - seconds to import

    return check(dataset, verdicts, cleaned, rules_path)
