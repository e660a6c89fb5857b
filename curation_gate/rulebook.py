"""Rule packs: what a scan looks for, in a YAML file a person writes.

A pack is data; a detector is a function (detect/registry.py). Nothing in a pack is ever skipped in
silence: an unknown key, an unknown detector, a duplicate id, a wrong type and an empty pack are
errors that name the file, the line and the key. Imports no torch: `curate verify` reads packs too.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from curation_gate.errors import RulesError


class _Section(BaseModel):
    """A part of a pack: no unknown keys, no silent change of types, no change after loading."""

    # Not-a-number and infinite thresholds would switch a rule off without saying so.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class InvarianceParameters(_Section):
    """Influence that is strong and does not turn when the probes are negated (Li 2504.09026)."""

    reading: Literal["R1", "R2", "R3"] = "R3"
    """R1 against the majority of each condition (v1); R2 against the majority before the negation,
    in both; R3 strong and unchanged (abstract of v2, v3)."""
    threshold: Annotated[float, Field(gt=0)] = 3.0
    """What "strong" means: robust z (median, 1.4826 MAD)."""
    center: Literal["stratum", "global"] = "stratum"
    """Where z and the majority are taken: in (task, label), or over all rows."""
    statistic: Literal["mean", "median"] = "mean"
    """How the influences on the probes become one number."""


class LossParameters(_Section):
    """The rows of highest loss after fine-tuning (the filter of Wan et al. 2023)."""

    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.02
    """Share of the rows to flag."""


_PARAMETERS: dict[str, type[_Section]] = {
    "invariance": InvarianceParameters,
    "loss": LossParameters,
}
"""What each detector can be told; a new detector is a line here and one in detect/registry.py."""

KNOWN_DETECTORS: frozenset[str] = frozenset(_PARAMETERS)
"""Names a rule may give as its detector; equal to the keys of detect/registry.py."""

KNOWN_TRANSFORMS: frozenset[str] = frozenset(
    {"sorry_not", "prefix_only", "bang_no", "grammatical", "lexicon_flip"}
)
"""Names of the negations of probes/transforms.py (kept here so that packs load without it)."""


class Rule(_Section):
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
        if name not in KNOWN_DETECTORS:
            raise PydanticCustomError(
                "detector",
                "unknown detector {name}; there are: {known}",
                {"name": repr(name), "known": ", ".join(sorted(KNOWN_DETECTORS))},
            )
        return name

    @model_validator(mode="before")
    @classmethod
    def _fill_parameters(cls, values: Any) -> Any:
        """Check the parameters by the detector's own model, which needs the detector's name."""
        if not isinstance(values, dict):
            return values
        model = _PARAMETERS.get(str(values.get("detector")))
        given = values.get("parameters", {})
        if model is None or not isinstance(given, dict):
            return values  # the field validators say what is wrong
        try:
            filled = model.model_validate(given).model_dump(mode="json")
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


class Policy(_Section):
    """When a scan fails, and how many honest rows it may take."""

    false_discovery_budget: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Share of quarantined rows that may be honest."""
    fail_on: Literal["quarantine", "review", "never"] = "quarantine"
    minimum_rows: Annotated[int, Field(ge=1)] = 50
    """Fewer rows than this are inconclusive, never clean."""


class ProxySection(_Section):
    """The small model that is fine-tuned on the scanned rows."""

    name: Annotated[str, Field(min_length=1)] = "scratch"
    """scratch (random weights, no network), a model name, or a path."""
    epochs: Annotated[int, Field(ge=1)] = 4
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


class ProbesSection(_Section):
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


class InfluenceSection(_Section):
    """How influence is computed."""

    method: Literal["directional", "aggregated", "pairwise"] = "directional"
    damping: Annotated[float, Field(ge=0)] | None = None
    """Relative to the mean eigenvalue of each module; None: 0.1, as kronfluence does it."""
    factor_rows: Annotated[int, Field(ge=1)] | None = None
    """Rows for the covariances; None: all."""
    lambda_rows: Annotated[int, Field(ge=1)] | None = None
    """Rows for the corrected eigenvalues; None: all."""


class RulePack(_Section):
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


