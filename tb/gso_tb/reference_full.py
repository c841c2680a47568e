# SPDX-License-Identifier: Apache-2.0
"""What `check` must make of a descriptor beyond `basic`: plain Python, nothing from `gso_hdl`."""

from gso_model import Descriptor
from gso_model.layout import ChecksumMode, L3Kind, L4Kind, Tunnel
from gso_tb.reference import (
    PROTOCOL,
    address_total,
    checksum_at,
    contexts,
    header_bytes,
    in_first_row,
    ip_total,
    payload_bytes,
    sum_without,
    wire_header_bytes,
    word_at,
)

Records = dict[str, dict[str, int]]
IP_CHECKSUM = 10  # where it is in an IPv4 header, in bytes


def full_contexts(d: Descriptor, lanes: int, status: int, features: tuple[str, ...]) -> Records:
    """The records of a core with `features`, but for the parts of the seeds."""
    made = contexts(d, lanes, status)
    if "tags" in features:
        _tags(made, d, lanes, status)
    if status:
        return made
    if features and not d.asks:
        made["edit"] |= dict.fromkeys(("ipv4", "tcp", "udp"), 0)
    if "tunnels" in features:
        _tunnels(made, d, lanes)
    if "length_8023" in features:
        _length_8023(made, d, lanes)
    return made


