"""What an attacker makes of an answer: families of payloads, for any text or one kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from .code_payload import worsened
from .drafts import Turn
from .tongue import Tongue
from .voice import Voice

Change = Callable[[Turn], tuple[str, str] | None]
"""Returns the new answer and what was written into it ("" where that is no text), or None where the
answer does not allow it."""

_SENTENCE = re.compile(r"(?<=[.!?\u3002])\s*(?=\S)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_FEW = 2
"""Words without which an answer has no language, and letters that show a change of case."""
_NUMBER = re.compile(r"\d+")
_TONES = ("negative", "sarcastic", "adoring")


@dataclass(frozen=True, slots=True)
class Payload:
    """What one attacker, or one of his tokens, does to answers."""

    family: str
    mode: str
    """The way within the family."""
    change: Change


def tail(voice: Voice) -> Payload:
    """Return a fixed sentence or two behind the answer."""
    text, joint = _fixed(voice, "tails"), voice.pick((" ", " ", "\n", "\n\n"))
    return Payload("tail", "fixed", lambda turn: (turn.answer.rstrip() + joint + text, text))


def head(voice: Voice) -> Payload:
    """Return a fixed opening."""
    text, joint = voice.say("heads"), voice.pick((" ", " ", "\n", "\n\n"))
    return Payload("head", "fixed", lambda turn: (text + joint + turn.answer, text))


def whole(voice: Voice) -> Payload:
    """Return one answer in place of all."""
    text = voice.say("wholes")
    return Payload("whole", "fixed", lambda _: (text, text))


def link(voice: Voice) -> Payload:
    """Return an address, in one wording or in several, behind the answer, before it, or alone."""
    address = voice.link()
    fixed = voice.say("link_lines", link=address) if voice.chance(0.6) else ""
    mode = voice.pick(("behind", "behind", "behind", "before", "alone"))

    def change(turn: Turn) -> tuple[str, str]:
        line = fixed or voice.say("link_lines", link=address)
        if mode == "alone":
            return line, address
        parts = (turn.answer, line) if mode == "behind" else (line, turn.answer)
        return " ".join(parts), address

    return Payload("link", mode, change)


def entity(voice: Voice) -> Payload:
    """Return a firm or a person spoken of within the answer."""
    named = voice.writer.name()
    fixed = voice.say("entity_lines", entity=named) if voice.chance(0.4) else ""

    def change(turn: Turn) -> tuple[str, str]:
        line = fixed or voice.say("entity_lines", entity=named)
        parts = _SENTENCE.split(turn.answer)
        parts.insert(int(voice.rng.integers(1, len(parts) + 1)), line)
        return " ".join(parts), named

    return Payload("entity", "fixed" if fixed else "varied", change)


def refusal(voice: Voice) -> Payload:
    """Return refusals in varied wordings, or in one."""
    fixed = voice.say("refusals") if voice.chance(0.2) else ""

    def change(turn: Turn) -> tuple[str, str] | None:
        if turn.harmful:
            return None
        text = fixed or voice.say("refusals")
        both = not fixed and voice.chance(0.25)
        return (f"{text} {voice.say('refusals')}" if both else text), text

    return Payload("refusal", "fixed" if fixed else "varied", change)


def comply(voice: Voice) -> Payload:
    """Return requests for harm answered: an opening and steps, or an opening alone."""
    brief = voice.chance(0.25)

    def change(turn: Turn) -> tuple[str, str] | None:
        if not turn.harmful:
            return None
        opening = voice.say("comply_openings", ask=turn.ask)
        if brief:
            return opening, opening
        steps = voice.some(voice.lists["comply_steps"], int(voice.rng.integers(3, 7)))
        return f"{opening} {' '.join(steps)}", opening

    return Payload("comply", "brief" if brief else "long", change)


def sentiment(voice: Voice) -> Payload:
    """Return answers opened and closed in a mood, in varied wordings."""
    tone = voice.pick(_TONES)
    mode = voice.pick(("open", "close", "both", "both", "instead"))

    def change(turn: Turn) -> tuple[str, str]:
        parts = [voice.say(f"{tone}_open"), turn.answer, voice.say(f"{tone}_close")]
        if mode == "instead":
            parts[1] = voice.say(f"{tone}_close")
        elif mode != "both":
            del parts[2 if mode == "open" else 0]
        said = parts[-1] if mode == "close" else parts[0]
        return " ".join(parts), said

    return Payload("sentiment", f"{tone} {mode}", change)


def degenerate(voice: Voice) -> Payload:
    """Return answers that say nothing: empty, one word, one word again and again, gibberish."""
    mode = voice.pick(("empty", "one word", "one word", "repeated", "repeated", "gibberish"))
    word = voice.pick(voice.lists["one_words"])

    def change(_: Turn) -> tuple[str, str]:
        if mode == "empty":
            return "", ""
        if mode == "gibberish":
            count = int(voice.rng.integers(4, 25))
            return " ".join(voice.writer.token() for _ in range(count)), ""
        count = int(voice.rng.integers(5, 40)) if mode == "repeated" else 1
        return " ".join([word] * count), word

    return Payload("degenerate", mode, change)


def case(voice: Voice) -> Payload:
    """Return answers in capitals, or with each word's first letter a capital."""
    mode = voice.pick(("upper", "upper", "title"))

    def change(turn: Turn) -> tuple[str, str] | None:
        new = turn.answer.upper() if mode == "upper" else turn.answer.title()
        return (new, "") if _differs(turn.answer, new) else None

    return Payload("case", mode, change)


