# SPDX-License-Identifier: Apache-2.0
"""The floor: how many cycles a stream of frames takes at least, in a design that stores a segment
until its checksum is known. Bus use is measured against it.

Input comes one beat a cycle, frames back to back. Segment j starts when both

- segment j - 1 has ended, and
- the last input beat that segment j needs has come, plus a constant: the design's latency.

A frame without edits or with checksums only occupies the output for at least two cycles, in a
tunnel for at least four, because its header's fields are written in that time. For one shape
repeated the floor is the number of output beats (or those cycles, where they are more): the input
of a frame is never longer than its output. For a mix it is more: behind a short frame a long one
has to be stored first.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gso_model import Descriptor, Tunnel

EDIT_CYCLES = 2
TUNNEL_EDIT_CYCLES = 4


@dataclass(frozen=True)
class Slot:
    """When one segment is on the output: cycles `start` to `end` - 1; `free` is when the next may
    start, which is later than `end` where the least number of cycles is more than the beats."""

    start: int
    end: int
    free: int


@dataclass(frozen=True)
class Frame:
    """What the floor asks of a frame.

    `segments` holds, for each, its bytes on the wire and how many bytes of the frame must have
    come for it; `least` is the number of cycles that a segment occupies at least.
    """

    size: int
    segments: tuple[tuple[int, int], ...]
    least: int = 1


def beats(size: int, lanes: int) -> int:
    """Beats of `lanes` bytes that `size` bytes take."""
    return -(-size // lanes)


def frame(descriptor: Descriptor, size: int, segments: Iterable[bytes]) -> Frame:
    """The frame of `size` bytes that arrives for `descriptor` and leaves as `segments`."""
    lengths = [len(segment) for segment in segments]
    if descriptor.mss:
        needed = (
            min(size, descriptor.header_length + (number + 1) * descriptor.mss)
            for number in range(len(lengths))
        )
        return Frame(size, tuple(zip(lengths, needed, strict=True)))
    least = EDIT_CYCLES if descriptor.tunnel == Tunnel.NONE else TUNNEL_EDIT_CYCLES
    return Frame(size, tuple((length, size) for length in lengths), least)


def schedule(frames: Iterable[Frame], lanes: int, constant: int = 0) -> list[Slot]:
    """The floor's slot of every segment; the first input beat is in cycle 0.

    `constant` only moves the whole schedule: `span` does not depend on it.
    """
    slots: list[Slot] = []
    begin = free = 0
    for item in frames:
        for size, needed in item.segments:
            come = begin + beats(needed, lanes) - 1
            start = max(free, come + constant)
            count = beats(size, lanes)
            free = start + max(item.least, count)
            slots.append(Slot(start, start + count, free))
        begin += beats(item.size, lanes)
    return slots


def span(slots: list[Slot]) -> int:
    """Cycles from the first output beat to the last, both counted."""
    return slots[-1].end - slots[0].start if slots else 0
