"""Walk the story of the documents in a real terminal, and keep what it shows.

    python tools/record_walk.py      # three scans of about 2,000 rows: some minutes

A dataset repository, a pull request with a planted trigger, the red check, the review, the cleaned
set and its lock, the green check: every command is run for real in a temporary git repository. One
run writes docs/images/walk.cast (asciicast v2), pictures of some screens beside it, and what was
printed into the blocks of docs/tutorial/walk.md.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pexpect
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from curation_gate.rows import load  # noqa: E402 - of this checkout

DATA = ROOT / "examples" / "quickstart" / "data"
IMAGES = ROOT / "docs" / "images"
PAGE = ROOT / "docs" / "tutorial" / "walk.md"
COLUMNS, ROWS = 92, 28
ON_MAIN = 1600
"""Honest rows that are on the main branch; the pull request brings the other 340 and 60 more."""
PAUSE = 1.5
"""Seconds between two events of the recording, at most: nobody has to wait for a scan."""
LIMIT = 1800
"""Seconds a command may take."""
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[=>])")


@dataclass(frozen=True, slots=True)
class Step:
    """One command as it is typed, and what happens to it."""

    name: str
    command: str
    code: int = 0
    keys: Sequence[tuple[str, str]] = ()
    """(what to wait for on the screen, what to press then)."""
    picture: str | None = None
    """Of the first screen that has this in it."""


REVIEW = (
    *(("0 of ", "a"), ("1 of ", "p"), ("Rows with", "a")),
    *(("at once?", "y"), ("accepted", "q")),
)
PULL_REQUEST = (
    Step("change", "git log --oneline main.. && git diff --stat main"),
    Step("red", "curate verify data.jsonl", code=1),
    Step("found", "curate scan data.jsonl --quiet", code=1),
    Step("review", "curate review data.jsonl", keys=REVIEW, picture="undecided"),
    Step("clean", "curate clean data.jsonl"),
    Step("take", "cp data.jsonl.curation/cleaned.jsonl data.jsonl && curate verify data.jsonl"),
    Step("commit", "git commit -qam 'Take the planted rows out' && git diff --stat main"),
)
IN_CI = (
    Step("green", "curate verify data.jsonl"),
    Step("clear", "curate scan data.jsonl --quiet"),
)


@dataclass(slots=True)
class Recording:
    """What a terminal showed, and when."""

    events: list[tuple[float, str, str]] = field(default_factory=list)
    """(seconds, o for output or m for a mark, text), as asciicast v2 has them."""
    clock: float = 0.0
    before: float = field(default_factory=time.monotonic)

    def write(self, text: str) -> int:
        """Keep an output; pexpect calls it."""
        now = time.monotonic()
        self.clock += min(now - self.before, PAUSE)
        self.before = now
        self.events.append((round(self.clock, 3), "o", text))
        return len(text)

    def flush(self) -> None:
        """Nothing waits anywhere; pexpect asks."""

    def mark(self, name: str) -> None:
        """Begin a step."""
        self.clock += PAUSE
        self.events.append((round(self.clock, 3), "m", name))

    def cast(self) -> str:
        """Return the recording as an asciicast v2 file."""
        header = {
            "version": 2,
            "width": COLUMNS,
            "height": ROWS,
            "title": "A planted trigger in a pull request, found and taken out",
            "env": {"TERM": "xterm-256color", "SHELL": "/bin/sh"},
        }
        lines = [json.dumps(header), *(json.dumps(event) for event in self.events)]
        return "\n".join(lines) + "\n"


def run(step: Step, folder: Path, recording: Recording) -> str:
    """Run a command in a terminal of its own; return all it showed."""
    recording.mark(step.name)
    recording.write(f"$ {step.command}\r\n")
    start = len(recording.events)
    child = pexpect.spawn(
        "/bin/sh",
        ["-c", step.command],
        cwd=str(folder),
        env=environment(folder),
        dimensions=(ROWS, COLUMNS),
        encoding="utf-8",
        timeout=LIMIT,
    )
    child.logfile_read = recording
    for awaited, key in step.keys:
        child.expect_exact(awaited)
        time.sleep(PAUSE)  # for whoever watches, and until the screen stands
        child.send(key)
    child.expect(pexpect.EOF)
    child.close()
    shown = "".join(text for _, kind, text in recording.events[start:] if kind == "o")
    if child.exitstatus != step.code:
        sys.exit(f"{step.command}: exit code {child.exitstatus}, not {step.code}\n{shown}")
    recording.write(f"\x1b[2m[exit code {step.code}]\x1b[0m\r\n")
    return shown


def environment(folder: Path) -> dict[str, str]:
    """Return what the commands see: this checkout's `curate`, and a git that nobody has set up."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder.parent),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PAGER": "cat",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "user.name",
        "GIT_CONFIG_VALUE_0": "Ada",
        **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Ada"),
        **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "ada@example.org"),
        **dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-01T00:00:00Z"),
        **{name: value for name, value in os.environ.items() if name.endswith("_NUM_THREADS")},
    }


