# SPDX-License-Identifier: Apache-2.0
"""Descriptors from plain frames: found where the builder put the headers."""

from dataclasses import replace
from itertools import product

import pytest
from frames import Shape, build
from naive import verify
from test_vectors import LINUX

from gso_model import (
    ChecksumMode,
    Descriptor,
    IdMode,
    L3Kind,
    L4Kind,
    Status,
    Tunnel,
    Vector,
    describe,
    segment,
)

V4, V6 = L3Kind.IPV4, L3Kind.IPV6
PLAIN = Descriptor(frame_length=300)


def asked(d: Descriptor) -> Descriptor:
    """`d` with the IPv4 checksum bits that `describe` sets; segmentation implies them (D21)."""
    return replace(d, ip_checksum=d.l3_kind == V4, outer_ip_checksum=d.outer_l3_kind == V4)


@pytest.mark.parametrize("vector", LINUX, ids=lambda vector: vector.name)
def test_linux_vectors(vector: Vector):
    """What the kernel was asked for is what we find in the frame."""
    found = describe(vector.frame, vector.descriptor.mss, tunnels=True)
    assert found == asked(vector.descriptor)


@pytest.mark.parametrize(
    "shape",
    [
        Shape(l3=l3, l4=l4, vlan_tags=tags, l3_extra=extra, tcp_options=12)
        for l3, l4, tags, extra in product(
            (V4, V6), (L4Kind.TCP, L4Kind.UDP), (0, 1, 2, 3), (0, 8, 24)
        )
    ],
)
def test_shapes(shape: Shape):
    frame, d = build(shape, bytes(range(250)), 100)
    assert describe(frame, 100) == asked(d)
    whole = describe(frame, 0)
    assert whole == replace(asked(d), mss=0)
    assert segment(frame, whole).completion.status == Status.OK


@pytest.mark.parametrize(
    "shape",
    [
        Shape(l3=l3, tunnel=tunnel, outer_l3=outer, inner_tags=tags, geneve_options=8)
        for l3, outer, tunnel, tags in product((V4, V6), (V4, V6), list(Tunnel)[1:], (0, 1))
        if tunnel != Tunnel.IPIP or not tags
    ]
    + [Shape(tunnel=Tunnel.GRE, gre_ethernet=False, gre_key=key) for key in (False, True)],
)
def test_tunnels(shape: Shape):
    frame, d = build(shape, bytes(range(250)), 100)
    assert describe(frame, 100, tunnels=True) == asked(d)


def test_tunnels_are_not_looked_for_unasked():
    frame, _ = build(Shape(tunnel=Tunnel.VXLAN), bytes(200), 100)
    d = describe(frame, 100)
    assert (d.tunnel, d.l4_kind, d.l3_offset, d.header_length) == (0, L4Kind.UDP, 14, 42)


@pytest.mark.parametrize("tunnel", list(Tunnel)[1:])
def test_tunnel_around_something_else(tunnel: Tunnel):
    """Neither TCP nor UDP inside: never segmented, an outer UDP checksum may be asked."""
    frame, d = build(Shape(tunnel=tunnel), bytes(200), 100)
    at = d.l3_offset + 9
    found = describe(frame[:at] + b"\x01" + frame[at + 1 :], 100, tunnels=True)
    assert (found.mss, found.tunnel) == (0, Tunnel.NONE)
    assert found.l4_kind == (L4Kind.UDP if tunnel in (Tunnel.VXLAN, Tunnel.GENEVE) else L4Kind.NONE)


def test_llc():
    """D17: the 802.3 length is to be written where segments have another one."""
    frame, d = build(Shape(llc=True), bytes(200), 100)
    assert describe(frame, 100) == asked(d)
    assert describe(frame, 0).length_8023 == 0


def test_options():
    frame, _ = build(Shape(), bytes(200), 100)
    d = describe(
        frame, 100, l4_checksum=ChecksumMode.FROM_HEADER, ip_id=IdMode.MOD15, request_id=5, user=6
    )
    assert (d.l4_checksum, d.ip_id, d.request_id, d.user) == (3, 1, 5, 6)


@pytest.mark.parametrize("mode", list(ChecksumMode)[1:])
def test_udp_without_checksum_stays_without(mode: ChecksumMode):
    frame, _ = build(Shape(l4=L4Kind.UDP, udp_checksum=False), bytes(200), 100)
    for part in segment(frame, describe(frame, 100, l4_checksum=mode)).segments:
        assert verify(part).unchecked == [34]


@pytest.mark.parametrize(
    ("at", "to"),
    [
        (12, b"\x08\x06"),  # ARP
        (12, b"\x01\x00"),  # 802.3 without SNAP
        (14, b"\x65"),
        (14, b"\x44"),
        (23, b"\x01"),  # ICMP
        (20, b"\x20\x00"),  # first fragment
        (20, b"\x00\x01"),  # later fragment
        (46, b"\x40"),  # TCP data offset 4
    ],
)
def test_what_is_not_tcp_or_udp_passes(at: int, to: bytes):
    frame, _ = build(Shape(), bytes(246), 100)
    assert describe(frame, 100) != PLAIN
    assert describe(frame[:at] + to + frame[at + len(to) :], 100, tunnels=True) == PLAIN


def test_ipv6_fragments_pass():
    frame, _ = build(Shape(l3=V6, l3_extra=8), bytes(218), 100)
    assert len(frame) == 300
    assert describe(frame[:20] + b"\x2c" + frame[21:], 100) == PLAIN


@pytest.mark.parametrize(
    "shape",
    [
        Shape(tcp_options=40, l3_extra=40),
        Shape(l3=V6, l3_extra=24, l4=L4Kind.UDP),
        *(Shape(tunnel=tunnel, geneve_options=8) for tunnel in list(Tunnel)[1:]),
    ],
)
def test_every_cut_of_a_frame(shape: Shape):
    """A frame that ends inside its headers raises nothing, and what is found passes the checks."""
    frame, d = build(shape, b"", 100)
    for length in range(1, len(frame)):
        found = describe(frame[:length], 100, tunnels=True)
        assert found.header_length <= length < d.header_length
        assert segment(frame[:length], found).completion.status == Status.OK


def test_bad_arguments():
    with pytest.raises(ValueError, match="no bytes"):
        describe(b"", 100)
    with pytest.raises(ValueError, match="mss is 65536"):
        describe(bytes(60), 65536)
