# SPDX-License-Identifier: Apache-2.0
"""The cases of own/ with tunnels (D3), inserted tags and 802.3 lengths (D17, D18)."""

from typing import Any

from own_case import (
    HEADER,
    WITH,
    WITHOUT,
    Segment,
    Stack,
    cut,
    random_bytes,
    refused,
    sums,
    tagged,
    vector,
)
from own_plain import FIRST, eth, ip4, ip6, tcp, tcp4, udp
from scapy.all import ARP, IP, LLC, SNAP, UDP, Dot1Q, Dot3, Ether, IPv6, Packet, Raw, raw
from scapy.contrib.geneve import GENEVE
from scapy.layers.l2 import GRE
from scapy.layers.vxlan import VXLAN


def outer4(s: Segment) -> Packet:
    return eth() / IP(src="192.0.2.1", dst="192.0.2.2", id=s.outer_id)


def outer6() -> Packet:
    return eth() / IPv6(src="fd00::a", dst="fd00::b")


def inner() -> Packet:
    return Ether(src="02:00:00:00:00:0a", dst="02:00:00:00:00:0b")


def vxlan(checksum: int | None = None) -> Packet:
    return UDP(sport=50000, dport=4789, chksum=checksum) / VXLAN(vni=0x123456, flags=8)


def geneve(checksum: int | None = None) -> Packet:
    return UDP(sport=50000, dport=6081, chksum=checksum) / GENEVE(vni=0x123456, proto=0x6558)


def nvgre() -> Packet:
    return GRE(proto=0x6558, key_present=1, key=0x12345678)


