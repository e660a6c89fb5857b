"""The documentation builds, strictly, and asks nothing of the network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
from places import REPOSITORY

ELSEWHERE = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?\b(?:src|data)=[\"']?(?:https?:)?//"
    r"|<link\b[^>]*?\bhref=[\"']?(?:https?:)?//[^>]*>",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs")
    target = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", target],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_a_link_to_nothing_fails_the_build(tmp_path):
    pytest.importorskip("mkdocs")
    copy = tmp_path / "copy"
    for part in ("docs", "tools", "benchmarks", "rules", "examples"):
        shutil.copytree(REPOSITORY / part, copy / part)
    for name in ("mkdocs.yml", "SECURITY.md", "CONTRIBUTING.md"):
        shutil.copy(REPOSITORY / name, copy)
    page = copy / "docs" / "rules" / "CG001.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n[x](../../benchmarks/nope.md)\n")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", tmp_path / "site"],
        cwd=copy, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "benchmarks/nope.md" in done.stderr


def test_no_page_loads_anything_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    for path in pages:
        loads = [
            m[0] for m in ELSEWHERE.finditer(path.read_text(encoding="utf-8"))
            if 'rel="canonical"' not in m[0]
        ]  # fmt: skip
        assert loads == [], path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?https?:", path.read_text(encoding="utf-8"))


def test_every_page_of_the_folder_is_in_the_site(site):
    for path in (REPOSITORY / "docs").rglob("*.md"):
        made = site / path.relative_to(REPOSITORY / "docs").with_suffix(".html")
        assert made.is_file(), f"{path.name}: the navigation of mkdocs.yml does not have it"


def test_the_pages_made_from_the_code_are_current():
    done = subprocess.run(
        [sys.executable, "tools/reference_pages.py", "--check"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
