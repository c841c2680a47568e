# SPDX-License-Identifier: Apache-2.0
"""The records that stages hand to each other, one function a record."""

from amaranth import unsigned
from amaranth.lib import data

# Why a frame did not arrive as its descriptor says (D13): the code's two low bits, plus one.
BAD_NONE, BAD_SHORT, BAD_LONG, BAD_ABORTED = range(4)


def admit_context(config):
    """A frame as admit sees it: where it ends and what of it is header.

    `beats`, `end_lane`: `frame_length` in whole beats and bytes over. `single`: the first beat is
    the last; `double`: the second. `payload_row`, `payload_lane`: the header's length, likewise;
    payload starts there. Inserted tags do not count. Of a frame that only gets tags the first 12
    bytes are header.
    """
    return data.StructLayout(
        {
            "beats": 24 - config.lane_bits,
            "end_lane": config.lane_bits,
            "single": 1,
            "double": 1,
            "payload_row": (config.header_rows).bit_length(),
            "payload_lane": config.lane_bits,
            "refused": 1,
        }
    )


def tag_context(config):
    """The tags that go into a frame's header (D18)."""
    return data.StructLayout(
        {
            "rows": (config.header_rows).bit_length(),  # of the header without tags
            "count": 2,
            "tags": 64,  # as on the wire: bits 7..0 leave first
            "grows": 1,  # with tags the header has one row more
            "empty": 1,  # no row will come
        }
    )


def plan_context(config):
    """A frame's payload as plan cuts it: its bytes and the MSS, both minus one.

    MSS 0 arrives as 65,536: one segment. `empty`: there is no payload, the others mean nothing.
    `lane` is where a segment's payload starts on the wire, `raw_lane` where the frame's does.
    """
    fields = {"payload_less_1": 24, "mss_less_1": 16, "lane": config.lane_bits, "empty": 1}
    if config.tags:
        fields |= {"raw_lane": config.lane_bits}
    return data.StructLayout(fields)


# A sum of which others are taken off starts with this bit, so that it never gets negative: it is
# above the sum of the words of an IPv4 header, or of a row.
OUTER_START_BIT = 25


def header_context(config):
    """A frame's header as capture checks and sums it.

    Positions are 16-bit words of the header as it leaves, inserted tags included.
    """
    fields = {
        "empty": 1,  # no header is looked at
        "rows": (config.header_rows).bit_length(),
        "last_row": (config.header_rows - 1).bit_length(),
        "end_lane": config.lane_bits,  # lane behind the header's last byte; 0: a full row
        "l3": config.word_bits,
        "l4": config.word_bits,
        "checksum": config.word_bits,
        "ipv4": 1,
        "ipv6": 1,
        "tcp": 1,
        "udp": 1,
        "segmented": 1,  # MSS is not 0
        "several": 1,  # there will be more than one segment
        "checksum_on": 1,
        "from_header": 1,
        "check_protocol": 1,
        "l3_words": 5,  # distance of L4 from L3, in 32-bit words
        "l4_words": 4,  # TCP header length, in 32-bit words
        "l4_fits": 1,  # header_length is one that an L4 header can have
        "seed": 18,  # what the L4 sum starts with; with the top bit the complement of the others
        # In the first row: the header's end, the L4 checksum, the start of each header.
        "first_ends": 1,
        "first_checksum": 1,
        "first_l3": 1,
        "first_l4": 1,
    }
    if config.tunnels:
        fields |= {
            "first_outer_l3": 1,
            "first_outer_l4": 1,
            "ip_written": 1,  # the IPv4 checksum of the (inner) header is written
            "l4_known": 1,  # the (inner) L3 or L4 header is described
            "outer_l3": config.word_bits,
            "outer_l4": config.word_bits,
            "outer_ipv4": 1,
            "outer_ipv6": 1,
            "outer_udp": 1,  # VXLAN or Geneve
            "gre": 1,
            "geneve": 1,
            "outer_checksum_on": 1,
            "outer_from_header": 1,
            "outer_l3_words": 5,  # the outer IP header's length, in 32-bit words
            "outer_check_protocol": 1,
            "tunnel_words": config.word_bits,  # distance of inner L3 from outer L4
            "vxlan_short": 1,  # no room for VXLAN and Ethernet in between
            # What the outer UDP sum starts with beside `OUTER_START_BIT`, mod 65,535.
            "outer_seed": 17,
        }
    if config.length_8023:
        fields |= {
            "llc": 1,  # the 802.3 length is written
            "first_l2": 1,
            "l2": config.word_bits,  # where it stands
            "llc_bad": 1,  # it cannot: no room for it, or too long a segment
        }
    return data.StructLayout(fields)


