# SPDX-License-Identifier: Apache-2.0
"""Bus use and latency of one stream of jobs in the compiled core, its output compared with the
golden model's at the same time."""

from dataclasses import asdict, dataclass

from bench.shapes import Stream
from gso_hdl.configuration import Configuration
from gso_sim import Core
from gso_tb import floor
from gso_tb.capabilities import capabilities
from gso_tb.jobs import expected
from gso_tb.targets import LATENCY_LONG, LATENCY_SHORT, LONG_SEGMENT

# Descriptors are there this many cycles before the first frame: latency is then the frame's own.
LEAD = 64


class Mismatch(AssertionError):
    """The core's output is not the model's: no figure of it means anything."""


@dataclass(frozen=True)
class Row:
    """What one stream gave at one width.

    `cycles` run from the first output beat to the last; `floor` is how many it takes at least.
    `latency` is from the first input beat to the first output beat, `latency_input` the input
    beats up to the first segment's last byte; both 0 for a mix.
    """

    width: int
    preset: str
    stream: str
    kind: str
    shape: str
    mss: str
    segment_bytes: int
    frames: int
    segments: int
    beats: int
    cycles: int
    floor: int
    latency: int
    latency_input: int

    @property
    def use(self) -> float:
        """Per cent of the floor; 100 is what cannot be bettered."""
        return 100 * self.floor / self.cycles

    @property
    def latency_over(self) -> int:
        """Cycles of latency beyond the input that had to come."""
        return self.latency - self.latency_input

    @property
    def latency_allowed(self) -> int | None:
        """The target for `latency_over`; none for a mix."""
        if not self.segment_bytes:
            return None
        return LATENCY_LONG if self.segment_bytes >= LONG_SEGMENT else LATENCY_SHORT

    @property
    def use_wanted(self) -> bool:
        """Whether the target of 100.0 % holds for this stream: long segments, and the mix."""
        return self.segment_bytes >= LONG_SEGMENT or self.kind == "mix"

    def record(self) -> dict[str, object]:
        """For the report: the fields and what follows from them."""
        derived = {
            "use_percent": round(self.use, 3),
            "raw_percent": round(100 * self.beats / self.cycles, 3),
            "latency_over": self.latency_over,
            "use_met": None if not self.use_wanted else round(self.use, 1) >= 100.0,
            "latency_met": None
            if self.latency_allowed is None
            else self.latency_over <= self.latency_allowed,
        }
        return {**asdict(self), **derived}


def measure(core: Core, stream: Stream) -> Row:
    """Runs `stream` through `core`, which is idle, without any pause."""
    core.reset()
    run = core.run([(job.data, job.descriptor, job.aborted) for job in stream.jobs], lead=LEAD)
    able = capabilities(Configuration.preset(stream.preset, data_width=core.width))
    wanted = [expected(job, able) for job in stream.jobs]
    if [s.data for s in run.segments] != [data for item in wanted for data in item.segments]:
        raise Mismatch(f"{core.width} bits, {stream.name}: segments are not the model's")
    if [s.user for s in run.segments] != [user for item in wanted for user in item.users]:
        raise Mismatch(f"{core.width} bits, {stream.name}: tuser is not the model's")
    if [c.completion for c in run.completions] != [item.completion for item in wanted]:
        raise Mismatch(f"{core.width} bits, {stream.name}: completions are not the model's")
    lanes = core.width // 8
    pairs = zip(stream.jobs, wanted, strict=True)
    frames = [floor.frame(job.descriptor, len(job.data), item.segments) for job, item in pairs]
    mixed = not stream.segment_bytes
    first = run.segments[0].first
    return Row(
        width=core.width,
        preset=stream.preset,
        stream=stream.name,
        kind=stream.kind,
        shape=stream.shape,
        mss=stream.mss,
        segment_bytes=stream.segment_bytes,
        frames=len(stream.jobs),
        segments=len(run.segments),
        beats=sum(floor.beats(len(segment.data), lanes) for segment in run.segments),
        cycles=run.segments[-1].last - first + 1,
        floor=floor.span(floor.schedule(frames, lanes)),
        latency=0 if mixed else first - run.frames[0][0],
        latency_input=0 if mixed else floor.beats(frames[0].segments[0][1], lanes),
    )
