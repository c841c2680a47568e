# SPDX-License-Identifier: Apache-2.0
"""Every row of D11's table from 16 to 22 at its boundary, on both sides."""

from dataclasses import replace

import pytest
from bases import (
    GENERIC,
    GENEVE,
    GENEVE_D,
    GRE,
    GRE_D,
    IPIP,
    IPIP_D,
    LLC,
    LLC_D,
    NVGRE,
    NVGRE_D,
    PLAIN,
    SUM_IP,
    SUM_TCP,
    TCP4,
    TCP4_D,
    TCP6,
    TCP6_D,
    UDP4,
    UDP4_D,
    V4,
    V6,
    VXLAN,
    VXLAN_D,
)
from frames import Shape, build

from gso_model import (
    Descriptor,
    Status,
    Tunnel,
    segment,
    segment_arrived,
)


def header_code(frame: bytes, d: Descriptor, at: int = 0, to: bytes = b"", **changes: int) -> int:
    """The completion's status with the bytes at `at` replaced by `to` and fields changed."""
    edited = frame[:at] + to + frame[at + len(to) :]
    return segment(edited, replace(d, **changes)).completion.status


# --- header codes


def test_ip_version():
    assert header_code(TCP4, TCP4_D, 14, b"\x65") == Status.IP_VERSION
    assert header_code(TCP4, TCP4_D, 14, b"\x55") == Status.IP_VERSION
    assert header_code(TCP6, TCP6_D, 14, b"\x40") == Status.IP_VERSION
    assert header_code(TCP6, TCP6_D, 14, b"\x6f\xff") == Status.OK  # traffic class and label
    assert header_code(VXLAN, VXLAN_D, 14, b"\x65") == Status.IP_VERSION
    assert header_code(VXLAN, VXLAN_D, 64, b"\x65") == Status.IP_VERSION


def test_ip_header_length():
    for wrong in (0x44, 0x46, 0x4F, 0x40):
        assert header_code(TCP4, TCP4_D, 14, bytes([wrong])) == Status.IP_HEADER_LENGTH
        assert header_code(IPIP, IPIP_D, 14, bytes([wrong])) == Status.IP_HEADER_LENGTH
        assert header_code(IPIP, IPIP_D, 34, bytes([wrong])) == Status.IP_HEADER_LENGTH


@pytest.mark.parametrize(
    ("frame", "d", "at", "right"),
    [
        (TCP4, TCP4_D, 14 + 9, 6),
        (UDP4, UDP4_D, 14 + 9, 17),
        (TCP6, TCP6_D, 14 + 6, 6),
        (VXLAN, VXLAN_D, 14 + 9, 17),
        (VXLAN, VXLAN_D, 64 + 9, 6),
        (GENEVE, GENEVE_D, 14 + 9, 17),
        (NVGRE, NVGRE_D, 14 + 9, 47),
        (IPIP, IPIP_D, 14 + 9, 4),
    ],
)
def test_ip_protocol(frame: bytes, d: Descriptor, at: int, right: int):
    assert frame[at] == right
    assert header_code(frame, d) == Status.OK
    for protocol in {6, 17, 47, 4, 41, 0, 255} - {right}:
        assert header_code(frame, d, at, bytes([protocol])) == Status.IP_PROTOCOL


def test_ip_protocol_of_ipv6_in_ip():
    frame, d = build(Shape(l3=V6, tunnel=Tunnel.IPIP), bytes(200), 100)
    assert frame[14 + 9] == 41
    assert header_code(frame, d) == Status.OK
    assert header_code(frame, d, 14 + 9, b"\x04") == Status.IP_PROTOCOL


def test_ip_protocol_behind_extension_headers():
    """D11: they are not walked; the protocol counts where the distance is exactly 40."""
    frame, d = build(Shape(l3=V6, l3_extra=8), bytes(200), 100)
    assert header_code(frame, d, 14 + 6, b"\xff") == Status.OK


def test_ip_protocol_of_generic_and_none():
    frame = TCP4[:23] + b"\xff" + TCP4[24:]
    assert header_code(frame, GENERIC, l3_kind=V4, ip_checksum=1) == Status.OK
    assert header_code(frame, SUM_IP) == Status.OK


