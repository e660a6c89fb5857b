"""Signs that chat templates and tokenizers read as structure, by the template they are of.

Which they are, and what each does, is what the models' published chat templates say. A tokenizer
makes one token of most of them wherever they stand, in a user's text too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from curation_gate.rows.turns import ROLES

Does = Literal["opens", "ends", "other"]


class Sign(NamedTuple):
    """One sign of a template in a text."""

    family: str
    """Name of the template."""
    does: Does
    role: str
    """Whose turn it opens: system, user, assistant, tool, or as it is written; "" if none."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Family:
    """The signs of one template."""

    name: str
    opens: str
    """Pattern of what opens a turn, with a group that is the role; "" where nothing does."""
    ends: str
    """Pattern of what ends a turn; "" where nothing does."""
    other: str = ""
    """Pattern of its other signs."""
    tokens: bool = True
    """Whether tokenizers read the signs as tokens of their own; False: headings of a prompt."""


_ROLE = r"(system|user|assistant|tool|developer|model|ipython|environment)"
FAMILIES = (
    Family("ChatML", rf"<\|im_start\|>[ \t]*{_ROLE}?", r"<\|im_end\|>", r"<\|im_sep\|>"),
    Family(
        "Llama 3",
        rf"<\|start_header_id\|>\s*{_ROLE}?\s*(?:<\|end_header_id\|>)?",
        r"<\|(?:eot_id|eom_id|end_of_text)\|>",
        r"<\|(?:begin_of_text|end_header_id|python_tag)\|>",
    ),
    Family(
        "Llama 4",
        rf"<\|header_start\|>\s*{_ROLE}?\s*(?:<\|header_end\|>)?",
        r"<\|(?:eot|eom)\|>",
        r"<\|(?:header_end|python_start|python_end)\|>",
    ),
    Family(
        "Llama 2 and Mistral",
        r"\[(/?INST)\]|<<(/?SYS)>>",
        "",
        r"\[/?(?:AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|SYSTEM_PROMPT)\]",
    ),
    Family("Gemma", rf"<start_of_turn>[ \t]*{_ROLE}?", r"<end_of_turn>"),
    Family(
        "Zephyr and Phi",
        r"<\|(system|user|assistant|tool|observation)\|>",
        r"<\|end\|>",
    ),
    Family(
        "DeepSeek",
        "<\uff5c(User|Assistant)\uff5c>",
        "<\uff5cend\u2581of\u2581sentence\uff5c>",
        "<\uff5c(?:begin\u2581of\u2581sentence|tool\u2581[\\w\u2581]{3,30})\uff5c>",
    ),
    Family(
        "Harmony",
        rf"<\|start\|>[ \t]*{_ROLE}",
        r"<\|(?:return|call)\|>",
        r"<\|(?:channel|message|constrain)\|>",
    ),
    Family(
        "Command R",
        r"<\|(SYSTEM|USER|CHATBOT)_TOKEN\|>",
        r"<\|END_OF_TURN_TOKEN\|>",
        r"<\|START_OF_TURN_TOKEN\|>",
    ),
    Family(
        "end of a text",
        "",
        r"<\|endof(?:text|prompt)\|>|</s>|<eos>",
        r"<s>|<bos>|<\|fim_(?:prefix|middle|suffix)\|>",
    ),
    Family(
        "Alpaca",
        r"^[ \t]*###[ \t]*(Instruction|Response)[ \t]*:",
        "",
        tokens=False,
    ),
    Family(
        "tool call",
        "",
        "",
        r"</?(?:tool_call|function_call)>|<\|/?tool_calls?(?:_begin|_end)?\|>",
    ),
)
"""The templates, in the order in which a sign is looked up."""
TOKENS = {family.name: family.tokens for family in FAMILIES}
_ROLES = {"/inst": "assistant", "inst": "user", "sys": "system", "/sys": "user"}

