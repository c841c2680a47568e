# SPDX-License-Identifier: Apache-2.0
"""Every row of D11's table up to 7 at its boundary, on both sides."""

from dataclasses import replace

import pytest
from bases import (
    GENERIC,
    GENEVE_D,
    GRE_D,
    IPIP_D,
    LLC_D,
    NVGRE_D,
    PLAIN,
    SUM_IP,
    SUM_TCP,
    SUM_UDP,
    TCP4_D,
    TCP6_D,
    UDP4_D,
    V4,
    V6,
    VXLAN_D,
)
from frames import Shape, build

from gso_model import (
    BASIC,
    FULL,
    Capabilities,
    ChecksumMode,
    Descriptor,
    L3Kind,
    L4Kind,
    Status,
    Tunnel,
    check_descriptor,
    segment,
)
from gso_model.layout import DESCRIPTOR


def code(d: Descriptor, capabilities: Capabilities = FULL, **changes: int) -> Status:
    return check_descriptor(replace(d, **changes), capabilities)


@pytest.mark.parametrize(
    "d",
    [
        *(TCP4_D, TCP6_D, UDP4_D, VXLAN_D, GENEVE_D, NVGRE_D, GRE_D, IPIP_D, LLC_D),
        *(PLAIN, SUM_TCP, SUM_UDP, SUM_IP, GENERIC),
    ],
)
def test_what_the_other_tests_start_from_is_good(d: Descriptor):
    assert code(d) == Status.OK


# --- RESERVED


@pytest.mark.parametrize("bit", [b for b in range(256) if DESCRIPTOR.reserved_mask >> b & 1])
def test_reserved_bit(bit: int):
    d = Descriptor.unpack(PLAIN.pack() | 1 << bit)
    assert check_descriptor(d, FULL) == Status.RESERVED
    assert check_descriptor(d, BASIC) == Status.RESERVED


@pytest.mark.parametrize("field", ["l3_kind", "outer_l3_kind"])
def test_reserved_l3_kind(field: str):
    """I2: 3 is reserved, in a core without tunnels too."""
    assert code(TCP4_D, **{field: 3}) == Status.RESERVED
    assert code(TCP4_D, BASIC, **{field: 3}) == Status.RESERVED
    assert code(TCP4_D, **{field: 2}) != Status.RESERVED


@pytest.mark.parametrize("tunnel", [5, 6, 7])
def test_reserved_tunnel(tunnel: int):
    assert code(VXLAN_D, tunnel=tunnel) == Status.RESERVED
    assert code(VXLAN_D, tunnel=4) == Status.OK


def test_unused_values_that_are_operation():
    """I2: identification mode 3 and tag_count 3 are not reserved."""
    assert code(TCP4_D, ip_id=3) == Status.OPERATION
    assert code(TCP4_D, tag_count=3) == Status.OPERATION


# --- FRAME_LENGTH


def test_frame_length_zero():
    assert code(PLAIN, frame_length=0) == Status.FRAME_LENGTH
    assert code(PLAIN, frame_length=1) == Status.OK


def test_frame_below_its_header():
    assert code(TCP4_D, frame_length=53) == Status.FRAME_LENGTH
    assert code(TCP4_D, frame_length=54) == Status.OK


def test_frame_below_header_length_where_nothing_is_asked():
    """I3: header_length is then not looked at but for the configured bytes."""
    assert code(PLAIN, frame_length=53, header_length=54) == Status.OK


@pytest.mark.parametrize("tags", [1, 2, 3])
def test_frame_too_short_for_tags(tags: int):
    assert code(PLAIN, frame_length=13, tag_count=tags) == Status.FRAME_LENGTH
    expected = Status.OK if tags < 3 else Status.OPERATION
    assert code(PLAIN, frame_length=14, tag_count=tags) == expected
    assert code(PLAIN, BASIC, frame_length=13, tag_count=tags) == Status.OPERATION  # I8


# --- HEADER_LENGTH


@pytest.mark.parametrize("size", [128, 256, 512])
def test_header_above_the_configured_bytes(size: int):
    """D9, I3: for every frame, whether anything is asked or not."""
    capabilities = Capabilities(header_bytes=size)
    assert code(PLAIN, capabilities, header_length=size) == Status.OK
    assert code(PLAIN, capabilities, header_length=size + 1) == Status.HEADER_LENGTH
    d = replace(TCP4_D, frame_length=2000)
    assert code(d, capabilities, header_length=size) == Status.OK
    assert code(d, capabilities, header_length=size + 1) == Status.HEADER_LENGTH