def test_l4_header():
    """D11: header_length is l4_offset + 4·data offset, at least 5, or + 8 for UDP."""
    assert header_code(TCP4, TCP4_D, header_length=58) == Status.L4_HEADER
    assert header_code(TCP4, TCP4_D, 46, b"\x60") == Status.L4_HEADER
    assert header_code(TCP4, TCP4_D, 46, b"\x60", header_length=58) == Status.OK
    assert header_code(TCP4, TCP4_D, 46, b"\xf0", header_length=94) == Status.OK
    assert header_code(TCP4, TCP4_D, 46, b"\x40", header_length=50) == Status.L4_HEADER
    assert header_code(TCP4, TCP4_D, 46, b"\x00", header_length=36) == Status.L4_HEADER
    assert header_code(UDP4, UDP4_D, header_length=41) == Status.L4_HEADER
    assert header_code(UDP4, UDP4_D, header_length=43) == Status.L4_HEADER


def test_l4_header_without_segmentation():
    """D11: with MSS 0 the data offset is not looked at."""
    assert header_code(TCP4, SUM_TCP, 46, b"\x10") == Status.OK


@pytest.mark.parametrize(
    ("flags", "good"),
    [
        *((b"\x20\x00", True), (b"\xa0\x00", False), (b"\x60\x00", False)),
        *((b"\x30\x00", False), (b"\x20\x01", False), (b"\x20\x04", False)),
        (b"\x28\xf8", True),
    ],
)
def test_gre_flags(flags: bytes, good: bool):
    """Checksum, routing, sequence and version bits; others are not of the table."""
    expected = Status.OK if good else Status.TUNNEL_HEADER
    assert header_code(NVGRE, NVGRE_D, 34, flags) == expected


def test_gre_type_and_place():
    assert header_code(NVGRE, NVGRE_D, 36, b"\x08\x06") == Status.TUNNEL_HEADER
    assert header_code(NVGRE, NVGRE_D, 36, b"\x08\x00") == Status.TUNNEL_HEADER  # IP 14 early
    assert header_code(NVGRE, NVGRE_D, 34, b"\0\0") == Status.OK  # 18 bytes behind: one tag
    assert header_code(GRE, GRE_D) == Status.OK
    assert header_code(GRE, GRE_D, 36, b"\x86\xdd") == Status.OK  # EtherTypes are not compared
    assert header_code(GRE, GRE_D, 34, b"\0\0") == Status.TUNNEL_HEADER
    assert header_code(GRE, GRE_D, 36, b"\x65\x58") == Status.TUNNEL_HEADER


@pytest.mark.parametrize("tags", [0, 1, 2])
def test_gre_ethernet_by_whole_tags(tags: int):
    frame, d = build(Shape(tunnel=Tunnel.GRE, inner_tags=tags), bytes(200), 100)
    assert header_code(frame, d) == Status.OK
    frame = frame[: d.l3_offset] + b"\0\0" + frame[d.l3_offset :]
    moved = {name: getattr(d, name) + 2 for name in ("l3_offset", "l4_offset", "header_length")}
    assert header_code(frame, d, **moved, frame_length=len(frame)) == Status.TUNNEL_HEADER


def test_vxlan_place():
    """Inner L3 at 8 + 8 + 14 behind the outer L4 or later."""
    cut = VXLAN[:62] + VXLAN[64:]
    early = {"frame_length": len(cut), "l3_offset": 62, "l4_offset": 82, "header_length": 102}
    assert header_code(cut, VXLAN_D, **early) == Status.TUNNEL_HEADER
    longer = VXLAN[:64] + b"\0\0" + VXLAN[64:]
    late = {"frame_length": len(longer), "l3_offset": 66, "l4_offset": 86, "header_length": 106}
    assert header_code(longer, VXLAN_D, **late) == Status.OK


