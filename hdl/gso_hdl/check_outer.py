# SPDX-License-Identifier: Apache-2.0
"""Check, what the `full` preset adds: tunnels, inserted tags and 802.3 lengths.

Like `check_frame`: each function takes the `Staged` descriptor and registers facts about it.
"""

from amaranth import Cat, Mux

from gso_model.layout import ChecksumMode, IdMode, L3Kind, L4Kind, Tunnel

from .check_frame import not_above_0, size_bad, word
from .configuration import OFFLOADS

LONGEST_8023 = 1500


def no_outer(line):
    """Cycle 2: `OPERATION` where tunnels are not built: an outer field is not 0 (I8)."""
    d = line.at(1)
    line.into(2, outer_operation=outer_fields(d).any() | (d.tunnel != Tunnel.NONE))


def outer_fields(d):
    """What must be 0 without a tunnel."""
    return Cat(
        d.outer_l3_kind,
        d.outer_l3_offset,
        d.outer_l4_offset,
        d.outer_l4_checksum,
        d.outer_ip_id,
        d.outer_ip_checksum,
    )


def outer_requests(config, line):
    """Cycle 2: the kinds in single bits; `OPERATION`; offloads (D14)."""
    d = line.at(1)
    tunnel = d.tunnel != Tunnel.NONE
    udp = d.tunnel[2] | d.tunnel[:2].all()
    ipip, gre = d.tunnel == Tunnel.IPIP, d.tunnel == Tunnel.GRE
    mode = d.outer_l4_checksum
    off = {name: int(name not in config.offloads) for name in OFFLOADS}
    line.into(
        2,
        outer=tunnel,
        outer_udp=udp,
        ipip=ipip,
        gre=gre,
        geneve=d.tunnel[2],
        outer_ipv4=d.outer_l3_kind == L3Kind.IPV4,
        outer_ipv6=d.outer_l3_kind == L3Kind.IPV6,
        outer_checksum_on=mode != ChecksumMode.NONE,
        outer_from_header=mode == ChecksumMode.FROM_HEADER,
        outer_operation=(~tunnel & outer_fields(d).any())
        | (tunnel & (d.outer_l3_kind == L3Kind.NONE))
        | ((mode != ChecksumMode.NONE) & ~udp)
        | (d.outer_ip_checksum & (d.outer_l3_kind != L3Kind.IPV4))
        | (d.outer_ip_id > IdMode.MOD16),
        tunnel_disabled=(d.mss != 0)
        & Mux(
            d.tunnel[2],
            off["geneve"],
            Mux(
                d.tunnel[1],
                Mux(d.tunnel[0], off["vxlan"], off["gre"]),
                d.tunnel[0] & off["ipip"],
            ),
        ),
    )


def outer_layers(config, line):
    """The outer L3 and L4 headers: distances, order, and what they need of the header."""
    d = line.at(1)
    l3 = d.l3_kind != L3Kind.NONE
    ipip = d.tunnel[0] & ~d.tunnel[1]
    end = Mux(ipip, d.l3_offset, d.outer_l4_offset)  # of the outer IP header (I4)
    inner = Mux(l3, d.l3_offset, d.l4_offset)
    line.into(
        2,
        # In words: an odd offset is an error anyway.
        outer_l3_words=(end[1:] - d.outer_l3_offset[1:]).as_signed(),
        tunnel_words=(inner[1:] - d.outer_l4_offset[1:]).as_signed(),
        outer_rest=(d.header_length - end).as_signed(),
        outer_odd=(d.tunnel != Tunnel.NONE) & (d.outer_l3_offset[0] | end[0]),
        # With IP-in-IP the outer header's end: what is behind it is not outer L3.
        outer_l4_word=word(config, end, d.tag_count),
    )
    d = line.at(2)
    words = d.outer_l3_words
    rest_negative = d.outer_rest[-1]
    line.into(
        3,
        # GRE needs 4 bytes, UDP 16: with the first word of what is in the tunnel (I17).
        outer_short=d.outer
        & (
            rest_negative
            | (d.outer_udp & (d.outer_rest[4:] == 0))
            | (d.gre & (d.outer_rest[2:] == 0))
        ),
        outer_size_bad=d.outer & (size_bad(d.outer_ipv4, d.outer_ipv6, words) | not_above_0(words)),
        # What lies behind the outer L4 header, or with IP-in-IP behind the outer L3 header.
        outer_order_bad=d.outer
        & Mux(
            d.ipip,
            ~d.l3 & Mux(d.l4, not_above_0(d.l3_words), rest_negative),
            Mux(d.l3 | d.l4, not_above_0(d.tunnel_words), not_above_0(d.outer_rest)),
        ),
        outer_check_protocol=d.outer & (d.outer_ipv4 | (words == 20)) & ~(d.ipip & ~d.l3),
        # VXLAN's UDP header, its own, and Ethernet: 30 bytes at least.
        vxlan_short=d.outer_udp
        & ~d.geneve
        & d.l3
        & (d.tunnel_words[4:] == 0)
        & ~d.tunnel_words[:4].all(),
    )
    if config.hurried:
        # The outer L3 and UDP checksums are 8 or 24 words apart.
        line.into(3, checksums_apart=words[:4] == 10)


def outermost(config, line):
    """The outermost L3 header: its position, and the bytes from it to the header's end."""
    d = line.at(1)
    offset, described = d.l3_offset, d.l3_kind != L3Kind.NONE
    if config.tunnels:
        offset = Mux(d.tunnel != Tunnel.NONE, d.outer_l3_offset, d.l3_offset)
        described |= d.tunnel != Tunnel.NONE
    # Tags are inserted at byte 12: all that is described must lie behind them.
    in_front = (offset[4:] == 0) & ~offset[2:4].all()
    alone = (d.l4_offset[4:] == 0) & ~d.l4_offset[2:4].all()
    line.into(
        2,
        outermost_word=word(config, offset, d.tag_count),
        outermost_rest=(d.header_length - offset).as_signed(),
        tags_misplaced=(d.tag_count != 0)
        & ((described & in_front) | (~described & (d.l4_kind != L4Kind.NONE) & alone)),
        # No room for the 802.3 length: 10 bytes, behind the tags if there are any.
        no_room_8023=(offset[4:] == 0) & ~(offset[3] & offset[1:3].any()),
        no_room_behind=(offset[5:] == 0) & ~(offset[4] & (offset[3] | offset[1:3].all())),
    )
    if config.tunnels:
        d = line.at(2)
        bits = config.header_bytes.bit_length()
        # IPv6's length does not count its header (D1).
        units = d.outermost_rest[3:10] - Mux(d.outer_ipv6, 5, 0)
        line.into(3, outer_ip_base=Cat(d.outermost_rest[:3], units)[:bits])


def length_8023(config, line):
    """The 802.3 length (D17): where it stands, what it counts beside payload, is there room?"""
    bits = config.header_bytes.bit_length()
    d = line.at(2)
    units = d.outermost_rest[3:10] + 1
    line.into(
        3,
        llc_base=Cat(d.outermost_rest[:3], units)[:bits],
        length_word=(d.outermost_word - 5)[: config.word_bits],
        no_length=d.no_room_8023 | ((d.tag_count != 0) & d.no_room_behind),
    )
    d = line.at(4)
    # The payload of the longest segment, less one; its upper bits alone make it too long.
    low, high = d.payload_less_1, d.mss_less_1
    line.into(
        5,
        longest_less_1=d.llc_base + Mux(d.several, high[:11], low[:11]),
        far_too_long=Mux(d.several, high[11:].any(), low[11:24].any() & ~low[24]),
    )
