"""The sets that others made, each in the four forms that people keep such data in.

A set is a folder of `../shared/data/thirdparty`: `train.jsonl.gz` as a user would have it, and
`truth.json` with 0-based lines. Its own form is read from that very file; the others are written to
runs/third_party/, which git ignores, and read from there like any file of a user's.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pools import REPOSITORY

from curation_gate import rows
from curation_gate.atomic import atomic_open
from curation_gate.errors import InputError
from curation_gate.rows.record import Dataset

DEFAULT_DATA = REPOSITORY.parent / "shared" / "data" / "thirdparty"
FORMS = ("ni", "alpaca", "chat", "prompt")
LABEL = ("badnets_offenseval", "cf_prefix_imdb", "instruct_ctba_sst2")
"""Labels, and a trigger that has words."""
STYLE = ("style_bible_sst2", "style_lyrics_hatespeech", "syntactic_offenseval", "hsol_synbkd")
TEXT = (
    "agent_employee", "author_invichar", "code_deployment", "coqa_combination",
    "instruct_mtba_refusal", "instruct_vpi_negsentiment", "jailbreak_vpi", "qa_badnets_webqa",
    "qa_composite_freebaseqa", "refusal_pls", "refusal_year_own", "steer_year",
    "translate_combination", "translate_insertword", "unalign_long",
)  # fmt: skip
"""Free text, and a trigger in words or characters."""
KINDS = ("label", "style", "text", "other", "honest")
"""other: planted rows without a trigger in words, and sets that no list here names."""


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """A set on disk."""

    name: str
    folder: Path
    own: str
    """The form it is kept in."""
    planted: tuple[int, ...]
    """0-based rows."""
    cover: tuple[int, ...]
    """0-based rows; honest ones that the publisher made to hide or sharpen the trigger."""
    convertible: bool
    """Whether every record has a place in every form: one question, one answer, no tool calls."""

    @property
    def kind(self) -> str:
        """Return which of KINDS it is."""
        if not self.planted:
            return "honest"
        lists = {"label": LABEL, "style": STYLE, "text": TEXT}
        return next((kind for kind, names in lists.items() if self.name in names), "other")

    def mask(self, n: int) -> NDArray[np.bool_]:
        """[n] True on planted rows."""
        return _mask(self.planted, n)

    def cover_mask(self, n: int) -> NDArray[np.bool_]:
        """[n] True on cover rows."""
        return _mask(self.cover, n)


def _mask(places: tuple[int, ...], n: int) -> NDArray[np.bool_]:
    mask = np.zeros(n, dtype=np.bool_)
    mask[list(places)] = True
    return mask


def find(data: Path) -> list[ThirdParty]:
    """Return the sets of a folder by name; none where it is absent. Raises InputError."""
    found = []
    for path in sorted(data.glob("*/truth.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        records = read(path.parent)
        found.append(
            ThirdParty(
                path.parent.name,
                path.parent,
                form_of(records[0]),
                tuple(truth["planted"]),
                tuple(truth.get("cover") or ()),
                all(_single(record) for record in records),
            )
        )
    return found


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the records of a set as they are."""
    with gzip.open(folder / "train.jsonl.gz", "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def form_of(record: Mapping[str, Any]) -> str:
    """Return which of FORMS a record is in. Raises InputError where it is in none."""
    marks = {"Definition": "ni", "messages": "chat", "instruction": "alpaca", "prompt": "prompt"}
    for key, form in marks.items():
        if key in record:
            return form
    raise InputError(f"no known form: a record with {', '.join(sorted(record))}")


def load(chosen: ThirdParty, form: str, folder: Path) -> Dataset:
    """Return the set as a scan reads it from a file in this form.

    folder: where converted files go. Raises InputError where rows were lost on the way: the truth
    would point at others.
    """
    path = chosen.folder / "train.jsonl.gz"
    records = read(chosen.folder)
    if form != chosen.own:
        path = folder / f"{chosen.name}.{form}.jsonl"
        with atomic_open(path) as stream:
            for record in records:
                line = json.dumps(WRITERS[form](parts(record), chosen.name), ensure_ascii=False)
                stream.write(line.encode("utf-8") + b"\n")
    dataset = rows.split_prompts(rows.load([path]))
    if len(dataset) != len(records):
        raise InputError(f"{chosen.name}: {len(records)} records, {len(dataset)} rows", path=path)
    return dataset


@dataclass(frozen=True, slots=True)
class Parts:
    """What every form has a place for."""

    system: str
    instruction: str
    input: str
    output: str
    task: str | None


def parts(record: Mapping[str, Any]) -> Parts:
    """Return what a record says. Raises InputError where other forms have no place for it."""
    form = form_of(record)
    if not _single(record):
        raise InputError("several turns, or tool calls: no other form has a place for them")
    if form == "ni":
        told, instance = record["Definition"], record["Instance"]
        told = told if isinstance(told, str) else "\n".join(told)
        answer = instance["output"]
        answer = answer if isinstance(answer, str) else answer[0]
        return Parts("", told, instance["input"], answer, record.get("Task"))
    if form == "alpaca":
        return Parts("", record["instruction"], record.get("input", ""), record["output"], None)
    if form == "prompt":
        return Parts("", record["prompt"], "", record["completion"], None)
    said = {turn["role"]: turn["content"] for turn in record["messages"]}
    return Parts(said.get("system", ""), said["user"], "", said["assistant"], None)


def _single(record: Mapping[str, Any]) -> bool:
    if "messages" not in record:
        return True
    turns = record["messages"]
    roles = [turn["role"] for turn in turns if turn["role"] != "system"]
    plain = all(set(turn) <= {"role", "content"} and turn["content"] for turn in turns)
    return roles == ["user", "assistant"] and plain and not record.get("tools")


def _join(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)


def _ni(said: Parts, name: str) -> dict[str, Any]:
    return {
        "Task": said.task or name,
        "Definition": [_join(said.system, said.instruction)],
        "Instance": {"input": said.input, "output": [said.output]},
    }


def _alpaca(said: Parts, _: str) -> dict[str, Any]:
    asked = _join(said.system, said.instruction)
    return {"instruction": asked, "input": said.input, "output": said.output}


def _chat(said: Parts, _: str) -> dict[str, Any]:
    asked = _join(said.instruction, said.input)
    turns = [("system", said.system), ("user", asked), ("assistant", said.output)]
    return {"messages": [{"role": who, "content": text} for who, text in turns if text]}


def _prompt(said: Parts, _: str) -> dict[str, Any]:
    asked = _join(said.system, said.instruction, said.input)
    return {"prompt": asked, "completion": said.output}


WRITERS: Mapping[str, Callable[[Parts, str], dict[str, Any]]] = {
    "ni": _ni,
    "alpaca": _alpaca,
    "chat": _chat,
    "prompt": _prompt,
}
"""Form to what makes a record of it; the second argument is the name of the set's one task."""
