# SPDX-License-Identifier: Apache-2.0
"""The compiled core as a Python object; data crosses in batches, not once a cycle."""

import ctypes
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from gso_model import Completion, Descriptor
from gso_sim.build import library
from gso_sim.errors import SimulationError
from gso_sim.patterns import pauses

# Cycles in which nothing moves after which the core counts as hung. It must be more than the
# longest pause of any pattern and than the longest silence of a healthy core, a few dozen cycles.
PATIENCE = 5000


@dataclass(frozen=True)
class Segment:
    """One segment with its `tuser`, and the cycles of its first and last beat."""

    data: bytes
    user: int
    first: int
    last: int


@dataclass(frozen=True)
class Completed:
    """One completion, and the cycle in which it was taken."""

    completion: Completion
    cycle: int


@dataclass(frozen=True)
class Run:
    """What one batch gave. `frames` holds the cycles of each frame's first and last beat in."""

    segments: list[Segment]
    completions: list[Completed]
    frames: list[tuple[int, int]]
    cycles: int


class _Pattern(ctypes.Structure):
    _fields_ = (
        ("chance", ctypes.c_uint32),
        ("length", ctypes.c_uint32),
        ("repeat", ctypes.c_uint32),
        ("unused", ctypes.c_uint32),
        ("bits", ctypes.c_char_p),
    )


class _Frame(ctypes.Structure):
    _fields_ = (
        ("descriptor", ctypes.c_uint8 * 32),
        ("data", ctypes.c_char_p),
        ("size", ctypes.c_uint32),
        ("aborted", ctypes.c_uint32),
    )


# As in harness.cpp: a frame's cycles, a segment, a completion.
_TIME = struct.Struct("=QQ")
_SEGMENT = struct.Struct("=QQQQQ")
_COMPLETION = struct.Struct("=Q12s4x")


class Core:
    """`gso_tx` at `width` bits, out of reset; state stays from one batch to the next.

    Parameters
    ----------
    width : int
        64, 128, 256 or 512.
    preset : str
        `basic` or `full`.
    waves : Path, optional
        A VCD file that gets every signal of every cycle; much slower.
    """

    def __init__(self, width: int = 512, preset: str = "basic", waves: Path | None = None) -> None:
        self.width = width
        self._library = ctypes.CDLL(str(library(width, preset, waves=waves is not None)))
        self._library.gso_new.restype = ctypes.c_void_p
        self._library.gso_error.restype = ctypes.c_char_p
        self._library.gso_cycle.restype = ctypes.c_uint64
        self._handle = ctypes.c_void_p(self._library.gso_new())
        if waves is not None:
            self._library.gso_trace(self._handle, str(waves).encode())

    def close(self) -> None:
        """Ends the simulation and its waveform."""
        if self._handle:
            self._library.gso_delete(self._handle)
            self._handle = None

    def __enter__(self) -> "Core":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reset(self) -> None:
        """Takes the core through reset; the cycle count goes on."""
        self._library.gso_reset(self._handle)

    def segment(self, frame: bytes, descriptor: Descriptor) -> tuple[list[bytes], Completion]:
        """The segments and the completion of one frame."""
        run = self.run([(frame, descriptor, False)])
        return [segment.data for segment in run.segments], run.completions[0].completion

    def segment_all(
        self, jobs: Iterable[tuple[bytes, Descriptor]]
    ) -> list[tuple[list[bytes], Completion]]:
        """As `segment` for each of `jobs`, back to back in one batch."""
        run = self.run((frame, descriptor, False) for frame, descriptor in jobs)
        left = (segment.data for segment in run.segments)
        return [
            (list(islice(left, done.completion.segments)), done.completion)
            for done in run.completions
        ]

    def run(
        self,
        frames: Iterable[tuple[bytes, Descriptor, bool]],
        *,
        idle: str = "none",
        stall: str = "none",
        descriptor_idle: str = "none",
        completion_stall: str = "none",
        seed: int = 0,
        lead: int = 0,
        patience: int = PATIENCE,
    ) -> Run:
        """Sends (frame, descriptor, aborted) one behind the other until all have completed.

        Patterns of pauses are texts as in `gso_sim.patterns`; the descriptors run `lead` cycles
        ahead of the first frame. Raises `SimulationError`; the core must be reset after that.
        """
        queue = list(frames)
        array = (_Frame * max(1, len(queue)))()
        for slot, (data, descriptor, aborted) in zip(array, queue, strict=False):
            if not data:
                raise ValueError("a frame of 0 bytes cannot be sent")
            packed = descriptor.pack().to_bytes(32, "little")
            ctypes.memmove(ctypes.byref(slot), packed, 32)  # its first field
            slot.data, slot.size, slot.aborted = data, len(data), aborted
        texts = (idle, stall, descriptor_idle, completion_stall)
        patterns = (_Pattern * 4)(*(_pattern(text) for text in texts))
        numbers = (ctypes.c_uint64(seed), ctypes.c_uint64(lead), ctypes.c_uint64(patience))
        before = self._library.gso_cycle(self._handle)
        failed = self._library.gso_run(
            self._handle, array, ctypes.c_size_t(len(queue)), patterns, *numbers
        )
        if failed:
            error = SimulationError(self._library.gso_error(self._handle).decode())
            error.completed = len(self._output(before).completions)
            raise error
        return self._output(before)

    def _output(self, before: int) -> Run:
        pointers = [ctypes.c_void_p() for _ in range(4)]
        counts = (ctypes.c_size_t * 4)()
        self._library.gso_output(self._handle, *map(ctypes.byref, pointers), counts)
        times = _records(_TIME, pointers[0], counts[0])
        segments = _records(_SEGMENT, pointers[1], counts[1])
        completions = _records(_COMPLETION, pointers[2], counts[2])
        data = ctypes.string_at(pointers[3], counts[3]) if counts[3] else b""
        return Run(
            [
                Segment(data[offset : offset + size], user, first, last)
                for first, last, user, offset, size in segments
            ],
            [Completed(_completion(record), cycle) for cycle, record in completions],
            list(times),
            self._library.gso_cycle(self._handle) - before,
        )


def _records(layout: struct.Struct, pointer: ctypes.c_void_p, count: int) -> Iterable[tuple]:
    return layout.iter_unpack(ctypes.string_at(pointer, count * layout.size)) if count else ()


def _completion(data: bytes) -> Completion:
    return Completion.unpack(int.from_bytes(data, "little"))


def _pattern(text: str) -> _Pattern:
    """The C side of a pattern; the texts and their errors are those of `gso_sim.patterns`."""
    pauses(text)
    kind, _, argument = text.partition(":")
    if kind == "random":
        return _Pattern(chance=min(int(float(argument) * 2**32), 2**32 - 1))
    if kind == "none":
        return _Pattern()
    bits = bytes(bit == "1" for bit in argument)
    return _Pattern(length=len(bits), repeat=kind == "cycle", bits=bits)
