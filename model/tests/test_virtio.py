# SPDX-License-Identifier: Apache-2.0
"""virtio-net headers: their layout, what is asked for, and what a device must reject."""

from dataclasses import replace

import pytest
from frames import Shape, build

from gso_model import ChecksumMode, L3Kind, L4Kind, Status, Tunnel, load_vectors, segment
from gso_model.virtio import (
    ECN,
    NEEDS_CSUM,
    SIZES,
    TCPV4,
    TCPV6,
    TUNNEL_IPV4,
    TUNNEL_IPV6,
    UDP_FRAGMENTS,
    UDP_L4,
    UDP_TUNNEL_CSUM,
    VnetHeader,
    virtio_request,
)

TYPES = {
    (L3Kind.IPV4, L4Kind.TCP): TCPV4,
    (L3Kind.IPV6, L4Kind.TCP): TCPV6,
    (L3Kind.IPV4, L4Kind.UDP): UDP_L4,
    (L3Kind.IPV6, L4Kind.UDP): UDP_L4,
}


def header_of(d, mss: int = 0) -> VnetHeader:
    """The header with which Linux would hand out the frame of descriptor `d`."""
    header = VnetHeader(
        flags=NEEDS_CSUM,
        gso_type=TYPES[d.l3_kind, d.l4_kind],
        hdr_len=d.header_length,
        gso_size=mss or d.mss,
        csum_start=d.l4_offset,
        csum_offset=16 if d.l4_kind == L4Kind.TCP else 6,
    )
    if d.tunnel == Tunnel.NONE:
        return header
    outer = TUNNEL_IPV4 if d.outer_l3_kind == L3Kind.IPV4 else TUNNEL_IPV6
    return replace(
        header,
        flags=NEEDS_CSUM | (UDP_TUNNEL_CSUM if d.outer_l4_checksum else 0),
        gso_type=header.gso_type | outer,
        outer_th_offset=d.outer_l4_offset,
        inner_nh_offset=d.l3_offset,
    )


def test_layout():
    """Little-endian; the tunnel's fields are the last four of 24 bytes."""
    header = VnetHeader(1, 0x41, 0x0302, 0x0504, 0x0706, 0x0908, 0x0B0A, 0x0D0C)
    packed = header.pack(24)
    assert packed.hex() == "0141020304050607" + "0809" + "00" * 10 + "0a0b0c0d"
    assert VnetHeader.unpack(packed) == header
    for size in SIZES[:3]:
        assert header.pack(size) == packed[:size]
        short = replace(header, outer_th_offset=0, inner_nh_offset=0)
        assert VnetHeader.unpack(packed[:size]) == short
    with pytest.raises(ValueError, match="11 bytes, expected one of"):
        header.pack(11)
    with pytest.raises(ValueError, match="0 bytes, expected one of"):
        VnetHeader.unpack(b"")


def test_kernel_vectors():
    """What Linux segments itself, asked for through a header: plain and in UDP tunnels."""
    tested = set()
    for vector in load_vectors("tb/vectors/linux-gso"):
        d = vector.descriptor
        if d.tunnel not in (Tunnel.NONE, Tunnel.VXLAN, Tunnel.GENEVE):
            continue
        asked = virtio_request(header_of(d), vector.frame, request_id=5, user=1)
        assert (asked.request_id, asked.user) == (5, 1)
        assert segment(vector.frame, asked).segments == vector.segments, vector.name
        tested.add(asked.tunnel)
    assert tested == {Tunnel.NONE, Tunnel.VXLAN, Tunnel.GENEVE}


def test_tunnel_bit_by_either_version():
    """Linux 6.17 names the outer IP version, the virtio draft can be read as the inner one."""
    shape = Shape(l3=L3Kind.IPV6, tunnel=Tunnel.VXLAN, outer_l3=L3Kind.IPV4)
    frame, d = build(shape, bytes(100), 50)
    asked = [
        virtio_request(replace(header_of(d), gso_type=TCPV6 | bit), frame)
        for bit in (TUNNEL_IPV4, TUNNEL_IPV6)
    ]
    assert asked[0] == asked[1]
    assert (asked[0].l3_kind, asked[0].outer_l3_kind) == (L3Kind.IPV6, L3Kind.IPV4)


def test_nothing_asked():
    asked = virtio_request(VnetHeader(), bytes(60))
    assert (asked.asks, asked.frame_length) == (False, 60)


