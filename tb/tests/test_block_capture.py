# SPDX-License-Identifier: Apache-2.0
"""The stages `capture` and `place` against the header's bytes (D2, D6, D10, D11 codes 16 to 19)."""

import random
from collections import deque
from itertools import repeat
from typing import NamedTuple

import cocotb
import pytest

from gso_hdl.configuration import FEATURES
from gso_hdl.records import OUTER_START_BIT
from gso_model import BASIC, FULL, check_descriptor, check_headers
from gso_model.layout import ChecksumMode, IdMode, Tunnel
from gso_tb import blocks, error_cases, frames, random_jobs
from gso_tb.frames import Shape, build
from gso_tb.grid import shapes
from gso_tb.jobs import Job
from gso_tb.outer_frames import TUNNELS, UDP_TUNNELS, Outer, encapsulated
from gso_tb.reference import (
    filled,
    header_bytes,
    header_sums,
    header_words,
    l4_seed,
    payload_bytes,
)
from gso_tb.reference_full import full_contexts, outer_sums, outer_words
from gso_tb.reference_payload import rows
from gso_tb.stage import Stage, same


@pytest.mark.verilator_only
def test_block_capture(sim: str, width: int) -> None:
    """Sums, words, verdicts and both copies of the slot."""
    blocks.run("capture", sim, width)


@pytest.mark.parametrize("bits", [128, 256])
def test_block_capture_full(bits: int) -> None:
    """The same frames where there are five layers to look at, and frames in tunnels."""
    changes = {"features": FEATURES}
    blocks.run("capture", "verilator", bits, changes=changes, thin=2, label="full")


class Expected(NamedTuple):
    """What comes of a frame: rows of its slot, the meaningful fields of result and sums.

    `outer`: sums that may be told by any number that is the same mod 65,535.
    """

    job: Job
    copies: list[list[bytes]]
    result: dict[str, int]
    sums: dict[str, int]
    outer: dict[str, int]


def expected(job: Job, status: int, lanes: int, seeds: dict[str, int]) -> Expected:
    """From the frame's bytes, its descriptor, which has D11's code `status`, and the seeds of the
    L4 and the outer UDP sum.
    """
    d, data = job.descriptor, job.data
    head = header_bytes(d)
    if status or not head:
        return Expected(job, [], {"verdict": 0, "good": 1}, {}, {})
    if len(data) < head:
        # D11: it ends inside the header, so it is SHORT, which is not for capture to say.
        return Expected(job, [], {"verdict": 0, "good": 1}, {}, {})
    stored = data[:head] + bytes(-head % lanes)
    copy = [bytes(stored[at : at + lanes]) for at in range(0, len(stored), lanes)]
    if status := check_headers(data, d):
        return Expected(job, [], {"verdict": status - 15, "good": 0}, {}, {})
    copies = 2 if 0 < d.mss < payload_bytes(d) else 1
    words = header_words(d, data[:head])
    sums = header_sums(d, data[:head], l4_seed(seeds["seed"]))
    outer = {}
    if d.tunnel:
        words |= outer_words(d, data[:head])
        outer = outer_sums(d, data[:head], seeds["outer_seed"] + (1 << OUTER_START_BIT))
    return Expected(job, [copy] * copies, {"verdict": 0, "good": 1, **words}, sums, outer)