@pytest.mark.parametrize(
    ("d", "least"),
    [
        (SUM_TCP, 34 + 18),
        (SUM_UDP, 34 + 8),
        (GENERIC, 34 + 16 + 2),
        (SUM_IP, 34),
        (replace(SUM_TCP, l4_checksum=0, ip_checksum=1), 34 + 18),  # I6: whatever its mode
    ],
)
def test_header_that_ends_too_early_without_segmentation(d: Descriptor, least: int):
    """I6."""
    assert code(d, header_length=least) == Status.OK
    assert code(d, header_length=least - 1) == Status.HEADER_LENGTH


def test_header_that_ends_inside_the_outer_headers():
    """I4, I6, and the tunnel's own header with them: UDP and 8 bytes, or GRE's 4."""
    bare = {"mss": 0, "l3_kind": 0, "l4_kind": 0, "l4_checksum": 0, "outer_ip_checksum": 1}
    for d, least in ((VXLAN_D, 34 + 16), (GENEVE_D, 34 + 16), (NVGRE_D, 34 + 4), (IPIP_D, 34)):
        assert code(d, **bare, header_length=least) == Status.OK
        assert code(d, **bare, header_length=least - 1) == Status.HEADER_LENGTH


# --- OFFSETS


@pytest.mark.parametrize(
    ("d", "field"),
    [
        (VXLAN_D, "outer_l3_offset"),
        (VXLAN_D, "outer_l4_offset"),
        (VXLAN_D, "l3_offset"),
        (VXLAN_D, "l4_offset"),
        (GENERIC, "checksum_offset"),
    ],
)
def test_odd_offset(d: Descriptor, field: str):
    """D10, I7."""
    assert code(d, **{field: getattr(d, field) - 1}) == Status.OFFSETS


def test_odd_offsets_of_what_is_not_there():
    """I5: absent layers are not looked at; header_length may be odd (I7)."""
    assert code(SUM_TCP, l3_kind=0, l3_offset=15) == Status.OK
    assert code(SUM_TCP, checksum_offset=3) == Status.OK
    assert code(IPIP_D, outer_l4_offset=7) == Status.OK
    assert code(SUM_TCP, header_length=53) == Status.OK


def test_order_of_offsets():
    """Outer L3 < outer L4 < inner L3 < inner L4 < header_length."""
    assert code(VXLAN_D, outer_l3_offset=34) == Status.OFFSETS
    assert code(VXLAN_D, l3_offset=34, l4_offset=54) == Status.OFFSETS
    assert code(VXLAN_D, l3_offset=36, l4_offset=56) == Status.OK
    assert code(VXLAN_D, l4_offset=64) == Status.OFFSETS
    assert code(TCP4_D, l4_offset=34, header_length=34) == Status.OFFSETS
    assert code(TCP4_D, l4_offset=34, header_length=35) == Status.OK
    assert code(IPIP_D, l3_offset=14, l4_offset=34) == Status.OFFSETS


def test_order_without_l3():
    """I5: only what is present counts; L4 may be described alone with MSS 0 (D21)."""
    alone = replace(SUM_TCP, l3_kind=0, l3_offset=0)
    assert code(alone) == Status.OK
    assert code(alone, l4_offset=0) == Status.OK


def test_header_reaches_the_end_of_an_ip_header():
    """I5: with MSS ≠ 0 too, where HEADER_LENGTH does not say it."""
    d = replace(TCP4_D, l4_kind=0)
    assert code(d, header_length=33) == Status.OFFSETS
    assert code(d, header_length=34) == Status.OPERATION


@pytest.mark.parametrize("size", range(0, 80, 2))
def test_distance_of_ipv4(size: int):
    """20 to 60 bytes by fours, inner and outer."""
    good = size in range(20, 61, 4)
    d = replace(TCP4_D, l4_offset=14 + size, header_length=200)
    assert code(d) == (Status.OK if good else Status.OFFSETS)
    outer = replace(VXLAN_D, outer_l4_offset=14 + size, l3_offset=120, l4_offset=140)
    assert code(outer, header_length=200) == (Status.OK if good else Status.OFFSETS)
    outer = replace(IPIP_D, l3_offset=14 + size, l4_offset=34 + size, header_length=200)
    assert code(outer) == (Status.OK if good else Status.OFFSETS)


@pytest.mark.parametrize("size", range(30, 100, 2))
def test_distance_of_ipv6(size: int):
    """40 bytes and more by eights, inner and outer."""
    good = size >= 40 and size % 8 == 0
    d = replace(TCP6_D, l4_offset=14 + size, header_length=200)
    assert code(d) == (Status.OK if good else Status.OFFSETS)
    outer = replace(VXLAN_D, outer_l3_kind=V6, outer_l4_offset=14 + size)
    outer = replace(outer, l3_offset=120, l4_offset=140, header_length=200)
    assert code(outer) == (Status.OK if good else Status.OFFSETS)


