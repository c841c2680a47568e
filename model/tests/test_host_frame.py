# SPDX-License-Identifier: Apache-2.0
"""What is asked for captured frames: checksum modes, MSS from an MTU, BIG TCP's extra header."""

from dataclasses import replace

import pytest
from frames import Shape, build

from gso_model import ChecksumMode, IdMode, L3Kind, L4Kind, Tunnel, load_vectors, segment
from gso_model.checksum import pseudo_header_sum
from gso_model.host_frame import Size, checksum_mode, request, without_jumbo

L3 = (L3Kind.IPV4, L3Kind.IPV6)
L4 = (L4Kind.TCP, L4Kind.UDP)


@pytest.mark.parametrize("l3", L3)
@pytest.mark.parametrize("l4", L4)
@pytest.mark.parametrize(
    "mode",
    [
        ChecksumMode.SEED_WITH_LENGTH,
        ChecksumMode.SEED_WITHOUT_LENGTH,
        ChecksumMode.FROM_HEADER,
    ],
)
def test_mode_is_found(l3: L3Kind, l4: L4Kind, mode: ChecksumMode):
    """D2: by comparing the field with the sums that it may hold."""
    frame, descriptor = build(Shape(l3=l3, l4=l4, mode=mode), bytes(range(200)), 50)
    assert request(frame, 50).l4_checksum == mode
    assert request(frame, 50, ip_id=descriptor.ip_id).mss == descriptor.mss


def test_udp_without_checksum_stays_so():
    frame, _ = build(Shape(l4=L4Kind.UDP, udp_checksum=False), bytes(100), 50)
    assert request(frame, 50).l4_checksum == ChecksumMode.SEED_WITH_LENGTH


@pytest.mark.parametrize("outer_l3", L3)
@pytest.mark.parametrize("mode", [ChecksumMode.SEED_WITH_LENGTH, ChecksumMode.SEED_WITHOUT_LENGTH])
def test_outer_mode_is_found(outer_l3: L3Kind, mode: ChecksumMode):
    """D3: each of a tunnel's two fields by itself."""
    shape = Shape(tunnel=Tunnel.VXLAN, outer_l3=outer_l3, outer_mode=mode)
    frame, _ = build(shape, bytes(200), 50)
    found = request(frame, 50)
    assert (found.l4_checksum, found.outer_l4_checksum) == (ChecksumMode.SEED_WITH_LENGTH, mode)


def test_a_routed_frame_keeps_the_hosts_sum():
    """D2: mode 3 would take the address in the header, which is not the final one."""
    ip = bytes.fromhex("47000000000040004006000001020304050607080183070409090909")
    ip = ip[:20] + bytes.fromhex("0183070409090909")
    frame = bytes(14) + ip + bytes(20)
    assert checksum_mode(frame, L3Kind.IPV4, 14, L4Kind.TCP, 42) == ChecksumMode.SEED_WITH_LENGTH
    plain = frame.replace(b"\x83", b"\x07")
    assert checksum_mode(plain, L3Kind.IPV4, 14, L4Kind.TCP, 42) == ChecksumMode.FROM_HEADER
    routing = bytes.fromhex("0602040100000000") + bytes(16)
    ipv6 = bytes.fromhex("600000000000 2b40") + bytes(range(32)) + routing
    frame = bytes(14) + ipv6 + bytes(20)
    assert checksum_mode(frame, L3Kind.IPV6, 14, L4Kind.TCP, 78) == ChecksumMode.SEED_WITH_LENGTH
    arrived = bytearray(frame)
    arrived[14 + 40 + 3] = 0
    arrived = bytes(arrived)
    assert checksum_mode(arrived, L3Kind.IPV6, 14, L4Kind.TCP, 78) == ChecksumMode.FROM_HEADER


@pytest.mark.parametrize("l3", L3)
def test_mss_from_mtu(l3: L3Kind):
    """An MTU counts from the IP header, the outer one of a tunnel, to the end of a segment."""
    for shape in (
        Shape(l3=l3, tcp_options=12),
        Shape(l3=l3, vlan_tags=1),
        Shape(l3=l3, tunnel=Tunnel.VXLAN, outer_mode=ChecksumMode.SEED_WITH_LENGTH),
        Shape(l3=l3, tunnel=Tunnel.IPIP),
    ):
        frame, _ = build(shape, bytes(5000), 100)
        size = Size(mtu=1500)
        plain = request(frame, 0)
        l2 = 14 + 4 * shape.vlan_tags
        result = segment(frame, request(frame, size.mss_of(plain)))
        assert max(map(len, result.segments)) == l2 + 1500
        assert size.exceeded(frame, plain)
        assert not size.exceeded(result.segments[0], request(result.segments[0], 0))


def test_sizes_exactly_at_the_limit():
    """What fits exactly is not exceeded, one byte more is."""
    for payload, exceeded in ((1460, False), (1461, True)):
        frame, _ = build(Shape(), bytes(payload), 100)
        for size in (Size(mss=1460), Size(mtu=1500)):
            assert size.exceeded(frame, request(frame, 0)) == exceeded
    for length, exceeded in ((1514, False), (1515, True)):
        arp = bytes(12) + b"\x08\x06" + bytes(length - 14)
        assert Size(mtu=1500).exceeded(arp, request(arp, 0)) == exceeded


def test_big_tcps_header_is_taken_out():
    """D9: IPv6 above 64 KiB comes with a hop-by-hop header that segments do not have."""
    frame, _ = build(Shape(l3=L3Kind.IPV6), bytes(70000), 1000)
    jumbo = bytes([6, 0, 0xC2, 4]) + (70020).to_bytes(4, "big")
    with_jumbo = frame[:20] + b"\0" + frame[21:54] + jumbo + frame[54:]
    assert without_jumbo(with_jumbo) == frame
    assert without_jumbo(frame) == frame
    # Another option in the same place stays.
    other = with_jumbo.replace(jumbo, bytes([6, 0, 1, 4, 0, 0, 0, 0]))
    assert without_jumbo(other) == other


def test_every_kernel_vector():
    """The parse finds in the frame alone what the vectors describe, and so do the segments."""
    found = 0
    for vector in load_vectors("tb/vectors/linux-gso"):
        d = request(vector.frame, vector.descriptor.mss)
        if d.mss:
            found += 1
            assert segment(vector.frame, d).segments == vector.segments, vector.name
            assert replace(d, request_id=0).tunnel == vector.descriptor.tunnel, vector.name
    assert found > 190


def test_other_identification_modes():
    frame, _ = build(Shape(), bytes(100), 10)
    assert request(frame, 10, ip_id=IdMode.MOD15).ip_id == IdMode.MOD15


def test_sum_of_a_frame_above_64_kib():
    """The length in a seed is the whole frame's (D2)."""
    frame, d = build(Shape(), bytes(100_000), 1000)
    seed = pseudo_header_sum(frame, d.l3_kind, d.l3_offset, 6, len(frame) - d.l4_offset)
    at = d.l4_offset + 16
    frame = frame[:at] + seed.to_bytes(2, "big") + frame[at + 2 :]
    assert request(frame, 1000).l4_checksum == ChecksumMode.SEED_WITH_LENGTH
