# SPDX-License-Identifier: Apache-2.0
"""The NIC between two hosts: takes what each sends, segments it, and gives it to the other.

What leaves carries an empty virtio-net header: nothing tells the receiving kernel that a checksum
is good or that frames belong together, so it checks every one.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from gso_model import Descriptor, L4Kind, Status
from gso_model.checksum import CHECKSUM_OFFSET
from gso_model.cli.engines import Engine
from gso_model.virtio import VnetHeader, virtio_request
from live.tap import HEADER

_LONGEST = 1 << 17
# Frames that one direction may put into a batch: large enough that a batch's start does not
# matter, small enough that nobody waits long.
_BATCH = 32
_NO_HEADER = VnetHeader().pack(HEADER)
# Upper ends of the classes by which super-frames are counted.
CLASSES = (4096, 8192, 16384, 32768, 65536, 1 << 24)


@dataclass
class Statistics:
    """What passed, in both directions together."""

    frames: int = 0
    super_frames: int = 0
    segments: int = 0  # of super-frames
    wire: int = 0  # frames that left
    payload: int = 0  # bytes in segments
    sizes: dict[int, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    refused: dict[str, int] = field(default_factory=dict)
    corrupted: int = 0
    engine_seconds: float = 0.0

    def refuse(self, why: str) -> None:
        self.refused[why] = self.refused.get(why, 0) + 1


class Relay:
    """Moves frames between the file descriptors `ends`, two TAP devices or sockets.

    Parameters
    ----------
    engine : Engine
        What segments: model or RTL.
    ends : tuple of int
        Non-blocking descriptors; what is read at one leaves at the other.
    corrupt : int
        Flips a bit of the checksum in every segment whose number is a multiple of it; 0: none.
    """

    def __init__(self, engine: Engine, ends: tuple[int, int], corrupt: int = 0):
        self._engine, self.ends, self._corrupt = engine, ends, corrupt
        self.statistics = Statistics()

    def move(self) -> int:
        """Takes what is waiting at both ends through the engine; returns how many frames."""
        batch: list[tuple[int, bytes, Descriptor]] = []
        for side in (0, 1):
            batch += ((side, *taken) for taken in self._take(side))
        if not batch:
            return 0
        started = time.perf_counter()
        outcomes = list(self._engine.run([(frame, asked) for _, frame, asked in batch]))
        self.statistics.engine_seconds += time.perf_counter() - started
        for (side, frame, asked), (segments, completion) in zip(batch, outcomes, strict=True):
            if completion.status != Status.OK:
                self.statistics.refuse(Status(completion.status).name)
                continue
            self._count(frame, asked, segments)
            out = self.ends[1 - side]
            for segment in segments:
                if asked.mss and self._corrupt:
                    segment = self._flipped(segment, asked)
                os.writev(out, (_NO_HEADER, segment))
        return len(batch)

    def _take(self, side: int) -> list[tuple[bytes, Descriptor]]:
        """The frames that wait at one end, each with its descriptor; `user` tells the end."""
        found: list[tuple[bytes, Descriptor]] = []
        while len(found) < _BATCH:
            try:
                data = os.read(self.ends[side], _LONGEST)
            except BlockingIOError:
                break
            if not data:
                break
            self.statistics.frames += 1
            header, frame = VnetHeader.unpack(data[:HEADER]), data[HEADER:]
            number = self.statistics.frames & 0xFFFF
            try:
                asked = virtio_request(header, frame, request_id=number, user=side)
            except ValueError as error:
                self.statistics.refuse(str(error))
                continue
            found.append((frame, asked))
        return found

    def _count(self, frame: bytes, asked: Descriptor, segments: Sequence[bytes]) -> None:
        s = self.statistics
        s.wire += len(segments)
        if not asked.mss:
            return
        s.super_frames += 1
        s.payload += len(frame) - asked.header_length
        s.sizes[next(end for end in CLASSES if len(frame) <= end)] += 1
        if not self._corrupt:
            s.segments += len(segments)

    def _flipped(self, segment: bytes, asked: Descriptor) -> bytes:
        """`segment`, or where its turn has come the same with one wrong bit in its checksum."""
        s = self.statistics
        s.segments += 1
        at = asked.l4_offset + CHECKSUM_OFFSET[L4Kind(asked.l4_kind)] + 1
        if s.segments % self._corrupt:
            return segment
        s.corrupted += 1
        return segment[:at] + bytes([segment[at] ^ 1]) + segment[at + 1 :]
