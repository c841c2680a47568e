# SPDX-License-Identifier: Apache-2.0
"""The stage `edit` against the golden model's segment headers (D1, D2, D4 to D6, D21)."""

import random
from dataclasses import dataclass
from itertools import product

import cocotb
import pytest

from gso_model import BASIC, check_descriptor, check_headers
from gso_model.layout import ChecksumMode, IdMode, L3Kind, L4Kind
from gso_tb import blocks, random_jobs
from gso_tb import jobs as golden
from gso_tb.frames import Shape, build
from gso_tb.jobs import Job, renumber
from gso_tb.reference import (
    checksum_at,
    contexts,
    filled,
    folded,
    header_bytes,
    header_sums,
    header_words,
    length_part,
    payload_bytes,
    segment_lengths,
    word_total,
)
from gso_tb.stage import Stage, same


@pytest.mark.verilator_only
def test_block_edit(sim: str, width: int) -> None:
    """Columns written and records, for every protocol, mode and place of a segment."""
    blocks.run("edit", sim, width)


@dataclass
class Segment:
    """A segment: the columns to be written as (row, column, value), and its record."""

    frame: int
    what: str
    columns: set[tuple[int, int, int]]
    record: dict[str, int]
    copy: int
    header: bytes  # as it must stand in its slot when it is sent
    payload: bytes
    checksum: int | None


def _columns(d, several: bool) -> list[int]:
    """Offsets of the columns that differ from segment to segment, or from the frame's header."""
    l3, l4 = d.l3_offset, d.l4_offset
    ipv4 = d.l3_kind == L3Kind.IPV4
    if not d.mss:
        return [l3 + 10] if d.ip_checksum else []
    found = [l3 + 2, l3 + 10] if ipv4 else [l3 + 4]
    found += [l3 + 4] if ipv4 and several else []
    if d.l4_kind == L4Kind.UDP:
        return [*found, l4 + 4]
    return found + ([l4 + 4, l4 + 6, l4 + 12] if several else [])