def tunnels() -> list[dict[str, Any]]:
    """Segmentation inside tunnels: what the kernel's vectors leave open."""
    plain: Stack = lambda s: outer4(s) / vxlan(0) / inner() / ip4(s) / tcp(s)  # noqa: E731
    summed: Stack = lambda s: outer4(s) / vxlan() / inner() / ip4(s) / tcp(s)  # noqa: E731
    no_inner: Stack = lambda s: outer4(s) / vxlan() / inner() / ip4(s) / udp(0)  # noqa: E731
    result = [
        cut("vxlan_inner_udp_0_outer_summed", "outer checksum over an inner UDP field of 0 (D3)",
            no_inner, 250, 100, field=0, outer_mode=WITH),
        cut("geneve_o6_inner_udp_0_outer_summed", "the same in Geneve over IPv6",
            lambda s: outer6() / geneve() / inner() / ip6() / udp(0), 251, 100, field=0,
            outer_mode=WITH),
        cut("vxlan_outer_seed_without_length", "outer mode 1 (D3)", summed, 250, 100,
            outer_mode=WITHOUT),
        cut("vxlan_outer_from_header", "outer mode 3, field 0: computes all the same (D3)",
            summed, 250, 100, outer_mode=HEADER, outer_field=0),
        cut("vxlan_outer_from_header_rubbish", "outer mode 3, rubbish in the field (D3)",
            summed, 251, 100, outer_mode=HEADER),
        cut("geneve_o6_outer_from_header", "outer mode 3 over IPv6, inner mode 1",
            lambda s: outer6() / geneve() / inner() / ip6() / tcp(s), 251, 100,
            outer_mode=HEADER, mode=WITHOUT),
        cut("vxlan_outer_field_0_mode_1", "a zero field stays zero (D3)",
            plain, 250, 100, outer_mode=WITHOUT, outer_field=0),
        cut("vxlan_outer_field_0_mode_2", "a zero field stays zero (D3)",
            plain, 250, 100, outer_mode=WITH, outer_field=0),
        cut("vxlan_inner_from_header", "inner mode 3", plain, 251, 100, mode=HEADER),
        cut("vxlan_ids_fixed_and_mod15", "identification modes, outer and inner each (D5)",
            plain, 250, 100, ids=[0x7FFF, 0x0000, 0x0001], outer_ids=[0x4321] * 3,
            ip_id="mod15", tunnel={"ip_id": "fixed"}),
        cut("vxlan_ids_mod15_and_fixed", "the other way round (D5)",
            plain, 250, 100, ids=[0x1234] * 3, outer_ids=[0xFFFF, 0x8000, 0x8001],
            ip_id="fixed", tunnel={"ip_id": "mod15"}),
        cut("vxlan_one_segment", "one segment keeps all flags (D6)",
            summed, 100, 100, outer_mode=WITH, flags=(0x099, [0x099])),
        cut("vxlan_flags", "masks act on the inner header (D6)",
            plain, 250, 100, flags=(0xFFF, [0xFF6, 0xF76, 0xF7F])),
        cut("nvgre_o6_i6_udp", "NVGRE over IPv6",
            lambda s: outer6() / nvgre() / inner() / ip6() / udp(), 250, 100),
        cut("gre_ethernet_no_key", "Ethernet in GRE without key",
            lambda s: outer4(s) / GRE(proto=0x6558) / inner() / ip4(s) / tcp(s), 250, 100),
        cut("gre_o6_i4_key", "IPv4 in GRE with key over IPv6",
            lambda s: outer6() / GRE(proto=0x0800, key_present=1, key=7) / ip4(s) / udp(), 250,
            100),
        cut("ipip_o6_i4", "IPv4 in IPv6", lambda s: outer6() / ip4(s) / tcp(s), 250, 100),
        cut("ipip_o6_i6", "IPv6 in IPv6", lambda s: outer6() / ip6() / udp(), 250, 100),
        cut("ipip_outer_options", "an outer IPv4 header of 28 bytes",
            lambda s: eth() / ip4(Segment(s.outer_id, 0, 0, 0), 8) / ip4(s) / tcp(s), 250, 100),
        cut("geneve_ip_inside", "IP directly in Geneve",
            lambda s: outer4(s) / UDP(sport=50000, dport=6081, chksum=0)
            / GENEVE(vni=1, proto=0x86DD) / ip6() / tcp(s), 250, 100),
    ]  # fmt: skip
    # The outer checksum of a full segment depends on the outer headers alone: the source port
    # that makes it 0 is the checksum that scapy finds with a port of 0.
    probe = raw(
        outer4(FIRST)
        / UDP(sport=0, dport=4789)
        / VXLAN(vni=7, flags=8)
        / inner()
        / tcp_in(bytes(100))
    )
    port = int.from_bytes(probe[40:42], "big")
    made = cut("vxlan_outer_sum_zero", "an outer checksum of 0 is sent as FFFF (D4)",
               lambda s: outer4(s) / UDP(sport=port, dport=4789) / VXLAN(vni=7, flags=8)
               / inner() / ip4(s) / tcp(s), 300, 100, outer_mode=WITH)  # fmt: skip
    assert all(bytes.fromhex(segment)[40:42] == b"\xff\xff" for segment in made["segments"])
    return [*result, made, *tunnel_sums(), *tunnel_errors()]


def tcp_in(payload: bytes) -> Packet:
    return ip4(FIRST) / tcp(FIRST) / Raw(payload)


def tunnel_sums() -> list[dict[str, Any]]:
    """Tunnels with MSS 0: outer and inner checksums together (D21)."""
    data = Raw(random_bytes("tunnel", 201))
    in_vxlan = outer4(FIRST) / vxlan() / inner() / ip4(FIRST) / udp() / data
    in_geneve = outer6() / geneve() / inner() / ip6() / tcp(FIRST) / data
    unchecked = outer4(FIRST) / vxlan() / inner() / ip4(FIRST) / udp(0) / data
    in_gre = outer4(FIRST) / nvgre() / inner() / ip4(FIRST) / tcp(FIRST) / data
    in_ip = outer4(FIRST) / ip6() / tcp(FIRST) / data
    result = [
        sums(f"mss0_vxlan_{mode}", "all four checksums (D21)", in_vxlan, mode=mode, outer_mode=mode)
        for mode in (WITH, WITHOUT, HEADER)
    ]
    return [
        *result,
        sums("mss0_geneve_o6_i6", "two L4 checksums (D21)", in_geneve, outer_mode=WITH),
        sums("mss0_vxlan_inner_udp_0", "outer checksum over an inner field of 0 (D3)",
             unchecked, field=0, outer_mode=WITH),
        sums("mss0_nvgre", "outer and inner IPv4, inner TCP (D21)", in_gre),
        sums("mss0_ipip", "outer IPv4, inner TCP over IPv6 (D21)", in_ip),
    ]  # fmt: skip


