"""A scan, what a person says to it, and what the next commands make of that."""

from __future__ import annotations

import json
from pathlib import Path

from curation_gate.quarantine.journal import Event, Journal


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_what_is_let_pass_is_kept_and_what_is_released_returns(curate, data, quick, tmp_path):
    quick.write_text(quick.read_text().replace("threshold: 4.0", "threshold: 1.5"))
    folder = tmp_path / "data.jsonl.curation"
    curate("scan", data, "--rules", quick)
    flagged = read_lines(folder / "quarantine.jsonl")
    out = [line for line in flagged if line["verdict"] == "quarantine"]
    assert len(out) > 1, "the test needs quarantined rows"

    # One of them is released, and the cleaned file has it again.
    released = out[-1]
    with Journal(folder) as journal:
        journal.append(Event(action="release", fingerprints=(released["fingerprint"],)))
    code, said, err = curate("clean", data)
    assert code == 0, said + err
    lines = data.read_bytes().splitlines(keepends=True)
    dropped = {line["row"] for line in out if line["fingerprint"] != released["fingerprint"]}
    kept = [line for k, line in enumerate(lines) if k not in dropped]
    assert (folder / "cleaned.jsonl").read_bytes() == b"".join(kept)

    # Another one is let pass by the file beside the data: the next scan keeps it.
    allow = tmp_path / "curate-allow.yaml"
    allow.write_text(
        f"allow:\n  - fingerprint: {out[0]['fingerprint']}\n    reason: read twice\n"
        "  - phrase: never seen\n    reason: was in an older version\n"
    )
    code, said, _ = curate("scan", data, "--rules", quick)
    manifest = json.loads((folder / "manifest.json").read_text())
    now = {line["fingerprint"] for line in read_lines(folder / "quarantine.jsonl")}
    assert out[0]["fingerprint"] not in now
    assert released["fingerprint"] in now, "decisions are applied by `curate clean` alone"
    assert manifest["allowed"]["rows"] >= 1
    assert [entry["status"] for entry in manifest["allowed"]["entries"]] == ["used", "stale"]
    assert "of them let pass" in said
    assert "matches no flagged row: remove it" in " ".join(said.split())
    assert "curate clean" in said, "the journal is there and not applied"

    code, said, _ = curate("clean", data)
    assert code == 0
    assert "1 released" in said
    data.write_bytes((folder / "cleaned.jsonl").read_bytes())
    assert curate("verify", data)[0] == 0

    allow.write_text("allow:\n  - phrase: a\n")
    code, said, err = curate("scan", data, "--rules", quick)
    assert (code, said) == (2, "")
    assert "curate-allow.yaml:2: allow[0].reason: is required" in err
