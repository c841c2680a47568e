# SPDX-License-Identifier: Apache-2.0
"""The descriptor, the completion and `m_axis_tuser` as values, packed and unpacked (D19, D22)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from gso_model.layout import (
    COMPLETION,
    DESCRIPTOR,
    SEGMENT_USER,
    ChecksumMode,
    IdMode,
    L3Kind,
    L4Kind,
    Layout,
    Status,
    Tunnel,
)

_ENUMS: dict[str, Callable[[int], int]] = {
    "l3_kind": L3Kind,
    "outer_l3_kind": L3Kind,
    "l4_kind": L4Kind,
    "tunnel": Tunnel,
    "l4_checksum": ChecksumMode,
    "outer_l4_checksum": ChecksumMode,
    "ip_id": IdMode,
    "outer_ip_id": IdMode,
    "status": Status,
}


def _unpack(layout: Layout, vector: int) -> dict[str, int]:
    """The fields of `vector`, as members of their enums where the value is one."""
    if not 0 <= vector < 1 << layout.bits:
        raise ValueError(f"{layout.name}: expected a number of {layout.bits} bits, got {vector:#x}")
    values = layout.unpack(vector)
    for name, enum in _ENUMS.items():
        if name in values:
            # A reserved value stays a plain number: it is for the checks to refuse.
            with suppress(ValueError):
                values[name] = enum(values[name])
    return values


def _pack(layout: Layout, values: dict[str, int]) -> int:
    """`values`, by field name and with the bits that no field uses under "reserved"."""
    reserved = values.pop("reserved")
    if reserved & ~layout.reserved_mask:
        raise ValueError(f"{layout.name}: reserved {reserved:#x} touches bits of fields")
    return layout.pack(values) | reserved


@dataclass(frozen=True)
class Descriptor:
    """One descriptor (D22): a field of `layout.DESCRIPTOR` each, and the bits that no field uses.

    Kinds and modes hold members of their enums, or plain integers for reserved values; every
    256-bit number can be unpacked and packs to itself. Raises `ValueError` for a value that does
    not fit its field.
    """

    frame_length: int = 0
    tag_count: int = 0
    keep_cwr: int = 0
    length_8023: int = 0
    timestamp: int = 0
    ip_checksum: int = 0
    outer_ip_checksum: int = 0
    mss: int = 0
    request_id: int = 0
    header_length: int = 0
    l3_offset: int = 0
    l4_offset: int = 0
    l3_kind: int = L3Kind.NONE
    outer_l3_offset: int = 0
    outer_l4_offset: int = 0
    outer_l3_kind: int = L3Kind.NONE
    tunnel: int = Tunnel.NONE
    outer_l4_checksum: int = ChecksumMode.NONE
    outer_ip_id: int = IdMode.FIXED
    l4_kind: int = L4Kind.NONE
    l4_checksum: int = ChecksumMode.NONE
    ip_id: int = IdMode.FIXED
    checksum_offset: int = 0
    user: int = 0
    tag0: int = 0
    tag1: int = 0
    reserved: int = 0

    def __post_init__(self) -> None:
        # Kept, as every descriptor is packed later: half the time of a frame in a simulation.
        object.__setattr__(self, "_packed", _pack(DESCRIPTOR, dict(self.__dict__)))

    @property
    def asks(self) -> bool:
        """Whether anything is asked of the frame (I1); if not, its bytes are not looked at."""
        return bool(
            self.mss
            or self.ip_checksum
            or self.l4_checksum
            or self.outer_ip_checksum
            or self.outer_l4_checksum
        )

    @property
    def outer_udp(self) -> bool:
        """Whether the tunnel has an outer UDP header."""
        return self.tunnel in (Tunnel.VXLAN, Tunnel.GENEVE)

    @property
    def outermost_l3_offset(self) -> int:
        """Offset of the IP header that stands first in the frame, the outer one in a tunnel."""
        return self.l3_offset if self.tunnel == Tunnel.NONE else self.outer_l3_offset

    @property
    def tags(self) -> bytes:
        """The VLAN tags to insert, as bytes on the wire, the outermost first (D18)."""
        return b"".join(tag.to_bytes(4, "big") for tag in (self.tag0, self.tag1)[: self.tag_count])

    def pack(self) -> int:
        """The descriptor as one 256-bit number, the beat on `s_axis_desc_tdata`."""
        packed: int = self.__dict__["_packed"]
        return packed

    @classmethod
    def unpack(cls, vector: int) -> "Descriptor":
        """The descriptor in a 256-bit number; any is taken, `ValueError` for more bits."""
        reserved = vector & DESCRIPTOR.reserved_mask
        return cls(**_unpack(DESCRIPTOR, vector), reserved=reserved)


@dataclass(frozen=True)
class Completion:
    """One completion (D19): status, and how many segments and payload bytes left."""

    request_id: int = 0
    status: int = Status.OK
    segments: int = 0
    payload_bytes: int = 0
    reserved: int = 0

    def __post_init__(self) -> None:
        self.pack()

    def pack(self) -> int:
        """The completion as one number, the beat on `m_axis_cpl_tdata`."""
        return _pack(COMPLETION, dict(self.__dict__))

    @classmethod
    def unpack(cls, vector: int) -> "Completion":
        """The completion in a number of the layout's width; `ValueError` for more bits."""
        reserved = vector & COMPLETION.reserved_mask
        return cls(**_unpack(COMPLETION, vector), reserved=reserved)


def segment_user(descriptor: Descriptor, segments: list[bytes], complete: bool) -> list[int]:
    """The packed `m_axis_tuser` of every segment in `segments`, which left in this order.

    `complete` tells whether the last one is the last of its frame: where a frame ended early,
    late or aborted it is not (D13), and no segment carries `last` or a time stamp request.
    """
    final = len(segments) - 1 if complete else -1
    return [
        SEGMENT_USER.pack(
            {
                "request_id": descriptor.request_id,
                "length": len(segment),
                "first": index == 0,
                "last": index == final,
                "timestamp": index == final and descriptor.timestamp,
                "user": descriptor.user,
            }
        )
        for index, segment in enumerate(segments)
    ]