ANY = re.compile(
    r"<\|[\w/]{1,24}\|>|</?(?:s|bos|eos|tool_call|function_call)>|<<(?=/?SYS)"
    "|<(?:start|end)_of_turn>|<\uff5c|\\[/?(?:INST|AVAIL|TOOL_|SYSTEM_P)|###[ \\t]*(?:Inst|Resp)"
)
"""Whether a text may hold a sign: one search before a closer look."""
_PARTS: list[tuple[str, Does, re.Pattern[str]]] = []
for _family in FAMILIES:
    if _family.opens:
        _PARTS.append((_family.name, "opens", re.compile(_family.opens, re.MULTILINE)))
    if _family.ends:
        _PARTS.append((_family.name, "ends", re.compile(_family.ends)))
    if _family.other:
        _PARTS.append((_family.name, "other", re.compile(_family.other)))
_CODE = re.compile(r"```.*?```|~~~.*?~~~|``[^`]+``|`[^`\n]+`", re.DOTALL)
_QUOTED = re.compile(
    r"""(?P<quote>["'\u2018\u201c])(?:\\n|\s)*"""
    "(?:<[|/]?[\\w/\u2581\uff5c]{1,40}\\|?>|<</?SYS>>|\\[/?[A-Z_]{4,20}\\])"
    r"""(?:\\n|\s)*["'\u2019\u201d]"""
)


def signs_in(text: str) -> list[Sign]:
    """Return the signs of all templates in a text, in order, less those that it talks about.

    Signs in code (spans and fences of Markdown) and a sign alone between quotation marks are talked
    about. `<s>` and `</s>` are struck-out text, as in HTML, where each is closed and no other sign
    stands beside them.
    """
    if not ANY.search(text):
        return []
    shown = _QUOTED.sub(_covered, _CODE.sub(_covered, text))
    found = sorted(
        (
            Sign(family, does, _role(match), match.start(), match.end())
            for family, does, pattern in _PARTS
            for match in pattern.finditer(shown)
        ),
        key=lambda sign: sign.start,
    )
    struck = [sign for sign in found if shown[sign.start : sign.end] in ("<s>", "</s>")]
    if len(struck) == len(found) and _closed([shown[s.start : s.end] for s in struck]):
        return []
    return found


def _covered(match: re.Match[str]) -> str:
    return "x" * len(match[0])


def _role(match: re.Match[str]) -> str:
    written = next((group for group in match.groups() if group), "").lower()
    written = "assistant" if written == "chatbot" else written
    return _ROLES.get(written) or ROLES.get(written, written)


def _closed(signs: list[str]) -> bool:
    """Tell whether no `</s>` stands without a `<s>` before it."""
    depth = 0
    for sign in signs:
        depth += 1 if sign == "<s>" else -1
        if depth < 0:
            return False
    return True


def opened_answer(text: str, signs: list[Sign]) -> tuple[Sign, str] | None:
    """Return the sign with which a text opens an answer before any other turn, and what follows it.

    None where there is none: a text that begins with a user's turn is a conversation that was
    pasted whole, and a sign within a sentence, or with nothing behind it, opens nothing.
    """
    turns = [k for k, sign in enumerate(signs) if sign.does != "other"]
    for place, k in enumerate(turns):
        sign = signs[k]
        if sign.does != "opens" or not TOKENS[sign.family]:
            continue
        if sign.role != "assistant":
            return None
        end = signs[turns[place + 1]].start if place + 1 < len(turns) else len(text)
        said = text[sign.end : end].strip()
        if said and _begins(text, sign, signs[k - 1] if k else None):
            return sign, said
    return None


def _begins(text: str, sign: Sign, before: Sign | None) -> bool:
    """Tell whether a sign stands at the beginning of a line or right behind another one."""
    start = before.end if before else 0
    line = text[max(start, text.rfind("\n", start, sign.start)) : sign.start].strip()
    return not line or line in ("user:", "tool:", "system:")  # turns of a joined conversation
