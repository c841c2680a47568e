# SPDX-License-Identifier: Apache-2.0
"""The cases of own/ that are not segmented: checksums alone, pass-through, refusals (D1, D21)."""

from typing import Any

from own_case import (
    HEADER,
    NONE,
    WITH,
    WITHOUT,
    Segment,
    cut,
    random_bytes,
    refused,
    seed,
    sums,
    vector,
)
from own_plain import FIRST, KINDS, eth, ip4, ip6, tcp, tcp4, tcp6, udp, udp4, udp6, zero_sum
from scapy.all import ARP, ICMP, IP, TCP, ICMPv6EchoRequest, Raw, raw


def without_segmentation() -> list[dict[str, Any]]:
    """MSS 0: checksums alone, or nothing (D1, D21)."""
    data = random_bytes("mss0", 333)
    result: list[dict[str, Any]] = []
    for kind, stack in KINDS.items():
        packet = stack(FIRST) / Raw(data)
        for mode in (WITHOUT, WITH, HEADER):
            result.append(sums(f"mss0_{kind}_{mode}", "checksum alone (D21)", packet, mode=mode))
    for kind in ("tcp4", "udp4"):
        packet = KINDS[kind](FIRST) / Raw(data)
        result.append(
            sums(f"mss0_{kind}_l4_only", "a wrong IPv4 checksum stays (D21)", packet, ip=False)
        )
    alone = sums(
        "mss0_tcp6_no_l3", "mode 2 without a described IP header (D21)", tcp6(FIRST) / Raw(data)
    )
    alone["offload"] |= {"l3": "none", "l3_offset": 0}
    for mode in (WITHOUT, WITH):
        result.append(
            sums(f"mss0_udp4_field_0_{mode}", "0 means no checksum with MSS 0 too (D2)",
                 eth() / ip4(FIRST) / udp(0) / Raw(data), mode=mode, field=0)
        )  # fmt: skip
    result += [
        alone,
        sums("mss0_udp4_field_0_from_header", "mode 3 always computes (D2)",
             udp4(FIRST) / Raw(data), mode=HEADER, field=0),
        sums("mss0_tcp4_flags", "flags are not touched (D1)",
             tcp4(Segment(0x7FFF, 0, 0xFFFFFFFF, 0xFFF)) / Raw(data)),
    ]  # fmt: skip
    for kind in ("udp4", "tcp4"):
        stack = KINDS[kind]
        zero = zero_sum(stack, data[:100], 100)
        result.append(sums(f"mss0_{kind}_sum_zero", "a computed 0 (D4)", stack(FIRST) / Raw(zero)))

    icmp = raw(eth() / ip4(FIRST) / ICMP() / Raw(data))
    wrong = icmp[:24] + b"\xbe\xef" + icmp[26:]
    result.append(
        vector("mss0_ip_checksum_only", "IPv4 checksum of an ICMP packet (D21)", wrong, [icmp],
               mss=0, l3="ipv4", l3_offset=14, l4="none", header_length=34, ip_checksum=True)
    )  # fmt: skip
    return result + generic() + nothing()


def generic() -> list[dict[str, Any]]:
    """L4 kind generic: csum_start and csum_offset (D21)."""
    ping = raw(eth() / ip6() / ICMPv6EchoRequest(data=random_bytes("ping", 201)))
    start = seed(WITH, ip6(), 58, len(ping) - 54)
    hosted = ping[:56] + start.to_bytes(2, "big") + ping[58:]
    asked = {"mss": 0, "l3": "none", "l4": "generic", "l4_offset": 54, "header_length": 58}
    # All words sum to FFFF: the checksum is 0, and stays 0 even at a UDP header's place.
    zero = bytes(54) + b"\x12\x34" + b"\0\0" + b"\xed\xcb" + bytes(20)
    done = zero[:56] + b"\0\0" + zero[58:]
    # Nothing but zeros: the checksum is FFFF (I12).
    blank, blank_done = bytes(100), bytes(56) + b"\xff\xff" + bytes(42)
    udp_packet = udp4(FIRST) / Raw(random_bytes("generic", 100))
    as_udp = sums("generic_udp", "a UDP checksum asked for as a generic one", udp_packet, ip=False)
    as_udp["offload"] |= {"l4": "generic", "checksum_offset": 6, "ip_checksum": False}
    return [
        vector("generic_icmpv6", "ICMPv6 echo request", hosted, [ping], **asked, checksum_offset=2),
        vector("generic_sum_zero", "a computed 0 stays 0", zero, [done], **asked,
            checksum_offset=2),
        vector("generic_all_zero", "a sum of zeros is FFFF", blank, [blank_done], **asked,
            checksum_offset=2),
        as_udp,
    ]  # fmt: skip


