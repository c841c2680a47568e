# SPDX-License-Identifier: Apache-2.0
"""The bit layouts that hardware, model, C header and documents share (D19, D22).

This file is the one place where they are written down. It holds positions, widths and code
numbers only; what a field *means* is implemented twice, in `gso_model` and in `gso_hdl`.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple


class Field(NamedTuple):
    """One field of a layout: its name, least significant bit, width in bits and meaning."""

    name: str
    low: int
    width: int
    meaning: str


@dataclass(frozen=True)
class Layout:
    """A named set of fields in a vector of `bits` bits; bits without a field are 0."""

    name: str
    bits: int
    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        taken = 0
        for field in self.fields:
            mask = ((1 << field.width) - 1) << field.low
            if taken & mask or field.low + field.width > self.bits:
                raise ValueError(f"{self.name}.{field.name} overlaps another field or the end")
            if field.low // 32 != (field.low + field.width - 1) // 32:
                raise ValueError(f"{self.name}.{field.name} crosses a 32-bit word")
            taken |= mask

    @cached_property
    def reserved_mask(self) -> int:
        """Ones at the bits that no field uses."""
        mask = (1 << self.bits) - 1
        for field in self.fields:
            mask &= ~(((1 << field.width) - 1) << field.low)
        return mask

    def pack(self, values: dict[str, int]) -> int:
        """Puts `values` (by field name, absent ones 0) into one integer.

        Raises `ValueError` for an unknown name or a value that does not fit its field.
        """
        vector = 0
        for name, value in values.items():
            place = self._places.get(name)
            if place is None:
                raise ValueError(f"{self.name} has no field {name!r}")
            low, end = place
            if not 0 <= value < end:
                raise ValueError(f"{self.name}.{name} is {value}, expected 0 to {end - 1}")
            vector |= int(value) << low
        return vector

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        """Where each field begins, and the first number that does not fit it."""
        return {field.name: (field.low, 1 << field.width) for field in self.fields}

    def unpack(self, vector: int) -> dict[str, int]:
        """The value of every field in `vector`; bits that no field uses are ignored."""
        return {field.name: vector >> field.low & ((1 << field.width) - 1) for field in self.fields}


def _word(index: int, *fields: tuple[str, int, str]) -> tuple[Field, ...]:
    """Fields of the 32-bit word `index`, packed from its bit 0 upwards."""
    low = 32 * index
    placed: list[Field] = []
    for name, width, meaning in fields:
        placed.append(Field(name, low, width, meaning))
        low += width
    return tuple(placed)


DESCRIPTOR = Layout(
    "descriptor",
    256,
    (
        *_word(
            0,
            ("frame_length", 24, "bytes of the frame as the host hands it over (D1)"),
            ("tag_count", 2, "VLAN tags to insert: 0, 1 or 2 (D18)"),
            ("keep_cwr", 1, "CWR stays in every segment (D6)"),
            ("length_8023", 1, "rewrite the 802.3 length (D17)"),
            ("timestamp", 1, "a time stamp of the last segment is asked for"),
            ("ip_checksum", 1, "write the (inner) IPv4 header checksum (D21)"),
            ("outer_ip_checksum", 1, "write the outer IPv4 header checksum (D21)"),
        ),
        *_word(
            1,
            ("mss", 16, "payload bytes a segment; 0: no segmentation (D7)"),
            ("request_id", 16, "returned in the completion and in tuser"),
        ),
        *_word(
            2,
            ("header_length", 10, "bytes up to the end of the (inner) L4 header"),
            ("l3_offset", 10, "byte offset of the (inner) IP header"),
            ("l4_offset", 10, "byte offset of the (inner) L4 header, the end of the IP header"),
            ("l3_kind", 2, "(inner) IP header: L3Kind"),
        ),
        *_word(
            3,
            ("outer_l3_offset", 10, "byte offset of the outer IP header"),
            ("outer_l4_offset", 10, "byte offset of the outer UDP or GRE header"),
            ("outer_l3_kind", 2, "outer IP header: L3Kind"),
            ("tunnel", 3, "Tunnel"),
            ("outer_l4_checksum", 2, "outer UDP checksum: ChecksumMode (D3)"),
            ("outer_ip_id", 2, "outer IPv4 identification: IdMode (D5)"),
        ),
        *_word(
            4,
            ("l4_kind", 2, "(inner) L4 header: L4Kind"),
            ("l4_checksum", 2, "(inner) L4 checksum: ChecksumMode (D2)"),
            ("ip_id", 2, "(inner) IPv4 identification: IdMode (D5)"),
        ),
        Field("checksum_offset", 136, 8, "GENERIC: bytes from l4_offset to the checksum (D21)"),
        Field("user", 144, 16, "returned in tuser: queue, port or function"),
        Field("tag0", 160, 32, "outermost tag to insert: TPID in 31..16, TCI in 15..0"),
        Field("tag1", 192, 32, "second tag to insert: TPID in 31..16, TCI in 15..0"),
    ),
)

COMPLETION = Layout(
    "completion",
    96,
    (
        Field("request_id", 0, 16, "the descriptor's"),
        Field("status", 16, 8, "Status: 0 or the lowest code that applies (D11)"),
        Field("segments", 32, 24, "segments that left"),
        Field("payload_bytes", 64, 24, "bytes behind header_length that left; 0 for pass-through"),
    ),
)

SEGMENT_USER = Layout(
    "m_axis_tuser",
    51,
    (
        Field("request_id", 0, 16, "the descriptor's"),
        Field("length", 16, 16, "bytes of this segment"),
        Field("first", 32, 1, "first segment of its frame"),
        Field("last", 33, 1, "last segment of its frame"),
        Field("timestamp", 34, 1, "a time stamp is asked for (last segment only)"),
        Field("user", 35, 16, "the descriptor's"),
    ),
)


class L3Kind(IntEnum):
    """What stands at an L3 offset; 3 is reserved."""

    NONE = 0
    IPV4 = 1
    IPV6 = 2


class L4Kind(IntEnum):
    """What stands at `l4_offset` (D21)."""

    NONE = 0
    TCP = 1
    UDP = 2
    GENERIC = 3


class ChecksumMode(IntEnum):
    """Where an L4 checksum's pseudo-header comes from (D2, D3)."""

    NONE = 0
    SEED_WITHOUT_LENGTH = 1
    SEED_WITH_LENGTH = 2
    FROM_HEADER = 3


