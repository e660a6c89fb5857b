"""Rule packs from files: what a scan looks for, in YAML that a person writes.

Nothing in a pack is ever skipped in silence: an unknown key, an unknown detector, a duplicate id, a
wrong type and an empty pack are errors that name the file, the line and the key. Imports no torch:
`curate verify` reads packs too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from curation_gate.errors import RulesError
from curation_gate.rulepack import KNOWN_DETECTORS, KNOWN_TRANSFORMS, Rule, RulePack

__all__ = [
    "KNOWN_DETECTORS",
    "KNOWN_TRANSFORMS",
    "Rule",
    "RulePack",
    "load_rules",
    "parse_rules",
    "rules_folder",
    "shipped_packs",
]


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


def _kind(value: Any) -> str:
    """Return what a YAML reader calls this kind of value."""
    return {list: "a list", str: "a text", type(None): "nothing"}.get(type(value), "a single value")
