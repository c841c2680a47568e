# SPDX-License-Identifier: Apache-2.0
"""cocotb-bus's scoreboard, fed by the checking sinks and by the model's answers."""

from collections import deque
from logging import Logger

from cocotb.handle import HierarchyObject
from cocotb_bus.monitors import Monitor
from cocotb_bus.scoreboard import Scoreboard

from gso_model import Completion
from gso_model.layout import COMPLETION, SEGMENT_USER, Layout
from gso_tb.jobs import Expected, Job
from gso_tb.signals import ProtocolError
from gso_tb.sink import CompletionBeat, Segment


class _Feed(Monitor):
    """A monitor that a sink feeds; it has no process of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()

    async def _monitor_recv(self) -> None:
        return

    def put(self, transaction: object) -> None:
        """Passes one received transaction to the scoreboard."""
        self._recv(transaction)


class Difference(AssertionError):
    """Something left the core that is not what the model says."""


class CoreScoreboard(Scoreboard):
    """Compares segments and completions with what is expected, and holds D15's order.

    With `collect` differences are gathered in `differences`, else the first one raises.
    """

    def __init__(self, dut: HierarchyObject, collect: bool = False) -> None:
        super().__init__(dut)
        self._collect = collect
        self._segment_feed = _Feed("segments")
        self._completion_feed = _Feed("completions")
        self.segments_expected: list[tuple[str, Segment]] = []
        self.completions_expected: list[tuple[str, CompletionBeat]] = []
        self.add_interface(self._segment_feed, self.segments_expected)
        self.add_interface(self._completion_feed, self.completions_expected)
        self.differences: list[str] = []
        self.log_segments: list[Segment] | None = None
        self.forget()

    def forget(self) -> None:
        """Drops all that is still expected: for reset."""
        self.segments_expected.clear()
        self.completions_expected.clear()
        self.segments_received = 0
        self.jobs_done = 0
        self._promised = 0
        # Segments that must have left before each outstanding completion may be raised.
        self._due: deque[int] = deque()

    def expect(self, job: Job, answer: Expected) -> None:
        """Adds the model's `answer` to `job`."""
        total = len(answer.segments)
        for index, (data, user) in enumerate(zip(answer.segments, answer.users, strict=True)):
            label = f"{job.label or 'job'}: segment {index + 1} of {total}"
            self.segments_expected.append((label, Segment(data, user)))
        self._promised += total
        self._due.append(self._promised)
        label = f"{job.label or 'job'}: completion"
        self.completions_expected.append((label, CompletionBeat(answer.completion.pack())))

    def all_received(self) -> bool:
        """Whether nothing is expected any more."""
        return not self.completions_expected and not self.segments_expected

    def waiting(self) -> str:
        """What is still expected, for a message."""
        first = (self.segments_expected or self.completions_expected or [("nothing", None)])[0][0]
        return (
            f"{len(self.segments_expected)} segments and {len(self.completions_expected)} "
            f"completions expected, first {first}"
        )

    def segment(self, segment: Segment) -> None:
        """Takes a segment from the sink."""
        self.segments_received += 1
        if self.log_segments is not None:
            self.log_segments.append(segment)
        if not self.segments_expected:
            self._differs(f"unexpected segment of {len(segment.data)} bytes, {_user(segment)}")
            return
        self._segment_feed.put(segment)

    def completion(self, beat: CompletionBeat) -> None:
        """Takes a completion from the sink."""
        self.jobs_done += 1
        if self._due:
            self._due.popleft()
        if not self.completions_expected:
            self._differs(f"unexpected completion {Completion.unpack(beat.vector)}")
            return
        self._completion_feed.put(beat)

    def completion_raised(self, cycle: int) -> None:
        """A completion stands on the bus: all segments of its frame must have been taken (D15)."""
        if self._due and self.segments_received < self._due[0]:
            raise ProtocolError(
                f"m_axis_cpl, cycle {cycle}: completion raised with "
                f"{self._due[0] - self.segments_received} of its frame's segments not taken yet"
            )

    def compare(self, got: object, exp: object, log: Logger, strict_type: bool = True) -> None:
        """Replaces cocotb-bus's text comparison: says where and in which field the two differ."""
        label, wanted = exp
        if got == wanted:
            return
        self.errors += 1
        if isinstance(got, Segment):
            text = _segment_difference(got, wanted)
        else:
            text = _field_difference(COMPLETION, got.vector, wanted.vector)
        self._differs(f"{label}: {text}")

    def _differs(self, text: str) -> None:
        if not self._collect:
            raise Difference(text)
        self.differences.append(text)


def _user(segment: Segment) -> str:
    fields = SEGMENT_USER.unpack(segment.user)
    return ", ".join(f"{name} {value}" for name, value in fields.items())


def _field_difference(layout: Layout, got: int, wanted: int) -> str:
    """The fields in which two vectors differ."""
    have, want = layout.unpack(got), layout.unpack(wanted)
    parts = [
        f"{name} expected {want[name]:#x}, got {have[name]:#x}"
        for name in want
        if have[name] != want[name]
    ]
    if (got ^ wanted) & layout.reserved_mask:
        parts.append(f"unused bits {got & layout.reserved_mask:#x}")
    return f"{layout.name}: " + "; ".join(parts)


def _segment_difference(got: Segment, wanted: Segment) -> str:
    """The first differing byte with its surroundings, the lengths, and `tuser`."""
    where = f"cycles {got.first_cycle} to {got.last_cycle}"
    parts = []
    if len(got.data) != len(wanted.data):
        parts.append(f"{len(wanted.data)} bytes expected, got {len(got.data)}")
    pairs = zip(got.data, wanted.data, strict=False)
    at = next((index for index, (a, b) in enumerate(pairs) if a != b), None)
    if at is not None:
        differing = sum(a != b for a, b in zip(got.data, wanted.data, strict=False))
        low = max(0, at - 4)
        parts.append(
            f"byte {at} expected {wanted.data[at]:02x}, got {got.data[at]:02x} "
            f"({differing} bytes differ; from byte {low}: expected "
            f"{wanted.data[low : at + 12].hex(' ')}, got {got.data[low : at + 12].hex(' ')})"
        )
    if got.user != wanted.user:
        parts.append(_field_difference(SEGMENT_USER, got.user, wanted.user))
    return f"{where}: " + "; ".join(parts)
