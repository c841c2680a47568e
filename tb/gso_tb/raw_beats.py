# SPDX-License-Identifier: Apache-2.0
"""Frames for the stages that get segments out of raw beats, and the bench around such a stage."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from gso_tb.parameters import parameters
from gso_tb.reference import filled, segment_lengths
from gso_tb.reference_payload import cuts, payload_beats, raw_cuts
from gso_tb.stage import Stage

SHORT, LONG, ABORTED = 1, 2, 3


class Frame(NamedTuple):
    """`size` bytes of payload behind `head` bytes; `extra` bytes more or fewer come.

    Payload leaves `inserted` bytes further behind, because of tags.
    """

    head: int
    size: int
    mss: int
    extra: int = 0
    aborted: bool = False
    inserted: int = 0

    @property
    def came(self) -> int:
        """Bytes that come."""
        return max(1, self.head + self.size + self.extra)

    @property
    def reason(self) -> int:
        """D13's reason, 0 for a good frame."""
        wrong = SHORT if self.extra < 0 else LONG if self.extra else 0
        return wrong or (ABORTED if self.aborted else 0)

    def void(self) -> list[bool]:
        """Of each segment, whether it must not leave."""
        came, end, found = self.head + self.size + self.extra, self.head, []
        for length in segment_lengths(self.size, self.mss):
            end += length
            found.append(self.reason == SHORT and end > came)
        found[-1] = self.reason != 0
        return found