def tunnel_errors() -> list[dict[str, Any]]:
    """D11's codes for tunnels."""
    base = cut("vxlan", "", lambda s: outer4(s) / vxlan(0) / inner() / tcp_of(s), 250, 100)
    gre = cut("gre", "", lambda s: outer4(s) / nvgre() / inner() / tcp_of(s), 250, 100)
    gen = cut("geneve", "", lambda s: outer4(s) / geneve(0) / inner() / tcp_of(s), 250, 100)
    ipip = cut("ipip", "", lambda s: outer4(s) / tcp_of(s), 250, 100)

    def outer(of: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return {"tunnel": {**of["offload"]["tunnel"], **changes}}

    return [
        refused(base, "OFFSETS", "outer_order", "outer L4 at the outer L3",
                **outer(base, l4_offset=14)),
        refused(base, "OFFSETS", "outer_odd", "an odd outer offset", **outer(base, l3_offset=13)),
        refused(base, "OPERATION", "outer_none", "a tunnel without outer L3",
                **outer(base, l3="none")),
        refused(gre, "OPERATION", "gre_checksum", "outer UDP checksum in GRE",
                **outer(gre, outer_checksum=True)),
        refused(base, "IP_VERSION", "outer", "version 6 in the outer IPv4 header", 14, b"\x65"),
        refused(ipip, "IP_HEADER_LENGTH", "outer", "outer IHL 6", 14, b"\x46"),
        refused(base, "IP_PROTOCOL", "outer", "outer protocol 47 for VXLAN", 23, b"\x2f"),
        refused(ipip, "IP_PROTOCOL", "ipip", "outer protocol 41 for IPv4 inside", 23, b"\x29"),
        refused(gre, "TUNNEL_HEADER", "gre_checksum", "GRE with checksum", 34, b"\xa0"),
        refused(gre, "TUNNEL_HEADER", "gre_sequence", "GRE with sequence number", 34, b"\x30"),
        refused(gre, "TUNNEL_HEADER", "gre_version", "GRE version 1", 35, b"\x01"),
        refused(gre, "TUNNEL_HEADER", "gre_type", "GRE type 0x0806", 36, b"\x08\x06"),
        refused(gre, "TUNNEL_HEADER", "gre_key", "an inner IP header 4 bytes late", 36,
            b"\x08\x00"),
        refused(gen, "TUNNEL_HEADER", "geneve_version", "Geneve version 1", 42, b"\x40"),
        refused(gen, "TUNNEL_HEADER", "geneve_options", "options behind the inner IP header", 42,
            b"\x04"),
        refused(base, "OUTER_CHECKSUM", "not_0", "mode 0 and a field of 1 (D3)", 40, b"\0\1"),
    ]  # fmt: skip


def tcp_of(s: Segment) -> Packet:
    return ip4(s) / tcp(s)


C_TAG, S_TAG = (0x8100, 0x2064), (0x88A8, 0xE007)


def tags() -> list[dict[str, Any]]:
    """Tags from the descriptor (D18)."""
    one, two = [C_TAG], [S_TAG, C_TAG]
    in_frame: Stack = lambda s: eth() / Dot1Q(vlan=9) / ip6() / udp()  # noqa: E731
    arp = raw(eth() / ARP(psrc="10.1.2.3", pdst="10.9.8.7"))
    asked = {"mss": 0, "l3": "none", "l4": "none", "header_length": 0}
    listed = [list(tag) for tag in two]
    checked = tcp4(FIRST) / Raw(random_bytes("tags", 99))
    return [
        cut("tags_one", "one tag inserted", tcp4, 250, 100, tags=one),
        cut("tags_two", "two tags inserted, the first one outermost", tcp4, 250, 100, tags=two),
        cut("tags_two_and_one_in_frame", "in front of a tag that is there", in_frame, 250, 100,
            tags=two),
        cut("tags_vxlan", "into the outer Ethernet header",
            lambda s: outer4(s) / vxlan(0) / inner() / tcp_of(s), 250, 100, tags=one),
        cut("tags_longest_segment", "9,728 bytes leave, 8 of them tags (D9)", tcp4, 9700, 9666,
            tags=two),
        sums("tags_mss0", "with a checksum alone", checked, tags=two),
        vector("tags_pass", "into pass-through", arp, [tagged(arp, two)], **asked, tags=listed),
        vector("tags_pass_14_bytes", "into the shortest frame", arp[:14], [tagged(arp[:14], two)],
               **asked, tags=listed),
        refused(vector("", "", arp[:13], [], **asked, tags=listed), "FRAME_LENGTH", "tags_13",
            "13 bytes and a tag"),
        refused(cut("", "", tcp4, 9700, 9667, tags=two), "SEGMENT_LENGTH", "tags",
                "9,729 bytes, 8 of them tags"),
    ]  # fmt: skip


def llc() -> Packet:
    return LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0, code=0x0800)


