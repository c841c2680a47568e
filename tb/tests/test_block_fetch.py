# SPDX-License-Identifier: Apache-2.0
"""The stage `fetch` against a walk through each segment's rows (docs/theory.md; Fetch)."""

import random

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.reference import filled
from gso_tb.stage import Stage


@pytest.mark.verilator_only
@pytest.mark.stage("fetch")
def test_block_fetch(sim: str, width: int) -> None:
    """Rows, turns and first lanes of every beat, what is free, and a row in every cycle."""
    blocks.run("fetch", sim, width)


class _Fetch:
    """The stage with its two inputs, which come at times of their own.

    A segment is its first row and its beats, 0 where it has no payload that leaves.
    """

    def __init__(self, dut, test: str, plan="none", stored="none", row="none"):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.plan, self.stored = bench.source("plan", plan), bench.source("stored", stored)
        self.row, self._tail = bench.sink("row", row), bench.read("tail")
        self.row.on_record = self._on_row
        self.segments: list[tuple[int, int]] = []
        self.rows: list[dict[str, int]] = []  # that must leave
        self.path = [0]  # rows at which it will be, one after the other
        self._places: list[tuple[int, int]] = []  # of each row that leaves: segment, place on path
        self._firsts: list[int] = []  # of each segment: its first place on the path
        self._ends = [1] * 4  # how many of them it may have been at in the last cycles
        self._freed = 0  # where on the path `tail` is
        self._prompt = row == "none"
        bench.steps.append(self._step)

    def _step(self, cycle: int) -> None:
        assert self.plan.taken == self.stored.taken, "half of a segment was taken"
        # Behind what is offered, how far does not matter unless nothing stalls.
        tail, end = int(self._tail(), 2), self._ends.pop(0)
        least = end - 1 if self._prompt else self._freed
        assert tail in self.path[least : self._ends[-1]], f"cycle {cycle}: tail {tail}"
        self._freed = self.path.index(tail, least)
        self._ends.append(self._reached())

    def _reached(self) -> int:
        """How much of the path lies in front of the rows that are not offered yet."""
        segments = self.plan.taken
        if self.row.taken < len(self._places):
            segment, place = self._places[self.row.taken]
            if segment < segments:
                return place + 1
        return self._firsts[segments] if segments < len(self._firsts) else len(self.path)

    def _on_row(self, got) -> None:
        number = self.row.taken - 1
        assert number < len(self.rows), "a row too many"
        wanted = self.rows[number]
        assert got == wanted, f"row {number}: {got}, expected {wanted}"

    def queue(self, row: int, beats: int) -> None:
        """A segment before the stage, and what must become of it."""
        rng, total = self.rng, self.bench.config.buffer_rows
        start, shift = (rng.randrange(self.bench.lanes) for _ in range(2))
        self.segments.append((row % total, beats))
        plan = {"beats_less_1": beats - 1, "start": start, "shift": shift} if beats else {}
        self.plan.send(filled(self.plan.record, plan, rng))
        self.stored.send({"row": row % total, "none": int(not beats)})
        self._firsts.append(len(self.path))
        for i in range(beats):
            places = {"row": (row + i) % total, "next_row": (row + i + 1) % total}
            self.rows.append({**places, "shift": shift, "start": 0 if i else start})
            self._places.append((len(self.segments) - 1, len(self.path) + i))
        self.path += [(row + i) % total for i in range(beats or 1)]

    async def run(self, count: int, longest: int) -> None:
        """Sends segments that lie about one behind the other, some of them without payload."""
        rng, at = self.rng, 0
        await self.bench.start()
        for _ in range(count):
            beats = rng.choice((0, 1, 1, 2, 3, rng.randint(1, longest)))
            # A segment begins in the row of the last one's last beat or close to it.
            at += rng.choice((-1, 0, 0, 1, 2))
            self.queue(at, beats)
            at += max(0, beats - 1)
        done = len(self.segments)
        await self.bench.until(
            lambda: self.plan.taken == done and self.row.taken == len(self.rows), drain=10
        )
        assert self.row.taken == len(self.rows) and self.stored.taken == done
        assert int(self._tail(), 2) == self.path[-1], "not all that is behind was freed"


@cocotb.test
async def stalls(dut):
    """Plans and stored segments that wait for each other, and a reader that stalls."""
    fetch = _Fetch(dut, "stalls", "random:0.3", "random:0.5", "random:0.3")
    await fetch.run(fetch.bench.count(600), 40)


@cocotb.test
async def longest(dut):
    """Segments of as many rows as the store has and more, rows that wrap around."""
    fetch = _Fetch(dut, "longest", row="random:0.1")
    for beats in (fetch.bench.config.buffer_rows + 3, -(-65536 // fetch.bench.lanes) + 1):
        fetch.queue(fetch.rng.randrange(1000), beats)
    await fetch.run(fetch.bench.count(20), 200)


@cocotb.test
async def throughput(dut):
    """One row a cycle from the second cycle behind the plan on, and a segment every other one."""
    fetch = _Fetch(dut, "throughput")
    fetch.queue(7, 3)
    await fetch.run(fetch.bench.count(300), 9)
    wanted, cycle = [], fetch.plan.cycles[0] + 2
    for _, beats in fetch.segments:
        wanted += range(cycle, cycle + beats)
        cycle += max(beats, 2)
    assert fetch.row.cycles == wanted
