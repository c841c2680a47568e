# SPDX-License-Identifier: Apache-2.0
"""Super-frames for the tests, put together byte by byte, with their descriptors.

Lengths and IPv4 checksums in the templates are wrong on purpose: D1 says that they are not read.
"""

from dataclasses import dataclass, replace

from naive import words

from gso_model import ChecksumMode, Descriptor, IdMode, L3Kind, L4Kind, Tunnel

WRONG = b"\xde\xad"


@dataclass(frozen=True)
class Shape:
    """What a super-frame looks like; everything has a plain default. Sizes are in bytes."""

    l3: L3Kind = L3Kind.IPV4
    l4: L4Kind = L4Kind.TCP
    vlan_tags: int = 0
    llc: bool = False
    l3_extra: int = 0  # IPv4 options or IPv6 extension headers
    tcp_options: int = 0
    identification: int = 0x1234
    sequence: int = 0x01020304
    flags: int = 0x010
    mode: ChecksumMode = ChecksumMode.SEED_WITH_LENGTH
    udp_checksum: bool = True
    tunnel: Tunnel = Tunnel.NONE
    outer_l3: L3Kind = L3Kind.IPV4
    outer_identification: int = 0x4321
    outer_mode: ChecksumMode = ChecksumMode.NONE
    gre_key: bool = True
    gre_ethernet: bool = True
    inner_tags: int = 0
    geneve_options: int = 0


MACS = bytes.fromhex("020000000002020000000001")
ADDRESSES = {
    L3Kind.IPV4: bytes.fromhex("0a0102030a090807"),
    L3Kind.IPV6: bytes.fromhex("20010db800000001000000000000000120010db80000000200000000000000fe"),
}
OUTER_ADDRESSES = {
    L3Kind.IPV4: bytes.fromhex("c0000201c0000202"),
    L3Kind.IPV6: bytes.fromhex("fd00000000000000000000000000000afd00000000000000000000000000000b"),
}
ETHERTYPE = {L3Kind.IPV4: b"\x08\x00", L3Kind.IPV6: b"\x86\xdd"}


def ethernet(l3: L3Kind, tags: int = 0, llc: bool = False) -> bytes:
    inserted = b"".join(b"\x81\x00" + bytes([0x20, index]) for index in range(tags))
    if llc:
        return MACS + inserted + b"\x01\x02\xaa\xaa\x03\0\0\0" + ETHERTYPE[l3]
    return MACS + inserted + ETHERTYPE[l3]