def test_offsets_where_nothing_is_asked():
    """I3: the frame leaves whatever the offsets are."""
    assert code(PLAIN, l3_kind=V4, l3_offset=3, l4_offset=1) == Status.OK
    assert code(PLAIN, l3_kind=V4, l3_offset=3, l4_offset=1, ip_checksum=1) != Status.OK


@pytest.mark.parametrize("tags", [0, 1, 2, 3])
def test_nothing_described_in_front_of_the_tags(tags: int):
    """I22: tags go in at byte 12, so the outermost layer must start there or behind."""
    moved = {name: getattr(VXLAN_D, name) - 4 for name in ("outer_l3_offset", "outer_l4_offset")}
    for d in (
        replace(TCP4_D, l3_offset=10, l4_offset=30, header_length=50),
        replace(VXLAN_D, **moved, l3_offset=60, l4_offset=80, header_length=100),
        replace(GENERIC, l4_offset=10),
    ):
        assert code(d, tag_count=tags) == (Status.OFFSETS if tags else Status.OK)
        assert code(d, BASIC, tag_count=tags) in (Status.OK, Status.OPERATION)
    for d in (replace(TCP4_D, l3_offset=12, l4_offset=32, header_length=52), PLAIN):
        assert code(d, tag_count=tags) == (Status.OK if tags < 3 else Status.OPERATION)


# --- OPERATION


@pytest.mark.parametrize(
    ("d", "changes"),
    [
        (TCP4_D, {"l4_kind": L4Kind.NONE, "l4_checksum": 0}),
        (TCP4_D, {"l4_kind": L4Kind.GENERIC}),
        (TCP4_D, {"l3_kind": L3Kind.NONE}),
        (TCP4_D, {"l4_checksum": ChecksumMode.NONE}),
        (GENERIC, {"l4_checksum": ChecksumMode.SEED_WITHOUT_LENGTH}),
        (GENERIC, {"l4_checksum": ChecksumMode.FROM_HEADER, "l3_kind": V4}),
        (SUM_TCP, {"l4_checksum": ChecksumMode.FROM_HEADER, "l3_kind": L3Kind.NONE}),
        (SUM_IP, {"l4_checksum": ChecksumMode.SEED_WITH_LENGTH}),  # I8: no L4 to write it to
        (TCP4_D, {"outer_l3_offset": 2}),
        (TCP4_D, {"outer_l4_offset": 2}),
        (TCP4_D, {"outer_l3_kind": V4}),
        (TCP4_D, {"outer_l4_checksum": ChecksumMode.FROM_HEADER}),
        (TCP4_D, {"outer_ip_id": 1}),
        (TCP4_D, {"outer_ip_checksum": 1}),
        (PLAIN, {"outer_l3_offset": 2}),  # I3: for every frame
        (VXLAN_D, {"outer_l3_kind": L3Kind.NONE}),
        (IPIP_D, {"outer_l4_checksum": ChecksumMode.SEED_WITH_LENGTH}),
        (NVGRE_D, {"outer_l4_checksum": ChecksumMode.FROM_HEADER}),
        (TCP6_D, {"ip_checksum": 1}),
        (SUM_TCP, {"ip_checksum": 1, "l3_kind": L3Kind.NONE}),
        (TCP4_D, {"ip_id": 3}),
        (PLAIN, {"ip_id": 3}),
        (VXLAN_D, {"outer_ip_id": 3}),
        (PLAIN, {"tag_count": 3}),
    ],
)
def test_operation(d: Descriptor, changes: dict[str, int]):
    assert code(d, **changes) == Status.OPERATION


def test_outer_ip_checksum_of_ipv6():
    _, d = build(Shape(tunnel=Tunnel.VXLAN, outer_l3=V6), bytes(200), 100)
    assert code(d) == Status.OK
    assert code(d, outer_ip_checksum=1) == Status.OPERATION


@pytest.mark.parametrize(
    ("d", "changes"),
    [
        (GENERIC, {"l4_checksum": ChecksumMode.NONE, "l3_kind": V4, "ip_checksum": 1}),
        (SUM_TCP, {"l3_kind": L3Kind.NONE}),
        (SUM_TCP, {"l4_checksum": ChecksumMode.NONE}),
        (TCP4_D, {"l4_checksum": ChecksumMode.SEED_WITHOUT_LENGTH}),
        (TCP4_D, {"l4_checksum": ChecksumMode.FROM_HEADER}),
        (VXLAN_D, {"outer_l4_checksum": ChecksumMode.FROM_HEADER}),
        (GENEVE_D, {"outer_l4_checksum": ChecksumMode.SEED_WITHOUT_LENGTH}),
        (TCP4_D, {"tag_count": 2, "ip_id": 2, "ip_checksum": 1}),
    ],
)
def test_operations_that_make_sense(d: Descriptor, changes: dict[str, int]):
    assert code(d, **changes) == Status.OK


