# SPDX-License-Identifier: Apache-2.0
"""The kernel's vectors as other hosts would hand the same frames over.

Linux fills in true lengths, checksums and seeds with length. NDIS leaves lengths 0 and seeds
without length; other stacks leave rubbish. The segments are the kernel's all the same, since none
of that is read (D1) or it is read by its mode (D2, D3).
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from gso_model import Vector
from gso_model.layout import ChecksumMode, L3Kind, L4Kind
from gso_tb.reference import checksum_at


class Variant(NamedTuple):
    """How a host leaves what is not for it to fill in: what lengths hold, and the L4 fields."""

    name: str
    rubbish: bool  # in lengths and IPv4 checksums; else they are 0
    mode: ChecksumMode


VARIANTS = (
    Variant("ndis", False, ChecksumMode.SEED_WITHOUT_LENGTH),
    Variant("rubbish_without_length", True, ChecksumMode.SEED_WITHOUT_LENGTH),
    Variant("rubbish_with_length", True, ChecksumMode.SEED_WITH_LENGTH),
    Variant("zero_from_header", False, ChecksumMode.FROM_HEADER),
    Variant("rubbish_from_header", True, ChecksumMode.FROM_HEADER),
)


def variants(vector: Vector) -> Iterator[Vector]:
    """Every variant of `vector`, a segmented frame whose L4 fields hold seeds with length.

    The seeds must be of their headers' own addresses: mode 3 is not for a routing header that
    still has to go somewhere (D2). The kernel's vectors have none such.
    """
    for variant in VARIANTS:
        yield _made(vector, variant, random.Random(f"{vector.name} {variant.name}"))


def _made(vector: Vector, variant: Variant, rng: random.Random) -> Vector:
    d = vector.descriptor
    frame = bytearray(vector.frame)

    def fill(at: int) -> None:
        """A field that is never read."""
        frame[at : at + 2] = rng.randbytes(2) if variant.rubbish else bytes(2)

    headers = [(d.l3_kind, d.l3_offset)]
    if d.tunnel:
        headers.append((d.outer_l3_kind, d.outer_l3_offset))
    for kind, at in headers:
        fill(at + (2 if kind == L3Kind.IPV4 else 4))
        if kind == L3Kind.IPV4:
            fill(at + 10)
    if d.l4_kind == L4Kind.UDP:
        fill(d.l4_offset + 4)
    if d.outer_udp:
        fill(d.outer_l4_offset + 4)
    modes = {}
    for name, field, l4 in _seeded_fields(vector):
        modes[name] = variant.mode
        if variant.mode == ChecksumMode.FROM_HEADER:
            fill(field)
        elif variant.mode == ChecksumMode.SEED_WITHOUT_LENGTH:
            frame[field : field + 2] = _without_length(frame, field, len(frame) - l4)
    return replace(
        vector,
        name=f"{vector.name}_{variant.name}",
        frame=bytes(frame),
        descriptor=replace(d, **modes),
        note=f"{variant.name}: {vector.note}",
    )


def _seeded_fields(vector: Vector) -> Iterator[tuple[str, int, int]]:
    """The checksum fields that hold a seed: their mode's name, where they and their L4 are."""
    d = vector.descriptor
    fields = [("l4_checksum", checksum_at(d), d.l4_offset)]
    if d.outer_udp:
        fields.append(("outer_l4_checksum", d.outer_l4_offset + 6, d.outer_l4_offset))
    for name, field, l4 in fields:
        mode = getattr(d, name)
        unchecked = d.l4_kind == L4Kind.UDP and not any(vector.frame[field : field + 2])
        if mode == ChecksumMode.SEED_WITH_LENGTH and not unchecked:
            yield name, field, l4


def _without_length(frame: bytearray, field: int, length: int) -> bytes:
    """The seed at `field` with the L4 length taken out; 0xFFFF for a sum of 0 (UDP, D2)."""
    seed = int.from_bytes(frame[field : field + 2], "big") - length
    return ((seed - 1) % 0xFFFF + 1).to_bytes(2, "big")
