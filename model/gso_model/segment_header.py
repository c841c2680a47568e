# SPDX-License-Identifier: Apache-2.0
"""The header of each segment of one frame (D1 to D6, D17, D18).

What all segments share is worked out once; what changes is written from absolute values:

- lengths: 802.3, IPv4, IPv6 and UDP, outer and inner, from the segment's length (D1, D17)
- IPv4 identification, outer and inner, from the first one's and the segment's number (D5)
- TCP sequence number and flags (D6)
- checksums: IPv4 headers, inner L4, outer UDP (D2 to D4)

All sums are kept as numbers without the fields that change, to which the new values are added.
"""

from struct import Struct

from gso_model.capabilities import Capabilities
from gso_model.check import l3_end, outer_l3_end
from gso_model.checksum import (
    CHECKSUM_OFFSET,
    PROTOCOL_NUMBER,
    addresses_sum,
    complement,
    finish,
    finish_udp,
    fold,
    word_sum,
)
from gso_model.descriptor import Descriptor
from gso_model.layout import FLAG_CWR, ChecksumMode, IdMode, L3Kind, L4Kind, Tunnel

_WORD = Struct(">H")
_TWO_WORDS = Struct(">HH")
_LONG = Struct(">I")


class SegmentHeader:
    """Makes the headers of a frame's segments.

    `header` is the frame's, up to `header_length`; descriptor and header have passed the checks.
    `total` is the number of segments that the frame becomes.
    """

    def __init__(self, header: bytes, d: Descriptor, total: int, capabilities: Capabilities):
        self._header = bytearray(header)
        self._last = total - 1
        self._ip = [_Ip(self._header, d.l3_kind, d.l3_offset, l3_end(d), d.ip_id)]
        self._outer_udp: _Udp | None = None
        if d.tunnel != Tunnel.NONE:
            outer, end = d.outer_l3_offset, outer_l3_end(d)
            self._ip.append(_Ip(self._header, d.outer_l3_kind, outer, end, d.outer_ip_id))
            if d.outer_udp:
                self._outer_udp = _Udp(self._header, d, outer=True)
        if d.l4_kind == L4Kind.TCP:
            self._l4 = _Tcp(self._header, d, self._last, capabilities)
        else:
            self._l4 = _Udp(self._header, d, outer=False)
        # D17: the length counts from the LLC header, and inserted tags do not.
        self._llc = d.outermost_l3_offset - 8 if d.length_8023 else None
        self._tags = d.tags

    def make(self, index: int, payload: bytes) -> bytearray:
        """The header of segment `index`, counted from 0, whose payload is `payload`."""
        header = self._header
        length = len(header) + len(payload)
        if self._llc is not None:
            _WORD.pack_into(header, self._llc - 2, length - self._llc)
        for ip in self._ip:
            ip.write(header, index, length)
        payload_sum = word_sum(payload)
        self._l4.write(header, index, length, payload_sum)
        if self._outer_udp is not None:
            # Last, as it covers all of the inner headers. Local checksum offload (D3) gives the
            # same without the payload's sum, which is at hand here.
            self._outer_udp.write(header, index, length, payload_sum)
        if self._tags:
            return header[:12] + self._tags + header[12:]
        return header


class _Ip:
    """An IP header, outer or inner: length, identification and header checksum."""

    def __init__(self, header: bytearray, kind: int, offset: int, end: int, id_mode: int):
        self._offset = offset
        self._ipv4 = kind == L3Kind.IPV4
        self._id_mode = id_mode
        if self._ipv4:
            (self._id,) = _WORD.unpack_from(header, offset + 4)
            constant = header[offset : offset + 2] + header[offset + 6 : offset + 10]
            self._sum = word_sum(constant) + word_sum(header[offset + 12 : end])

    def write(self, header: bytearray, index: int, length: int) -> None:
        offset = self._offset
        if not self._ipv4:
            _WORD.pack_into(header, offset + 4, length - offset - 40)
            return
        total_length, number = length - offset, identification(self._id, self._id_mode, index)
        _TWO_WORDS.pack_into(header, offset + 2, total_length, number)
        _WORD.pack_into(header, offset + 10, finish(self._sum + total_length + number))


