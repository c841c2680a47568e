# SPDX-License-Identifier: Apache-2.0
"""Payload queue: raw payload beats between admit and align, or split."""

from amaranth import Cat, Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .primitives import delay
from .queues import Queue, RoomQueue
from .records import payload_beat, payload_marks


class PayloadQueue(wiring.Component):
    """Takes what comes from admit while align, or split, is busy, so that admit never waits for it.

    The data are in block RAM; at 256 bits, where what align decides goes to many of them, in
    distributed RAM. The marks, which are needed early in a cycle, are in distributed RAM.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    data : In stream(data_width), always ready; may be used while `room` is, or five cycles longer
    marks : In stream(payload_marks), of each beat of `data` a cycle later
    room : Out(1), a register
    o : Out stream(payload_beat), three cycles after `data`, two at 256 bits, four at 512

    Throughput: one beat a cycle.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "data": In(stream.Signature(config.data_width, always_ready=True)),
                "marks": In(stream.Signature(payload_marks(config), always_ready=True)),
                "room": Out(1),
                "o": Out(stream.Signature(payload_beat(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        block = config.narrow or config.stores_first
        m.submodules.data = data = RoomQueue(
            config.data_width, block=block, registers=1 + config.stores_first, late=config.late_room
        )
        m.submodules.marks = marks = Queue(payload_marks(config), certain=True)
        valid, coming = self.data.valid, self.data.payload
        if not block:
            # Block RAM has its data a cycle later than distributed RAM.
            valid = delay(m, "valid", valid, 1, reset_less=False)
            coming = delay(m, "coming", coming, 1)
        out = self.o.payload
        m.d.comb += [
            data.i.valid.eq(valid),
            data.i.payload.eq(coming),
            marks.i.valid.eq(self.marks.valid),
            marks.i.payload.eq(self.marks.payload),
            # Both have the same beats; of those that are in both the data come out last.
            self.o.valid.eq(data.o.valid),
            data.o.ready.eq(self.o.ready),
            marks.o.ready.eq(self.o.ready & data.o.valid),
            Cat(*(out[name] for name, _ in marks.o.payload.shape())).eq(marks.o.payload),
            out.data.eq(data.o.payload),
            self.room.eq(data.room),
        ]
        return m
