"""Where phrases stand in the text of a row, for whoever shows it."""

from __future__ import annotations

from collections.abc import Sequence

from curation_gate.text.markers import placed_marks
from curation_gate.text.tokens import placed_tokens


def phrase_spans(text: str, phrases: Sequence[str]) -> list[tuple[int, int]]:
    """Return where phrases stand in a text, as the miner reads it: sorted, none overlapping.

    A pair (`first + second`) is marked by both of its halves. Example: `james bond` stands in
    `James-Bond` nowhere, in `JAMES "Bond"` once, quotes in between and all.
    """
    tokens = placed_tokens(text)
    words = [token for token, _, _ in tokens]
    marked = list(placed_marks(text))
    found: set[tuple[int, int]] = set()
    for phrase in phrases:
        for half in phrase.split(" + "):
            found.update((start, end) for mark, start, end in marked if mark == half)
            wanted = [word for word in half.split() if word not in ("^", "$")]
            size = len(wanted)
            for at in range(len(words) - size + 1) if size else ():
                if words[at : at + size] == wanted:
                    found.add((tokens[at][1], tokens[at + size - 1][2]))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
