# SPDX-License-Identifier: Apache-2.0
"""Stages under test that only make sense together with what is beside them."""

from amaranth import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect

from gso_hdl.admit import Admit
from gso_hdl.align import Align
from gso_hdl.payload_queue import PayloadQueue
from gso_hdl.plan import Plan
from gso_hdl.queues import Queue
from gso_hdl.records import cut
from gso_hdl.split import Split


class AdmitQueue(wiring.Component):
    """Admit with the queue of its payload, as in the core.

    Members
    -------
    context, beat, row, row_room : as admit's
    payload : Out stream(payload_beat)
    """

    def __init__(self, config):
        self.admit, self.queue = Admit(config), PayloadQueue(config)
        super().__init__(
            {
                "context": In(self.admit.context.signature.flip()),
                "beat": In(self.admit.beat.signature.flip()),
                "row": Out(self.admit.row.signature),
                "row_room": In(1),
                "payload": Out(self.queue.o.signature),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.admit, m.submodules.queue = admit, queue = self.admit, self.queue
        connect(m, admit.payload, queue.data)
        connect(m, admit.marks, queue.marks)
        connect(m, wiring.flipped(self.context), admit.context)
        connect(m, wiring.flipped(self.beat), admit.beat)
        connect(m, admit.row, wiring.flipped(self.row))
        connect(m, queue.o, wiring.flipped(self.payload))
        m.d.comb += [admit.row_room.eq(self.row_room), admit.payload_room.eq(queue.room)]
        return m


class Planned(wiring.Component):
    """Plan and align, or split, with the queue of cuts between them, as in the core.

    Members
    -------
    context, segment, retire : as plan's, and `fetch` where it has one
    beat and what leaves : as align's or split's
    """

    BETWEEN = ("cut", "flush", "last_taken")

    def __init__(self, config):
        self.config = config
        self.plan = Plan(config)
        self.cutter = (Split if config.stores_first else Align)(config)
        super().__init__(
            {
                name: member
                for part in (self.plan, self.cutter)
                for name, member in part.signature.members.items()
                if name not in self.BETWEEN
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.plan, m.submodules.cutter = plan, cutter = self.plan, self.cutter
        m.submodules.cuts = cuts = Queue(cut(self.config), self.config.segment_bits)
        connect(m, plan.cut, cuts.i)
        connect(m, cuts.o, cutter.cut)
        m.d.comb += [plan.flush.eq(cutter.flush), plan.last_taken.eq(cutter.last_taken)]
        for part in (plan, cutter):
            for name, member in part.signature.members.items():
                if name in self.BETWEEN:
                    continue
                inner, outer = getattr(part, name), getattr(self, name)
                if member.is_signature and isinstance(member.signature, stream.Signature):
                    ends = (inner, wiring.flipped(outer))
                    connect(m, *(ends if member.flow is Out else reversed(ends)))
                elif member.flow is Out:
                    m.d.comb += outer.eq(inner)
                else:
                    m.d.comb += inner.eq(outer)
        return m


JOINED = {"admit": AdmitQueue, "plan_align": Planned, "plan_split": Planned}
