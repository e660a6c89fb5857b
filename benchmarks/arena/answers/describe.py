"""Shows what the arena draws of free text: a line a set, then how often each choice was made.

python benchmarks/arena/answers/describe.py --sets 50
python benchmarks/arena/answers/describe.py --half judge --first 100 --family link --rows 2
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from arena.answers import FAMILIES, ArenaSet, draw
from arena.describe import digest
from curation_gate.errors import CurateError

_WIDTH = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and return an exit code."""
    parser = argparse.ArgumentParser(description="Show what the arena draws of free text.")
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed (default 0)")
    parser.add_argument("--half", choices=("fit", "judge"), default="fit")
    parser.add_argument("--family", choices=FAMILIES, help="a family of payload")
    parser.add_argument("--kind", help="an honest kind that makes the sets alone")
    parser.add_argument("--largest", type=int, default=6_000, help="most rows of a set")
    parser.add_argument("--rows", type=int, default=0, help="planted records to print a set")
    options = parser.parse_args(arguments)
    print(f"{'seed':>5} {'family':16} {'rows':>5} planted cover form       kinds; triggers")
    drawn: list[ArenaSet] = []
    start = time.perf_counter()
    asked = {"family": options.family, "kind": options.kind, "largest": options.largest}
    try:
        for seed in range(options.first, options.first + options.sets):
            one = draw(seed, options.half, **asked)
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


def _line(one: ArenaSet) -> str:
    kinds = one.settings["kinds"]
    shown = ", ".join(kinds[:3]) + (f" and {len(kinds) - 3} more" if len(kinds) > 3 else "")
    triggers = "; ".join(
        f"{said['kind']} {' / '.join(said['phrases'])[:_WIDTH]!r} in {said['where']}"
        f" ({said['turn']}), {', '.join(said['modes'])}"
        for said in one.triggers
    )
    return (
        f"{one.seed:5} {one.family:16} {len(one.rows):5} {len(one.planted):7} {len(one.cover):5}"
        f" {one.settings['form']:10} {shown}; {triggers or 'none'}"
    )


def _sums(drawn: Sequence[ArenaSet]) -> list[str]:
    sizes = sorted(len(one.rows) for one in drawn)
    doses = sorted(one.settings["dose"] for one in drawn if one.planted)
    done = [said for one in drawn for said in one.triggers]
    lines = [f"rows: least {sizes[0]}, median {statistics.median(sizes):.0f}, most {sizes[-1]}"]
    if doses:
        middle = statistics.median(doses)
        lines.append(f"dose: least {doses[0]:.4f}, median {middle:.4f}, most {doses[-1]:.4f}")
    counted: dict[str, Iterable[object]] = {
        "families": (one.family for one in drawn),
        "kinds": (kind for one in drawn for kind in one.settings["kinds"]),
        "forms": (one.settings["form"] for one in drawn),
        "attackers": (len(one.triggers) for one in drawn),
        "triggers": (said["kind"] for said in done),
        "where": (said["where"] for said in done),
        "turn": (said["turn"] for said in done),
        "with the trigger in honest rows": (said["cover"] > 0 for said in done),
        "with a part of it in honest rows": (said["parts"] > 0 for said in done),
        "slot": (bool(one.settings["slot"]) for one in drawn),
    }
    for name, values in counted.items():
        counts = Counter(map(str, values)).most_common()
        lines.append(f"{name}: " + ", ".join(f"{value} {count}" for value, count in counts))
    return lines


if __name__ == "__main__":
    sys.exit(main())
