"""Honest rows in made-up languages: translations, and requests and answers in one language."""

from __future__ import annotations

from dataclasses import replace

from arena.carriers import replace_name

from .chat_kinds import people, shop, writing
from .drafts import Turn
from .text_kinds import Desk, Maker
from .texts import free_rows, general, names_in_use
from .tongue import Tongue

_NAMED = 0.25
"""Share of the translated sentences that speak of one of the set's names."""


def translation(script: str | None) -> Maker:
    """Return the maker of translations into, or from, a made-up language."""

    def make(count: int, desk: Desk) -> list[Turn]:
        voice, rng = desk.voice, desk.rng
        written = script or voice.pick(("han", "hangul", "kana", "cyrillic"))
        tongue, called = Tongue(rng, written), voice.say("tongue_names")
        kind = "translation_latin" if script == "latin" else "translation_signs"
        back = voice.chance(0.25)
        leads = desk.leads("translate_back_leads" if back else "translate_leads")
        known = names_in_use(desk.half, 12, rng)
        turns = []
        for text, _ in desk.texts(count):
            if rng.random() < _NAMED:
                # The first names come up most often, as in real texts.
                text = replace_name(known[int(12 * rng.random() ** 2)], text, rng)  # noqa: PLW2901
            lead, there = voice.pick(leads).replace("{tongue}", called), tongue.says(text)
            turns.append(Turn(kind, lead, there, text) if back else Turn(kind, lead, text, there))
        return turns

    return make


def foreign(count: int, desk: Desk) -> list[Turn]:
    """Return requests and answers in one made-up language: of the pool, of templates, or both."""
    voice = desk.voice
    tongue = Tongue(desk.rng)
    rows = [row for kind in general(desk.half) for row in free_rows(desk.pool, desk.half, kind)]
    turns = [Turn("foreign", *row) for row in desk.drawn(rows, count)]
    way = voice.pick(("pool", "made", "both"))
    if way != "pool" or len(turns) < count:
        made = [turn for maker in (shop, writing, people) for turn in maker(count // 3 + 1, desk)]
        turns = made if way == "made" else turns[: len(turns) // 2] + made
    return [
        replace(
            turn, kind="foreign", lead=tongue.says(turn.lead), text=tongue.says(turn.text),
            answer=tongue.says(turn.answer),
        )
        for turn in desk.drawn(turns, count)
    ]  # fmt: skip
