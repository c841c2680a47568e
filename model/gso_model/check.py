# SPDX-License-Identifier: Apache-2.0
"""The checks of descriptor and header, in the order of their codes (D11's table, I1 to I8).

Each check is one function of the table's row; the first that objects gives the completion's code.
A check may rely on the rows above it: offsets, for one, are in order wherever a header is read.
"""

from itertools import pairwise

from gso_model.capabilities import Capabilities
from gso_model.checksum import PROTOCOL_NUMBER
from gso_model.descriptor import Descriptor
from gso_model.layout import ChecksumMode, IdMode, L3Kind, L4Kind, Status, Tunnel

_OUTER_FIELDS = (
    "outer_l3_offset",
    "outer_l4_offset",
    "outer_l3_kind",
    "outer_l4_checksum",
    "outer_ip_id",
    "outer_ip_checksum",
)


def check_descriptor(descriptor: Descriptor, capabilities: Capabilities) -> Status:
    """The lowest descriptor code that applies, `OK` if none does (D11's codes 1 to 7).

    The frame's bytes play no part: these checks come before its first one.
    """
    d = descriptor
    if _reserved(d):
        return Status.RESERVED
    if _frame_length(d, capabilities):
        return Status.FRAME_LENGTH
    if _header_length(d, capabilities):
        return Status.HEADER_LENGTH
    if d.asks and _offsets(d, capabilities):
        return Status.OFFSETS
    if _left_out(d, capabilities) or _operation(d):
        return Status.OPERATION
    if segment_length(d) > capabilities.max_segment:
        return Status.SEGMENT_LENGTH
    if d.mss and not _enabled(d, capabilities):
        return Status.DISABLED
    return Status.OK


def segment_length(d: Descriptor) -> int:
    """Bytes of the longest frame that would leave, inserted tags included (D9)."""
    length = d.frame_length
    if d.mss:
        length = d.header_length + min(d.mss, d.frame_length - d.header_length)
    return length + 4 * d.tag_count


def l3_end(d: Descriptor) -> int:
    """Offset of the first byte behind the (inner) IP header (I4)."""
    return d.l4_offset


def outer_l3_end(d: Descriptor) -> int:
    """Offset of the first byte behind the outer IP header (I4)."""
    return d.l3_offset if d.tunnel == Tunnel.IPIP else d.outer_l4_offset


def _reserved(d: Descriptor) -> bool:
    """`RESERVED`: a bit without a field, a kind without a meaning (I2)."""
    return d.reserved != 0 or d.l3_kind == 3 or d.outer_l3_kind == 3 or d.tunnel > Tunnel.GENEVE


def _frame_length(d: Descriptor, capabilities: Capabilities) -> bool:
    """`FRAME_LENGTH`: no frame, less than its header, less than a tag needs in front of it."""
    return (
        d.frame_length == 0
        or (d.asks and d.frame_length < d.header_length)
        or (capabilities.tags and d.tag_count != 0 and d.frame_length < 14)
    )


def _header_length(d: Descriptor, capabilities: Capabilities) -> bool:
    """`HEADER_LENGTH`: more than can be held; without segmentation, less than is edited (I6)."""
    if d.header_length > capabilities.header_bytes:
        return True
    if d.mss or not d.asks:
        return False
    needed = 0
    if d.l4_kind == L4Kind.TCP:
        needed = d.l4_offset + 18
    elif d.l4_kind == L4Kind.UDP:
        needed = d.l4_offset + 8
    elif d.l4_kind == L4Kind.GENERIC:
        needed = d.l4_offset + d.checksum_offset + 2
    if d.l3_kind != L3Kind.NONE:
        needed = max(needed, l3_end(d))
    if d.tunnel != Tunnel.NONE and capabilities.tunnels:
        needed = max(needed, outer_l3_end(d))
        # The table has no row for these two; without them the tunnel's own header, which is
        # checked and, with outer UDP, edited, could lie behind the header.
        if d.outer_udp:
            needed = max(needed, d.outer_l4_offset + 16)
        elif d.tunnel == Tunnel.GRE:
            needed = max(needed, d.outer_l4_offset + 4)
    return d.header_length < needed