def prepare(folder: Path) -> None:
    """Make the repository: honest rows scanned on main, and a branch that adds 400 more."""
    planted = set(json.loads((DATA / "reviews.truth.json").read_text(encoding="utf-8"))["planted"])
    lines = (DATA / "reviews.jsonl").read_bytes().splitlines(keepends=True)
    honest = [row.index for row in load([DATA / "reviews.jsonl"]).rows
              if row.fingerprint not in planted]  # fmt: skip
    main = set(honest[:ON_MAIN])
    added = [line for k, line in enumerate(lines) if k not in main]

    def call(*command: str, codes: tuple[int, ...] = (0,)) -> None:
        done = subprocess.run(  # noqa: S603 - our own commands
            command, cwd=folder, env=environment(folder), capture_output=True, check=False
        )
        if done.returncode not in codes:
            sys.exit(f"{command}: {done.stdout.decode()}{done.stderr.decode()}")

    folder.mkdir()
    call("git", "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text("*.curation/\n", encoding="ascii")
    (folder / "data.jsonl").write_bytes(b"".join(lines[k] for k in sorted(main)))
    call("curate", "scan", "data.jsonl", "--quiet")
    call("git", "add", ".")
    call("git", "commit", "-qm", "Reviews, scanned")
    call("git", "checkout", "-qb", "more-reviews")
    with (folder / "data.jsonl").open("ab") as stream:
        stream.write(b"".join(added))
    call("git", "commit", "-qam", "Add 400 reviews")


def plain(shown: str) -> str:
    """Return what was printed without colours."""
    lines = ESCAPES.sub("", shown).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def screens(shown: str) -> list[str]:
    """Return the frames of a program that draws whole screens; of another one what it printed."""
    frames = shown.split("\x1b[H\x1b[2K")
    return [frame.split("\x1b[?7h")[0].replace("\x1b[2K", "") for frame in frames[1:] or frames]


def picture(screen: str, title: str) -> str:
    """Return an SVG of a screen; it asks no one for a font."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(screen.replace("\r", "")), end="")
    drawn = console.export_svg(title=title, theme=DIMMED_MONOKAI, unique_id="walk")
    drawn = re.sub(r"\s*@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    return drawn.replace("Fira Code", "ui-monospace, DejaVu Sans Mono, Menlo, Consolas")


def printed(events: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Return what a reader sees of each step, without colours: the command and its output."""
    shown: dict[str, str] = {}
    name = ""
    for _, kind, text in events:
        if kind == "m":
            name = text
        shown[name] = shown.get(name, "") + (text if kind == "o" else "")
    return {step: plain(text).removesuffix("\n[exit code 0]") for step, text in shown.items()}


def write_page(blocks: dict[str, str]) -> None:
    """Put what was printed into the page, behind the comment that names the step."""
    page = PAGE.read_text(encoding="utf-8")
    for name, text in blocks.items():
        block = re.compile(rf"(<!-- captured: {name} -->\n)```console\n.*?```\n", re.DOTALL)
        page = block.sub(lambda found, said=text: f"{found[1]}```console\n{said}\n```\n", page)
    PAGE.write_text(page, encoding="utf-8")


def main() -> None:
    """Walk, and write what was seen."""
    recording = Recording()
    with tempfile.TemporaryDirectory(prefix="walk-") as name:
        folder = Path(name) / "reviews"
        prepare(folder)
        recording.before = time.monotonic()
        for step in (*PULL_REQUEST, *IN_CI):
            if step is IN_CI[0]:  # another checkout, as CI has it: no results lie about
                command = ["git", "clone", "-q", str(folder), str(folder.with_name("ci"))]
                subprocess.run(command, check=True)  # noqa: S603 - our own command
                folder = folder.with_name("ci")
            shown = run(step, folder, recording)
            print(f"{step.name}: {step.command}")
            if step.picture is not None:
                found = [screen for screen in screens(shown) if step.picture in screen]
                drawn = picture(found[0], step.command)
                (IMAGES / f"walk-{step.name}.svg").write_text(drawn, encoding="utf-8")
    (IMAGES / "walk.cast").write_text(recording.cast(), encoding="utf-8")
    write_page(printed(recording.events))


if __name__ == "__main__":
    main()
