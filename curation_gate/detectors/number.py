"""What a number of evidence is: its name, its group, which way it points, and its unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """One number of evidence."""

    name: str
    group: str
    """What it is measured on: an ablation leaves out a group at a time."""
    points: int
    """+1: more of it speaks for a trigger, -1: against one, 0: either, by the others."""
    says: str
    """For a reader, with its unit."""
