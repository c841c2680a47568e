# SPDX-License-Identifier: Apache-2.0
"""Check: is the descriptor one that can be carried out, and what does it say to each stage?"""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from gso_model.layout import DESCRIPTOR, ChecksumMode, L3Kind, L4Kind, Status

from .records import admit_context, edit_context, header_context, plan_context


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
    admit, plan, header, edit : Out streams; all four pulse together, receivers have room for all
    retire : In(1), edit has taken a frame

    Latency: 4 cycles. Throughput: one descriptor a cycle. Source: D1, D2, D7, D9, D10, D11, D21.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "descriptor": In(stream.Signature(DESCRIPTOR.bits)),
                "admit": Out(stream.Signature(admit_context(config), always_ready=True)),
                "plan": Out(stream.Signature(plan_context(config), always_ready=True)),
                "header": Out(stream.Signature(header_context(config), always_ready=True)),
                "edit": Out(stream.Signature(edit_context(config), always_ready=True)),
                "retire": In(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        lane_bits = config.lane_bits

        # Frames under way, up to edit: what the queues behind this stage can hold.
        running = Signal()
        in_flight = Signal(range(config.frames_under_way + 1))
        accept = Signal()
        m.d.sync += running.eq(1)
        m.d.comb += [
            self.descriptor.ready.eq(running & (in_flight != config.frames_under_way)),
            accept.eq(self.descriptor.valid & self.descriptor.ready),
        ]
        m.d.sync += in_flight.eq(in_flight + accept - self.retire)

        def register(name, value, **options):
            held = Signal(value.shape(), name=name, reset_less=True, **options)
            m.d.sync += held.eq(value)
            return held

        # The descriptor, held unchanged through the stages; the unused bits of it vanish.
        valid = [Signal(name=f"valid_{i}") for i in range(4)]
        m.d.sync += valid[0].eq(accept)
        m.d.sync += [valid[i].eq(valid[i - 1]) for i in range(1, 4)]
        taken = Signal(DESCRIPTOR.bits, reset_less=True)
        m.d.sync += taken.eq(self.descriptor.payload)
        words = [taken]
        for i in range(1, 3):
            words.append(register(f"taken_{i}", words[-1]))
        d0, d1, d2 = (data.View(descriptor_layout(), word) for word in words)

        # --- first cycle: differences and single-field questions
        asked = Signal()
        segmented = Signal()
        ipv4, ipv6 = d0.l3_kind == L3Kind.IPV4, d0.l3_kind == L3Kind.IPV6
        l3 = d0.l3_kind != L3Kind.NONE
        tcp, udp = d0.l4_kind == L4Kind.TCP, d0.l4_kind == L4Kind.UDP
        generic = d0.l4_kind == L4Kind.GENERIC
        mode = d0.l4_checksum
        m.d.comb += [
            segmented.eq(d0.mss != 0),
            asked.eq(
                segmented
                | d0.ip_checksum
                | (mode != 0)
                | d0.outer_ip_checksum
                | (d0.outer_l4_checksum != 0)
            ),
        ]
        asked_1, segmented_1 = register("asked_1", asked), register("segmented_1", segmented)
        # Bytes behind the header, minus one; borrow: there are none.
        payload_less_1 = register("payload_less_1", d0.frame_length - d0.header_length - 1)
        too_short = register("too_short", d0.frame_length < d0.header_length)
        l3_length = register("l3_length", (d0.l4_offset - d0.l3_offset).as_signed())
        l4_length = register("l4_length", (d0.header_length - d0.l4_offset).as_signed())
        need = Signal(9)
        with m.Switch(d0.l4_kind):
            with m.Case(L4Kind.TCP):
                m.d.comb += need.eq(18)
            with m.Case(L4Kind.UDP):
                m.d.comb += need.eq(8)
            with m.Case(L4Kind.GENERIC):
                m.d.comb += need.eq(d0.checksum_offset + 2)
        need_1 = register("need_1", need)
        mss_less_1 = register("mss_less_1", (d0.mss - 1)[:16])
        reserved = DESCRIPTOR.reserved_mask
        unknown = Cat(taken[i] for i in range(DESCRIPTOR.bits) if reserved >> i & 1)
        reserved_1 = register(
            "reserved_1",
            unknown.any() | (d0.l3_kind == 3) | (d0.outer_l3_kind == 3) | (d0.tunnel > 4),
        )
        zero_length = register("zero_length", d0.frame_length == 0)
        last_byte = register("last_byte", (d0.frame_length - 1)[:24])
        header_too_long = register("header_too_long", d0.header_length > config.header_bytes)
        odd_1 = register(
            "odd_1",
            (l3 & d0.l3_offset[0])
            | ((l3 | (d0.l4_kind != 0)) & d0.l4_offset[0])
            | (generic & d0.checksum_offset[0]),
        )
        outer_fields = Cat(
            d0.outer_l3_kind,
            d0.outer_l3_offset,
            d0.outer_l4_offset,
            d0.outer_l4_checksum,
            d0.outer_ip_id,
            d0.outer_ip_checksum,
            d0.tunnel,
        )
        operation_1 = register(
            "operation_1",
            (segmented & ~(tcp | udp))
            | (segmented & ~l3)
            | (segmented & (mode == ChecksumMode.NONE))
            | (generic & (mode[0] == 1))
            | ((d0.l4_kind == L4Kind.NONE) & (mode != 0))
            | ((mode == ChecksumMode.FROM_HEADER) & ~l3)
            | outer_fields.any()
            | (d0.ip_checksum & ~ipv4)
            | (d0.ip_id == 3)
            | (d0.tag_count != 0)
            | d0.length_8023,
        )
        on = {name: int(name in config.offloads) for name in ("lso_ipv4", "lso_ipv6")}
        on |= {name: int(name in config.offloads) for name in ("uso_ipv4", "uso_ipv6")}
        disabled_1 = register(
            "disabled_1",
            segmented
            & Mux(
                udp,
                Mux(ipv6, not on["uso_ipv6"], not on["uso_ipv4"]),
                Mux(ipv6, not on["lso_ipv6"], not on["lso_ipv4"]),
            ),
        )

        # --- second cycle: comparisons of what the first made
        ipv4_1, ipv6_1 = d1.l3_kind == L3Kind.IPV4, d1.l3_kind == L3Kind.IPV6
        l4_1 = d1.l4_kind != L4Kind.NONE
        tcp_1, udp_1 = d1.l4_kind == L4Kind.TCP, d1.l4_kind == L4Kind.UDP
        mode_1 = d1.l4_checksum
        several = Signal()
        no_payload = too_short | payload_less_1[24]
        m.d.comb += several.eq(segmented_1 & ~no_payload & (payload_less_1[:24] > mss_less_1))
        header_missing = (
            asked_1
            & ~segmented_1
            & ((l4_1 & (l4_length < need_1)) | ((ipv4_1 | ipv6_1) & (l4_length < 0)))
        )
        l3_bad = (
            ipv4_1 & ((l3_length < 20) | (l3_length > 60) | l3_length[:2].any())
        ) | (ipv6_1 & ((l3_length < 40) | l3_length[:3].any()))
        reserved_2 = register("reserved_2", reserved_1)
        length_bad_2 = register("length_bad_2", zero_length | (asked_1 & too_short))
        header_bad_2 = register("header_bad_2", header_too_long | header_missing)
        offsets_bad_2 = register(
            "offsets_bad_2",
            asked_1
            & (
                odd_1
                | l3_bad
                | (l4_1 & (l4_length <= 0))
                | ((ipv4_1 | ipv6_1) & (l4_length < 0))
            ),
        )
        operation_2 = register("operation_2", operation_1)
        disabled_2 = register("disabled_2", disabled_1)
        # A frame that stays whole may be max_segment long; a cut one leaves in header + MSS.
        whole_too_long = register("whole_too_long", last_byte >= config.max_segment)
        segment_end = register("segment_end", d1.header_length + mss_less_1)
        several_2 = register("several_2", several)
        asked_2, segmented_2 = register("asked_2", asked_1), register("segmented_2", segmented_1)
        no_payload_2 = register("no_payload_2", no_payload)
        payload_2 = register("payload_2", payload_less_1[:24])
        last_byte_2 = register("last_byte_2", last_byte)
        mss_2 = register("mss_2", mss_less_1)
        l3_length_2 = register("l3_length_2", l3_length[:10])
        l4_length_2 = register("l4_length_2", l4_length[:10])
        check_protocol_2 = register(
            "check_protocol_2",
            (tcp_1 | udp_1) & (ipv4_1 | (ipv6_1 & (l3_length == 40))),
        )
        l4_fits_2 = register(
            "l4_fits_2",
            Mux(
                tcp_1,
                (l4_length >= 20) & (l4_length <= 60) & ~l4_length[:2].any(),
                l4_length == 8,
            ),
        )
        # Seed with length (D2): the L4 length of the whole frame comes off, as the complement
        # of a 32-bit number in two halves.
        whole_l4 = register("whole_l4", (last_byte - d1.l4_offset + 1)[:24])
        seed_kind = register(
            "seed_kind", (mode_1 == ChecksumMode.SEED_WITH_LENGTH) & segmented_1
        )
        seed_protocol = register("seed_protocol", mode_1 == ChecksumMode.FROM_HEADER)

        # --- third cycle: the verdict and the records
        code = Signal(3)
        with m.If(reserved_2):
            m.d.comb += code.eq(Status.RESERVED)
        with m.Elif(length_bad_2):
            m.d.comb += code.eq(Status.FRAME_LENGTH)
        with m.Elif(header_bad_2):
            m.d.comb += code.eq(Status.HEADER_LENGTH)
        with m.Elif(offsets_bad_2):
            m.d.comb += code.eq(Status.OFFSETS)
        with m.Elif(operation_2):
            m.d.comb += code.eq(Status.OPERATION)
        with m.Elif(Mux(several_2, segment_end >= config.max_segment, whole_too_long)):
            m.d.comb += code.eq(Status.SEGMENT_LENGTH)
        with m.Elif(disabled_2):
            m.d.comb += code.eq(Status.DISABLED)

        refused = code != 0
        live = asked_2 & ~refused
        length = Mux(live, d2.header_length, 0)
        rows = (length + config.lanes - 1) >> lane_bits
        ipv4_2, ipv6_2 = d2.l3_kind == L3Kind.IPV4, d2.l3_kind == L3Kind.IPV6
        tcp_2, udp_2 = d2.l4_kind == L4Kind.TCP, d2.l4_kind == L4Kind.UDP
        checksum_on = d2.l4_checksum != ChecksumMode.NONE
        checksum_offset = Signal(8)
        m.d.comb += checksum_offset.eq(d2.checksum_offset)
        with m.If(tcp_2):
            m.d.comb += checksum_offset.eq(16)
        with m.Elif(udp_2):
            m.d.comb += checksum_offset.eq(6)
        checksum = (d2.l4_offset + checksum_offset) >> 1
        seed = Signal(17)
        with m.If(seed_kind):
            m.d.comb += seed.eq(~whole_l4[:16] + Cat(~whole_l4[16:], Const(0xFF, 8)))
        with m.Elif(seed_protocol):
            m.d.comb += seed.eq(Mux(udp_2, 17, 6))

        admit = Signal(admit_context(config), reset_less=True)
        plan = Signal(plan_context(config), reset_less=True)
        header = Signal(header_context(config), reset_less=True)
        edit = Signal(edit_context(config), reset_less=True)
        m.d.sync += [
            admit.beats.eq(d2.frame_length >> lane_bits),
            admit.end_lane.eq(d2.frame_length[:lane_bits]),
            admit.single.eq(last_byte_2 < config.lanes),
            admit.payload_row.eq(length >> lane_bits),
            admit.payload_lane.eq(length[:lane_bits]),
            admit.refused.eq(refused),
            plan.payload_less_1.eq(Mux(asked_2, payload_2, last_byte_2)),
            plan.mss_less_1.eq(mss_2),
            plan.lane.eq(length[:lane_bits]),
            plan.empty.eq(refused | (asked_2 & no_payload_2)),
            header.empty.eq(length == 0),
            header.rows.eq(rows),
            header.last_row.eq((length - 1)[:10] >> lane_bits),
            header.end_lane.eq(length[:lane_bits]),
            header.l3.eq(d2.l3_offset >> 1),
            header.l4.eq(d2.l4_offset >> 1),
            header.checksum.eq(checksum),
            header.ipv4.eq(ipv4_2),
            header.ipv6.eq(ipv6_2),
            header.tcp.eq(tcp_2),
            header.udp.eq(udp_2),
            header.segmented.eq(segmented_2),
            header.several.eq(several_2),
            header.checksum_on.eq(checksum_on),
            header.from_header.eq(d2.l4_checksum == ChecksumMode.FROM_HEADER),
            header.check_protocol.eq(check_protocol_2),
            header.l3_words.eq(l3_length_2 >> 2),
            header.l4_words.eq(l4_length_2 >> 2),
            header.l4_fits.eq(l4_fits_2),
            header.seed.eq(seed),
            edit.refused.eq(code),
            edit.request_id.eq(d2.request_id),
            edit.user.eq(d2.user),
            edit.timestamp.eq(d2.timestamp),
            edit.counted.eq(asked_2),
            edit.header_length.eq(length),
            edit.rows.eq(rows),
            edit.mss_less_1.eq(mss_2),
            edit.l3.eq(d2.l3_offset >> 1),
            edit.l4.eq(d2.l4_offset >> 1),
            edit.checksum.eq(checksum),
            edit.ip_base.eq(d2.header_length - d2.l3_offset - Mux(ipv6_2, 40, 0)),
            edit.l4_base.eq(l4_length_2),
            edit.ipv4.eq(ipv4_2),
            edit.ipv6.eq(ipv6_2),
            edit.tcp.eq(tcp_2),
            edit.udp.eq(udp_2),
            edit.segmented.eq(segmented_2 & ~refused),
            edit.several.eq(several_2 & ~refused),
            edit.ip_checksum.eq(ipv4_2 & (segmented_2 | d2.ip_checksum) & live),
            edit.checksum_on.eq(checksum_on & live),
            edit.add_length.eq(
                (segmented_2 | ~d2.l4_checksum[1] | d2.l4_checksum[0]) & checksum_on
            ),
            edit.ip_id.eq(d2.ip_id),
            edit.keep_cwr.eq(d2.keep_cwr),
        ]
        m.d.comb += [
            self.admit.payload.eq(admit),
            self.plan.payload.eq(plan),
            self.header.payload.eq(header),
            self.edit.payload.eq(edit),
        ]
        for port in (self.admit, self.plan, self.header, self.edit):
            m.d.comb += port.valid.eq(valid[3])
        return m
