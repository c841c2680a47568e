# SPDX-License-Identifier: Apache-2.0
"""In the simulator: the bench against `faulty_core.v`, one fault at a time.

Reports `messages`, by fault the message of the failure, empty where nothing was noticed.
Parameters: `faults` (numbers).
"""

import random

import cocotb
from cocotb.handle import HierarchyObject

from gso_model import Descriptor
from gso_tb.core import CoreBench
from gso_tb.jobs import Job
from gso_tb.parameters import parameters, report

VALID_IN_RESET = 13


def _jobs(count: int) -> list[Job]:
    rng = random.Random(5)
    made = []
    for number in range(1, count + 1):
        data = rng.randbytes(35)
        made.append(Job(Descriptor(frame_length=35, request_id=number, user=number), data))
    return made


@cocotb.test
async def faults(dut: HierarchyObject) -> None:
    """Three frames under stalls for every fault, from reset."""
    messages = {}
    for fault in parameters()["faults"]:
        dut.s_axis_fault.value = 0 if fault == VALID_IN_RESET else fault
        bench = CoreBench(dut)
        messages[fault] = ""
        try:
            await bench.start()
            dut.s_axis_fault.value = fault
            await bench.reset()
            await bench.run_jobs(_jobs(3), stall="cycle:0011", completion_stall="cycle:110")
        except AssertionError as error:
            messages[fault] = str(error)
        dut.s_axis_fault.value = 0
        await bench.reset()
        # The bench itself is none the worse: a healthy core passes again.
        await bench.run_jobs(_jobs(3), stall="cycle:0011", completion_stall="cycle:110")
        bench.stop()
    report(messages=messages)
