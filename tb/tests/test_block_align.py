# SPDX-License-Identifier: Apache-2.0
"""The stage `align`, alone and behind `plan`, against slices of the payload (D7, D10, D13)."""

import cocotb
import pytest

from gso_tb import blocks, raw_beats
from gso_tb.raw_beats import Frame, RawBench
from gso_tb.reference_payload import aligned

PROMISED_ROOM = 9  # beats that may come when `room` has gone


@pytest.mark.verilator_only
@pytest.mark.stage("align")
def test_block_align(sim: str, width: int) -> None:
    """Every start lane, MSS and header length; wrong ends; gaps, and no room."""
    blocks.run("align", sim, width)


@pytest.mark.verilator_only
@pytest.mark.stage("align")
def test_block_plan_align(sim: str, width: int) -> None:
    """The same with the cuts that `plan` makes."""
    blocks.run("align", sim, width, stage="plan_align")


@pytest.mark.verilator_only
@pytest.mark.stage("align")
@pytest.mark.parametrize("stage", ["align", "plan_align"])
def test_block_align_tags(sim: str, width: int, stage: str) -> None:
    """The same where payload leaves in another lane than it came in (D18)."""
    blocks.run("align", sim, width, stage=stage, changes={"features": ["tags"]})


class _Align(RawBench):
    """The stage with a receiver that has room or not."""

    def __init__(self, dut, test: str, beat="none", cut="none", room="none"):
        super().__init__(dut, test, beat, cut)
        self.aligned = self.bench.sink("aligned")
        self.aligned.on_record = self._on_aligned
        self._write_room = self.bench.write("room", 1)
        self._room, self._rooms, self._after = True, self.bench.pauses(room), 0

    def _step(self, cycle: int) -> None:
        super()._step(cycle)
        room = not next(self._rooms)
        if room != self._room:
            self._room, self._after = room, 0
            self._write_room(room)

    def _on_aligned(self, got) -> None:
        self.ends += got["end"]
        if not self._room:
            self._after += 1
            assert self._after <= PROMISED_ROOM, f"{self._after} beats after the room was gone"

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
                if void[index]:
                    assert len(written) <= len(wanted), f"{what}: {len(written)} beats"
                else:
                    assert written == wanted, f"{what}: {written} instead of {wanted}"
                if self.ends_frame(frame, beat, index, what):
                    break
        assert next(got, None) is None, "an aligned beat too many"


@cocotb.test
async def header_lengths(dut):
    """Every even header length with odd and even MSS, so every even start lane (D10)."""
    align = _Align(dut, "header_lengths")
    await align.run([*raw_beats.of_header_lengths(align.rng, align.bench.lanes)])


@cocotb.test
async def lanes_and_sizes(dut):
    """Every start lane with every MSS up to two beats (a sample of them in wide cores)."""
    align = _Align(dut, "lanes_and_sizes")
    await align.run([*raw_beats.of_lanes_and_sizes(align.rng, align.bench.lanes)])


@cocotb.test
async def wrong_ends(dut):
    """Every number of bytes that can come of one frame, and too many (D13, I9)."""
    align = _Align(dut, "wrong_ends")
    await align.run(raw_beats.of_wrong_ends(align.bench.lanes))


@cocotb.test
async def stalls(dut):
    """Good and bad frames under gaps before beats and cuts and without room (AXI-Stream)."""
    patterns = {"beat": "random:0.3", "cut": "random:0.3", "room": "random:0.3"}
    align = _Align(dut, "stalls", **patterns)
    lanes, count = align.bench.lanes, align.bench.count(500)
    await align.run([*raw_beats.at_random(align.rng, lanes, count, 0.4)])


@cocotb.test
async def long_waits(dut):
    """No room for long, then for short: at most nine beats come meanwhile, none is lost."""
    align = _Align(dut, "long_waits", room="cycle:" + "0" * 11 + "1" * 30)
    lanes, count = align.bench.lanes, align.bench.count(120)
    await align.run([*raw_beats.at_random(align.rng, lanes, count, 0.2)])


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
