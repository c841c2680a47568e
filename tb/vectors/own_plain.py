# SPDX-License-Identifier: Apache-2.0
"""The cases of own/ without tunnels, inserted tags and 802.3 lengths."""

from typing import Any

from own_case import (
    HEADER,
    WITH,
    WITHOUT,
    Segment,
    Stack,
    cut,
    random_bytes,
    seed,
)
from scapy.all import (
    IP,
    TCP,
    UDP,
    Dot1AD,
    Dot1Q,
    Ether,
    IPOption,
    IPv6,
    IPv6ExtHdrDestOpt,
    Packet,
    PadN,
    Raw,
    raw,
)

FIRST = Segment(id=0x1234, outer_id=0x4321, seq=0x01020304, flags=0x010)


def eth() -> Packet:
    return Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")


def ip4(s: Segment, options: int = 0) -> Packet:
    more = [IPOption(b"\x01") for _ in range(options)]
    return IP(src="10.1.2.3", dst="10.9.8.7", id=s.id, flags="DF", tos=3, options=more)


def ip6() -> Packet:
    return IPv6(src="2001:db8:0:1::1", dst="2001:db8:0:2::fe", fl=0x12345)


def destination_options(size: int) -> Packet:
    """An IPv6 extension header of `size` bytes."""
    options = [PadN(optdata=bytes(min(size - 4, 255)))]
    if size - 4 > 255:
        options.append(PadN(optdata=bytes(size - 4 - 257)))
    return IPv6ExtHdrDestOpt(options=options)


def tcp(s: Segment, options: int = 0) -> Packet:
    more = [("NOP", None)] * options
    return TCP(
        sport=40000, dport=443, seq=s.seq, ack=0x0A0B0C0D, window=0x2000,
        flags=s.flags & 0x1FF, reserved=s.flags >> 9, urgptr=0x1234, options=more,
    )  # fmt: skip


def udp(checksum: int | None = None) -> Packet:
    return UDP(sport=40000, dport=443, chksum=checksum)


def tcp4(s: Segment) -> Packet:
    return eth() / ip4(s) / tcp(s)


def tcp6(s: Segment) -> Packet:
    return eth() / ip6() / tcp(s)


def udp4(s: Segment) -> Packet:
    return eth() / ip4(s) / udp()


def udp6(s: Segment) -> Packet:
    return eth() / ip6() / udp()


KINDS: dict[str, Stack] = {"tcp4": tcp4, "tcp6": tcp6, "udp4": udp4, "udp6": udp6}


def worked() -> list[dict[str, Any]]:
    """Cases whose numbers are written out by hand."""
    flags = (0x099, [0x090, 0x010, 0x019])
    first = {"payload": 4000, "mss": 1460, "seq": 0xFFFFFF00, "flags": flags}
    return [
        cut("tcp4_worked_mod15", "sequence and identification wrap, CWR first, FIN PSH last",
            tcp4, **first, ids=[0x7FFE, 0x7FFF, 0x0000], ip_id="mod15"),
        cut("tcp4_worked_mod16", "the same, identification modulo 2^16",
            tcp4, **first, ids=[0x7FFE, 0x7FFF, 0x8000], ip_id="mod16"),
        cut("udp4_worked_exact", "USO of two whole segments: lengths 1208, 1208", udp4, 2400, 1200),
        cut("udp4_worked_short_last", "USO with a short last segment (D8): 1208, 1208, 108", udp4,
            2500, 1200),
        *(cut(f"tcp4_id_{mode}_{start:04x}", "identification modes (D5)", tcp4, 250, 100, ids=ids,
            ip_id=mode)
          for mode, start, ids in (
              ("fixed", 0x7FFF, [0x7FFF] * 3),
              ("fixed", 0xFFFF, [0xFFFF] * 3),
              ("mod15", 0x7FFF, [0x7FFF, 0x0000, 0x0001]),
              ("mod15", 0xFFFE, [0xFFFE, 0xFFFF, 0x8000]),
              ("mod15", 0xFFFF, [0xFFFF, 0x8000, 0x8001]),
              ("mod16", 0xFFFF, [0xFFFF, 0x0000, 0x0001]),
          )),
        cut("udp4_id_mod15_7fff", "identification modes are not TCP's alone (D5)",
            udp4, 250, 100, ids=[0x7FFF, 0, 1], ip_id="mod15"),
        cut("tcp4_flags_all_three_segments", "all 12 flag bits set: masks FF6, F76, F7F (D6)",
            tcp4, 250, 100, flags=(0xFFF, [0xFF6, 0xF76, 0xF7F])),
        cut("tcp4_flags_all_two_segments", "two segments are first and last (D6)",
            tcp4, 200, 100, flags=(0xFFF, [0xFF6, 0xF7F])),
        cut("tcp4_keep_cwr", "keep_cwr leaves CWR everywhere (D6)",
            tcp4, 350, 100, flags=(0x0D9, [0x0D0, 0x0D0, 0x0D0, 0x0D9]), keep_cwr=True),
        cut("tcp6_keep_cwr_not_set", "keep_cwr adds no CWR (D6)",
            tcp6, 250, 100, flags=(0x019, [0x010, 0x010, 0x019]), keep_cwr=True),
        cut("tcp4_one_segment_keeps_flags", "payload = MSS: all flags stay (D6, D7)",
            tcp4, 100, 100, flags=(0xFFF, [0xFFF])),
        cut("tcp4_short_segment_keeps_flags", "payload < MSS: CWR, FIN, PSH stay (D6, D7)",
            tcp4, 99, 100, flags=(0x099, [0x099])),
        cut("tcp6_no_payload", "no payload: the header alone, all flags (D7)",
            tcp6, 0, 100, flags=(0x099, [0x099])),
        cut("udp4_no_payload", "no payload (D7)", udp4, 0, 100),
    ]  # fmt: skip


