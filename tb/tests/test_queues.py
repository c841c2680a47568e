# SPDX-License-Identifier: Apache-2.0
"""Queues between stages: order, latency and room, of each kind that the core uses."""

import itertools
import random

import pytest

from gso_hdl.queues import Chain, Queue, RoomQueue
from gso_tb.simulate import simulate

# Options of a queue, cycles from in to out when it is empty, cycles between entries when it is not.
KINDS = {
    "distributed": ({}, 1, 1),
    "passing": ({"passing": True}, 0, 1),
    "block": ({"block": True, "registers": 1}, 3, 2),
    "block, 2 registers": ({"block": True, "registers": 2}, 4, 2),
    "block, straight": ({"block": True, "registers": 0, "patient": False}, 2, 1),
    "block, quick": ({"block": True, "registers": 1, "patient": False}, 3, 1),
    "block, quick, 2 registers": ({"block": True, "registers": 2, "patient": False}, 4, 1),
}
BITS = 12


def run(queue, offers, takes, cycles=2000):
    """What goes through `queue`: (value, cycle) of each entry in, and of each one out.

    `offers(cycle, under way)` and `takes(cycle)` say whether there is an entry and room for one;
    where the queue has a `room` it has to be there five cycles before, too.
    """
    rng = random.Random(BITS)
    sent, got = [], []
    heard = [1] * 5

    async def bench(ctx):
        for cycle in range(cycles):
            heard.append(ctx.get(queue.room) if hasattr(queue, "room") else 1)
            valid = heard.pop(0) and offers(cycle, len(sent) - len(got))
            ctx.set(queue.i.valid, valid)
            ctx.set(queue.i.payload, rng.getrandbits(BITS))
            ctx.set(queue.o.ready, takes(cycle))
            if valid and ctx.get(queue.i.ready):
                sent.append((ctx.get(queue.i.payload), cycle))
            if ctx.get(queue.o.valid) and ctx.get(queue.o.ready):
                got.append((ctx.get(queue.o.payload), cycle))
            await ctx.tick()

    simulate(queue, bench)
    return sent, got


def values(entries):
    """Entries without their cycles."""
    return [value for value, _ in entries]


@pytest.mark.parametrize("bits", [4, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_order(kind: str, bits: int) -> None:
    """Nothing is lost, doubled or changed, nearly empty or quite full, whatever waits."""
    options = KINDS[kind][0]
    room = (1 << bits) - 2 + (options.get("registers", 0) if options.get("block") else 0)
    rng = random.Random(f"{kind} {bits}")
    for often, ready in ((0.9, 0.3), (0.3, 0.9), (0.95, 0.95)):
        sent, got = run(
            Queue(BITS, bits, **options),
            lambda cycle, there, often=often: there < room and rng.random() < often,
            lambda cycle, ready=ready: rng.random() < ready,
        )
        assert values(got) == values(sent)[: len(got)]
        assert len(sent) - len(got) <= room
        assert len(got) > 250


@pytest.mark.parametrize("kind", KINDS)
def test_latency_and_throughput(kind: str) -> None:
    """As the docstring has them."""
    options, latency, between = KINDS[kind]
    sent, got = run(Queue(BITS, **options), lambda cycle, _: cycle == 9, lambda _: 1, 40)
    assert got == [(sent[0][0], 9 + latency)]
    sent, got = run(Queue(BITS, **options), lambda cycle, there: there < 10, lambda _: 1, 400)
    steady = [cycle for _, cycle in got[50:]]
    assert {b - a for a, b in itertools.pairwise(steady)} == {between}


def test_certain() -> None:
    """A receiver that is ready only when there is an entry needs no valid bit."""
    there = 0

    def takes(cycle):
        return cycle % 3 == 0 and there > 0

    def offers(cycle, under_way):
        nonlocal there
        there = under_way
        return under_way < 14 and cycle % 5 < 2

    sent, got = run(Queue(BITS, certain=True), offers, takes)
    assert values(got) == values(sent)[: len(got)]
    assert len(got) > 250


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"block": True},
        {"bits": 5, "block": True},
        {"late": True},
        {"block": True, "late": True},
    ],
)
def test_room(options: dict) -> None:
    """A source that hears of `room` five cycles late loses nothing."""
    rng = random.Random(1)
    sent, got = run(
        RoomQueue(BITS, **options), lambda *_: rng.random() < 0.95, lambda _: rng.random() < 0.5
    )
    assert values(got) == values(sent)[: len(got)]
    assert len(got) > 750


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_chain(depth: int) -> None:
    """An entry every other cycle, `depth` cycles from in to out, none lost."""
    rng = random.Random(depth)
    sent, got = run(Chain(BITS, depth), lambda *_: rng.random() < 0.7, lambda _: rng.random() < 0.7)
    assert values(got) == values(sent)[: len(got)]
    assert len(sent) - len(got) <= depth
    sent, got = run(Chain(BITS, depth), lambda cycle, _: cycle == 9, lambda _: 1, 40)
    assert got == [(sent[0][0], 9 + depth)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bits": 6}, "bits is 6, expected 4 or 5"),
        ({"block": True, "passing": True}, "passing is True, expected False with block"),
        ({"block": True, "certain": True}, "certain is True, expected False with block"),
        ({"block": True, "registers": 0}, "registers is 0, expected 1 or more with patient"),
    ],
)
def test_bad_options(options: dict, message: str) -> None:
    """Each says what was given and what was expected."""
    with pytest.raises(ValueError, match=message):
        Queue(BITS, **options)
    with pytest.raises(ValueError, match="depth is 0, expected 1 or more"):
        Chain(BITS, 0)
