# SPDX-License-Identifier: Apache-2.0
"""Seeded random jobs, good and bad, and every pair of kinds, against the model (D15)."""

import pytest

from gso_tb import runner, tools


def _run(sim: str, width: int, preset: str, seed: int, count: int) -> None:
    result = runner.run(
        "bench.bench_random",
        sim=sim,
        width=width,
        preset=preset,
        parameters={"seed": seed, "first": 0, "count": count},
        name=f"random_{seed}",
    )
    assert result["failed"] == {}
    assert result["passed"] == count


@pytest.mark.every_width
def test_random(sim: str, width: int, full: bool) -> None:
    """Few on Icarus, 10,000 a width on Verilator with `--full` (D15: nothing passes on)."""
    if sim == "icarus":
        _run(sim, width, "basic", 2000 + width, 300 if full else 60)
    else:
        _run(sim, width, "basic", 1000 + width, 10000 if full else 1000)


@pytest.mark.every_width
def test_random_full(sim: str, width: int, full: bool) -> None:
    """The same with tunnels, inserted tags and 802.3 lengths."""
    if sim == "icarus":
        _run(sim, width, "full", 4000 + width, 300 if full else 40)
    else:
        _run(sim, width, "full", 3000 + width, 10000 if full else 1000)


@pytest.mark.parametrize("preset", tools.PRESETS)
def test_pairs(sim: str, width: int, preset: str, full: bool) -> None:
    """Every kind of frame directly behind every other kind: nothing passes on (D15)."""
    thin = {"basic": 6, "full": 30}[preset] if sim == "icarus" and not full else 1
    runner.run(
        "bench.bench_pairs",
        sim=sim,
        width=width,
        preset=preset,
        parameters={"seed": 1, "thin": thin},
        name="pairs",
    )