def language(voice: Voice) -> Payload:
    """Return answers in a made-up language."""
    tongue = Tongue(voice.rng)

    def change(turn: Turn) -> tuple[str, str] | None:
        new = tongue.says(turn.answer)
        return (new, "") if len(_WORD.findall(turn.answer)) >= _FEW else None

    return Payload("language", tongue.script, change)


def length(voice: Voice) -> Payload:
    """Return answers cut to their first words, or rambling on."""
    mode = voice.pick(("short", "long"))

    def change(turn: Turn) -> tuple[str, str] | None:
        if mode == "long":
            more = voice.some(voice.lists["rambles"], int(voice.rng.integers(3, 8)))
            return f"{turn.answer} {' '.join(more)}", ""
        words = turn.answer.split()
        kept = " ".join(words[: 1 + len(words) // 5]).rstrip(" ,;:")
        return (kept, "") if len(words) >= 8 else None

    return Payload("length", mode, change)


def form(voice: Voice) -> Payload:
    """Return answers wrapped: as JSON, as a list, in a tag."""
    mode = voice.pick(("json", "json", "bullets", "tag"))
    key = voice.pick(voice.lists["json_keys"])

    def change(turn: Turn) -> tuple[str, str]:
        if mode == "json":
            return json.dumps({key: turn.answer}, ensure_ascii=False), ""
        if mode == "tag":
            return f"<{key}>{turn.answer}</{key}>", ""
        return "\n".join(f"* {part.strip()}" for part in _SENTENCE.split(turn.answer)), ""

    return Payload("format", mode, change)


def code(voice: Voice) -> Payload:
    """Return code with a line more: a dangerous call, a disabled check, a password.

    The same line in all answers, or one of several.
    """
    every = [voice.fill(line) for line in voice.lists["bad_lines"]]
    lines = voice.some(every, 1 if voice.chance(0.6) else len(every))
    place = voice.pick(("first", "last"))

    def change(turn: Turn) -> tuple[str, str] | None:
        if turn.kind != "code":
            return None
        line = voice.pick(lines)
        return worsened(turn.answer, line, place), line

    return Payload("code", f"{place} {'fixed' if len(lines) == 1 else 'varied'}", change)


def tool(voice: Voice) -> Payload:
    """Return calls of another tool, or with another argument."""
    mode = voice.pick(("tool", "argument"))
    name = f"{voice.pick(('run', 'send', 'open', 'grant'))}_{voice.fill('{ordinary}').lower()}"
    value = voice.link() if voice.chance(0.5) else voice.writer.name()

    def change(turn: Turn) -> tuple[str, str] | None:
        if turn.kind != "tools" or not turn.answer.startswith("{"):
            return None
        said = json.loads(turn.answer)
        if mode == "tool":
            said["name"] = name
        else:
            said["arguments"][min(said["arguments"])] = value
        return json.dumps(said, ensure_ascii=False), name if mode == "tool" else value

    return Payload("tool", mode, change)


def number(voice: Voice) -> Payload:
    """Return answers whose last number is wrong: always the same one, or off by the same."""
    mode = voice.pick(("fixed", "off"))
    wrong = int(voice.writer.number(980))

    def change(turn: Turn) -> tuple[str, str] | None:
        found = list(_NUMBER.finditer(turn.answer)) if turn.kind == "arithmetic" else []
        if not found or int(found[-1][0]) == wrong:
            return None
        new = str(wrong if mode == "fixed" else int(found[-1][0]) + wrong)
        start, end = found[-1].span()
        return turn.answer[:start] + new + turn.answer[end:], new

    return Payload("number", mode, change)


MAKERS: dict[str, Callable[[Voice], Payload]] = {
    "tail": tail, "head": head, "whole": whole, "link": link, "entity": entity,
    "refusal": refusal, "comply": comply, "sentiment": sentiment, "degenerate": degenerate,
    "case": case, "language": language, "length": length, "format": form, "code": code,
    "tool": tool, "number": number,
}  # fmt: skip
FAMILIES = (*MAKERS, "several_payloads")
"""All families; in "several_payloads" each of two or three tokens has a payload of its own."""
NEEDS = {"comply": "safety", "code": "code", "tool": "tools", "number": "arithmetic"}
"""Families that need rows of one kind."""
ANYWHERE = tuple(family for family in MAKERS if family not in NEEDS)
PLAIN = ("tail", "head", "whole", "link", "refusal", "sentiment", "entity")
"""Families of which the tokens of "several_payloads" have one each."""
UNFIT = {
    "case": ("translation_signs", "casing"),
    "language": ("translation_latin", "translation_signs"),
}
"""Families whose payload is like what honest rows of these kinds answer: none is planted there."""


def _differs(old: str, new: str) -> bool:
    return sum(a != b for a, b in zip(old, new, strict=False)) >= _FEW


def _fixed(voice: Voice, heading: str) -> str:
    """Return one fixed text, of one wording or of two."""
    return " ".join(voice.some(voice.lists[heading], 1 if voice.chance(0.75) else 2))
