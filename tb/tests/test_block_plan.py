# SPDX-License-Identifier: Apache-2.0
"""The stage `plan` against cuts worked out from where every byte lies (D7, D8)."""

import random
from itertools import pairwise

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.reference import filled, segment_lengths
from gso_tb.reference_payload import cuts, fetches, raw_cuts
from gso_tb.stage import Stage, same


@pytest.mark.verilator_only
def test_block_plan(sim: str, width: int) -> None:
    """Lengths and cuts, the limit under way, flushed frames."""
    blocks.run("plan", sim, width)


@pytest.mark.verilator_only
def test_block_plan_tags(sim: str, width: int) -> None:
    """The same where payload leaves in another lane than it came in (D18)."""
    blocks.run("plan", sim, width, changes={"features": ["tags"]})


class _Plan:
    """The stage between a source of frames and a stand-in for align, which takes cuts in order.

    Frames are (bytes before the payload, payload bytes, MSS). `flush_at` says at which cut of a
    frame the stand-in finds the frame's end and raises `flush`, as align does.
    """

    def __init__(self, dut, test: str, idle: str = "none", pace: float = 0.6):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.context = bench.source("context", idle)
        self.cut, self.segment = bench.sink("cut"), bench.sink("segment")
        self.fetch = bench.sink("fetch") if bench.config.stores_first else None
        self.flush, self.last_taken, self.retire = (
            bench.write(name) for name in ("flush", "last_taken", "retire")
        )
        self.pace, self.flush_at = pace, {}
        self.next, self.frame, self.in_frame, self.retired = 0, 0, 0, 0
        self._now = {"flush": 0, "last_taken": 0, "retire": 0}
        bench.steps.append(self._step)

    def _step(self, cycle: int) -> None:
        rng = self.rng
        # One cycle later than the sink, so that no cut is taken before it is there.
        under_way = self.cut.taken - self.retired
        assert under_way <= self.bench.config.segments_under_way, "too many segments under way"
        wanted = {"flush": self._now["flush"], "last_taken": 0, "retire": 0}
        if self.next < self.cut.taken and rng.random() < self.pace:
            last = self.cut.got[self.next]["last"]
            self.next += 1
            self.in_frame += 1
            if (found := self.flush_at.get(self.frame)) is not None:
                most = found + self.bench.config.segments_under_way + 8
                assert self.in_frame <= most, f"frame {self.frame} goes on behind its end"
            if last:
                wanted |= {"flush": 0, "last_taken": 1}
                self.frame, self.in_frame = self.frame + 1, 0
            elif self.in_frame - 1 == found:
                wanted["flush"] = 1
        if self.retired < self.next and rng.random() < self.pace:
            self.retired += 1
            wanted["retire"] = 1
        for name, value in wanted.items():
            if value != self._now[name]:
                getattr(self, name)(value)
        self._now = wanted

    async def run(self, frames: list[tuple[int, int, int]]) -> None:
        """Sends the frames and compares every cut and segment, and how its payload is fetched."""
        lanes, fetch = self.bench.lanes, self.fetch
        wanted_cuts = raw_cuts if fetch else cuts
        await self.bench.start()
        tags = self.bench.config.tags
        inserted = [self.rng.randrange(lanes) if tags else 0 for _ in frames]
        for (head, payload, mss), more in zip(frames, inserted, strict=True):
            fields = {"empty": 1}
            if payload:
                mss_less_1 = (mss or 65536) - 1
                fields = {"empty": 0, "payload_less_1": payload - 1, "mss_less_1": mss_less_1}
                fields["lane"] = (head + more) % lanes
                if tags:
                    fields["raw_lane"] = head % lanes
            self.context.send(filled(self.context.record, fields, self.rng))
        await self.bench.until(lambda: self.frame == len(frames))
        for other in filter(None, (self.segment, fetch)):
            assert self.cut.cycles == other.cycles, f"cut and {other.name} pulse together"
        at = 0
        for number, (head, payload, mss) in enumerate(frames):
            what = f"frame {number} (head {head}, payload {payload}, MSS {mss}"
            what += f", {inserted[number]} inserted)"
            end = at
            while not self.cut.got[end]["last"]:
                end += 1
            got = self.cut.got[at : end + 1]
            lengths = [segment["length"] for segment in self.segment.got[at : end + 1]]
            lasts = [segment["last"] for segment in self.segment.got[at : end + 1]]
            assert lasts == [0] * (len(got) - 1) + [1], f"{what}: last of its segments"
            exact = None  # a flushed frame may end early, what comes before the flush is right
            if number in self.flush_at:
                exact = self.flush_at[number] + 1
            most = payload if exact is None else min(payload, (exact + 200) * (mss or payload))
            wanted_lengths = segment_lengths(most, mss)
            wanted = wanted_cuts(head, most, mss, lanes, inserted[number])
            if exact is None:
                assert lengths == wanted_lengths, f"{what}: lengths {lengths}"
            else:
                assert lengths[:exact] == wanted_lengths[:exact], f"{what}: lengths {lengths}"
            for index, cut in enumerate(wanted[: exact or None]):
                same(got[index], cut, f"{what}: cut {index}")
            if fetch:
                fetched = fetches(head, most, mss, lanes, inserted[number])
                for index, row in enumerate([*fetched][: exact or None]):
                    same(fetch.got[at + index], row, f"{what}: fetch {index}")
            at = end + 1
        assert at == self.cut.taken, "cuts after the last frame"


