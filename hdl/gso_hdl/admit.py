# SPDX-License-Identifier: Apache-2.0
"""Admit: joins a descriptor with its frame and tells header, payload and rubbish apart."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .primitives import equal_pairs
from .records import admit_context, header_row, payload_marks


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

    A beat never waits here but for its frame's context: the receivers say early that there is
    room. So one register takes what comes, and `ready` is another.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    context : In stream(admit_context)
    beat : In stream(input_beat)
    row : Out stream(header_row)
    payload : Out stream(data_width)
    marks : Out stream(payload_marks), of each beat of `payload` a cycle later
    row_room, payload_room : In(1), there is room for four more, be it no longer

    Latency: 1 cycle to payload, 2 to rows and marks. Throughput: one beat a cycle, none lost
    between frames.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "context": In(stream.Signature(admit_context(config))),
                "beat": In(stream.Signature(input_beat(config))),
                "row": Out(stream.Signature(header_row(config), always_ready=True)),
                "payload": Out(stream.Signature(config.data_width, always_ready=True)),
                "marks": Out(stream.Signature(payload_marks(config), always_ready=True)),
                "row_room": In(1),
                "payload_room": In(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config

        held = Signal(input_beat(config), reset_less=True)
        held_valid = Signal()
        in_frame = Signal()
        take = Signal()  # `held` moves on
        open_ = Signal()  # `ready`; `held` is empty then, or moves on
        ending = held_valid & held.last
        with m.If(open_):
            m.d.sync += held.eq(self.beat.payload)
        m.d.comb += [self.beat.ready.eq(open_), take.eq(held_valid & in_frame)]
        m.d.sync += [
            held_valid.eq((self.beat.valid & open_) | (held_valid & ~in_frame)),
            open_.eq(
                self.row_room & self.payload_room & (self.context.valid | (in_frame & ~ending))
            ),
        ]

        # The frame, and what the beat in `held` is to it; known before the beat is there.
        frame = Signal(admit_context(config), reset_less=True)
        is_header = Signal()
        is_payload = Signal()
        is_final = Signal()
        swallow = Signal()  # the frame is over, its bytes are not
        sends = Signal()  # goes to `payload` whatever comes
        ends = Signal()  # goes there if it is the frame's last
        # The beat behind it is the frame's last if all of these are 1.
        pairs = -(-len(frame.beats) // 2)
        next_final = Signal(pairs, init=-1, reset_less=True)
        # Number of the beat after that one, from 0, or from 1 where no bytes are over: the last is
        # one earlier then.
        number = Signal(len(frame.beats), reset_less=True)
        rows_left = Signal(len(frame.payload_row), reset_less=True)  # rows to the first payload
        coming = self.context.payload
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
                    next_final.eq(Cat(coming.double, Const(-1, pairs - 1))),
                    number.eq(2 + (coming.end_lane == 0)),
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
                        & (is_payload | (rows_left == 1) | next_final.all())
                    ),
                    ends.eq(frame.refused | ~(swallow | is_final)),
                    is_payload.eq(is_payload | (rows_left == 1)),
                    is_final.eq(next_final.all()),
                    swallow.eq(swallow | is_final),
                    next_final.eq(equal_pairs(number, frame.beats)),
                    number.eq(number + 1),
                    rows_left.eq(rows_left - 1),
                ]
        m.d.comb += self.context.ready.eq((take & held.last) | ~in_frame)

        to_payload = take & (sends | (ends & held.last))
        m.d.comb += [self.payload.valid.eq(to_payload), self.payload.payload.eq(held.data)]
        m.d.sync += [self.row.valid.eq(take & is_header), self.marks.valid.eq(to_payload)]

        # A cycle later: how many bytes came, and how many should have?
        row, marks = self.row.payload, self.marks.payload
        came = Signal(config.lane_bits + 1, reset_less=True)
        last, final, has_payload = (
            Signal(name=name, reset_less=True) for name in ("last", "final", "has_payload")
        )
        expected = Signal(config.lane_bits + 1, reset_less=True)  # of a frame's final beat
        row_needs = Signal(config.lane_bits + 1, reset_less=True)  # header bytes in this row
        header_goes_on = Signal(reset_less=True)  # ... behind this row
        m.d.sync += [
            row.data.eq(held.data),
            marks.end.eq(held.last | is_final),
            marks.abort.eq(held.abort),
            came.eq(ones_from_below(held.keep)),
            last.eq(held.last),
            final.eq(is_final),
            has_payload.eq(is_payload),
            expected.eq(Cat(frame.end_lane, frame.end_lane == 0)),
            row_needs.eq(Mux(is_payload, frame.payload_lane, config.lanes)),
            header_goes_on.eq(~is_payload & ((rows_left != 1) | (frame.payload_lane != 0))),
        ]
        m.d.comb += [
            marks.valid.eq(came & has_payload.replicate(len(came))),
            marks.under.eq(last & (~final | (came < expected))),
            marks.over.eq(final & (~last | (came > expected))),
            # The frame ends inside its header.
            row.short.eq(last & (header_goes_on | (came < row_needs))),
        ]
        return m
