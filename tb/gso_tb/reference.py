# SPDX-License-Identifier: Apache-2.0
"""What single stages must make of a frame: plain Python over bytes, nothing from `gso_hdl`.

Positions are bytes from the frame's start; `lanes` is the bus in bytes. Records are dictionaries
that hold the fields with a meaning in the case at hand; `filled` gives the others noise.
"""

import random
from collections.abc import Iterable

from gso_model import Descriptor
from gso_model.layout import ChecksumMode, L3Kind, L4Kind

CHECKSUM_PLACE = {L4Kind.TCP: 16, L4Kind.UDP: 6}
PROTOCOL = {L4Kind.TCP: 6, L4Kind.UDP: 17}


def filled(record, values: dict[str, int], rng: random.Random) -> dict[str, int]:
    """`values`, and noise in the record's fields that mean nothing beside them."""
    unknown = set(values) - set(record.fields)
    if unknown:
        raise ValueError(f"record {record.name} has no {sorted(unknown)}")
    return {
        name: values[name] if name in values else rng.getrandbits(width)
        for name, (_, width) in record.fields.items()
    }


def word_total(data: bytes) -> int:
    """The plain sum of the 16-bit words of `data`, a byte that is left over as a high one."""
    padded = data + bytes(len(data) & 1)
    return sum(padded[i] << 8 | padded[i + 1] for i in range(0, len(padded), 2))


def folded(total: int) -> int:
    """`total` as a ones' complement number of 16 bits: 0 for 0 only."""
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return total


def header_bytes(d: Descriptor) -> int:
    """What of the frame is header: nothing where nothing is asked (I1), or what tags go behind."""
    if d.asks:
        return d.header_length
    return 12 if d.tag_count else 0


def wire_header_bytes(d: Descriptor) -> int:
    """The header as it leaves, inserted tags included (D18)."""
    return header_bytes(d) + 4 * d.tag_count


def payload_bytes(d: Descriptor) -> int:
    """What of the frame is not header."""
    return d.frame_length - header_bytes(d)


def several_segments(d: Descriptor) -> bool:
    """Whether a good frame of `d` leaves in more than one segment."""
    return 0 < d.mss < payload_bytes(d)


def segment_lengths(payload: int, mss: int) -> list[int]:
    """Payload bytes of each segment (D7, D8)."""
    if not mss or not payload:
        return [payload]
    return [min(mss, payload - at) for at in range(0, payload, mss)]


def in_first_row(places: dict[str, int], lanes: int) -> dict[str, int]:
    """For each place, a 16-bit word's number, whether it is in the header's first beat."""
    return {f"first_{name}": int(2 * at < lanes) for name, at in places.items()}


