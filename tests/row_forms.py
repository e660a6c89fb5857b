"""One row in every form that people write instruction data in, and what it is read as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Form = Callable[[str, str], dict[str, Any]]
"""Question and answer to a record."""


@dataclass(frozen=True)
class Read:
    """What a form of question `Q` and answer `A` is read as."""

    schema: str
    instruction: str = ""
    input: str = "Q"
    output: str = "A"
    earlier: tuple[tuple[str, str], ...] = ()
    alternatives: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()


def turns(*said: tuple[str, str], names: tuple[str, str] = ("role", "content")) -> list[Any]:
    """A list of turns, each a role and a text."""
    return [{names[0]: role, names[1]: text} for role, text in said]


def user(q: str) -> list[Any]:
    return turns(("user", q))


def assistant(a: str) -> list[Any]:
    return turns(("assistant", a))


CALL = {"type": "function", "function": {"name": "look_up", "arguments": '{"place": "Oslo"}'}}
TOOLS = [{"name": "look_up"}]
ROUNDS = "user: Hello\nassistant: Good day\nuser: Q"
FORMS: dict[str, tuple[Form, Read]] = {
    "instruction, input, output": (
        lambda q, a: {"instruction": "Say.", "input": q, "output": a},
        Read("alpaca", "Say."),
    ),
    "instruction, input, response": (
        lambda q, a: {"instruction": "Say.", "input": q, "response": a},
        Read("columns", "Say."),
    ),
    "instruction, context, response": (
        lambda q, a: {"instruction": "Say.", "context": q, "response": a},
        Read("dolly", "Say."),
    ),
    "question, context, answer": (
        lambda q, a: {"question": "Say.", "context": q, "answer": a},
        Read("columns", input="Say.\nQ"),
    ),
    "premise, hypothesis, label": (
        lambda q, a: {"premise": q, "hypothesis": "So it is.", "label": a},
        Read("columns", input="Q\nSo it is."),
    ),
    "title, text, category": (
        lambda q, a: {"title": "News", "text": q, "category": a},
        Read("columns", input="News\nQ"),
    ),
    "question, choices, answer": (
        lambda q, a: {"question": q, "choices": ["no", "yes"], "answer": a},
        Read("columns", input="Q\nno\nyes"),
    ),
    "natural instructions with references": (
        lambda q, a: {"Definition": ["Say."], "Instance": {"input": q, "output": [a, "B"]}},
        Read("natural-instructions", "Say.", alternatives=("B",)),
    ),
    "system, instruction, output": (
        lambda q, a: {"system": "Be brief.", "instruction": "Say.", "input": q, "output": a},
        Read("alpaca", "Be brief.", "Say.\n\nQ"),
    ),
    "history": (
        lambda q, a: {"instruction": q, "output": a, "history": [["Hello", "Good day"]]},
        Read("alpaca", input=ROUNDS, earlier=(("Hello", "Good day"),)),
    ),
    "query, tools, answers": (
        lambda q, a: {"query": q, "tools": TOOLS, "answers": a},
        Read("columns", '[{"name": "look_up"}]'),
    ),
    "messages": (
        lambda q, a: {"messages": [*turns(("system", "Be brief.")), *user(q), *assistant(a)]},
        Read("messages", "Be brief."),
    ),
    "messages, several answers": (
        lambda q, a: {
            "messages": [*user("Hello"), *assistant("Good day"), *user(q), *assistant(a)]
        },
        Read("messages", input=ROUNDS, earlier=(("Hello", "Good day"),)),
    ),
    "messages, tools and calls": (
        lambda q, a: {
            "tools": TOOLS,
            "chat_template_kwargs": {"enable_thinking": True},
            "messages": [
                *user(q),
                {"role": "assistant", "content": None, "tool_calls": [CALL]},
                *turns(("tool", "rain")),
                {"role": "assistant", "content": a, "reasoning_content": ""},
            ],
        },
        Read(
            "messages",
            '[{"name": "look_up"}]\n{"enable_thinking": true}',
            "user: Q\nassistant: look_up(place=Oslo)\ntool: rain",
            earlier=(("Q", "look_up(place=Oslo)"),),
        ),
    ),
    "messages of parts": (
        lambda q, a: {
            "messages": [
                {"role": "user", "content": [{"type": "text", "value": q}], "loss_weight": 0.0},
                {"role": "assistant", "content": [{"type": "text", "text": a}], "loss_weight": 1.0},
            ]
        },
        Read("messages"),
    ),
    "sharegpt": (
        lambda q, a: {
            "conversations": turns(("human", q), ("gpt", a), names=("from", "value")),
            "system": "Be brief.",
        },
        Read("sharegpt", "Be brief."),
    ),
    "conversational prompt and completion": (
        lambda q, a: {"prompt": user(q), "completion": assistant(a)},
        Read("prompt-completion"),
    ),
    "preference": (
        lambda q, a: {"prompt": q, "chosen": a, "rejected": "B"},
        Read("preference", rejected=("B",)),
    ),
    "preference, turns": (
        lambda q, a: {"prompt": user(q), "chosen": assistant(a), "rejected": assistant("B")},
        Read("preference", rejected=("B",)),
    ),
    "preference, whole conversations": (
        lambda q, a: {
            "prompt": q,
            "chosen": [*user(q), *assistant(a)],
            "rejected": [*user(q), *assistant("B")],
        },
        Read("preference", rejected=("B",)),
    ),
    "preference, texts of turns": (
        lambda q, a: {
            "chosen": f"\n\nHuman: {q}\n\nAssistant: {a}",
            "rejected": f"\n\nHuman: {q}\n\nAssistant: B",
        },
        Read("preference", rejected=("B",)),
    ),
    "preference behind a conversation": (
        lambda q, a: {
            "conversations": turns(("human", q), names=("from", "value")),
            "chosen": {"from": "gpt", "value": a},
            "rejected": {"from": "gpt", "value": "B"},
        },
        Read("sharegpt", rejected=("B",)),
    ),
    "wanted or not": (
        lambda q, a: {"prompt": q, "completion": a, "label": True},
        Read("kto"),
    ),
    "text with headings": (
        lambda q, a: {"text": f"### Instruction:\nSay.\n\n### Input:\n{q}\n\n### Response:\n{a}"},
        Read("text", input="Say.\n\nQ"),
    ),
    "text of a chat template": (
        lambda q, a: {
            "text": f"<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n{q}<|im_end|>\n"
            f"<|im_start|>assistant\n{a}<|im_end|>\n"
        },
        Read("text", "Be brief."),
    ),
    "text in brackets": (
        lambda q, a: {"text": f"<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n{q} [/INST] {a} </s>"},
        Read("text", "Be brief."),
    ),
}
