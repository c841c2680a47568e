# SPDX-License-Identifier: Apache-2.0
"""Contexts: what each stage needs to know of a checked descriptor."""

from amaranth import Cat, Const, Mux

from gso_model.layout import ChecksumMode

from .check_frame import above
from .check_outer import LONGEST_8023
from .check_seeds import outer_seed, seed
from .layers import layer_names

IP_CHECKSUM = 5  # the word of an IPv4 header


def contexts(config, d, code):
    """The records that check hands on, by port and field.

    `d` is the last cycle of the `Staged` descriptor, `code` D11's. With nothing asked of the
    frame `d.length` is 0: nothing of it is header, or the bytes in front of inserted tags are.
    """
    refused = code != 0
    segmented, asked = d.segmented, d.asked
    bits = config.lane_bits
    raw_lane, wire_lane = d.length[:bits], d.wire_length[:bits]
    whole = d.l4_checksum == ChecksumMode.SEED_WITH_LENGTH
    # In `basic` a header that nothing is asked of is empty; where it may get tags it is not.
    looked = asked if config.features else Const(1, 1)
    tagged = d.tag_count != 0 if config.tags else Const(0, 1)
    ipv4, ipv6, tcp, udp = (flag & looked for flag in (d.ipv4, d.ipv6, d.tcp, d.udp))
    ip_checksum = d.ipv4 & (segmented | d.ip_checksum)
    made = {
        "admit": {
            "beats": d.frame_length >> bits,
            "end_lane": d.frame_length[:bits],
            "single": d.single,
            "double": d.double,
            "payload_row": d.length >> bits,
            "payload_lane": raw_lane,
            "refused": refused,
        },
        "plan": {
            "payload_less_1": d.payload_less_1[:24],
            "mss_less_1": d.mss_less_1,
            "lane": wire_lane,
            "empty": refused | d.no_payload,
        },
        "header": {
            "empty": refused | ~(asked | tagged),
            "rows": d.rows,
            "last_row": d.last_row,
            "end_lane": wire_lane,
            "l3": d.l3_word,
            "l4": d.l4_word,
            "checksum": d.checksum_word,
            "ipv4": ipv4,
            "ipv6": ipv6,
            "tcp": tcp,
            "udp": udp,
            "segmented": segmented,
            "several": d.several,
            "checksum_on": d.checksum_on,
            "from_header": d.from_header,
            "check_protocol": d.check_protocol & looked,
            "l3_words": d.l3_words[1:6],
            "l4_words": d.l4_length[2:6],
            "l4_fits": d.l4_fits,
            "seed": seed(d),
            "first_ends": d.last_row == 0,
        },
        "edit": {
            "refused": code,
            "accepted": ~refused,
            "request_id": d.request_id,
            "user": d.user,
            "timestamp": d.timestamp,
            "counted": asked,
            "header_length": d.wire_length,
            "rows": d.rows,
            "mss_less_1": d.mss_less_1,
            "l3": d.l3_word,
            "l4": d.l4_word,
            "checksum": d.checksum_word,
            "ip_base": d.ip_base,
            # With -1 for the 1 that `seed` has too much.
            "sum_base": Mux(whole, -1, d.l4_length[:10])[:11],
            "ipv4": ipv4,
            "tcp": tcp,
            "udp": udp,
            "segmented": segmented,
            "several": d.several,
            "ip_checksum": ip_checksum,
            "checksum_on": d.checksum_on,
            # With MSS 0 a seed with length is complete.
            "add_length": (segmented | ~whole) & d.checksum_on,
            "ip_id": d.ip_id,
            "keep_cwr": d.keep_cwr,
        },
    }
    if config.tags:
        made["plan"]["raw_lane"] = raw_lane
        made["tag"] = {
            "rows": d.raw_rows,
            "count": d.tag_count,
            "tags": Cat(swapped(d.tag0), swapped(d.tag1)),
            "grows": d.rows[0] ^ d.raw_rows[0],
            "empty": refused | ~(asked | tagged),
        }
    if config.tunnels:
        made["header"] |= {
            "ip_written": ip_checksum,
            "l4_known": (d.l3 | d.l4) & looked,
            **_tunnel(d, looked),
            "gre": d.gre & looked,
            "geneve": d.geneve & looked,
            "outer_ipv6": d.outer_ipv6 & looked,
            "outer_from_header": d.outer_from_header,
            "outer_l3_words": d.outer_l3_words[1:6],
            "outer_check_protocol": d.outer_check_protocol & looked,
            "tunnel_words": d.tunnel_words[: config.word_bits],
            "vxlan_short": d.vxlan_short & looked,
            "outer_seed": outer_seed(d),
        }
        made["edit"] |= {
            "l3_far": d.l3_word >= config.columns - IP_CHECKSUM,
            "fits": ~refused & (d.l4_fits | ~segmented),
            "ipv6": ipv6,
            **_tunnel(d, looked),
            "outer_ip_base": d.outer_ip_base,
            "outer_ip": d.outer & looked,
            "outer_udp_base": d.outer_rest[: config.header_bytes.bit_length()],
            "outer_ip_checksum": d.outer_ipv4 & (segmented | d.outer_ip_checksum),
            "outer_ip_id": d.outer_ip_id,
        }
    if config.hurried:
        made["edit"] |= {"checksums_apart": d.checksums_apart}
    if config.length_8023:
        long = ~d.no_payload & (d.far_too_long | above(d.longest_less_1, LONGEST_8023 - 1))
        written = {"llc": d.length_8023 & segmented, "l2": d.length_word}
        made["header"] |= {**written, "llc_bad": d.no_length | long}
        made["edit"] |= {**written, "llc": written["llc"] & ~d.no_length, "llc_base": d.llc_base}
    header = made["header"]
    column_bits = bits - 1
    for name in ("checksum", *layer_names(config)):
        header[f"first_{name}"] = header[name] >> column_bits == 0
    return made


def _tunnel(d, looked):
    """Fields that both the header's and the edit's record have."""
    return {
        "outer_l3": d.outermost_word,
        "outer_l4": d.outer_l4_word,
        "outer_ipv4": d.outer_ipv4 & looked,
        "outer_udp": d.outer_udp & looked,
        "outer_checksum_on": d.outer_checksum_on,
    }


def swapped(tag):
    """A tag in the order of the wire, the first byte in bits 7..0."""
    return Cat(tag[8 * i : 8 * i + 8] for i in reversed(range(4)))
