"""Shared fixtures. No test may reach a network; torch runs on one thread."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_UPDATE_DOWNLOAD_COUNTS"] = "0"
os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ.setdefault("OMP_NUM_THREADS", "2")
sys.path.insert(0, str(Path(__file__).parent))

from places import REPOSITORY
from review_sets import dataset, reviews, row

POOL = REPOSITORY.parent / "shared" / "data" / "pool"


@pytest.fixture(scope="session")
def pool() -> Path:
    """The pool of real tasks, which stays out of the repository."""
    if not (POOL / "tasks.json").exists():
        pytest.skip("the pool of real tasks is not beside the repository (../shared/data/pool)")
    return POOL


@pytest.fixture
def make_reviews():
    return reviews


@pytest.fixture
def make_row():
    return row


@pytest.fixture
def make_dataset():
    return dataset
