# SPDX-License-Identifier: Apache-2.0
"""What a driver does: finds the headers of a plain frame and fills a descriptor from them.

Knows Ethernet with any VLAN tags, LLC/SNAP, IPv4 with options, IPv6 with extension headers, TCP,
UDP and, when asked, one level of tunnel. Of everything else nothing is asked.
"""

from dataclasses import dataclass, replace

from gso_model.descriptor import Descriptor
from gso_model.layout import DESCRIPTOR, ChecksumMode, IdMode, L3Kind, L4Kind, Tunnel

VXLAN_PORT = 4789  # RFC 7348
GENEVE_PORT = 6081  # RFC 8926
TAG_TYPES = (0x8100, 0x88A8, 0x9100)
TEB = 0x6558  # transparent Ethernet bridging: an Ethernet frame inside GRE or Geneve

_L3_BY_ETHERTYPE = {0x0800: L3Kind.IPV4, 0x86DD: L3Kind.IPV6}
_IPV6_EXTENSIONS = (0, 43, 60)  # hop-by-hop, routing, destination: each 8 bytes and 8 more a unit
_TCP, _UDP, _GRE = 6, 17, 47
_L3_BY_PROTOCOL = {4: L3Kind.IPV4, 41: L3Kind.IPV6}
_LONGEST_HEADER = max(1 << field.width for field in DESCRIPTOR.fields if "_offset" in field.name)


def describe(
    frame: bytes,
    mss: int,
    *,
    tunnels: bool = False,
    l4_checksum: ChecksumMode = ChecksumMode.SEED_WITH_LENGTH,
    ip_id: IdMode = IdMode.MOD16,
    request_id: int = 0,
    user: int = 0,
) -> Descriptor:
    """The descriptor that asks for `frame` to be segmented into `mss` payload bytes each.

    With `mss` 0 it asks for checksums alone: the IPv4 headers' and the L4 ones. Of a frame that
    is not TCP or UDP over IP, is a fragment or ends inside its headers nothing is asked.

    `l4_checksum` says what the checksum fields hold (D2). The default suits frames captured on a
    sending Linux host; `FROM_HEADER` suits finished ones without a routing header. A UDP field of
    0 asks for no checksum with either. `tunnels` looks for IP-in-IP, GRE, VXLAN and Geneve (by
    their UDP ports); a tunnel that holds neither TCP nor UDP is not segmented, but its outer
    UDP checksum is written as any other.

    Frames must not be padded: the core takes every byte for payload (D1). Raises `ValueError`
    for an empty frame, or numbers that do not fit the descriptor.
    """
    if not frame:
        raise ValueError("frame has no bytes")
    base = Descriptor(frame_length=len(frame), mss=mss, request_id=request_id, user=user)
    plain = replace(base, mss=0)
    l2 = ethernet(frame, 0)
    packet = None if l2 is None else ip_packet(frame, l2.kind, l2.end)
    if l2 is None or packet is None:
        return plain
    outer: Packet | None = None
    tunnel, inner = inside(frame, packet) if tunnels else (Tunnel.NONE, None)
    if inner is not None:
        outer, packet = packet, inner
    elif tunnel != Tunnel.NONE:
        base = plain
    if packet.l4_kind == L4Kind.NONE or packet.header_length >= _LONGEST_HEADER:
        return plain

    unchecked = packet.l4_kind == L4Kind.UDP and not any(frame[packet.l4 + 6 : packet.l4 + 8])
    descriptor = replace(
        base,
        header_length=packet.header_length,
        l3_kind=packet.l3_kind,
        l3_offset=packet.l3,
        l4_kind=packet.l4_kind,
        l4_offset=packet.l4,
        l4_checksum=ChecksumMode.SEED_WITH_LENGTH if unchecked else l4_checksum,
        ip_id=ip_id,
        ip_checksum=packet.l3_kind == L3Kind.IPV4,
        length_8023=l2.llc and base.mss != 0,
    )
    if outer is None:
        return descriptor
    outer_udp = tunnel in (Tunnel.VXLAN, Tunnel.GENEVE)
    outer_checked = outer_udp and any(frame[outer.l4 + 6 : outer.l4 + 8])
    return replace(
        descriptor,
        tunnel=tunnel,
        outer_l3_kind=outer.l3_kind,
        outer_l3_offset=outer.l3,
        outer_l4_offset=0 if tunnel == Tunnel.IPIP else outer.l4,
        outer_l4_checksum=l4_checksum if outer_checked else ChecksumMode.NONE,
        outer_ip_id=ip_id,
        outer_ip_checksum=outer.l3_kind == L3Kind.IPV4,
    )


@dataclass(frozen=True)
class L2:
    kind: L3Kind  # of the IP header behind it
    end: int
    llc: bool