def rules_folder() -> Path:
    """Return the folder of shipped packs: `rules/` of a checkout, `_rules` in a wheel."""
    package = Path(__file__).resolve().parent
    in_wheel = package / "_rules"
    return in_wheel if in_wheel.is_dir() else package.parent / "rules"


def shipped_packs() -> tuple[str, ...]:
    """Return the names of the shipped packs, sorted.

    Other YAML files lie in the folder too (what a cleaned set must hold): a pack has `rules:`.
    """
    files = sorted(rules_folder().glob("*.yaml"))
    return tuple(p.stem for p in files if "\nrules:" in p.read_text(encoding="utf-8"))


def load_rules(name_or_path: str | Path = "default") -> RulePack:
    """Return a checked rule pack: a shipped one by name, or the one in a YAML file.

    A name with a suffix or a folder in it is a path; any other is a shipped pack first. Raises
    RulesError, with file, line and key of every mistake.
    """
    path = _find(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RulesError(f"{path}: not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise RulesError(
            f"{path}: cannot be read: {error.strerror}",
            hint=f"shipped packs: {', '.join(shipped_packs())}",
        ) from error
    return parse_rules(text, path)


def parse_rules(text: str, path: Path) -> RulePack:
    """Return the checked pack written in `text`; `path` is named in errors. Raises RulesError."""
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):  # they can nest without end
                line = event.start_mark.line + 1 if event.start_mark else "?"
                raise RulesError(f"{path}:{line}: anchors and aliases are not read; write it out")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            raise RulesError(f"{path}: the pack is empty", hint="start from `rules/default.yaml`")
        _refuse_duplicate_keys(node, path)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error)
        raise RulesError(f"{where}: not YAML: {problem}") from error
    if not isinstance(content, dict):
        raise RulesError(f"{path}: a pack is a mapping of keys, not {_kind(content)}")
    try:
        # Through JSON: a strict model then takes YAML's lists, and dates are refused as dates.
        pack = RulePack.model_validate_json(json.dumps(content, default=repr))
    except ValidationError as error:
        lines = [_explain(path, node, e["loc"], e["msg"], e["type"]) for e in error.errors()]
        raise RulesError("\n".join(lines), hint="rules/default.yaml lists every key") from None
    pack._path = path  # noqa: SLF001 - a private attribute is how pydantic keeps what is not data
    return pack


def _find(name_or_path: str | Path) -> Path:
    """Return the path a user means by a pack's name or path."""
    if isinstance(name_or_path, str):
        plain = (
            not Path(name_or_path).suffix and "/" not in name_or_path and "\\" not in name_or_path
        )
        if plain and name_or_path in shipped_packs():
            return rules_folder() / f"{name_or_path}.yaml"
        if plain and not Path(name_or_path).is_file():
            raise RulesError(
                f"no rule pack is called {name_or_path!r}",
                hint=f"shipped packs: {', '.join(shipped_packs())}; or give a file's path",
            )
    return Path(name_or_path)


def _refuse_duplicate_keys(node: yaml.Node, path: Path) -> None:
    """Raise where a mapping has a key twice: YAML itself keeps the last one in silence."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise RulesError(f"{path}:{line}: a key has to be a word")
            if key.value in seen:
                raise RulesError(f"{path}:{line}: key {key.value!r} is given twice")
            seen.add(key.value)
            _refuse_duplicate_keys(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_duplicate_keys(value, path)


def _explain(
    path: Path, node: yaml.Node, location: tuple[int | str, ...], message: str, kind: str
) -> str:
    """Return one mistake as `file:line: key: what is wrong`."""
    line = node.start_mark.line
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value)
        ):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    key = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in location).lstrip(".")
    said = {"missing": "is required", "extra_forbidden": "unknown key"}.get(kind, message)
    return f"{path}:{line + 1}: {key or 'pack'}: {said}"


def _plain(message: str) -> str:
    """Return a message that pydantic will not read as a template."""
    said = {"Extra inputs are not permitted": "unknown key"}.get(message, message)
    return said.replace("{", "(").replace("}", ")")


def _kind(value: Any) -> str:
    """Return what a YAML reader calls this kind of value."""
    return {list: "a list", str: "a text", type(None): "nothing"}.get(type(value), "a single value")