def contexts(d: Descriptor, lanes: int, status: int) -> dict[str, dict[str, int]]:
    """The records that `check` makes of a descriptor, but for the parts of the seeds.

    Those of `basic`; `reference_full` adds what the other features have.
    """
    if status:
        return {
            "admit": {"refused": 1},
            "plan": {"empty": 1},
            "header": {"empty": 1},
            "edit": {"refused": status, "accepted": 0, "request_id": d.request_id},
        }
    head, payload, wire = header_bytes(d), payload_bytes(d), wire_header_bytes(d)
    ipv4, ipv6 = int(d.l3_kind == L3Kind.IPV4), int(d.l3_kind == L3Kind.IPV6)
    tcp, udp = int(d.l4_kind == L4Kind.TCP), int(d.l4_kind == L4Kind.UDP)
    segmented, several = int(d.mss > 0), int(several_segments(d))
    l3_size, l4_size = d.l4_offset - d.l3_offset, d.header_length - d.l4_offset
    checksum_on = int(d.l4_checksum != ChecksumMode.NONE)
    places: dict[str, int] = {}
    shift = 4 * d.tag_count
    if d.l3_kind:
        places["l3"] = (d.l3_offset + shift) // 2
    if d.l3_kind or d.l4_kind:
        places["l4"] = (d.l4_offset + shift) // 2
    if checksum_on:
        places["checksum"] = (checksum_at(d) + shift) // 2
    rows = -(-wire // lanes)
    plan = {"empty": 1}
    if payload:
        plan = {
            "empty": 0,
            "payload_less_1": payload - 1,
            "mss_less_1": (d.mss or 65536) - 1,
            "lane": wire % lanes,
        }
    header = {"empty": 1}
    if head and not d.asks:
        header = {
            "empty": 0,
            "rows": rows,
            "last_row": rows - 1,
            "first_ends": int(rows == 1),
            "end_lane": wire % lanes,
            **dict.fromkeys(("ipv4", "ipv6", "tcp", "udp", "segmented", "several"), 0),
            **dict.fromkeys(("checksum_on", "check_protocol"), 0),
        }
    elif head:
        header = {
            "empty": 0,
            "rows": rows,
            "last_row": rows - 1,
            "first_ends": int(rows == 1),
            "end_lane": wire % lanes,
            **places,
            **in_first_row(places, lanes),
            "ipv4": ipv4,
            "ipv6": ipv6,
            "tcp": tcp,
            "udp": udp,
            "segmented": segmented,
            "several": several,
            "checksum_on": checksum_on,
            "from_header": int(d.l4_checksum == ChecksumMode.FROM_HEADER),
            "check_protocol": int((tcp or udp) and (ipv4 or (ipv6 and l3_size == 40))),
        }
        if ipv4:
            header["l3_words"] = l3_size // 4
        if segmented:
            fits = l4_size == 8 if udp else l4_size in range(20, 61, 4)
            header["l4_fits"] = int(fits)
            if tcp and fits:
                header["l4_words"] = l4_size // 4
    edit = {
        "refused": 0,
        "accepted": 1,
        "request_id": d.request_id,
        "user": d.user,
        "timestamp": d.timestamp,
        "counted": int(d.asks),
        "header_length": wire,
        "rows": rows,
        **({**places, "ipv4": ipv4, "tcp": tcp, "udp": udp} if d.asks else {}),
        "segmented": segmented,
        "several": several,
        "ip_checksum": int(ipv4 and (segmented or d.ip_checksum)),
        "checksum_on": checksum_on,
    }
    if segmented:
        edit["ip_base"] = head - d.l3_offset - (40 if ipv6 else 0)
    if several:
        edit |= {"mss_less_1": d.mss - 1, "ip_id": d.ip_id, "keep_cwr": d.keep_cwr}
    return {
        "admit": {
            "beats": d.frame_length // lanes,
            "end_lane": d.frame_length % lanes,
            "single": int(d.frame_length <= lanes),
            "double": int(lanes < d.frame_length <= 2 * lanes),
            "payload_row": head // lanes,
            "payload_lane": head % lanes,
            "refused": 0,
        },
        "plan": plan,
        "header": header,
        "edit": edit,
    }


def length_part(d: Descriptor, payload: int) -> int:
    """What the L4 sum of a segment gets for the pseudo-header beside the field's value (D2).

    For a segment with `payload` bytes; may be negative.
    """
    if d.l4_kind == L4Kind.GENERIC:
        return 0
    own = d.header_length - d.l4_offset + payload
    if d.l4_checksum == ChecksumMode.SEED_WITH_LENGTH:
        return own - (d.frame_length - d.l4_offset)
    return own + (PROTOCOL[d.l4_kind] if d.l4_checksum == ChecksumMode.FROM_HEADER else 0)


def word_at(data: bytes, at: int) -> int:
    """The 16-bit word at `at`."""
    return int.from_bytes(data[at : at + 2], "big")


def sum_without(header: bytes, first: int, end: int, written: Iterable[int]) -> int:
    """The plain sum of `header` from `first` to `end`, without the words at `written`."""
    left = bytearray(header[:end])
    for at in written:
        left[at : at + 2] = bytes(2)
    return word_total(bytes(left[first:]))


def ip_total(d: Descriptor, header: bytes, first: int, end: int) -> int:
    """The same of an IPv4 header, without what is written in each segment (D1, D5)."""
    words = [5] + [1] * (d.mss > 0) + [2] * several_segments(d)
    return sum_without(header, first, end, [first + 2 * word for word in words])


def address_total(header: bytes, kind: int, at: int) -> int:
    """The plain sum of the addresses of the IP header at `at`."""
    first, end = (12, 20) if kind == L3Kind.IPV4 else (8, 40)
    return word_total(header[at + first : at + end])


def checksum_at(d: Descriptor) -> int:
    """Where the L4 checksum stands."""
    return d.l4_offset + CHECKSUM_PLACE.get(d.l4_kind, d.checksum_offset)


def header_words(d: Descriptor, header: bytes) -> dict[str, int]:
    """What is read out of a header that has passed its checks."""
    found = {}
    if d.l3_kind == L3Kind.IPV4:
        found["ip_id"] = word_at(header, d.l3_offset + 4)
    if d.l4_kind == L4Kind.TCP and several_segments(d):
        found["sequence"] = int.from_bytes(header[d.l4_offset + 4 : d.l4_offset + 8], "big")
        found["flags"] = word_at(header, d.l4_offset + 12)
    if d.l4_checksum:
        by_field = d.l4_kind == L4Kind.UDP and d.l4_checksum != ChecksumMode.FROM_HEADER
        found["no_checksum"] = int(by_field and word_at(header, d.l4_offset + 6) == 0)  # D2
    return found


def l4_seed(field: int) -> int:
    """What the L4 sum starts with, from the 18 bits of `header_context`."""
    return field if field < 1 << 17 else ~field & 0x1FFFF


def header_sums(d: Descriptor, header: bytes, seed: int) -> dict[str, int]:
    """The sums over a header without the fields that are written in each segment (D1, D5, D6)."""
    found = {}
    if d.l3_kind == L3Kind.IPV4:
        found["ip_sum"] = folded(ip_total(d, header, d.l3_offset, d.l4_offset))
    if not d.l4_checksum or header_words(d, header)["no_checksum"]:
        return found
    total, written = seed, []
    if d.l4_kind == L4Kind.TCP and several_segments(d):
        written += [d.l4_offset + 2 * word for word in (2, 3, 6)]
    if d.l4_kind == L4Kind.UDP and d.mss:
        written.append(d.l4_offset + 4)
    if d.l4_checksum == ChecksumMode.FROM_HEADER:
        written.append(checksum_at(d))
        total += address_total(header, d.l3_kind, d.l3_offset)
    total += sum_without(header, d.l4_offset, len(header), written)
    found["l4_sum"] = folded(total)
    return found
