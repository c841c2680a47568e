# SPDX-License-Identifier: Apache-2.0
"""The stage `admit`, with the payload queue, against the frame's bytes: rows, payload beats, marks
(D13, AXI-Stream).
"""

import random
from typing import NamedTuple

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.reference import filled
from gso_tb.reference_payload import payload_beats, rows
from gso_tb.stage import Stage, same


@pytest.mark.verilator_only
def test_block_admit(sim: str, width: int) -> None:
    """Every length around beats, wrong ends, refused frames, stalls."""
    blocks.run("admit", sim, width)


class Frame(NamedTuple):
    """A frame as its descriptor says it (`head`, `length`) and as it comes."""

    head: int
    length: int
    arrived: bytes
    aborted: int = 0
    refused: int = 0


class _Admit:
    """The stage with sources and sinks; `room` says whether rows are taken, as a pattern."""

    def __init__(self, dut, test: str, context="none", idle="none", stall="none", room="none"):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.context, self.beat = bench.source("context", context), bench.source("beat", idle)
        self.row, self.payload = bench.sink("row"), bench.sink("payload", stall)
        self._write_room = bench.write("row_room", 1)
        self._room, self._after = True, 0
        self._rooms = bench.pauses(room)
        bench.steps.append(self._step)
        self.row.on_record = self._on_row
        self._ends = 0
        self.payload.on_record = self._on_payload

    def _step(self, cycle: int) -> None:
        room = not next(self._rooms)
        if room != self._room:
            self._room, self._after = room, 0
            self._write_room(room)

    def _on_row(self, got) -> None:
        if not self._room:
            self._after += 1
            assert self._after <= 4, "at most four rows come after the room is gone"

    def _on_payload(self, got) -> None:
        self._ends += got["end"]

    async def run(self, frames: list[Frame]) -> None:
        """Sends frames with their contexts and compares what comes."""
        lanes, rng = self.bench.lanes, self.rng
        await self.bench.start()
        for frame in frames:
            fields = {"refused": frame.refused}
            if not frame.refused:
                fields |= {
                    "beats": frame.length // lanes,
                    "end_lane": frame.length % lanes,
                    "single": int(frame.length <= lanes),
                    "double": int(lanes < frame.length <= 2 * lanes),
                    "payload_row": frame.head // lanes,
                    "payload_lane": frame.head % lanes,
                }
            self.context.send(filled(self.context.record, fields, rng))
            for at in range(0, len(frame.arrived), lanes):
                part = frame.arrived[at : at + lanes]
                last = at + lanes >= len(frame.arrived)
                # Lanes without tkeep hold noise, and so does tuser before tlast (D13).
                noise = rng.randbytes(lanes - len(part))
                self.beat.send(
                    {
                        "data": int.from_bytes(part + noise, "little"),
                        "keep": (1 << len(part)) - 1,
                        "last": last,
                        "abort": frame.aborted if last else rng.getrandbits(1),
                    }
                )
        await self.bench.until(lambda: not self.beat.pending and self._ends == len(frames))
        self.compare(frames)

    def compare(self, frames: list[Frame]) -> None:
        """Rows and payload beats of every frame, in order, and nothing else."""
        lanes = self.bench.lanes
        got_rows, got_beats = iter(self.row.got), iter(self.payload.got)
        for number, frame in enumerate(frames):
            what = f"frame {number}: {frame._replace(arrived=b'')}, {len(frame.arrived)} bytes came"
            if frame.refused:
                got = next(got_beats, None)
                assert got and got["end"], f"{what}: only its end"
                continue
            for at, (data, short) in enumerate(rows(frame.arrived, frame.head, lanes)):
                got = next(got_rows, None)
                assert got is not None, f"{what}: row {at} is missing"
                assert _bytes(got["data"], lanes).startswith(data), f"{what}: row {at}"
                assert got["short"] == short, f"{what}: short of row {at} is {got['short']}"
            wanted = payload_beats(*_arrival(frame), lanes)
            for at, beat in enumerate(wanted):
                got = next(got_beats, None)
                assert got is not None, f"{what}: beat {at} is missing"
                place = f"{what}: beat {at} of {len(wanted)}"
                self.payload.record.check(beat)
                assert _bytes(got["data"], lanes).startswith(beat["data"]), place
                marks = ["end", "under", "over"] + ["abort"] * (beat["end"] and not beat["over"])
                marks = marks if beat["end"] else ["end"]
                same(got, {name: beat[name] for name in marks}, place)
                if beat["valid"]:
                    same(got, {"valid": beat["valid"]}, place)
                elif got["valid"]:
                    # Lanes of a last row that holds no payload yet: none above the header's end.
                    assert got["valid"] <= frame.head % lanes, f"{place}: valid {got['valid']}"
        assert next(got_rows, None) is None, "a row too many"
        assert next(got_beats, None) is None, "a beat too many"