class CaptureBench:
    """The stage, a ring of rows as memory, and a stand-in for egress that frees slots."""

    def __init__(self, dut, test: str, context="none", row="none", slot="none", release=0.3):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.context, self.row = bench.source("context", context), bench.source("row", row)
        self.slot, self.result = bench.sink("slot"), bench.sink("result")
        # The slots tell a cycle ahead whether they will be ready.
        self._slot_pauses = bench.pauses(slot)
        self._slot_soon = bench.write("slot_soon")
        self._paused, self._next_paused = True, True
        self.slot.pauses = (self._paused for _ in repeat(None))
        self.sums = bench.sink("sums")
        # With tunnels a result may come before the last row is in its slot, which is said.
        tells = bench.config.tunnels
        self._unwritten = bench.read("unwritten") if tells else lambda: "0"
        self._unchecked: list[int] = []
        self.memory: dict[int, bytes] = {}
        self.slot.on_record = self._on_row
        self.result.on_record = self._on_result
        self.sums.on_record = self._on_sums
        self.expected: list[Expected] = []
        self.live: deque[int] = deque()  # frames whose slots are in use, by number
        self.release = release
        self._oldest = bench.write("oldest")
        bench.steps.append(self._step)

    def _on_row(self, got) -> None:
        data = got["data"].to_bytes(self.bench.lanes, "little")
        keep = got["keep"]
        self.memory[got["row"]] = bytes(b if keep >> i & 1 else 0 for i, b in enumerate(data))

    def _on_result(self, got) -> None:
        number = self.result.taken - 1
        wanted = self.expected[number]
        what = f"frame {number}: {wanted.job.label}, {wanted.job.descriptor}"
        self.result.record.check({*got})
        same(got, wanted.result, what)
        self._unchecked.append(number)
        self.live.append(number)

    def _on_sums(self, got) -> None:
        number = self.sums.taken - 1
        wanted = self.expected[number]
        assert self.result.taken > number, "sums before their frame's words"
        what = f"frame {number}: {wanted.job.label}, {wanted.job.descriptor}"
        same(got, wanted.sums, what)
        same({name: got[name] % 65535 for name in wanted.outer}, wanted.outer, what)

    def _check_slot(self, number: int) -> None:
        """Both copies stand in the slot: the header and zeros behind it."""
        wanted = self.expected[number]
        row, ring = self.result.got[number]["slot"], self.bench.config.slot_rows
        # Where each copy has a memory of its own a row is written once, into both.
        copies = wanted.copies[:1] if self.bench.config.copies_at_once else wanted.copies
        for copy, lines in enumerate(copies):
            for index, line in enumerate(lines):
                got = self.memory.get(row % ring, b"")
                assert got == line, (
                    f"frame {number}, {wanted.job.label}: row {index} of copy {copy} is "
                    f"{got.hex()}, expected {line.hex()}"
                )
                row += 1

    def _step(self, cycle: int) -> None:
        if self._unwritten() == "0":
            while self._unchecked:
                self._check_slot(self._unchecked.pop())
        self._paused, self._next_paused = self._next_paused, next(self._slot_pauses)
        self._slot_soon(int(not self._next_paused))
        # With a frame's first header all frames before it are through (Egress: oldest).
        if len(self.live) > 1 and self.rng.random() < self.release:
            self._check_slot(self.live.popleft())
            self._oldest(self.result.got[self.live[0]]["slot"])

    async def run(self, jobs: list[Job]) -> None:
        """Sends the headers of `jobs` and compares all that comes."""
        bench, lanes, rng = self.bench, self.bench.lanes, self.rng
        await bench.start()
        for job in jobs:
            d = job.descriptor
            tunnel = d.tunnel and bench.config.tunnels
            status = check_descriptor(d, FULL if tunnel else BASIC)
            fields = full_contexts(d, lanes, status, bench.config.features)["header"]
            if fields["empty"] and bench.config.features:
                # Where nothing is asked neither of these is.
                fields = {"llc": 0, "vxlan_short": 0, **fields}
            if not fields["empty"]:
                fields = {"seed": rng.getrandbits(18), **fields}
            if tunnel and not fields["empty"]:
                fields = {"outer_seed": rng.randrange(65535), **fields}
            filled_fields = filled(self.context.record, fields, rng)
            self.context.send(filled_fields)
            self.expected.append(expected(job, status, lanes, filled_fields))
            if not fields["empty"]:
                for data, short in rows(job.data, header_bytes(d), lanes):
                    line = int.from_bytes(data + rng.randbytes(lanes - len(data)), "little")
                    self.row.send({"data": line, "short": short})
        await bench.until(lambda: self.result.taken == self.sums.taken == len(jobs))
        assert not self.row.pending, f"{self.row.pending} rows were not taken"


def _any(rng: random.Random, shape: Shape, lanes: int) -> Job:
    """A frame of `shape` with any mode, segmented or not."""
    mss = rng.choice((0, 100, 100, 1000))
    modes = [mode for mode in ChecksumMode if mode or not mss]
    fields = {"ip_id": rng.choice(list(IdMode)), "checksum": rng.choice(modes)}
    if shape.ip == 4:
        fields["ip_checksum"] = rng.getrandbits(1)
    size = rng.choice((0, rng.randint(1, 100), 101, 300, 2 * lanes))
    job = build(shape, rng.randbytes(size), mss, rng=rng, **fields)
    if shape.l4 == "udp" and rng.random() < 0.3:
        job = job.patched(shape.l4_offset + 6, bytes(2))
    return job


@cocotb.test
async def header_lengths(dut):
    """Every even header length with each L2 length that has it, any options (D10)."""
    capture = CaptureBench(dut, "header_lengths")
    rng, jobs = capture.rng, []
    for _, found in sorted(shapes().items()):
        for l2 in sorted({shape.l2 for shape in found}):
            shape = rng.choice([shape for shape in found if shape.l2 == l2])
            jobs.append(_any(rng, shape, capture.bench.lanes))
    assert {14, 16, 18, 22} <= {job.descriptor.l3_offset for job in jobs}
    await capture.run(jobs[:: capture.bench.thin])


@cocotb.test
async def verdicts(dut):
    """Codes 16 to 19, each at its boundary, header after header without a pause (D11)."""
    capture = CaptureBench(dut, "verdicts", release=0.8)
    cases = [*error_cases.header_cases(2)][:: capture.bench.thin]
    capture.rng.shuffle(cases)
    await capture.run([case.job for case in cases])
    for case, got in zip(cases, capture.result.got, strict=True):
        assert got["verdict"] == max(0, case.status - 15), f"{case.job.label}: D11's table"
    assert {got["verdict"] for got in capture.result.got} == {0, 1, 2, 3, 4}


