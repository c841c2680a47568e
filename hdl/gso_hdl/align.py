# SPDX-License-Identifier: Apache-2.0
"""Align: cuts the payload at MSS boundaries and puts each byte into its lane on the wire."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .primitives import at_or_above, at_or_below
from .records import BAD_ABORTED, BAD_LONG, BAD_NONE, BAD_SHORT, aligned_beat, cut, payload_beat


class Align(wiring.Component):
    """Makes aligned beats, segment by segment, from raw ones.

    Holds the newest raw beat and the one before it. For each lane the older or the newer is
    chosen, then all are rotated by the segment's shift: one rotator, not two. A beat is taken
    in at most once for each beat given out, so align never is the bottleneck.

    Where a frame's first segment starts in a lower lane than its payload did, because of a tag,
    its first beat is made of two raw ones: the first is taken in a step of its own.

    A frame that ends early gives every segment whose last byte came; the rest are `void`.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    beat : In stream(payload_beat)
    cut : In stream(cut)
    aligned : Out stream(aligned_beat), never stalled: the receiver says `room` early
    room : In(1), there is room for this beat and for 9 more; heard a cycle later
    flush : Out(1), the rest of this frame is discarded
    last_taken : Out(1), a frame's last cut was taken

    Latency: 5 cycles. Throughput: one beat a cycle. Source: docs/theory.md, D13.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "beat": In(stream.Signature(payload_beat(config))),
                "cut": In(stream.Signature(cut(config))),
                "aligned": Out(stream.Signature(aligned_beat(config), always_ready=True)),
                "room": In(1),
                "flush": Out(1),
                "last_taken": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        lanes, lane_bits = config.lanes, config.lane_bits
        beat = self.beat.payload

        # --- the segment in work, and the step within it
        now = Signal(cut(config), reset_less=True)
        valid = Signal()
        older_from = Signal(lanes, reset_less=True)  # raw lanes of the older beat, when crossing
        start_mask = Signal(lanes, reset_less=True)
        end_mask = Signal(lanes, reset_less=True)
        at_first = Signal()
        at_last = Signal()
        number = Signal(now.beats_less_1.shape(), reset_less=True)  # of the next step
        flush = Signal()
        prime = Signal() if config.tags else Const(0, 1)  # this step only takes a beat

        load = Signal()  # this step wants a raw beat
        opened = Signal()  # ... and may have it: its frame has not ended yet
        step = Signal()
        done = Signal()
        newer_end = Signal()
        blocked = load & ~opened  # the frame has ended before this segment
        room = Signal()  # the buffer is far away
        m.d.sync += room.eq(self.room)
        m.d.comb += [
            step.eq(valid & room & (~opened | self.beat.valid)),
            done.eq(step & (at_last | blocked) & ~prime),
            self.beat.ready.eq(valid & room & opened),
            self.cut.ready.eq(done | ~valid),
            self.flush.eq(flush),
            self.last_taken.eq(done & now.last),
        ]
        ended = Mux(opened, beat.end, newer_end)
        following = self.cut.payload
        over = Mux(valid & opened, beat.end, newer_end)
        lost = flush | (valid & blocked)
        next_last = number == now.beats_less_1
        next_load = ~next_last | now.last_load
        with m.If(step & ~prime):
            m.d.sync += [
                at_first.eq(0),
                at_last.eq(next_last),
                load.eq(next_load),
                opened.eq(next_load & ~ended),
                number.eq(number + 1),
                flush.eq(blocked & ~now.last),
            ]
        if config.tags:
            with m.If(step & prime):
                m.d.sync += [prime.eq(0), opened.eq(~ended)]
        with m.If(self.cut.ready):
            m.d.sync += [
                valid.eq(self.cut.valid),
                now.eq(following),
                at_first.eq(1),
                # What is left of a frame that ended early is blocked as a whole.
                load.eq(following.first_load | (lost & ~following.first)),
                opened.eq(following.first_load & (following.first | ~over)),
                at_last.eq(following.single),
                number.eq(1),
                older_from.eq(at_or_above(following.shift, lanes)),
                start_mask.eq(Mux(following.none, 0, at_or_above(following.start_lane, lanes))),
                end_mask.eq(at_or_below(following.end_lane, lanes)),
            ]

            if config.tags:
                m.d.sync += prime.eq(following.first & following.first_cross)

        # --- raw beats
        newer = Signal(config.data_width, reset_less=True)
        older = Signal(config.data_width, reset_less=True)
        newer_under, newer_over, newer_abort = (
            Signal(name=f"newer_{name}", reset_less=True) for name in ("under", "over", "abort")
        )
        newer_valid = Signal(lane_bits + 1, reset_less=True)
        with m.If(step & opened):
            m.d.sync += [
                newer.eq(beat.data),
                older.eq(newer),
                newer_end.eq(beat.end),
                newer_under.eq(beat.under),
                newer_over.eq(beat.over),
                newer_abort.eq(beat.abort & beat.end),
                newer_valid.eq(beat.valid),
            ]

        # --- first cycle after the step: choose between the two beats
        step_1 = Signal()
        none_1, ends_1, last_1, blocked_1 = (
            Signal(name=f"{name}_1", reset_less=True)
            for name in ("none", "ends", "last", "blocked")
        )
        raw_end_1 = Signal(lane_bits, reset_less=True)
        choose = Signal(lanes, reset_less=True)
        mask_1 = Signal(lanes, reset_less=True)
        shift_1 = Signal(lane_bits, reset_less=True)
        cross = load & Mux(at_first, now.first_cross, 1)
        m.d.sync += [
            step_1.eq(step),
            none_1.eq(now.none),
            ends_1.eq(done),
            last_1.eq(now.last),
            blocked_1.eq(blocked | prime),
            raw_end_1.eq(now.raw_end),
            choose.eq(older_from),
            mask_1.eq(Mux(at_first, start_mask, ~0) & Mux(at_last, end_mask, ~0)),
            shift_1.eq(now.shift),
        ]
        with m.If(~cross | (now.shift == 0)):
            m.d.sync += choose.eq(0)
        chosen = Signal(config.data_width, reset_less=True)
        for i in range(lanes):
            part = slice(8 * i, 8 * i + 8)
            m.d.sync += chosen[part].eq(Mux(choose[i], older[part], newer[part]))

        bad = Mux(newer_over, BAD_LONG, Mux(newer_abort, BAD_ABORTED, BAD_NONE))
        newer_bad = Mux(newer_under, BAD_SHORT, bad)
        missing = ~none_1 & newer_under & (raw_end_1 >= newer_valid)
        void_1 = blocked_1 | missing | (last_1 & (newer_bad != BAD_NONE))
        step_2 = Signal()
        write_2, end_2, void_2 = (
            Signal(name=f"{name}_2", reset_less=True) for name in ("write", "end", "void")
        )
        bad_2 = Signal(2, reset_less=True)
        mask_2 = Signal(lanes, reset_less=True)
        shift_2 = Signal(lane_bits, reset_less=True)
        m.d.sync += [
            step_2.eq(step_1),
            write_2.eq(step_1 & ~none_1 & ~blocked_1),
            end_2.eq(step_1 & ends_1),
            void_2.eq(void_1),
            bad_2.eq(Mux(last_1, newer_bad, BAD_NONE)),
            mask_2.eq(mask_1),
            shift_2.eq(shift_1),
        ]

        # --- second and third cycle: rotate, then clear the lanes that are not payload
        def rotated(value, shift, levels):
            for level in levels:
                amount = 8 << level
                turned = Cat(value[amount:], value[:amount])
                value = Mux(shift[level], turned, value)
            return value

        half = (lane_bits + 1) // 2
        halfway = Signal(config.data_width, reset_less=True)
        shift_3 = Signal(lane_bits, reset_less=True)
        mask_3 = Signal(lanes, reset_less=True)
        flags_2 = Cat(write_2, end_2, void_2, bad_2)
        flags_3 = Signal(len(flags_2))
        m.d.sync += [
            halfway.eq(rotated(chosen, shift_2, range(half))),
            shift_3.eq(shift_2),
            mask_3.eq(mask_2),
            flags_3.eq(flags_2),
        ]
        turned = Signal(config.data_width)
        m.d.comb += turned.eq(rotated(halfway, shift_3, range(half, lane_bits)))
        out = Signal(aligned_beat(config), reset_less=True)
        m.d.sync += Cat(out.write, out.end, out.void, out.bad).eq(flags_3)
        for i in range(lanes):
            part = slice(8 * i, 8 * i + 8)
            m.d.sync += out.data[part].eq(Mux(mask_3[i], turned[part], 0))
        out_valid = Signal()
        m.d.sync += out_valid.eq(flags_3[:2].any())
        m.d.comb += [self.aligned.payload.eq(out), self.aligned.valid.eq(out_valid)]
        return m
