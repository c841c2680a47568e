# SPDX-License-Identifier: Apache-2.0
"""Contexts: what each stage needs to know of a checked descriptor."""

from gso_model.layout import ChecksumMode, L3Kind, L4Kind


def contexts(config, d, facts):
    """The four records that check hands on, by port and field.

    `d` is the descriptor, `facts` what check found out of it. With nothing asked of the frame
    `facts["length"]` is 0: nothing of it is header.
    """
    refused = facts["code"] != 0
    segmented, asked, length = facts["segmented"], facts["asked"], facts["length"]
    row, lane = length >> config.lane_bits, length[: config.lane_bits]
    ipv4, ipv6 = d.l3_kind == L3Kind.IPV4, d.l3_kind == L3Kind.IPV6
    tcp, udp = d.l4_kind == L4Kind.TCP, d.l4_kind == L4Kind.UDP
    mode = d.l4_checksum
    checksum_on = mode != ChecksumMode.NONE
    return {
        "admit": {
            "beats": d.frame_length >> config.lane_bits,
            "end_lane": d.frame_length[: config.lane_bits],
            "single": facts["single"],
            "payload_row": row,
            "payload_lane": lane,
            "refused": refused,
        },
        "plan": {
            "payload_less_1": facts["payload_less_1"],
            "mss_less_1": facts["mss_less_1"],
            "lane": lane,
            "empty": refused | facts["no_payload"],
        },
        "header": {
            "empty": refused | ~asked | (length == 0),
            "rows": facts["rows"],
            "last_row": facts["last_row"],
            "end_lane": lane,
            "l3": d.l3_offset >> 1,
            "l4": d.l4_offset >> 1,
            "checksum": facts["checksum"],
            "ipv4": ipv4,
            "ipv6": ipv6,
            "tcp": tcp,
            "udp": udp,
            "segmented": segmented,
            "several": facts["several"],
            "checksum_on": checksum_on,
            "from_header": mode == ChecksumMode.FROM_HEADER,
            "check_protocol": facts["check_protocol"],
            "l3_words": facts["l3_words"],
            "l4_words": facts["l4_words"],
            "l4_fits": facts["l4_fits"],
            "seed": facts["seed"],
        },
        "edit": {
            "refused": facts["code"],
            "request_id": d.request_id,
            "user": d.user,
            "timestamp": d.timestamp,
            "counted": asked,
            "header_length": length,
            "rows": facts["rows"],
            "mss_less_1": facts["mss_less_1"],
            "l3": d.l3_offset >> 1,
            "l4": d.l4_offset >> 1,
            "checksum": facts["checksum"],
            "ip_base": facts["ip_base"],
            "sum_base": facts["sum_base"],
            "ipv4": ipv4,
            "tcp": tcp,
            "udp": udp,
            "segmented": segmented,
            "several": facts["several"],
            "ip_checksum": ipv4 & (segmented | d.ip_checksum),
            "checksum_on": checksum_on,
            # With MSS 0 a seed with length is complete.
            "add_length": (segmented | (mode != ChecksumMode.SEED_WITH_LENGTH)) & checksum_on,
            "ip_id": d.ip_id,
            "keep_cwr": d.keep_cwr,
        },
    }
