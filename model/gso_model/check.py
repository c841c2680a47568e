# SPDX-License-Identifier: Apache-2.0
"""The checks of the descriptor, in the order of their codes (D11's table, 1 to 7; I1 to I8).

Each row of the table is one function; the first that objects gives the completion's code. A check
may rely on the rows above it.
"""

from itertools import pairwise

from gso_model.capabilities import Capabilities
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
        # Tags are inserted at byte 12: what is described must lie behind them (I22).
        or (capabilities.tags and d.tag_count != 0 and bool(present) and present[0] < 12)
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