def dot3() -> Packet:
    return Dot3(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")


def lengths_8023() -> list[dict[str, Any]]:
    """802.3 lengths with LLC and SNAP in front of the IP header (D17)."""
    stack: Stack = lambda s: dot3() / llc() / tcp_of(s)  # noqa: E731
    ids = [0x7FFE, 0x7FFF, 0x0000]
    worked = cut("llc_worked", "", stack, 4000, 1460, ids=ids, ip_id="mod15")
    longest = cut(
        "llc_1500",
        "lengths 1500, 1500, 1144",
        stack,
        4000,
        1452,
        ids=ids,
        ip_id="mod15",
        length_8023=True,
    )
    assert [bytes.fromhex(s)[12:14].hex() for s in longest["segments"]] == ["05dc", "05dc", "0478"]
    small = cut("llc", "802.3 length in every segment", stack, 250, 100, length_8023=True)
    udp_stack: Stack = lambda s: dot3() / llc() / ip4(s) / udp()  # noqa: E731
    in_llc: Stack = lambda s: (  # noqa: E731
        dot3()
        / llc()
        / IP(src="192.0.2.1", dst="192.0.2.2", id=s.outer_id)
        / vxlan(0)
        / inner()
        / tcp_of(s)
    )
    copied = sums("llc_mss0", "no length is written with MSS 0 (I1)",
                  dot3() / llc() / ip4(FIRST) / tcp(FIRST) / Raw(bytes(50)),
                  length_8023=True)  # fmt: skip
    copied["segments"] = [copied["segments"][0][:24] + "0123" + copied["segments"][0][28:]]
    return [
        small,
        longest,
        cut("llc_udp_one_segment", "802.3 length of a frame that stays whole", udp_stack, 99, 100,
            length_8023=True),
        cut("llc_tags", "inserted tags do not count (D17)", stack, 250, 100, tags=[S_TAG, C_TAG],
            length_8023=True),
        cut("llc_vxlan", "the outermost IP header counts (D17)", in_llc, 250, 100,
            length_8023=True),
        vlan_llc(),
        copied,
        refused({**worked, "offload": worked["offload"] | {"length_8023": True}},
                "LENGTH_8023", "1508", "a length of 1508 is above 1500"),
        refused(small, "LENGTH_8023", "no_llc", "42-42-03 where AA-AA-03 belongs", 14, b"\x42\x42"),
        refused(small, "LENGTH_8023", "type", "0x0600 is a type", 12, b"\x06\x00"),
    ]  # fmt: skip


def vlan_llc() -> dict[str, Any]:
    """A tag in the frame in front of the 802.3 length, put there by hand."""
    made = cut("llc_vlan_in_frame", "the length behind a tag (D17)",
               lambda s: dot3() / llc() / tcp_of(s), 250, 100, length_8023=True)  # fmt: skip
    tag = [(0x8100, 0x0009)]
    moved = {key: made["offload"][key] + 4 for key in ("l3_offset", "l4_offset", "header_length")}
    frame = tagged(bytes.fromhex(made["frame"]), tag)
    segments = [tagged(bytes.fromhex(segment), tag) for segment in made["segments"]]
    return vector(made["name"], made["note"], frame, segments, **made["offload"] | moved)


def feature_cases() -> list[dict[str, Any]]:
    return [*tunnels(), *tags(), *lengths_8023()]