def edit_context(config):
    """A frame as edit and egress need it."""
    length_bits = (config.header_bytes).bit_length()
    fields = {
        "refused": 3,  # D11's code 1 to 7
        "accepted": 1,  # `refused` is 0
        "request_id": 16,
        "user": 16,
        "timestamp": 1,
        "counted": 1,  # payload bytes are reported (I11)
        "header_length": (config.wire_header_bytes).bit_length(),
        "rows": (config.header_rows).bit_length(),
        "mss_less_1": 16,
        "l3": config.word_bits,
        "l4": config.word_bits,
        "checksum": config.word_bits,
        "ip_base": length_bits,  # IP length of a segment without payload
        "sum_base": 11,  # what the L4 sum gets beside the payload's length, signed
        "ipv4": 1,
        "tcp": 1,
        "udp": 1,
        "segmented": 1,
        "several": 1,
        "ip_checksum": 1,
        "checksum_on": 1,
        "add_length": 1,  # the sum wants the segment's L4 length
        "ip_id": 2,
        "keep_cwr": 1,
    }
    if config.tunnels:
        fields |= {
            "l3_far": 1,  # the inner IPv4 header's checksum is not in the first row
            "fits": 1,  # it is accepted, and there is room for what its steps write
            "ipv6": 1,
            "outer_l3": config.word_bits,
            "outer_l4": config.word_bits,
            "outer_ip_base": length_bits,  # as `ip_base`
            "outer_ip": 1,  # there is a tunnel
            "outer_ipv4": 1,
            "outer_udp": 1,
            "outer_udp_base": length_bits,  # outer UDP length of a segment without payload
            "outer_ip_checksum": 1,
            "outer_ip_id": 2,
            "outer_checksum_on": 1,
        }
    if config.hurried:
        # The outer IPv4 and UDP checksums are in two banks of slots.
        fields |= {"checksums_apart": 1}
    if config.length_8023:
        # `llc_base`: the 802.3 length of a segment without payload.
        fields |= {"llc": 1, "l2": config.word_bits, "llc_base": length_bits}
    return data.StructLayout(fields)


def header_row(config):
    """A beat that holds header bytes; `short`: the frame ends in it, inside the header."""
    return data.StructLayout({"data": config.data_width, "short": 1})


def header_result(config):
    """What capture learned of a header: where its slot is, the verdict and start values."""
    outer = {"outer_no_checksum": 1, "outer_ip_id": 16} if config.tunnels else {}
    return data.StructLayout(
        {
            "slot": (config.slot_rows - 1).bit_length(),
            "verdict": 3,  # D11's code 16 to 22, minus 15; 0: good
            "good": 1,  # `verdict` is 0
            "no_checksum": 1,  # UDP without checksum (D2)
            "ip_id": 16,
            "sequence": 32,
            "flags": 16,
            **outer,
        }
    )


def header_sums(config):
    """A header's sums without the fields that edit writes: 16 bits and a carry to be added.

    `outer_sum`: of what a tunnel's UDP checksum covers, up to the L4 header.
    """
    outer = {"outer_ip_sum": 17, "outer_sum": 17} if config.tunnels else {}
    return data.StructLayout({"ip_sum": 17, "l4_sum": 17, **outer})


def payload_marks(config):
    """What is known of a beat that holds payload, or is a frame's last (`end`).

    `valid`: payload may stand in lanes below; 0 in a beat without payload. `over`, `under`: the
    frame does not end where it should; `abort`: D13's `tuser`.
    """
    return data.StructLayout(
        {"end": 1, "under": 1, "over": 1, "abort": 1, "valid": config.lane_bits + 1}
    )


def payload_beat(config):
    """A beat that holds payload, or a frame's last, with its marks."""
    marks = {name: field.shape for name, field in payload_marks(config)}
    return data.StructLayout({"data": config.data_width, **marks})


