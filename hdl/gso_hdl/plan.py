# SPDX-License-Identifier: Apache-2.0
"""Plan: cuts a frame's payload into segments, ahead of the data."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .primitives import count, less
from .records import cut, fetch_plan, plan_context, segment_plan


class Plan(wiring.Component):
    """Says for each segment how long it is and how align, or split, gets it out of the raw beats.

    Nothing is divided: what remains is compared with the MSS once a segment. Raw lanes are those
    of `s_axis`, aligned lanes those of `m_axis`, where payload starts right behind the header at
    `start_lane`. With the first payload byte in raw lane f, the shift is f - `start_lane`; a
    segment's first beat needs a second raw beat only where f > `start_lane`. In a frame's first
    segment the two lanes are the same unless tags are inserted. Where payload is stored first split
    needs the raw lanes alone, and the shift goes to fetch.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    context : In stream(plan_context)
    cut : Out stream(cut), to align or split; the receiver has room for all under way
    fetch : Out stream(fetch_plan), where payload is stored first; pulses together with `cut`
    segment : Out stream(segment_plan), to edit; pulses together with `cut`
    flush : In(1), align or split discards the rest of the frame: plan no more of it
    last_taken : In(1), it has taken a frame's last cut
    retire : In(1), a segment's result was taken

    Latency: 4 cycles. Throughput: one segment every two cycles. Source: D7, D8.
    """

    def __init__(self, config):
        self.config = config
        fetch = fetch_plan(config) if config.stores_first else None
        super().__init__(
            {
                "context": In(stream.Signature(plan_context(config))),
                "cut": Out(stream.Signature(cut(config), always_ready=True)),
                **({"fetch": Out(stream.Signature(fetch, always_ready=True))} if fetch else {}),
                "segment": Out(stream.Signature(segment_plan(), always_ready=True)),
                "flush": In(1),
                "last_taken": In(1),
                "retire": In(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        lane_bits = self.config.lane_bits
        context = self.context.payload

        active = Signal()
        compared = Signal()  # `difference` belongs to `remaining`
        first = Signal()
        empty = Signal()
        remaining = Signal(24, reset_less=True)  # bytes, minus one
        mss = Signal(16, reset_less=True)  # minus one
        lane = Signal(lane_bits, reset_less=True)
        raw_lane = lane
        if self.config.tags:
            raw_lane = Signal(lane_bits, reset_less=True)
        difference = Signal(25, reset_less=True)

        in_flight = Signal(range(self.config.segments_under_way + 1))
        # Last cuts that align has yet to take.
        frames_ahead = Signal(range(self.config.segments_under_way + 1))
        issue = Signal()
        last = Signal()
        flushed = self.flush & (frames_ahead == 0)
        # A cycle old; nothing is issued in the cycle after another.
        room = Signal(init=1)
        m.d.sync += room.eq(in_flight != self.config.segments_under_way)
        m.d.comb += [
            last.eq(difference[24] | empty | flushed),
            issue.eq(active & compared & room),
            self.context.ready.eq(~active | (issue & last)),
        ]
        count(m, in_flight, issue, self.retire)
        count(m, frames_ahead, issue & last, self.last_taken)
        # Borrow: what remains fits into one segment.
        m.d.sync += difference.eq(less(remaining, mss))
        # `issue` is late: it goes to the enables only.
        with m.If(issue | ~active):
            m.d.sync += compared.eq(0)
            with m.If(last | ~active):
                m.d.sync += [
                    active.eq(self.context.valid),
                    first.eq(1),
                    empty.eq(context.empty),
                    remaining.eq(context.payload_less_1),
                    mss.eq(context.mss_less_1),
                    lane.eq(context.lane),
                ]
                if self.config.tags:
                    m.d.sync += raw_lane.eq(context.raw_lane)
            with m.Else():
                m.d.sync += [first.eq(0), remaining.eq(difference[:24])]
        with m.Else():
            m.d.sync += compared.eq(1)

        # One cycle later: the segment's length, and where it lies in the raw beats.
        length = Signal(16, reset_less=True)  # minus one
        valid_1 = Signal()
        first_1, last_1, none_1 = (
            Signal(name=f"{name}_1", reset_less=True) for name in ("first", "last", "none")
        )
        lane_1 = Signal(lane_bits, reset_less=True)
        start = Signal(lane_bits, reset_less=True)  # raw lane of the segment's first byte
        m.d.sync += valid_1.eq(issue)
        with m.If(issue):
            m.d.sync += [
                length.eq(Mux(difference[24], remaining[:16], mss)),
                first_1.eq(first),
                last_1.eq(last),
                none_1.eq(empty),
                lane_1.eq(lane),
            ]
            with m.If(first):
                m.d.sync += start.eq(raw_lane)

        stores_first = self.config.stores_first
        raw_end = Signal(17 if stores_first else lane_bits + 1)
        m.d.comb += raw_end.eq(start + (length if stores_first else length[:lane_bits]))
        aligned_end = Signal(17)
        m.d.comb += aligned_end.eq(lane_1 + length)
        with m.If(valid_1):
            m.d.sync += start.eq(raw_end + 1)

        # Two cycles later: what align or split has to do.
        valid_2 = Signal()
        out = Signal(cut(self.config), reset_less=True)
        full = Signal(reset_less=True)  # the segment starts in a new raw beat
        length_2 = Signal(16, reset_less=True)
        m.d.sync += [
            valid_2.eq(valid_1),
            out.none.eq(none_1),
            out.first.eq(first_1),
            out.last.eq(last_1),
            out.raw_end.eq(raw_end[:lane_bits]),
            full.eq(start == 0),
            length_2.eq(length + 1),
        ]
        with m.If(none_1):
            m.d.sync += length_2.eq(0)
        valid_3 = Signal()
        final = Signal(cut(self.config), reset_less=True)
        segment = Signal(segment_plan(), reset_less=True)
        m.d.sync += [
            valid_3.eq(valid_2),
            final.eq(out),
            segment.length.eq(length_2),
            segment.last.eq(out.last),
        ]
        if stores_first:
            crosses = ~out.first & ~full
            fetch = Signal(fetch_plan(self.config), reset_less=True)
            fetched = Signal(fetch.shape(), reset_less=True)
            m.d.sync += [
                fetch.beats_less_1.eq(aligned_end >> lane_bits),
                fetch.start.eq(lane_1),
                Cat(fetch.shift, out.below).eq(start - lane_1),
                fetched.eq(fetch),
                out.beats.eq(raw_end >> lane_bits),
                out.begin.eq(start),
                final.odd.eq(fetch.shift[0]),
                final.single.eq((out.beats == 0) | (crosses & (out.beats == 1)) | out.none),
                final.double.eq(out.beats == 1 + crosses),
                final.loads.eq(~crosses | (out.beats != 0)),
                final.crosses.eq(crosses),
            ]
            m.d.comb += [self.fetch.valid.eq(valid_3), self.fetch.payload.eq(fetched)]
        else:
            carry = Signal(reset_less=True)  # would a one-beat segment end in the next raw beat?
            below = Signal(reset_less=True)  # the raw lane is below the aligned one
            m.d.sync += [
                out.beats_less_1.eq(aligned_end >> lane_bits),
                out.start_lane.eq(lane_1),
                out.end_lane.eq(aligned_end[:lane_bits]),
                Cat(out.shift, below).eq(start - lane_1),
                carry.eq(raw_end[lane_bits]),
            ]
            single = out.beats_less_1 == 0
            cross = Signal()
            ends = Signal(lane_bits + 1)
            m.d.comb += [
                cross.eq(Mux(single, carry, ~below & (out.shift != 0))),
                ends.eq(out.shift + out.end_lane),
            ]
            m.d.sync += [
                final.single.eq(single | out.none),
                final.double.eq(out.beats_less_1 == 1),
                final.first_load.eq(out.first | full | cross),
                final.first_cross.eq(cross & ~out.none),
                final.last_load.eq((out.shift == 0) | ends[lane_bits]),
            ]
        m.d.comb += [
            self.cut.valid.eq(valid_3),
            self.cut.payload.eq(final),
            self.segment.valid.eq(valid_3),
            Cat(self.segment.payload).eq(segment),
        ]
        return m
