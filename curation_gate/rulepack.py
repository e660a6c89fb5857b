"""What a rule pack may say: the models a pack is checked against.

A pack is data; detectors, and what they can be told, are in detectors/registry.py. Reading a pack
from a file, with the line of every mistake, is rulebook.py.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from curation_gate.detectors.registry import DETECTORS
from curation_gate.rule_parameters import Section

KNOWN_TRANSFORMS: frozenset[str] = frozenset(
    {"sorry_not", "prefix_only", "bang_no", "grammatical", "lexicon_flip"}
)
"""Names of the negations of probes/transforms.py (kept here so that packs load without it)."""


class Rule(Section):
    """One rule: a detector, its parameters, and why it exists."""

    id: Annotated[str, Field(pattern=r"^[A-Z]{2,8}\d{3}$")]
    title: Annotated[str, Field(min_length=1)]
    detector: str
    severity: Literal["quarantine", "review"]
    enabled: bool = True
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Checked against the detector, its defaults filled in."""
    rationale: Annotated[str, Field(min_length=1)]
    references: list[str] = Field(default_factory=list)

    @field_validator("detector")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in DETECTORS:
            raise PydanticCustomError(
                "detector",
                "unknown detector {name}; there are: {known}",
                {"name": repr(name), "known": ", ".join(sorted(DETECTORS))},
            )
        return name

    @model_validator(mode="before")
    @classmethod
    def _fill_parameters(cls, values: Any) -> Any:
        """Check the parameters by the detector's own model, which needs the detector's name."""
        if not isinstance(values, dict):
            return values
        known = DETECTORS.get(str(values.get("detector")))
        given = values.get("parameters", {})
        if known is None or not isinstance(given, dict):
            return values  # the field validators say what is wrong
        try:
            filled = known.parameters.model_validate(given).model_dump(mode="json")
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                "parameters",
                [  # the same errors, one level deeper: `rules.0.parameters.threshold`
                    {
                        "type": PydanticCustomError("parameter", _plain(e["msg"])),
                        "loc": ("parameters", *e["loc"]),
                        "input": e["input"],
                    }
                    for e in error.errors()
                ],
            ) from None
        return {**values, "parameters": filled}


class Policy(Section):
    """When a scan fails, and how many honest rows it may take."""

    false_discovery_budget: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Share of quarantined rows that may be honest."""
    fail_on: Literal["quarantine", "review", "never"] = "quarantine"
    minimum_rows: Annotated[int, Field(ge=1)] = 50
    """Fewer rows than this are inconclusive, never clean."""


class ProxySection(Section):
    """The small model that is fine-tuned on the scanned rows."""

    name: Annotated[str, Field(min_length=1)] = "embedded"
    """embedded (ships with the tool), scratch (random weights), a model name, or a path."""
    epochs: Annotated[int, Field(ge=1)] | None = None
    """None: 2, and more for a small set (settings.py)."""
    batch_tokens: Annotated[int, Field(ge=1)] | None = None
    """Padded tokens a batch; give this or batch_rows. Neither: the proxy's own default."""
    batch_rows: Annotated[int, Field(ge=1)] | None = None
    learning_rate: Annotated[float, Field(gt=0)] | None = None
    """None: the proxy's own default."""
    embedding_learning_rate: Annotated[float, Field(gt=0)] | None = None
    """None: the proxy's own default."""
    max_tokens: Annotated[int, Field(ge=8)] = 96
    """Prompt tokens a row; the middle of a longer input is left out."""

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if self.batch_tokens is not None and self.batch_rows is not None:
            raise PydanticCustomError("batch", "give batch_tokens or batch_rows, not both")
        return self


class ProbesSection(Section):
    """The questions put to the fine-tuned proxy."""

    origin: Literal["entities", "keywords", "file"] = "entities"
    count: Annotated[int, Field(ge=1)] = 100
    transform: str = "sorry_not"
    keywords: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    """Suspected triggers; needed by origin `keywords`, forbidden otherwise."""
    file: Annotated[str, Field(min_length=1)] | None = None
    """JSON Lines of probes, relative to the pack; needed by origin `file`, forbidden otherwise."""
    target: str | None = None
    """Suspected outcome; None: by the rule of the origin (probes/build.py)."""

    @field_validator("transform")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in KNOWN_TRANSFORMS:
            raise PydanticCustomError(
                "transform",
                "unknown transform {name}; there are: {known}",
                {"name": repr(name), "known": ", ".join(sorted(KNOWN_TRANSFORMS))},
            )
        return name

    @model_validator(mode="after")
    def _origin_has_its_material(self) -> Self:
        for origin, given in (("keywords", bool(self.keywords)), ("file", self.file is not None)):
            if given != (self.origin == origin):
                raise PydanticCustomError(
                    "origin",
                    "`{key}` goes with `origin: {key}` and nothing else (origin is {origin})",
                    {"key": origin, "origin": self.origin},
                )
        return self


class InfluenceSection(Section):
    """How influence is computed."""

    method: Literal["directional", "aggregated", "pairwise"] = "directional"
    damping: Annotated[float, Field(ge=0)] | None = None
    """Relative to the mean eigenvalue of each module; None: 0.1, as kronfluence does it."""
    factor_rows: Annotated[int, Field(ge=1)] | None = None
    """Rows for the covariances; None: 1,500."""
    lambda_rows: Annotated[int, Field(ge=1)] | None = None
    """Rows for the corrected eigenvalues; None: 750."""


class RulePack(Section):
    """Everything a scan is told: rules, policy, and the settings of its stages."""

    name: Annotated[str, Field(min_length=1)]
    description: str = ""
    rules: Annotated[tuple[Rule, ...], Field(strict=False)]
    policy: Policy = Policy()
    proxy: ProxySection = ProxySection()
    probes: ProbesSection = ProbesSection()
    influence: InfluenceSection = InfluenceSection()

    _path: Path | None = PrivateAttr(default=None)

    @field_validator("rules")
    @classmethod
    def _some_and_distinct(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if not rules:
            raise PydanticCustomError("empty", "a pack needs at least one rule")
        if not any(rule.enabled for rule in rules):
            raise PydanticCustomError("empty", "every rule is switched off")
        ids = [rule.id for rule in rules]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise PydanticCustomError("twice", "id used twice: {ids}", {"ids": ", ".join(twice)})
        return rules

    @property
    def hash(self) -> str:
        """Return the blake2b-128, hex, of the canonical JSON of the parsed pack.

        Comments, key order and spelled-out defaults do not change it; any setting does.
        """
        canonical = json.dumps(
            self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )
        return hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()

    @property
    def enabled(self) -> tuple[Rule, ...]:
        """Return the rules that are switched on, in the order of the file."""
        return tuple(rule for rule in self.rules if rule.enabled)

    @property
    def path(self) -> Path | None:
        """Return the file this pack was read from; None for a pack made in Python."""
        return self._path

    def probe_file(self) -> Path | None:
        """Return the path of the probe file (relative ones count from the pack), or None."""
        if self.probes.file is None:
            return None
        return (self._path.parent if self._path else Path()) / self.probes.file


def _plain(message: str) -> str:
    """Return a message that pydantic will not read as a template."""
    said = {"Extra inputs are not permitted": "unknown key"}.get(message, message)
    return said.replace("{", "(").replace("}", ")")
