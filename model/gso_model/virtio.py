# SPDX-License-Identifier: Apache-2.0
"""From a virtio-net header and its frame to a descriptor: the driver's part of a virtual NIC.

The header is that of the virtio specification 1.4 (draft), as Linux' TUN/TAP devices hand it out
with IFF_VNET_HDR. What a device must reject is a `ValueError` here.
"""

import struct
from dataclasses import dataclass

from gso_model.checksum import CHECKSUM_OFFSET
from gso_model.descriptor import Descriptor
from gso_model.headers import GENEVE_PORT, Packet, ethernet, inside, ip_packet
from gso_model.layout import ChecksumMode, IdMode, L3Kind, L4Kind, Tunnel

NEEDS_CSUM, UDP_TUNNEL_CSUM = 1, 8  # flags
TCPV4, UDP_FRAGMENTS, TCPV6, UDP_L4 = 1, 3, 4, 5  # gso_type
TUNNEL_IPV4, TUNNEL_IPV6, ECN = 0x20, 0x40, 0x80  # bits beside it
SIZES = (10, 12, 20, 24)

_TUNNEL_BIT = {L3Kind.IPV4: TUNNEL_IPV4, L3Kind.IPV6: TUNNEL_IPV6}


@dataclass(frozen=True)
class VnetHeader:
    """struct virtio_net_hdr up to the fields of UDP tunnels; all 0 for a finished frame."""

    flags: int = 0
    gso_type: int = 0
    hdr_len: int = 0  # a hint, not used
    gso_size: int = 0
    csum_start: int = 0
    csum_offset: int = 0
    outer_th_offset: int = 0
    inner_nh_offset: int = 0

    def pack(self, size: int) -> bytes:
        """The header in little-endian, `size` bytes: one of `SIZES`."""
        _check_size(size)
        first = struct.pack(
            "<BBHHHH",
            self.flags,
            self.gso_type,
            self.hdr_len,
            self.gso_size,
            self.csum_start,
            self.csum_offset,
        )
        # In between: number of buffers (12), hash value, hash type and padding (20).
        tunnel = struct.pack("<HH", self.outer_th_offset, self.inner_nh_offset)
        return (first + bytes(10) + tunnel)[:size]

    @classmethod
    def unpack(cls, data: bytes) -> "VnetHeader":
        """The header in `data`, whose length is one of `SIZES`."""
        _check_size(len(data))
        tunnel = struct.unpack_from("<HH", data, 20) if len(data) == 24 else (0, 0)
        return cls(*struct.unpack_from("<BBHHHH", data), *tunnel)


def _check_size(size: int) -> None:
    if size not in SIZES:
        raise ValueError(f"virtio-net header of {size} bytes, expected one of {SIZES}")


def virtio_request(
    header: VnetHeader, frame: bytes, *, request_id: int = 0, user: int = 0
) -> Descriptor:
    """The descriptor for what `header` asks for `frame`.

    The seeds of virtio include the length; identifications count in 16 bits; CWR leaves with the
    first segment whatever the ECN bit says. Raises `ValueError` where header and frame do not fit.
    """
    h = header
    base = {"frame_length": len(frame), "request_id": request_id, "user": user}
    if not frame:
        raise ValueError("virtio-net: a frame without bytes")
    if h.gso_type & ~ECN == 0:
        if not h.flags & NEEDS_CSUM:
            return Descriptor(**base)
        return Descriptor(**base, **_checksum(h, frame))
    if not h.flags & NEEDS_CSUM:
        raise ValueError("virtio-net: GSO without NEEDS_CSUM")
    if h.gso_size == 0:
        raise ValueError("virtio-net: GSO with gso_size 0")
    inner, outer = _packets(h, frame)
    l4_kind = inner.l4_kind
    wanted = {
        TCPV4: (L3Kind.IPV4, L4Kind.TCP),
        TCPV6: (L3Kind.IPV6, L4Kind.TCP),
        UDP_L4: (inner.l3_kind, L4Kind.UDP),
    }.get(h.gso_type & 0x1F)
    if wanted is None:
        raise ValueError(f"virtio-net: gso_type {h.gso_type:#x} is not known, or IP fragments")
    if wanted != (inner.l3_kind, l4_kind):
        found = f"{inner.l3_kind.name} and {l4_kind.name}"
        raise ValueError(f"virtio-net: gso_type {h.gso_type:#x} for a frame with {found}")
    if (h.csum_start, h.csum_offset) != (inner.l4, CHECKSUM_OFFSET[l4_kind]):
        raise ValueError(
            f"virtio-net: checksum at {h.csum_start} + {h.csum_offset}, expected "
            f"{inner.l4} + {CHECKSUM_OFFSET[l4_kind]}"
        )
    return Descriptor(
        **base,
        mss=h.gso_size,
        header_length=inner.header_length,
        l3_kind=inner.l3_kind,
        l3_offset=inner.l3,
        l4_kind=l4_kind,
        l4_offset=inner.l4,
        l4_checksum=ChecksumMode.SEED_WITH_LENGTH,
        ip_id=IdMode.MOD16,
        **({} if outer is None else _outer(h, frame, outer, inner)),
    )