class _Edit:
    """The stage between frames and a stand-in for egress, which sends segments in order."""

    def __init__(self, dut, test: str, idle="none", stall="none", send: float = 0.5):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        names = ("context", "header", "sums", "segment")
        self.inputs = {name: bench.source(name, idle) for name in names}
        tracks = 1 + bench.config.two_tracks
        self.apart = bench.config.copies_at_once  # a header's copies have the same rows
        self.writes = [bench.sink(f"write_{i}") for i in range(tracks)]
        self.record = bench.sink("record", stall)
        self._sent, self._taken = bench.write("sent"), bench.read("taken")
        self._sending, self.sent, self.taken, self.send = 0, 0, 0, send
        self.segments: list[Segment] = []
        self.slots: dict[tuple[int, int], bytearray] = {}  # by frame and copy
        self._open: list[tuple[int, set]] = []
        self._writes, self._written = 0, (0, 0)
        for sink in self.writes:
            sink.on_record = self._on_write
        bench.steps.append(self._step)

    def _on_write(self, got) -> None:
        """Writes come segment by segment; their order within one does not matter."""
        while self._writes < len(self.segments) and not self._left(self._writes):
            self._writes += 1
        assert self._writes < len(self.segments), f"a write too many: {got}"
        segment = self.segments[self._writes]
        write = (got["row"], got["column"], got["value"])
        assert write in self._left(self._writes), (
            f"{segment.what}: wrote {write}, expected {sorted(self._left(self._writes))}"
        )
        self._left(self._writes).discard(write)
        assert got.get("copy", segment.copy) == segment.copy, f"{segment.what}: the other copy"
        # Slots have one address for even and one for odd columns.
        parity = (self.bench.cycle, got["column"] & 1)
        assert parity != self._written, f"{segment.what}: two columns of one parity at once"
        self._written = parity
        row = (got["row"] - segment.record["slot"]) % self.bench.config.slot_rows
        at = row * self.bench.lanes + 2 * got["column"]
        self.slots[segment.frame, segment.copy][at : at + 2] = got["value"].to_bytes(2, "big")

    def _left(self, number: int) -> set[tuple[int, int, int]]:
        while len(self._open) <= number:
            self._open.append((0, set(self.segments[len(self._open)].columns)))
        return self._open[number][1]

    def _step(self, cycle: int) -> None:
        self.taken += self._taken() == "1"
        # Finish and egress need longer than that to come to a segment's header.
        there = self.sent < self.record.taken and cycle > self.record.cycles[self.sent] + 2
        sending = int(there and self.rng.random() < self.send)
        if sending:
            # Its header is read now, so it must be whole, and not yet the next one's.
            segment = self.segments[self.sent]
            if segment.record["status"] == 0:
                got = bytes(self.slots[segment.frame, segment.copy])
                wanted = segment.header
                assert not self._left(self.sent), f"{segment.what}: {self._left(self.sent)} missing"
                assert got == wanted, f"{segment.what}: {got.hex()}, expected {wanted.hex()}"
            self.sent += 1
        if sending != self._sending:
            self._sent(sending)
        self._sending = sending

    def _queue(self, number: int, job: Job, slot: int) -> int:
        """Queues a frame's records and its segments; returns the rows that it takes."""
        d, data, rng, lanes = job.descriptor, job.data, self.rng, self.bench.lanes
        ring = self.bench.config.slot_rows
        status = int(check_descriptor(d, BASIC))
        edit = contexts(d, lanes, status)["edit"]
        head = 0 if status else header_bytes(d)
        lengths = [0] if status else segment_lengths(payload_bytes(d), d.mss)
        status = status or (int(check_headers(data, d)) if head else 0)
        verdict = status - 15 if status >= 16 else 0
        result = {"slot": slot, "verdict": verdict, "good": int(not verdict)}
        sums: dict[str, int] = {}
        checked = bool(not status and d.l4_checksum)
        if not status:
            if checked:
                single = len(lengths) == 1
                edit["add_length"] = int(not single or rng.getrandbits(1))
                bases = [0, rng.randrange(1024)] + [-1] * (min(lengths) > 0)
                edit["sum_base"] = rng.choice(bases)
                own = edit["sum_base"] + lengths[0] if edit["add_length"] else 0
                seed = (length_part(d, lengths[0]) - own) % 0xFFFF
                sums = header_sums(d, data[:head], seed)
            elif head:
                sums = header_sums(d, data[:head], 0)
            if head:
                result |= header_words(d, data[:head])
        self.inputs["context"].send(filled(self.inputs["context"].record, edit, rng))
        self.inputs["header"].send(filled(self.inputs["header"].record, result, rng))
        self.inputs["sums"].send(filled(self.inputs["sums"].record, sums, rng))
        rows = -(-head // lanes)
        made = golden.expected(job).segments if not status else [b""] * len(lengths)
        assert len(made) == len(lengths)
        for index, (length, whole) in enumerate(zip(lengths, made, strict=True)):
            last = int(index == len(lengths) - 1)
            self.inputs["segment"].send({"length": length, "last": last})
            copy = index & 1
            base = (slot + (0 if self.apart else copy * rows)) % ring
            record = {
                "slot": base,
                **({"copy": copy} if self.apart else {}),
                "payload": length,
                "first": int(index == 0),
                "last": last,
                "status": status,
                "request_id": d.request_id,
            }
            columns, checksum, header = set(), None, b""
            if not 0 < status < 8:
                # Of a wrong header, too, finish works out what is to be dropped.
                record |= {"length": head + length, "payload_row": head // lanes}
            if not status:
                record |= {
                    "rows": rows,
                    "counted": int(d.asks),
                    "user": d.user,
                    "timestamp": d.timestamp & last,
                    "checksum_on": int(checked and not result["no_checksum"]),
                }
                header = whole[:head] + bytes(-head % lanes)
                for at in _columns(d, len(lengths) > 1) if head else []:
                    place = (base + at // lanes) % ring, at % lanes // 2
                    columns.add((*place, int.from_bytes(whole[at : at + 2], "big")))
                if record["checksum_on"]:
                    at = checksum_at(d)
                    checksum = int.from_bytes(whole[at : at + 2], "big")
                    record["no_zero"] = int(d.l4_kind == L4Kind.UDP)
                    record |= {"checksum_row": at // lanes, "checksum_column": at % lanes // 2}
                    # Egress puts it over what came.
                    header = header[:at] + data[at : at + 2] + header[at + 2 :]
                first = bytearray(data[:head] + bytes(-head % lanes))
                self.slots.setdefault((number, copy), first)
            what = f"frame {number} ({job.label}), segment {index} of {len(lengths)}"
            # Behind a header of odd length (generic only) it begins in the low half of a word.
            payload = bytes(head & 1) + whole[head:]
            made_of = (record, copy, header, payload, checksum)
            self.segments.append(Segment(number, what, columns, *made_of))
        return rows * (1 if self.apart else min(2, len(lengths)))

    async def run(self, jobs: list[Job]) -> None:
        """Runs frames and compares every column and record."""
        slot = 0
        await self.bench.start()
        for number, job in enumerate(jobs):
            slot = (slot + self._queue(number, job, slot)) % self.bench.config.slot_rows
        await self.bench.until(lambda: self.sent == len(self.segments))
        assert self.record.taken == len(self.segments), "a record too many"
        assert self.taken == len(jobs), "`taken` once a frame"
        for segment, got in zip(self.segments, self.record.got, strict=True):
            same(got, segment.record, segment.what)
            if segment.checksum is None:
                continue
            # Part of header plus payload must make the model's checksum (D4 for UDP).
            total = folded(got["partial"] + word_total(segment.payload))
            checksum = 0xFFFF - total or (0xFFFF if got["no_zero"] else 0)
            assert checksum == segment.checksum, (
                f"{segment.what}: checksum {checksum:#x}, the model has {segment.checksum:#x}"
            )


@cocotb.test
async def protocols(dut):
    """Every protocol, mode and number of segments: first, middle, last (D1, D2, D5, D6)."""
    edit = _Edit(dut, "protocols")
    rng, jobs = edit.rng, []
    counts = (0, 1, 2, 3, 5)
    for ip, l4, mode, count in product((4, 6), ("tcp", "udp"), (1, 2, 3), counts):
        for id_mode in IdMode:
            mss = rng.randint(1, 300)
            size = max(0, count * mss - rng.randrange(mss)) if count else 0
            shape = Shape(ip, l4, rng.choice((0, 14, 16, 18, 22)), 8 * rng.randrange(3))
            fields = {"ip_id": id_mode, "keep_cwr": rng.getrandbits(1), "timestamp": 1}
            mode_field = {"checksum": ChecksumMode(mode)}
            jobs.append(build(shape, rng.randbytes(size), mss, rng=rng, **mode_field, **fields))
    await edit.run([*renumber(jobs[:: edit.bench.thin])])


@cocotb.test
async def wraps(dut):
    """Identification and sequence number count across their ends, and MOD15 keeps bit 15 (D5)."""
    edit = _Edit(dut, "wraps", send=1)
    rng, jobs = edit.rng, []
    for first, mode in product((0xFFFE, 0x7FFE, 0x0000), IdMode):
        shape = Shape(4, "tcp", 14, 0, 12)
        job = build(shape, rng.randbytes(50), 10, rng=rng, ip_id=mode, checksum=3)
        job = job.patched(18, first.to_bytes(2, "big"))
        jobs.append(job.patched(38, (0xFFFFFFF0 + rng.randrange(16)).to_bytes(4, "big")))
    await edit.run(jobs)


@cocotb.test
async def header_lengths(dut):
    """Columns in every even place of a beat: each even header length, three segments (D10)."""
    edit = _Edit(dut, "header_lengths", send=1)
    rng, jobs = edit.rng, []
    for l2 in range(0, edit.bench.lanes + 24, 2):
        for shape in (Shape(4, "tcp", l2), Shape(6, "udp", l2), Shape(4, "udp", l2, 4)):
            jobs.append(build(shape, rng.randbytes(25), 9, rng=rng))
    await edit.run(jobs[:: edit.bench.thin])


@cocotb.test
async def mixed(dut):
    """Random frames, refused ones and wrong headers too, under gaps and stalls (D11, D21)."""
    edit = _Edit(dut, "mixed", idle="random:0.2", stall="random:0.3", send=0.2)
    jobs = (random_jobs.job(33, index) for index in range(edit.bench.count(900)))
    # How a frame ends is not edit's business.
    whole = [job for job in jobs if len(job.data) == job.descriptor.frame_length]
    await edit.run([job.arriving(job.data) for job in whole])
    statuses = {segment.record["status"] for segment in edit.segments}
    assert edit.bench.thin > 1 or statuses >= {0, 1, 4, 5, 16}


@cocotb.test
async def nothing_sent(dut):
    """While egress sends nothing, no third segment's column is written over the first's."""
    edit = _Edit(dut, "nothing_sent", send=0)
    job = build(Shape(), edit.rng.randbytes(60), 10, rng=edit.rng)
    task = cocotb.start_soon(edit.run([job, job]))
    while edit.bench.cycle < 300 and not task.done():
        await edit.bench._edge
    assert edit.record.taken == 2
    assert sum(sink.taken for sink in edit.writes) == 12
    edit.send = 0.5
    await task
