# SPDX-License-Identifier: Apache-2.0
"""The core: stages and the queues between them."""

from amaranth import Cat, Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect

from gso_model.layout import COMPLETION, DESCRIPTOR

from .admit import Admit, input_beat
from .align import Align
from .buffer import Buffer
from .capture import Capture
from .check import Check
from .edit import Edit
from .egress import Egress
from .fetch import Fetch
from .finish import Finish
from .payload_queue import PayloadQueue
from .plan import Plan
from .queues import Queue, RoomQueue
from .records import (
    admit_context,
    cut,
    edit_context,
    fetch_plan,
    header_context,
    header_result,
    header_row,
    header_sums,
    output_beat,
    plan_context,
    segment_plan,
    segment_result,
    stored_segment,
    tag_context,
)
from .slots import Slots
from .split import Split
from .store import Store
from .sum import Sum
from .tag import Tag


class Core(wiring.Component):
    """The segmentation offload core, its ports as streams.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    descriptor : In stream(256)
    frame : In stream(input_beat)
    segment : Out stream(output_beat)
    completion : Out stream(96)
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "descriptor": In(stream.Signature(DESCRIPTOR.bits)),
                "frame": In(stream.Signature(input_beat(config))),
                "segment": Out(stream.Signature(output_beat(config))),
                "completion": Out(stream.Signature(COMPLETION.bits)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.check = check = Check(config)
        m.submodules.admit = admit = Admit(config)
        m.submodules.plan = plan = Plan(config)
        if config.stores_first:
            m.submodules.split = cutter = Split(config)
            m.submodules.store = store = Store(config)
        else:
            m.submodules.align = cutter = Align(config)
            m.submodules.buffer = buffer = Buffer(config)
        m.submodules.sum = sum_ = Sum(config)
        m.submodules.capture = capture = Capture(config)
        m.submodules.slots = slots = Slots(config)
        m.submodules.edit = edit = Edit(config)
        m.submodules.finish = finish = Finish(config)
        m.submodules.egress = egress = Egress(config)

        def queue(name, source, shape, sink, **options):
            """A queue between two stages.

            None can overflow: check and plan count what is under way. Descriptors run ahead of
            their frames, so what they are made into can wait in block RAM.
            """
            m.submodules[name] = between = Queue(shape, **options)
            m.d.comb += [
                between.i.valid.eq(source.valid),
                between.i.payload.eq(source.payload),
                sink.valid.eq(between.o.valid),
                sink.payload.eq(between.o.payload),
                between.o.ready.eq(sink.ready),
            ]

        slow, many = config.narrowest, config.segment_bits
        queue(
            "admit_queue",
            check.admit,
            admit_context(config),
            admit.context,
            bits=5,
            block=True,
        )
        # In the widest core frames of one beat follow each other faster than block RAM allows plan.
        plan_waits = not config.widest
        queue("plan_queue", check.plan, plan_context(config), plan.context, block=plan_waits)
        queue(
            "capture_queue",
            check.header,
            header_context(config),
            capture.context,
            block=True,
            registers=2,
        )
        # Edit takes a frame in two cycles where frames have one beat or two.
        queue(
            "edit_queue",
            check.edit,
            edit_context(config),
            edit.context,
            block=True,
            registers=1 if config.narrow else 2,
        )
        # The widest core gives cycles for block RAM only where tunnels want its LUTs.
        plans_wait = slow or config.hurried
        # 30 cuts in distributed RAM are a LUT and a multiplexer more in front of align.
        cuts_wait = plans_wait or not (config.narrow or config.widest)
        queue("cut_queue", plan.cut, cut(config), cutter.cut, bits=many, block=cuts_wait)
        queue(
            "segment_queue", plan.segment, segment_plan(), edit.segment, bits=many, block=plans_wait
        )
        # Few beats hide the header's way at 512 bits.
        queue(
            "header_queue",
            capture.result,
            header_result(config),
            edit.header,
            block=slow,
            passing=config.widest,
        )
        # Edit keeps a frame's sums to its end, when it has long been counted as taken.
        queue("sums_queue", capture.sums, header_sums(config), edit.sums, block=slow)
        queue(
            "result_queue",
            sum_.result,
            segment_result(),
            finish.result,
            bits=many,
            passing=config.narrow,
        )
        # The widest core's block RAMs crowd in one place of an FPGA as it is.
        rows_bits = 4 if config.header_bytes <= 16 * config.lanes else 5
        rows = RoomQueue(
            header_row(config),
            rows_bits,
            block=not config.widest,
            late=config.late_room,
        )
        m.submodules.rows = rows
        connect(m, admit.row, rows.i)
        if config.tags:
            m.submodules.tag = tag = Tag(config)
            queue("tag_queue", check.tag, tag_context(config), tag.context, block=True)
            connect(m, rows.o, tag.row)
            connect(m, tag.tagged, capture.row)
        else:
            connect(m, rows.o, capture.row)
        m.submodules.payload_queue = payload_queue = PayloadQueue(config)
        m.d.comb += [
            admit.row_room.eq(rows.room),
            admit.payload_room.eq(payload_queue.room & store.room)
            if config.stores_first
            else admit.payload_room.eq(payload_queue.room),
        ]
        connect(m, admit.payload, payload_queue.data)
        connect(m, admit.marks, payload_queue.marks)
        connect(m, payload_queue.o, cutter.beat)
        connect(m, capture.slot, slots.capture)
        for written, slot in zip(edit.write, slots.edit, strict=True):
            connect(m, written, slot)
        connect(m, edit.record, finish.record)
        connect(m, finish.segment, egress.segment)
        if config.stores_first:
            m.submodules.fetch = fetch = Fetch(config)
            # In tunnels edit hardly works ahead, so one short segment must not hold up the next.
            queue(
                "fetch_queue",
                plan.fetch,
                fetch_plan(config),
                fetch.plan,
                bits=many,
                block=True,
                registers=2 if config.hurried else 1,
            )
            shape = stored_segment(config)
            queue("stored_queue", cutter.stored, shape, fetch.stored, bits=many, passing=True)
            connect(m, cutter.pieces, sum_.aligned)
            connect(m, fetch.row, store.row)
            connect(m, store.turned, egress.payload)
            m.d.comb += [
                store.data.valid.eq(admit.payload.valid),
                store.data.payload.eq(admit.payload.payload),
                store.tail.eq(fetch.tail),
            ]
        else:
            m.d.comb += [
                sum_.aligned.payload.eq(cutter.aligned.payload),
                sum_.aligned.valid.eq(cutter.aligned.valid),
                buffer.aligned.payload.eq(cutter.aligned.payload),
                buffer.aligned.valid.eq(cutter.aligned.valid),
                cutter.room.eq(buffer.room),
                buffer.enable.eq(egress.enable),
                buffer.enable_last.eq(egress.enable_last),
                buffer.read.eq(egress.payload_read),
                buffer.drop.eq(egress.payload_drop),
                buffer.skip.eq(egress.payload_skip),
                egress.payload_data.eq(buffer.data),
            ]
        m.d.comb += [
            plan.flush.eq(cutter.flush),
            plan.last_taken.eq(cutter.last_taken),
            plan.retire.eq(finish.result.valid & finish.result.ready),
            check.retire.eq(edit.taken),
            capture.oldest.eq(egress.oldest),
            capture.slot_soon.eq(slots.soon),
            edit.sent.eq(egress.sent),
            slots.enable.eq(egress.enable),
            slots.enable_last.eq(egress.enable_last),
            slots.read.eq(egress.slot_read),
            slots.address.eq(egress.slot_address),
            egress.slot_data.eq(slots.data),
            *([edit.unwritten.eq(capture.unwritten)] if config.tunnels else []),
            *([edit.header_soon.eq(capture.result_soon)] if config.hurried else []),
            *([slots.clear.eq(egress.slot_clear)] if config.copies_at_once else []),
        ]
        m.d.comb += [
            check.descriptor.valid.eq(self.descriptor.valid),
            check.descriptor.payload.eq(self.descriptor.payload),
            self.descriptor.ready.eq(check.descriptor.ready),
            admit.beat.valid.eq(self.frame.valid),
            Cat(admit.beat.payload).eq(self.frame.payload),
            self.frame.ready.eq(admit.beat.ready),
            self.segment.valid.eq(egress.beat.valid),
            Cat(self.segment.payload).eq(egress.beat.payload),
            egress.beat.ready.eq(self.segment.ready),
            self.completion.valid.eq(egress.completion.valid),
            self.completion.payload.eq(egress.completion.payload),
            egress.completion.ready.eq(self.completion.ready),
        ]
        return m
