# SPDX-License-Identifier: Apache-2.0
"""Segmentation and checksums rule by rule; what vectors show as well is here by hand."""

from dataclasses import replace
from random import Random

import pytest
from frames import Shape, build
from naive import number, verify, words

from gso_model import (
    FULL,
    ChecksumMode,
    Completion,
    Descriptor,
    IdMode,
    L3Kind,
    L4Kind,
    Result,
    Status,
    Tunnel,
    segment,
)

PAYLOAD = Random(1).randbytes(1000)
V4, V6, TCP, UDP = L3Kind.IPV4, L3Kind.IPV6, L4Kind.TCP, L4Kind.UDP


def fields(result: Result, at: int, size: int = 2) -> list[int]:
    """The number at byte `at` of every segment."""
    return [number(segment, at, size) for segment in result.segments]


# --- D1, D7, D8: cutting


@pytest.mark.parametrize(
    ("payload", "mss", "sizes"),
    [
        (1000, 400, [400, 400, 200]),
        (800, 400, [400, 400]),
        (401, 400, [400, 1]),
        (400, 400, [400]),
        (399, 400, [399]),
        (1, 1, [1]),
        (3, 1, [1, 1, 1]),
        (0, 400, [0]),
        (1000, 65535, [1000]),
    ],
)
@pytest.mark.parametrize("l4", [TCP, UDP])
def test_sizes(l4: L4Kind, payload: int, mss: int, sizes: list[int]):
    """D7, D8: all of MSS but the last; payload ≤ MSS gives one, no payload the header alone."""
    frame, d = build(Shape(l4=l4), PAYLOAD[:payload], mss)
    result = segment(frame, d)
    assert [len(s) - d.header_length for s in result.segments] == sizes
    assert b"".join(s[d.header_length :] for s in result.segments) == PAYLOAD[:payload]
    assert result.completion == Completion(segments=len(sizes), payload_bytes=payload)


@pytest.mark.parametrize("l3", [V4, V6])
@pytest.mark.parametrize("l4", [TCP, UDP])
def test_wrong_lengths_in_the_template_are_not_read(l3: L3Kind, l4: L4Kind):
    """D1: the template's lengths and IPv4 checksum are DEAD; what leaves is right."""
    frame, d = build(Shape(l3=l3, l4=l4), PAYLOAD, 300)
    for part in segment(frame, d).segments:
        verify(part)


def test_sequence_numbers_wrap():
    frame, d = build(Shape(sequence=0xFFFFFF00), PAYLOAD, 300)
    assert fields(segment(frame, d), 38, 4) == [0xFFFFFF00, 0x0000002C, 0x00000158, 0x00000284]


def test_many_segments():
    """D9: 24 bits of segments; one byte each of 70,000."""
    payload = Random(2).randbytes(70000)
    frame, d = build(Shape(l4=UDP), payload, 1)
    result = segment(frame, d)
    assert result.completion == Completion(segments=70000, payload_bytes=70000)
    assert bytes(s[-1] for s in result.segments) == payload


# --- D5, D6


@pytest.mark.parametrize(
    ("mode", "first", "expected"),
    [
        (IdMode.FIXED, 0xFFFF, [0xFFFF, 0xFFFF, 0xFFFF]),
        (IdMode.MOD15, 0x7FFE, [0x7FFE, 0x7FFF, 0x0000]),
        (IdMode.MOD15, 0xFFFE, [0xFFFE, 0xFFFF, 0x8000]),
        (IdMode.MOD16, 0x7FFE, [0x7FFE, 0x7FFF, 0x8000]),
        (IdMode.MOD16, 0xFFFE, [0xFFFE, 0xFFFF, 0x0000]),
    ],
)
def test_identification(mode: IdMode, first: int, expected: list[int]):
    """D5, outer and inner each by its own mode."""
    frame, d = build(Shape(identification=first), PAYLOAD, 400)
    assert fields(segment(frame, replace(d, ip_id=mode)), 18) == expected
    shape = Shape(tunnel=Tunnel.VXLAN, outer_identification=first, identification=5)
    frame, d = build(shape, PAYLOAD, 400)
    result = segment(frame, replace(d, outer_ip_id=mode, ip_id=IdMode.MOD16))
    assert fields(result, 18) == expected
    assert fields(result, 68) == [5, 6, 7]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [(1000, [0xFF6, 0xF76, 0xF76, 0xF7F]), (400, [0xFF6, 0xF7F]), (250, [0xFFF])],
)
def test_flag_masks(payload: int, expected: list[int]):
    """D6: two segments are first and last; one keeps all its flags."""
    frame, d = build(Shape(flags=0xFFF), PAYLOAD[:payload], 250)
    assert fields(segment(frame, d), 46) == [0x5000 | flags for flags in expected]


def test_keep_cwr():
    """D6: ORed into the masks, so CWR stays where it is and appears nowhere."""
    frame, d = build(Shape(flags=0xFFF), PAYLOAD, 400)
    assert fields(segment(frame, replace(d, keep_cwr=1)), 46) == [0x5FF6, 0x5FF6, 0x5FFF]
    frame, d = build(Shape(flags=0x010), PAYLOAD, 400)
    assert fields(segment(frame, replace(d, keep_cwr=1)), 46) == [0x5010] * 3


