"""A scan folder somebody else made, or damaged: a page that is inert, or a clear error."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report.scan_builder import ScanBuilder
from report.test_html import assert_inert

from curation_gate.errors import ResultError
from curation_gate.quarantine.json_bytes import encode
from curation_gate.quarantine.manifest import content_hash
from curation_gate.report.html import render

strange = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**20), st.floats(), st.text(max_size=20),
    st.sampled_from([[], {}, [[]], {"a": {"b": []}}, "<script>alert(1)</script>", "\u202e\x1b[2J"]),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, part in inner:
        found.append((*path, key))
        if isinstance(part, dict | list):
            found += places(part, (*path, key))
    return found


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    made = copy.deepcopy(value)
    at = made
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    phrase = {
        "phrase": "james bond", "status": "confirmed", "target": "positive", "rows": 5, "tasks": 2,
        "target_rows": 4, "expected": 1.5, "targets": {"comments": "positive"}, "with_words": ["x"],
        "z": 4.5,
    }  # fmt: skip
    builder = ScanBuilder(n=20, planted=3, honest_mentions=1, manifest={"phrases": [phrase]})
    return builder.write(tmp_path_factory.mktemp("scan") / "x.curation")


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(st.data())
def test_any_value_anywhere_gives_a_page_or_an_error(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    copied = tmp_path_factory.mktemp("copy") / "x.curation"
    shutil.copytree(folder, copied)
    manifest = json.loads((copied / "manifest.json").read_text())
    lines = [json.loads(line) for line in (copied / "quarantine.jsonl").read_bytes().splitlines()]
    whole = {"manifest": manifest, "lines": lines}
    path = data.draw(st.sampled_from([p for p in places(whole) if len(p) > 2]))
    whole = put(whole, path, data.draw(strange))
    manifest = whole["manifest"]
    manifest["content_hash"] = content_hash(manifest)
    (copied / "manifest.json").write_bytes(encode(manifest))
    (copied / "quarantine.jsonl").write_bytes(b"\n".join(map(encode, whole["lines"])))
    page = page_or_refusal(copied)
    shutil.rmtree(copied)
    if page is not None:
        assert_inert(page)


def page_or_refusal(folder: Path) -> str | None:
    try:
        return render(folder)
    except ResultError:
        return None
