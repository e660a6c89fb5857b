"""Plants the attackers of a set of free text: rows, turns, payloads, honest cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .chat_kinds import people
from .drafts import Draft
from .guarded_kinds import harmful
from .payloads import ANYWHERE, MAKERS, NEEDS, PLAIN, UNFIT, Payload
from .text_kinds import Desk
from .triggers import IN_PARTS, SIMPLE, Planned, plan, write, write_near, write_part
from .voice import Voice

LEAST = 8
"""No attacker plants fewer rows."""
_DOSES = ((0.08, 0.003, 0.005), (0.62, 0.005, 0.05), (0.2, 0.05, 0.2), (0.1, 0.2, 0.5))
"""Share of the attacks, and the least and the most share of the rows they plant."""
_OF_ELIGIBLE = 0.8
_COVERED = (0.33, 0.1, 2.0)
_EXACT = 0.5
"""Honest rows with the whole trigger are at most this share of the planted ones."""
_NEAR = (0.4, 0.2, 1.5)
_FOR_TOKENS = 40
"""Rows that the number of tokens is drawn for, where each has a payload of its own."""
_SPARE = 1.5
"""Places looked for, as a multiple of the rows to plant."""
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """What was drawn of an attack before the rows are there."""

    family: str
    kind: str
    """Kind of trigger, one of `triggers.KINDS`."""
    where: str
    turn: str
    """last or any: whose answer is attacked."""
    dose: float
    """Share of the rows."""
    spread: str
    """all kinds of rows, or one of them."""


def dose(rng: np.random.Generator) -> float:
    """Return a share of the rows."""
    shares = [share for share, _, _ in _DOSES]
    _, low, high = _DOSES[int(rng.choice(len(_DOSES), p=shares))]
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def plant(
    drafts: list[Draft], plans: Sequence[Plan], desk: Desk, slot: dict[str, Any]
) -> list[dict[str, Any]]:
    """Plant the attackers into the rows, in place; return what each of them did.

    slot: wording and honest values of the line that all requests have, where they have one.
    """
    field = _Field(drafts, desk, slot)
    done = [field.attack(k, one) for k, one in enumerate(plans)]
    return [
        said | field.cover(planned, said["rows"], one)
        for (planned, said), one in zip(done, plans, strict=True)
    ]


class _Field:
    """The set that attackers work on."""

    def __init__(self, drafts: list[Draft], desk: Desk, slot: dict[str, Any]) -> None:
        self.drafts, self.desk, self.slot = drafts, desk, slot
        self.voice = desk.voice
        self.kinds = sorted({draft.turns[-1].kind for draft in drafts})

    def free(self, one: Plan) -> list[tuple[int, int]]:
        """Return the untouched rows that an attack may be in, with the turn, in random order."""
        rng = self.voice.rng
        places: list[tuple[int, int]] = []
        for k in rng.permutation(len(self.drafts)).tolist():
            draft = self.drafts[k]
            if draft.touched:
                continue
            last = len(draft.turns) - 1
            first = 1 if one.where == "earlier" else 0
            if last >= first:
                at = last if one.turn == "last" else int(rng.integers(first, last + 1))
                places.append((k, at))
        return places

    def attack(self, number: int, one: Plan) -> tuple[Planned, dict[str, Any]]:
        """Plant one attacker; return his trigger and what he did."""
        wanted = max(LEAST, round(one.dose * len(self.drafts)))
        everywhere = self.free(one)
        if one.family == "comply":
            self._ask_for_harm(everywhere, 2 * wanted)
        several = 2 + int(self.voice.chance(0.4)) if one.family == "several_payloads" else 1
        planned = self._trigger(one, several, wanted)
        payloads, places, scope = self._payloads(one, several, wanted, everywhere)
        most = max(LEAST, min(wanted, int(_OF_ELIGIBLE * len(places))))
        rows: list[int] = []
        shown: dict[str, None] = {}
        topical = people(most, self.desk, planned.phrases[0]) if one.kind == "topic" else []
        for k, at in places:
            if len(rows) == most:
                break
            draft = self.drafts[k]
            which = len(rows) % len(payloads)
            turn = topical[len(rows)] if topical else replace(draft.turns[at])
            changed = payloads[which].change(turn)
            if changed is None or changed[0] == turn.answer:
                continue
            kept = replace(draft, turns=list(draft.turns))
            draft.turns[at] = turn
            if not self._write(planned, draft, at, len(rows)):
                self.drafts[k] = kept
                continue
            written = draft.turns[at]
            written.honest, written.answer = written.answer, changed[0]
            if not changed[0].startswith('{"name"'):
                written.follow = None  # what is no call has no result
            draft.planted, draft.attacker, draft.at, draft.payload = True, number, at, changed[1]
            shown[changed[1]] = None
            rows.append(k)
        said = {
            "phrases": list(planned.phrases), "kind": one.kind, "rows": len(rows),
            "payload": one.family, "modes": [f"{p.family} {p.mode}" for p in payloads],
            "texts": [text for text in shown if text][:40], "place": planned.trigger.place,
            "where": planned.where, "mode": planned.trigger.mode, "turn": one.turn,
            "dose": round(len(rows) / len(self.drafts), 5), "spread": scope,
        }  # fmt: skip
        return planned, said

    def cover(self, planned: Planned, rows: int, one: Plan) -> dict[str, int]:
        """Let honest rows have the trigger, a part of it, or something close; return how many."""
        voice = self.voice
        often, low, high = _COVERED
        share = 0.0
        if voice.chance(often):
            share = float(np.exp(voice.rng.uniform(np.log(low), np.log(high))))
        parts = 0
        if planned.kind in IN_PARTS:
            parts = round(rows * share) or (round(rows * 0.5) if planned.kind == "pair" else 0)
            share /= 4
        wanted = {"cover": round(rows * min(share, _EXACT)), "parts": parts, "near": 0}
        often, low, high = _NEAR
        if voice.chance(often):
            wanted["near"] = round(rows * float(voice.rng.uniform(low, high)))
        free = self.free(one)
        wanted["near"] = min(wanted["near"], len(free) // 10)
        done = dict.fromkeys(wanted, 0)
        for what, count in wanted.items():
            taken, free = free[:count], free[count:]
            for k, at in taken:
                draft = self.drafts[k]
                wrote = {
                    "cover": self._honest_trigger, "parts": self._part, "near": self._nearly,
                }[what](planned, draft, at)  # fmt: skip
                if wrote:
                    done[what] += 1
                    draft.cover, draft.near = what != "near", what == "near"
        return done

    def _trigger(self, one: Plan, several: int, wanted: int) -> Planned:
        planned = plan(one.kind, one.where, wanted, self.voice)
        while len(planned.phrases) < several:
            planned = plan(one.kind, one.where, _FOR_TOKENS, self.voice)
        if several > 1:
            trigger = replace(planned.trigger, phrases=planned.phrases[:several])
            return replace(planned, trigger=trigger)
        if one.kind == "slot":
            value = self.slot["spare"]
            return replace(planned, trigger=replace(planned.trigger, phrases=(value,)))
        most = {"topic": 0, "name": wanted // 4}.get(one.kind)
        while most is not None and self._spoken_of(planned.phrases[0]) > most:
            planned = plan(one.kind, one.where, wanted, self.voice)
        return planned

    def _payloads(
        self, one: Plan, several: int, wanted: int, everywhere: Sequence[tuple[int, int]]
    ) -> tuple[list[Payload], list[tuple[int, int]], str]:
        """Return the payloads, and the rows whose answers allow all of them."""
        families = self.voice.some(PLAIN, several) if several > 1 else [one.family]
        unfit = UNFIT.get(one.family, ())
        only = (NEEDS[one.family],) if one.family in NEEDS else ()
        fit = only or tuple(kind for kind in self.kinds if kind not in unfit)
        scope = "all"
        if one.spread == "one" and not only:
            scope, fit = (chosen := self.voice.pick(fit or self.kinds)), (chosen,)
        best: tuple[list[Payload], list[tuple[int, int]]] = ([], [])
        for attempt in range(_TRIES):
            payloads = [MAKERS[family](self.voice) for family in families]
            if attempt >= _TRIES // 2 and not only:
                scope, fit = "all", (*self.kinds, "talk")
            places: list[tuple[int, int]] = []
            for k, at in everywhere:
                turn = self.drafts[k].turns[at]
                if turn.kind in fit and (one.kind == "topic" or payloads[0].change(turn)):
                    places.append((k, at))
                if len(places) >= wanted * _SPARE:
                    break
            if len(places) > len(best[1]) or not best[0]:
                best = (payloads, places)
            if _OF_ELIGIBLE * len(places) >= wanted:
                break
        return *best, scope

    def _spoken_of(self, name: str) -> int:
        """Return the number of rows that speak of a name by themselves."""
        return sum(any(name in turn.asked for turn in draft.turns) for draft in self.drafts)

    def _write(self, planned: Planned, draft: Draft, at: int, turn: int) -> bool:
        if planned.kind in {"slot", "topic"}:
            draft.said = list(planned.phrases)
            if planned.kind == "slot":
                draft.slot = planned.phrases[0]
            return True
        return write(planned, draft, at, turn, self.voice)

    def _honest_trigger(self, planned: Planned, draft: Draft, at: int) -> bool:
        if planned.kind == "topic":
            draft.turns[at] = people(1, self.desk, planned.phrases[0])[0]
            return True
        return self._write(planned, draft, at, int(self.voice.rng.integers(8)))

    def _part(self, planned: Planned, draft: Draft, at: int) -> bool:
        return write_part(planned, draft, at, self.voice)

    def _nearly(self, planned: Planned, draft: Draft, at: int) -> bool:
        return write_near(planned, draft, at, self.voice)

    def _ask_for_harm(self, everywhere: Sequence[tuple[int, int]], wanted: int) -> None:
        """Turn requests of the kind "safety" into refused requests for harm, up to `wanted`."""
        places = [(k, at) for k, at in everywhere if self.drafts[k].turns[at].kind == "safety"]
        missing = wanted - sum(self.drafts[k].turns[at].harmful for k, at in places)
        for k, at in places:
            if missing <= 0:
                return
            if not self.drafts[k].turns[at].harmful:
                self.drafts[k].turns[at] = harmful(self.voice)
                missing -= 1


def further(voice: Voice) -> Plan:
    """Return the plan of one more attacker of a set."""
    return Plan(
        family=voice.pick(ANYWHERE), kind=voice.pick(SIMPLE), where="input", turn="last",
        dose=float(np.exp(voice.rng.uniform(np.log(0.005), np.log(0.03)))), spread="all",
    )  # fmt: skip
