# SPDX-License-Identifier: Apache-2.0
"""The core under grids of lengths, source gaps and sink stalls (D7, D8, D10; AXI-Stream rules)."""

import pytest

from gso_tb import runner

# Icarus is some twenty times slower; there CI keeps one of so many combinations.
THIN = {"verilator": 1, "icarus": 6}


@pytest.mark.parametrize("test", ["headers", "lengths", "pauses", "positions", "together"])
def test_grid(sim: str, width: int, test: str, full: bool) -> None:
    """Every segment and completion equals the model's, and no rule of the output is broken."""
    runner.run(
        "bench.bench_grid",
        sim=sim,
        width=width,
        only=test,
        parameters={"seed": 1, "thin": 1 if full else THIN[sim]},
        name=f"grid_{test}",
    )