def identification(first: int, mode: int, index: int) -> int:
    """The IPv4 identification of segment `index` where the first has `first` (D5)."""
    if mode == IdMode.MOD16:
        return (first + index) & 0xFFFF
    if mode == IdMode.MOD15:
        return first & 0x8000 | (first + index) & 0x7FFF
    return first


class _Tcp:
    """The TCP header: sequence number, flags and checksum."""

    def __init__(self, header: bytearray, d: Descriptor, last: int, capabilities: Capabilities):
        offset = d.l4_offset
        self._offset, self._last, self._mss = offset, last, d.mss
        (self._sequence,) = _LONG.unpack_from(header, offset + 4)
        (flags,) = _WORD.unpack_from(header, offset + 12)
        keep = FLAG_CWR if d.keep_cwr else 0
        # The masks cover 12 bits; the four above them are the data offset.
        first, middle, final = (
            flags & (0xF000 | mask | keep)
            for mask in (
                capabilities.flag_mask_first,
                capabilities.flag_mask_middle,
                capabilities.flag_mask_last,
            )
        )
        self._flags = (first, middle, final) if last else (flags, flags, flags)
        self._sum = (
            pseudo_header_seed(header, d, outer=False)
            + word_sum(header[offset : offset + 4])
            + word_sum(header[offset + 8 : offset + 12])
            + word_sum(header[offset + 14 : offset + 16])
            + word_sum(header[offset + 18 :])
        )

    def write(self, header: bytearray, index: int, length: int, payload_sum: int) -> None:
        offset = self._offset
        sequence = (self._sequence + index * self._mss) & 0xFFFFFFFF
        flags = self._flags[0 if index == 0 else 2 if index == self._last else 1]
        _LONG.pack_into(header, offset + 4, sequence)
        _WORD.pack_into(header, offset + 12, flags)
        checksum = finish(self._sum + length - offset + sequence + flags + payload_sum)
        _WORD.pack_into(header, offset + 16, checksum)


class _Udp:
    """A UDP header, the tunnel's or the (inner) L4 one: length and checksum."""

    def __init__(self, header: bytearray, d: Descriptor, outer: bool):
        self._offset = d.outer_l4_offset if outer else d.l4_offset
        mode = d.outer_l4_checksum if outer else d.l4_checksum
        (field,) = _WORD.unpack_from(header, self._offset + 6)
        # D2, D3: a field of 0 means no checksum, but where the field is not looked at.
        self._computed = mode == ChecksumMode.FROM_HEADER or (
            mode != ChecksumMode.NONE and field != 0
        )
        self._seed = pseudo_header_seed(header, d, outer=outer)

    def write(self, header: bytearray, index: int, length: int, payload_sum: int) -> None:
        offset = self._offset
        udp_length = length - offset
        _TWO_WORDS.pack_into(header, offset + 4, udp_length, 0)
        if self._computed:
            covered = word_sum(header[offset:]) + payload_sum
            _WORD.pack_into(header, offset + 6, finish_udp(self._seed + udp_length + covered))


def pseudo_header_seed(header: bytes | bytearray, d: Descriptor, outer: bool) -> int:
    """The sum of the pseudo-header without the L4 length, the inner one's or the outer UDP's.

    In mode 2 the field holds it with the whole frame's L4 length, which is taken out: a 24-bit
    number folded into 16 (D2). In mode 3 it comes from the IP header's addresses.
    """
    if outer:
        kind, l3, l4 = d.outer_l3_kind, d.outer_l3_offset, d.outer_l4_offset
        mode, l4_kind = d.outer_l4_checksum, L4Kind.UDP
    else:
        kind, l3, l4 = d.l3_kind, d.l3_offset, d.l4_offset
        mode, l4_kind = d.l4_checksum, L4Kind(d.l4_kind)
    if mode == ChecksumMode.FROM_HEADER:
        return fold(addresses_sum(header, kind, l3) + PROTOCOL_NUMBER[l4_kind])
    (field,) = _WORD.unpack_from(header, l4 + CHECKSUM_OFFSET[l4_kind])
    if mode == ChecksumMode.SEED_WITH_LENGTH:
        return fold(field + complement(d.frame_length - l4))
    return field
