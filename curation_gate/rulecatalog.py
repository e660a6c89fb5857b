"""Every rule there is: what it is called, which packs have it, how severe, and its page.

A rule's page (docs/rules/CG001.md) says what the rule looks for, shows a true and a false example,
and how to suppress it. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from curation_gate.errors import UsageError
from curation_gate.rulebook import Rule, RulePack, load_rules, shipped_packs


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule over several packs."""

    id: str
    packs: Mapping[str, Rule]
    """Name of the pack to the rule as that pack has it; packs without it are absent."""

    @property
    def title(self) -> str:
        """What the rule is called in the first pack that has it."""
        return next(iter(self.packs.values())).title

    def standing(self, pack: str) -> str:
        """Return `quarantine`, `review`, `off`, or `-` where the pack does not have the rule."""
        rule = self.packs.get(pack)
        if rule is None:
            return "-"
        return rule.severity if rule.enabled else "off"


def packs(rules: str | Path | None = None) -> tuple[RulePack, ...]:
    """Return the shipped packs, `default` first; or the one that is asked for, alone."""
    if rules is not None:
        return (load_rules(rules),)
    names = sorted(shipped_packs(), key=lambda name: (name != "default", name))
    return tuple(load_rules(name) for name in names)


def catalog(of: tuple[RulePack, ...]) -> tuple[Entry, ...]:
    """Return every rule of the packs, by id."""
    found: dict[str, dict[str, Rule]] = {}
    for pack in of:
        for rule in pack.rules:
            found.setdefault(rule.id, {})[pack.name] = rule
    return tuple(Entry(rule, found[rule]) for rule in sorted(found))


def find(entries: tuple[Entry, ...], rule: str) -> Entry:
    """Return the entry of a rule, whatever its case. Raises UsageError, which lists the rules."""
    for entry in entries:
        if entry.id.lower() == rule.lower():
            return entry
    raise UsageError(
        f"there is no rule {rule!r}",
        hint="the rules are " + ", ".join(entry.id for entry in entries),
    )


def pages_folder() -> Path:
    """Return the folder of the rules' pages: docs/rules of a checkout, `_rule_pages` in a wheel."""
    package = Path(__file__).resolve().parent
    in_wheel = package / "_rule_pages"
    return in_wheel if in_wheel.is_dir() else package.parent / "docs" / "rules"


def page(rule: str) -> str | None:
    """Return the Markdown of a rule's page; None for a rule of somebody's own."""
    path = pages_folder() / f"{rule}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else None
