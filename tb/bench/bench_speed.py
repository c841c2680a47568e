# SPDX-License-Identifier: Apache-2.0
"""In the simulator: beats a second of our source and sink and of cocotbext-axi's stock pair.

The same frames go through the same core; reports `ours` and `stock` in output beats a second of
processor time, each with the best of `rounds` rounds. Parameters: `rounds`, `jobs`.
"""

import logging
import random
import time
import warnings

import cocotb
from cocotb.clock import Clock
from cocotb.handle import HierarchyObject
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiStreamBus, AxiStreamFrame, AxiStreamSink, AxiStreamSource

from gso_tb.core import CLOCK_NS, CoreBench
from gso_tb.frames import Shape, build
from gso_tb.jobs import Job, expected, renumber
from gso_tb.parameters import parameters, report
from gso_tb.source import DescriptorSource


def _jobs() -> list[Job]:
    rng = random.Random(1)
    payloads = [rng.randbytes(20000) for _ in range(parameters()["jobs"])]
    return list(renumber(build(Shape(), payload, 1448, rng=rng) for payload in payloads))


@cocotb.test
async def ours(dut: HierarchyObject) -> None:
    """Our pair with all its checks and the scoreboard."""
    bench = CoreBench(dut)
    await bench.start()
    best = 0.0
    for _ in range(parameters()["rounds"]):
        jobs = _jobs()
        before = bench.segments.beats
        started = time.process_time()
        await bench.run_jobs(jobs)
        best = max(best, (bench.segments.beats - before) / (time.process_time() - started))
    report(ours=best)


@cocotb.test
async def stock(dut: HierarchyObject) -> None:
    """The stock pair: the segments' bytes compared, nothing else is checked."""
    warnings.simplefilter("ignore")
    logging.getLogger("cocotb.gso_tx").setLevel(logging.WARNING)
    dut.rst.value = 1
    Clock(dut.clk, CLOCK_NS, "ns", impl="gpi").start()
    source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.clk)
    sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.clk)
    descriptors = DescriptorSource(dut)
    dut.m_axis_cpl_tready.value = 1
    edge = RisingEdge(dut.clk)
    for _ in range(4):
        await edge
    dut.rst.value = 0

    async def feed() -> None:
        while True:
            await edge
            descriptors.step()

    cocotb.start_soon(feed())
    best = 0.0
    lanes = len(dut.m_axis_tkeep)
    for _ in range(parameters()["rounds"]):
        jobs = _jobs()
        beats = 0
        started = time.process_time()
        for job in jobs:
            descriptors.send(job.descriptor.pack())
            source.send_nowait(AxiStreamFrame(job.data, tuser=0))
        for job in jobs:
            for data in expected(job).segments:
                frame = await sink.recv()
                assert bytes(frame.tdata) == data
                beats += -(-len(data) // lanes)
        best = max(best, beats / (time.process_time() - started))
    report(stock=best)
