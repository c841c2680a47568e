# SPDX-License-Identifier: Apache-2.0
"""The stage `egress` against segments put together from bytes (D4, D13, D15, D19)."""

import random
from collections import deque
from typing import NamedTuple

import cocotb
import pytest

from gso_hdl.primitives import read_latency
from gso_model.layout import COMPLETION, SEGMENT_USER
from gso_tb import blocks
from gso_tb.reference import filled
from gso_tb.reference_payload import aligned
from gso_tb.stage import Stage, cleared

HELD = 4  # completions
SAME = ("first", "last", "send", "status", "counted", "request_id", "user", "timestamp")


@pytest.mark.verilator_only
def test_block_egress(sim: str, width: int) -> None:
    """Merging, marks, order, completions, and no gap inside a segment."""
    blocks.run("egress", sim, width)


class Segment(NamedTuple):
    """A segment of a frame, before its checksum is merged in."""

    header: bytes
    payload: bytes
    first: bool = True
    last: bool = True
    send: bool = True
    buffered: bool = True  # its payload stands in the buffer, sent or not
    status: int = 0
    counted: bool = True
    checksum_at: int | None = None
    no_zero: bool = False
    checksum: int = 0
    request_id: int = 0
    user: int = 0
    timestamp: bool = False


class _Egress:
    """The stage between committed segments and both outputs, with slots and buffer as lists."""

    def __init__(self, dut, test: str, idle="none", stall="none", completion="none"):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.segment = bench.source("segment", idle)
        self.beat = bench.sink("beat", stall)
        self.completion = bench.sink("completion", completion)
        outputs = ("enable", "slot_read", "slot_address", "payload_read", "sent", "oldest")
        outputs += ("payload_drop", "payload_skip", *["slot_clear"] * bench.config.copies_at_once)
        self._read = {name: bench.read(name) for name in outputs}
        self._data = {name: bench.write(name) for name in ("slot_data", "payload_data")}
        # What the memories gave, on its way; the first is what egress sees.
        latency = read_latency(bench.config)
        self._shown = deque(dict.fromkeys(self._data, 0) for _ in range(latency))
        self.slots: dict[tuple[int, int], bytes] = {}  # by copy and row
        self.buffer: deque[bytes] = deque()
        self.sent = 0
        self.slot_of: list[tuple[int, bool]] = []  # of each segment: slot, whether it is a first
        self.oldest = self.freed = 0  # shown, and a cycle ahead of that
        self.segments: list[Segment] = []
        self.open = 0  # beats of the segment that is under way
        self.due: list[int] = []  # segments that have left before each completion
        self.gone = 0
        self.beat.on_record = self._on_beat
        self.completion.on_record = self._on_completion
        bench.steps.append(self._step)

    def _step(self, cycle: int) -> None:
        """The memories: enabled cycles to read, 0 where nothing was asked (Slots, Buffer)."""
        read = {name: int(get(), 2) for name, get in self._read.items()}
        assert read["oldest"] == self.oldest, f"oldest is {read['oldest']}, not {self.oldest}"
        self.oldest = self.freed
        if read["sent"]:
            slot, first = self.slot_of[self.sent]
            self.freed = slot if first else self.freed
            self.sent += 1
        assert read["payload_drop"] or not read["payload_skip"], "a skip without drop"
        for _ in range(read["payload_drop"] + read["payload_skip"]):
            self.buffer.popleft()
        if not read["enable"]:
            return
        fetched = dict.fromkeys(self._data, 0)
        if read["slot_read"]:
            # One bit a copy, and never two.
            copy = {1: 0, 2: 1}[read["slot_read"]]
            row = self.slots[copy, read["slot_address"]]
            fetched["slot_data"] = int.from_bytes(bytes(copy * len(row)) + row, "little")
        if read["payload_read"]:
            assert not read["payload_drop"], "a beat is read while others are dropped"
            assert self.buffer, "a beat is read that was not committed"
            fetched["payload_data"] = int.from_bytes(self.buffer.popleft(), "little")
        self._shown.append(fetched)
        before = self._shown.popleft()
        if read.get("slot_clear"):
            lanes = self.bench.lanes
            rows = self._shown[0]["slot_data"].to_bytes(2 * lanes, "little")
            rows = cleared(rows, read["slot_clear"], lanes)
            self._shown[0]["slot_data"] = int.from_bytes(rows, "little")
        for name, value in self._shown[0].items():
            if value != before[name]:
                self._data[name](value)

    def _on_beat(self, got) -> None:
        if self.open:
            assert self.beat.gaps[-1] == 0, "valid fell inside a segment"
        self.open = 0 if got["last"] else self.open + 1
        self.gone += got["last"]

    def _on_completion(self, got) -> None:
        number = self.completion.taken - 1
        assert self.gone >= self.due[number], "completed before its last beat was taken (D15)"

    def queue(self, segment: Segment) -> None:
        """Puts a segment into slots and buffer, and its record before the stage."""
        lanes, config = self.bench.lanes, self.bench.config
        head, size = len(segment.header), len(segment.payload)
        rows = -(-head // lanes)
        slot = (self.slot_of[-1][0] + self._rows) % config.slot_rows if self.segments else 0
        self._rows = rows
        place = segment.checksum_at
        header = segment.header + bytes(-head % lanes)
        copy = self.rng.getrandbits(1) & config.copies_at_once
        for row in range(rows):
            line = bytes(header[row * lanes : row * lanes + lanes])
            self.slots[copy, (slot + row) % config.slot_rows] = line
        beats = aligned(head, segment.payload, 0, lanes)[0]
        if segment.buffered:
            self.buffer.extend(beats)
        fields = {
            "slot": slot,
            **({"copy": copy} if config.copies_at_once else {}),
            "rows": rows,
            "payload_row": head // lanes,
            "length": head + size,
            "payload": size,
            "checksum_row": (place or 0) // lanes,
            "checksum_column": (place or 0) % lanes // 2,
            "checksum_on": int(place is not None),
            "no_zero": int(segment.no_zero),
            "sum": 0xFFFF - segment.checksum,
            "whole_beats": (head + size) // lanes,
            "exact": int((head + size) % lanes == 0),
            "has_payload": int(segment.buffered and size > 0),
        }
        if segment.buffered and not segment.send and size:
            fields["skip"] = len(beats) - 1
        for name in SAME:
            fields[name] = int(getattr(segment, name))
        if "no_zero" not in self.segment.record.fields:
            del fields["no_zero"]
        self.segment.record.check({*fields, "skip"})
        self.segment.send(filled(self.segment.record, fields, self.rng))
        self.slot_of.append((slot, segment.first))
        self.segments.append(segment)
        if segment.last:
            self.due.append(sum(s.send for s in self.segments))

    async def run(self, segments: list[Segment]) -> None:
        """Sends segments, no more at once than slots hold, and compares all that leaves."""
        await self.bench.start()
        waiting = deque(segments)
        most = self.bench.config.slot_rows // (2 * self.bench.config.header_rows)

        def feed() -> bool:
            while waiting and len(self.segments) - self.sent < most:
                self.queue(waiting.popleft())
            return not waiting and self.completion.taken == len(self.due)

        await self.bench.until(feed)
        self.compare()

    def compare(self) -> None:
        """Bytes, `tkeep` and `tuser` of every segment, and every completion (D19)."""
        lanes = self.bench.lanes
        beats, completions = iter(self.beat.got), iter(self.completion.got)
        count = size = 0
        for number, segment in enumerate(self.segments):
            what = f"segment {number} of {len(segment.header)} + {len(segment.payload)} bytes"
            whole = bytearray(segment.header + segment.payload)
            if segment.first:
                count = size = 0
            if segment.send:
                count += 1
                size += len(segment.payload) * segment.counted
                if segment.checksum_at is not None:
                    value = segment.checksum or (0xFFFF if segment.no_zero else 0)
                    at = segment.checksum_at
                    whole[at : at + 2] = value.to_bytes(2, "big")
                user = {"length": len(whole), "first": segment.first, "last": segment.last}
                user |= {"request_id": segment.request_id, "user": segment.user}
                user["timestamp"] = segment.timestamp
                for at in range(0, len(whole), lanes):
                    part = bytes(whole[at : at + lanes])
                    got = next(beats, None)
                    assert got is not None, f"{what}: a beat is missing"
                    data = got["data"].to_bytes(lanes, "little")[: len(part)]
                    assert data == part, f"{what}: {data.hex()}, expected {part.hex()} at {at}"
                    assert got["keep"] == (1 << len(part)) - 1, f"{what}: tkeep {got['keep']:#x}"
                    assert got["last"] == (at + lanes >= len(whole)), f"{what}: tlast"
                    assert got["user"] == SEGMENT_USER.pack(user), f"{what}: tuser"
            if segment.last:
                wanted = {"request_id": segment.request_id, "status": segment.status}
                wanted |= {"segments": count, "payload_bytes": size}
                got = next(completions, None)
                assert got == COMPLETION.pack(wanted), f"{what}: completion {got}, not {wanted}"
        assert next(beats, None) is None, "a beat too many"
        assert next(completions, None) is None, "a completion too many"


def _frame(rng: random.Random, lanes: int, number: int, drop: float = 0.2) -> list[Segment]:
    """A frame of some segments; some frames are refused, some lose their last segments."""
    head = rng.choice((0, 42, 54, 2 * rng.randint(1, 64), lanes, 2 * lanes, 2 * lanes - 2))
    segments = rng.choice((1, 1, 2, 3, 6)) if head else 1
    sizes = [rng.choice((0, 1, lanes, rng.randint(1, 4 * lanes))) for _ in range(segments)]
    sizes = [size or (0 if head else 1) for size in sizes]
    fields = {"request_id": number, "user": rng.getrandbits(16), "counted": rng.random() < 0.9}
    if head >= 8 and rng.random() < 0.9:
        fields["checksum_at"] = 2 * rng.randrange(head // 2)
        fields["no_zero"] = rng.random() < 0.5
    lost = rng.choice((1, segments)) if rng.random() < drop else 0
    status = rng.choice((1, 7, 16, 32, 33, 34)) if lost else 0
    made = []
    for index, size in enumerate(sizes):
        last, sent = index == segments - 1, index < segments - lost
        made.append(
            Segment(
                rng.randbytes(head),
                rng.randbytes(size),
                first=index == 0,
                last=last,
                send=sent,
                # A void segment is not in the buffer any more, one with a wrong header is.
                buffered=sent or status == 16,
                status=status if last else 0,
                timestamp=last and rng.random() < 0.5,
                checksum=rng.choice((0, rng.getrandbits(16), 0xFFFF)),
                **fields,
            )
        )
    return made


@cocotb.test
async def lengths(dut):
    """Every even header length with payloads of every length up to a beat and a bit (D10)."""
    egress = _Egress(dut, "lengths")
    rng, lanes, segments = egress.rng, egress.bench.lanes, []
    for head in range(2, 160, 2):
        for size in {0, 1, lanes, rng.randint(1, lanes + 3), lanes - head % lanes}:
            at = 2 * rng.randrange(head // 2)
            checksum = rng.getrandbits(16)
            fields = {"checksum_at": at, "checksum": checksum, "request_id": head}
            segments.append(Segment(rng.randbytes(head), rng.randbytes(size), **fields))
    for size in range(1, 2 * lanes + 2):
        segments.append(Segment(b"", rng.randbytes(size), counted=False))
    await egress.run(segments[:: egress.bench.thin])


@cocotb.test
async def mixed(dut):
    """Frames of several segments, some dropped, under stalls of both outputs (D13, D15)."""
    patterns = {"idle": "random:0.3", "stall": "random:0.3", "completion": "random:0.6"}
    egress = _Egress(dut, "mixed", **patterns)
    rng, lanes = egress.rng, egress.bench.lanes
    count = egress.bench.count(400)
    await egress.run([s for n in range(count) for s in _frame(rng, lanes, n)])


@cocotb.test
async def fast(dut):
    """The same without pauses."""
    egress = _Egress(dut, "fast")
    rng, lanes = egress.rng, egress.bench.lanes
    count = egress.bench.count(400)
    await egress.run([s for n in range(count) for s in _frame(rng, lanes, n, 0.4)])


@cocotb.test
async def back_to_back(dut):
    """The last beat of a segment is followed by the first of the next (ARCHITECTURE: egress)."""
    egress = _Egress(dut, "back_to_back")
    rng, lanes = egress.rng, egress.bench.lanes
    segments = []
    for number in range(60):
        size = lanes * rng.randint(1, 4) + rng.randrange(lanes)
        segments.append(Segment(rng.randbytes(54), rng.randbytes(size), request_id=number))
    await egress.run(segments)
    assert egress.beat.cycles[-1] - egress.beat.cycles[0] == len(egress.beat.cycles) - 1


@cocotb.test
async def completions_held(dut):
    """Four are held; the fifth frame waits without a beat, and nothing is lost (D19)."""
    egress = _Egress(dut, "completions_held")
    egress.completion.blocked = True
    rng, lanes = egress.rng, egress.bench.lanes
    frames = [
        [
            Segment(rng.randbytes(54), rng.randbytes(lanes), request_id=number, last=False),
            Segment(rng.randbytes(54), b"x", request_id=number, first=False, send=number % 3 != 2),
        ]
        for number in range(12)
    ]
    task = cocotb.start_soon(egress.run([s for frame in frames for s in frame]))
    for _ in range(400):
        await egress.bench._edge
    assert egress.gone == sum(s.send for frame in frames[:HELD] for s in frame)
    assert egress.completion.valid and not egress.completion.taken
    egress.completion.blocked = False
    await task