@cocotb.test
async def stalls(dut):
    """Random frames, refused and broken ones too, under gaps, stalls and slots freed late."""
    patterns = {"context": "random:0.2", "row": "random:0.2", "slot": "random:0.3"}
    capture = CaptureBench(dut, "stalls", **patterns, release=0.04)
    jobs = [random_jobs.job(21, index) for index in range(capture.bench.count(700))]
    await capture.run(jobs)


@cocotb.test
async def slots_wait(dut):
    """Headers wait while no slot is free, whatever their sizes, and none is overwritten."""
    capture = CaptureBench(dut, "slots_wait", release=0)
    rng = capture.rng
    longest = Shape(6, "tcp", 14, 160, 20)
    jobs = [_any(rng, rng.choice((longest, Shape())), 8) for _ in range(240)]
    task = cocotb.start_soon(capture.run(jobs))
    for _ in range(6):
        while capture.bench.cycle % 700 < 690 and not task.done():
            await capture.bench._edge
        before = capture.result.taken
        for _ in range(8):
            await capture.bench._edge
        assert capture.result.taken == before < len(jobs), "nothing more fits"
        capture.release = 1
        for _ in range(60):
            await capture.bench._edge
        capture.release = 0
    capture.release = 0.2
    await task


@cocotb.test
async def ends_in_header(dut):
    """A frame that ends in any byte of its header is no verdict, and the next one is whole."""
    capture = CaptureBench(dut, "ends_in_header")
    rng, jobs = capture.rng, []
    for shape in (Shape(4, "tcp"), Shape(6, "udp", 18), Shape(4, "udp", 16, 12)):
        for size in range(1, shape.header_length + 1, capture.bench.thin):
            job = build(shape, rng.randbytes(90), 40, rng=rng)
            # Wrong in each respect: of a part of a header nothing is reported (I10).
            wrong = job.patched(shape.l2, 0x99)
            jobs.append(wrong.arriving(wrong.data[:size]))
            jobs.append(build(shape, rng.randbytes(90), 40, rng=rng))
    await capture.run(jobs)


def generic_job(rng: random.Random, start: int, offset: int, more: int) -> Job:
    head = start + offset + 2 + more
    job = frames.generic(rng.randbytes(head + 20), start, offset, head)
    return job.named(f"generic {start}+{offset}+{more}")


@cocotb.test
async def generic(dut):
    """Checksums at any even place, headers of odd length too (D21)."""
    capture = CaptureBench(dut, "generic")
    rng = capture.rng
    jobs = [
        generic_job(rng, start, offset, more)
        for start in range(0, 2 * capture.bench.lanes + 1, 2)
        for offset in (0, 2, 6, 2 * rng.randrange(20))
        for more in (0, 1, rng.randrange(16))
    ]
    await capture.run(jobs[:: capture.bench.thin])


def in_tunnel(rng: random.Random, outer: Outer, lanes: int) -> Job:
    """A frame in the tunnel `outer`, any headers inside, any checksums asked."""
    shape = Shape(rng.choice((4, 6)), rng.choice(("tcp", "udp")), 0)
    job = encapsulated(_any(rng, shape, lanes), outer, rng)
    if outer.ip == 4:
        job = job.changed(outer_ip_checksum=rng.getrandbits(1))
    if outer.checksum and rng.random() < 0.2:
        at = job.descriptor.outer_l4_offset + 6
        job = job.patched(at, bytes(2))
    return job


@cocotb.test
async def tunnels(dut):
    """Words and sums of outer headers and inner ones, wherever they start (D2, D3)."""
    capture = CaptureBench(dut, "tunnels")
    if not capture.bench.config.tunnels:
        return
    rng, jobs = capture.rng, []
    for tunnel in TUNNELS:
        for ip in (4, 6):
            for l2 in range(14, 64, 2):
                options = rng.choice((0, 8, 40) if ip == 4 else (0, 8, 24))
                checksum = rng.choice([*ChecksumMode]) if tunnel in UDP_TUNNELS else 0
                outer = Outer(
                    tunnel,
                    ip,
                    l2,
                    options,
                    ethernet=rng.random() < 0.5 or tunnel == Tunnel.VXLAN,
                    key=rng.random() < 0.5,
                    options=rng.choice((0, 4, 28)) if tunnel == Tunnel.GENEVE else 0,
                    checksum=ChecksumMode(checksum),
                )
                jobs.append(in_tunnel(rng, outer, capture.bench.lanes))
    rng.shuffle(jobs)
    await capture.run(jobs)
    reached = [sums for wanted in capture.expected for sums in wanted.outer]
    assert reached.count("outer_sum") > 20
    assert reached.count("outer_ip_sum") > 50
