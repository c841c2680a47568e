# SPDX-License-Identifier: Apache-2.0
"""In the simulator: grids of lengths, source gaps and sink stalls.

Parameters: `seed`, and `thin`, which keeps one of so many combinations where all take too long.
"""

from itertools import islice, product

import cocotb
from cocotb.handle import HierarchyObject

from gso_tb.core import CoreBench
from gso_tb.frames import Shape
from gso_tb.grid import boundary_jobs, every_header_length, every_l2, payload_lengths
from gso_tb.grid_full import boundary_jobs_full, every_tag_lane, every_tunnel_length
from gso_tb.jobs import Job, renumber
from gso_tb.parameters import parameters, preset, report

LEVELS = ("none", "random:0.5", "cycle:01", "cycle:10", "cycle:0001", "cycle:1110")
SHAPES = (
    Shape(4, "tcp"),
    Shape(4, "tcp", tcp_options=12),
    Shape(6, "tcp", 18, tcp_options=12),
    Shape(4, "udp"),
    Shape(6, "udp", 16),
)


async def _started(dut: HierarchyObject) -> tuple[CoreBench, int, int]:
    bench = CoreBench(dut)
    await bench.start()
    return bench, bench.frames.lanes, int(parameters()["seed"])


def _boundary_jobs(lanes: int, seed: int) -> list[Job]:
    return boundary_jobs_full(lanes, seed) if preset() == "full" else boundary_jobs(lanes, seed)


def _thinned(jobs: list[Job]) -> list[Job]:
    """One of `thin` jobs, another one for every seed."""
    thin = int(parameters()["thin"])
    return jobs[int(parameters()["seed"]) % thin :: thin]


async def _run_twice(bench: CoreBench, jobs: list[Job], seed: int) -> None:
    """Runs `jobs` at full speed and again under pauses at both ends."""
    await bench.run_jobs(renumber(jobs))
    await bench.run_jobs(renumber(jobs), idle="random:0.3", stall="random:0.3", seed=seed)


@cocotb.test
async def headers(dut: HierarchyObject) -> None:
    """Every even header length and every L2 length, at full speed and under pauses (D10)."""
    bench, lanes, seed = await _started(dut)
    jobs = [*every_header_length(lanes, seed), *every_l2(lanes, seed)]
    await _run_twice(bench, jobs, seed)


@cocotb.test
async def tags(dut: HierarchyObject) -> None:
    """Inserted tags with payload in every lane, at full speed and under pauses (D18)."""
    bench, lanes, seed = await _started(dut)
    jobs = _thinned(list(every_tag_lane(lanes, seed)))
    await _run_twice(bench, jobs, seed)


@cocotb.test
async def tunnels(dut: HierarchyObject) -> None:
    """Tunnel headers of every length, at full speed and under pauses (D3)."""
    bench, lanes, seed = await _started(dut)
    jobs = _thinned(list(every_tunnel_length(lanes, seed)))
    await _run_twice(bench, jobs, seed)


@cocotb.test
async def lengths(dut: HierarchyObject) -> None:
    """Payload lengths around MSS multiples and beat ends, for several headers (D7, D8)."""
    bench, lanes, seed = await _started(dut)
    for shape in SHAPES:
        jobs = _thinned(list(payload_lengths(lanes, seed, shape)))
        await bench.run_jobs(renumber(jobs), idle="random:0.1", stall="random:0.1", seed=seed)


@cocotb.test
async def pauses(dut: HierarchyObject) -> None:
    """Every combination of a source's and a sink's pauses; completions pause as segments do."""
    bench, lanes, seed = await _started(dut)
    jobs = _boundary_jobs(lanes, seed)
    for number, (idle, stall) in enumerate(product(LEVELS, LEVELS)):
        some = _thinned(jobs) if number else jobs
        await bench.run_jobs(
            renumber(some), idle=idle, stall=stall, completion_stall=stall, seed=seed + number
        )


@cocotb.test
async def positions(dut: HierarchyObject) -> None:
    """A gap before every input beat and a stall in every cycle of output, of 1, 2 and 5 cycles.

    The frames are short and have three segments, so this is every beat position around every
    segment boundary. A second frame follows, to see what the pause left behind.
    """
    bench, lanes, seed = await _started(dut)
    jobs = _thinned(_boundary_jobs(lanes, seed))
    runs = 0
    for job in jobs:
        pair = [job, jobs[0]]
        beats = -(-len(job.data) // lanes)
        # Alone the frame needs this many cycles to the end of its last segment.
        begun = bench.cycle
        await bench.run_jobs(renumber(pair), drain=0)
        cycles = bench.cycle - begun
        for length in (1, 2, 5):
            pause = "1" * length
            for at in range(beats):
                await bench.run_jobs(renumber(pair), drain=0, idle=f"once:{'0' * at}{pause}")
            for at in range(cycles):
                await bench.run_jobs(renumber(pair), drain=0, stall=f"once:{'0' * at}{pause}")
            runs += beats + cycles
        await bench.cycles(64)
    report(runs=runs)


@cocotb.test
async def together(dut: HierarchyObject) -> None:
    """A gap and a stall at once, at every pair of positions of one short frame."""
    bench, lanes, seed = await _started(dut)
    job = _boundary_jobs(lanes, seed)[seed % 3]
    beats = -(-len(job.data) // lanes)
    pairs = product(range(beats), range(0, 4 * beats))
    for gap, stall in islice(pairs, 0, None, int(parameters()["thin"])):
        await bench.run_jobs(
            [job], drain=0, idle=f"once:{'0' * gap}11", stall=f"once:{'0' * stall}111"
        )
    await bench.cycles(64)
