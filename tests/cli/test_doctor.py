"""`curate doctor`: what is broken is named, with what to do; what runs is measured."""

from __future__ import annotations

import importlib
import json
import sys
from importlib import metadata
from pathlib import Path

import pytest

from curation_gate.cli import main
from curation_gate.doctor import checks, speed
from curation_gate.rulebook import parse_rules

QUICK = """\
name: quick
rules:
  - {id: CG008, title: high loss, detector: loss, severity: review, rationale: a test}
policy: {minimum_rows: 20}
proxy: {name: scratch, epochs: 1, max_tokens: 32}
probes: {origin: entities, count: 6}
"""


def run(capsys, *arguments):
    code = main.run(["doctor", "--no-speed", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def named(name):
    return next(check for check in checks.check_all() if check.name == name)


def test_a_whole_machine_is_well(capsys, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    code, out, err = run(capsys, "--format", "json")
    document = json.loads(out)
    assert (code, err, document["ok"], document["speed"]) == (0, "", True, None)
    by_name = {check["name"]: check for check in document["checks"]}
    assert list(by_name) == [
        "python", "curation-gate", "scan", "torchvision", "device", "proxy", "rules", "threads",
        "memory", "disk",
    ]  # fmt: skip
    assert metadata.version("torch") in by_name["scan"]["said"]
    assert "as it was shipped" in by_name["proxy"]["said"]
    assert by_name["threads"]["said"].startswith("1 (OMP_NUM_THREADS=1)")
    code, out, _ = run(capsys)
    assert code == 0
    assert "curate-t5-nano" in out


def test_missing_packages_are_two_and_the_rest_is_still_looked_at(capsys, monkeypatch):
    here = metadata.version

    def version(name):
        if name == "kronfluence":
            raise metadata.PackageNotFoundError(name)
        return here(name)

    monkeypatch.setattr(checks.metadata, "version", version)
    code, out, _ = run(capsys, "--format", "json")
    by_name = {check["name"]: check for check in json.loads(out)["checks"]}
    assert code == 2
    assert by_name["scan"]["status"] == "bad"
    assert "not installed: kronfluence" in by_name["scan"]["said"]
    assert "curation-gate[scan]" in by_name["scan"]["hint"]
    assert by_name["proxy"]["status"] == "ok"
    assert "device" not in by_name


def test_a_version_out_of_range_is_named(monkeypatch):
    here = metadata.version
    monkeypatch.setattr(
        checks.metadata, "version", lambda name: "4.0.0" if name == "transformers" else here(name)
    )
    if not checks._declared():
        pytest.skip("the package is not installed: its ranges are not known")
    found = named("scan")
    assert found.status == "bad"
    assert "transformers 4.0.0" in found.said


def test_a_torchvision_that_does_not_fit_is_named_with_the_cure(capsys, monkeypatch, tmp_path):
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')"
    )
    info = tmp_path / "torchvision-0.0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torchvision\nVersion: 0.0.1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    code, out, _ = run(capsys, "--format", "json")
    by_name = {check["name"]: check for check in json.loads(out)["checks"]}
    assert code == 2
    assert "torchvision 0.0.1 does not fit torch" in by_name["torchvision"]["said"]
    assert "uninstall torchvision" in by_name["torchvision"]["hint"]


def test_a_proxy_that_is_not_the_shipped_one_is_bad(monkeypatch, tmp_path):
    from curation_gate.proxy import embedded

    for name in (*embedded.FILES, embedded.HASH):
        (tmp_path / name).write_bytes((embedded.FOLDER / name).read_bytes())
    (tmp_path / "config.json").write_text("{}")
    whole = embedded.checked_hash
    monkeypatch.setattr(embedded, "checked_hash", lambda: whole(tmp_path))
    found = named("proxy")
    assert found.status == "bad"
    assert "not the one that was shipped" in found.said
    assert "reinstall" in (found.hint or "")


def test_little_memory_and_busy_cores_are_notes_and_not_failures(monkeypatch):
    class Little:
        available, total = 5e8, 8e9

    monkeypatch.setattr("psutil.virtual_memory", Little)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(checks, "free_threads", lambda: 0)
    assert named("memory").status == "note"
    assert "OMP_NUM_THREADS" in (named("threads").hint or "")


def test_a_crash_of_a_check_is_a_finding():
    def crash():
        raise RuntimeError("odd\nmore")

    found = checks._guarded("device", crash)
    assert (found.status, found.said) == ("bad", "RuntimeError: odd")


def test_the_speed_is_measured_and_adds_up(monkeypatch, tmp_path):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(speed, "REFERENCE_ROWS", 60)
    from curation_gate.settings import FACTOR_ROWS, LAMBDA_ROWS

    quick = parse_rules(QUICK, Path("quick.yaml"))
    measured = speed.measure(rows=1000, device="cpu", sizes=(20, 21, 60), pack=quick)
    assert measured.device == "cpu"
    assert min(measured.read, measured.reference, measured.finetune, measured.influence) > 0
    assert measured.stages["reference"] == pytest.approx(1000 / measured.reference, rel=0.1)
    assert measured.stages["rows"] == pytest.approx(1000 / measured.read, abs=0.1)
    sampled = min(1000, FACTOR_ROWS) + min(1000, LAMBDA_ROWS)  # a pass each, beside one a row
    passes = measured.stages["influence"] / 1000
    assert measured.stages["factors"] == pytest.approx(sampled * passes, rel=0.1, abs=0.2)
    assert measured.seconds == pytest.approx(sum(measured.stages.values()))
    assert list(tmp_path.glob("curate*")) == []
