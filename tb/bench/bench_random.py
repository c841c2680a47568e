# SPDX-License-Identifier: Apache-2.0
"""In the simulator: seeded random jobs against the model.

Parameters: `seed`, `first`, `count`. Reports `passed` and `failed` (job index to message).
"""

import random
import re

import cocotb
from cocotb.handle import HierarchyObject

from gso_tb.core import CoreBench
from gso_tb.parameters import parameters, report
from gso_tb.random_jobs import job

# Pauses change every so many jobs, always at the same indices whatever `first` is.
STRETCH = 50
# After this many failures the core is plainly broken and the rest is not worth its time.
MOST_FAILURES = 5


def patterns(seed: int, index: int) -> dict[str, object]:
    """The pauses for the stretch of jobs that `index` is in."""
    stretch = index // STRETCH
    rng = random.Random(f"pauses {seed}/{stretch}")
    levels = ("none", "none", "random:0.1", "random:0.5", "random:0.9", "cycle:01", "cycle:0111")
    return {
        "idle": rng.choice(levels),
        "stall": rng.choice(levels),
        "descriptor_idle": rng.choice(("none", "none", "random:0.9")),
        "completion_stall": rng.choice(("none", "none", "random:0.9")),
        "seed": stretch,
    }


@cocotb.test
async def random_mix(dut: HierarchyObject) -> None:
    """Good and bad jobs mixed; after a difference the next job starts from reset."""
    asked = parameters()
    seed, at = int(asked["seed"]), int(asked["first"])
    end = at + int(asked["count"])
    bench = CoreBench(dut)
    await bench.start()
    passed = 0
    failed: dict[int, str] = {}
    while at < end and len(failed) < MOST_FAILURES:
        stop = min(end, (at // STRETCH + 1) * STRETCH)
        jobs = (job(seed, index) for index in range(at, stop))
        try:
            await bench.run_jobs(jobs, drain=8, **patterns(seed, at))
        except AssertionError as error:
            named = re.search(r"job (\d+) of seed", str(error))
            # Where the message names no job it is about the oldest one under way.
            bad = int(named[1]) if named else min(stop - 1, at + bench.scoreboard.jobs_done)
            failed[bad] = str(error)
            await bench.reset()
            passed += bad - at
            at = bad + 1
        else:
            passed += stop - at
            at = stop
            bench.scoreboard.jobs_done = 0
    report(passed=passed, failed=failed, skipped=end - at)
