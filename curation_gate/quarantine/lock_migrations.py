"""Locks of older versions, brought to this one: a function a version, never edited afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

SCHEMA_VERSION = 4
"""1: one JSON document. 2: one fact a line; flagged rows, a sketch of the kept ones, the pack's
file. 3: the allow file. 4: whole records beside what is judged of them."""


def _one_to_two(content: dict[str, Any]) -> dict[str, Any]:
    """Add what version 2 knows of a dataset: nothing yet, until it is scanned again."""
    datasets = content.get("datasets")
    if not isinstance(datasets, dict):
        raise TypeError("datasets: must be an object")
    made = {}
    for name, entry in datasets.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("rules"), dict):
            raise TypeError(f"datasets.{name}: must be an entry with rules")
        made[name] = {
            **entry,
            "rules": {**entry["rules"], "file": None},
            "flagged": None,
            "sketch": {},
        }
    return {"schema_version": 2, "datasets": made}


def _two_to_three(content: dict[str, Any]) -> dict[str, Any]:
    """Say that nobody knows which allow file a dataset was scanned with."""
    datasets = content.get("datasets")
    if not isinstance(datasets, dict):
        raise TypeError("datasets: must be an object")
    made = {
        name: {**entry, "allow": None} if isinstance(entry, dict) else entry
        for name, entry in datasets.items()
    }
    return {"schema_version": 3, "datasets": made}


def _three_to_four(content: dict[str, Any]) -> dict[str, Any]:
    """Say that nobody knows the whole records: what is judged of them is all that can be held."""
    datasets = content.get("datasets")
    if not isinstance(datasets, dict):
        raise TypeError("datasets: must be an object")
    made = {}
    for name, entry in datasets.items():
        if isinstance(entry, dict):
            parts = {
                part: {**entry[part], "whole": None}
                for part in ("data", "cleaned")
                if isinstance(entry.get(part), dict)
            }
            made[name] = {**entry, **parts, "released": {}, "keys": {}}
        else:
            made[name] = entry
    return {"schema_version": 4, "datasets": made}


MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = MappingProxyType(
    {1: _one_to_two, 2: _two_to_three, 3: _three_to_four}
)
"""Old version to the function that makes the next one of it. Raises TypeError on damage."""
