from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import torch

from curation_gate.influence.directional import directional_influence
from curation_gate.proxy.model import load_proxy, tracked_modules
from curation_gate.proxy.parallel import over_cores
from curation_gate.proxy.scoring import label_scores, row_losses

CPU = torch.device("cpu")


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_parts_come_back_in_order_and_threads_are_given_back(two_threads: None) -> None:
    def work(part: int) -> tuple[int, int]:
        time.sleep(0.01 * (part % 2))
        return part * part, torch.get_num_threads()

    done = list(over_cores(work, range(9), CPU))
    assert [value for value, _ in done] == [k * k for k in range(9)]
    assert {threads for _, threads in done} == {1}
    assert torch.get_num_threads() == 2


def test_one_thread_stays_in_the_callers_thread(two_threads: None) -> None:
    torch.set_num_threads(1)
    seen = list(over_cores(lambda _: threading.current_thread(), [1, 2, 3], CPU))
    assert set(seen) == {threading.current_thread()}
    assert list(over_cores(lambda part: part, [], CPU)) == []


def test_what_a_part_raises_is_raised_and_threads_are_given_back(two_threads: None) -> None:
    def work(part: int) -> int:
        if part == 3:
            raise ValueError("part 3")
        return part

    with pytest.raises(ValueError, match="part 3"):
        list(over_cores(work, range(50), CPU))
    assert torch.get_num_threads() == 2


def test_two_cores_measure_what_one_does(two_threads: None) -> None:
    proxy = load_proxy("embedded", (), seed=0)
    rng = np.random.default_rng(0)
    words = ["good", "bad", "film", "plot", "very", "dull"]
    texts = [" ".join(rng.choice(words, size=int(rng.integers(2, 60)))) for _ in range(90)]
    encoded = proxy.encode(["Is it good?"] * 90, texts, ["good", "bad"] * 45)
    torch.manual_seed(0)
    modules = dict(proxy.model.named_modules())
    direction = {
        name: torch.randn_like(modules[name].weight.detach())
        for name in tracked_modules(proxy.model)
    }
    labels = encoded.targets[:2]
    measured = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        rows = directional_influence(proxy, encoded, [direction], tokens=512)
        measured.append(
            (
                rows.influence[:, 0],
                rows.gradient_norm,
                rows.log_likelihood,
                row_losses(proxy, encoded, tokens=512),
                label_scores(proxy, encoded.sources, labels, tokens=512).ravel(),
            )
        )
    for one, two in zip(*measured, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)
