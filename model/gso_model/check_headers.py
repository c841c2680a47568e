# SPDX-License-Identifier: Apache-2.0
"""The checks of the frame's headers, in the order of their codes (D11's table, 16 to 22).

They rely on the descriptor's checks: every offset lies inside the header, and in order.
"""

from gso_model.check import l3_end, outer_l3_end, segment_length
from gso_model.checksum import PROTOCOL_NUMBER
from gso_model.descriptor import Descriptor
from gso_model.layout import ChecksumMode, L3Kind, L4Kind, Status, Tunnel


def check_headers(header: bytes, descriptor: Descriptor) -> Status:
    """The lowest header code that applies, `OK` if none does (D11's codes 16 to 22).

    `header` holds at least `header_length` bytes of the frame, and the descriptor has passed
    `check_descriptor`. Of a frame of which nothing is asked no byte is looked at (I3).
    """
    d = descriptor
    if not d.asks:
        return Status.OK
    # The described IP headers, the outer one first: kind, offset, end, protocol asked for.
    headers: list[tuple[int, int, int, int | None]] = []
    if d.tunnel != Tunnel.NONE:
        headers.append((d.outer_l3_kind, d.outer_l3_offset, outer_l3_end(d), _tunnel_protocol(d)))
    if d.l3_kind != L3Kind.NONE:
        protocol = PROTOCOL_NUMBER.get(L4Kind(d.l4_kind))
        headers.append((d.l3_kind, d.l3_offset, l3_end(d), protocol))

    for kind, offset, _, _ in headers:
        if header[offset] >> 4 != (4 if kind == L3Kind.IPV4 else 6):
            return Status.IP_VERSION
    for kind, offset, end, _ in headers:
        if kind == L3Kind.IPV4 and 4 * (header[offset] & 15) != end - offset:
            return Status.IP_HEADER_LENGTH
    for kind, offset, end, protocol in headers:
        # Extension headers are not walked: an IPv6 header with some says nothing about L4.
        at = offset + (9 if kind == L3Kind.IPV4 else 6)
        visible = kind == L3Kind.IPV4 or end - offset == 40
        if visible and protocol is not None and header[at] != protocol:
            return Status.IP_PROTOCOL
    if d.mss and _l4_header(header, d):
        return Status.L4_HEADER
    if _tunnel_header(header, d):
        return Status.TUNNEL_HEADER
    if d.mss and d.outer_udp and d.outer_l4_checksum == ChecksumMode.NONE:
        field = d.outer_l4_offset + 6
        if any(header[field : field + 2]):
            return Status.OUTER_CHECKSUM
    if d.mss and d.length_8023 and _length_8023(header, d):
        return Status.LENGTH_8023
    return Status.OK


def _tunnel_protocol(d: Descriptor) -> int | None:
    """The protocol number of the outer IP header, `None` where any will do."""
    if d.outer_udp:
        return 17
    if d.tunnel == Tunnel.GRE:
        return 47
    return {L3Kind.IPV4: 4, L3Kind.IPV6: 41, L3Kind.NONE: None}[L3Kind(d.l3_kind)]


def _l4_header(header: bytes, d: Descriptor) -> bool:
    """`L4_HEADER`: the L4 header does not end where the payload is said to begin."""
    size = d.header_length - d.l4_offset
    if d.l4_kind == L4Kind.UDP:
        return size != 8
    return size < 20 or size != 4 * (header[d.l4_offset + 12] >> 4)


def _tunnel_header(header: bytes, d: Descriptor) -> bool:
    """`TUNNEL_HEADER`: an encapsulation that is not offloaded, or one of another length."""
    at, inner = d.outer_l4_offset, d.l3_offset
    if d.tunnel == Tunnel.GRE:
        flags = int.from_bytes(header[at : at + 2], "big")
        ethertype = int.from_bytes(header[at + 2 : at + 4], "big")
        # Checksum, routing and sequence present; version (RFC 2784, 2890).
        if flags & 0xD007 or ethertype not in (0x6558, 0x0800, 0x86DD):
            return True
        behind = inner - (at + (8 if flags & 0x2000 else 4))
        ethernet = ethertype == 0x6558
        wrong_place = (behind < 14 or (behind - 14) % 4 != 0) if ethernet else behind != 0
    elif d.tunnel == Tunnel.VXLAN:
        wrong_place = inner < at + 8 + 8 + 14
    elif d.tunnel == Tunnel.GENEVE:
        version, words = header[at + 8] >> 6, header[at + 8] & 0x3F
        if version:
            return True
        wrong_place = inner < at + 8 + 8 + 4 * words
    else:
        return False
    return d.l3_kind != L3Kind.NONE and wrong_place


def _length_8023(header: bytes, d: Descriptor) -> bool:
    """`LENGTH_8023`: no LLC/SNAP in front of the outermost IP header, or a frame too long for it.

    An offset below 10 leaves no room for the length field, one below 22 none behind the inserted
    tags (I19).
    """
    l3 = d.outermost_l3_offset
    if l3 < (22 if d.tag_count else 10):
        return True
    old = int.from_bytes(header[l3 - 10 : l3 - 8], "big")
    new = segment_length(d) - 4 * d.tag_count - (l3 - 8)
    return header[l3 - 8 : l3 - 5] != b"\xaa\xaa\x03" or old >= 0x600 or new > 1500
