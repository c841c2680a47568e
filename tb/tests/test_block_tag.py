# SPDX-License-Identifier: Apache-2.0
"""The stage `tag` against headers as bytes (D18), in Amaranth's own simulator."""

import random
from typing import NamedTuple

import pytest

from gso_hdl.configuration import Configuration
from gso_hdl.tag import PLACE, Tag
from gso_tb.simulate import simulate


class Header(NamedTuple):
    """A frame's header: its bytes, in whole rows, and what the descriptor says of it.

    `come`: rows that come before the frame ends; 0 where none is asked for.
    """

    raw: bytes
    size: int
    come: int
    tags: bytes

    def context(self, lanes: int) -> dict[str, int]:
        """The stage's record."""
        rows = len(self.raw) // lanes
        after = -(-(self.size + len(self.tags)) // lanes)
        return {
            "rows": rows,
            "count": len(self.tags) // 4,
            "tags": int.from_bytes(self.tags, "little"),
            "grows": int(after > rows),
            "empty": int(self.come == 0),
        }

    def expected(self, lanes: int) -> list[tuple[bytes, int]]:
        """The rows as they leave, without what is no header's, and whether the frame ends there."""
        whole = self.raw[:PLACE] + self.tags + self.raw[PLACE:] if self.tags else self.raw
        size = self.size + len(self.tags)
        ends = self.come * lanes < self.size
        rows = self.come if ends else -(-size // lanes) if self.come else 0
        starts = range(0, rows * lanes, lanes)
        return [
            (whole[at : min(at + lanes, size)], int(ends and at == starts[-1])) for at in starts
        ]


def header(rng: random.Random, lanes: int, most: int) -> Header:
    """One of any kind: with tags or not, and often ended before its time."""
    count = rng.choice((0, 0, 1, 2))
    size = rng.choice((rng.randint(PLACE + 2, most), rng.randint(PLACE + 2, 3 * lanes + PLACE)))
    size = min(size, most) & ~1
    rows = -(-size // lanes)
    come = rng.choice((rows, rows, 1, rng.randint(1, rows), 0))
    return Header(rng.randbytes(rows * lanes), size, come, rng.randbytes(4 * count))


@pytest.mark.every_width
@pytest.mark.parametrize(("idle", "stall"), [(0, 0), (0.5, 0), (0, 0.5), (0.3, 0.3), (0.9, 0.1)])
def test_block_tag(width: int, idle: float, stall: float, full: bool) -> None:
    """No tag, one or two, headers of any length, whole or ended in any row, none at all."""
    config = Configuration(data_width=width, features=("tags",))
    rng = random.Random(f"{width} {idle} {stall}")
    headers = [header(rng, config.lanes, config.header_bytes) for _ in range(150 if full else 60)]
    wanted = [row for item in headers for row in item.expected(config.lanes)]
    contexts = [item.context(config.lanes) for item in headers]
    rows = [
        {
            "data": int.from_bytes(item.raw[at : at + config.lanes], "little"),
            "short": int(at // config.lanes == item.come - 1 and at + config.lanes < item.size),
        }
        for item in headers
        for at in range(0, item.come * config.lanes, config.lanes)
    ]
    stage = Tag(config)
    got = []

    async def bench(ctx):
        sources = [(stage.context, iter(contexts)), (stage.row, iter(rows))]
        offered = [None, None]
        for _ in range(int(60 * len(headers) / (1 - idle) / (1 - stall))):
            for i, (stream, items) in enumerate(sources):
                if offered[i] is None and rng.random() >= idle:
                    offered[i] = next(items, None)
                ctx.set(stream.valid, offered[i] is not None)
                if offered[i] is not None:
                    ctx.set(stream.payload, offered[i])
            ctx.set(stage.tagged.ready, rng.random() >= stall)
            for i, (stream, _) in enumerate(sources):
                if offered[i] is not None and ctx.get(stream.ready):
                    offered[i] = None
            if ctx.get(stage.tagged.valid) and ctx.get(stage.tagged.ready):
                row = ctx.get(stage.tagged.payload)
                got.append((row.data.to_bytes(config.lanes, "little"), row.short))
            await ctx.tick()

    simulate(stage, bench)
    assert len(got) == len(wanted)
    for number, ((data, short), (bytes_, ends)) in enumerate(zip(got, wanted, strict=True)):
        assert (data[: len(bytes_)], short) == (bytes_, ends), f"row {number}"
