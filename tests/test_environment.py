"""What is missing or does not fit is said before anything heavy is imported."""

from __future__ import annotations

import importlib
import sys

import pytest

from curation_gate import environment
from curation_gate.errors import DependencyError


def test_missing_packages_are_named_with_the_command_that_brings_them(monkeypatch):
    monkeypatch.setattr(environment, "SCAN_PACKAGES", ("json", "no_such_package_at_all"))
    with pytest.raises(DependencyError, match="no_such_package_at_all") as caught:
        environment.require_scan_packages()
    assert "json" not in caught.value.message
    assert "curation-gate[scan]" in (caught.value.hint or "")


def test_a_torchvision_that_does_not_fit_is_recognised(monkeypatch, tmp_path):
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')"
    )
    metadata = tmp_path / "torchvision-0.0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: torchvision\nVersion: 0.0.1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    sys.modules.pop("torchvision", None)
    with pytest.raises(DependencyError, match=r"torchvision 0\.0\.1 does not fit") as caught:
        environment.require_scan_packages()
    assert "nms" in caught.value.message
    assert "uninstall torchvision" in (caught.value.hint or "")


def test_threads_obey_the_user_and_are_at_least_one(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert environment.free_threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert environment.free_threads() >= 1
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr("psutil.cpu_percent", lambda **_: [100.0] * 64)
    assert environment.free_threads() == 1
