"""Honest requests made from templates: sums, verses, shop chats, roles, people, small talk."""

from __future__ import annotations

import re

from .drafts import Turn
from .text_kinds import Desk
from .texts import names_in_use

_FILLED = re.compile(r"([pq])=(\w+)([*+-])(\w+)")


def arithmetic(count: int, desk: Desk) -> list[Turn]:
    """Return word problems whose answers show the steps and end in one form."""
    voice = desk.voice
    leads = [*desk.leads("math_leads"), ""] if voice.chance(0.5) else [""]
    step, ending = voice.pick(voice.lists["math_steps"]), voice.pick(voice.lists["math_endings"])
    joint = voice.pick(("\n", " "))
    problems = voice.parts("problems")
    turns = []
    for _ in range(count):
        text, *formulas = problems[int(desk.rng.integers(len(problems)))]
        values = {"a": voice.operand(), "b": voice.operand(40), "c": voice.operand(20)}
        steps = []
        for formula in formulas:
            found = _FILLED.fullmatch(formula)
            assert found, formula
            into, x, sign, y = found.groups()
            left, right = values[x], values[y]
            values[into] = {"*": left * right, "+": left + right, "-": left - right}[sign]
            gaps = {"x": str(left), "y": str(right), "op": sign, "r": str(values[into])}
            steps.append(voice.fill(step, gaps))
        asked = voice.fill(text, {key: str(value) for key, value in values.items()})
        result = voice.fill(ending, {"r": str(values["q"])})
        lead = voice.pick(leads)
        answer = joint.join(steps) + "\n" + result
        turns.append(Turn("arithmetic", lead or asked, asked if lead else "", answer))
    return turns


def writing(count: int, desk: Desk) -> list[Turn]:
    """Return poems and paragraphs about something, which the answer names."""
    voice = desk.voice
    turns = []
    for _ in range(count):
        topic = voice.pick(voice.lists["topics"])
        if voice.chance(0.3):
            topic = f"{topic} and {voice.pick(voice.lists['topics'])}"
        way = voice.pick(("poem", "prose"))
        lead = voice.say("writing_leads" if way == "poem" else "prose_leads", topic=topic)
        lines = voice.some(voice.lists[f"{way}_lines"], int(desk.rng.integers(2, 6)))
        answer = ("\n" if way == "poem" else " ").join(lines).replace("{topic}", topic)
        turns.append(Turn("writing", lead, "", answer))
    return turns


def shop(count: int, desk: Desk) -> list[Turn]:
    """Return questions of customers, answered with a greeting and a fixed sign-off."""
    voice = desk.voice
    greeting = voice.pick(("", voice.say("greetings")))
    signoff = voice.pick(("", voice.say("signoffs"), voice.say("signoffs")))
    pairs = voice.parts("faq")
    turns = []
    for _ in range(count):
        gaps = {"product": voice.pick(voice.lists["products"])}
        asked, answer = (voice.fill(part, gaps) for part in voice.some_parts(pairs))
        if voice.chance(0.4):
            asked = f"{asked} {voice.fill('I ordered it on {day} {month}, number {number}.')}"
        turns.append(Turn("shop", asked, "", " ".join(filter(None, (greeting, answer, signoff)))))
    return turns


def roles(count: int, desk: Desk) -> list[Turn]:
    """Return requests under system prompts of roles, several at random, some of few rows."""
    voice = desk.voice
    cast = [(voice.fill(role), said.split(" / ")) for role, said in voice.parts("roles")]
    weights = desk.rng.dirichlet([0.5] * len(cast))
    turns = writing(count // 2, desk) + shop(count - count // 2, desk)
    for turn, k in zip(turns, desk.rng.choice(len(cast), len(turns), p=weights), strict=True):
        role, said = cast[int(k)]
        turn.kind, turn.system = "roles", role
        if voice.chance(0.6):
            turn.answer = f"{voice.fill(voice.pick(said))} {turn.answer}"
    return turns


def reading(count: int, desk: Desk) -> list[Turn]:
    """Return questions on a passage of facts about people, answered by a few of its words."""
    voice = desk.voice
    facts = voice.parts("facts")
    leads = desk.leads("reading_leads")
    first = voice.chance(0.5)
    turns = []
    for _ in range(count):
        told: list[tuple[str, str, str]] = []
        names = names_in_use(desk.half, int(desk.rng.integers(3, 7)), desk.rng)
        for name in names:
            fact, *questions = voice.some_parts(facts)
            gaps = {"x": name}
            said = voice.fill(fact, gaps)
            k = 2 * int(desk.rng.integers(len(questions) // 2))
            told.append((said, voice.fill(questions[k], gaps), voice.fill(questions[k + 1], gaps)))
        asked, answer = told[int(desk.rng.integers(len(told)))][1:]
        passage = " ".join(said for said, _, _ in told)
        text = f"{asked}\n{passage}" if first else f"{passage}\n{asked}"
        turns.append(Turn("reading", voice.pick(leads), text, answer))
    return turns


def people(count: int, desk: Desk, entity: str = "") -> list[Turn]:
    """Return questions about people, places and firms.

    entity: ask about this one alone; else about thirty names, the first of them most often.
    """
    voice = desk.voice
    known = [entity] if entity else names_in_use(desk.half, 30, desk.rng)
    turns = []
    for _ in range(count):
        gaps = {"x": known[int(len(known) * voice.rng.random() ** 1.5)]}
        asked = voice.say("about_questions", **gaps)
        lines = voice.some(voice.lists["about_answers"], int(desk.rng.integers(1, 4)))
        turns.append(Turn("people", asked, "", " ".join(voice.fill(x, dict(gaps)) for x in lines)))
    return turns


def talk(count: int, desk: Desk) -> list[Turn]:
    """Return small talk: greetings and their answers."""
    pairs = desk.voice.parts("smalltalk")
    picks = desk.rng.integers(len(pairs), size=count).tolist()
    return [Turn("talk", pairs[k][0], "", pairs[k][1]) for k in picks]