def _arrival(frame: Frame) -> tuple:
    return frame.arrived, bool(frame.aborted), frame.head, frame.length


def _bytes(data: int, lanes: int) -> bytes:
    return data.to_bytes(lanes, "little")


def _frames(rng: random.Random, lanes: int, count: int) -> list[Frame]:
    """Random frames near the edges of beats, a third of them with a wrong end."""
    made = []
    for _ in range(count):
        head = rng.choice((0, rng.randint(1, 128), 2 * lanes, lanes, lanes - 2, lanes + 2))
        length = max(1, head + rng.choice((0, 1, 2, rng.randint(0, 4 * lanes))))
        came = length
        if rng.random() < 0.35:
            step = rng.choice((1, 2, lanes - 1, lanes, lanes + 1, rng.randint(1, length + lanes)))
            came = max(1, length + rng.choice((-1, 1)) * step)
        aborted, refused = int(rng.random() < 0.1), int(rng.random() < 0.1)
        made.append(Frame(head, length, rng.randbytes(came), aborted, refused))
    return made


@cocotb.test
async def lengths(dut):
    """Whole frames of every length up to three beats and a bit, with every header around beats."""
    admit = _Admit(dut, "lengths")
    lanes, rng = admit.bench.lanes, admit.rng
    heads = sorted({0, 2, lanes - 2, lanes, lanes + 2, 2 * lanes - 2, 2 * lanes, 14, 54, 55})
    longest = 3 * lanes + 2
    frames = [
        Frame(head, length, rng.randbytes(length))
        for head in heads
        for length in range(max(1, head), max(longest, head + 2 * lanes), 1 if lanes < 64 else 3)
    ]
    await admit.run(frames)


@cocotb.test
async def wrong_ends(dut):
    """Frames that end a byte to several beats early or late, inside the header too (D13)."""
    admit = _Admit(dut, "wrong_ends", idle="random:0.1")
    lanes, rng = admit.bench.lanes, admit.rng
    frames = []
    for head, size in ((54, 2 * lanes), (lanes, lanes), (2 * lanes - 2, 3), (0, 5), (42, 0)):
        length = head + size
        steps = {1, 2, lanes - 1, lanes, lanes + 1, 2 * lanes, size, head, length - 1}
        steps |= {length % lanes, -length % lanes, -length % lanes + 1, -length % lanes + lanes}
        for came in sorted({length + step for step in steps} | {length - step for step in steps}):
            if came > 0:
                for aborted in (0, 1):
                    frames.append(Frame(head, length, rng.randbytes(came), aborted))
    await admit.run(frames)


@cocotb.test
async def stalls(dut):
    """Random frames under gaps, stalls and a row queue that is full now and then."""
    patterns = {"context": "random:0.3", "idle": "random:0.2", "stall": "random:0.3"}
    admit = _Admit(dut, "stalls", **patterns, room="random:0.3")
    await admit.run(_frames(admit.rng, admit.bench.lanes, admit.bench.count(700)))


@cocotb.test
async def blocked_rows(dut):
    """While there is no room for rows at all, no header passes; payload of others is not lost."""
    admit = _Admit(dut, "blocked_rows", room="cycle:" + "1" * 40 + "0" * 3)
    await admit.run(_frames(admit.rng, admit.bench.lanes, admit.bench.count(80)))


@cocotb.test
async def refused(dut):
    """Nothing of a refused frame but its end, whatever its length is said to be (D13)."""
    admit = _Admit(dut, "refused")
    lanes, rng = admit.bench.lanes, admit.rng
    frames = []
    for size in (1, lanes - 1, lanes, lanes + 1, 2 * lanes, 5 * lanes + 3):
        frames.append(Frame(0, 0, rng.randbytes(size), refused=1))
        frames.append(Frame(54, 54 + lanes, rng.randbytes(54 + lanes)))
    await admit.run(frames)
    assert len(admit.row.got) == 6 * -(-54 // lanes)


@cocotb.test
async def without_context(dut):
    """A frame without a descriptor waits, then passes whole."""
    admit = _Admit(dut, "without_context")
    admit.context.blocked = True
    frame = Frame(54, 300, admit.rng.randbytes(300))
    task = cocotb.start_soon(admit.run([frame]))
    while admit.bench.cycle < 200:
        await admit.bench._edge
    assert not admit.row.got and not admit.payload.got and admit.beat.taken <= 2
    admit.context.blocked = False
    await task


@cocotb.test
async def throughput(dut):
    """One beat a cycle, none lost between frames, be they of one beat."""
    admit = _Admit(dut, "throughput")
    lanes, rng = admit.bench.lanes, admit.rng
    sizes = [rng.choice((1, lanes, lanes + 1, 3 * lanes)) for _ in range(100)]
    await admit.run([Frame(0, size, rng.randbytes(size)) for size in sizes])
    cycles = admit.beat.cycles
    assert cycles[-1] - cycles[0] == len(cycles) - 1
