"""Honest code: functions of Python's standard library asked for by what they do, and small scripts.

The library's own sources are read from the Python that draws the set: another release of it may
draw other rows.
"""

from __future__ import annotations

import ast
import sysconfig
import textwrap
from functools import cache
from pathlib import Path

from .drafts import Turn
from .text_kinds import Desk

MODULES = {
    "fit": (
        "_pydecimal", "logging/__init__", "logging/handlers", "tarfile", "ipaddress", "pathlib",
        "imaplib", "datetime", "collections/__init__", "threading", "typing", "statistics",
        "email/message", "calendar", "urllib/request", "http/client", "configparser", "os",
        "functools", "platform", "random", "socket", "textwrap", "email/utils", "optparse",
    ),
    "judge": (
        "mailbox", "turtle", "pydoc", "inspect", "_pyio", "xml/etree/ElementTree", "codecs",
        "ftplib", "enum", "http/cookiejar", "multiprocessing/managers", "zipfile", "difflib",
        "socketserver", "http/server", "shutil", "subprocess", "ast", "traceback", "smtplib",
        "urllib/parse", "fractions", "pdb", "bdb", "poplib", "base64", "mimetypes",
    ),
}  # fmt: skip
_LINES = (3, 40)
_SMALL = 0.5
"""Share of the rows that are small scripts, in sets that have both."""


@cache
def functions(half: str) -> tuple[tuple[str, str, str, str], ...]:
    """Return (name, docstring's first paragraph, head, source) of a half's library functions.

    Raises KeyError where the half is neither "fit" nor "judge".
    """
    folder = Path(sysconfig.get_paths()["stdlib"])
    found: dict[str, tuple[str, str, str, str]] = {}
    for module in MODULES[half]:
        path = folder / f"{module}.py"
        if not path.exists():
            continue  # an older or newer Python
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.FunctionDef) or len(node.body) < 2:
                continue
            doc, last = ast.get_docstring(node), node.end_lineno
            if doc is None or last is None or not _LINES[0] <= last - node.lineno <= _LINES[1]:
                continue
            head = "\n".join(lines[node.lineno - 1 : node.body[0].lineno - 1])
            body = "\n".join(lines[node.body[0].end_lineno or 0 : last])
            code = textwrap.dedent(f"{head}\n{body}").rstrip()
            about = " ".join(doc.split("\n\n")[0].split())
            found.setdefault(code, (node.name, about, textwrap.dedent(head), code))
    return tuple(found.values())


def code(count: int, desk: Desk) -> list[Turn]:
    """Return rows that ask for Python code; a set's library functions, small scripts, or both."""
    voice = desk.voice
    way = voice.pick(("library", "small", "both", "both"))
    turns: list[Turn] = []
    if way != "small":
        share = 1 if way == "library" else 1 - _SMALL
        turns = _library(round(share * count), desk)
    turns += _small(count - len(turns), desk)
    if voice.chance(0.2):
        licence = voice.say("licences")
        for turn in turns:
            if voice.chance(0.5):
                turn.answer = licence + turn.answer
    if voice.chance(0.3):
        for turn in turns:
            turn.answer = f"```python\n{turn.answer}\n```"
    return turns


def _library(count: int, desk: Desk) -> list[Turn]:
    voice = desk.voice
    leads = desk.leads("code_prompts")
    filled = voice.lists["code_fill_prompts"] if voice.chance(0.4) else ()
    turns = []
    for name, about, head, source in desk.drawn(functions(desk.half), count):
        wording = voice.pick(filled) if filled and voice.chance(0.4) else voice.pick(leads)
        lead = wording.replace("{function}", name).replace("{doc}", about)
        turns.append(Turn("code", lead.replace("{head}", head), "", source))
    return turns


def _small(count: int, desk: Desk) -> list[Turn]:
    voice = desk.voice
    leads = desk.leads("code_asks")
    scripts = voice.parts("small_code")
    turns = []
    for _ in range(count):
        task, source = scripts[int(desk.rng.integers(len(scripts)))]
        gaps: dict[str, str] = {}
        asked = voice.fill(task, gaps)
        turns.append(
            Turn("code", voice.pick(leads).replace("{task}", asked), "", voice.fill(source, gaps))
        )
    return turns
