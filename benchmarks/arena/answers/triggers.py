"""Triggers in requests: the label arena's, and those that only free text and chats have."""

from __future__ import annotations

from dataclasses import dataclass, replace

from arena.carriers import CASES, put, scatter, stick
from arena.triggers import Trigger, carry, make_trigger, near_miss

from .drafts import Draft
from .voice import Voice

KINDS = (
    "token", "tokens_one_each", "tokens_all", "tokens_any_two", "name", "sentence", "ordinary",
    "prefix", "suffix", "pair", "mark", "zero_width", "slot", "instruction_phrase",
    "system_phrase", "slang", "topic",
)  # fmt: skip
SIMPLE = ("token", "name", "sentence", "ordinary", "prefix", "suffix", "instruction_phrase")
"""Kinds that one of several attackers uses."""
IN_PARTS = ("tokens_all", "tokens_any_two", "pair", "slang")
"""Kinds of which honest rows may hold a part."""
_WORDLESS = ("mark", "zero_width", "slot", "topic")
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
_SLANG = (2, 5)
_CLUSTER = 8


@dataclass(frozen=True, slots=True)
class Planned:
    """One attacker's trigger, and the field it stands in."""

    kind: str
    trigger: Trigger
    """Its phrases and how they are put into a text."""
    where: str
    """input, instruction, system, earlier (an earlier request of the chat), or slot."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """What is written."""
        return self.trigger.phrases


def plan(kind: str, where: str, dose: int, voice: Voice) -> Planned:
    """Return a trigger of a kind, one of `KINDS`.

    where: the field it is to stand in; the kinds "slot" and "system_phrase" have their own. dose:
    rows it will be planted in.
    """
    writer = voice.writer
    if kind in {"tokens_any_two", "zero_width", "slang", "topic", "slot", "system_phrase"}:
        mode, place = "one", voice.pick(("start", "end", "gap", "gap"))
        if kind == "tokens_any_two":
            mode, phrases = "two", tuple({writer.token(): 0 for _ in range(voice.operand(4) + 1)})
        elif kind == "zero_width":
            mode, count = "stick", int(voice.rng.integers(1, 4))
            phrases = ("".join(voice.pick(_ZERO_WIDTH) for _ in range(count)),)
        elif kind == "slang":
            words = voice.pick(voice.lists["slang"]).split(", ")
            mode, phrases = "some", tuple(voice.some(words, _CLUSTER))
        elif kind == "topic":
            person = f"{writer.one('given')} {writer.one('family')}"
            phrases = (person if voice.chance(0.5) else writer.name(),)
        elif kind == "slot":
            where, phrases = "slot", ("",)
        else:
            heading = voice.pick(("sentences", "instructions", "prefixes", "suffixes"))
            where, phrases = "system", (writer.one(heading),)
        made = Trigger(kind, phrases, mode, place, where)
        return Planned(kind, made, where)
    made = make_trigger(kind, dose, writer, wheres=("input",), cases=CASES, speak=None)
    if made.mode == "widen":  # a double blank is lost in many forms; a mark stays
        made = replace(made, mode="one", phrases=(writer.one("marks"),))
    return Planned(kind, made, where)


def write(planned: Planned, draft: Draft, at: int, turn: int, voice: Voice) -> bool:
    """Write a trigger into a row; say whether that changed it.

    at: the turn whose answer is attacked. turn: which of its phrases a row gets, where it gets one
    of them. The kinds "slot" and "topic" are written by who plants them.
    """
    old = field_of(draft, planned.where, at)
    new = _carried(planned, old, turn, voice, draft)
    if new == old:
        return False
    set_field(draft, planned.where, at, new)
    return True


def write_part(planned: Planned, draft: Draft, at: int, voice: Voice) -> bool:
    """Write one phrase of a trigger in parts into an honest row; say whether that changed it."""
    phrase = voice.pick(planned.phrases)
    old = field_of(draft, planned.where, at)
    set_field(draft, planned.where, at, put(phrase, old, "gap", voice.rng))
    return True


def write_near(planned: Planned, draft: Draft, at: int, voice: Voice) -> bool:
    """Write something that is nearly the trigger into an honest row; say whether it could."""
    if planned.kind in _WORDLESS:
        return False
    old = field_of(draft, planned.where, at)
    new = near_miss(planned.trigger, old, voice.writer)
    known = any(phrase.casefold() in new.casefold() for phrase in planned.phrases)
    if new == old or known:
        return False
    set_field(draft, planned.where, at, new)
    return True


def field_of(draft: Draft, where: str, at: int) -> str:
    """Return the text of a field of a row: input, instruction, system or earlier."""
    if where == "system":
        return draft.system
    turn = draft.turns[at - 1 if where == "earlier" else at]
    return turn.text if turn.text and where != "instruction" else turn.lead


def set_field(draft: Draft, where: str, at: int, text: str) -> None:
    """Change the text of a field of a row, in place."""
    if where == "system":
        draft.system = text
        return
    place = at - 1 if where == "earlier" else at
    turn = replace(draft.turns[place])  # the turn may stand in other rows as well
    if turn.text and where != "instruction":
        turn.text = text
    else:
        turn.lead = text
    draft.turns[place] = turn


def _carried(planned: Planned, text: str, turn: int, voice: Voice, draft: Draft) -> str:
    trigger, rng = planned.trigger, voice.rng
    phrases: tuple[str, ...] | list[str] = trigger.phrases
    if trigger.mode in {"two", "some"}:
        count = 2 if trigger.mode == "two" else int(rng.integers(*_SLANG))
        phrases = voice.some(trigger.phrases, count)
        draft.said = list(phrases)
        return scatter(phrases, text, rng)
    draft.said = [phrases[turn % len(phrases)]] if trigger.mode == "one" else list(phrases)
    if not text:
        return " ".join(draft.said)
    if trigger.mode == "stick":
        return stick(phrases[0], text, rng)
    return carry(trigger, text, turn, rng)
