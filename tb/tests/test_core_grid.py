# SPDX-License-Identifier: Apache-2.0
"""The core under grids of lengths, source gaps and sink stalls (D7, D8, D10; AXI-Stream rules)."""

import pytest

from gso_tb import runner

# Icarus is some twenty times slower; there CI keeps one of so many combinations.
THIN = {"verilator": 1, "icarus": 9}
THIN_FULL = {"verilator": 1, "icarus": 60}


@pytest.mark.parametrize("test", ["headers", "lengths", "pauses", "positions", "together"])
def test_grid(sim: str, width: int, test: str, full: bool) -> None:
    """Every segment and completion equals the model's, and no rule of the output is broken."""
    _run(sim, width, "basic", test, 1 if full else THIN[sim])


@pytest.mark.parametrize("test", ["tags", "tunnels", "pauses", "positions"])
def test_grid_full(sim: str, width: int, test: str, full: bool) -> None:
    """The same of inserted tags, tunnels and 802.3 lengths (D3, D17, D18)."""
    if sim == "icarus" and test == "positions" and not full:
        pytest.skip("takes long on Icarus: with --full only")
    _run(sim, width, "full", test, 1 if full else THIN_FULL[sim])


def _run(sim: str, width: int, preset: str, test: str, thin: int) -> None:
    runner.run(
        "bench.bench_grid",
        sim=sim,
        width=width,
        only=test,
        preset=preset,
        parameters={"seed": 1, "thin": thin},
        name=f"grid_{test}",
    )
