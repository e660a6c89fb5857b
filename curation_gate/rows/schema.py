"""Which columns mean what: found from the names, or told with `columns`.

What a row says depends on the row and on the names of its file's columns alone, never on what
other rows say: a row keeps its fingerprint when others are taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from curation_gate.errors import UsageError
from curation_gate.rows import fields as fields_of
from curation_gate.rows import shapes, turns
from curation_gate.rows.fields import Fields
from curation_gate.rows.json_text import quote
from curation_gate.rows.problem import RowProblem
from curation_gate.rows.shapes import MAJORITY, Survey, get, has, parts_of, path_of
from curation_gate.rows.values import answers, joined, wanted

ROLES = (
    *("system", "instruction", "history", "input", "output", "rejected", "wanted"),
    *("task", "id", "source"),
)


@dataclass(frozen=True, slots=True)
class Schema:
    """How to read the records of one file."""

    name: str
    columns: Mapping[str, str]
    """Role to column name; a dot goes into an object (`Instance.input`), `+` joins columns."""
    fields: Callable[[Mapping[str, Any]], Fields]
    """Fields of a record; raises RowProblem."""


_COMMON = {
    "task": ("Task", "task", "task_name"),
    "id": ("id", "ID", "_id", "uid", "uuid", "idx"),
    "source": ("source", "Source", "contributor", "origin", "url", "URL"),
}
"""Names under which any schema may carry these roles."""


def find_schema(
    records: Sequence[Mapping[str, Any]],
    chosen: Mapping[str, str] | None = None,
    shared: Mapping[str, Any] | None = None,
) -> Schema:
    """Return the schema of a file's records (at least one).

    `chosen` overrides single roles. A schema needs its required columns in most rows; rows that
    then lack one are errors when they are read, so that a single odd row can neither hide a column
    of all the others nor be passed over. `shared` is not None for a Super-NaturalInstructions
    file: its Definition is every row's instruction. Raises RowProblem (no schema fits, or no such
    column: lists the columns there are) and UsageError (no such role).
    """
    chosen = dict(chosen or {})
    for role in chosen:
        if role not in ROLES:
            raise UsageError(
                f"columns: there is no role {quote(role)}", hint="the roles are " + ", ".join(ROLES)
            )
    survey = Survey.of(records)
    names = survey.names
    for role, column in chosen.items():
        for part in parts_of(column, names):
            if not any(has(record, path_of(part, names)) for record in records):
                raise RowProblem(f"there is no column {quote(part)} for {role}", _list(names))
    if shared is not None:
        return _task_file(survey, chosen, shared)
    conversation = _conversation_column(survey, chosen)
    if conversation is not None:
        return _conversation(survey, chosen, *conversation)
    roles = shapes.roles_of(survey, chosen)
    if roles is None:
        raise RowProblem(
            "the columns fit no schema this tool knows",
            _list(names)
            + "; say which is which with columns, for example output=answer,input=question",
        )
    return _flat(survey, shapes.name_of(survey, roles, told=bool(chosen)), roles)


def _list(names: Mapping[str, None]) -> str:
    listed = [quote(name) for name in names]
    more = f" and {len(listed) - 30} more" if len(listed) > 30 else ""
    return "the columns are " + ", ".join(listed[:30]) + more


def _conversation_column(
    survey: Survey, chosen: Mapping[str, str]
) -> tuple[str, turns.Keys] | None:
    """Return the column that holds a list of turns in most rows, and the keys of most of them."""
    asked = chosen.keys() & {"instruction", "input", "output"}
    if asked and not (asked == {"input", "output"} and chosen["input"] == chosen["output"]):
        return None
    for column in [chosen["input"]] if asked else turns.COLUMNS:
        if survey.share(column) >= MAJORITY:
            values = survey.values(column)
            keys = turns.usual_keys(v for v in values if isinstance(v, list))
            lists = sum(isinstance(v, list) and turns.turn_keys(v) is not None for v in values)
            if keys is not None and lists >= MAJORITY * len(values):
                return column, keys
    return None


def _with_common(survey: Survey, columns: Mapping[str, str], name: str) -> dict[str, str]:
    """Columns with the roles any schema may carry, in the order of ROLES."""
    found = dict(columns)
    taken = {part for column in found.values() for part in parts_of(column, survey.names)}
    for role, candidates in _COMMON.items():
        if role == "task" and name == "dolly":
            candidates = ("category", *candidates)  # noqa: PLW2901 - one more, for this schema
        own = next((c for c in candidates if c in survey.names and c not in taken), None)
        if role not in found and own is not None:
            found[role] = own
    return {role: found[role] for role in ROLES if role in found}


def _paths(survey: Survey, columns: Mapping[str, str]) -> dict[str, list[tuple[str, ...]]]:
    """Return the paths of each role's columns."""
    return {
        role: [path_of(part, survey.names) for part in parts_of(column, survey.names)]
        for role, column in columns.items()
    }