def cut(config):
    """How align, or split, makes one segment out of raw beats (see `plan`)."""
    if config.stores_first:
        return data.StructLayout(
            {
                "none": 1,  # no payload: take one beat, give none
                "first": 1,
                "last": 1,
                "single": 1,  # one step or none
                "double": 1,  # two steps
                "beats": 16 - config.lane_bits + 1,  # raw beats whose end it crosses
                "begin": config.lane_bits,  # raw lane of the first byte
                "raw_end": config.lane_bits,  # ... and of the last one
                "below": 1,  # `begin` is below the lane on the wire
                "odd": 1,  # ... and an odd number of lanes from it
                "loads": 1,  # the first step takes a beat
                "crosses": 1,  # ... and lanes of the one before it
            }
        )
    return data.StructLayout(
        {
            "none": 1,  # no payload: take one beat, give none
            "first": 1,
            "last": 1,
            "single": 1,  # one beat or none
            "double": 1,  # two beats
            "beats_less_1": 16 - config.lane_bits + 1,
            "shift": config.lane_bits,
            "start_lane": config.lane_bits,
            "end_lane": config.lane_bits,  # lane of the last byte, aligned
            "raw_end": config.lane_bits,  # lane of the last byte, raw
            "first_load": 1,
            "first_cross": 1,  # in a frame's first cut: two beats are taken for the first
            "last_load": 1,
        }
    )


def segment_plan():
    """A segment as edit sees it: payload bytes and whether it is its frame's last."""
    return data.StructLayout({"length": 16, "last": 1})


def aligned_beat(config):
    """An aligned beat, or with `write` 0 only the note that a segment ended.

    `void`: the segment shall not leave. `bad`: on the frame's last segment, D13's reason.
    """
    return data.StructLayout({"data": config.data_width, "write": 1, "end": 1, "void": 1, "bad": 2})


def segment_pieces(config):
    """Lanes of two raw beats that belong to a segment, the others 0 (see `Split`).

    `odd`: words of it start in odd lanes.
    """
    marks = {name: field.shape for name, field in aligned_beat(config) if name != "data"}
    return data.StructLayout(
        {"older": config.data_width, "newer": config.data_width, **marks, "odd": 1}
    )


def fetch_plan(config):
    """Where a segment's payload leaves: in `beats_less_1` beats and one more, the first from lane
    `start` on; each turned by `shift` lanes.
    """
    return data.StructLayout(
        {
            "beats_less_1": 16 - config.lane_bits + 1,
            "start": config.lane_bits,
            "shift": config.lane_bits,
        }
    )


def stored_segment(config):
    """The row of the store with the first lane of a segment's first beat; with `none` nothing is
    read, and all before it is free.
    """
    return data.StructLayout({"row": (config.buffer_rows - 1).bit_length(), "none": 1})


def fetched_row(config):
    """A beat of a segment as it is read from the store: two rows of it, and how it is turned.

    Lanes below `start` are no payload.
    """
    row_bits = (config.buffer_rows - 1).bit_length()
    return data.StructLayout(
        {
            "row": row_bits,
            "next_row": row_bits,
            "shift": config.lane_bits,
            "start": config.lane_bits,
        }
    )


def turned_beat(config):
    """A beat of payload as it leaves; lanes with `below` are none."""
    return data.StructLayout({"data": config.data_width, "below": config.lanes})


def segment_result():
    """What became of a segment's payload: its sum, and whether it may leave."""
    return data.StructLayout({"sum": 16, "void": 1, "bad": 2})


def copy_field(config):
    """Which of a header's copies, where each has a memory of its own."""
    return {"copy": 1} if config.copies_at_once else {}


def column_write(config):
    """One 16-bit column of a header slot, to be overwritten."""
    return data.StructLayout(
        {
            "row": (config.slot_rows - 1).bit_length(),
            "column": (config.columns - 1).bit_length(),
            **copy_field(config),
            "value": 16,
        }
    )


def segment_record(config):
    """A segment whose header is edited but for the L4 checksum."""
    row_bits = (config.header_rows).bit_length()
    return data.StructLayout(
        {
            "slot": (config.slot_rows - 1).bit_length(),
            **copy_field(config),
            "rows": row_bits,
            "payload_row": row_bits,
            "length": 16,
            "payload": 16,
            "partial": 17,  # L4 sum without payload, its carry on top
            "checksum_row": row_bits,
            "checksum_column": (config.columns - 1).bit_length(),
            "checksum_on": 1,
            "no_zero": 1,  # a checksum of 0 leaves as 0xFFFF (D4)
            "first": 1,
            "last": 1,
            "status": 6,
            "counted": 1,
            "request_id": 16,
            "user": 16,
            "timestamp": 1,
        }
    )


def output_beat(config):
    """A beat of `m_axis`."""
    return data.StructLayout(
        {"data": config.data_width, "keep": config.lanes, "last": 1, "user": unsigned(51)}
    )