class RawBench:
    """A stage that gets raw beats, alone and fed with cuts too, or behind `plan`, with contexts.

    What a subclass makes of the stage's output adds to `ends` at each segment's.
    """

    def __init__(self, dut, test: str, beat: str, cut: str) -> None:
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.planned = parameters()["stage"].startswith("plan_")
        self.beat = bench.source("beat", beat)
        self.cut = bench.source("context" if self.planned else "cut", cut)
        self.ends, self.frames_seen, self.flushed = 0, 0, set()
        if self.planned:
            self.segment, self._retire = bench.sink("segment"), bench.write("retire")
            self._retired = self._retiring = 0
        else:
            self._flush, self._last = bench.read("flush"), bench.read("last_taken")
        bench.steps.append(self._step)

    def _step(self, cycle: int) -> None:
        if self.planned:
            retiring = int(self.ends > self._retired)
            self._retired += retiring
            if retiring != self._retiring:
                self._retire(retiring)
            self._retiring = retiring
            return
        if self._flush() == "1":
            self.flushed.add(self.frames_seen)
        self.frames_seen += self._last() == "1"

    async def run(self, frames: list[Frame]) -> None:
        """Sends frames and compares every segment of every one."""
        bench, lanes, rng = self.bench, self.bench.lanes, self.rng
        await bench.start()
        if bench.config.tags:
            frames = [frame._replace(inserted=rng.randrange(lanes)) for frame in frames]
        payloads, segments = [], 0
        for frame in frames:
            head, size, mss = frame.head, frame.size, frame.mss
            data = rng.randbytes(frame.came)
            payloads.append(data[head : head + size])
            for beat in payload_beats(data, frame.aborted, head, head + size, lanes):
                noise = rng.randbytes(lanes - len(beat["data"]))
                line = int.from_bytes(beat["data"] + noise, "little")
                self.beat.send({**beat, "data": line})
            if self.planned:
                self.cut.send(self._context(frame))
                continue
            cut_all = raw_cuts if bench.config.stores_first else cuts
            for fields in cut_all(head, size, mss, lanes, frame.inserted):
                self.cut.send(filled(self.cut.record, fields, rng))
                segments += 1
        if self.planned:
            await bench.until(lambda: not self.beat.pending and not self.cut.pending, drain=300)
        else:
            await bench.until(lambda: self.ends == segments)
            assert self.frames_seen == len(frames), "`last_taken` once a frame"
        assert not self.beat.pending, f"{self.beat.pending} raw beats were not taken"
        self.compare(frames, payloads)
        for number, frame in enumerate(() if self.planned else frames):
            self._compare_flush(number, frame)

    def _context(self, frame: Frame) -> dict[str, int]:
        """What plan gets of a frame."""
        lanes, fields = self.bench.lanes, {"empty": 1}
        if frame.size:
            fields = {"empty": 0, "payload_less_1": frame.size - 1}
            fields["mss_less_1"] = (frame.mss or 65536) - 1
            fields["lane"] = (frame.head + frame.inserted) % lanes
            if self.bench.config.tags:
                fields["raw_lane"] = frame.head % lanes
        return filled(self.cut.record, fields, self.rng)

    def compare(self, frames: list[Frame], payloads: list[bytes]) -> None:
        """What left, against the frames and what came of their payload."""
        raise NotImplementedError

    def ends_frame(self, frame: Frame, beat: dict[str, int], index: int, what: str) -> bool:
        """Compares the marks of a segment's last beat; whether no more segments are to come.

        Behind `plan` a frame that ended early may have fewer of them.
        """
        void = frame.void()
        assert beat["void"] == void[index], f"{what}: void {beat['void']}"
        early = self.planned and frame.reason == SHORT and void[index] and beat["bad"]
        last = index == len(void) - 1 or early
        assert beat["bad"] == (frame.reason if last else 0), f"{what}: bad {beat['bad']}"
        return bool(last)

    def _compare_flush(self, number: int, frame: Frame) -> None:
        """`flush` is for frames that end early, and comes where whole segments are missing."""
        assert frame.reason == SHORT or number not in self.flushed, f"{frame}: flush"
        lanes, came = self.bench.lanes, frame.came
        starts = range(frame.head, frame.head + frame.size, frame.mss or max(1, frame.size))
        # A frame that ends inside its header has one beat, which stands for the first of payload.
        newest = max((came - 1) // lanes, frame.head // lanes)
        lost = [start for start in starts if start // lanes > newest]
        if frame.reason == SHORT and len(lost) >= 2:
            assert number in self.flushed, f"{frame}: no flush though {len(lost)} are lost"


def of_header_lengths(rng: random.Random, lanes: int) -> Iterator[Frame]:
    """Every even header length with odd and even MSS, so every even start lane (D10)."""
    for head in range(28, 160, 2):
        for mss in (2 * rng.randint(1, lanes), 2 * rng.randint(0, lanes) + 1):
            yield Frame(head, rng.randint(2, 5) * mss + rng.randint(0, mss), mss)


def of_lanes_and_sizes(rng: random.Random, lanes: int) -> Iterator[Frame]:
    """Every start lane with every MSS up to two beats (a sample of them in wide cores)."""
    for head in range(lanes):
        sizes = range(1, 2 * lanes + 2)
        if lanes > 8:
            sizes = {*rng.sample(sizes, 4), lanes - head, 2 * lanes - head, lanes}
        for mss in sizes:
            size = min(40, rng.randint(1, 5)) * mss + mss // 2 or 1
            yield Frame(head + lanes, size, mss)


def of_wrong_ends(lanes: int) -> list[Frame]:
    """Every number of bytes that can come of one frame, and too many (D13, I9)."""
    frames = []
    for head, mss, size in ((6, lanes + 3, 3 * lanes), (lanes - 2, 3, 14), (4, 2, 2 * lanes)):
        for extra in range(1 - head - size, 3):
            frames.append(Frame(head, size, mss, extra))
        frames.append(Frame(head, size, mss, 0, True))
    if lanes > 8:
        frames = frames[:: 1 + (lanes > 16)]
    for frame in (Frame(54, 0, 9), Frame(0, 1, 0)):
        frames += [frame, frame._replace(aborted=True), frame._replace(extra=1), frame]
    return frames


def at_random(rng: random.Random, lanes: int, count: int, wrong: float) -> Iterator[Frame]:
    """Random frames; `wrong` of them end early, late or aborted."""
    for _ in range(count):
        head = rng.randint(0, 2 * lanes)
        size = rng.choice((2, 6)) * lanes + 2
        mss = rng.choice((0, rng.randint(1, size), rng.randint(1, 9), lanes))
        size = rng.choice((0, rng.randint(1, 5 * lanes), 3 * mss, max(0, 2 * mss - 1)))
        size = min(size, 12 * mss) if mss else size
        size = size or (0 if head else 1)
        extra, aborted = 0, False
        if rng.random() < wrong:
            extra = rng.choice((0, 1, -1, lanes, -rng.randint(1, head + size)))
            extra = max(extra, 1 - head - size)
            aborted = extra == 0 or rng.random() < 0.2
        yield Frame(head, size, mss, extra, aborted)
