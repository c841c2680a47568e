# SPDX-License-Identifier: Apache-2.0
"""The stage `buffer` against a list of beats (ARCHITECTURE: buffer; D13)."""

import random
from collections import deque

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.read_side import ReadSide
from gso_tb.stage import Stage

# Cycles from align's look at `room` to the beat: with the two that the buffer's count is late these
# are the nine beats that align is promised room for.
LOOKED = 6


@pytest.mark.verilator_only
@pytest.mark.stage("buffer")
def test_block_buffer(sim: str, width: int) -> None:
    """Void segments, skips, a full buffer, and the read side's cycles."""
    blocks.run("buffer", sim, width)


def test_block_buffer_small() -> None:
    """The smallest buffer, which is full more often (Configuration: buffer_bytes)."""
    changes = {"buffer_bytes": 4096, "max_segment": 2048}
    blocks.run("buffer", "verilator", blocks.widths("buffer")[-1], changes=changes)


class _Buffer:
    """The stage with a writer that uses all that `room` allows, and a model as a list.

    `read`, `enable` and `last` (`enable_last`) are the shares of cycles in which they are 1, `void`
    and `skip` those of segments that are void and of committed ones that are skipped.
    """

    def __init__(
        self, dut, test: str, *, write=0.9, read=0.8, enable=0.8, last=0.9, void=0.2, skip=0.15
    ):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.rates = {"write": write, "read": read, "enable": enable, "last": last}
        self.rates |= {"void": void, "skip": skip}
        self.record = bench.record("aligned")
        self._room, self._data = bench.read("room"), bench.read("data")
        names = (
            "aligned_payload",
            "aligned_valid",
            "enable",
            "enable_last",
            "read",
            "drop",
            "skip",
        )
        self._write = {name: bench.write(name) for name in names}
        self._now = dict.fromkeys(names, 0)
        self.looks = deque([False] * (LOOKED - 1))  # what room said, cycle by cycle
        self.most = 0  # the longest that the buffer was filled
        self.stored = 0
        self.open: list[int] = []  # beats of the segment that is being written
        self.left = 1  # beats that it still gets
        self.committed: deque[list[int]] = deque()  # whole segments
        self.reading: deque[int] = deque()  # beats of the segment that is being read
        self.side = ReadSide(bench.config)
        self.ready_to_read: deque[tuple[int, list[int]]] = deque()
        self.checked = self.skipped = self.voided = 0
        bench.steps.append(self._step)

    def _step(self, cycle: int) -> None:
        now, rng, rates = self._now, self.rng, self.rates
        expected = self.side.shown
        if expected is not None:
            got = int(self._data(), 2)
            assert got == expected, f"cycle {cycle}: data {got:#x}, expected {expected:#x}"
            self.checked += got != 0
        self.looks.append(self._room() == "1")
        read = now["enable"] and now["read"]
        self.side.step(self.reading.popleft() if read else 0, now["enable"], now["enable_last"])
        self.stored -= read
        following = {"enable": int(rng.random() < rates["enable"]), "read": 0, "drop": 0, "skip": 0}
        following["enable_last"] = int(rng.random() < rates["last"])
        if not self.reading and self.ready_to_read and self.ready_to_read[0][0] < cycle:
            _, segment = self.ready_to_read.popleft()
            if rng.random() < rates["skip"]:
                following |= {"drop": 1, "skip": len(segment) - 1}
                self.stored -= len(segment)
                self.skipped += 1
            else:
                self.reading.extend(segment)
        # With `enable` 0 nothing moves, whatever `read` says.
        if self.reading and rng.random() < rates["read"]:
            following["read"] = 1
        following |= self._writer(cycle, self.looks.popleft())
        for name, value in following.items():
            if value != now[name]:
                self._write[name](value)
        self._now = following

    def _writer(self, cycle: int, room: bool) -> dict[str, int]:
        """A beat for align's output, if there was room when align looked."""
        rng = self.rng
        if not room or rng.random() >= self.rates["write"]:
            return {"aligned_valid": 0, "aligned_payload": self._now["aligned_payload"]}
        bits = self.bench.config.data_width
        data = rng.getrandbits(bits)
        write = int(rng.random() < 0.95)
        self.left -= 1
        end = int(self.left <= 0)
        void = int(end and rng.random() < self.rates["void"])
        if write:
            self.open.append(data)
            self.stored += 1
            self.most = max(self.most, self.stored)
            assert self.stored < self.bench.config.buffer_rows, "the buffer overruns"
        if end:
            if void:
                self.stored -= len(self.open)
                self.voided += 1
            elif self.open:
                # Committed: readable when finish has its sum, some cycles later.
                self.ready_to_read.append((cycle + 4, self.open))
            self.open = []
            longest = min(self.bench.config.buffer_rows // 2, 40)
            self.left = rng.choice((1, 1, 2, rng.randint(1, longest)))
        beat = {"data": data, "write": write, "end": end, "void": void if end else 0, "bad": 0}
        return {"aligned_valid": 1, "aligned_payload": self.record.pack(beat)}

    async def run(self, cycles: int) -> None:
        """Runs from reset."""
        await self.bench.start()
        await self.bench.run(cycles)


@cocotb.test
async def mixed(dut):
    """Order and content under pauses on both sides, with void and skipped segments."""
    buffer = _Buffer(dut, "mixed")
    await buffer.run(buffer.bench.count(6000))
    assert min(buffer.checked, 20 * buffer.skipped, 20 * buffer.voided) > 1000 // buffer.bench.thin


@cocotb.test
async def full(dut):
    """A slow reader: the buffer is filled, nothing is overwritten, void segments give room back."""
    buffer = _Buffer(dut, "full", write=1, read=0.15, void=0.3, enable=0.9)
    rows = buffer.bench.config.buffer_rows
    await buffer.run(max(3 * rows, buffer.bench.count(8 * rows + 3000)))
    assert buffer.most > rows - 24, f"only {buffer.most} of {rows} rows were ever used"
    # The rest comes out whole.
    buffer.rates |= {"write": 0, "read": 1, "enable": 1}
    await buffer.bench.run(2 * rows)
    assert not buffer.reading and not buffer.ready_to_read and buffer.stored == len(buffer.open)


@cocotb.test
async def streaming(dut):
    """One beat a cycle in and out for long."""
    buffer = _Buffer(dut, "streaming", write=1, read=1, enable=1, last=1, void=0, skip=0)
    cycles = buffer.bench.count(3000, 1500)
    await buffer.run(cycles)
    assert buffer.checked > 0.9 * cycles


@cocotb.test
async def room_comes_and_goes(dut):
    """`room` is there in an empty buffer, goes when it fills, comes back when it is read."""
    buffer = _Buffer(dut, "room", write=1, read=0, void=0, skip=0, enable=1)
    rows = buffer.bench.config.buffer_rows
    await buffer.run(20)
    assert buffer._room() == "1"
    await buffer.bench.run(rows * 5 // 4 + 50)
    assert buffer._room() == "0" and buffer.stored > rows - 24
    buffer.rates |= {"write": 0, "read": 1}
    await buffer.bench.run(40)
    assert buffer._room() == "1"
