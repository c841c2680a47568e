# SPDX-License-Identifier: Apache-2.0
"""Descriptors and statuses in words: every part of the descriptor is told, any value can be."""

import random
from dataclasses import replace

from frames import Shape, build

from gso_model import Descriptor, L3Kind, L4Kind, Status, Tunnel
from gso_model.words import STATUS_WORDS, descriptor_words, status_words


def words(descriptor: Descriptor) -> str:
    return "\n".join(descriptor_words(descriptor))


def test_every_status_has_words():
    assert set(STATUS_WORDS) == set(Status)
    assert status_words(4).startswith("OFFSETS (4): ")
    assert "no such status" in status_words(99)


def test_a_plain_super_frame():
    _, d = build(Shape(tcp_options=12), bytes(3000), 1448)
    text = words(replace(d, request_id=7, timestamp=1, keep_cwr=1))
    for part in (
        "3,066 bytes, headers of 66, payload of 3,000",
        "segments of 1,448 payload bytes: 3 segments, the last with 104 bytes",
        "the longest has 1,514 bytes",
        "IPv4           bytes 14 to 33; header checksum written; identification counts in 16 bits",
        "TCP            bytes 34 to 65; checksum field holds the pseudo-header sum with length",
        "CWR stays",
        "request id 7, user 0, time stamp",
    ):
        assert part in text


def test_a_tunnel():
    _, d = build(Shape(tunnel=Tunnel.VXLAN, l3=L3Kind.IPV6, l4=L4Kind.UDP), bytes(30), 10)
    text = words(d)
    for part in ("VXLAN (kind 3)", "outer IPv4", "outer UDP", "inner IPv6", "inner UDP"):
        assert part in text
    assert "GRE " in words(build(Shape(tunnel=Tunnel.GRE), bytes(30), 10)[1])


def test_what_is_not_segmented():
    assert "nothing: the frame leaves as it is" in words(Descriptor(frame_length=60))
    tagged = Descriptor(frame_length=60, tag_count=1, tag0=0x81000064)
    assert "but for its tags" in words(tagged) and "tag 0x8100 0x0064" in words(tagged)
    generic = Descriptor(
        frame_length=100, header_length=60, l4_kind=3, l4_offset=34, checksum_offset=6,
        l4_checksum=2,
    )  # fmt: skip
    assert "of bytes 34 to the end, at byte 40" in words(generic)
    assert "checksums, no segmentation" in words(generic)


def test_any_256_bits():
    """Reserved values are told, not stumbled over."""
    rng = random.Random(1)
    for _ in range(3000):
        vector = rng.getrandbits(256)
        if rng.random() < 0.5:
            vector &= rng.getrandbits(256) & rng.getrandbits(256)
        assert words(Descriptor.unpack(vector))
    assert "bits 0x80000000000" in words(Descriptor.unpack(1 << 255))
