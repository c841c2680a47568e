# SPDX-License-Identifier: Apache-2.0
"""Ones' complement arithmetic for the Internet checksum (RFC 1071, D2, D4, I12).

A *sum* here is any non-negative integer that stands for a sum of 16-bit big-endian words. Since
2**16 is 1 modulo 65,535, a whole byte string taken as one number is such a sum, and so is a
length of 24 bits or a sequence number of 32. Nothing is ever subtracted: the complement is added.
Sums may be added at will and are folded to 16 bits once, by `finish`.
"""

from gso_model.layout import L3Kind, L4Kind

PROTOCOL_NUMBER = {L4Kind.TCP: 6, L4Kind.UDP: 17}
# Bytes from the L4 header's start to its checksum.
CHECKSUM_OFFSET = {L4Kind.TCP: 16, L4Kind.UDP: 6}


def word_sum(data: bytes | bytearray) -> int:
    """The sum of `data` as 16-bit words, an odd last byte followed by a zero byte: 0 to 65,535.

    It is 0 only where every byte is 0 (I12).
    """
    number = int.from_bytes(data, "big")
    if len(data) & 1:
        number <<= 8
    # One modulo of a long number is the quickest way that plain Python has: a loop over words
    # takes thirty times as long, `struct.unpack` and `sum` more than twice.
    return number % 0xFFFF or (0xFFFF if number else 0)


def fold(total: int) -> int:
    """`total` folded into 16 bits by end-around carry: 0 only for 0, else 1 to 65,535 (I12)."""
    return total % 0xFFFF or (0xFFFF if total else 0)


def complement(total: int) -> int:
    """What to add to take `total` out of a sum that holds it."""
    return 0xFFFF - fold(total)


def finish(total: int) -> int:
    """The checksum field for the sum `total`; TCP, IPv4 and generic keep a 0 (D4)."""
    return 0xFFFF - fold(total)


def finish_udp(total: int) -> int:
    """The checksum field for the sum `total` in UDP, where a computed 0 is sent as 0xFFFF (D4)."""
    return finish(total) or 0xFFFF


def addresses_sum(frame: bytes | bytearray, l3_kind: int, l3_offset: int) -> int:
    """The sum of source and destination address of the IP header at byte `l3_offset` (D2 mode 3).

    These are the addresses in the header, not the final ones behind a source route or a routing
    header: mode 3 is not for such frames.
    """
    first, last = (12, 20) if l3_kind == L3Kind.IPV4 else (8, 40)
    return word_sum(frame[l3_offset + first : l3_offset + last])


def pseudo_header_sum(
    frame: bytes | bytearray, l3_kind: int, l3_offset: int, protocol: int, l4_length: int
) -> int:
    """The sum of the pseudo-header (RFC 9293, 768, 8200) with an L4 length of any size in bytes."""
    return fold(addresses_sum(frame, l3_kind, l3_offset) + protocol + l4_length)
