# SPDX-License-Identifier: Apache-2.0
"""Check: is the descriptor one that can be carried out, and what does it say to each stage?"""

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from gso_model.layout import DESCRIPTOR, ChecksumMode, L3Kind, L4Kind, Status

from .configuration import OFFLOADS
from .contexts import contexts
from .primitives import delay
from .records import admit_context, edit_context, header_context, plan_context, tag_context

LATENCY = 5


def descriptor_layout():
    """The hardware's view of the descriptor, made from the project's one definition (D22)."""
    return data.FlexibleLayout(
        DESCRIPTOR.bits,
        {field.name: data.Field(field.width, field.low) for field in DESCRIPTOR.fields},
    )


class Check(wiring.Component):
    """Checks descriptors (D11, codes 1 to 7) and hands each stage what it needs of them.

    A refused descriptor goes on as a frame to be swallowed, its code with it, so that its
    completion stays in order (D15).

    Parameters
    ----------
    config : Configuration

    Members
    -------
    descriptor : In stream(256), D22; taken while fewer than `frames_under_way` are
    admit, plan, header, edit : Out streams; all pulse together, receivers have room for all
    tag : Out stream(tag_context), likewise; only where tags are built
    retire : In(1), edit has taken a frame

    Latency: 5 cycles. Throughput: one descriptor every other cycle.
    Source: D1, D2, D7, D9, D10, D11, D21.
    """

    def __init__(self, config):
        self.config = config
        records = {
            "admit": admit_context(config),
            "plan": plan_context(config),
            "header": header_context(config),
            "edit": edit_context(config),
        }
        if config.tags:
            records["tag"] = tag_context(config)
        outputs = {
            name: Out(stream.Signature(record, always_ready=True))
            for name, record in records.items()
        }
        super().__init__(
            {"descriptor": In(stream.Signature(DESCRIPTOR.bits)), **outputs, "retire": In(1)}
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        lane_bits = config.lane_bits

        # Frames under way, up to edit: what the queues behind this stage can hold.
        running = Signal()
        in_flight = Signal(range(config.frames_under_way + 1))
        accept = Signal()
        valid_1 = Signal()  # a descriptor every other cycle, as chains want it
        m.d.sync += running.eq(1)
        m.d.comb += [
            self.descriptor.ready.eq(running & (in_flight != config.frames_under_way) & ~valid_1),
            accept.eq(self.descriptor.valid & self.descriptor.ready),
        ]
        retire = Signal()
        m.d.sync += retire.eq(self.retire)
        with m.If(accept & ~retire):
            m.d.sync += in_flight.eq(in_flight + 1)
        with m.Elif(retire & ~accept):
            m.d.sync += in_flight.eq(in_flight - 1)
        m.d.sync += valid_1.eq(accept)
        valid = delay(m, "valid", valid_1, LATENCY - 1, reset_less=False)

        def held(name, value, cycles=1):
            return delay(m, name, Value.cast(value), cycles)

        # The descriptor goes along, cycle by cycle; bits that nobody asks for vanish.
        taken = self.descriptor.payload
        stages = []
        for i in range(LATENCY - 1):
            taken = held(f"taken_{i + 1}", taken)
            stages.append(data.View(descriptor_layout(), taken))
        d1, d2, d3, d4 = stages

        # --- from the descriptor alone
        ipv4, ipv6 = d1.l3_kind == L3Kind.IPV4, d1.l3_kind == L3Kind.IPV6
        l3 = d1.l3_kind != L3Kind.NONE
        tcp, udp = d1.l4_kind == L4Kind.TCP, d1.l4_kind == L4Kind.UDP
        generic = d1.l4_kind == L4Kind.GENERIC
        l4 = d1.l4_kind != L4Kind.NONE
        mode = d1.l4_checksum
        segmented = d1.mss != 0
        outer_asked = d1.outer_ip_checksum | (d1.outer_l4_checksum != 0)
        segmented_2 = held("segmented_2", segmented)
        asked_2 = held("asked_2", segmented | d1.ip_checksum | (mode != 0) | outer_asked)
        unknown = Cat(
            d1.as_value()[i] for i in range(DESCRIPTOR.bits) if DESCRIPTOR.reserved_mask >> i & 1
        )
        reserved_2 = held(
            "reserved_2",
            unknown.any() | (d1.l3_kind == 3) | (d1.outer_l3_kind == 3) | (d1.tunnel > 4),
        )
        zero_length_2 = held("zero_length_2", d1.frame_length == 0)
        header_too_long_2 = held("header_too_long_2", d1.header_length > config.header_bytes)
        odd_2 = held(
            "odd_2",
            (l3 & d1.l3_offset[0])
            | ((l3 | l4) & d1.l4_offset[0])
            | (generic & d1.checksum_offset[0]),
        )
        outer_fields = Cat(
            d1.outer_l3_kind,
            d1.outer_l3_offset,
            d1.outer_l4_offset,
            d1.outer_l4_checksum,
            d1.outer_ip_id,
            d1.outer_ip_checksum,
            d1.tunnel,
        )
        operation_2 = held(
            "operation_2",
            (segmented & (~(tcp | udp) | ~l3 | (mode == ChecksumMode.NONE)))
            | (generic & mode[0])
            | (~l4 & (mode != 0))
            | ((mode == ChecksumMode.FROM_HEADER) & ~l3)
            | outer_fields.any()
            | (d1.ip_checksum & ~ipv4)
            | (d1.ip_id == 3)
            | (d1.tag_count != 0)
            | d1.length_8023,
        )
        off = {name: int(name not in config.offloads) for name in OFFLOADS}
        disabled_2 = held(
            "disabled_2",
            segmented
            & Mux(
                udp,
                Mux(ipv6, off["uso_ipv6"], off["uso_ipv4"]),
                Mux(ipv6, off["lso_ipv6"], off["lso_ipv4"]),
            ),
        )
        l3_length_2 = held("l3_length_2", d1.l4_offset - d1.l3_offset)
        l4_length_2 = held("l4_length_2", d1.header_length - d1.l4_offset)
        mss_less_1_2 = held("mss_less_1_2", (d1.mss - 1)[:16])
        # What of the L4 header must be there to hold a checksum.
        need = Mux(tcp, 18, Mux(udp, 8, d1.checksum_offset + 2))
        need_2 = held("need_2", need)
        place_2 = held(
            "place_2", (Mux(tcp, 16, Mux(udp, 6, d1.checksum_offset)) >> 1)[: config.word_bits]
        )

        # --- second cycle
        l3_length, l4_length = l3_length_2.as_signed(), l4_length_2.as_signed()
        ipv4_2, ipv6_2 = d2.l3_kind == L3Kind.IPV4, d2.l3_kind == L3Kind.IPV6
        tcp_2, udp_2 = d2.l4_kind == L4Kind.TCP, d2.l4_kind == L4Kind.UDP
        l4_2 = d2.l4_kind != L4Kind.NONE
        # Of a frame that nothing is asked of nothing is header.
        length = Signal(10)
        m.d.comb += length.eq(Mux(asked_2, d2.header_length, 0))
        payload_less_1_3 = held("payload_less_1_3", (d2.frame_length - length - 1)[:25])
        beyond_l3 = (ipv4_2 | ipv6_2) & (l4_length < 0)
        header_bad_3 = held(
            "header_bad_3",
            header_too_long_2
            | (asked_2 & ~segmented_2 & ((l4_2 & (l4_length < need_2)) | beyond_l3)),
        )
        l3_units = l3_length[2:6]
        ipv4_bad = (l3_length < 0) | l3_length[6:].any() | l3_length[:2].any() | (l3_units < 5)
        ipv6_bad = (l3_length < 40) | l3_length[:3].any()
        offsets_bad_3 = held(
            "offsets_bad_3",
            asked_2
            & (
                odd_2
                | (ipv4_2 & ipv4_bad)
                | (ipv6_2 & ipv6_bad)
                | (l4_2 & (l4_length <= 0))
                | beyond_l3
            ),
        )
        whole_too_long_3 = held("whole_too_long_3", d2.frame_length > config.max_segment)
        segment_end_3 = held("segment_end_3", d2.header_length + mss_less_1_2)
        l4_units = l4_length[2:6]
        l4_fits_3 = held(
            "l4_fits_3",
            ~l4_length[6:].any() & ~l4_length[:2].any() & Mux(tcp_2, l4_units >= 5, l4_units == 2),
        )
        check_protocol_3 = held(
            "check_protocol_3", (tcp_2 | udp_2) & (ipv4_2 | (ipv6_2 & (l3_length == 40)))
        )
        checksum_3 = held("checksum_3", ((d2.l4_offset >> 1) + place_2)[: config.word_bits])
        ip_base_3 = held("ip_base_3", (l3_length + l4_length)[:10])
        row = length >> lane_bits
        lane = length[:lane_bits]
        rows_3 = held("rows_3", row + (lane != 0))
        last_row_3 = held(
            "last_row_3", (row - (lane == 0))[: (config.header_rows - 1).bit_length()]
        )
        length_3 = held("length_3", length)
        single_3 = held("single_3", (d2.frame_length <= config.lanes))

        # --- third cycle
        payload_less_1 = payload_less_1_3
        no_payload = payload_less_1[24]
        segmented_3, asked_3 = held("segmented_3", segmented_2), held("asked_3", asked_2)
        several_4 = held(
            "several_4",
            segmented_3 & ~no_payload & (payload_less_1[:24] > held("mss_less_1_3", mss_less_1_2)),
        )
        too_short = no_payload & ~payload_less_1.all()
        early_4 = Signal(3, reset_less=True)  # the lowest of codes 1 to 5
        early = Signal(3)
        for code, wrong in reversed(
            [
                (Status.RESERVED, held("reserved_3", reserved_2)),
                (Status.FRAME_LENGTH, held("zero_length_3", zero_length_2) | too_short),
                (Status.HEADER_LENGTH, header_bad_3),
                (Status.OFFSETS, offsets_bad_3),
                (Status.OPERATION, held("operation_3", operation_2)),
            ]
        ):
            with m.If(wrong):
                m.d.comb += early.eq(code)
        m.d.sync += early_4.eq(early)
        segment_too_long_4 = held("segment_too_long_4", segment_end_3 >= config.max_segment)
        # Seed with length (D2): the whole payload's length comes off, as the complement of a
        # 32-bit number in two halves. What is complemented is one less; edit makes up for it.
        whole = d3.l4_checksum == ChecksumMode.SEED_WITH_LENGTH
        seed = Signal(17)
        with m.If(whole):
            m.d.comb += seed.eq(~payload_less_1[:16] + Cat(~payload_less_1[16:24], Const(0xFF, 8)))
        with m.Elif(d3.l4_checksum == ChecksumMode.FROM_HEADER):
            m.d.comb += seed.eq(Mux(d3.l4_kind == L4Kind.UDP, 17, 6))
        seed_4 = held("seed_4", Mux(whole & (~segmented_3 | no_payload), 0, seed))
        l4_length_3 = held("l4_length_3", l4_length_2)
        sum_base_4 = held("sum_base_4", Mux(whole, -1, l4_length_3[:10])[:11])
        no_payload_4 = held("no_payload_4", no_payload)
        ip_base_4 = held("ip_base_4", (ip_base_3 - Mux(d3.l3_kind == L3Kind.IPV6, 40, 0))[:10])

        # --- fourth cycle: the verdict, and the records
        whole_too_long_4 = held("whole_too_long_4", whole_too_long_3)
        disabled_4 = held("disabled_4", disabled_2, 2)
        code = Signal(3)
        with m.If(early_4 != 0):
            m.d.comb += code.eq(early_4)
        with m.Elif(Mux(several_4, segment_too_long_4, whole_too_long_4)):
            m.d.comb += code.eq(Status.SEGMENT_LENGTH)
        with m.Elif(disabled_4):
            m.d.comb += code.eq(Status.DISABLED)
        segmented_4, asked_4 = held("segmented_4", segmented_3), held("asked_4", asked_3)
        length_4, rows_4 = held("length_4", length_3), held("rows_4", rows_3)
        facts = {
            "code": code,
            "segmented": segmented_4,
            "asked": asked_4,
            "several": several_4,
            "no_payload": no_payload_4,
            "length": length_4,
            "rows": rows_4,
            "last_row": held("last_row_4", last_row_3),
            "single": held("single_4", single_3),
            "payload_less_1": held("payload_less_1_4", payload_less_1[:24]),
            "mss_less_1": held("mss_less_1_4", mss_less_1_2, 2),
            "checksum": held("checksum_4", checksum_3),
            "check_protocol": held("check_protocol_4", check_protocol_3),
            "l3_words": held("l3_words_4", l3_length_2[2:7], 2),
            "l4_words": held("l4_words_4", l4_length_3[2:6]),
            "l4_fits": held("l4_fits_4", l4_fits_3),
            "seed": seed_4,
            "sum_base": sum_base_4,
            "ip_base": ip_base_4,
        }
        for name, fields in contexts(config, d4, facts).items():
            port = getattr(self, name)
            record = Signal(port.payload.shape(), name=f"{name}_record", reset_less=True)
            m.d.sync += [record[field].eq(value) for field, value in fields.items()]
            m.d.comb += [port.payload.eq(record), port.valid.eq(valid)]
        return m
