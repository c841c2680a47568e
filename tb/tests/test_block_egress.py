# SPDX-License-Identifier: Apache-2.0
"""The stage `egress` against segments put together from bytes (D4, D13, D15, D19)."""

import random
from collections import deque
from collections.abc import Iterator

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.read_side import ReadSide
from gso_tb.reference import filled
from gso_tb.reference_payload import aligned
from gso_tb.segments import Segment, compare, random_frame
from gso_tb.stage import Stage, cleared

HELD = 4  # completions
SAME = ("first", "last", "send", "status", "counted", "request_id", "user", "timestamp")


@pytest.mark.verilator_only
def test_block_egress(sim: str, width: int) -> None:
    """Merging, marks, order, completions, and no gap inside a segment."""
    blocks.run("egress", sim, width)


class _Egress:
    """The stage between committed segments and both outputs, with slots and buffer as lists.

    Where payload is stored first it is a stream; `late` is how often a segment's first beat of it
    is not there yet. Its others follow at once, as the store reads them.
    """

    def __init__(self, dut, test: str, idle="none", stall="none", completion="none", late=0.0):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.segment = bench.source("segment", idle)
        self.beat = bench.sink("beat", stall)
        self.completion = bench.sink("completion", completion)
        self.stores_first = bench.config.stores_first
        outputs = ["enable", "enable_last", "slot_read", "slot_address", "sent", "oldest"]
        outputs += ["slot_clear"] * bench.config.copies_at_once
        data = ["slot_data"]
        if self.stores_first:
            self.payload, self.starts, self.late = bench.source("payload"), {0}, late
            self.payload.pauses = self._arrivals()
        else:
            outputs += ["payload_read", "payload_drop", "payload_skip"]
            data.append("payload_data")
        self._read = {name: bench.read(name) for name in outputs}
        self._data = {name: bench.write(name) for name in data}
        self._side = ReadSide(bench.config, dict.fromkeys(data, 0))
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

    def _arrivals(self) -> Iterator[bool]:
        """Whether the next beat of payload is late."""
        while True:
            yield self.payload.taken in self.starts and self.rng.random() < self.late

    def _step(self, cycle: int) -> None:
        """The memories: enabled cycles to read, 0 where nothing was asked (Slots, Buffer)."""
        read = {name: int(get(), 2) for name, get in self._read.items()}
        assert read["oldest"] == self.oldest, f"oldest is {read['oldest']}, not {self.oldest}"
        self.oldest = self.freed
        if read["sent"]:
            slot, first = self.slot_of[self.sent]
            self.freed = slot if first else self.freed
            self.sent += 1
        fetched = dict.fromkeys(self._data, 0)
        if read["enable"] and read["slot_read"]:
            # One bit a copy, and never two.
            copy = {1: 0, 2: 1}[read["slot_read"]]
            row = self.slots[copy, read["slot_address"]]
            fetched["slot_data"] = int.from_bytes(bytes(copy * len(row)) + row, "little")
        if not self.stores_first:
            self._step_buffer(read, fetched)
        before = self._side.shown
        self._side.step(fetched, read["enable"], read["enable_last"])
        if read["enable_last"] and read.get("slot_clear"):
            self._side.change(lambda shown: self._cleared(shown, read["slot_clear"]))
        for name, value in self._side.shown.items():
            if value != before[name]:
                self._data[name](value)

    def _step_buffer(self, read: dict[str, int], fetched: dict[str, int]) -> None:
        """Beats that are dropped, and one that is read."""
        assert read["payload_drop"] or not read["payload_skip"], "a skip without drop"
        for _ in range(read["payload_drop"] + read["payload_skip"]):
            self.buffer.popleft()
        if read["enable"] and read["payload_read"]:
            assert not read["payload_drop"], "a beat is read while others are dropped"
            assert self.buffer, "a beat is read that was not committed"
            fetched["payload_data"] = int.from_bytes(self.buffer.popleft(), "little")

    def _cleared(self, shown: dict[str, int], columns: int) -> dict[str, int]:
        """The slots' rows with 0 in some columns."""
        lanes = self.bench.lanes
        rows = cleared(shown["slot_data"].to_bytes(2 * lanes, "little"), columns, lanes)
        return {**shown, "slot_data": int.from_bytes(rows, "little")}

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
        if segment.buffered and self.stores_first:
            self._send(beats, head % lanes, (head + size) % lanes)
        elif segment.buffered:
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
        if segment.buffered and not (segment.send or self.stores_first) and size:
            fields["skip"] = len(beats) - 1
        for name in SAME:
            fields[name] = int(getattr(segment, name))
        self.segment.record.check({*fields, *(() if self.stores_first else ("skip",))})
        self.segment.send(filled(self.segment.record, fields, self.rng))
        self.slot_of.append((slot, segment.first))
        self.segments.append(segment)
        if segment.last:
            self.due.append(sum(s.send for s in self.segments))

    def _send(self, beats: list[bytes], start: int, over: int) -> None:
        """Payload from the store: in the lanes below the first, `start`, and behind the last,
        `over`, stands what else was in its rows. Those below are marked, `keep` ends the others.
        """
        sent, rng, lanes = self.payload.taken + self.payload.pending, self.rng, self.bench.lanes
        self.starts.add(sent)
        for index, beat in enumerate(beats):
            below = start if index == 0 else 0
            end = over if over and index == len(beats) - 1 else lanes
            beat = rng.randbytes(below) + beat[below:end] + rng.randbytes(lanes - end)
            data = int.from_bytes(beat, "little")
            self.payload.send({"data": data, "below": (1 << below) - 1})

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
        compare(self.segments, self.beat.got, self.completion.got, self.bench.lanes)
        if self.stores_first:
            assert not self.payload.pending, "payload that nobody took"


@cocotb.test
async def lengths(dut):
    """Every even header length with payloads of every length up to a beat and a bit: nothing that
    payload has in the header's lanes leaves (D10)."""
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
    egress = _Egress(dut, "mixed", **patterns, late=0.5)
    rng, lanes = egress.rng, egress.bench.lanes
    count = egress.bench.count(400)
    await egress.run([s for n in range(count) for s in random_frame(rng, lanes, n)])


@cocotb.test
async def fast(dut):
    """The same without pauses."""
    egress = _Egress(dut, "fast")
    rng, lanes = egress.rng, egress.bench.lanes
    count = egress.bench.count(400)
    await egress.run([s for n in range(count) for s in random_frame(rng, lanes, n, 0.4)])


@cocotb.test
async def late_payload(dut):
    """Where payload is stored first, a segment waits in front of its first beat and never behind
    it; what the store has of a dropped one is taken, and no beat of it leaves (D13).
    """
    egress = _Egress(dut, "late_payload", stall="random:0.2", late=0.9)
    rng, lanes = egress.rng, egress.bench.lanes
    count = egress.bench.count(200)
    await egress.run([s for n in range(count) for s in random_frame(rng, lanes, n, 0.4)])


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
