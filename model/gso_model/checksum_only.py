# SPDX-License-Identifier: Apache-2.0
"""A frame that is not segmented: checksums alone, or nothing (D1, D2, D18, D21).

No length, identification, sequence number or flag is written, only the checksums asked for.
"""

from gso_model.check import l3_end, outer_l3_end
from gso_model.checksum import (
    CHECKSUM_OFFSET,
    PROTOCOL_NUMBER,
    finish,
    finish_udp,
    pseudo_header_sum,
    word_sum,
)
from gso_model.descriptor import Descriptor
from gso_model.layout import ChecksumMode, L4Kind


def finish_frame(frame: bytes, descriptor: Descriptor) -> bytes:
    """The frame that leaves for a `frame` with MSS 0, tags inserted, checksums written.

    Descriptor and headers have passed the checks and `frame` has `frame_length` bytes.
    """
    d = descriptor
    if not d.asks and not d.tag_count:
        return bytes(frame)
    edited = bytearray(frame)
    if d.ip_checksum:
        _write_ip_checksum(edited, d.l3_offset, l3_end(d))
    if d.outer_ip_checksum:
        _write_ip_checksum(edited, d.outer_l3_offset, outer_l3_end(d))
    if d.l4_kind == L4Kind.GENERIC:
        if d.l4_checksum != ChecksumMode.NONE:
            # The seed stays where it is and is part of the sum.
            at = d.l4_offset + d.checksum_offset
            _write(edited, at, finish(word_sum(edited[d.l4_offset :])))
    elif d.l4_kind != L4Kind.NONE:
        _write_l4_checksum(
            edited, L4Kind(d.l4_kind), d.l4_offset, d.l4_checksum, d.l3_kind, d.l3_offset
        )
    if d.outer_udp:
        # Last, as it covers the inner checksums.
        _write_l4_checksum(
            edited,
            L4Kind.UDP,
            d.outer_l4_offset,
            d.outer_l4_checksum,
            d.outer_l3_kind,
            d.outer_l3_offset,
        )
    return bytes(edited[:12] + d.tags + edited[12:])


def _write_ip_checksum(frame: bytearray, offset: int, end: int) -> None:
    """Writes the IPv4 header checksum of the header at `offset` to `end`."""
    _write(frame, offset + 10, 0)
    _write(frame, offset + 10, finish(word_sum(frame[offset:end])))


def _write_l4_checksum(
    frame: bytearray, l4_kind: L4Kind, offset: int, mode: int, l3_kind: int, l3_offset: int
) -> None:
    """Writes the TCP or UDP checksum over the bytes from `offset` to the frame's end (D2)."""
    at = offset + CHECKSUM_OFFSET[l4_kind]
    seed = int.from_bytes(frame[at : at + 2], "big")
    length = len(frame) - offset
    if mode == ChecksumMode.NONE:
        return
    if mode == ChecksumMode.FROM_HEADER:
        seed = pseudo_header_sum(frame, l3_kind, l3_offset, PROTOCOL_NUMBER[l4_kind], length)
    elif l4_kind == L4Kind.UDP and seed == 0:
        return  # the host asks for no checksum
    elif mode == ChecksumMode.SEED_WITHOUT_LENGTH:
        seed += length
    _write(frame, at, 0)
    total = seed + word_sum(frame[offset:])
    _write(frame, at, finish_udp(total) if l4_kind == L4Kind.UDP else finish(total))


def _write(frame: bytearray, at: int, word: int) -> None:
    frame[at : at + 2] = word.to_bytes(2, "big")
