# SPDX-License-Identifier: Apache-2.0
"""In the simulator: vector files through the core, each against its own segments and the model.

Parameters: `files`, `variants` (of how many variants of the files one is taken, 0: the files as
they are), and `seed` for the second test's pauses. Reports `passed`, `failed` (with
messages) and `skipped` (with reasons).
"""

from collections.abc import Iterator
from itertools import islice

import cocotb
from cocotb.handle import HierarchyObject

from gso_model import Vector, load_vector
from gso_tb.cases import missing, model_difference, vector_job
from gso_tb.core import CoreBench
from gso_tb.jobs import renumber
from gso_tb.parameters import parameters, report
from gso_tb.variants import variants


def _vectors() -> Iterator[Vector]:
    every = int(parameters().get("variants", 0))
    for number, file in enumerate(parameters()["files"]):
        vector = load_vector(file)
        if not every:
            yield vector
        else:
            # Another one of every few for each file.
            yield from islice(variants(vector), number % every, None, every)


@cocotb.test
async def one_by_one(dut: HierarchyObject) -> None:
    """Each vector alone; a difference is counted and the next one starts from reset."""
    bench = CoreBench(dut)
    await bench.start()
    passed: list[str] = []
    failed: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for vector in _vectors():
        reason = missing(vector, bench.capabilities)
        if reason:
            skipped[vector.name] = reason
            continue
        difference = model_difference(vector, bench.capabilities)
        if difference is None:
            try:
                await bench.run_jobs([vector_job(vector)], drain=16)
            except AssertionError as error:
                difference = str(error)
                await bench.reset()
        if difference is None:
            passed.append(vector.name)
        else:
            failed[vector.name] = difference
    report(passed=passed, failed=failed, skipped=skipped)


@cocotb.test
async def in_a_row(dut: HierarchyObject) -> None:
    """All vectors back to back, with gaps and stalls: no state passes to the next frame (D15)."""
    bench = CoreBench(dut)
    await bench.start()
    jobs = [vector_job(vector) for vector in _vectors() if not missing(vector, bench.capabilities)]
    await bench.run_jobs(
        renumber(jobs),
        idle="random:0.2",
        stall="random:0.3",
        completion_stall="random:0.5",
        seed=int(parameters().get("seed", 1)),
    )