@pytest.mark.parametrize("l3", [L3Kind.IPV4, L3Kind.IPV6])
@pytest.mark.parametrize("l4", [L4Kind.TCP, L4Kind.UDP])
@pytest.mark.parametrize("tunnel", [Tunnel.NONE, Tunnel.VXLAN])
def test_checksum_alone(l3: L3Kind, l4: L4Kind, tunnel: Tunnel):
    """NEEDS_CSUM without GSO, also inside a tunnel: the field alone is written."""
    frame, d = build(Shape(l3=l3, l4=l4, tunnel=tunnel), bytes(range(99)), 0)
    header = replace(header_of(d, 1), gso_type=0, gso_size=0, flags=NEEDS_CSUM)
    asked = virtio_request(header, frame)
    assert (asked.l4_kind, asked.l3_kind) == (l4, L3Kind.NONE)
    result = segment(frame, asked)
    at = d.l4_offset + header.csum_offset
    assert result.completion.status == Status.OK
    assert result.segments[0][:at] + frame[at : at + 2] + result.segments[0][at + 2 :] == frame
    whole = replace(d, mss=0, l4_checksum=ChecksumMode.SEED_WITH_LENGTH)
    assert result.segments == segment(frame, whole).segments


def test_checksum_anywhere():
    """csum_start and csum_offset that fit no known header (SCTP, GRE, anything)."""
    frame = bytes(12) + b"\x88\xb5" + bytes(range(80))
    asked = virtio_request(VnetHeader(flags=NEEDS_CSUM, csum_start=20, csum_offset=8), frame)
    assert (asked.l4_kind, asked.l4_offset, asked.checksum_offset) == (L4Kind.GENERIC, 20, 8)
    assert segment(frame, asked).completion.status == Status.OK


def test_ecn_bit():
    """CWR leaves with the first segment, with and without the bit."""
    frame, d = build(Shape(flags=0x090), bytes(100), 50)
    with_bit = replace(header_of(d), gso_type=TCPV4 | ECN)
    assert virtio_request(with_bit, frame) == virtio_request(header_of(d), frame)
    assert virtio_request(with_bit, frame).keep_cwr == 0


def test_hdr_len_is_not_used():
    """Drivers write what they like there."""
    frame, d = build(Shape(tcp_options=12), bytes(100), 50)
    for hint in (0, 14, 0xFFFF):
        assert virtio_request(replace(header_of(d), hdr_len=hint), frame).header_length == 66


TUNNELLED = {"tunnel": Tunnel.VXLAN, "outer_mode": ChecksumMode.SEED_WITH_LENGTH}


@pytest.mark.parametrize(
    ("shape", "changes", "message"),
    [
        ({}, {"flags": 0}, "GSO without NEEDS_CSUM"),
        ({}, {"gso_size": 0}, "gso_size 0"),
        ({}, {"gso_type": 2}, "gso_type 0x2 is not known"),
        ({"l4": L4Kind.UDP}, {"gso_type": UDP_FRAGMENTS}, "gso_type 0x3 is not known"),
        ({}, {"gso_type": TCPV6}, "gso_type 0x4 for a frame with IPV4 and TCP"),
        ({}, {"gso_type": UDP_L4}, "gso_type 0x5 for a frame with IPV4 and TCP"),
        ({}, {"csum_start": 36}, r"checksum at 36 \+ 16, expected 34 \+ 16"),
        ({}, {"csum_offset": 6}, r"checksum at 34 \+ 6, expected 34 \+ 16"),
        ({}, {"flags": NEEDS_CSUM | UDP_TUNNEL_CSUM}, "UDP_TUNNEL_CSUM without a tunnel"),
        ({}, {"gso_type": TCPV4 | TUNNEL_IPV4, "outer_th_offset": 34}, "no UDP header is there"),
        (TUNNELLED, {"gso_type": TCPV4 | 0x60}, "both tunnel types"),
        (TUNNELLED, {"gso_type": TCPV4 | TUNNEL_IPV6}, "gso_type 0x41 for IPV4 in IPV4"),
        (TUNNELLED, {"outer_th_offset": 36}, "outer_th_offset 36"),
        (TUNNELLED, {"inner_nh_offset": 66}, "inner_nh_offset 66"),
        (TUNNELLED, {"inner_nh_offset": 34}, "inner_nh_offset 34"),
        (TUNNELLED, {"inner_nh_offset": 9999}, "inner_nh_offset 9999"),
        (TUNNELLED, {"gso_type": TCPV6 | TUNNEL_IPV4}, "for a frame with IPV4 and TCP"),
    ],
)
def test_rejected(shape: dict, changes: dict, message: str):
    """Headers that do not fit the frame, as the specification says."""
    frame, d = build(Shape(**shape), bytes(100), 50)
    with pytest.raises(ValueError, match=rf"virtio-net: .*{message}"):
        virtio_request(replace(header_of(d), **changes), frame)


def test_rejected_frames():
    """No bytes, no IP, a checksum behind the end."""
    gso = VnetHeader(flags=NEEDS_CSUM, gso_type=TCPV4, gso_size=5)
    for frame, header, message in (
        (b"", VnetHeader(), "without bytes"),
        (bytes(60), gso, "no IP, or a fragment"),
        (bytes(60), VnetHeader(flags=NEEDS_CSUM, csum_start=50, csum_offset=9), "checksum at 59"),
    ):
        with pytest.raises(ValueError, match=message):
            virtio_request(header, frame)