def ip(l3: L3Kind, protocol: int, addresses: bytes, extra: int, identification: int) -> bytes:
    if l3 == L3Kind.IPV4:
        first = bytes([0x45 + extra // 4, 0]) + WRONG + identification.to_bytes(2, "big")
        return first + b"\x40\0\x40" + bytes([protocol]) + WRONG + addresses + b"\x01" * extra
    chain = bytes([60 if extra else protocol])
    header = b"\x60\x01\x23\x45" + WRONG + chain + b"\x40" + addresses
    if extra:
        # One destination options header, filled with a PadN option.
        header += bytes([protocol, extra // 8 - 1, 1, extra - 4]) + bytes(extra - 4)
    return header


def seed(mode: ChecksumMode, addresses: bytes, protocol: int, l4_length: int) -> bytes:
    """The checksum field as the host leaves it."""
    if mode == ChecksumMode.SEED_WITHOUT_LENGTH:
        return words(addresses + bytes([0, protocol])).to_bytes(2, "big")
    if mode == ChecksumMode.SEED_WITH_LENGTH:
        pseudo = addresses + bytes([0, protocol]) + l4_length.to_bytes(4, "big")
        return words(pseudo).to_bytes(2, "big")
    return WRONG if mode == ChecksumMode.FROM_HEADER else b"\0\0"


def l4_header(shape: Shape, payload_length: int) -> bytes:
    addresses = ADDRESSES[shape.l3]
    ports = b"\x9c\x40\x01\xbb"
    if shape.l4 == L4Kind.UDP:
        field = seed(shape.mode, addresses, 17, 8 + payload_length)
        if not shape.udp_checksum:
            field = b"\0\0"
        return ports + WRONG + field
    size = 20 + shape.tcp_options
    field = seed(shape.mode, addresses, 6, size + payload_length)
    flags = (size // 4 << 12 | shape.flags).to_bytes(2, "big")
    numbers = shape.sequence.to_bytes(4, "big") + b"\x0a\x0b\x0c\x0d"
    return ports + numbers + flags + b"\x20\0" + field + b"\x12\x34" + b"\x01" * shape.tcp_options


def tunnel_header(shape: Shape) -> tuple[int, bytes, bytes]:
    """Outer protocol, outer L4 header (UDP fields still open), what stands up to the inner IP."""
    inner_l2 = ethernet(shape.l3, shape.inner_tags)
    if shape.tunnel == Tunnel.IPIP:
        return 4 if shape.l3 == L3Kind.IPV4 else 41, b"", b""
    if shape.tunnel == Tunnel.GRE:
        kind = b"\x65\x58" if shape.gre_ethernet else ETHERTYPE[shape.l3]
        key = b"\x12\x34\x56\x78" if shape.gre_key else b""
        flags = b"\x20\0" if shape.gre_key else b"\0\0"
        return 47, flags + kind + key, inner_l2 if shape.gre_ethernet else b""
    if shape.tunnel == Tunnel.VXLAN:
        return 17, b"", b"\x08\0\0\0\x12\x34\x56\0" + inner_l2
    options = bytes(shape.geneve_options)
    first = bytes([shape.geneve_options // 4, 0])
    return 17, b"", first + b"\x65\x58\x12\x34\x56\0" + options + inner_l2


def build(shape: Shape, payload: bytes, mss: int, **changes: int) -> tuple[bytes, Descriptor]:
    """The super-frame of `shape` with `payload`, and its descriptor with `changes` made."""
    l4 = l4_header(shape, len(payload))
    protocol = 6 if shape.l4 == L4Kind.TCP else 17
    inner = ip(shape.l3, protocol, ADDRESSES[shape.l3], shape.l3_extra, shape.identification)
    d = Descriptor(
        mss=mss,
        l3_kind=shape.l3,
        l4_kind=shape.l4,
        l4_checksum=shape.mode,
        ip_id=IdMode.MOD16,
        length_8023=shape.llc,
    )
    if shape.tunnel == Tunnel.NONE:
        front = ethernet(shape.l3, shape.vlan_tags, shape.llc)
    else:
        outer_protocol, gre, between = tunnel_header(shape)
        outer_l2 = ethernet(shape.outer_l3, shape.vlan_tags, shape.llc)
        addresses = OUTER_ADDRESSES[shape.outer_l3]
        outer = ip(shape.outer_l3, outer_protocol, addresses, 0, shape.outer_identification)
        outer_l4 = gre
        if outer_protocol == 17:
            port = 4789 if shape.tunnel == Tunnel.VXLAN else 6081
            length = 8 + len(between + inner + l4 + payload)
            field = seed(shape.outer_mode, addresses, 17, length)
            outer_l4 = b"\xc3\x50" + port.to_bytes(2, "big") + WRONG + field
        front = outer_l2 + outer + outer_l4 + between
        ipip = shape.tunnel == Tunnel.IPIP
        d = replace(
            d,
            tunnel=shape.tunnel,
            outer_l3_kind=shape.outer_l3,
            outer_l3_offset=len(outer_l2),
            outer_l4_offset=0 if ipip else len(outer_l2 + outer),
            outer_l4_checksum=shape.outer_mode if outer_protocol == 17 else 0,
            outer_ip_id=IdMode.MOD16,
        )
    frame = front + inner + l4 + payload
    values = {
        "frame_length": len(frame),
        "header_length": len(front + inner + l4),
        "l3_offset": len(front),
        "l4_offset": len(front + inner),
        **changes,
    }
    return frame, replace(d, **values)