class IdMode(IntEnum):
    """How the IPv4 identification counts from segment to segment (D5); 3 is an error."""

    FIXED = 0
    MOD15 = 1
    MOD16 = 2


class Tunnel(IntEnum):
    """Encapsulation of the inner packet; 5 to 7 are reserved. NVGRE is GRE with key."""

    NONE = 0
    IPIP = 1
    GRE = 2
    VXLAN = 3
    GENEVE = 4


class Status(IntEnum):
    """A completion's status (D11's table): the lowest code that applies."""

    OK = 0
    RESERVED = 1
    FRAME_LENGTH = 2
    HEADER_LENGTH = 3
    OFFSETS = 4
    OPERATION = 5
    SEGMENT_LENGTH = 6
    DISABLED = 7
    IP_VERSION = 16
    IP_HEADER_LENGTH = 17
    IP_PROTOCOL = 18
    L4_HEADER = 19
    TUNNEL_HEADER = 20
    OUTER_CHECKSUM = 21
    LENGTH_8023 = 22
    SHORT = 32
    LONG = 33
    ABORTED = 34


# D6: reset values of the flag masks, 12 bits each, ANDed with the TCP flags of a segment.
FLAG_MASK_FIRST = 0xFF6
FLAG_MASK_MIDDLE = 0xF76
FLAG_MASK_LAST = 0xF7F
FLAG_CWR = 0x080
