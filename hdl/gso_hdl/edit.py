# SPDX-License-Identifier: Apache-2.0
"""Edit: writes into a segment's header what differs from segment to segment."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from gso_model.layout import FLAG_CWR, IdMode

from .primitives import Chain, Queue, add_with_carry
from .records import column_write, edit_context, header_result, segment_plan, segment_record
from .steps import Step, first_step, next_step


class Edit(wiring.Component):
    """Edits the header of one segment after the other, one column a cycle.

    Each field has its absolute value in a register that advances once a segment; no field is
    read back. What is written is added up on the way: first to the IPv4 header checksum, then to
    the part of the L4 checksum that is not payload. The L4 checksum itself is left to egress, so
    that all of this is done before the payload's sum is there.

    A segment's slot is its frame's first copy or, for odd segments, the second; from the third
    segment on the one before the last must have been sent.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    context : In stream(edit_context)
    header : In stream(header_result)
    segment : In stream(segment_plan)
    write : Out stream(column_write), never stalled
    record : Out stream(segment_record)
    sent : In(1), egress has read a segment's header
    taken : Out(1), a frame was taken in

    Latency: 5 cycles and one for each column written. Throughput: a segment takes one cycle and
    one for each column: 7 for TCP/IPv4, 5 for TCP/IPv6 and UDP/IPv4, 3 for UDP/IPv6; a frame of
    one segment 3 for TCP/IPv4, 4 for UDP/IPv4; a checksum-only frame 2 at most.
    Source: D1, D2, D5, D6.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "context": In(stream.Signature(edit_context(config))),
                "header": In(stream.Signature(header_result(config))),
                "segment": In(stream.Signature(segment_plan())),
                "write": Out(stream.Signature(column_write(config), always_ready=True)),
                "record": Out(stream.Signature(segment_record(config))),
                "sent": In(1),
                "taken": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        column_bits = (config.columns - 1).bit_length()

        # --- the frame and the segment in work
        frame = Signal(edit_context(config), reset_less=True)
        header = Signal(header_result(config), reset_less=True)
        segment = Signal(segment_plan(), reset_less=True)
        busy = Signal()
        over = Signal(init=1)  # the next segment is a new frame's first
        number = Signal(2)  # 0, 1, 2 for all later ones
        odd = Signal()
        good = Signal()  # neither refused nor found wrong
        step = Signal(Step)

        fire_end = Signal()
        load = Signal()
        load_frame = Signal()
        unsent = Signal(5)
        sent = Signal()
        m.d.sync += sent.eq(self.sent)
        with m.If(fire_end & ~sent):
            m.d.sync += unsent.eq(unsent + 1)
        with m.Elif(sent & ~fire_end):
            m.d.sync += unsent.eq(unsent - 1)
        new = Mux(busy, segment.last, over)
        coming = Mux(busy & (number != 2), number + 1, number)
        both = Signal()  # a frame's context and its header's result are there
        slot_free = (coming != 2) | (unsent == 0) | (~busy & (unsent == 1))
        go = fire_end | ~busy
        m.d.sync += both.eq(self.context.valid & self.header.valid & ~load_frame)
        m.d.comb += [
            load_frame.eq(go & new & both & self.segment.valid),
            load.eq(go & self.segment.valid & Mux(new, both, slot_free)),
            self.context.ready.eq(load_frame),
            self.taken.eq(load_frame),
            self.header.ready.eq(load_frame),
            self.segment.ready.eq(load),
        ]

        fine = (self.context.payload.refused == 0) & (self.header.payload.verdict == 0)
        with m.If(go):
            m.d.sync += [busy.eq(load), over.eq(new)]
        with m.If(load):
            m.d.sync += segment.eq(self.segment.payload)
        with m.If(fire_end):
            m.d.sync += [number.eq(coming), odd.eq(~odd)]
        with m.If(load_frame):
            m.d.sync += [
                frame.eq(self.context.payload),
                header.eq(self.header.payload),
                number.eq(0),
                odd.eq(0),
                good.eq(fine),
                step.eq(first_step(self.context.payload, fine)),
            ]
        with m.Elif(load):
            m.d.sync += step.eq(first_step(frame, good))
        with m.Elif(busy & ~fire_end):
            m.d.sync += step.eq(next_step(step, frame, good))

        # --- fields that advance
        next_id = Signal(16)
        with m.Switch(frame.ip_id):
            with m.Case(IdMode.MOD15):
                m.d.comb += next_id.eq(Cat((header.ip_id[:15] + 1)[:15], header.ip_id[15]))
            with m.Case(IdMode.MOD16):
                m.d.comb += next_id.eq(header.ip_id + 1)
            with m.Default():
                m.d.comb += next_id.eq(header.ip_id)
        with m.If(fire_end & ~load_frame):
            m.d.sync += [
                header.ip_id.eq(next_id),
                header.sequence.eq(header.sequence + frame.mss_less_1 + 1),
            ]

        # --- first cycle of a step: the value and its place
        mask = Signal(12)
        with m.If(number == 0):
            m.d.comb += mask.eq(config.flag_mask_first)
        with m.Elif(segment.last):
            m.d.comb += mask.eq(config.flag_mask_last)
        with m.Else():
            m.d.comb += mask.eq(config.flag_mask_middle)
        masked = header.flags[:12] & (mask | Mux(frame.keep_cwr, FLAG_CWR, 0))
        base = Signal(len(frame.l3))
        offset = Signal(4)
        value = Signal(16, reset_less=True)
        choice = Signal(16)
        ip_length = frame.ip_base + segment.length
        udp_length = segment.length + 8
        sum_length = (frame.sum_base.as_signed() + segment.length)[:16]
        active = Signal()
        is_end = step == Step.END
        m.d.comb += [
            active.eq(busy & ~is_end),
            base.eq(frame.l4),
        ]
        with m.Switch(step):
            with m.Case(Step.LENGTH):
                m.d.comb += [
                    base.eq(frame.l3),
                    offset.eq(Mux(frame.ipv4, 1, 2)),
                    choice.eq(ip_length),
                ]
            with m.Case(Step.ID):
                m.d.comb += [base.eq(frame.l3), offset.eq(2), choice.eq(header.ip_id)]
            with m.Case(Step.IP_CHECKSUM):
                m.d.comb += [base.eq(frame.l3), offset.eq(5)]
            with m.Case(Step.SEQUENCE_HIGH):
                m.d.comb += [offset.eq(2), choice.eq(header.sequence[16:])]
            with m.Case(Step.SEQUENCE_LOW):
                m.d.comb += [offset.eq(3), choice.eq(header.sequence[:16])]
            with m.Case(Step.FLAGS):
                m.d.comb += [offset.eq(6), choice.eq(Cat(masked, header.flags[12:]))]
            with m.Case(Step.UDP_LENGTH):
                m.d.comb += [offset.eq(2), choice.eq(udp_length)]
            with m.Case(Step.END):
                m.d.comb += choice.eq(Mux(frame.add_length, sum_length, 0))
        position = Signal(len(base) + 1, reset_less=True)
        slot = Signal(len(header.slot), reset_less=True)
        start = Signal(16, reset_less=True)  # what this step's sum starts with, if it restarts
        restart = Signal(reset_less=True)
        invert = Signal(reset_less=True)
        in_l3 = (step == Step.LENGTH) | (step == Step.ID) | (step == Step.IP_CHECKSUM)
        fresh = Signal(init=1)  # the L4 part begins with this step
        stepping = Signal()
        m.d.comb += stepping.eq(busy & (~is_end | fire_end))
        with m.If(stepping):
            m.d.sync += fresh.eq(in_l3 | fire_end)
        m.d.sync += [
            value.eq(choice),
            position.eq(base + offset),
            slot.eq(header.slot + Mux(odd, frame.rows, 0)),
            start.eq(Mux(in_l3, header.ip_sum, header.l4_sum)),
            restart.eq(
                (step == Step.LENGTH)
                | ((step == Step.IP_CHECKSUM) & ~frame.segmented)
                | (~in_l3 & fresh)
            ),
            invert.eq(step == Step.IP_CHECKSUM),
        ]

        # --- second cycle: add, and find the row
        total = Signal(17, reset_less=True)
        adding = Signal()
        acting = Signal()
        writing = Signal()
        out = Signal(column_write(config), reset_less=True)
        source = Mux(restart, start, total[:16])
        carry = total[16] & ~restart
        m.d.sync += [adding.eq(stepping), acting.eq(active), writing.eq(acting)]
        with m.If(adding):
            m.d.sync += total.eq(add_with_carry(source, value, carry))
        m.d.sync += [
            out.row.eq(slot + position[column_bits:]),
            out.column.eq(position[:column_bits]),
            out.value.eq(Mux(invert, ~(source + carry)[:16], value)),
        ]

        # --- third cycle: write
        m.d.comb += [self.write.valid.eq(writing), self.write.payload.eq(out)]

        # --- the record
        made = Signal(segment_record(config), reset_less=True)
        ending = Signal()
        ended = Signal()
        slot_2 = Signal(len(slot), reset_less=True)
        m.d.sync += [ending.eq(fire_end), ended.eq(ending), slot_2.eq(slot)]
        # Every record that is under way must find a place.
        if config.shallow:
            m.submodules.records = records = Chain(segment_record(config), 3)
            crowded = records.full | (records.crowded & ended)
        else:
            m.submodules.records = records = Queue(segment_record(config))
            crowded = unsent[3:].any()
        m.d.comb += fire_end.eq(busy & is_end & ~ending & ~crowded)
        with m.If(fire_end):
            m.d.sync += [
                made.rows.eq(frame.rows),
                made.payload_row.eq(frame.header_length >> config.lane_bits),
                made.length.eq(frame.header_length + segment.length),
                made.payload.eq(segment.length),
                made.checksum_row.eq(frame.checksum >> column_bits),
                made.checksum_column.eq(frame.checksum[:column_bits]),
                made.checksum_on.eq(frame.checksum_on & ~header.no_checksum),
                made.no_zero.eq(frame.udp),
                made.first.eq(number == 0),
                made.last.eq(segment.last),
                made.status.eq(
                    Mux(
                        frame.refused != 0,
                        frame.refused,
                        Mux(header.verdict != 0, header.verdict + 15, 0),
                    )
                ),
                made.counted.eq(frame.counted),
                made.request_id.eq(frame.request_id),
                made.user.eq(frame.user),
                made.timestamp.eq(frame.timestamp & segment.last),
            ]
        m.d.comb += [
            records.i.valid.eq(ended),
            records.i.payload.eq(made),
            records.i.payload.slot.eq(slot_2),
            records.i.payload.partial.eq(total),
            self.record.valid.eq(records.o.valid),
            self.record.payload.eq(records.o.payload),
            records.o.ready.eq(self.record.ready),
        ]
        return m
