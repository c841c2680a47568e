# SPDX-License-Identifier: Apache-2.0
"""Seeded random jobs, good and bad, and every pair of kinds, against the model (D15)."""

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


def test_pairs(sim: str, width: int, full: bool) -> None:
    """Every kind of frame directly behind every other kind: nothing passes on (D15)."""
    runner.run(
        "bench.bench_pairs",
        sim=sim,
        width=width,
        parameters={"seed": 1, "thin": 4 if sim == "icarus" and not full else 1},
        name="pairs",
    )
