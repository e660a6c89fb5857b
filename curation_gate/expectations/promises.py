"""What a cleaned set is expected to hold, as rules/cleaned.yaml says it.

Read here without Great Expectations, because `curate verify` reads it too. Great Expectations
itself drops what it does not know (a type, a severity) with a line of log; here that is an error.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from curation_gate.errors import RulesError
from curation_gate.rulebook import rules_folder

COLUMNS = ("row", "fingerprint", "instruction", "input", "output", "task")
"""Columns of the table the expectations are checked on."""

OWN_TYPES = (
    "no_quarantined_fingerprint_left",
    "row_count_is_input_minus_quarantined",
    "no_empty_output",
    "label_balance_drift",
)
"""Expectations of this project (expectations/custom.py)."""

Severity = Literal["critical", "warning", "info"]

_GREAT = re.compile(r"expect_[a-z0-9_]+")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DriftParameters(_Section):
    """What label_balance_drift can be told."""

    maximum: Annotated[float, Field(gt=0, le=1)] = 0.1
    minimum_rows: Annotated[int, Field(ge=1)] = 50


class Promise(_Section):
    """One expectation and how much it matters."""

    type: str
    title: Annotated[str, Field(min_length=1)]
    severity: Severity
    parameters: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Promise:
        if self.type == "label_balance_drift":
            DriftParameters.model_validate(self.parameters)
        elif self.type in OWN_TYPES:
            if self.parameters:
                raise ValueError(f"{self.type} takes no parameters")
        elif not _GREAT.fullmatch(self.type):
            raise ValueError(
                f"unknown type {self.type!r}; ours are {', '.join(OWN_TYPES)}, "
                "those of Great Expectations begin with expect_"
            )
        column = self.parameters.get("column")
        if column is not None and column not in COLUMNS:
            raise ValueError(f"no column {column!r}; there are {', '.join(COLUMNS)}")
        return self


class Promises(_Section):
    """A whole file of expectations."""

    name: Annotated[str, Field(min_length=1)]
    description: str = ""
    expectations: Annotated[tuple[Promise, ...], Field(min_length=1, strict=False)]


class _Loader(yaml.SafeLoader):
    """A SafeLoader that refuses a key given twice, where YAML keeps the last one in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(
                    problem=f"key {key!r} is given twice", problem_mark=node.start_mark
                )
        return super().construct_mapping(node, deep=deep)


def cleaned_rules() -> Path:
    """Return the path of the shipped expectations."""
    return rules_folder() / "cleaned.yaml"


def load_promises(path: Path | None = None) -> Promises:
    """Return the expectations of a YAML file (None: the shipped one). Raises RulesError."""
    path = cleaned_rules() if path is None else path
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - safe
    except OSError as error:
        raise RulesError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RulesError(f"{path}: not UTF-8 at byte {error.start}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise RulesError(f"{where}: {getattr(error, 'problem', None) or error}") from error
    if content is None:
        raise RulesError(f"{path}: the file is empty", hint="start from rules/cleaned.yaml")
    try:
        return Promises.model_validate(content)
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(str(step) for step in e['loc']) or 'file'}: {e['msg']}"
            for e in error.errors()
        ]
        raise RulesError("\n".join(lines), hint="rules/cleaned.yaml shows every key") from None
