# SPDX-License-Identifier: Apache-2.0
"""How fast the model and the simulations are, beside what people use otherwise.

All figures are of one core of the machine at hand, so only their ratios travel.
"""

import random
import time

from bench import model_speed
from gso_sim import Core
from gso_tb import runner
from gso_tb.frames import Shape, build

# Enough work that the start of a batch does not matter, a second or two in all.
FRAMES = 40
MSS = 1448


def model() -> dict[str, float]:
    """Megabytes of payload a second: the golden model, and scapy at the same job."""
    return model_speed.figures()


def compiled(width: int) -> dict[str, float]:
    """The compiled core: payload, output beats and clock cycles a second of processor time."""
    rng = random.Random(1)
    shape = Shape(tcp_options=12)
    payload = 65535 + shape.l2 - shape.header_length
    jobs = [build(shape, rng.randbytes(payload), MSS, rng=rng) for _ in range(FRAMES)]
    batch = [(job.data, job.descriptor, False) for job in jobs]
    with Core(width) as core:
        seconds = float("inf")
        for _ in range(3):
            started = time.process_time()
            run = core.run(batch)
            seconds = min(seconds, time.process_time() - started)
    lanes = width // 8
    beats = sum(-(-len(segment.data) // lanes) for segment in run.segments)
    return {
        "payload_mb_per_s": round(payload * FRAMES / seconds / 1e6, 2),
        "beats_per_s": round(beats / seconds),
        "cycles_per_s": round(run.cycles / seconds),
    }


def cocotb(width: int) -> dict[str, float]:
    """Output beats a second in cocotb: our source and sink, and cocotbext-axi's stock pair."""
    result = runner.run(
        "bench.bench_speed",
        sim="verilator",
        width=width,
        parameters={"rounds": 3, "jobs": 4},
        name="speed",
    )
    return {name: round(result[name]) for name in ("ours", "stock")}
