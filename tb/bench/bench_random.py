# SPDX-License-Identifier: Apache-2.0
"""In the simulator: seeded random jobs against the model.

Parameters: `seed`, `first`, `count`. Reports `passed` and `failed` (job index to message).
"""

import re

import cocotb
from cocotb.handle import HierarchyObject

from bench.soak import MOST_FAILURES, PAUSES_CHANGE, pauses
from gso_tb.capabilities import PRESET_FEATURES
from gso_tb.core import CoreBench
from gso_tb.parameters import parameters, preset, report
from gso_tb.random_jobs import job


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
        stop = min(end, (at // PAUSES_CHANGE + 1) * PAUSES_CHANGE)
        jobs = (job(seed, index, PRESET_FEATURES[preset()]) for index in range(at, stop))
        try:
            await bench.run_jobs(jobs, drain=8, **pauses(seed, at))
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
