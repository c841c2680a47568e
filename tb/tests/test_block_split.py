# SPDX-License-Identifier: Apache-2.0
"""The stage `split`, alone and behind `plan`, against slices of the payload (D7, D10, D13)."""

import cocotb
import pytest

from gso_tb import blocks, raw_beats
from gso_tb.raw_beats import SHORT, Frame, RawBench
from gso_tb.reference import folded, segment_lengths, word_total
from gso_tb.reference_payload import payload_beats, pieces


@pytest.mark.verilator_only
@pytest.mark.stage("split")
@pytest.mark.parametrize("stage", ["split", "plan_split"])
@pytest.mark.parametrize("features", [(), ("tags",)], ids=["plain", "tags"])
def test_block_split(
    sim: str, width: int, stage: str, features: tuple[str, ...], full: bool
) -> None:
    """Every start lane, MSS and header length; wrong ends; gaps; by itself and with the cuts that
    `plan` makes; where payload leaves in the lane it came in, and in another (D18)."""
    changes = {"features": features}
    blocks.run(
        "split",
        sim,
        width,
        stage=stage,
        changes=changes,
        thin=1 if full else 2,
        label="_".join(features),
    )


class _Split(RawBench):
    """The stage, and the rows of the store that its raw beats are."""

    def __init__(self, dut, test: str, beat="none", cut="none"):
        super().__init__(dut, test, beat, cut)
        self.pieces, self.stored = self.bench.sink("pieces"), self.bench.sink("stored")
        self.pieces.on_record = self._on_piece
        self.steps: list[int] = []  # of each frame

    def _on_piece(self, got) -> None:
        self.ends += got["end"]

    def compare(self, frames: list[Frame], payloads: list[bytes]) -> None:
        """Segment by segment lanes, sum, marks and row; as many steps as there must be."""
        lanes, got, stored = self.bench.lanes, iter(self.pieces.got), iter(self.stored.got)
        base = 0  # raw beats of the frames before
        for number, (frame, payload) in enumerate(zip(frames, payloads, strict=True)):
            # What counts is where a frame ends, not what is in it.
            line, whole = bytes(frame.came), frame.head + frame.size
            beats = len(payload_beats(line, frame.aborted, frame.head, whole, lanes))
            start, at = frame.head, len(self.steps)
            self.steps.append(0)
            lengths = segment_lengths(frame.size, frame.mss)
            for index, length in enumerate(lengths):
                what = f"frame {number} {frame}, segment {index} of {len(lengths)}"
                found = []
                for step in got:
                    found.append(step)
                    if step["end"]:
                        break
                else:
                    raise AssertionError(f"{what}: does not come")
                self.steps[at] += len(found)
                over = self.ends_frame(frame, found[-1], index, what)
                data = payload[start - frame.head : start - frame.head + length]
                if not frame.void()[index]:
                    self._compare_pieces(frame, start, data, found, what)
                row = next(stored)
                # Behind a frame's end the newest row is the first that may be needed again.
                wanted = {"none": 1, "row": base + beats - 1}
                if length and not frame.void()[index]:
                    lane = (frame.head + frame.inserted) % lanes
                    ahead = (start - lane) // lanes - frame.head // lanes
                    wanted = {"none": 0, "row": base + ahead}
                wanted["row"] %= self.bench.config.buffer_rows
                assert row == wanted, f"{what}: stored {row}, expected {wanted}"
                start += length
                if over:
                    break
            if frame.reason != SHORT:
                inner = self._within_the_beat_before(frame)
                assert self.steps[at] == beats + inner, f"frame {number} {frame}: steps"
            base += beats
        assert next(got, None) is None and next(stored, None) is None, "one too many"

    def _compare_pieces(self, frame: Frame, start: int, data: bytes, found: list, what: str):
        """Exactly the segment's lanes, whose words' sum is that of the payload (RFC 1071)."""
        lanes, lane = self.bench.lanes, (frame.head + frame.inserted) % self.bench.lanes
        written = [
            tuple(step[name].to_bytes(lanes, "little") for name in ("older", "newer"))
            for step in found
            if step["write"]
        ]
        crosses = start > frame.head and start % lanes > 0
        wanted = pieces(start % lanes, data, lanes, crosses) if data else []
        assert written == wanted, f"{what}: {written} instead of {wanted}"
        odd = found[-1]["odd"]
        assert not data or odd == (start - lane) % 2, f"{what}: odd {odd}"
        total = folded(sum(word_total(piece) for step in written for piece in step))
        total = (total << 8 | total >> 8) & 0xFFFF if odd else total
        assert total == folded(word_total(bytes(lane % 2) + data)), f"{what}: sum"

    def _within_the_beat_before(self, frame: Frame) -> int:
        """Segments that need no raw beat: all of them is in the last one of the one before."""
        ends = [frame.head - 1]
        for length in segment_lengths(frame.size, frame.mss):
            ends.append(ends[-1] + length)
        beats = [end // self.bench.lanes for end in ends]
        return sum(beats[i] == beats[i + 1] for i in range(1, len(beats) - 1))


@cocotb.test
async def header_lengths(dut):
    """Every even header length with odd and even MSS, so every even start lane (D10)."""
    split = _Split(dut, "header_lengths")
    frames = [*raw_beats.of_header_lengths(split.rng, split.bench.lanes)]
    await split.run(frames[:: split.bench.thin])


@cocotb.test
async def lanes_and_sizes(dut):
    """Every start lane with every MSS up to two beats (a sample of them in wide cores)."""
    split = _Split(dut, "lanes_and_sizes")
    frames = [*raw_beats.of_lanes_and_sizes(split.rng, split.bench.lanes)]
    await split.run(frames[:: split.bench.thin])


@cocotb.test
async def wrong_ends(dut):
    """Every number of bytes that can come of one frame, and too many (D13, I9)."""
    split = _Split(dut, "wrong_ends")
    await split.run(raw_beats.of_wrong_ends(split.bench.lanes)[:: split.bench.thin])


@cocotb.test
async def stalls(dut):
    """Good and bad frames under gaps before beats and cuts (AXI-Stream)."""
    split = _Split(dut, "stalls", beat="random:0.3", cut="random:0.3")
    lanes, count = split.bench.lanes, split.bench.count(800)
    await split.run([*raw_beats.at_random(split.rng, lanes, count, 0.4)])


@cocotb.test
async def late_beats(dut):
    """Many segments a beat, and beats that come long after their cuts (D7)."""
    split = _Split(dut, "late_beats", beat="random:0.8")
    lanes, rng = split.bench.lanes, split.rng
    sizes = [(rng.randint(1, 2 * lanes), rng.randint(1, 9)) for _ in range(split.bench.count(60))]
    await split.run([Frame(rng.randint(28, 160), size, mss) for size, mss in sizes])


@cocotb.test
async def throughput(dut):
    """A step in every cycle while beats and cuts are there, across segments and frames."""
    split = _Split(dut, "throughput")
    lanes, rng = split.bench.lanes, split.rng
    # plan has a cut every other cycle only.
    sizes = (0, 2 * lanes, 5 * lanes) if split.planned else (1, 7, lanes, 2 * lanes + 3, 5 * lanes)
    frames = [Frame(54, 10 * lanes, mss) for mss in sizes]
    if not split.planned:
        frames += [Frame(rng.randint(28, 160), rng.randint(1, 300), rng.choice((0, 7, 64, 100)))]
    await split.run(frames)
    cycles = split.pieces.cycles
    assert cycles[-1] - cycles[0] == len(cycles) - 1 == sum(split.steps) - 1
