# SPDX-License-Identifier: Apache-2.0
"""Check, the frame: what is asked of it, its lengths, and what its L3 and L4 headers need.

Each function takes the `Staged` descriptor and registers facts about it. A flag that is called
after a code of D11 is that row of the table, as far as the function knows.
"""

from amaranth import Cat, Const, Mux

from gso_model.layout import DESCRIPTOR, ChecksumMode, L3Kind, L4Kind

from .configuration import OFFLOADS

MODE = ChecksumMode


def above(value, limit):
    """`value` > `limit`, a constant, in LUTs: short, and without a carry chain."""

    def parts(bits, number):
        """Whether `bits` are above `number`, and whether they are above or equal."""
        if len(bits) == 1:
            return (Const(0, 1), bits) if number else (bits, Const(1, 1))
        half = len(bits) // 2
        low_above, low_at = parts(bits[:half], number & ((1 << half) - 1))
        high_above, high_at = parts(bits[half:], number >> half)
        return high_above | (high_at & low_above), high_above | (high_at & low_at)

    return parts(value, limit)[0] if limit < 1 << len(value) else Const(0, 1)


def requests(config, line):
    """Cycle 2: what is asked of the frame, in single bits; reserved bits; offloads (D14)."""
    d = line.at(1)
    segmented = d.mss != 0
    outer = d.outer_ip_checksum | (d.outer_l4_checksum != 0)
    ipv4, ipv6 = d.l3_kind == L3Kind.IPV4, d.l3_kind == L3Kind.IPV6
    tcp, udp = d.l4_kind == L4Kind.TCP, d.l4_kind == L4Kind.UDP
    off = {name: int(name not in config.offloads) for name in OFFLOADS}
    line.into(
        2,
        segmented=segmented,
        asked=segmented | d.ip_checksum | (d.l4_checksum != 0) | outer,
        ipv4=ipv4,
        ipv6=ipv6,
        l3=d.l3_kind != L3Kind.NONE,
        tcp=tcp,
        udp=udp,
        l4=d.l4_kind != L4Kind.NONE,
        checksum_on=d.l4_checksum != MODE.NONE,
        from_header=d.l4_checksum == MODE.FROM_HEADER,
        reserved=d.unknown.any() | (d.l3_kind == 3) | (d.outer_l3_kind == 3) | (d.tunnel > 4),
        inner_disabled=segmented
        & Mux(
            udp,
            Mux(ipv6, off["uso_ipv6"], off["uso_ipv4"]),
            Mux(ipv6, off["lso_ipv6"], off["lso_ipv4"]),
        ),
    )


def unknown_bits(vector):
    """The bits of the descriptor that no field uses."""
    mask = DESCRIPTOR.reserved_mask
    return Cat(vector[i] for i in range(DESCRIPTOR.bits) if mask >> i & 1)


def operation(config, line):
    """Cycle 2: `OPERATION`, the requests that make no sense together (D11, I8)."""
    d = line.at(1)
    tcp, udp = d.l4_kind == L4Kind.TCP, d.l4_kind == L4Kind.UDP
    l3, l4 = d.l3_kind != L3Kind.NONE, d.l4_kind != L4Kind.NONE
    mode = d.l4_checksum
    bad_tags = d.tag_count == 3 if config.tags else d.tag_count != 0
    line.into(
        2,
        inner_operation=((d.mss != 0) & (~(tcp | udp) | ~l3 | (mode == MODE.NONE)))
        | ((d.l4_kind == L4Kind.GENERIC) & mode[0])
        | (~l4 & (mode != 0))
        | ((mode == MODE.FROM_HEADER) & ~l3)
        | (d.ip_checksum & (d.l3_kind != L3Kind.IPV4))
        | (d.ip_id == 3)
        | bad_tags
        | (Const(0, 1) if config.length_8023 else d.length_8023),
    )


def header_length(config, line):
    """What of the frame is header, on the host's side and on the wire, and what is payload.

    Nothing is header where nothing is asked; where only tags are inserted, the bytes in front of
    them are. Cycle 3: `length`, `payload_less_1` (signed). Cycle 4: rows.
    """
    d = line.at(2)
    untouched = Mux(d.tag_count != 0, 12, 0) if config.tags else 0
    length = Mux(d.asked, d.header_length, untouched)
    # A - B - 1 on a single carry chain.
    line.into(
        3,
        length=length,
        payload_less_1=(Cat(Const(0, 1), d.frame_length) - Cat(Const(1, 1), length))[1:26],
    )
    wire = Cat(length[:2], (length[2:] + d.tag_count)[:8]) if config.tags else length
    line.into(3, wire_length=wire[: config.wire_header_bytes.bit_length()])
    d = line.at(3)
    rows, last_row = rows_of(config, d.wire_length)
    line.into(4, rows=rows, last_row=last_row)
    if config.tags:
        line.into(4, raw_rows=rows_of(config, d.length)[0])


def rows_of(config, length):
    """The rows of a header and the number of its last one."""
    row, lane = length >> config.lane_bits, length[: config.lane_bits]
    rows = (row + (lane != 0))[: config.header_rows.bit_length()]
    return rows, (row - (lane == 0))[: (config.header_rows - 1).bit_length()]


