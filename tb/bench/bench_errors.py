# SPDX-License-Identifier: Apache-2.0
"""In the simulator: what bad input gets. A good frame follows every bad one and must be right.

Parameters: `seed`, `thin` (keep one case of so many), `garbage` (random descriptors).
"""

import random
from collections.abc import Iterable, Iterator

import cocotb
from cocotb.handle import HierarchyObject

from gso_model import FULL, Status
from gso_tb.core import CoreBench
from gso_tb.error_cases import (
    Case,
    arrivals,
    descriptor_cases,
    header_cases,
    precedence_cases,
)
from gso_tb.error_cases_full import (
    bases_full,
    descriptor_cases_full,
    without_left_out,
)
from gso_tb.error_cases_headers import header_cases_full
from gso_tb.frames import Shape, build
from gso_tb.jobs import Job, expected, renumber
from gso_tb.parameters import parameters, preset, report
from gso_tb.random_jobs import garbage


def _followed(jobs: Iterable[Job], seed: int) -> Iterator[Job]:
    """Each job and a good one behind it, of another shape every time."""
    rng = random.Random(f"followers {seed}")
    shapes = [Shape(4, "tcp"), Shape(6, "udp", 18), Shape(6, "tcp", 16, 8), Shape(4, "udp", 14, 4)]
    for number, job in enumerate(jobs):
        yield job
        shape = shapes[number % len(shapes)]
        payload = rng.randbytes(rng.randint(1, 150))
        good = build(shape, payload, rng.randint(20, 80), rng=rng)
        yield good.named(f"good frame behind {job.label}")


async def _run(dut: HierarchyObject, cases: Iterable[Case]) -> None:
    """Checks that the model gives the table's status, then runs the cases twice."""
    seed, thin = int(parameters()["seed"]), int(parameters()["thin"])
    bench = CoreBench(dut)
    await bench.start()
    kept = list(cases)[seed % thin :: thin]
    for job, status in kept:
        answer = expected(job, bench.capabilities).completion
        assert answer.status == status, f"{job.label}: model says {answer.status!r}, not {status!r}"
    jobs = [case.job for case in kept]
    await bench.run_jobs(renumber(_followed(jobs, seed)))
    pauses = {"idle": "random:0.4", "stall": "random:0.4", "completion_stall": "random:0.7"}
    await bench.run_jobs(renumber(_followed(jobs, seed + 1)), seed=seed, **pauses)
    # Bad ones alone: nothing but completions may leave, at the rate of the input.
    bad = [job for job, status in kept if 0 < status < 32]
    await bench.run_jobs(renumber(bad))
    report(cases=len(kept))


@cocotb.test
async def descriptors(dut: HierarchyObject) -> None:
    """D11's codes 1 to 6 on both sides of every boundary."""
    seed = int(parameters()["seed"])
    cases = descriptor_cases(seed)
    if preset() == "full":
        cases = [*without_left_out(cases), *_with_header_codes(descriptor_cases_full(seed))]
    await _run(dut, cases)


def _with_header_codes(cases: Iterable[Case]) -> Iterator[Case]:
    """Cases about descriptors alone: where these are good the header may be what is wrong."""
    for job, status in cases:
        header_code = expected(job, FULL).completion.status
        good = status == Status.OK and Status.IP_VERSION <= header_code <= Status.LENGTH_8023
        yield Case(job, header_code if good else status)


@cocotb.test
async def headers(dut: HierarchyObject) -> None:
    """D11's codes 16 to 19, with tunnels to 22, on both sides of every boundary."""
    seed = int(parameters()["seed"])
    full = header_cases_full(seed) if preset() == "full" else ()
    await _run(dut, [*header_cases(seed), *full])


@cocotb.test
async def precedence(dut: HierarchyObject) -> None:
    """The lowest code that applies is reported (D11, I10)."""
    await _run(dut, precedence_cases(int(parameters()["seed"])))


@cocotb.test
async def wrong_ends(dut: HierarchyObject) -> None:
    """SHORT, LONG and ABORTED by one byte, a beat, or all (D13, I9)."""
    seed = int(parameters()["seed"])
    more = bases_full(seed) if preset() == "full" else ()
    await _run(dut, arrivals(seed, len(dut.s_axis_tkeep), more))


@cocotb.test
async def garbage_descriptors(dut: HierarchyObject) -> None:
    """256 random bits: swallowed or passed as the model says, and the next good frame is right."""
    bench = CoreBench(dut)
    await bench.start()
    seed = int(parameters()["seed"])
    rng = random.Random(f"garbage {seed}")
    jobs = [garbage(rng) for _ in range(int(parameters()["garbage"]))]
    # No new request ids here: the random ones are part of the garbage.
    await bench.run_jobs(_followed(jobs, seed))
