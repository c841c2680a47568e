# SPDX-License-Identifier: Apache-2.0
"""Bad descriptors and bad frames: exactly D11's code, nothing leaves, the next frame is right."""

import pytest

from gso_tb import runner, tools

TESTS = ("descriptors", "headers", "precedence", "wrong_ends", "garbage_descriptors")


@pytest.mark.parametrize("preset", tools.PRESETS)
@pytest.mark.parametrize("test", TESTS)
def test_errors(sim: str, width: int, test: str, preset: str, full: bool) -> None:
    """Every case is followed by a good frame; a core that hangs fails (D11, D13, D15)."""
    icarus = sim == "icarus" and not full
    thin = {"basic": 8, "full": 60}[preset] if icarus else 1
    runner.run(
        "bench.bench_errors",
        sim=sim,
        width=width,
        only=test,
        preset=preset,
        parameters={"seed": 1, "thin": thin, "garbage": 100 if icarus else 2000},
        name=f"errors_{test}",
    )