@pytest.mark.parametrize(
    ("d", "changes"),
    [
        (VXLAN_D, {}),
        (PLAIN, {"tunnel": Tunnel.GRE, "outer_l3_kind": V4}),
        (TCP4_D, {"outer_l4_offset": 4}),
        (PLAIN, {"tag_count": 1}),
        (LLC_D, {}),
        (PLAIN, {"length_8023": 1}),
    ],
)
def test_what_is_not_built(d: Descriptor, changes: dict[str, int]):
    """I8: OPERATION."""
    assert code(d, BASIC, **changes) == Status.OPERATION


def test_outer_offsets_of_a_core_without_tunnels():
    """I8: not looked at otherwise, so what would be OFFSETS is OPERATION."""
    assert code(VXLAN_D, outer_l3_offset=15) == Status.OFFSETS
    assert code(VXLAN_D, BASIC, outer_l3_offset=15) == Status.OPERATION


# --- SEGMENT_LENGTH


@pytest.mark.parametrize("tags", [0, 1, 2])
def test_longest_segment(tags: int):
    """D9: header_length + MSS + 4·tags, or with MSS 0 frame_length + 4·tags."""
    most = 9728 - 4 * tags
    d = replace(TCP4_D, frame_length=60000, tag_count=tags)
    assert code(d, mss=most - 54) == Status.OK
    assert code(d, mss=most - 53) == Status.SEGMENT_LENGTH
    assert code(PLAIN, frame_length=most, tag_count=tags) == Status.OK
    assert code(PLAIN, frame_length=most + 1, tag_count=tags) == Status.SEGMENT_LENGTH


def test_longest_segment_counts_payload_that_is_there():
    """D9: min(MSS, payload)."""
    assert code(TCP4_D, mss=65535, frame_length=9728) == Status.OK
    assert code(TCP4_D, mss=65535, frame_length=9729) == Status.SEGMENT_LENGTH


def test_longest_segment_is_a_parameter():
    small = Capabilities(max_segment=154)
    assert code(TCP4_D, small) == Status.OK
    assert code(TCP4_D, small, mss=101) == Status.SEGMENT_LENGTH


# --- DISABLED


ENABLES = ("lso_ipv4", "lso_ipv6", "uso_ipv4", "uso_ipv6", "ipip", "gre", "vxlan", "geneve")


@pytest.mark.parametrize(
    ("needed", "shape"),
    [
        ({"lso_ipv4"}, Shape()),
        ({"lso_ipv6"}, Shape(l3=V6)),
        ({"uso_ipv4"}, Shape(l4=L4Kind.UDP)),
        ({"uso_ipv6"}, Shape(l3=V6, l4=L4Kind.UDP)),
        ({"lso_ipv4", "ipip"}, Shape(tunnel=Tunnel.IPIP)),
        ({"lso_ipv4", "gre"}, Shape(tunnel=Tunnel.GRE)),
        ({"lso_ipv6", "vxlan"}, Shape(l3=V6, tunnel=Tunnel.VXLAN)),  # the inner version counts
        ({"uso_ipv4", "geneve"}, Shape(l4=L4Kind.UDP, outer_l3=V6, tunnel=Tunnel.GENEVE)),
    ],
)
def test_disabled(needed: set[str], shape: Shape):
    """D14: each enable that is needed is, the others are not, and none with MSS 0."""
    frame, d = build(shape, bytes(200), 100)
    only = Capabilities(**{name: name in needed for name in ENABLES})
    assert segment(frame, d, only).completion.status == Status.OK
    for name in needed:
        off = replace(FULL, **{name: False})
        assert segment(frame, d, off).completion.status == Status.DISABLED
        assert segment(frame, d, off).segments == []
        assert code(d, off, mss=0) == Status.OK


def test_pass_through_is_never_disabled():
    """D14."""
    off = Capabilities(lso_ipv4=False, lso_ipv6=False, uso_ipv4=False, uso_ipv6=False)
    assert code(PLAIN, off) == Status.OK


# --- precedence and the end of the frame


def test_lowest_code_wins():
    """D11: faults are added from the highest code to the lowest."""
    steps: list[tuple[dict[str, int], Status]] = [
        ({"mss": 9675}, Status.SEGMENT_LENGTH),
        ({"ip_id": 3}, Status.OPERATION),
        ({"l3_offset": 15}, Status.OFFSETS),
        ({"header_length": 257}, Status.HEADER_LENGTH),
        ({"frame_length": 256}, Status.FRAME_LENGTH),
        ({"tunnel": 7}, Status.RESERVED),
    ]
    off = replace(FULL, lso_ipv4=False)
    d = replace(TCP4_D, frame_length=20000)
    assert check_descriptor(d, off) == Status.DISABLED
    for changes, status in steps:
        d = replace(d, **changes)
        assert check_descriptor(d, off) == status
