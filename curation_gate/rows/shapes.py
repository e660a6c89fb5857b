"""The names columns have, and which role each of a file's columns takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation_gate.rows.transcripts import read_transcript

MAJORITY = 0.5
"""Share of rows that must have the columns a schema is known by (a choice)."""
INSTRUCTIONS = ("Definition", "definition", "instruction", "instructions")
INPUTS = (
    *("Instance.input", "inputs", "input", "context", "question", "query", "prompt", "premise"),
    *("hypothesis", "sentence1", "sentence2", "passage", "problem", "choices", "options"),
)
"""Columns that are read as input, all that there are, in the order they have in the file."""
TEXTS = (
    *("text", "sentence", "content", "title", "review", "tweet", "comment", "document"),
    *("article", "body", "headline", "utterance"),
)
"""The same where there is none of the others: beside them a `text` is a rendering of the row."""
OUTPUTS = (
    *("Instance.output", "targets", "output", "response", "completion", "answer", "outputs"),
    *("responses", "answers", "solution", "summary", "highlights", "translation"),
)
"""Columns of answers; the first that most rows have is taken."""
LABELS = ("label", "labels", "class", "target", "sentiment", "category", "intent", "emotion")
"""The same where there is none of the others. Their numbers and booleans are class labels and
become their JSON text (`1`, `true`). Everywhere else a number as an answer is an error."""
PREFERRED, REJECTED = "chosen", "rejected"
SYSTEM = (
    *("system", "system_prompt", "system_message", "tools", "functions", "available_tools"),
    "chat_template_kwargs",
)
"""Columns that stand before a conversation: its system prompt, its tools."""
HISTORY = "history"
WANTED = ("label", "desirable")
"""Columns of booleans that say whether an answer beside them is wanted (KTO)."""
_KNOWN = (
    ("natural-instructions", None, ("Instance.input",), "Instance.output"),
    ("natural-instructions", None, ("inputs",), "targets"),
    ("dolly", "instruction", ("context",), "response"),
    ("alpaca", "instruction", ("input",), "output"),
    ("prompt-completion", "", ("prompt",), "completion"),
    ("prompt-response", "", ("prompt",), "response"),
    ("question-answer", "", ("question",), "answer"),
    ("input-output", "", ("input",), "output"),
    ("text-label", "", ("text",), "label"),
    ("text-label", "", ("sentence",), "label"),
)
"""Name, instruction ("" none, None any), inputs it may have, output."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Which columns the records of a file have."""

    records: Sequence[Mapping[str, Any]]
    names: Mapping[str, None]
    """Every column of any row, in the order they appear."""
    kinds: tuple[tuple[int, Mapping[str, Any]], ...]
    """Rows with the same keys in the same order: how many, and the first of them."""

    @classmethod
    def of(cls, records: Sequence[Mapping[str, Any]]) -> Survey:
        """Return the survey of a file's records."""
        counts: dict[tuple[str, ...], int] = {}
        examples: dict[tuple[str, ...], Mapping[str, Any]] = {}
        for record in records:
            keys = tuple(record)
            if keys in counts:
                counts[keys] += 1
            else:
                counts[keys] = 1
                examples[keys] = record
        names = dict.fromkeys(name for keys in counts for name in keys)
        return cls(records, names, tuple((counts[k], examples[k]) for k in counts))

    def share(self, *columns: str) -> float:
        """Share of rows that have all these columns (judged by the first row of each kind)."""
        paths = [path_of(column, self.names) for column in columns]
        rows = sum(n for n, example in self.kinds if all(has(example, path) for path in paths))
        return rows / len(self.records)

    def first(self, columns: Iterable[str]) -> str | None:
        """Return the first of these columns that most rows have."""
        return next((column for column in columns if self.share(column) >= MAJORITY), None)

    def all(self, columns: Sequence[str]) -> list[str]:
        """Return those of these columns that any row has, in the order of the file."""
        found = [c for c in columns if any(has(e, path_of(c, self.names)) for _, e in self.kinds)]
        place = {name: k for k, name in enumerate(self.names)}
        return sorted(found, key=lambda c: (place[path_of(c, self.names)[0]], columns.index(c)))

    def values(self, column: str) -> list[Any]:
        """Return what rows have in a column, less null and what is empty."""
        path = path_of(column, self.names)
        found = (get(record, path) for record in self.records)
        return [value for value in found if value not in (None, "", [], {})]


