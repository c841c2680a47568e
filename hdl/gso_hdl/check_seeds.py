# SPDX-License-Identifier: Apache-2.0
"""Check, what the L4 sums start with: the descriptor's part of the pseudo-headers (D2, D3).

Ones' complement numbers, mod 65,535. Each function takes the `Staged` descriptor.
"""

from amaranth import Cat, Const, Mux

from gso_model.layout import ChecksumMode, L4Kind

from .primitives import add_with_carry
from .records import OUTER_START_BIT

PROTOCOL_TCP, PROTOCOL_UDP = 6, 17


def folded_payload(line):
    """Cycle 4, `folded`: the payload's length, where there is any, in 16 bits and their carry."""
    d = line.at(3)
    payload = d.payload_less_1
    line.into(4, folded=add_with_carry(payload[:16], payload[16:24], Const(1, 1)))


def seed(d):
    """What the (inner) L4 sum starts with, 17 bits, and whether it is the complement that it does;
    `d`: cycle 4 or later.

    A seed with length holds the whole frame's: the payload's comes off. The complement of 17 bits
    is 1 too much; edit takes it off where it adds the segment's length (`sum_base`). Without
    segmentation the seed is complete.
    """
    whole = d.l4_checksum == ChecksumMode.SEED_WITH_LENGTH
    protocol = Mux(d.from_header, Mux(d.udp, PROTOCOL_UDP, PROTOCOL_TCP), 0)
    off = whole & d.segmented & ~d.no_payload
    return Cat(Mux(off, d.folded, protocol)[:17], off)


def outer_distance(line):
    """Cycle 3, `outer_addend`: all of the outer seed that is not payload, with sign.

    With local checksum offload the sum of the inner L4 part is the complement of its
    pseudo-header's, so that inner seed and length come off. What remains of both lengths is, by
    the modes (outer, inner), where 0, 2 are even and 1, 3 odd:

    | outer | inner | is | made of |
    | 1, 3 | even | the outer L4 length | payload + (header_length - outer_l4_offset) |
    | 1, 3 | odd | the difference of both | l4_offset - outer_l4_offset |
    | 2 | odd | - the inner L4 length | - payload + (l4_offset - header_length) |
    | 2 | even | nothing | 0 |

    A mode of 3 adds its protocol number. Where the payload comes off, its complement is 1 too much
    (as in `seed`), which is taken off here. So is `OUTER_START_BIT`, with which the sum starts as
    well: that makes the number negative in any case. One of 16 bits counts 1 more mod 65,535 then,
    which comes off, too.
    """
    d = line.at(1)
    odd = d.l4_checksum[0]
    whole = d.outer_l4_checksum == ChecksumMode.SEED_WITH_LENGTH
    end = Mux(odd, d.l4_offset, d.header_length)
    start = Mux(whole, d.header_length, d.outer_l4_offset)
    if len(end) != OUTER_START_BIT - 15:
        raise ValueError(f"offsets have {len(end)} bits, expected {OUTER_START_BIT - 15}")
    # A table of the protocol numbers' difference, less 1: two sums behind one another are late.
    tcp, udp = PROTOCOL_TCP + 1, PROTOCOL_UDP + 1
    udp_inside = d.l4_kind == L4Kind.UDP
    alone = Mux(udp_inside, -udp, -tcp)
    within = Mux(udp_inside, PROTOCOL_UDP - udp, PROTOCOL_UDP - tcp)
    from_header = d.l4_checksum == ChecksumMode.FROM_HEADER
    protocols = Mux(
        d.outer_l4_checksum == ChecksumMode.FROM_HEADER,
        Mux(from_header, within, PROTOCOL_UDP - 1),
        Mux(from_header, alone, -1),
    )
    line.into(
        2,
        # end - start - 513: the complement of `start` is 1 less than - start, and an `end` of 10
        # bits is 512 less, as a number with sign, with its uppermost bit inverted.
        outer_distance=Cat(end[:-1], ~end[-1]).as_signed() + Cat(~start, 1).as_signed(),
        outer_protocols=protocols[:6].as_signed(),
        outer_one=~(whole & odd),
        # The payload's part: none, or added, or taken off.
        outer_payload=odd == whole,
        outer_payload_off=whole,
    )
    d = line.at(2)
    protocols = Cat(d.outer_protocols, d.outer_protocols[-1].replicate(6))
    addend = add_with_carry(d.outer_distance, protocols, d.outer_one)
    line.into(3, outer_addend=addend[:12].as_signed())
    d = line.at(4)
    folded = d.folded[:16] ^ d.outer_payload_off.replicate(16)
    line.into(
        5,
        outer_payload_sum=Mux(d.outer_payload & ~d.no_payload, folded, 0),
        outer_carry=d.outer_payload
        & Mux(d.outer_payload_off, ~d.folded[16] | d.no_payload, d.folded[16] & ~d.no_payload),
    )


def outer_seed(d):
    """What the outer UDP sum starts with beside `OUTER_START_BIT`; `d`: cycle 5 or later."""
    addend = d.outer_addend
    wide = Cat(addend, addend[-1].replicate(16 - len(addend)))
    return add_with_carry(d.outer_payload_sum, wide, d.outer_carry)
