# SPDX-License-Identifier: Apache-2.0
"""The stage `sum` against a loop over words (RFC 1071, D13)."""

import random
import re

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.reference_payload import aligned, pieces
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


def beats(bench: Stage, rng: random.Random, start: int, data: bytes, void: int, bad: int) -> list:
    """What a segment whose payload leaves from lane `start` on comes as, zeros around it.

    Aligned beats; or raw ones, in which it may begin in any lane, two at a time (`Split`).
    """
    lanes, marks = bench.lanes, {"write": 1, "end": 0, "void": 0, "bad": 0}
    names = ["data"]
    if bench.config.stores_first:
        begin = rng.randrange(lanes)
        marks["odd"] = (begin - start) % 2
        names = ["older", "newer"]
        parts = pieces(begin, data, lanes, rng.random() < 0.5) if data else []
    else:
        parts = [(part,) for part in aligned(start, data, 0, lanes)[0]]
    made = [
        {name: int.from_bytes(part, "little") for name, part in zip(names, step, strict=True)}
        for step in parts
    ]
    made = [{**step, **marks} for step in made]
    if not data or (void and rng.random() < 0.5):
        # Only the note that it ended; its data is whatever stands there.
        noise = {name: rng.getrandbits(8 * lanes) for name in names}
        made.append({**marks, **noise, "write": 0})
    made[-1] |= {"end": 1, "void": void, "bad": bad}
    return made


async def _compare(bench: Stage, pattern: str, segments: list) -> None:
    """Sends segments (start lane, data, void, bad) and compares the results."""
    rng = random.Random(bench.seed)
    source, result = bench.source("aligned", pattern), bench.sink("result")
    await bench.start()
    for start, data, void, bad in segments:
        source.send(*beats(bench, rng, start, data, void, bad))
    await bench.until(lambda: not source.pending)
    assert len(result.got) == len(segments), "one result a segment"
    for number, (got, (start, data, void, bad)) in enumerate(
        zip(result.got, segments, strict=True)
    ):
        wanted = {"void": void, "bad": bad} | ({} if void else {"sum": looped(data)})
        result.record.check({*wanted, "sum"})
        same(got, wanted, f"segment {number} of {len(data)} bytes from lane {start}")


@cocotb.test
async def lengths(dut):
    """Every length up to three beats in every even lane, odd lengths too (RFC 1071).

    Where payload is stored first it comes in any lane.
    """
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
    source, result = bench.source("aligned"), bench.sink("result")
    await bench.start()
    for _ in range(20):
        source.send(*beats(bench, random.Random(1), 0, b"x", 0, 0))
    await bench.until(lambda: not source.pending)
    measured = {out - taken for taken, out in zip(source.cycles, result.cycles, strict=True)}
    assert measured == {int(promised[1])}
    assert source.cycles == list(range(source.cycles[0], source.cycles[0] + 20))
