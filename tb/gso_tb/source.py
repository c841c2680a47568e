# SPDX-License-Identifier: Apache-2.0
"""Fast AXI-Stream sources for frames and descriptors.

cocotb's cost is per wake-up and per access, so a source is no coroutine: `step()` is called by
the bench's one loop right after each rising edge, reads `tready` only while a beat is offered
and writes a signal only when its value changes. Beats are cut into integers beforehand.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import NamedTuple

from cocotb.handle import HierarchyObject

from gso_tb.signals import reader, undefined, writer


class Beat(NamedTuple):
    """What stands on the bus in one transfer; `keep` and `last` stay 0 for descriptors."""

    data: int
    keep: int = 0
    last: int = 0
    user: int = 0


def cut(frame: bytes, lanes: int, aborted: bool = False) -> list[Beat]:
    """The beats of `frame`; `aborted` sets `tuser` on the last one (D13)."""
    full = (1 << lanes) - 1
    size = len(frame)
    beats = [
        Beat(int.from_bytes(frame[at : at + lanes], "little"), full)
        for at in range(0, size - lanes, lanes)
    ]
    at = len(beats) * lanes
    keep = (1 << (size - at)) - 1
    beats.append(Beat(int.from_bytes(frame[at:], "little"), keep, 1, int(aborted)))
    return beats


class _Source:
    """Offers queued beats; a raised `tvalid` holds until the beat is taken, as AXI asks."""

    def __init__(self, dut: HierarchyObject, prefix: str, names: tuple[str, ...]) -> None:
        self._write_valid = writer(getattr(dut, f"{prefix}_tvalid"))
        self._read_ready = reader(getattr(dut, f"{prefix}_tready"))
        self.prefix = prefix
        self._writers = [writer(getattr(dut, f"{prefix}_t{name}")) for name in names]
        # Driven from the start, as any real source does: Z would be X to everything behind it.
        self._driven = [0] * len(names)
        for write in self._writers:
            write(0)
        self._queue: deque[Beat] = deque()
        self.pauses: Iterator[bool] = repeat(False)
        self.taken = 0
        self._offered = False
        self.clear()

    def clear(self) -> None:
        """Forgets every queued beat and lowers `tvalid`: for reset."""
        self._queue.clear()
        self._offered = False
        self._write_valid(0)

    @property
    def pending(self) -> int:
        """Beats not taken yet, the one on the bus included."""
        return len(self._queue) + self._offered

    @property
    def offering(self) -> bool:
        """A beat stands on the bus and waits to be taken."""
        return self._offered

    def ready_in_reset(self) -> bool:
        """Whether `tready` is not low: a violation while reset lasts."""
        return self._read_ready() != "0"

    def step(self) -> None:
        """One rising edge: sees whether the offered beat was taken and offers the next."""
        if self._offered:
            ready = self._read_ready()
            if ready != "1":
                if ready == "0":
                    return
                raise undefined(f"{self.prefix}_tready", ready)
            self.taken += 1
            if not self._queue or next(self.pauses):
                self._offered = False
                self._write_valid(0)
                return
        elif not self._queue or next(self.pauses):
            return
        else:
            self._offered = True
            self._write_valid(1)
        driven = self._driven
        for index, value in enumerate(self._queue.popleft()[: len(driven)]):
            if value != driven[index]:
                driven[index] = value
                self._writers[index](value)


class FrameSource(_Source):
    """Drives `s_axis`: frames as bytes, any length of at least one byte."""

    def __init__(self, dut: HierarchyObject, prefix: str = "s_axis") -> None:
        super().__init__(dut, prefix, ("data", "keep", "last", "user"))
        self.lanes = len(getattr(dut, f"{prefix}_tkeep"))

    def send(self, frame: bytes, aborted: bool = False) -> None:
        """Queues one frame."""
        if not frame:
            raise ValueError("a frame on AXI-Stream has at least one byte, got none")
        self._queue.extend(cut(frame, self.lanes, aborted))


class DescriptorSource(_Source):
    """Drives `s_axis_desc`: one beat of 256 bits a descriptor."""

    def __init__(self, dut: HierarchyObject, prefix: str = "s_axis_desc") -> None:
        super().__init__(dut, prefix, ("data",))

    def send(self, *vectors: int) -> None:
        """Queues packed descriptors."""
        self._queue.extend(Beat(vector) for vector in vectors)


def all_idle(sources: Iterable[_Source]) -> bool:
    """Whether no source has anything left to offer."""
    return not any(source.pending for source in sources)