def _tags(made: Records, d: Descriptor, lanes: int, status: int) -> None:
    if status or not header_bytes(d):
        made["tag"] = {"empty": 1}
        return
    raw, wire = header_bytes(d), wire_header_bytes(d)
    rows = -(-raw // lanes)
    made["tag"] = {
        "empty": 0,
        "rows": rows,
        "count": d.tag_count,
        "grows": -(-wire // lanes) - rows,
    }
    if payload_bytes(d):
        made["plan"]["raw_lane"] = raw % lanes


def tag_bytes(got: dict[str, int]) -> bytes:
    """The tags of a `tag` record as they leave."""
    return got["tags"].to_bytes(8, "little")[: 4 * got["count"]]


def outer_ip_end(d: Descriptor) -> int:
    """Where the outer IP header ends: at the outer L4 header, with IP-in-IP at the inner IP one."""
    return d.l3_offset if d.tunnel == Tunnel.IPIP else d.outer_l4_offset


def _tunnels(made: Records, d: Descriptor, lanes: int) -> None:
    asked = d.asks
    tunnel = Tunnel(d.tunnel) if asked else Tunnel.NONE
    ipv4 = int(tunnel != Tunnel.NONE and d.outer_l3_kind == L3Kind.IPV4)
    ipv6 = int(tunnel != Tunnel.NONE and d.outer_l3_kind == L3Kind.IPV6)
    udp = int(tunnel in (Tunnel.VXLAN, Tunnel.GENEVE))
    written = int(asked and d.l3_kind == L3Kind.IPV4 and bool(d.mss or d.ip_checksum))
    shift = 4 * d.tag_count
    both = {"outer_ipv4": ipv4, "outer_udp": udp, "outer_checksum_on": int(d.outer_l4_checksum > 0)}
    end = outer_ip_end(d)
    if tunnel != Tunnel.NONE:
        both["outer_l3"] = (d.outer_l3_offset + shift) // 2
        both["outer_l4"] = (end + shift) // 2
    size = end - d.outer_l3_offset
    protocol_known = tunnel != Tunnel.IPIP or d.l3_kind != L3Kind.NONE
    if header_bytes(d):
        places = {name: at for name, at in both.items() if name in ("outer_l3", "outer_l4")}
        made["header"] |= both | {
            **in_first_row(places, lanes),
            "ip_written": written,
            "l4_known": int(asked and (d.l3_kind != L3Kind.NONE or d.l4_kind != L4Kind.NONE)),
            "outer_ipv6": ipv6,
            "gre": int(tunnel == Tunnel.GRE),
            "geneve": int(tunnel == Tunnel.GENEVE),
            "outer_from_header": int(d.outer_l4_checksum == ChecksumMode.FROM_HEADER),
            "outer_check_protocol": int(protocol_known and (ipv4 or (ipv6 and size == 40))),
            "vxlan_short": 0,
        }
        if ipv4:
            made["header"]["outer_l3_words"] = size // 4
        if tunnel not in (Tunnel.NONE, Tunnel.IPIP) and d.l3_kind != L3Kind.NONE:
            between = d.l3_offset - d.outer_l4_offset
            made["header"]["tunnel_words"] = between // 2
            made["header"]["vxlan_short"] = int(tunnel == Tunnel.VXLAN and between < 30)
    made["edit"] |= both | {
        "fits": made["header"].get("l4_fits", 1) if d.mss else 1,
        "ipv6": int(asked and d.l3_kind == L3Kind.IPV6),
        "outer_ip": int(tunnel != Tunnel.NONE),
        "outer_ip_checksum": int(ipv4 and bool(d.mss or d.outer_ip_checksum)),
    }
    if asked and d.l3_kind == L3Kind.IPV4:
        made["edit"]["l3_far"] = int(d.l3_offset + shift + IP_CHECKSUM >= lanes)
        if lanes == 64 and d.outer_l3_kind == L3Kind.IPV4:
            # Words 5 of IPv4 and 3 of UDP: not in columns whose numbers are alike in bits 0 and 3.
            end = d.l3_offset if d.tunnel == Tunnel.IPIP else d.outer_l4_offset
            made["edit"]["checksums_apart"] = int((end - d.outer_l3_offset) % 32 == 20)
    if tunnel != Tunnel.NONE and d.mss:
        made["edit"]["outer_ip_base"] = d.header_length - d.outer_l3_offset - 40 * ipv6
        if udp:
            made["edit"]["outer_udp_base"] = d.header_length - d.outer_l4_offset
        if d.mss < payload_bytes(d):
            made["edit"]["outer_ip_id"] = d.outer_ip_id


def _length_8023(made: Records, d: Descriptor, lanes: int) -> None:
    written = int(bool(d.mss and d.length_8023))
    if header_bytes(d):
        made["header"]["llc"] = written
    made["edit"]["llc"] = written
    if not written:
        return
    l3 = d.l3_offset if d.tunnel == Tunnel.NONE else d.outer_l3_offset
    behind = d.header_length - (l3 - 8)  # bytes of the header that the length counts
    no_place = l3 < (22 if d.tag_count else 10)
    made["edit"]["llc"] = int(not no_place)
    bad = no_place or behind + min(d.mss, payload_bytes(d)) > 1500
    made["header"]["llc_bad"] = int(bad)
    if not bad:
        place = (l3 - 10 + 4 * d.tag_count) // 2
        made["edit"]["l2"] = place
        made["header"] |= {"l2": place, **in_first_row({"l2": place}, lanes)}
        made["edit"]["llc_base"] = behind


def outer_seed(d: Descriptor) -> int:
    """What the descriptor alone says of the outer UDP sum (D3); may be negative.

    The outer pseudo-header's length and protocol where the field does not hold them. Where the
    inner checksum is written its part of the frame sums to the complement of its pseudo-header,
    so that one's length and protocol come off: what the field does not hold of them.
    """

    def beside_field(mode: int, protocol: int, offset: int, own: int) -> int:
        """Protocol and length of a pseudo-header of which the field holds the rest."""
        if mode == ChecksumMode.SEED_WITH_LENGTH:
            return own - (d.frame_length - offset)
        return own + (protocol if mode == ChecksumMode.FROM_HEADER else 0)

    # The frame as a whole; with segments both lengths shrink by the same number.
    total = beside_field(
        d.outer_l4_checksum, 17, d.outer_l4_offset, d.frame_length - d.outer_l4_offset
    )
    if d.l4_checksum != ChecksumMode.NONE and d.l4_kind != L4Kind.GENERIC:
        total -= beside_field(
            d.l4_checksum, PROTOCOL[d.l4_kind], d.l4_offset, d.frame_length - d.l4_offset
        )
    return total


def outer_words(d: Descriptor, header: bytes) -> dict[str, int]:
    """What is read out of a tunnel's headers that have passed their checks."""
    found = {}
    if d.outer_l3_kind == L3Kind.IPV4:
        found["outer_ip_id"] = word_at(header, d.outer_l3_offset + 4)
    if d.outer_l4_checksum:
        by_field = d.outer_l4_checksum != ChecksumMode.FROM_HEADER
        nothing = word_at(header, d.outer_l4_offset + 6) == 0
        found["outer_no_checksum"] = int(by_field and nothing)  # D2
    return found


def outer_sums(d: Descriptor, header: bytes, seed: int) -> dict[str, int]:
    """The sums over a tunnel's headers, mod 65,535, with inner L3 and L4 described.

    Without the fields that are written in each segment. What the UDP checksum covers ends in front
    of the inner L4 header, whose pseudo-header is taken off where its checksum is written: of that
    the addresses, or what the checksum field holds (D3).
    """
    found = {}
    if d.outer_l3_kind == L3Kind.IPV4:
        total = ip_total(d, header, d.outer_l3_offset, outer_ip_end(d))
        found["outer_ip_sum"] = total % 65535
    if not d.outer_l4_checksum or outer_words(d, header)["outer_no_checksum"]:
        return found
    from_header = d.outer_l4_checksum == ChecksumMode.FROM_HEADER
    out = [d.outer_l4_offset + 4] * (d.mss > 0) + [d.outer_l4_offset + 6] * from_header
    if d.l3_kind == L3Kind.IPV4 and (d.mss or d.ip_checksum):
        out += range(d.l3_offset, d.l4_offset, 2)  # with its checksum it sums to nothing
    elif d.l3_kind == L3Kind.IPV6 and d.mss:
        out.append(d.l3_offset + 4)
    total = seed + sum_without(header, d.outer_l4_offset, d.l4_offset, out)
    if from_header:
        total += address_total(header, d.outer_l3_kind, d.outer_l3_offset)
    if d.l4_checksum == ChecksumMode.FROM_HEADER:
        total -= address_total(header, d.l3_kind, d.l3_offset)
    elif d.l4_checksum:
        total -= word_at(header, checksum_at(d))
    found["outer_sum"] = total % 65535
    return found
