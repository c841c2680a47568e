# SPDX-License-Identifier: Apache-2.0
"""What one header leaves behind in `capture` must not reach the next frame (D15)."""

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.frames import Shape, build


@pytest.mark.verilator_only
def test_block_state(sim: str, width: int) -> None:
    """UDP without a checksum, then a generic checksum near the end of a row."""
    blocks.run("state", sim, width, stage="capture")


@cocotb.test
async def generic_behind_udp(dut):
    """A generic checksum is written whatever the frame before had (D15, D21)."""
    from test_block_capture import CaptureBench, generic_job  # found in the simulator only

    capture = CaptureBench(dut, "generic_behind_udp")
    rng, jobs = capture.rng, []
    for start in range(0, 2 * capture.bench.lanes, 2):
        udp = build(Shape(4, "udp"), rng.randbytes(30), 0, rng=rng)
        jobs.append(udp.patched(34 + 6, bytes(2)))
        jobs.append(generic_job(rng, start, 0, 0))
    await capture.run(jobs)
