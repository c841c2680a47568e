# SPDX-License-Identifier: Apache-2.0
"""Pause patterns: when a source leaves a gap and when a sink is not ready.

A pattern is written as a short text, because it travels to the simulator as a parameter:

| text | pause |
|---|---|
| `none` | never |
| `random:P` | each cycle with probability P (0 <= P < 1), seeded |
| `cycle:BITS` | where BITS has a 1, repeated for ever |
| `once:BITS` | where BITS has a 1, then never again |
"""

import random
from collections.abc import Iterator
from itertools import chain, cycle, repeat

_EXPECTED = "expected none, random:P, cycle:BITS or once:BITS"


def pauses(text: str, seed: int = 0) -> Iterator[bool]:
    """The endless sequence of pauses that `text` describes, one a cycle; `seed` is for `random`.

    Raises `ValueError` for anything else, and for a `cycle` that would pause for ever.
    """
    kind, _, argument = text.partition(":")
    if text == "none":
        return repeat(False)
    if kind == "random":
        return _random(argument, seed)
    if kind in ("cycle", "once") and argument and set(argument) <= {"0", "1"}:
        bits = [bit == "1" for bit in argument]
        if kind == "once":
            return chain(bits, repeat(False))
        if not all(bits):
            return cycle(bits)
        raise ValueError(f"pause pattern {text!r} never lets a beat through")
    raise ValueError(f"pause pattern {text!r}: {_EXPECTED}")


def _random(argument: str, seed: int) -> Iterator[bool]:
    try:
        probability = float(argument)
    except ValueError:
        probability = -1.0
    if not 0 <= probability < 1:
        raise ValueError(f"pause pattern 'random:{argument}': {_EXPECTED} with 0 <= P < 1")
    draw = random.Random(seed).random
    # One draw a cycle and no state outside the generator: the same seed gives the same pauses
    # whatever else the bench does.
    return (draw() < probability for _ in repeat(None))