def nothing() -> list[dict[str, Any]]:
    """Nothing asked for: bit-identical, whatever it is (D1)."""
    arp = raw(eth() / ARP(psrc="10.1.2.3", pdst="10.9.8.7"))
    frames = {
        "arp": arp.ljust(60, b"\0"),
        "runt_1_byte": b"\x5a",
        "runt_13_bytes": arp[:13],
        "odd_l2": random_bytes("odd", 17) + raw(ip4(FIRST) / tcp(FIRST) / Raw(b"odd")),
        "wrong_everywhere": raw(
            eth()
            / IP(len=1, chksum=2, src="10.1.2.3", dst="10.9.8.7")
            / TCP(chksum=3)
            / Raw(b"left alone")
        ),
        "9728_bytes": random_bytes("long", 9728),
    }
    asked = {"mss": 0, "l3": "none", "l4": "none", "header_length": 0}
    result = [
        vector(f"pass_{name}", "bit-identical (D1)", frame, [frame], **asked)
        for name, frame in frames.items()
    ]
    described = {"l3": "ipv4", "l3_offset": 3, "l4": "tcp", "l4_offset": 1, "header_length": 200}
    frame = frames["arp"]
    note = "headers described, nothing asked: not looked at (I3)"
    result.append(
        vector(
            "pass_nonsense_described", note, frame, [frame], mss=0, **described, l4_checksum=NONE
        )
    )
    return result


def errors() -> list[dict[str, Any]]:
    """One vector for each of D11's codes that a vector can reach without a tunnel."""
    tcp_cut = cut("tcp", "", tcp4, 250, 100)
    udp_cut = cut("udp", "", udp6, 250, 100)
    udp_sum = sums("udp", "", udp4(FIRST) / Raw(bytes(100)))
    tcp_sum = sums("tcp", "", tcp4(FIRST) / Raw(bytes(100)))
    short = {**tcp_cut, "frame": tcp_cut["frame"][: 2 * 53]}
    jumbo = cut("jumbo", "", tcp4, 9676, 9675)
    long = vector("long", "", bytes(9729), [], mss=0, l3="none", l4="none", header_length=0)
    return [
        refused(short, "FRAME_LENGTH", "header", "53 bytes, headers of 54"),
        refused(jumbo, "HEADER_LENGTH", "257", "more than 256", header_length=257),
        refused(tcp_sum, "HEADER_LENGTH", "tcp_17", "MSS 0: below l4_offset + 18",
            header_length=51),
        refused(udp_sum, "HEADER_LENGTH", "udp_7", "MSS 0: below l4_offset + 8", header_length=41),
        refused(tcp_cut, "OFFSETS", "odd", "an odd offset (D10)", l3_offset=15),
        refused(tcp_cut, "OFFSETS", "ipv4_18", "an IPv4 header of 18 bytes", l3_offset=16),
        refused(udp_cut, "OFFSETS", "ipv6_36", "an IPv6 header of 36 bytes", l3_offset=18),
        refused(tcp_cut, "OFFSETS", "l4_behind", "L4 at the header's end", header_length=34),
        refused(tcp_cut, "OPERATION", "mode_none", "segmenting with mode 0", l4_checksum=NONE),
        refused(tcp_cut, "OPERATION", "l4_none", "segmenting with L4 kind none", l4="none",
            l4_checksum=NONE),
        refused(tcp_cut, "OPERATION", "generic", "segmenting with L4 kind generic", l4="generic",
            checksum_offset=16),
        refused(udp_cut, "OPERATION", "ipv6_checksum", "an IP checksum in IPv6", ip_checksum=True),
        refused(jumbo, "SEGMENT_LENGTH", "9729", "9,729 bytes would leave (D9)"),
        refused(long, "SEGMENT_LENGTH", "9729_whole", "9,729 bytes would leave (D9)"),
        refused(tcp_cut, "IP_VERSION", "6_for_4", "version 6 in the IPv4 header", 14, b"\x65"),
        refused(udp_cut, "IP_VERSION", "4_for_6", "version 4 in the IPv6 header", 14, b"\x40"),
        refused(tcp_cut, "IP_HEADER_LENGTH", "6", "IHL 6 in front of a distance of 20", 14,
            b"\x46"),
        refused(tcp_cut, "IP_PROTOCOL", "udp", "protocol 17 for TCP", 23, b"\x11"),
        refused(udp_cut, "IP_PROTOCOL", "tcp", "next header 6 for UDP", 20, b"\x06"),
        refused(tcp_cut, "L4_HEADER", "offset_6", "data offset 6 for 20 bytes", 46, b"\x60"),
        refused(udp_cut, "L4_HEADER", "udp_12", "UDP header of 12 bytes", header_length=66),
    ]  # fmt: skip


def whole_cases() -> list[dict[str, Any]]:
    return [*without_segmentation(), *errors()]
