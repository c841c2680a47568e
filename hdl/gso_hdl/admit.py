# SPDX-License-Identifier: Apache-2.0
"""Admit: joins a descriptor with its frame and tells header, payload and rubbish apart."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .records import admit_context, header_row, payload_beat


def ones_from_below(keep):
    """How many ones `keep` has, where they are contiguous from bit 0.

    Bit k of the number is 1 where the ones end in the upper half of a block of 2 << k.
    """
    lanes, bits = len(keep), []
    for half in (1 << k for k in range((lanes - 1).bit_length())):
        ends = [keep[i + half - 1] & ~keep[i + 2 * half - 1] for i in range(0, lanes, 2 * half)]
        bits.append(Cat(ends).any())
    return Cat(*bits, keep[-1])


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
    row_room : In(1), there is room for two more rows
    payload : Out stream(payload_beat)

    Latency: 2 cycles. Throughput: one beat a cycle, none lost between frames.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "context": In(stream.Signature(admit_context(config))),
                "beat": In(stream.Signature(input_beat(config))),
                "row": Out(stream.Signature(header_row(config), always_ready=True)),
                "row_room": In(1),
                "payload": Out(stream.Signature(payload_beat(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config

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
        stays = held_valid & ~take
        with m.If(~stays):
            m.d.sync += held.eq(Mux(spare_valid, spare, self.beat.payload))
        m.d.sync += [
            held_valid.eq(stays | spare_valid | arrives),
            spare_valid.eq(stays & (spare_valid | arrives)),
            open_.eq(~(stays & (spare_valid | arrives))),
        ]
        with m.If(open_):
            m.d.sync += spare.eq(self.beat.payload)

        # The frame, and what the beat in `held` is to it; known before the beat is there.
        frame = Signal(admit_context(config), reset_less=True)
        in_frame = Signal()
        is_header = Signal()
        is_payload = Signal()
        is_final = Signal()
        swallow = Signal()  # the frame is over, its bytes are not
        sends = Signal()  # goes to `payload` whatever comes
        ends = Signal()  # goes there if it is the frame's last
        number = Signal(len(frame.beats), reset_less=True)  # of the next beat, from 0 or from 1
        next_final = number == frame.beats
        rows_left = Signal(len(frame.payload_row), reset_less=True)  # rows to the first payload
        coming = self.context.payload
        # `take` is late: it goes to the enables only.
        with m.If(take | ~in_frame):
            with m.If(held.last | ~in_frame):
                m.d.sync += [
                    frame.eq(coming),
                    in_frame.eq(self.context.valid),
                    is_header.eq(
                        ~coming.refused & ((coming.payload_row != 0) | (coming.payload_lane != 0))
                    ),
                    is_payload.eq(coming.payload_row == 0),
                    is_final.eq(coming.single),
                    swallow.eq(0),
                    sends.eq(~coming.refused & (coming.single | (coming.payload_row == 0))),
                    ends.eq(1),
                    # The final beat is one earlier where no bytes are over.
                    number.eq(1 + (coming.end_lane == 0)),
                    rows_left.eq(coming.payload_row),
                ]
            with m.Else():
                m.d.sync += [
                    is_header.eq(
                        is_header
                        & ~is_final
                        & ~is_payload
                        & ((rows_left != 1) | (frame.payload_lane != 0))
                    ),
                    sends.eq(
                        ~frame.refused
                        & ~is_final
                        & ~swallow
                        & (is_payload | (rows_left == 1) | next_final)
                    ),
                    ends.eq(frame.refused | ~(swallow | is_final)),
                    is_payload.eq(is_payload | (rows_left == 1)),
                    is_final.eq(next_final),
                    swallow.eq(swallow | is_final),
                    number.eq(number + 1),
                    rows_left.eq(rows_left - 1),
                ]
        m.d.comb += self.context.ready.eq((take & held.last) | ~in_frame)

        # The two outputs, each with a register of its own; both must have room.
        to_row = is_header
        to_payload = sends | (ends & held.last)
        row = Signal(header_row(config), reset_less=True)
        payload_room = ~self.payload.valid | self.payload.ready
        # Of the two registers that tell the same this one is for `take`, which has no time.
        vacant = Signal(init=1)
        m.d.comb += take.eq(
            held_valid
            & in_frame
            & (~to_row | self.row_room)
            & (~to_payload | vacant | self.payload.ready)
        )
        m.d.sync += self.row.valid.eq(take & to_row)
        with m.If(self.payload.ready):
            m.d.sync += [self.payload.valid.eq(0), vacant.eq(1)]
        with m.If(take & to_payload):
            m.d.sync += [self.payload.valid.eq(1), vacant.eq(0)]

        # How many bytes came is compared a cycle later with how many should have.
        count = ones_from_below(held.keep)
        valid = Signal(config.lane_bits + 1, reset_less=True)  # of the beat in `payload`
        last = Signal(reset_less=True)
        final = Signal(reset_less=True)
        has_payload = Signal(reset_less=True)
        abort = Signal(reset_less=True)
        expected = Signal(config.lane_bits + 1, reset_less=True)
        with m.If(payload_room):
            m.d.sync += [
                self.payload.payload.data.eq(held.data),
                self.payload.payload.end.eq(held.last | is_final),
                valid.eq(count),
                last.eq(held.last),
                final.eq(is_final),
                has_payload.eq(is_payload),
                abort.eq(held.abort),
                expected.eq(Cat(frame.end_lane, frame.end_lane == 0)),
            ]
        m.d.comb += [
            self.payload.payload.valid.eq(valid & has_payload.replicate(len(valid))),
            self.payload.payload.under.eq(last & (~final | (valid < expected))),
            self.payload.payload.over.eq(final & (~last | (valid > expected))),
            self.payload.payload.abort.eq(abort),
        ]

        # Does the frame end inside its header?
        row_end = Signal(reset_less=True)
        row_count = Signal(config.lane_bits + 1, reset_less=True)
        row_needs = Signal(config.lane_bits + 1, reset_less=True)  # header bytes in this row
        header_goes_on = Signal(reset_less=True)  # ... behind this row
        m.d.sync += [
            row.data.eq(held.data),
            row_end.eq(held.last),
            row_count.eq(count),
            row_needs.eq(Mux(is_payload, frame.payload_lane, config.lanes)),
            header_goes_on.eq(~is_payload & ((rows_left != 1) | (frame.payload_lane != 0))),
        ]
        m.d.comb += [
            self.row.payload.data.eq(row.data),
            self.row.payload.short.eq(row_end & (header_goes_on | (row_count < row_needs))),
        ]
        return m
