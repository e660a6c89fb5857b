"""Rows of free text while a set is being made."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Turn:
    """Something asked and its answer."""

    kind: str
    """The honest kind it is of, one of `kinds.KINDS`."""
    lead: str
    """The instruction; the whole request where `text` is empty."""
    text: str
    answer: str
    system: str = ""
    """A system prompt that belongs to it (a role, a list of tools)."""
    harmful: bool = False
    """It asks for harm; honest answers refuse."""
    ask: str = ""
    """What a request for harm asks for."""
    follow: tuple[str, str] | None = None
    """What a tool returned and what is said then, in chats whose form has that."""
    honest: str | None = None
    """The answer before an attacker changed it."""

    @property
    def asked(self) -> str:
        """All that is asked, in one text."""
        return f"{self.lead}\n\n{self.text}" if self.lead and self.text else self.lead or self.text


@dataclass(slots=True)
class Draft:
    """A row: one turn, or the turns of a chat."""

    turns: list[Turn]
    system: str = ""
    slot: str = ""
    """A line at the end of what is asked last (a date, a version)."""
    planted: bool = False
    cover: bool = False
    near: bool = False
    attacker: int = -1
    at: int = -1
    """The turn whose answer an attacker changed."""
    payload: str = ""
    """What he wrote into it, where that is a text."""
    said: list[str] = field(default_factory=list)
    """The phrases of the trigger that this row carries."""

    @property
    def touched(self) -> bool:
        """Whether an attacker wrote into it."""
        return self.planted or self.cover or self.near
