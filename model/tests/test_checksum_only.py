# SPDX-License-Identifier: Apache-2.0
"""MSS 0: checksums alone, or nothing at all (D1, D21)."""

from dataclasses import replace
from random import Random

import pytest
from frames import Shape, build
from naive import number, words

from gso_model import (
    ChecksumMode,
    Completion,
    Descriptor,
    L4Kind,
    Tunnel,
    segment,
)

PAYLOAD = Random(1).randbytes(1000)


def test_nothing_but_the_checksum_changes():
    """D1, D21: lengths, identification, flags stay as they are, wrong as they are."""
    frame, d = build(Shape(flags=0xFFF), PAYLOAD, 0)
    (out,) = segment(frame, d).segments
    assert out[:50] == frame[:50]
    assert out[52:] == frame[52:]
    pseudo = frame[26:34] + bytes([0, 6]) + (len(frame) - 34).to_bytes(4, "big")
    assert words(pseudo + out[34:]) == 0xFFFF


def test_ip_checksum_alone():
    """D21."""
    frame, d = build(Shape(), PAYLOAD, 0, l4_checksum=0, ip_checksum=1)
    (out,) = segment(frame, d).segments
    assert out[:24] == frame[:24]
    assert out[26:] == frame[26:]
    assert words(out[14:34]) == 0xFFFF


def test_both_ip_checksums():
    """D21: each IPv4 header has a bit of its own."""
    frame, d = build(Shape(tunnel=Tunnel.IPIP), PAYLOAD, 0, l4_checksum=0)
    for outer, inner in ((0, 1), (1, 0), (1, 1)):
        asked = replace(d, outer_ip_checksum=outer, ip_checksum=inner)
        (out,) = segment(frame, asked).segments
        assert (words(out[14:34]) == 0xFFFF) == bool(outer)
        assert (words(out[34:54]) == 0xFFFF) == bool(inner)


GENERIC = Descriptor(
    frame_length=100,
    l4_kind=L4Kind.GENERIC,
    l4_checksum=ChecksumMode.SEED_WITH_LENGTH,
    l4_offset=20,
    checksum_offset=4,
    header_length=26,
)


@pytest.mark.parametrize("length", [100, 99, 26])
def test_generic(length: int):
    """D21: from l4_offset to the end, the seed included, odd end and all."""
    frame = PAYLOAD[:length]
    (out,) = segment(frame, replace(GENERIC, frame_length=length)).segments
    assert (out[:24], out[26:]) == (frame[:24], frame[26:])
    assert number(out, 24) == words(frame[20:]) ^ 0xFFFF


def test_generic_zero():
    """D21: a computed 0 stays 0. I12: a sum of nothing but zeros gives FFFF."""
    frame = bytes(20) + b"\xff\xff" + bytes(78)
    assert segment(frame, GENERIC).segments == [frame]
    (out,) = segment(bytes(100), GENERIC).segments
    assert out == bytes(24) + b"\xff\xff" + bytes(74)


def test_generic_mode_none_asks_nothing():
    """I8, I1."""
    result = segment(PAYLOAD[:100], replace(GENERIC, l4_checksum=0))
    assert result.segments == [PAYLOAD[:100]]
    assert result.completion == Completion(segments=1)


@pytest.mark.parametrize("frame", [b"\0", PAYLOAD[:13], PAYLOAD[:59], PAYLOAD[:60], bytes(9728)])
def test_pass_through(frame: bytes):
    """D1: bit-identical, whatever it is; D19: it has no payload bytes."""
    result = segment(frame, Descriptor(frame_length=len(frame), request_id=77))
    assert result.segments == [frame]
    assert result.completion == Completion(request_id=77, segments=1, payload_bytes=0)


def test_payload_bytes_with_mss_0():
    """I11: bytes behind header_length, once something is asked."""
    frame, d = build(Shape(), PAYLOAD, 0)
    assert segment(frame, d).completion.payload_bytes == 1000
