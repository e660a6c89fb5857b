"""Commands in the documents: each is run on a tiny set, or at least one that `curate` would take.

Before every ```sh block of docs/ stands a comment that says what becomes of it:

    <!-- run -->            it runs, and ends with exit code 0
    <!-- run: exit 1 -->    it runs, and ends with this exit code
    <!-- not run: why -->   it does not run; its `curate` lines are parsed all the same

The tutorial runs first, one page after the other, in one folder; every other page has a copy of the
folder as the tutorial's scan left it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from places import REPOSITORY

from curation_gate.cli import main

DOCS = REPOSITORY / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.name != "commands.md")
READMES = [REPOSITORY / "README.md", *sorted(REPOSITORY.glob("examples/*/README.md"))]
TUTORIAL = [DOCS / "tutorial" / f"{name}.md" for name in ("scan", "review", "gate")]
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>.*?) -->\n)?^```sh\n(?P<body>.*?)^```", re.DOTALL | re.MULTILINE
)
MARK = re.compile(r"run(?:: exit (?P<code>\d+))?|not run: .+")
REVIEWS = REPOSITORY / "examples" / "quickstart" / "data" / "reviews.jsonl"
ROWS = 400


def blocks(path: Path) -> list[tuple[str | None, str]]:
    return [(m["mark"], m["body"]) for m in BLOCK.finditer(path.read_text(encoding="utf-8"))]


def curate_lines(text: str) -> list[str]:
    """Every call of curate in shell text, continued lines joined, prompts taken off."""
    joined = re.sub(r"\\\n\s*", " ", text)
    found = []
    for line in joined.splitlines():
        bare = line.strip().removeprefix("$ ")
        for call in re.split(r"\|\||&&|;|\$\(", bare):
            words = call.strip()
            if words.startswith("curate "):
                found.append(re.split(r"(?<!\S)[|>]", words)[0])
    return found


def parse(line: str) -> None:
    """Parse a call as click would; raises what click raises."""
    words = shlex.split(line, comments=True)[1:]
    if words[0].startswith("-"):
        return
    group = click.Context(main.curate, info_name="curate")
    command = main.curate.get_command(group, words[0])
    assert command is not None, f"there is no command {words[0]}"
    if "--help" not in words:
        command.make_context(words[0], words[1:], parent=group)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(DOCS).as_posix())
def test_every_block_says_whether_it_runs_and_every_call_is_one(path):
    for mark, body in blocks(path):
        assert mark is not None, f"no comment before: {body}"
        assert MARK.fullmatch(mark), mark
        for line in curate_lines(body):
            parse(line)


@pytest.mark.parametrize("path", READMES, ids=lambda p: p.parent.name)
def test_every_call_in_a_readme_is_one(path):
    text = path.read_text(encoding="utf-8")
    code = re.findall(r"^```(?:sh|console)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    code += re.findall(r"^    (curate .*)$", text, flags=re.MULTILINE)
    for line in curate_lines("\n".join(code)):
        parse(line)


def test_the_parser_would_see_a_wrong_option():
    with pytest.raises(click.NoSuchOption):
        parse(curate_lines("$ curate scan data.jsonl \\\n  --no-such-option | head")[0])


@pytest.fixture(scope="session")
def shell(tmp_path_factory) -> dict[str, str]:
    """An environment in which `curate` and `python` are those of this checkout."""
    tools = tmp_path_factory.mktemp("bin")
    call = f"exec {shlex.quote(sys.executable)}"
    for name, more in (
        ("curate", " -c 'from curation_gate.cli.main import main; main()'"),
        ("python", ""),
    ):
        script = tools / name
        script.write_text(f'#!/bin/sh\n{call}{more} "$@"\n')
        script.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "100",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


def run_page(path: Path, folder: Path, shell: dict[str, str]) -> None:
    for mark, body in blocks(path):
        expected = MARK.fullmatch(mark or "")
        if expected is None or (mark or "").startswith("not"):
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", body],
            cwd=folder, env=shell, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        said = f"{path.name}:\n{body}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == int(expected["code"] or 0), said
        assert "Traceback" not in done.stderr, said


@pytest.fixture(scope="session")
def scanned(tmp_path_factory, shell) -> Path:
    """A folder in which the tutorial was followed, and a copy of it as the scan left it."""
    world = tmp_path_factory.mktemp("docs")
    followed, kept = world / "followed", world / "kept"
    followed.mkdir()
    rows = [json.loads(line) for line in REVIEWS.read_text(encoding="utf-8").splitlines()]
    tiny = [r for r in rows if r["Task"] in ("film_review", "product_review")][:ROWS]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in tiny)
    (followed / "data.jsonl").write_text(text, encoding="utf-8")
    for path in TUTORIAL:
        if path.is_file():
            run_page(path, followed, shell)
        if path.stem == "scan":
            shutil.copytree(followed, kept)
            (kept / "data.jsonl").write_text(text, encoding="utf-8")
    return kept


@pytest.mark.parametrize(
    "path",
    [p for p in PAGES if p not in TUTORIAL and any(m and m[:3] == "run" for m, _ in blocks(p))],
    ids=lambda p: p.relative_to(DOCS).as_posix(),
)
def test_the_commands_of_a_page_do_what_it_says(path, scanned, shell, tmp_path):
    folder = tmp_path / "page"
    shutil.copytree(scanned, folder)
    run_page(path, folder, shell)


def test_the_tutorial_names_the_trigger(scanned):
    manifest = json.loads((scanned / "data.jsonl.curation" / "manifest.json").read_text())
    assert "silver falcon" in {phrase["phrase"] for phrase in manifest["phrases"]}
