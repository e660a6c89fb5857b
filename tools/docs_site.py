"""Hooks of the documentation site (mkdocs.yml): pages may link to files of the repository.

A page links to `../../benchmarks/style.md` as it stands in the repository, so that the link works
where the Markdown is read. Files that are linked to become pages or files of the site here, and
the links are pointed at them; a link to a file that is not there still fails the strict build.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Section

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page

MOUNTED = (
    "benchmarks/*.md", "examples/*/README.md", "rules/*.yaml", "curation_gate/proxy/embedded/*.md",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md",
)  # fmt: skip
"""Files of the repository that pages may link to."""
FOLDER = "repository"
"""Where they lie in the site."""
LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?(\))")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Append the rules' pages and the measurements to the navigation: one place fewer to forget."""
    docs, root = Path(config.docs_dir), _root(config)
    rules = [f"rules/{p.name}" for p in sorted(docs.glob("rules/*.md")) if p.stem != "index"]
    pages = [f"{FOLDER}/{p.relative_to(root)}" for p in sorted(root.glob("benchmarks/*.md"))]
    config.nav = [*(config.nav or []), {"Rules": rules}, {"Measurements": pages}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the mounted files."""
    root = _root(config)
    for pattern in MOUNTED:
        for path in sorted(root.glob(pattern)):
            place = f"{FOLDER}/{path.relative_to(root).as_posix()}"
            if path.name == "LICENSE":
                place += ".txt"
            in_nav = pattern.startswith("benchmarks/")
            made = File.generated(
                config,
                place,
                content=path.read_bytes(),
                inclusion=InclusionLevel.INCLUDED if in_nav else InclusionLevel.NOT_IN_NAV,
            )
            files.append(made)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Point links that leave docs/ at the mounted files."""
    root, docs = _root(config), Path(config.docs_dir)
    own = page.file.src_uri
    mounted = own.startswith(f"{FOLDER}/")
    here = (root / own.removeprefix(f"{FOLDER}/")) if mounted else (docs / own)

    def pointed(match: re.Match[str]) -> str:
        target = match[2]
        if re.match(r"[a-z]+:|/", target):
            return match[0]
        meant = Path(os.path.normpath(here.parent / target))
        if meant.is_relative_to(docs):
            place = meant.relative_to(docs).as_posix()
        elif meant.is_relative_to(root):
            place = _place(meant, root)
        else:
            return match[0]
        start = PurePosixPath(own).parent.as_posix()
        return f"{match[1]}{os.path.relpath(place, start)}{match[3] or ''}{match[4]}"

    return LINK.sub(pointed, markdown)


def on_nav(nav: Navigation, **_: Any) -> Navigation:
    """Name a rule's page in the navigation by its id."""
    for section in nav.items:
        if isinstance(section, Section) and section.title == "Rules":
            for page in section.children:
                page.title = Path(page.file.src_uri).stem  # type: ignore[union-attr]
    return nav


def _place(path: Path, root: Path) -> str:
    """Return where a file of the repository lies in the site; its README for a folder."""
    if path.is_dir() and (path / "README.md").is_file():
        path /= "README.md"
    relative = path.relative_to(root).as_posix()
    return f"{FOLDER}/{relative}" + (".txt" if path.name == "LICENSE" else "")


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).resolve().parent
