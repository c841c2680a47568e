# SPDX-License-Identifier: Apache-2.0
"""Runs a small component in Amaranth's own simulator: nothing is built, nothing left behind."""

from collections.abc import Callable, Coroutine

from amaranth.lib.wiring import Component
from amaranth.sim import Simulator


def simulate(component: Component, bench: Callable[..., Coroutine]) -> None:
    """Runs `bench(ctx)` to its end, `component` beside it with a clock."""
    simulator = Simulator(component)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()