def shapes() -> list[dict[str, Any]]:
    """Header shapes, MSS values and checksum modes; scapy says what is right."""
    qinq = lambda s: eth() / Dot1AD(vlan=7, prio=5) / Dot1Q(vlan=9) / ip4(s) / tcp(s)  # noqa: E731
    three = lambda s: (  # noqa: E731
        eth() / Dot1AD(vlan=7) / Dot1Q(vlan=8) / Dot1Q(vlan=9) / ip6() / udp()
    )
    longest = lambda s: eth() / ip4(s, 40) / tcp(s, 40)  # noqa: E731
    # Two bytes in front of the Ethernet header: 16 + 40 + 160 + 40 bytes of headers.
    full = lambda s: eth() / ip6() / destination_options(160) / tcp(s, 20)  # noqa: E731
    lsrr = bytes.fromhex("830b04") + bytes([10, 1, 1, 1, 10, 1, 1, 2]) + b"\0"
    routed = lambda s: (  # noqa: E731
        eth() / IP(src="10.1.2.3", dst="10.9.8.7", id=s.id, options=[IPOption(lsrr)]) / tcp(s)
    )
    result = [
        cut("tcp4_qinq", "two tags in the frame, IP header at byte 22", qinq, 250, 100),
        cut("udp6_three_tags", "three tags in the frame (D18)", three, 250, 100),
        cut("tcp4_l2_16_bytes", "L2 of 16 bytes (D10)", tcp4, 250, 100, prefix=b"\xa5\x5a"),
        cut("udp6_l2_16_bytes", "L2 of 16 bytes (D10)", udp6, 251, 100, prefix=b"\xa5\x5a"),
        cut("tcp4_no_l2", "no L2 header (D10)", lambda s: ip4(s) / tcp(s), 250, 100),
        cut("udp6_no_l2", "no L2 header (D10)", lambda s: ip6() / udp(), 250, 100),
        cut("tcp4_longest_options", "60 bytes each of IPv4 and TCP header", longest, 250, 100),
        cut("tcp6_header_256", "256 bytes of headers (D9)", full, 250, 100, prefix=b"\xa5\x5a"),
        cut("udp6_destination_options_8", "an extension header of 8 bytes",
            lambda s: eth() / ip6() / destination_options(8) / udp(), 250, 100),
        cut("tcp4_mss_1", "one payload byte a segment", tcp4, 5, 1),
        cut("udp4_mss_1", "one payload byte a segment", udp4, 5, 1),
        cut("tcp6_mss_odd", "an odd MSS: every second segment starts at an odd byte", tcp6, 999,
            111),
        cut("tcp4_last_1_byte", "a last segment of one byte", tcp4, 201, 100),
        cut("tcp4_mss_65535", "an MSS that no payload reaches", tcp4, 1000, 65535),
        cut("tcp4_seq_wrap_at_boundary", "the second segment has sequence number 0",
            tcp4, 250, 100, seq=0xFFFFFF9C),
        cut("tcp4_longest_segment", "9,728 bytes leave (D9)", tcp4, 9675, 9674),
    ]  # fmt: skip
    for kind, stack in KINDS.items():
        for lengths in ("zero", "true"):
            result.append(
                cut(f"{kind}_lengths_{lengths}", f"{lengths} lengths in the template (D1)",
                    stack, 250, 100, lengths=lengths)
            )  # fmt: skip
        result += [
            cut(f"{kind}_seed_without_length", "mode 1 (D2)", stack, 250, 100, mode=WITHOUT),
            cut(f"{kind}_from_header", "mode 3, rubbish in the field (D2)", stack, 251, 100,
                mode=HEADER),
        ]  # fmt: skip
    # A source route still to go: the seed's destination is not the header's (B.1, D2).
    final = seed(WITH, IP(src="10.1.2.3", dst="10.1.1.2"), 6, 20 + 250)
    result.append(
        cut("tcp4_source_route", "seed for another destination than the header's (D2)",
            lambda s: routed(s), 250, 100, field=final)
    )  # fmt: skip
    return result