def test_flag_masks_are_registers():
    """D6, D20."""
    frame, d = build(Shape(flags=0xFFF), PAYLOAD, 400)
    odd = replace(FULL, flag_mask_first=0x001, flag_mask_middle=0x002, flag_mask_last=0x804)
    assert fields(segment(frame, d, odd), 46) == [0x5001, 0x5002, 0x5804]
    one = segment(*build(Shape(flags=0xFFF), b"", 400), odd)
    assert fields(one, 46) == [0x5FFF]


# --- D2, D3, D4: checksums


@pytest.mark.parametrize("mode", [1, 2, 3])
@pytest.mark.parametrize("l3", [V4, V6])
@pytest.mark.parametrize("l4", [TCP, UDP])
def test_modes(mode: int, l3: L3Kind, l4: L4Kind):
    """D2: three kinds of template, the same segments."""
    results = [
        segment(*build(Shape(l3=l3, l4=l4, mode=ChecksumMode(m)), PAYLOAD, 333)).segments
        for m in (2, mode)
    ]
    assert results[0] == results[1]
    verify(results[0][0])


@pytest.mark.parametrize("mode", [1, 2])
@pytest.mark.parametrize("mss", [0, 333])
def test_udp_field_of_zero_stays(mode: int, mss: int):
    """D2: in every segment, and with MSS 0 too."""
    frame, d = build(Shape(l4=UDP, mode=ChecksumMode(mode), udp_checksum=False), PAYLOAD, mss)
    assert set(fields(segment(frame, d), 40)) == {0}


@pytest.mark.parametrize("mss", [0, 333])
def test_udp_field_of_zero_is_computed_in_mode_3(mss: int):
    """D2."""
    frame, d = build(Shape(l4=UDP, udp_checksum=False), PAYLOAD, mss)
    result = segment(frame, replace(d, l4_checksum=ChecksumMode.FROM_HEADER))
    assert 0 not in fields(result, 40)


@pytest.mark.parametrize("mss", [0, 333])
@pytest.mark.parametrize("seed", [0, 1, 0x0400, 0x03FB, 0x03FC, 0x03FD, 0xFFFE, 0xFFFF])
@pytest.mark.parametrize("mode", [1, 2])
def test_any_seed(mode: int, seed: int, mss: int):
    """D2: seeds below the frame's L4 length of 0x03FC too; in TCP 0 is a seed as any other."""
    frame, d = build(Shape(mode=ChecksumMode(mode)), PAYLOAD, mss)
    assert len(frame) - 34 == 0x03FC
    frame = frame[:50] + seed.to_bytes(2, "big") + frame[52:]
    for part in segment(frame, d).segments:
        # What a receiver adds up: the seed's addresses and protocol, the segment's own length.
        there = seed + len(part) - 34 + (0xFFFF - 0x03FC if mode == 2 else 0)
        assert words(there.to_bytes(4, "big") + part[34:]) == 0xFFFF


@pytest.mark.parametrize("outer_l3", [V4, V6])
@pytest.mark.parametrize("outer", [0, 1, 2, 3])
@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("tunnel", [Tunnel.VXLAN, Tunnel.GENEVE])
def test_outer_checksum(tunnel: Tunnel, outer_l3: L3Kind, outer: int, checked: bool):
    """D3: right in every segment, over an inner UDP without checksum too."""
    shape = Shape(
        l4=UDP,
        tunnel=tunnel,
        outer_l3=outer_l3,
        outer_mode=ChecksumMode(outer),
        udp_checksum=checked,
    )
    result = segment(*build(shape, PAYLOAD, 333))
    assert result.completion.status == Status.OK
    for part in result.segments:
        walk = verify(part)
        assert len(walk.unchecked) == (outer == 0) + (not checked)


@pytest.mark.parametrize(("outer", "stays"), [(1, True), (2, True), (3, False)])
def test_outer_field_of_zero(outer: int, stays: bool):
    """D3: stays zero in modes 1 and 2, is computed in mode 3."""
    frame, d = build(Shape(tunnel=Tunnel.VXLAN), PAYLOAD, 333)
    result = segment(frame, replace(d, outer_l4_checksum=outer))
    assert [field == 0 for field in fields(result, 40)] == [stays] * 4


# --- D17, D18


def test_8023_length():
    """D17: from the LLC header to the end, tags inserted or not."""
    frame, d = build(Shape(llc=True), PAYLOAD, 400)
    assert fields(segment(frame, d), 12) == [448, 448, 248]
    tagged = replace(d, tag_count=2, tag0=0x88A80001, tag1=0x81000002)
    assert fields(segment(frame, tagged), 20) == [448, 448, 248]
    assert fields(segment(frame, replace(d, length_8023=0)), 12) == [0x0102] * 3


@pytest.mark.parametrize("mss", [0, 400])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_inserted_tags(count: int, mss: int):
    """D18: at byte 12 of every frame that leaves, the first one outermost."""
    frame, d = build(Shape(), PAYLOAD, mss)
    tags = bytes.fromhex("88a8123481005678")[: 4 * count]
    plain = segment(frame, d).segments
    result = segment(frame, replace(d, tag_count=count, tag0=0x88A81234, tag1=0x81005678))
    assert result.segments == [part[:12] + tags + part[12:] for part in plain]
    assert result.completion.payload_bytes == 1000  # tags are no payload


def test_tags_into_pass_through():
    """D18."""
    d = Descriptor(frame_length=14, tag_count=1, tag0=0x81000064)
    assert segment(PAYLOAD[:14], d).segments == [
        PAYLOAD[:12] + bytes.fromhex("81000064") + PAYLOAD[12:14]
    ]