@dataclass(frozen=True)
class Packet:
    """An IP packet. Offsets count from the frame's start; `l4` is the end of the IP header."""

    l3_kind: L3Kind
    l3: int
    l4: int
    protocol: int
    l4_kind: L4Kind  # NONE: neither TCP nor UDP
    header_length: int  # end of the L4 header, where there is one


def _word(frame: bytes, at: int) -> int:
    """The 16-bit word at `at`; bytes behind the frame's end read as missing, which is 0."""
    return int.from_bytes(frame[at : at + 2], "big")


def ethernet(frame: bytes, start: int) -> L2 | None:
    """The Ethernet header at `start` with all its tags; `None` if no IP follows."""
    at = start + 12
    while _word(frame, at) in TAG_TYPES:
        at += 4
    ethertype, end, llc = _word(frame, at), at + 2, False
    if ethertype < 0x600 and frame[end : end + 6] == b"\xaa\xaa\x03\0\0\0":
        ethertype, end, llc = _word(frame, end + 6), end + 8, True
    kind = _L3_BY_ETHERTYPE.get(ethertype)
    return None if kind is None else L2(kind, end, llc)


def ip_packet(frame: bytes, kind: L3Kind, l3: int) -> Packet | None:
    """The IP packet at `l3`; `None` for a fragment or what is no whole header of `kind`."""
    if len(frame) < l3 + (20 if kind == L3Kind.IPV4 else 40):
        return None
    if kind == L3Kind.IPV4:
        if not 0x45 <= frame[l3] <= 0x4F or _word(frame, l3 + 6) & 0x3FFF:
            return None
        protocol, l4 = frame[l3 + 9], l3 + 4 * (frame[l3] & 15)
    else:
        if frame[l3] >> 4 != 6:
            return None
        protocol, l4 = frame[l3 + 6], l3 + 40
        while protocol in _IPV6_EXTENSIONS:
            if len(frame) < l4 + 2:
                return None
            protocol, l4 = frame[l4], l4 + 8 + 8 * frame[l4 + 1]
    l4_kind, end = L4Kind.NONE, l4
    if protocol == _TCP and len(frame) >= l4 + 20 and frame[l4 + 12] >> 4 >= 5:
        l4_kind, end = L4Kind.TCP, l4 + 4 * (frame[l4 + 12] >> 4)
    elif protocol == _UDP:
        l4_kind, end = L4Kind.UDP, l4 + 8
    if end > len(frame):
        return None
    return Packet(kind, l3, l4, protocol, l4_kind, end)


def inside(frame: bytes, outer: Packet) -> tuple[Tunnel, Packet | None]:
    """The tunnel that `outer` carries and the packet inside, `None` if not TCP or UDP."""
    at = outer.l4
    tunnel, kind, l3 = Tunnel.NONE, L3Kind.NONE, 0
    if outer.protocol in _L3_BY_PROTOCOL:
        tunnel, kind, l3 = Tunnel.IPIP, _L3_BY_PROTOCOL[outer.protocol], at
    elif outer.protocol == _GRE:
        tunnel = Tunnel.GRE
        # Of the flag bits only the key is offloaded (D11, TUNNEL_HEADER).
        if _word(frame, at) & ~0x2000 == 0:
            end = at + (8 if _word(frame, at) else 4)
            kind, l3 = _behind_type(frame, _word(frame, at + 2), end)
    elif outer.l4_kind == L4Kind.UDP and _word(frame, at + 2) == VXLAN_PORT:
        tunnel = Tunnel.VXLAN
        kind, l3 = _behind_type(frame, TEB, at + 16)
    elif outer.l4_kind == L4Kind.UDP and _word(frame, at + 2) == GENEVE_PORT:
        tunnel = Tunnel.GENEVE
        if len(frame) > at + 8 and frame[at + 8] >> 6 == 0:
            end = at + 16 + 4 * (frame[at + 8] & 0x3F)
            kind, l3 = _behind_type(frame, _word(frame, at + 10), end)
    inner = None if kind == L3Kind.NONE else ip_packet(frame, kind, l3)
    if inner is None or inner.l4_kind == L4Kind.NONE:
        return tunnel, None
    return tunnel, inner


def _behind_type(frame: bytes, ethertype: int, at: int) -> tuple[L3Kind, int]:
    """Kind and offset of the IP header where `ethertype` says what stands at `at`."""
    if ethertype != TEB:
        return _L3_BY_ETHERTYPE.get(ethertype, L3Kind.NONE), at
    l2 = ethernet(frame, at)
    # The inner 802.3 length would need a rewrite that the core does not make (D17).
    return (L3Kind.NONE, 0) if l2 is None or l2.llc else (l2.kind, l2.end)
