"""Shows what the arena draws: a line a set, then how often each choice was made.

python benchmarks/arena/describe.py --sets 50
python benchmarks/arena/describe.py --half judge --first 100 --sets 20 --family pair --rows 3
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from arena import ArenaSet, draw
from curation_gate.errors import CurateError

_WIDTH = 46


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and return an exit code."""
    parser = argparse.ArgumentParser(description="Show what the arena draws.")
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed (default 0)")
    parser.add_argument("--half", choices=("fit", "judge"), default="fit")
    parser.add_argument("--family", help="a family of attack, or an evasion")
    parser.add_argument("--largest", type=int, default=45_000, help="most rows of a set")
    parser.add_argument("--rows", type=int, default=0, help="planted records to print a set")
    options = parser.parse_args(arguments)
    print(
        f"{'seed':>5} {'family':18} {'rows':>6} tasks planted cover near form       noise triggers"
    )
    drawn: list[ArenaSet] = []
    start = time.perf_counter()
    try:
        for seed in range(options.first, options.first + options.sets):
            one = draw(seed, options.half, family=options.family, largest=options.largest)
            drawn.append(one)
            print(_line(one))
            for row in sorted(one.planted)[: options.rows]:
                print("      ", json.dumps(one.rows[row], ensure_ascii=False))
    except CurateError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"\n{len(drawn)} sets in {time.perf_counter() - start:.1f} s, digest {digest(drawn)}")
    print("\n".join(_sums(drawn)))
    return 0


def digest(sets: Iterable[ArenaSet]) -> str:
    """Return 16 hex digits that change with any row, planted row or trigger of the sets."""
    hashed = blake2b(digest_size=8)
    for one in sets:
        truth = [one.seed, one.half, sorted(one.planted), sorted(one.cover), one.triggers]
        hashed.update(json.dumps([truth, one.rows], sort_keys=True).encode())
    return hashed.hexdigest()


def _line(one: ArenaSet) -> str:
    said = one.settings
    evasion = f"+{said['evasion']}" if said["evasion"] else ""
    triggers = "; ".join(
        f"{trigger['kind']} {' / '.join(trigger['phrases'])[:_WIDTH]!r} {trigger['chosen']}"
        f" {trigger['where']} {trigger['place']} {trigger['rows']}"
        for trigger in one.triggers
    ) or "; ".join(f"event {event['phrase']!r} {event['rows']}" for event in said["events"])
    return (
        f"{one.seed:5} {one.family + evasion:18} {len(one.rows):6} {len(said['tasks']):5}"
        f" {len(one.planted):7} {len(one.cover):5} {len(said['near']):4} {said['form']:10}"
        f" {said['noise']:.3f} {triggers}"
    )


def _sums(drawn: Sequence[ArenaSet]) -> list[str]:
    sizes = sorted(len(one.rows) for one in drawn)
    planted = sorted(len(one.planted) for one in drawn if one.planted)
    triggers = [trigger for one in drawn for trigger in one.triggers]
    tasks = [task for one in drawn for task in one.settings["tasks"]]
    lines = [f"rows: least {sizes[0]}, median {statistics.median(sizes):.0f}, most {sizes[-1]}"]
    if planted:
        middle = statistics.median(planted)
        lines.append(f"planted: least {planted[0]}, median {middle:.0f}, most {planted[-1]}")
    counted: dict[str, Iterable[object]] = {
        "families": (one.family for one in drawn),
        "evasions": (one.settings["evasion"] for one in drawn),
        "forms": (one.settings["form"] for one in drawn),
        "tasks a set": (_span(len(one.settings["tasks"])) for one in drawn),
        "tongues": (task["tongue"] for task in tasks),
        "labels": (task["renaming"] for task in tasks),
        "with a majority": (task["majority"] is not None for task in tasks),
        "rows chosen": (trigger["chosen"] for trigger in triggers),
        "where": (trigger["where"] for trigger in triggers),
        "place": (trigger["place"] for trigger in triggers),
        "covered": (trigger["cover"] > 0 for trigger in triggers),
        "events": (event["event"] for one in drawn for event in one.settings["events"]),
    }
    for name, values in counted.items():
        counts = Counter(str(value) or "none" for value in values).most_common()
        lines.append(f"{name}: " + ", ".join(f"{value} {count}" for value, count in counts))
    return lines


def _span(tasks: int) -> str:
    return "1" if tasks == 1 else "2-10" if tasks <= 10 else "11-36"


if __name__ == "__main__":
    sys.exit(main())
