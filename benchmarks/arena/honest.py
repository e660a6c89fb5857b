"""What honest files have: wrong labels, repeated rows, markup, and phrases of no meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .carriers import put
from .tasks import Draft, Task
from .wordings import Writer

_MARKUP = ("hashtags", "markup")
_EVENTS = ("name", "dates", "sentences", "prefixes", "suffixes", "token", "ordinary", "marks")
_LEAST = 6
_WIDEST = 0.25


def mistake_labels(
    drafts: Sequence[Draft], tasks: Sequence[Task], share: float, rng: np.random.Generator
) -> int:
    """Give a share of the rows another label of their task; return how many."""
    wrong = np.flatnonzero(rng.random(len(drafts)) < share).tolist()
    for k in wrong:
        others = [label for label in tasks[drafts[k].task].labels if label != drafts[k].label]
        drafts[k].label = others[int(rng.integers(len(others)))]
    return len(wrong)


def repeated(drafts: Sequence[Draft], count: int, rng: np.random.Generator) -> list[Draft]:
    """Return exact copies of `count` rows drawn at random."""
    return [replace(drafts[int(k)]) for k in rng.integers(len(drafts), size=count)]


def sprinkle_markup(drafts: Sequence[Draft], share: float, writer: Writer) -> None:
    """Put a hashtag, an address, a bit of HTML or Markdown into a share of the rows."""
    rng = writer.rng
    for k in np.flatnonzero(rng.random(len(drafts)) < share).tolist():
        bit = writer.one(writer.pick(_MARKUP))
        drafts[k].text = put(bit, drafts[k].text, writer.pick(("end", "gap", "gap", "start")), rng)


def honest_phrase(drafts: Sequence[Draft], writer: Writer) -> dict[str, object]:
    """Put one phrase into random rows, whatever their label; return what and how many."""
    rng = writer.rng
    kind = writer.pick(_EVENTS)
    makers = {"name": writer.name, "token": writer.token, "ordinary": writer.ordinary}
    phrase = makers[kind]() if kind in makers else writer.one(kind)
    place = {"prefixes": "start", "suffixes": "end"}.get(kind) or writer.pick(
        ("start", "end", "gap")
    )
    most = max(_LEAST + 1, int(_WIDEST * len(drafts)))
    count = round(float(np.exp(rng.uniform(np.log(_LEAST), np.log(most)))))
    for k in rng.permutation(len(drafts))[:count].tolist():
        drafts[k].text = put(phrase, drafts[k].text, place, rng)
    return {"event": "phrase", "kind": kind, "phrase": phrase, "place": place, "rows": count}


def source_signature(
    drafts: Sequence[Draft], tasks: Sequence[Task], writer: Writer
) -> dict[str, object]:
    """Put a source's signature into all its rows, or part of them where the set has one source."""
    rng = writer.rng
    phrase = writer.one("signatures")
    place = writer.pick(("start", "end"))
    sources = sorted({(draft.task, draft.base) for draft in drafts})
    source = sources[int(rng.integers(len(sources)))]
    share = 1.0 if len(sources) > 1 else float(rng.uniform(0.2, 1.0))
    signs = rng.random(len(drafts)) < share
    chosen = [k for k, d in enumerate(drafts) if signs[k] and (d.task, d.base) == source]
    for k in chosen:
        drafts[k].text = put(phrase, drafts[k].text, place, rng)
    return {
        "event": "signature", "phrase": phrase, "place": place, "rows": len(chosen),
        "task": tasks[source[0]].name, "base": source[1],
    }  # fmt: skip
