# SPDX-License-Identifier: Apache-2.0
"""Seeded random jobs, good and bad, against the model; a new sequence for each width."""

import pytest

from gso_tb import runner


def _run(sim: str, width: int, seed: int, count: int) -> None:
    result = runner.run(
        "bench.bench_random",
        sim=sim,
        width=width,
        parameters={"seed": seed, "first": 0, "count": count},
        name=f"random_{seed}",
    )
    assert result["failed"] == {}
    assert result["passed"] == count


@pytest.mark.every_width
def test_random(sim: str, width: int, full: bool) -> None:
    """Few on Icarus, 10,000 a width on Verilator with `--full` (D15: nothing passes on)."""
    if sim == "icarus":
        _run(sim, width, 2000 + width, 300 if full else 60)
    else:
        _run(sim, width, 1000 + width, 10000 if full else 1000)