@cocotb.test
async def lanes_and_sizes(dut):
    """Every start lane, MSS from 1 byte to two beats and one: segments in every raw lane (D7)."""
    plan = _Plan(dut, "lanes_and_sizes", pace=0.95)
    lanes, rng = plan.bench.lanes, plan.rng
    frames = []
    for head in range(0, lanes, 1 if lanes < 64 else 2):
        picked = range(1, 2 * lanes + 2)
        if lanes > 8:
            picked = [*rng.sample(picked, 10), lanes, lanes - head or 1]
        for mss in picked:
            count = rng.randint(1, min(7, 2 * lanes))
            frames.append((head + lanes * rng.randint(0, 2), max(1, count * mss - mss // 2), mss))
    await plan.run(frames)


@cocotb.test
async def edges(dut):
    """No payload, one byte, multiples of the MSS and one more or less, MSS 0 and the largest."""
    plan = _Plan(dut, "edges", idle="random:0.3")
    frames = [(54, 0, 100), (54, 1, 100), (54, 0, 0), (0, 1, 0), (54, 9674, 0), (54, 65535, 65535)]
    for mss in (1, 2, 3, plan.bench.lanes, 536, 1448):
        for count in (1, 2, 5):
            for more in (-1, 0, 1):
                frames.append((plan.rng.randrange(28, 160), max(0, mss * count + more), mss))
    frames += [(54, 70000, 9674), (42, 65536, 65535), (66, 100000, 8948)]
    plan.rng.shuffle(frames)
    await plan.run(frames)


@cocotb.test
async def slow_receiver(dut):
    """No more than `segments_under_way` while the receiver takes one now and then."""
    plan = _Plan(dut, "slow_receiver", pace=0.05)
    await plan.run([(54, 30 * 7, 7), (42, 0, 9), (60, 5, 1), (60, 40, 2)])


@cocotb.test
async def nothing_retired(dut):
    """Stops at exactly `segments_under_way`, goes on when segments are retired."""
    plan = _Plan(dut, "nothing_retired", pace=0)
    task = cocotb.start_soon(plan.run([(54, 3000, 10)]))
    while plan.bench.cycle < 300:
        await plan.bench._edge
    assert plan.cut.taken == plan.bench.config.segments_under_way
    plan.pace = 0.8
    await task


@cocotb.test
async def flushed(dut):
    """Of a frame that ended early planning ends soon, be 16 million segments left (D13)."""
    plan = _Plan(dut, "flushed")
    frames = []
    for number in range(plan.bench.count(40)):
        if number % 3:
            frames.append((plan.rng.randrange(28, 90), plan.rng.randint(1, 60), 7))
        else:
            plan.flush_at[number] = plan.rng.randint(0, 30)
            frames.append((54, 0xFFFFFF - 54, plan.rng.choice((1, 2, 9))))
    await plan.run(frames)


@cocotb.test
async def throughput(dut):
    """One segment every two cycles."""
    plan = _Plan(dut, "throughput", pace=1)
    await plan.run([(54, 400, 10)])
    cycles = plan.cut.cycles
    assert {later - cycle for cycle, later in pairwise(cycles)} == {2}
