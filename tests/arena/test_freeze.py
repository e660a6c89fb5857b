"""What is drawn is what README.md says was drawn when models were fitted."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
if str(BENCHMARKS) not in sys.path:
    sys.path.append(str(BENCHMARKS))

from arena import draw  # noqa: E402
from arena.describe import digest  # noqa: E402
from arena.drawing import EDITION  # noqa: E402

README = (BENCHMARKS / "arena" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("half", ["fit", "judge"])
def test_the_digest_of_the_edition_is_the_one_on_record(pool, half):
    pattern = rf"Edition {EDITION}, [^`]*`--largest (\d+)`.*?`(\w{{16}})` \({half}\)"
    found = re.search(pattern, README, re.DOTALL)
    assert found, "README.md gives no digest of this edition"
    assert digest(draw(seed, half, pool, largest=int(found[1])) for seed in range(20)) == found[2]


def test_the_digest_changes_with_a_row(pool):
    one = draw(1, "fit", pool, largest=600)
    before = digest([one])
    one.rows[0], one.rows[1] = one.rows[1], one.rows[0]
    assert digest([one]) != before
