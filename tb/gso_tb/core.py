# SPDX-License-Identifier: Apache-2.0
"""The bench around the core: clock, reset, sources, checking sinks and the model's answers."""

from collections.abc import Callable, Iterable
from itertools import repeat

from cocotb.clock import Clock
from cocotb.handle import HierarchyObject
from cocotb.triggers import RisingEdge

from gso_model import Capabilities
from gso_sim.patterns import pauses
from gso_tb.capabilities import PRESET_CAPABILITIES
from gso_tb.jobs import Job, expected
from gso_tb.parameters import preset
from gso_tb.scoreboard import CoreScoreboard
from gso_tb.signals import ProtocolError
from gso_tb.sink import CompletionSink, SegmentSink
from gso_tb.source import DescriptorSource, FrameSource

CLOCK_NS = 4
# Cycles without a beat anywhere after which the core counts as hung. The longest silence of a
# healthy core is a few dozen cycles; patterns of this bench never pause this long.
PATIENCE = 3000
# Beats queued ahead at the source; jobs are asked for only when it holds fewer, so that an
# endless stream of jobs needs no memory.
AHEAD = 512


class CoreBench:
    """Runs jobs through `gso_tx` and compares all that leaves with the model, bit for bit.

    `collect=True` keeps differences in `scoreboard.differences` instead of raising at the first.
    A different frame source (`frame_source`) may replace the fast one. `capabilities` are those of
    the preset under test unless given.
    """

    def __init__(
        self,
        dut: HierarchyObject,
        *,
        capabilities: Capabilities | None = None,
        collect: bool = False,
        frame_source: FrameSource | None = None,
    ) -> None:
        self.dut = dut
        self.capabilities = capabilities or PRESET_CAPABILITIES[preset()]
        self.scoreboard = CoreScoreboard(dut, collect=collect)
        self.frames = frame_source or FrameSource(dut)
        self.descriptors = DescriptorSource(dut)
        self.segments = SegmentSink(dut, self.scoreboard.segment)
        self.completions = CompletionSink(
            dut, self.scoreboard.completion, self.scoreboard.completion_raised
        )
        self.cycle = 0
        self._edge = RisingEdge(dut.clk)
        self._clock: Clock | None = None
        # The completion sink comes first: at the edge that takes a frame's last beat its
        # completion may not stand on the bus yet.
        self._steps = (self.completions.step, self.segments.step)
        self._progress = (-1, 0)

    async def start(self) -> None:
        """Starts the clock and takes the core through reset."""
        if self._clock is None:
            self.dut.rst.value = 1
            # The simulator's own clock: no Python at the edges.
            self._clock = Clock(self.dut.clk, CLOCK_NS, "ns", impl="gpi")
            self._clock.start()
            # The clock's start is an edge that comes before the first write of `rst`.
            await self._edge
        await self.reset()

    def stop(self) -> None:
        """Stops the clock, so that another bench can start its own."""
        if self._clock is not None:
            self._clock.stop()
            self._clock = None

    async def reset(self, cycles: int = 4) -> None:
        """Holds reset for `cycles` edges; whatever was under way is forgotten.

        From the second edge on every `tvalid` and `tready` of the core must be low.
        """
        self.dut.rst.value = 1
        for part in (self.frames, self.descriptors, self.segments, self.completions):
            part.clear()
        self.scoreboard.forget()
        await self._edge
        self.cycle += 1
        for _ in range(cycles - 1):
            await self.reset_cycle()
        self.dut.rst.value = 0

    async def reset_cycle(self) -> None:
        """One more cycle of a reset that the core has already seen, with its check."""
        await self._edge
        self.cycle += 1
        high = [
            f"{prefix}_{name}"
            for prefix, name, bad in (
                ("s_axis", "tready", self.frames.ready_in_reset()),
                ("s_axis_desc", "tready", self.descriptors.ready_in_reset()),
                ("m_axis", "tvalid", self.segments.valid_in_reset()),
                ("m_axis_cpl", "tvalid", self.completions.valid_in_reset()),
            )
            if bad
        ]
        if high:
            raise ProtocolError(f"cycle {self.cycle}: not low in reset: {', '.join(high)}")

    def pattern(
        self,
        idle: str = "none",
        stall: str = "none",
        descriptor_idle: str = "none",
        completion_stall: str = "none",
        seed: int = 0,
    ) -> None:
        """Sets the pause patterns of both sources and both sinks, from their beginning."""
        self.frames.pauses = pauses(idle, seed)
        self.segments.pauses = pauses(stall, seed + 1)
        self.descriptors.pauses = pauses(descriptor_idle, seed + 2)
        self.completions.pauses = pauses(completion_stall, seed + 3)

    def expect(self, job: Job) -> None:
        """Adds what must leave for `job` to the scoreboard."""
        self.scoreboard.expect(job, expected(job, self.capabilities))

    def send(self, *jobs: Job) -> None:
        """Queues descriptors and frames of `jobs` and what must leave for them."""
        for job in jobs:
            self.expect(job)
            self.descriptors.send(job.descriptor.pack())
            self.frames.send(job.data, job.aborted)

    async def cycles(self, count: int) -> None:
        """Runs `count` clock cycles."""
        await self._run(repeat(None, count), lambda: False)

    async def until(self, done: Callable[[], bool], what: str) -> None:
        """Runs until `done()`; a core in which nothing moves for long meanwhile has hung."""
        while not done():
            await self._run(repeat(None, 256), done)
            self._check_progress(what)

    async def finish(self, drain: int = 64) -> None:
        """Runs until everything expected has come, then `drain` cycles in which nothing may."""
        await self.until(self.scoreboard.all_received, "what was expected")
        if not self.scoreboard.all_received():
            return
        await self.cycles(drain)
        left = self.frames.pending + self.descriptors.pending
        if left:
            raise ProtocolError(f"{left} input beats were not taken by the end")

    async def run_jobs(self, jobs: Iterable[Job], drain: int = 64, **patterns: object) -> None:
        """Sends `jobs` one behind the other under `patterns` and compares all that leaves."""
        self.pattern(**patterns)
        feed = iter(jobs)
        more = True
        while more:
            while self.frames.pending < AHEAD:
                job = next(feed, None)
                if job is None:
                    more = False
                    break
                self.send(job)
            if more:
                await self.until(lambda: self.frames.pending < AHEAD, "input")
        await self.finish(drain)

    async def _run(self, count: Iterable[None], done: Callable[[], bool]) -> None:
        edge = self._edge
        completion_step, segment_step = self._steps
        frame_step = self.frames.step
        descriptor_step = self.descriptors.step
        cycle = self.cycle
        try:
            for _ in count:
                await edge
                cycle += 1
                completion_step(cycle)
                segment_step(cycle)
                frame_step()
                descriptor_step()
                if done():
                    break
        finally:
            self.cycle = cycle

    def _check_progress(self, what: str) -> None:
        moved = sum(
            part.taken for part in (self.frames, self.descriptors, self.segments, self.completions)
        )
        if moved != self._progress[0]:
            self._progress = (moved, self.cycle)
        elif self.cycle - self._progress[1] > PATIENCE:
            raise ProtocolError(
                f"cycle {self.cycle}: hung: nothing moved for {self.cycle - self._progress[1]} "
                f"cycles while waiting for {what}; {self.scoreboard.waiting()}; beats queued: "
                f"{self.frames.pending} of frames, {self.descriptors.pending} of descriptors"
            )