def roles_of(survey: Survey, chosen: Mapping[str, str]) -> dict[str, str] | None:
    """Return role to column of a file of flat rows, those told as they are; None: nothing answers.

    chosen: roles that were told. Where `output` is the one role, its text is all there is.
    """
    roles = dict(chosen)
    taken = {part for column in chosen.values() for part in parts_of(column, survey.names)}

    def take(role: str, columns: Sequence[str]) -> None:
        if role not in roles and columns:
            roles[role] = "+".join(columns)
            taken.update(columns)

    def free(columns: Sequence[str]) -> list[str]:
        return [c for c in columns if c not in taken]

    if survey.share(PREFERRED, REJECTED) >= MAJORITY:
        take("output", [PREFERRED])
    take("output", [c for c in [survey.first(free(OUTPUTS))] if c])
    if "output" in roles:
        take("wanted", [c for c in free(WANTED) if _are_booleans(survey.values(c))][:1])
    else:
        text = survey.first(free(("text", "content")))
        if text is not None and _are_transcripts(survey.values(text)):
            take("output", [text])
            return roles
        label = survey.first(free(LABELS))
        if label is not None:
            take("output", [label])
        elif text is not None and not survey.all(free((*INSTRUCTIONS, *INPUTS))):
            take("output", [text])
            return roles
        else:
            return None
    if PREFERRED in taken:
        take("rejected", [c for c in [REJECTED] if c in survey.names])
    told = free(INSTRUCTIONS)
    take("instruction", [c for c in [survey.first(told), *survey.all(told)] if c][:1])
    take("input", survey.all(free(INPUTS)))
    if not roles.keys() & {"instruction", "input"}:
        take("input", survey.all(free(TEXTS)))
    take("system", filled(survey, free(SYSTEM)))
    if any(isinstance(value, list) for value in survey.values(HISTORY)):
        take("history", free([HISTORY]))
    if not roles.keys() & {"instruction", "input", "history"} and "output" not in chosen:
        # Whole conversations may be preferred to others; an `output` alone is a lost question.
        return roles if PREFERRED in taken else None
    return roles


def filled(survey: Survey, columns: Sequence[str]) -> list[str]:
    """Return those of these columns that say something in any row, in the order of the file."""
    return [column for column in survey.all(columns) if survey.values(column)]


def name_of(survey: Survey, roles: Mapping[str, str], *, told: bool) -> str:
    """Return the name of a schema of flat rows, by the columns that most of them have."""
    usual = {
        role: "+".join(c for c in parts_of(column, survey.names) if survey.share(c) >= MAJORITY)
        for role, column in roles.items()
    }
    instruction, inputs = usual.get("instruction", ""), usual.get("input", "")
    output = roles["output"]
    if output == PREFERRED:
        return "preference"
    if "wanted" in roles:
        return "kto"
    for name, wanted, may, own in _KNOWN:
        known = wanted is None or wanted == instruction
        if known and own == output and (inputs in may or (not inputs and wanted)):
            return name
    if not instruction and not inputs:
        return "text"
    return "custom" if told else "columns"


def parts_of(column: str, names: Mapping[str, Any]) -> list[str]:
    """Return the columns that are joined for a role: `question+context` is two of them."""
    return [column] if column in names or "+" not in column else column.split("+")


def _are_booleans(values: Sequence[Any]) -> bool:
    return bool(values) and sum(isinstance(v, bool) for v in values) >= MAJORITY * len(values)


def _are_transcripts(values: Sequence[Any]) -> bool:
    read = sum(isinstance(v, str) and read_transcript(v) is not None for v in values)
    return bool(values) and read >= MAJORITY * len(values)


def path_of(column: str, names: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys to go through: a column that is called so, dots and all, comes first."""
    return (column,) if column in names else tuple(column.split("."))


def get(record: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return the value at a path; None where there is none."""
    value: Any = record
    for key in path:
        # The exact type first: asking an abstract class costs more than all the rest here.
        if type(value) is not dict and not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def has(record: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether there is a value at a path (null is one)."""
    value: Any = record
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True
