"""What the two rules that read each row by itself (CG010, CG011) say of published sets.

    python benchmarks/text_rules.py -o benchmarks/text_rules.md

The sets lie beside the repository (../shared/data): files as they are published, sets that others
made (some with planted rows), and the pool of honest tasks. Both rules run with their defaults. A
line for each set in which a rule names a row, and one for all; seconds are of both rules.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pools import REPOSITORY

from curation_gate import rows
from curation_gate.detectors.registry import DETECTORS
from curation_gate.detectors.signals import Signals
from curation_gate.rulebook import load_rules

DEFAULT_DATA = REPOSITORY.parent / "shared" / "data"
RULES = ("CG010", "CG011")
KINDS = {
    "file as published": ("honest", "*.*"),
    "set that others made": ("thirdparty", "*/train.jsonl.gz"),
    "task of the pool": ("pool", "*.jsonl.gz"),
}
HEAD = """# Rules that read each row by itself

`python benchmarks/text_rules.py -o benchmarks/text_rules.md`

Rows that hidden text (CG010) and control tokens (CG011) name in files as they are published, sets
that others made, and the pool of honest tasks: a line for each set in which a row is named.

| set | kind | rows | planted | quarantined | planted of them | for review | planted of them |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


@dataclass(slots=True)
class Counts:
    """What both rules say of one set or of many."""

    rows: int = 0
    planted: int = 0
    named: dict[tuple[str, bool], int] = field(default_factory=dict)
    """Severity and whether the row was planted, to rows."""
    seconds: float = 0.0

    def add(self, other: Counts) -> None:
        """Add the counts of another set."""
        self.rows += other.rows
        self.planted += other.planted
        self.seconds += other.seconds
        for key, number in other.named.items():
            self.named[key] = self.named.get(key, 0) + number

    def line(self, name: str, kind: str) -> str:
        """Return the line of a table."""
        cells = " | ".join(
            f"{self.named.get((severity, True), 0) + self.named.get((severity, False), 0):,} | "
            f"{self.named.get((severity, True), 0):,}"
            for severity in ("quarantine", "review")
        )
        return f"| {name} | {kind} | {self.rows:,} | {self.planted:,} | {cells} |"


def measure(path: Path) -> Counts:
    """Return what the rules say of one file; its planted rows stand in a `truth.json` beside it."""
    dataset = rows.split_prompts(rows.load([path]))
    truth = path.parent / "truth.json"
    planted = set(json.loads(truth.read_text("utf-8"))["planted"]) if truth.is_file() else set()
    found = Counts(len(dataset), len(planted))
    verdicts: dict[int, str] = {}
    for rule in (rule for rule in load_rules().rules if rule.id in RULES):
        begin = time.process_time()
        result = DETECTORS[rule.detector].run(Signals(dataset), rule)
        found.seconds += time.process_time() - begin
        for row, reason in result.reasons.items():
            if verdicts.get(row) != "quarantine":
                verdicts[row] = reason.severity or rule.severity
    for row, verdict in verdicts.items():
        key = verdict, row in planted
        found.named[key] = found.named.get(key, 0) + 1
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args(arguments)
    lines, every = [], Counts()
    for kind, (folder, pattern) in KINDS.items():
        of_kind, sets = Counts(), 0
        for path in sorted((options.data / folder).glob(pattern)):
            found = measure(path)
            sets += 1
            of_kind.add(found)
            if found.named:
                name = path.parent.name if path.name == "train.jsonl.gz" else path.name
                lines.append(found.line(name, kind))
        lines.append(of_kind.line(f"all {sets}", kind))
        every.add(of_kind)
    speed = every.rows / every.seconds if every.seconds else 0.0
    text = f"{HEAD}{chr(10).join(lines)}\n\nBoth rules together: {speed:,.0f} rows a CPU second.\n"
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
