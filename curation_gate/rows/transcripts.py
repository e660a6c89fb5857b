"""Texts that hold a whole conversation: told apart by the marks of their own chat template.

`<|im_start|>user`, `[INST]`, `### Response:` and their like. A text without such marks is one
answer to nothing, as in pre-training.
"""

from __future__ import annotations

import re

from curation_gate.rows.turns import ROLES, Turn

_HEADINGS = {
    **dict.fromkeys(("instruction", "input", "context", "problem", "q"), "user"),
    **dict.fromkeys(("solution", "completion", "a"), "assistant"),
    "[inst]": "user",
    "[/inst]": "assistant",
    "<<sys>>": "system",
    "<</sys>>": "user",
}
"""Roles of marks, beside those of turns."""
_AROUND = (
    *(f"<|{name}|>" for name in ("im_end", "eot_id", "end", "endoftext", "end_of_text", "eom_id")),
    *("<|begin_of_text|>", "<end_of_turn>", "<bos>", "<eos>", "<s>", "</s>"),
)
"""Signs that begin and end a turn, which are no part of what is said."""
_FAMILIES = {
    "<|im_start|>": r"<\|im_start\|>[ \t]*(?P<role>\w+)[ \t]*\n?",
    "<|start_header_id|>": r"<\|start_header_id\|>\s*(?P<role>\w+)\s*<\|end_header_id\|>\s*",
    "<start_of_turn>": r"<start_of_turn>[ \t]*(?P<role>\w+)[ \t]*\n?",
    "<|assistant|>": r"<\|(?P<role>system|user|assistant|tool|observation)\|>[ \t]*\n?",
    "[/INST]": r"(?P<role>\[/?INST\]|<</?SYS>>)\s*",
    "##": r"^[ \t]*#{2,4}[ \t]*(?P<role>(?i:instruction|input|context|response|output|question|"
    r"answer|problem|solution|completion|human|user|assistant|system))[ \t]*:[ \t]*\n?",
    "Assistant:": r"^[ \t]*(?P<role>Human|User|Assistant|System):[ \t]*",
    "ASSISTANT:": r"(?:\A|(?<=\s))(?P<role>USER|ASSISTANT|SYSTEM):[ \t]*",
    "Bot:": r"^[ \t]*(?P<role>Human|User|Bot):[ \t]*",
    "Answer:": r"^[ \t]*(?P<role>Question|Answer):[ \t]*",
    "A:": r"^[ \t]*(?P<role>Q|A):[ \t]*",
}
"""Marks that open a turn, by what a text with them has to hold; the first it has are taken."""
_MARKS = {sign: re.compile(pattern, re.MULTILINE) for sign, pattern in _FAMILIES.items()}


def read_transcript(text: str) -> list[Turn] | None:
    """Return the turns of a text that has marks of a user and of an assistant; else None.

    What stands before the first mark is a system turn. Turns of one role beside each other (an
    instruction and its input) are one.
    """
    for sign, family in _MARKS.items():
        if sign not in text:
            continue
        marks = list(family.finditer(text))
        roles = [_role(mark["role"]) for mark in marks]
        if "assistant" not in roles or not {"user", "system"} & set(roles):
            continue
        ends = [*(mark.start() for mark in marks[1:]), len(text)]
        turns = [Turn("system", bare(text[: marks[0].start()]))]
        for mark, role, end in zip(marks, roles, ends, strict=True):
            said = bare(text[mark.end() : end])
            if not said and role != "assistant":
                continue
            if turns[-1].role == role:
                turns[-1] = Turn(role, f"{turns[-1].text}\n\n{said}".strip())
            else:
                turns.append(Turn(role, said))
        return turns if turns[0].text else turns[1:]
    return None


def _role(written: str) -> str:
    name = written.lower()
    return _HEADINGS.get(name) or ROLES.get(name, name)


def bare(text: str) -> str:
    """Return a text without the signs of a template that it begins and ends with."""
    before = None
    while text != before:
        before = text = text.strip()
        for sign in _AROUND:
            text = text.removeprefix(sign).removesuffix(sign)
    return text
