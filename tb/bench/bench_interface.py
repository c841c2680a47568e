# SPDX-License-Identifier: Apache-2.0
"""In the simulator: reset, completions not taken, descriptors early and late.

Parameters: `seed`, `thin`.
"""

import random
import warnings

import cocotb
from cocotb.handle import HierarchyObject
from cocotb.triggers import Timer
from cocotbext.axi import AxiStreamBus, AxiStreamFrame, AxiStreamSource

from gso_tb.core import CoreBench
from gso_tb.frames import Shape, build
from gso_tb.grid import boundary_jobs
from gso_tb.jobs import Job, expected, renumber
from gso_tb.parameters import parameters
from gso_tb.signals import ProtocolError

# How many descriptors may run ahead of their frames, and how many completions wait.
HELD = 4
# Long enough that whatever is going to move has moved.
SETTLE = 400


def _jobs(count: int, mss: int = 90, size: int = 200) -> list[Job]:
    rng = random.Random(f"interface {parameters()['seed']}")
    shapes = (Shape(4, "tcp"), Shape(6, "udp", 18), Shape(4, "udp"), Shape(6, "tcp", 14, 0, 12))
    return list(
        renumber(
            build(shapes[number % 4], rng.randbytes(size), mss, rng=rng) for number in range(count)
        )
    )


async def _started(dut: HierarchyObject) -> CoreBench:
    bench = CoreBench(dut)
    await bench.start()
    return bench


@cocotb.test
async def reset_anywhere(dut: HierarchyObject) -> None:
    """Reset after every number of cycles of a frame's life: nothing of it comes afterwards."""
    bench = await _started(dut)
    jobs = boundary_jobs(bench.frames.lanes, int(parameters()["seed"]))
    for after in range(0, 60, int(parameters()["thin"])):
        broken, good = jobs[after % len(jobs)], jobs[(after + 1) % len(jobs)]
        bench.pattern(stall="random:0.3" if after % 2 else "none", seed=after)
        bench.send(broken.changed(request_id=1), broken.changed(request_id=2))
        await bench.cycles(after)
        await bench.reset(cycles=2 + after % 3)
        await bench.run_jobs([good.changed(request_id=3)])


@cocotb.test
async def low_in_reset(dut: HierarchyObject) -> None:
    """`tvalid` and `tready` are low in reset whatever the other sides do."""
    bench = await _started(dut)
    for name in ("s_axis_tvalid", "s_axis_desc_tvalid", "m_axis_tready", "m_axis_cpl_tready"):
        getattr(dut, name).value = 1
    dut.rst.value = 1
    bench.segments.blocked = bench.completions.blocked = True
    for _ in range(30):
        await bench.reset_cycle()
    bench.segments.blocked = bench.completions.blocked = False
    await bench.reset()
    await bench.run_jobs(_jobs(3))


@cocotb.test
async def completions_not_taken(dut: HierarchyObject) -> None:
    """Four are held; then the next frame's first segment waits, and nothing is lost (D15)."""
    bench = await _started(dut)
    jobs = _jobs(10)
    # A refused frame's completion is held like any other.
    jobs[2] = jobs[2].changed(ip_id=3)
    bench.pattern()
    bench.completions.blocked = True
    bench.send(*jobs)
    await bench.cycles(SETTLE)
    held = sum(len(expected(job).segments) for job in jobs[:HELD])
    assert bench.scoreboard.segments_received == held, (
        f"{bench.scoreboard.segments_received} segments left while no completion was taken, "
        f"{HELD} frames have {held}"
    )
    assert bench.scoreboard.jobs_done == 0
    # One completion taken lets exactly one more frame out.
    bench.completions.blocked = False
    await bench.until(lambda: bench.scoreboard.jobs_done == 1, "one completion")
    bench.completions.blocked = True
    await bench.cycles(SETTLE)
    # The sink may take a second one before its tready is seen low.
    done = bench.scoreboard.jobs_done
    assert done in (1, 2)
    out = sum(len(expected(job).segments) for job in jobs[: HELD + done])
    assert bench.scoreboard.segments_received == out
    bench.completions.blocked = False
    await bench.finish()


