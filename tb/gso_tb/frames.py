# SPDX-License-Identifier: Apache-2.0
"""Builds frames with their descriptors, byte by byte, without the model's header code.

Lengths and IPv4 checksums that the core must not read (D1) are filled with noise, so that a core
that reads them is caught.
"""

import random
from dataclasses import dataclass
from typing import Literal

from gso_model import Descriptor
from gso_model.layout import ChecksumMode, IdMode, L3Kind, L4Kind
from gso_tb.jobs import Job

TCP_NUMBER = 6
UDP_NUMBER = 17
SEEDED = (ChecksumMode.SEED_WITHOUT_LENGTH, ChecksumMode.SEED_WITH_LENGTH)
ETHERTYPE = {4: b"\x08\x00", 6: b"\x86\xdd"}


@dataclass(frozen=True)
class Shape:
    """The headers of a frame.

    `l2` is the number of bytes before the IP header; 18 and 22 are one and two VLAN tags, 16 a
    header of two bytes more than Ethernet's, 0 none at all. `ip_options` are the bytes of IPv4
    options (a multiple of 4) or IPv6 extension headers (a multiple of 8), `tcp_options` likewise.
    """

    ip: Literal[4, 6] = 4
    l4: Literal["tcp", "udp"] = "tcp"
    l2: int = 14
    ip_options: int = 0
    tcp_options: int = 0

    @property
    def l4_offset(self) -> int:
        """Bytes before the L4 header."""
        return self.l2 + (20 if self.ip == 4 else 40) + self.ip_options

    @property
    def header_length(self) -> int:
        """Bytes before the payload."""
        return self.l4_offset + (20 + self.tcp_options if self.l4 == "tcp" else 8)


def folded_sum(data: bytes) -> int:
    """The ones' complement sum of 16-bit words in network order, an odd byte padded."""
    total = sum(data[0::2]) * 256 + sum(data[1::2])
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def pseudo_header(frame: bytes, l3: int, ip: int, number: int, length: int) -> bytes:
    """The pseudo-header for the IP header at `l3`, the protocol `number` and an L4 length."""
    first, end = (12, 20) if ip == 4 else (8, 40)
    return frame[l3 + first : l3 + end] + bytes([0, number]) + length.to_bytes(4, "big")


def seed(frame: bytes, l3: int, ip: int, number: int, length: int, mode: int) -> bytes:
    """What the checksum field holds in `mode`, one of `SEEDED`; the rest as `pseudo_header`."""
    counted = length if mode == ChecksumMode.SEED_WITH_LENGTH else 0
    return folded_sum(pseudo_header(frame, l3, ip, number, counted)).to_bytes(2, "big")


def build(
    shape: Shape,
    payload: bytes,
    mss: int,
    *,
    rng: random.Random,
    checksum: ChecksumMode = ChecksumMode.SEED_WITH_LENGTH,
    flags: int | None = None,
    label: str = "",
    **fields: int,
) -> Job:
    """A job with a frame of `shape`; addresses, ports, options and ids are random.

    The checksum field holds the seed that `checksum` asks for, noise for `FROM_HEADER`. With MSS 0
    it is a checksum-only job. `fields` go into the descriptor as they are.
    """
    header = bytearray(l2_bytes(shape, rng) + l3_bytes(shape, rng) + _l4(shape, rng, flags))
    l3, l4 = shape.l2, shape.l4_offset
    if checksum in SEEDED:
        at, number = (l4 + 16, TCP_NUMBER) if shape.l4 == "tcp" else (l4 + 6, UDP_NUMBER)
        length = len(header) - l4 + len(payload)
        header[at : at + 2] = seed(bytes(header), l3, shape.ip, number, length, checksum)
    values: dict[str, int] = {
        "frame_length": len(header) + len(payload),
        "mss": mss,
        "header_length": len(header),
        "l3_offset": l3,
        "l4_offset": l4,
        "l3_kind": L3Kind.IPV4 if shape.ip == 4 else L3Kind.IPV6,
        "l4_kind": L4Kind.TCP if shape.l4 == "tcp" else L4Kind.UDP,
        "l4_checksum": checksum,
        "ip_id": IdMode.MOD16,
        **fields,
    }
    text = label or (
        f"{shape.l4}{shape.ip} l2 {shape.l2} header {len(header)} mss {mss} payload {len(payload)}"
    )
    return Job(Descriptor(**values), bytes(header) + payload, label=text)


def plain(data: bytes, **fields: int) -> Job:
    """A job with any bytes for a frame, of which nothing is asked unless `fields` ask."""
    return Job(Descriptor(**{"frame_length": len(data), **fields}), data, label="plain")


def generic(data: bytes, start: int, offset: int, header_length: int) -> Job:
    """A job with any bytes for a frame, summed from `start` on into `start` + `offset` (D21)."""
    job = plain(
        data,
        header_length=header_length,
        l4_offset=start,
        l4_kind=L4Kind.GENERIC,
        l4_checksum=ChecksumMode.SEED_WITH_LENGTH,
        checksum_offset=offset,
    )
    return job.named("generic")


def l2_bytes(shape: Shape, rng: random.Random) -> bytes:
    """The bytes in front of the IP header."""
    if shape.l2 < 14:
        return rng.randbytes(shape.l2)
    middle = rng.randbytes(shape.l2 - 14)
    if shape.l2 in (18, 22):
        middle = b"\x81\x00" + rng.randbytes(2)
        if shape.l2 == 22:
            middle = b"\x88\xa8" + rng.randbytes(2) + middle
    return rng.randbytes(12) + middle + ETHERTYPE[shape.ip]


def l3_bytes(shape: Shape, rng: random.Random) -> bytes:
    """The IP header with its options or extension headers."""
    number = TCP_NUMBER if shape.l4 == "tcp" else UDP_NUMBER
    if shape.ip == 4:
        words = 5 + shape.ip_options // 4
        return (
            bytes([0x40 | words])
            + rng.randbytes(7)  # DSCP and ECN, total length, identification, DF
            + bytes([rng.randrange(1, 256), number])
            + rng.randbytes(10)  # checksum, addresses
            + rng.randbytes(shape.ip_options)
        )
    # With extension headers the first next-header field names one of them, here 60.
    following = 60 if shape.ip_options else number
    first = (6 << 28 | rng.getrandbits(28)).to_bytes(4, "big")
    noise = rng.randbytes(2)
    return (
        first
        + noise
        + bytes([following, rng.randrange(1, 256)])
        + rng.randbytes(32)
        + _extensions(shape.ip_options, number, rng)
    )


def _extensions(size: int, number: int, rng: random.Random) -> bytes:
    """One destination options header of `size` bytes with noise for options."""
    if not size:
        return b""
    return bytes([number, size // 8 - 1]) + rng.randbytes(size - 2)


def _l4(shape: Shape, rng: random.Random, flags: int | None) -> bytes:
    if shape.l4 == "udp":
        return rng.randbytes(8)
    words = 5 + shape.tcp_options // 4
    bits = rng.getrandbits(12) if flags is None else flags
    return (
        rng.randbytes(12)
        + (words << 12 | bits).to_bytes(2, "big")
        + rng.randbytes(6)
        + rng.randbytes(shape.tcp_options)
    )