def test_geneve_version_and_options():
    """34 + 8 + 8 + options must not reach behind the inner L3, at 72 here."""
    assert GENEVE_D.l3_offset == 72
    assert header_code(GENEVE, GENEVE_D, 42, b"\x42") == Status.TUNNEL_HEADER
    assert header_code(GENEVE, GENEVE_D, 42, b"\x82") == Status.TUNNEL_HEADER
    assert header_code(GENEVE, GENEVE_D, 42, bytes([(72 - 50) // 4])) == Status.OK
    assert header_code(GENEVE, GENEVE_D, 42, bytes([(72 - 50) // 4 + 1])) == Status.TUNNEL_HEADER


def test_outer_checksum():
    """D3: with mode 0 the field must be 0 when segmenting, and may be anything otherwise."""
    assert header_code(VXLAN, VXLAN_D, 40, b"\0\1") == Status.OUTER_CHECKSUM
    assert header_code(VXLAN, VXLAN_D, 40, b"\1\0") == Status.OUTER_CHECKSUM
    assert header_code(VXLAN, VXLAN_D, 40, b"\1\0", mss=0) == Status.OK
    assert header_code(VXLAN, VXLAN_D, 40, b"\1\0", outer_l4_checksum=2) == Status.OK


def test_length_8023_field_and_llc():
    """D17: AA-AA-03 and an old value below 0x600."""
    assert LLC[14:17] == b"\xaa\xaa\x03"
    assert header_code(LLC, LLC_D, 12, b"\x05\xff") == Status.OK
    assert header_code(LLC, LLC_D, 12, b"\x06\x00") == Status.LENGTH_8023
    for at in (14, 15, 16):
        assert header_code(LLC, LLC_D, at, b"\x42") == Status.LENGTH_8023
    assert header_code(LLC, LLC_D, 12, b"\x08\x00", length_8023=0) == Status.OK
    assert header_code(LLC, LLC_D, 12, b"\x08\x00", mss=0) == Status.OK  # I1: asks nothing


def test_length_8023_of_1500():
    """D17: header 62 bytes, of which 48 count; tags to insert do not."""
    frame, d = build(Shape(llc=True), bytes(3000), 1452)
    assert d.header_length == 62
    assert header_code(frame, d, tag_count=2) == Status.OK
    assert header_code(frame, d, mss=1453) == Status.LENGTH_8023


def test_length_8023_without_room():
    """An IP header at byte 8 has no length field in front of it."""
    frame = TCP4[6:]
    d = replace(TCP4_D, frame_length=len(frame), l3_offset=8, l4_offset=28, header_length=48)
    assert header_code(frame, d) == Status.OK
    assert header_code(frame, d, length_8023=1) == Status.LENGTH_8023


@pytest.mark.parametrize("tags", [0, 1, 2])
def test_length_8023_behind_the_tags(tags: int):
    """I19: with tags to insert there must be room for the length behind byte 12."""
    frame, d = LLC[2:], replace(LLC_D, frame_length=len(LLC) - 2, l3_offset=20)
    d = replace(d, l4_offset=40, header_length=60)
    assert header_code(frame, d, tag_count=tags) == (Status.LENGTH_8023 if tags else Status.OK)
    assert header_code(LLC, LLC_D, tag_count=tags) == Status.OK


def test_header_codes_in_order():
    """IP_VERSION of the inner header comes before IP_HEADER_LENGTH of the outer one."""
    frame = IPIP[:14] + b"\x46" + IPIP[15:34] + b"\x65" + IPIP[35:]
    assert segment(frame, IPIP_D).completion.status == Status.IP_VERSION


def test_frame_that_ends_inside_its_header_is_short():
    """I10: SHORT before byte header_length, the header's code from there on."""
    bad = TCP4[:14] + b"\x65" + TCP4[15:]
    assert segment_arrived(bad[:53], TCP4_D).completion.status == Status.SHORT
    assert segment_arrived(bad[:54], TCP4_D).completion.status == Status.IP_VERSION
    assert segment_arrived(bad + b"\0", TCP4_D).completion.status == Status.IP_VERSION
    assert segment_arrived(bad, TCP4_D, aborted=True).completion.status == Status.IP_VERSION


def test_header_is_not_read_where_nothing_is_asked():
    """I3, D1."""
    frame = bytes(300)
    changes = {"l3_kind": V4, "l3_offset": 14, "l4_offset": 34, "header_length": 54}
    result = segment(frame, replace(PLAIN, **changes))
    assert result.segments == [frame]
    assert segment(frame, replace(PLAIN, **changes, ip_checksum=1)).completion.status == (
        Status.IP_VERSION
    )