def _offsets(d: Descriptor, capabilities: Capabilities) -> bool:
    """`OFFSETS`: odd, out of order, or an IP header of a size that none can have (D10, I5, I7)."""
    # I8: a core without tunnels does not look at outer offsets.
    tunnel = Tunnel(d.tunnel) if capabilities.tunnels else Tunnel.NONE
    present: list[int] = []
    if tunnel != Tunnel.NONE:
        present.append(d.outer_l3_offset)
        if tunnel != Tunnel.IPIP:
            present.append(d.outer_l4_offset)
    if d.l3_kind != L3Kind.NONE or tunnel == Tunnel.IPIP:
        present.append(d.l3_offset)
    if d.l4_kind != L4Kind.NONE or d.l3_kind != L3Kind.NONE:
        present.append(d.l4_offset)

    # An offset of bytes that are edited lies before the header's end, an end of one may be at it.
    last_may_be_end = d.l4_kind == L4Kind.NONE and (
        d.l3_kind != L3Kind.NONE or tunnel == Tunnel.IPIP
    )
    limit = d.header_length + 1 if last_may_be_end else d.header_length
    ordered = [*present, limit]
    return (
        any(offset & 1 for offset in present)
        or (d.l4_kind == L4Kind.GENERIC and d.checksum_offset & 1 == 1)
        or any(low >= high for low, high in pairwise(ordered))
        or not _l3_size_possible(d.l3_kind, l3_end(d) - d.l3_offset)
        or (
            tunnel != Tunnel.NONE
            and not _l3_size_possible(d.outer_l3_kind, outer_l3_end(d) - d.outer_l3_offset)
        )
    )


def _l3_size_possible(kind: int, size: int) -> bool:
    """Whether an IP header of `kind`, extension headers included, can have `size` bytes."""
    if kind == L3Kind.IPV4:
        return 20 <= size <= 60 and size % 4 == 0
    if kind == L3Kind.IPV6:
        return size >= 40 and size % 8 == 0
    return True


def _left_out(d: Descriptor, capabilities: Capabilities) -> bool:
    """`OPERATION`: a request for a feature that this core was built without (I8)."""
    outer = d.tunnel != Tunnel.NONE or any(getattr(d, name) for name in _OUTER_FIELDS)
    return (
        (outer and not capabilities.tunnels)
        or (d.tag_count != 0 and not capabilities.tags)
        or (d.length_8023 != 0 and not capabilities.length_8023)
    )


def _operation(d: Descriptor) -> bool:
    """`OPERATION`: what is asked makes no sense together, or has no meaning (I8)."""
    segmenting_without = d.mss != 0 and (
        d.l4_kind in (L4Kind.NONE, L4Kind.GENERIC)
        or d.l3_kind == L3Kind.NONE
        or d.l4_checksum == ChecksumMode.NONE
    )
    checksum_of_nothing = d.l4_kind == L4Kind.NONE and d.l4_checksum != ChecksumMode.NONE
    generic_mode = d.l4_kind == L4Kind.GENERIC and d.l4_checksum not in (
        ChecksumMode.NONE,
        ChecksumMode.SEED_WITH_LENGTH,
    )
    no_addresses = d.l4_checksum == ChecksumMode.FROM_HEADER and d.l3_kind == L3Kind.NONE
    if d.tunnel == Tunnel.NONE:
        outer = any(getattr(d, name) for name in _OUTER_FIELDS)
    else:
        outer = d.outer_l3_kind == L3Kind.NONE
    return (
        segmenting_without
        or checksum_of_nothing
        or generic_mode
        or no_addresses
        or outer
        or (d.outer_l4_checksum != ChecksumMode.NONE and not d.outer_udp)
        or (d.ip_checksum != 0 and d.l3_kind != L3Kind.IPV4)
        or (d.outer_ip_checksum != 0 and d.outer_l3_kind != L3Kind.IPV4)
        or d.ip_id > IdMode.MOD16
        or d.outer_ip_id > IdMode.MOD16
        or d.tag_count > 2
    )


def _enabled(d: Descriptor, capabilities: Capabilities) -> bool:
    """Whether the offload that segments this frame is switched on (D14)."""
    c = capabilities
    by_kind = {
        (L4Kind.TCP, L3Kind.IPV4): c.lso_ipv4,
        (L4Kind.TCP, L3Kind.IPV6): c.lso_ipv6,
        (L4Kind.UDP, L3Kind.IPV4): c.uso_ipv4,
        (L4Kind.UDP, L3Kind.IPV6): c.uso_ipv6,
    }
    by_tunnel = {
        Tunnel.NONE: True,
        Tunnel.IPIP: c.ipip,
        Tunnel.GRE: c.gre,
        Tunnel.VXLAN: c.vxlan,
        Tunnel.GENEVE: c.geneve,
    }
    return by_kind[L4Kind(d.l4_kind), L3Kind(d.l3_kind)] and by_tunnel[Tunnel(d.tunnel)]


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

    An offset below 10 leaves no room for the length field.
    """
    l3 = d.outer_l3_offset if d.tunnel != Tunnel.NONE else d.l3_offset
    if l3 < 10:
        return True
    old = int.from_bytes(header[l3 - 10 : l3 - 8], "big")
    new = segment_length(d) - 4 * d.tag_count - (l3 - 8)
    return header[l3 - 8 : l3 - 5] != b"\xaa\xaa\x03" or old >= 0x600 or new > 1500