def frame_length(config, line):
    """Cycle 3: `FRAME_LENGTH` but for what is below the header; cycle 2: above `max_segment`."""
    d = line.at(1)
    low = config.lane_bits + 1
    limits = [config.max_segment - 4 * tags for tags in range(3 if config.tags else 1)]
    line.into(2, frame_long=d.frame_length[low:].any(), more=d.frame_length[low + 1 :].any())
    line.into(2, **{f"above_{i}": above(d.frame_length, limits[i]) for i in range(len(limits))})
    d = line.at(2)
    short = d.frame_length[:low]
    whole = short[: config.lane_bits]
    bad_length = ~d.frame_long & (short == 0)
    whole_too_long = d.above_0
    if config.tags:
        tagged = d.tag_count != 0
        bad_length |= tagged & ~d.frame_long & (short[4:] == 0) & ~short[1:4].all()
        whole_too_long = Mux(d.tag_count[1], d.above_2, Mux(d.tag_count[0], d.above_1, d.above_0))
    line.into(
        3,
        bad_frame_length=bad_length,
        single=~d.frame_long & (~short[-1] | (whole == 0)),
        double=Mux(d.frame_long, ~d.more & (short == 0), short[-1] & (whole != 0)),
        whole_too_long=whole_too_long,
    )
    d = line.at(3)
    # Below zero it is above -1024: so much for the longest header.
    below = d.payload_less_1[24] & ~d.payload_less_1[:10].all()
    line.into(
        4,
        no_payload=d.payload_less_1[24],
        frame_length_wrong=d.bad_frame_length | (d.asked & below),
    )


def segments(config, line):
    """Are there several segments, and is the longest one too long (D9)? Cycle 4 and later."""
    d = line.at(1)
    line.into(2, mss_less_1=(d.mss - 1)[:16])
    d = line.at(3)
    payload, mss = d.payload_less_1, d.mss_less_1
    more = payload[:16] > mss
    line.into(4, several=d.segmented & ~payload[24] & (payload[16:24].any() | more))
    # The longest segment has the smaller one of MSS and payload behind its header, so it is too
    # long where it would be with either.
    first = 3 if config.tags else 2
    d = line.at(first)
    header = d.wire_length if config.tags else d.header_length
    line.into(first + 1, segment_less_1=header + d.mss_less_1)
    d = line.at(first + 1)
    with_mss = above(d.segment_less_1, config.max_segment - 1)
    line.into(first + 2, segment_too_long=d.whole_too_long & (~d.segmented | with_mss))


def layers(config, line):
    """The L3 and L4 headers: distances, positions, what they need of the header."""
    d = line.at(1)
    generic = d.l4_kind == L4Kind.GENERIC
    l3, l4 = d.l3_kind != L3Kind.NONE, d.l4_kind != L4Kind.NONE
    line.into(
        2,
        # In words: an odd offset is an error anyway.
        l3_words=(d.l4_offset[1:] - d.l3_offset[1:]).as_signed(),
        l4_length=(d.header_length - d.l4_offset).as_signed(),
        place=Mux(d.l4_kind == L4Kind.TCP, 16, Mux(d.l4_kind == L4Kind.UDP, 6, d.checksum_offset)),
        odd=(l3 & d.l3_offset[0]) | ((l3 | l4) & d.l4_offset[0]) | (generic & d.checksum_offset[0]),
        header_too_long=above(d.header_length, config.header_bytes),
        l3_word=word(config, d.l3_offset, d.tag_count),
        l4_word=word(config, d.l4_offset, d.tag_count),
    )
    d = line.at(2)
    units = d.l4_length[2:6]
    before_l4 = d.l4_length < 0
    # IPv6's length does not count its header (D1).
    behind_l3 = Cat(d.l3_words[:2], (d.l3_words[2:9] - Mux(d.ipv6, 5, 0))[:7])
    line.into(
        3,
        # What there is from the checksum on; it must be two bytes at least.
        l4_spare=d.l4_length - d.place,
        beyond_l3=d.l3 & before_l4,
        l3_bad=size_bad(d.ipv4, d.ipv6, d.l3_words),
        l4_bad=d.l4 & not_above_0(d.l4_length),
        l4_fits=~d.l4_length[6:].any()
        & ~d.l4_length[:2].any()
        & Mux(d.tcp, units >= 5, units == 2),
        check_protocol=(d.tcp | d.udp) & (d.ipv4 | (d.ipv6 & (d.l3_words == 20))),
        checksum_word=(d.l4_word + d.place[1:])[: config.word_bits],
        ip_base=(d.l4_length + Cat(Const(0, 1), behind_l3))[: config.header_bytes.bit_length()],
    )


def wrong(config, line):
    """Cycle 4: `HEADER_LENGTH` and `OFFSETS`."""
    d = line.at(3)
    short = (d.l4 & not_above_0(d.l4_spare[1:].as_signed())) | d.beyond_l3
    if config.tunnels:
        short |= d.outer_short
    line.into(4, header_length_wrong=d.header_too_long | (d.asked & ~d.segmented & short))
    bad = d.odd | d.l3_bad | d.l4_bad | d.beyond_l3
    if config.tunnels:
        bad |= d.outer_odd | d.outer_size_bad | d.outer_order_bad
    if config.tags:
        bad |= d.tags_misplaced
    line.into(4, offsets_wrong=d.asked & bad)


def not_above_0(number):
    """A signed number is 0 or below."""
    return number[-1] | (number == 0)


def size_bad(ipv4, ipv6, words):
    """No IP header of this kind can have so many 16-bit words (signed)."""
    negative = words[-1]
    bad_ipv4 = words[5:-1].any() | words[0] | (words[1:5] < 5)
    bad_ipv6 = words[:2].any() | (words[2:-1] < 5)
    return (ipv4 & (negative | bad_ipv4)) | (ipv6 & (negative | bad_ipv6))


def word(config, offset, tag_count):
    """The 16-bit word at byte `offset`, counted in the header as it leaves."""
    if not config.tags:
        return offset[1 : config.word_bits + 1]
    return Cat(offset[1], (offset[2:] + tag_count)[: config.word_bits - 1])
