# SPDX-License-Identifier: Apache-2.0
"""Admit: joins a descriptor with its frame and tells header, payload and rubbish apart."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .records import (
    BAD_ABORTED,
    BAD_LONG,
    BAD_NONE,
    BAD_SHORT,
    admit_context,
    header_row,
    payload_beat,
)


def ones_from_below(keep):
    """How many ones `keep` has, where they are contiguous from bit 0: a binary search."""
    bits = []
    part = keep
    for _ in range((len(keep) - 1).bit_length()):
        half = len(part) // 2
        upper = part[half - 1]
        bits.insert(0, upper)
        part = Mux(upper, part[half:], part[:half])
    return Mux(keep[-1], len(keep), Cat(*bits))


def input_beat(config):
    """A beat of `s_axis`; `abort` means something with `last` only (D13)."""
    return data.StructLayout(
        {"data": config.data_width, "keep": config.lanes, "last": 1, "abort": 1}
    )


class Admit(wiring.Component):
    """Joins each descriptor with its frame and splits the frame into header rows and payload.

    Header beats go to `row`, beats with payload to `payload`, the beat that has both to both.
    A frame's last beat always goes to `payload` with the `end` mark, be it only to say so.
    Length errors (D13) are found here; what comes behind a `LONG` frame's end and everything
    of a refused one is swallowed.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    context : In stream(admit_context)
    beat : In stream(input_beat)
    row : Out stream(header_row)
    payload : Out stream(payload_beat)

    Latency: 2 cycles. Throughput: one beat a cycle, none lost between frames.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "context": In(stream.Signature(admit_context(config))),
                "beat": In(stream.Signature(input_beat(config))),
                "row": Out(stream.Signature(header_row(config))),
                "payload": Out(stream.Signature(payload_beat(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        context = self.context.payload

        # Two places for what comes in, so that `ready` is a register.
        layout = input_beat(config)
        spare = Signal(layout, reset_less=True)
        held = Signal(layout, reset_less=True)
        spare_valid = Signal()
        held_valid = Signal()
        take = Signal()  # `held` moves on
        open_ = Signal()  # `ready`
        m.d.comb += self.beat.ready.eq(open_)
        arrives = self.beat.valid & open_
        with m.If(take | ~held_valid):
            m.d.sync += [
                held.eq(Mux(spare_valid, spare, self.beat.payload)),
                held_valid.eq(spare_valid | arrives),
                spare_valid.eq(0),
                open_.eq(1),
            ]
        with m.Elif(arrives):
            m.d.sync += [spare_valid.eq(1), open_.eq(0)]
        with m.Else():
            m.d.sync += open_.eq(~spare_valid)
        with m.If(open_):
            m.d.sync += spare.eq(self.beat.payload)

        # Where in the frame `held` is.
        count = Signal(24 - config.lane_bits)  # its number
        row = Signal(context.rows.shape())  # the same, but it stops behind the header
        swallow = Signal()  # the frame is over, its bytes are not
        is_header = row != context.rows
        is_payload = row >= context.payload_row
        is_final = count == context.last_beat

        valid = Signal(config.lane_bits + 1)
        m.d.comb += valid.eq(ones_from_below(held.keep))
        bad = Signal(2)
        end = Signal()
        m.d.comb += end.eq(held.last | is_final)
        with m.If(~is_final):
            m.d.comb += bad.eq(BAD_SHORT)
        with m.Elif(valid <= context.last_lane):
            m.d.comb += bad.eq(Mux(held.last, BAD_SHORT, BAD_LONG))
        with m.Elif(~held.last | (valid != context.last_lane + 1)):
            m.d.comb += bad.eq(BAD_LONG)
        with m.Elif(held.abort):
            m.d.comb += bad.eq(BAD_ABORTED)
        with m.Else():
            m.d.comb += bad.eq(BAD_NONE)
        # Does the frame end inside its header?
        stub = end & (
            (row < context.payload_row)
            & ~((row + 1 == context.payload_row) & (context.payload_lane == 0) & held.keep[-1])
            | ((row == context.payload_row) & (valid < context.payload_lane))
        )

        # The two outputs, each with a register of its own; both must have room.
        to_row = Signal()
        to_payload = Signal()
        room = Signal()
        row_room = ~self.row.valid | self.row.ready
        payload_room = ~self.payload.valid | self.payload.ready
        m.d.comb += [
            to_row.eq(is_header & ~swallow & ~context.refused),
            to_payload.eq(Mux(context.refused, held.last, ~swallow & (is_payload | end))),
            room.eq((~to_row | row_room) & (~to_payload | payload_room)),
            take.eq(held_valid & self.context.valid & room),
            self.context.ready.eq(take & held.last),
        ]
        with m.If(self.row.ready):
            m.d.sync += self.row.valid.eq(0)
        with m.If(self.payload.ready):
            m.d.sync += self.payload.valid.eq(0)
        with m.If(row_room):
            m.d.sync += [
                self.row.payload.data.eq(held.data),
                self.row.payload.short.eq(stub),
            ]
        with m.If(payload_room):
            m.d.sync += [
                self.payload.payload.data.eq(held.data),
                self.payload.payload.end.eq(end | context.refused),
                self.payload.payload.bad.eq(bad),
                self.payload.payload.valid.eq(Mux(is_payload, valid, 0)),
            ]
        with m.If(take & to_row):
            m.d.sync += self.row.valid.eq(1)
        with m.If(take & to_payload):
            m.d.sync += self.payload.valid.eq(1)
        with m.If(take):
            m.d.sync += count.eq(count + 1)
            with m.If(is_header):
                m.d.sync += row.eq(row + 1)
            with m.If(is_final):
                m.d.sync += swallow.eq(1)
            with m.If(held.last):
                m.d.sync += [count.eq(0), row.eq(0), swallow.eq(0)]
        return m