def udp_zero() -> list[dict[str, Any]]:
    """UDP checksum fields of 0, and checksums that compute to 0 (D2, D4)."""
    unchecked4: Stack = lambda s: eth() / ip4(s) / udp(0)  # noqa: E731
    unchecked6: Stack = lambda s: eth() / ip6() / udp(0)  # noqa: E731
    result = [
        cut(
            "udp4_field_0_mode_1",
            "0 means no checksum",
            unchecked4,
            250,
            100,
            mode=WITHOUT,
            field=0,
        ),
        cut("udp4_field_0_mode_2", "0 means no checksum", unchecked4, 250, 100, field=0),
        cut("udp6_field_0_mode_2", "0 means no checksum", unchecked6, 250, 100, field=0),
        cut("udp4_field_0_mode_3", "mode 3 always computes", udp4, 250, 100, mode=HEADER, field=0),
        cut("udp6_field_0_mode_3", "mode 3 always computes", udp6, 250, 100, mode=HEADER, field=0),
    ]
    for kind, stack in KINDS.items():
        for mode in (WITH, HEADER):
            data = zero_sum(stack, random_bytes(f"zero{kind}{mode}", 300), 100)
            vanish = "FFFF" if kind.startswith("udp") else "0000"
            made = cut(
                f"{kind}_sum_zero_{mode}",
                f"computed 0 is sent as {vanish} (D4)",
                stack,
                data,
                100,
                mode=mode,
            )
            at = made["offload"]["l4_offset"] + (6 if kind.startswith("udp") else 16)
            for segment in made["segments"]:
                assert bytes.fromhex(segment)[at : at + 2].hex().upper() == vanish, made["name"]
            result.append(made)
    return result


def zero_sum(stack: Stack, payload: bytes, mss: int) -> bytes:
    """`payload` with the last word of each part such that the segment's L4 checksum is 0."""
    parts: list[bytes] = []
    for index in range(len(payload) // mss):
        s = Segment(0x1234 + index, 0x4321 + index, 0x01020304 + index * mss, 0x010)
        part = payload[index * mss : (index + 1) * mss - 2]
        packet = stack(s) / Raw(part + b"\0\0")
        packet = packet.__class__(raw(packet))
        l4 = packet[TCP] if TCP in packet else packet[UDP]
        # What the checksum would be with a word of 0 is what the word has to add.
        parts.append(part + l4.chksum.to_bytes(2, "big"))
    return b"".join(parts)


def long() -> list[dict[str, Any]]:
    """Frames above 64 KiB, whose seed has a length of 17 bits folded into 16 (D2)."""
    return [
        cut("tcp4_above_64k", "70,000 bytes, seed with length", tcp4, 70000, 9000, lengths="zero"),
        cut("udp6_above_64k", "66,000 bytes, seed with length", udp6, 66000, 9000, lengths="zero"),
    ]


def plain_cases() -> list[dict[str, Any]]:
    return [*worked(), *shapes(), *udp_zero(), *long()]
