# SPDX-License-Identifier: Apache-2.0
"""What to ask for a frame that was captured on the host that sent it: the driver's part.

A capture has no descriptors, so all is found in the frame: headers and tunnels by protocol and
port, and what its checksum fields hold by comparing them with the possible pseudo-header sums.
"""

from dataclasses import dataclass, replace

from gso_model.checksum import CHECKSUM_OFFSET, PROTOCOL_NUMBER, pseudo_header_sum
from gso_model.descriptor import Descriptor
from gso_model.headers import describe
from gso_model.layout import ChecksumMode, IdMode, L3Kind, L4Kind

_JUMBO = b"\xc2\x04"  # type and length of the option in RFC 2675
_LOOSE_ROUTE, _STRICT_ROUTE = 131, 137


@dataclass(frozen=True)
class Size:
    """Up to where a frame fits on the wire: payload bytes `mss`, or IP bytes `mtu`; one is 0."""

    mss: int = 0
    mtu: int = 0

    def mss_of(self, descriptor: Descriptor) -> int:
        """The MSS for a frame with these headers; below 1 where they do not leave room."""
        if self.mss:
            return self.mss
        # The wire's MTU counts from the outermost IP header on.
        return self.mtu - (descriptor.header_length - descriptor.outermost_l3_offset)

    def exceeded(self, frame: bytes, descriptor: Descriptor) -> bool:
        """Whether `frame` is more than fits."""
        if descriptor.l4_kind == L4Kind.NONE:
            return len(frame) - 14 > (self.mtu or self.mss + 60 + 60)
        return len(frame) - descriptor.header_length > self.mss_of(descriptor)


def request(frame: bytes, mss: int, *, ip_id: IdMode = IdMode.MOD16) -> Descriptor:
    """The descriptor for `frame`, tunnels included; with `mss` 0 it asks for checksums alone.

    Nothing is asked of what is neither TCP nor UDP.
    """
    d = describe(frame, mss, tunnels=True, ip_id=ip_id)
    if d.l4_kind == L4Kind.NONE:
        return d
    mode = checksum_mode(frame, d.l3_kind, d.l3_offset, d.l4_kind, d.l4_offset)
    outer = d.outer_l4_checksum
    if outer != ChecksumMode.NONE:
        outer = checksum_mode(
            frame, d.outer_l3_kind, d.outer_l3_offset, L4Kind.UDP, d.outer_l4_offset
        )
    return replace(d, l4_checksum=mode, outer_l4_checksum=outer)


def checksum_mode(
    frame: bytes, l3_kind: int, l3_offset: int, l4_kind: int, l4_offset: int
) -> ChecksumMode:
    """What the checksum field of the L4 header at `l4_offset` holds (D2).

    A sum with length (Linux), one without (Windows, DPDK), or neither, as in a frame that was
    finished or put together from received ones: then it has to be made from the addresses.
    """
    at = l4_offset + CHECKSUM_OFFSET[L4Kind(l4_kind)]
    field = int.from_bytes(frame[at : at + 2], "big")
    if (l4_kind == L4Kind.UDP and field == 0) or _routed(frame, l3_kind, l3_offset, l4_offset):
        return ChecksumMode.SEED_WITH_LENGTH
    protocol = PROTOCOL_NUMBER[L4Kind(l4_kind)]
    length = len(frame) - l4_offset
    if field == pseudo_header_sum(frame, l3_kind, l3_offset, protocol, length):
        return ChecksumMode.SEED_WITH_LENGTH
    if field == pseudo_header_sum(frame, l3_kind, l3_offset, protocol, 0):
        return ChecksumMode.SEED_WITHOUT_LENGTH
    return ChecksumMode.FROM_HEADER


def _routed(frame: bytes, l3_kind: int, l3_offset: int, l4_offset: int) -> bool:
    """Whether the final destination is not the header's, so that the sum must be the host's."""
    if l3_kind == L3Kind.IPV4:
        at = l3_offset + 20
        while at < l4_offset and frame[at] != 0:
            if frame[at] in (_LOOSE_ROUTE, _STRICT_ROUTE):
                return True
            at += 1 if frame[at] == 1 else max(2, frame[at + 1])
        return False
    kind, at = frame[l3_offset + 6], l3_offset + 40
    while at < l4_offset:
        if kind == 43 and frame[at + 3]:  # segments left
            return True
        kind, at = frame[at], at + 8 + 8 * frame[at + 1]
    return False


def without_jumbo(frame: bytes) -> bytes:
    """`frame` without the hop-by-hop header that Linux puts into IPv6 frames above 64 KiB (D9).

    It has eight bytes with the jumbo payload option alone and stands right behind the IPv6 header.
    """
    d = describe(frame, 0)
    at = d.l3_offset + 40
    if d.l3_kind != L3Kind.IPV6 or d.l4_offset < at + 8 or frame[d.l3_offset + 6] != 0:
        return frame
    if frame[at + 1] != 0 or frame[at + 2 : at + 4] != _JUMBO:
        return frame
    following = frame[at : at + 1]
    return frame[: d.l3_offset + 6] + following + frame[d.l3_offset + 7 : at] + frame[at + 8 :]
