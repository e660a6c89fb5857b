from __future__ import annotations

import numpy as np
import pytest
from styled_sets import styled_rows

from curation_gate.rows.record import Dataset


@pytest.fixture(scope="session")
def planted() -> tuple[Dataset, np.ndarray]:
    return styled_rows(200, 20)


@pytest.fixture(scope="session")
def honest() -> Dataset:
    return styled_rows(200, 0)[0]