@cocotb.test
async def nothing_taken_anywhere(dut: HierarchyObject) -> None:
    """Segments and completions both blocked for long, then opened one after the other."""
    bench = await _started(dut)
    for first, second in (("segments", "completions"), ("completions", "segments")):
        bench.pattern()
        before = bench.segments.taken
        bench.segments.blocked = bench.completions.blocked = True
        bench.send(*_jobs(12))
        await bench.cycles(SETTLE)
        assert bench.segments.taken == before
        getattr(bench, first).blocked = False
        await bench.cycles(SETTLE)
        getattr(bench, second).blocked = False
        await bench.finish()


@cocotb.test
async def descriptors_early(dut: HierarchyObject) -> None:
    """Four descriptors and more run ahead of their frames; the others wait, and none is lost."""
    bench = await _started(dut)
    jobs = _jobs(40)
    bench.pattern()
    for job in jobs:
        bench.expect(job)
        bench.descriptors.send(job.descriptor.pack())
    await bench.cycles(SETTLE)
    assert HELD <= bench.descriptors.taken < len(jobs), f"{bench.descriptors.taken} taken"
    for job in jobs:
        bench.frames.send(job.data)
        await bench.cycles(50)
    await bench.finish()


@cocotb.test
async def descriptors_late(dut: HierarchyObject) -> None:
    """A frame without a descriptor waits, for any time; then it goes as always."""
    bench = await _started(dut)
    lateness = (0, 1, 2, 3, 4, 5, 8, 13, SETTLE)
    for job, late in zip(_jobs(len(lateness)), lateness, strict=True):
        bench.pattern()
        bench.expect(job)
        taken = bench.frames.taken
        bench.frames.send(job.data)
        await bench.cycles(late)
        # A register at the input may take a beat or two, no more.
        assert bench.frames.taken <= taken + 2, "a frame was taken before its descriptor came"
        bench.descriptors.send(job.descriptor.pack())
        await bench.finish()


@cocotb.test
async def descriptor_timing(dut: HierarchyObject) -> None:
    """A descriptor some cycles before or after its frame, all frames in one stream."""
    bench = await _started(dut)
    for period in ("cycle:0", "cycle:01", "cycle:0111", "cycle:0" + 30 * "1", "cycle:0" + 97 * "1"):
        await bench.run_jobs(_jobs(12), descriptor_idle=period)
        await bench.run_jobs(_jobs(12), descriptor_idle=period, idle=period)


@cocotb.test
async def stock_source(dut: HierarchyObject) -> None:
    """Driven by cocotbext-axi's source: another hand than ours made these waveforms."""
    warnings.simplefilter("ignore")
    # The stock source reads both from its first moment on.
    dut.rst.value = 1
    dut.s_axis_tvalid.value = 0
    await Timer(1, "ns")
    bus = AxiStreamBus.from_prefix(dut, "s_axis")
    bench = CoreBench(dut, frame_source=_Stock(bus, dut))
    await bench.start()
    rng = random.Random(1)
    bench.frames.stock.set_pause_generator(iter(lambda: rng.random() < 0.3, None))
    jobs = _jobs(8)
    jobs[3] = jobs[3].arriving(jobs[3].data, aborted=True)
    bench.pattern(stall="random:0.3")
    bench.send(*jobs)
    await bench.finish()


class _Stock:
    """cocotbext-axi's source behind the face of ours."""

    def __init__(self, bus: AxiStreamBus, dut: HierarchyObject) -> None:
        self.stock = AxiStreamSource(bus, dut.clk, dut.rst)
        self.stock.log.setLevel("WARNING")
        self._ready = dut.s_axis_tready
        self.taken = 0

    def send(self, frame: bytes, aborted: bool = False) -> None:
        """It sets `tuser` on every beat; only the last one's counts."""
        self.stock.send_nowait(AxiStreamFrame(frame, tuser=int(aborted)))

    @property
    def pending(self) -> int:
        return self.stock.count() + (not self.stock.idle())

    def ready_in_reset(self) -> bool:
        return str(self._ready.value) != "0"

    def clear(self) -> None:
        self.stock.clear()

    def step(self) -> None:
        """It has a process of its own."""


@cocotb.test
async def hang_is_seen(dut: HierarchyObject) -> None:
    """The bench's own alarm: a frame whose descriptor never comes is reported as a hang."""
    bench = await _started(dut)
    job = _jobs(1)[0]
    bench.expect(job)
    bench.frames.send(job.data)
    try:
        await bench.finish()
    except ProtocolError as error:
        assert "hung" in str(error)
    else:
        raise AssertionError("a core that waits for ever was not reported")
