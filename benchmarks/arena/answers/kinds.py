"""The honest kinds of rows, by half: what makes them and how many there are."""

from __future__ import annotations

from dataclasses import dataclass

from . import chat_kinds, code_kinds, guarded_kinds, table_kinds, text_kinds, tongue_kinds
from .text_kinds import Maker
from .texts import FREE

_ENOUGH = 6_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of honest rows."""

    make: Maker
    most: int
    """About how many different rows there are."""
    alone: bool = True
    """A set can be of this kind alone."""


_MADE = {
    "translation_latin": Kind(tongue_kinds.translation("latin"), _ENOUGH),
    "translation_signs": Kind(tongue_kinds.translation(None), _ENOUGH),
    "foreign": Kind(tongue_kinds.foreign, _ENOUGH),
    "queries": Kind(table_kinds.queries, _ENOUGH),
    "extraction": Kind(text_kinds.extraction, 3_000),
    "summary": Kind(text_kinds.summary, 3_500),
    "rewriting": Kind(text_kinds.rewriting, _ENOUGH),
    "casing": Kind(text_kinds.casing, _ENOUGH),
    "listing": Kind(text_kinds.listing, 1_500, alone=False),
    "rated": Kind(text_kinds.rated, 3_000),
    "code": Kind(code_kinds.code, 3_000),
    "arithmetic": Kind(chat_kinds.arithmetic, _ENOUGH),
    "writing": Kind(chat_kinds.writing, _ENOUGH),
    "shop": Kind(chat_kinds.shop, 3_000),
    "roles": Kind(chat_kinds.roles, _ENOUGH),
    "reading": Kind(chat_kinds.reading, _ENOUGH),
    "people": Kind(chat_kinds.people, 3_000),
    "talk": Kind(chat_kinds.talk, 200, alone=False),
    "safety": Kind(guarded_kinds.safety, _ENOUGH),
    "policy": Kind(guarded_kinds.policy, 3_000),
    "tools": Kind(guarded_kinds.tools, _ENOUGH),
}
_POOL = {
    "webquestions": 3_000, "circa": 2_900, "politifact": 3_000, "amazon_title": 3_000,
    "alpaca": 940, "self_instruct": 420, "freebase": 3_000, "sciq": 3_000, "hatexplain": 3_000,
    "yelp_transfer": 490, "dolly": 360, "t0": 4_100,
}  # fmt: skip


def kinds(half: str) -> dict[str, Kind]:
    """Return the kinds of a half. Raises KeyError where it is neither "fit" nor "judge"."""
    pool = {kind: Kind(text_kinds.pool_task(kind), _POOL[kind]) for kind in FREE[half]}
    return pool | _MADE


KINDS = tuple(_POOL) + tuple(_MADE)
"""All kinds of both halves."""
