# SPDX-License-Identifier: Apache-2.0
"""How fast the simulations are: source and sink with all their checks against cocotbext-axi's stock
pair, and the compiled core.

A machine shared with others may be three times slower for hours. So each is the best of up to five
runs, and beside it stands what others' code does on the same machine just then.
"""

import pytest

from bench import model_speed, speed
from gso_tb import runner, tools

RUNS = 5
# scapy's speed at the job of `model_speed` on the idle machine that the targets are for, MB/s
# (docs/bench.json of 2026-11-21).
IDLE_SCAPY = 2.7


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
    """At least 20 MB of payload a second of processor time at 512 bits, MSS 1448.

    On a slower machine as much less as scapy gets less done there.
    """
    if tools.available("verilator"):
        pytest.skip(tools.available("verilator"))
    for _ in range(RUNS):
        slower = max(1.0, IDLE_SCAPY / model_speed.yardstick())
        best = speed.compiled(512)["payload_mb_per_s"]
        print(
            f"compiled core, 512 bits: {best} MB/s on a machine {slower:.1f} times slower than idle"
        )
        if best * slower >= 20:
            break
    assert best * slower >= 20
