# SPDX-License-Identifier: Apache-2.0
"""The stage `align`, alone and behind `plan`, against slices of the payload (D7, D10, D13)."""

import random
from typing import NamedTuple

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.parameters import parameters
from gso_tb.reference import filled, segment_lengths
from gso_tb.reference_payload import aligned, cuts, payload_beats
from gso_tb.stage import Stage

SHORT, LONG, ABORTED = 1, 2, 3
PROMISED_ROOM = 9  # beats that may come when `room` has gone


@pytest.mark.verilator_only
def test_block_align(sim: str, width: int) -> None:
    """Every start lane, MSS and header length; wrong ends; gaps, and no room."""
    blocks.run("align", sim, width)


@pytest.mark.verilator_only
def test_block_plan_align(sim: str, width: int) -> None:
    """The same with the cuts that `plan` makes."""
    blocks.run("align", sim, width, stage="plan_align")


@pytest.mark.verilator_only
@pytest.mark.parametrize("stage", ["align", "plan_align"])
def test_block_align_tags(sim: str, width: int, stage: str) -> None:
    """The same where payload leaves in another lane than it came in (D18)."""
    blocks.run("align", sim, width, stage=stage, changes={"features": ["tags"]})


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


class _Align:
    """The stage alone, fed with cuts too, or behind `plan`, fed with contexts."""

    def __init__(self, dut, test: str, beat="none", cut="none", room="none"):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.planned = parameters()["stage"] == "plan_align"
        self.beat = bench.source("beat", beat)
        self.cut = bench.source("context" if self.planned else "cut", cut)
        self.aligned = bench.sink("aligned")
        self.aligned.on_record = self._on_aligned
        self._write_room = bench.write("room", 1)
        self._room, self._rooms, self._after = True, bench.pauses(room), 0
        self.ends, self.frames_seen, self.flushed = 0, 0, set()
        if self.planned:
            self.segment, self._retire = bench.sink("segment"), bench.write("retire")
            self._retired = self._retiring = 0
        else:
            self._flush, self._last = bench.read("flush"), bench.read("last_taken")
        bench.steps.append(self._step)

    def _step(self, cycle: int) -> None:
        room = not next(self._rooms)
        if room != self._room:
            self._room, self._after = room, 0
            self._write_room(room)
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

    def _on_aligned(self, got) -> None:
        self.ends += got["end"]
        if not self._room:
            self._after += 1
            assert self._after <= PROMISED_ROOM, f"{self._after} beats after the room was gone"

    async def run(self, frames: list[Frame]) -> None:
        """Sends frames and compares every segment of every one."""
        bench, lanes, rng = self.bench, self.bench.lanes, self.rng
        await bench.start()
        if bench.config.tags:
            frames = [frame._replace(inserted=rng.randrange(lanes)) for frame in frames]
        payloads = []
        segments = 0
        for frame in frames:
            head, size, mss = frame.head, frame.size, frame.mss
            length = head + size
            data = rng.randbytes(max(1, length + frame.extra))
            payloads.append(data[head : head + size])
            for beat in payload_beats(data, frame.aborted, head, length, lanes):
                noise = rng.randbytes(lanes - len(beat["data"]))
                line = int.from_bytes(beat["data"] + noise, "little")
                self.beat.send({**beat, "data": line})
            if self.planned:
                fields = {"empty": 1}
                if size:
                    mss_less_1 = (mss or 65536) - 1
                    fields = {"empty": 0, "payload_less_1": size - 1, "mss_less_1": mss_less_1}
                    fields["lane"] = (head + frame.inserted) % lanes
                    if bench.config.tags:
                        fields["raw_lane"] = head % lanes
                self.cut.send(filled(self.cut.record, fields, rng))
            else:
                for fields in cuts(head, size, mss, lanes, frame.inserted):
                    self.cut.send(filled(self.cut.record, fields, rng))
                    segments += 1
        if self.planned:
            await bench.until(lambda: not self.beat.pending and not self.cut.pending, drain=300)
        else:
            await bench.until(lambda: self.ends == segments)
            assert self.frames_seen == len(frames), "`last_taken` once a frame"
        assert not self.beat.pending, f"{self.beat.pending} raw beats were not taken"
        self.compare(frames, payloads)

    def compare(self, frames: list[Frame], payloads: list[bytes]) -> None:
        """Payload slices in their lanes, zeros elsewhere; marks of what may not leave."""
        lanes = self.bench.lanes
        got = iter(self.aligned.got)
        for number, (frame, payload) in enumerate(zip(frames, payloads, strict=True)):
            void = frame.void()
            padded = payload + bytes(frame.size - len(payload))
            beats = aligned(frame.head + frame.inserted, padded, frame.mss, lanes)
            for index, wanted in enumerate(beats):
                what = f"frame {number} {frame}, segment {index} of {len(beats)}"
                written = []
                for beat in got:
                    if beat["write"]:
                        written.append(beat["data"].to_bytes(lanes, "little"))
                    if beat["end"]:
                        break
                else:
                    raise AssertionError(f"{what}: does not come")
                assert beat["void"] == void[index], f"{what}: void {beat['void']}"
                if void[index]:
                    assert len(written) <= len(wanted), f"{what}: {len(written)} beats"
                else:
                    assert written == wanted, f"{what}: {written} instead of {wanted}"
                # Behind `plan` a frame that ended early may have fewer segments.
                cut_short = self.planned and frame.reason == SHORT and void[index] and beat["bad"]
                last = index == len(beats) - 1 or cut_short
                assert beat["bad"] == (frame.reason if last else 0), f"{what}: bad {beat['bad']}"
                if cut_short:
                    break
            if not self.planned:
                self._compare_flush(number, frame)
        assert next(got, None) is None, "an aligned beat too many"

    def _compare_flush(self, number: int, frame: Frame) -> None:
        """`flush` is for frames that end early, and comes where whole segments are missing."""
        assert frame.reason == SHORT or number not in self.flushed, f"{frame}: flush"
        lanes, came = self.bench.lanes, max(1, frame.head + frame.size + frame.extra)
        starts = range(frame.head, frame.head + frame.size, frame.mss or max(1, frame.size))
        # A frame that ends inside its header has one beat, which stands for the first of payload.
        newest = max((came - 1) // lanes, frame.head // lanes)
        lost = [start for start in starts if start // lanes > newest]
        if frame.reason == SHORT and len(lost) >= 2:
            assert number in self.flushed, f"{frame}: no flush though {len(lost)} are lost"


def _frames(rng: random.Random, lanes: int, count: int, wrong: float) -> list[Frame]:
    """Random frames; `wrong` of them end early, late or aborted."""
    made = []
    for _ in range(count):
        head = rng.randint(0, 2 * lanes)
        mss = rng.choice((0, rng.randint(1, 2 * lanes + 2), rng.randint(1, 9), lanes))
        size = rng.choice((0, rng.randint(1, 5 * lanes), 3 * mss, max(0, 2 * mss - 1)))
        size = min(size, 12 * mss) if mss else size
        size = size or (0 if head else 1)
        extra, aborted = 0, False
        if rng.random() < wrong:
            extra = rng.choice((0, 1, -1, lanes, -rng.randint(1, head + size)))
            extra = max(extra, 1 - head - size)
            aborted = extra == 0 or rng.random() < 0.2
        made.append(Frame(head, size, mss, extra, aborted))
    return made


@cocotb.test
async def header_lengths(dut):
    """Every even header length with odd and even MSS, so every even start lane (D10)."""
    align = _Align(dut, "header_lengths")
    lanes, rng, frames = align.bench.lanes, align.rng, []
    for head in range(28, 160, 2):
        for mss in (2 * rng.randint(1, lanes), 2 * rng.randint(0, lanes) + 1):
            frames.append(Frame(head, rng.randint(2, 5) * mss + rng.randint(0, mss), mss))
    await align.run(frames)


@cocotb.test
async def lanes_and_sizes(dut):
    """Every start lane with every MSS up to two beats (a sample of them in wide cores)."""
    align = _Align(dut, "lanes_and_sizes")
    lanes, rng, frames = align.bench.lanes, align.rng, []
    for head in range(lanes):
        sizes = range(1, 2 * lanes + 2)
        if lanes > 8:
            sizes = {*rng.sample(sizes, 4), lanes - head, 2 * lanes - head, lanes}
        for mss in sizes:
            frames.append(
                Frame(head + lanes, min(40, rng.randint(1, 5)) * mss + mss // 2 or 1, mss)
            )
    await align.run(frames)


@cocotb.test
async def wrong_ends(dut):
    """Every number of bytes that can come of one frame, and too many (D13, I9)."""
    align = _Align(dut, "wrong_ends")
    lanes, frames = align.bench.lanes, []
    for head, mss, size in ((6, lanes + 3, 3 * lanes), (lanes - 2, 3, 14), (4, 2, 2 * lanes)):
        for extra in range(1 - head - size, 3):
            frames.append(Frame(head, size, mss, extra))
        frames.append(Frame(head, size, mss, 0, True))
    if lanes > 8:
        frames = frames[:: 1 + (lanes > 16)]
    for frame in (Frame(54, 0, 9), Frame(0, 1, 0)):
        frames += [frame, frame._replace(aborted=True), frame._replace(extra=1), frame]
    await align.run(frames)


@cocotb.test
async def stalls(dut):
    """Good and bad frames under gaps before beats and cuts and without room (AXI-Stream)."""
    patterns = {"beat": "random:0.3", "cut": "random:0.3", "room": "random:0.3"}
    align = _Align(dut, "stalls", **patterns)
    await align.run(_frames(align.rng, align.bench.lanes, align.bench.count(500), 0.4))


@cocotb.test
async def long_waits(dut):
    """No room for long, then for short: at most nine beats come meanwhile, none is lost."""
    align = _Align(dut, "long_waits", room="cycle:" + "0" * 11 + "1" * 30)
    await align.run(_frames(align.rng, align.bench.lanes, align.bench.count(120), 0.2))


@cocotb.test
async def throughput(dut):
    """One beat a cycle while beats and cuts are there, across segments and frames."""
    align = _Align(dut, "throughput")
    if align.planned:
        return await align.run([Frame(54, 3000, 0)])
    lanes = align.bench.lanes
    await align.run([Frame(54, 10 * lanes, 2 * lanes + 3) for _ in range(20)])
    cycles = align.aligned.cycles
    # A tag may cost a step of its own in each frame.
    most = 20 if align.bench.config.tags else 0
    assert cycles[-1] - cycles[0] - (len(cycles) - 1) <= most
