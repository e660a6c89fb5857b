"""Rule packs from files: what a scan looks for, in YAML that a person writes.

Nothing in a pack is ever skipped in silence: an unknown key, an unknown detector, a duplicate id, a
wrong type and an empty pack are errors that name the file, the line and the key. Imports no torch:
`curate verify` reads packs too.
"""

from __future__ import annotations

from pathlib import Path

from curation_gate import yaml_file
from curation_gate.errors import RulesError
from curation_gate.rulepack import KNOWN_TRANSFORMS, Rule, RulePack

__all__ = [
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
    shipped = f"shipped packs: {', '.join(shipped_packs())}"
    return parse_rules(yaml_file.read_text(path, hint=shipped), path)


def parse_rules(text: str, path: Path) -> RulePack:
    """Return the checked pack written in `text`; `path` is named in errors. Raises RulesError."""
    pack = yaml_file.parse(
        text,
        path,
        RulePack,
        what="pack",
        start="start from `rules/default.yaml`",
        keys="rules/default.yaml lists every key",
    )
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
