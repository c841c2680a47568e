# SPDX-License-Identifier: Apache-2.0
"""The stage `sum` against a loop over words (RFC 1071, D13)."""

import random
import re

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.stage import Stage, same


@pytest.mark.verilator_only
def test_block_sum(sim: str, width: int) -> None:
    """Sums, marks and promised latency."""
    blocks.run("sum", sim, width)


def looped(data: bytes) -> int:
    """The ones' complement sum, word by word as RFC 1071 has it."""
    total = 0
    for at in range(0, len(data), 2):
        total += data[at] << 8 | (data[at + 1] if at + 1 < len(data) else 0)
        if total > 0xFFFF:
            total -= 0xFFFF
    return total


def beats(rng: random.Random, lanes: int, start: int, data: bytes, void: int, bad: int) -> list:
    """Aligned beats of a segment whose payload starts in lane `start`, zeros around it."""
    whole = bytes(start) + data
    parts = [whole[at : at + lanes] for at in range(0, len(whole), lanes)]
    made = [
        {"data": int.from_bytes(part, "little"), "write": 1, "end": 0, "void": 0, "bad": 0}
        for part in parts
    ]
    if not data or (void and rng.random() < 0.5):
        # Only the note that it ended; its data is whatever stands there.
        noise = rng.getrandbits(8 * lanes)
        made.append({"data": noise, "write": 0, "end": 1, "void": 0, "bad": 0})
    made[-1] |= {"end": 1, "void": void, "bad": bad}
    return made


async def _compare(bench: Stage, pattern: str, segments: list) -> None:
    """Sends segments (start lane, data, void, bad) and compares the results."""
    rng = random.Random(bench.seed)
    aligned, result = bench.source("aligned", pattern), bench.sink("result")
    await bench.start()
    for start, data, void, bad in segments:
        aligned.send(*beats(rng, bench.lanes, start, data, void, bad))
    await bench.until(lambda: not aligned.pending)
    assert len(result.got) == len(segments), "one result a segment"
    for number, (got, (start, data, void, bad)) in enumerate(
        zip(result.got, segments, strict=True)
    ):
        wanted = {"void": void, "bad": bad} | ({} if void else {"sum": looped(data)})
        result.record.check({*wanted, "sum"})
        same(got, wanted, f"segment {number} of {len(data)} bytes from lane {start}")


@cocotb.test
async def lengths(dut):
    """Every length up to three beats in every even lane, odd lengths too (RFC 1071)."""
    bench = Stage(dut, "lengths")
    rng = random.Random(bench.seed)
    segments = [
        (start, rng.randbytes(size), 0, 0)
        for start in range(0, bench.lanes, 2 if bench.lanes < 64 else 6)
        for size in range(0, 3 * bench.lanes + 2, bench.thin)
    ]
    rng.shuffle(segments)
    await _compare(bench, "none", segments)


@cocotb.test
async def marks(dut):
    """`void` and `bad` stay with their segment, and a void one leaves nothing in the next sum."""
    bench = Stage(dut, "marks")
    rng = random.Random(bench.seed)
    segments = [
        (
            2 * rng.randrange(bench.lanes // 2),
            rng.randbytes(rng.choice((0, 1, bench.lanes, rng.randint(1, 6 * bench.lanes)))),
            rng.getrandbits(1),
            rng.randrange(4),
        )
        for _ in range(bench.count(600))
    ]
    await _compare(bench, "random:0.3", segments)


@cocotb.test
async def carries(dut):
    """Longest segments of ones: no carry is lost; zeros give 0 and multiples of 0xFFFF do not."""
    bench = Stage(dut, "carries")
    longest = bench.config.max_segment
    data = [b"\xff" * longest, bytes(longest), b"\xff\xff", bytes(2), b"\x00\x01\xff\xfe"]
    data += [b"\xff" * size for size in (1, longest - 1, longest - 2)]
    data += [b"\xff\xff\x00\x01" * (longest // 4), b"\x80\x00" * (longest // 2)]
    await _compare(bench, "none", [(0, part, 0, 0) for part in data])


@cocotb.test
async def latency(dut):
    """The docstring's promise for this width, and a beat a cycle."""
    bench = Stage(dut, "latency")
    text = " ".join((type(bench.part).__doc__ or "").split())
    promised = re.search(rf"(\d+)(?: cycles)? at {bench.config.data_width}\b", text)
    assert promised, "the docstring of Sum promises a latency by width"
    aligned, result = bench.source("aligned"), bench.sink("result")
    await bench.start()
    for _ in range(20):
        aligned.send(*beats(random.Random(1), bench.lanes, 0, b"x", 0, 0))
    await bench.until(lambda: not aligned.pending)
    measured = {out - taken for taken, out in zip(aligned.cycles, result.cycles, strict=True)}
    assert measured == {int(promised[1])}
    assert aligned.cycles == list(range(aligned.cycles[0], aligned.cycles[0] + 20))