def _flat(survey: Survey, name: str, roles: Mapping[str, str]) -> Schema:
    columns = _with_common(survey, roles, name)
    paths = _paths(survey, columns)
    told, asked, output = paths.get("instruction", []), paths.get("input", []), paths["output"][0]
    labels = output[-1].lower() in shapes.LABELS
    # A missing input is only "" where there is an instruction; a Definition may always be absent.
    natural = name == "natural-instructions"
    need_told = [] if natural else _usual(survey, told)
    need_asked = [] if need_told else _usual(survey, asked)[:1]
    values = (survey.values(".".join(path)) for path in (*asked, output))
    keys = turns.usual_keys(value for own in values for value in own)
    marks = fields_of.marks_reader(paths)

    def fields(record: Mapping[str, Any]) -> Fields:
        prompt = get(record, asked[0]) if len(asked) == 1 else None
        is_chat = turns.turn_keys(prompt) is not None
        instruction = joined(record, told, need_told)
        text = "" if is_chat else joined(record, asked, need_asked)
        before = [*fields_of.system(record, paths), *fields_of.history(record, paths)]
        own = fields_of.answer_turns(record, output, keys, labels=labels, whole=not (told or asked))
        likes = wanted(record, paths["wanted"][0]) if "wanted" in paths else True
        rejected = fields_of.rejected_side(record, paths.get("rejected"), keys, own)
        others = () if len(own) > 1 else fields_of.others(record, output)
        if not is_chat and not before and len(own) == 1 and own[0].role == "assistant":
            return Fields(
                instruction,
                text,
                own[0].text,
                *marks(record),
                alternatives=others,
                rejected=rejected,
                wanted=likes,
            )
        if is_chat:
            before += turns.read_turns(prompt, keys)
        asked_here = "\n\n".join(part for part in (instruction, text) if part)
        # A whole conversation that is preferred holds its question itself.
        if asked_here and not any(asked_here in turn.text for turn in own if turn.role == "user"):
            before.append(turns.Turn("user", asked_here))
        said = fields_of.said([*before, *own], marks(record))
        return replace(said, alternatives=others, rejected=rejected, wanted=likes)

    return Schema(name, columns, fields)


def _usual(survey: Survey, paths: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the paths that most rows have, in their order."""
    return [path for path in paths if survey.share(".".join(path)) >= MAJORITY]


def _task_file(survey: Survey, chosen: Mapping[str, str], shared: Mapping[str, Any]) -> Schema:
    told = {"input": "input", "output": "output", **chosen}
    columns = _with_common(survey, told, "natural-instructions")
    paths = _paths(survey, columns)
    definition = joined(shared, [("Definition",)])
    marks = fields_of.marks_reader(paths)

    def fields(record: Mapping[str, Any]) -> Fields:
        first, others = answers(record, paths["output"][0], labels=False)
        return Fields(
            joined(record, paths["instruction"]) if "instruction" in paths else definition,
            joined(record, paths["input"], paths["input"]),
            first,
            *marks(record),
            alternatives=others,
        )

    if "instruction" not in columns:
        columns = {"instruction": "Definition"} | columns
    return Schema("natural-instructions", columns, fields)


def _conversation(
    survey: Survey, chosen: Mapping[str, str], column: str, keys: turns.Keys
) -> Schema:
    own = {"input": column, "output": column}
    before = shapes.filled(survey, shapes.SYSTEM)
    if "system" not in chosen and before:
        own["system"] = "+".join(before)
    chosen_turn = survey.share(shapes.PREFERRED) >= MAJORITY
    if chosen_turn:
        own["output"] = shapes.PREFERRED
    if "rejected" not in chosen and shapes.REJECTED in survey.names:
        own["rejected"] = shapes.REJECTED
    columns = _with_common(survey, own | dict(chosen), "messages")
    paths = _paths(survey, columns)
    marks = fields_of.marks_reader(paths)

    def fields(record: Mapping[str, Any]) -> Fields:
        if column not in record:
            raise RowProblem(f"{quote(column)} is missing")
        read = turns.read_turns(record[column], keys)
        if chosen_turn:
            read += fields_of.answer_turns(record, paths["output"][0], keys)
        said = fields_of.said([*fields_of.system(record, paths), *read], marks(record))
        return replace(
            said, rejected=fields_of.rejected_side(record, paths.get("rejected"), keys, read)
        )

    return Schema("messages" if keys[0] == "role" else "sharegpt", columns, fields)
