# SPDX-License-Identifier: Apache-2.0
"""Edit's `track` alone: where it writes, and what (RFC 1071, D4)."""

import random
from itertools import product

from gso_hdl.configuration import Configuration
from gso_hdl.records import copy_field
from gso_hdl.track import Track, latency
from gso_tb.reference import folded
from gso_tb.simulate import simulate

# Words whose sums end at the edges: 0xFFFF with and without a carry taken in, 0, one below.
EDGES = [
    (0xFFFF,),
    (0xFFFF, 0xFFFF),
    (0x8000, 0x7FFF),
    (0xFFFF, 0x8000, 0x7FFF),
    (0xFFFE, 1),
    (0xFFFF, 0xFFFE),
    (0, 0),
    (0xFFFF, 1),
]


def _checksum(words: tuple[int, ...], no_zero: bool) -> int:
    return 0xFFFF - folded(sum(words)) or (0xFFFF if no_zero else 0)


def test_block_track(width: int) -> None:
    """A sum's last step writes its complement, never 0 where `no_zero` is (D4); all others their
    own word; each at base + offset, `latency` cycles and one more later, at 512 bits `latency`."""
    config = Configuration.preset("full", data_width=width)
    rng = random.Random(width)
    others = [
        tuple(rng.choice((0, 0xFFFF, rng.getrandbits(16))) for _ in range(rng.randint(1, 6)))
        for _ in range(100)
    ]
    track, steps, wanted, got = Track(config), [], [], []
    for words, no_zero in product(EDGES + others, (False, True)):
        for k, word in enumerate(words):
            last = k == len(words) - 1
            augend = rng.randint(0, word)
            base, offset = rng.randrange(40), rng.randrange(16)
            slot = rng.randrange(config.slot_rows)
            copy = {name: rng.getrandbits(1) for name in copy_field(config)}
            steps.append(
                {
                    **copy,
                    "write": 1,
                    "base": base,
                    "offset": offset,
                    "slot": slot,
                    "addend": word - augend,
                    "augend": augend,
                    "restart": int(k == 0),
                    "invert": int(last),
                    "no_zero": no_zero,
                }
            )
            row = (slot + (base + offset) // config.columns) % config.slot_rows
            value = _checksum(words, no_zero) if last else word
            column = (base + offset) % config.columns
            wanted.append({"row": row, "column": column, "value": value, **copy})

    later = latency(config) + (not config.widest)

    async def bench(ctx):
        for cycle in range(len(steps) + later):
            ctx.set(track.step.valid, cycle < len(steps))
            for name, value in (steps[cycle] if cycle < len(steps) else {}).items():
                ctx.set(getattr(track.step.payload, name), value)
            await ctx.tick()
            if ctx.get(track.write.valid):
                assert cycle == len(got) + later - 1
                got.append(
                    {name: ctx.get(getattr(track.write.payload, name)) for name in wanted[0]}
                )

    simulate(track, bench)
    assert len(got) == len(wanted)
    for number, (written, expected) in enumerate(zip(got, wanted, strict=True)):
        assert written == expected, f"step {number}"


def test_edges_are_there() -> None:
    """The words above do fold to 0xFFFF in both ways."""
    assert {sum(words) for words in EDGES} >= {0xFFFF, 0x1FFFE}
    assert [_checksum(words, True) for words in EDGES[:2]] == [0xFFFF, 0xFFFF]