def _checksum(h: VnetHeader, frame: bytes) -> dict[str, int]:
    """A checksum anywhere; of a known TCP or UDP header as such, for UDP's 0xFFFF (D4)."""
    at = h.csum_start + h.csum_offset
    if at + 2 > len(frame):
        raise ValueError(f"virtio-net: checksum at {at} of a frame with {len(frame)} bytes")
    kind, header_length, offset = L4Kind.GENERIC, at + 2, h.csum_offset
    l4_kind, l4, end = _innermost(frame, h.csum_start)
    if l4 == h.csum_start and CHECKSUM_OFFSET.get(l4_kind) == h.csum_offset:
        kind, header_length, offset = l4_kind, end, 0
    return {
        "l4_kind": kind,
        "l4_offset": h.csum_start,
        "header_length": header_length,
        "checksum_offset": offset,
        "l4_checksum": ChecksumMode.SEED_WITH_LENGTH,
    }


def _innermost(frame: bytes, wanted: int) -> tuple[L4Kind, int, int]:
    """Kind, offset and end of the L4 header, of the inner one where `wanted` is behind the outer.

    The kind is `NONE` where there is none.
    """
    l2 = ethernet(frame, 0)
    packet = None if l2 is None else ip_packet(frame, l2.kind, l2.end)
    if packet is None:
        return L4Kind.NONE, 0, 0
    if packet.l4 != wanted:
        _, inner = inside(frame, packet)
        packet = inner or packet
    return packet.l4_kind, packet.l4, packet.header_length


def _packets(h: VnetHeader, frame: bytes) -> tuple[Packet, Packet | None]:
    """The packet to segment and, with a tunnel, the one around it."""
    l2 = ethernet(frame, 0)
    first = None if l2 is None else ip_packet(frame, l2.kind, l2.end)
    if first is None:
        raise ValueError("virtio-net: GSO for a frame that is no IP, or a fragment")
    tunnel = h.gso_type & (TUNNEL_IPV4 | TUNNEL_IPV6)
    if not tunnel:
        if h.flags & UDP_TUNNEL_CSUM:
            raise ValueError("virtio-net: UDP_TUNNEL_CSUM without a tunnel")
        return first, None
    if tunnel == TUNNEL_IPV4 | TUNNEL_IPV6:
        raise ValueError("virtio-net: both tunnel types at once")
    if first.l4_kind != L4Kind.UDP or first.l4 != h.outer_th_offset:
        raise ValueError(
            f"virtio-net: outer_th_offset {h.outer_th_offset}, but no UDP header is there"
        )
    at = h.inner_nh_offset
    version = frame[at] >> 4 if first.header_length < at < len(frame) else 0
    kind = {4: L3Kind.IPV4, 6: L3Kind.IPV6}.get(version)
    inner = None if kind is None else ip_packet(frame, kind, at)
    if inner is None:
        raise ValueError(f"virtio-net: inner_nh_offset {at}, but no IP header is there")
    # Linux takes the bit by the outer version; the draft can be read as the inner one.
    if tunnel not in (_TUNNEL_BIT[first.l3_kind], _TUNNEL_BIT[inner.l3_kind]):
        raise ValueError(
            f"virtio-net: gso_type {h.gso_type:#x} for {inner.l3_kind.name} in {first.l3_kind.name}"
        )
    return inner, first


def _outer(h: VnetHeader, frame: bytes, outer: Packet, inner: Packet) -> dict[str, int]:
    """The descriptor's outer fields. The header does not name the tunnel, its port does."""
    port = int.from_bytes(frame[outer.l4 + 2 : outer.l4 + 4], "big")
    checked = h.flags & UDP_TUNNEL_CSUM
    return {
        "tunnel": Tunnel.GENEVE if port == GENEVE_PORT else Tunnel.VXLAN,
        "outer_l3_kind": outer.l3_kind,
        "outer_l3_offset": outer.l3,
        "outer_l4_offset": outer.l4,
        "outer_l4_checksum": ChecksumMode.SEED_WITH_LENGTH if checked else ChecksumMode.NONE,
        "outer_ip_id": IdMode.MOD16,
    }
