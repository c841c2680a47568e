# SPDX-License-Identifier: Apache-2.0
"""Fetch: says row by row which payload leaves next."""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .records import fetch_plan, fetched_row, stored_segment


class Fetch(wiring.Component):
    """Walks through the rows of each segment as soon as its payload is stored, be its header ready
    or not; so what reads the store may take some cycles.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    plan : In stream(fetch_plan)
    stored : In stream(stored_segment), of the same segment
    row : Out stream(fetched_row)
    tail : Out(k), rows before it are free

    Latency: 2 cycles, 3 in a hurry. Throughput: one row a cycle, a segment every other cycle, but
    in a hurry for one right behind another now and then.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "plan": In(stream.Signature(fetch_plan(config))),
                "stored": In(stream.Signature(stored_segment(config))),
                "row": Out(stream.Signature(fetched_row(config))),
                "tail": Out((config.buffer_rows - 1).bit_length()),
            }
        )

    def elaborate(self, platform):
        m = Module()
        plan, stored = self.plan.payload, self.stored.payload

        # The next segment waits in registers, so that nothing in front of them hears of the store.
        next_plan = Signal(plan.shape(), reset_less=True)
        next_stored = Signal(stored.shape(), reset_less=True)
        waiting = Signal()
        take = Signal()
        active = Signal()
        at_last = Signal()
        number = Signal(plan.beats_less_1.shape(), reset_less=True)  # of the beat after this one
        beats_less_1 = Signal(plan.beats_less_1.shape(), reset_less=True)
        row = self.row.payload
        moves = ~active | self.row.ready
        restart = ~active | at_last
        # Behind a segment of one beat the next one would come too late: in a hurry one more waits.
        comes = Signal() if self.config.hurried else waiting
        m.d.comb += [
            take.eq(self.plan.valid & self.stored.valid & ~comes),
            self.plan.ready.eq(take),
            self.stored.ready.eq(take),
            self.row.valid.eq(active),
        ]
        if self.config.hurried:
            coming_plan, coming_stored = (
                Signal(each.shape(), name=f"coming_{name}", reset_less=True)
                for name, each in (("plan", plan), ("stored", stored))
            )
            moves_up = ~waiting | (moves & restart)
            with m.If(~comes):
                m.d.sync += [coming_plan.eq(plan), coming_stored.eq(stored), comes.eq(take)]
            with m.Elif(moves_up):
                m.d.sync += comes.eq(0)
            with m.If(moves_up):
                m.d.sync += [
                    next_plan.eq(coming_plan),
                    next_stored.eq(coming_stored),
                    waiting.eq(comes),
                ]
        else:
            with m.If(~waiting):
                m.d.sync += [next_plan.eq(plan), next_stored.eq(stored), waiting.eq(take)]
            with m.Elif(moves & restart):
                m.d.sync += waiting.eq(0)
        with m.If(moves):
            with m.If(restart):
                m.d.sync += [
                    active.eq(waiting & ~next_stored.none),
                    at_last.eq(next_plan.beats_less_1 == 0),
                    number.eq(1),
                    beats_less_1.eq(next_plan.beats_less_1),
                    row.shift.eq(next_plan.shift),
                    row.start.eq(next_plan.start),
                ]
                with m.If(waiting):
                    m.d.sync += [row.row.eq(next_stored.row), row.next_row.eq(next_stored.row + 1)]
            with m.Else():
                m.d.sync += [
                    at_last.eq(number == beats_less_1),
                    number.eq(number + 1),
                    row.row.eq(row.next_row),
                    row.next_row.eq(row.next_row + 1),
                    row.start.eq(0),
                ]
        # A row is read when the next one is taken, so not before that anything behind it is free.
        with m.If(self.row.ready):
            m.d.sync += self.tail.eq(row.row)
        return m
