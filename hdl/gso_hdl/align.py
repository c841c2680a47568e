# SPDX-License-Identifier: Apache-2.0
"""Align: cuts the payload at MSS boundaries and puts each byte into its lane on the wire."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .primitives import delay, equal_pairs, mask_code, mask_of
from .records import BAD_ABORTED, BAD_LONG, BAD_NONE, BAD_SHORT, aligned_beat, cut, payload_beat
from .rotate import Rotate


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

    Latency: 5 cycles, 6 at 256 bits. Throughput: one beat a cycle.
    Source: docs/theory.md, D13.
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
        # Lanes from where payload starts, and those behind where it ends.
        start_code = Signal(mask_code(Const(0, lane_bits), lanes).shape(), reset_less=True)
        end_code = Signal(start_code.shape(), reset_less=True)
        at_first = Signal()
        at_last = Signal()
        number = Signal(now.beats_less_1.shape(), reset_less=True)  # of the step behind the next
        # The next step is the last if all of these are 1.
        pairs = -(-len(number) // 2)
        next_last = Signal(pairs, init=-1, reset_less=True)
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
        next_load = ~next_last.all() | now.last_load
        first_load = following.first_load | (lost & ~following.first)
        # Does this step take lanes of two beats? Where there are many lanes a register says so.
        crosses = load & Mux(at_first, now.first_cross, 1)
        if not config.narrow:
            crosses = Signal()
            with m.If(step & ~prime):
                m.d.sync += crosses.eq(next_load)
            with m.If(self.cut.ready):
                m.d.sync += crosses.eq(first_load & following.first_cross)
        with m.If(step & ~prime):
            m.d.sync += [
                at_first.eq(0),
                at_last.eq(next_last.all()),
                next_last.eq(equal_pairs(number, now.beats_less_1)),
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
                load.eq(first_load),
                opened.eq(following.first_load & (following.first | ~over)),
                at_last.eq(following.single),
                next_last.eq(Cat(following.double, Const(-1, pairs - 1))),
                number.eq(2),
                start_code.eq(Mux(following.none, 0, mask_code(following.start_lane, lanes))),
                end_code.eq(mask_code(following.end_lane, lanes)),
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

        # --- first cycle after the step: what becomes of the segment
        step_1 = Signal()
        none_1, ends_1, last_1, blocked_1 = (
            Signal(name=f"{name}_1", reset_less=True)
            for name in ("none", "ends", "last", "blocked")
        )
        raw_end_1 = Signal(lane_bits, reset_less=True)
        clear = Signal(lanes, reset_less=True)  # the lanes that are not payload
        started = mask_of(start_code, lanes) | (~at_first).replicate(lanes)
        behind_end = Cat(Const(0, 1), mask_of(end_code, lanes)[:-1]) & at_last.replicate(lanes)
        m.d.sync += [
            step_1.eq(step),
            none_1.eq(now.none),
            ends_1.eq(done),
            last_1.eq(now.last),
            blocked_1.eq(blocked | prime),
            raw_end_1.eq(now.raw_end),
            clear.eq(~started | behind_end),
        ]
        bad = Mux(newer_over, BAD_LONG, Mux(newer_abort, BAD_ABORTED, BAD_NONE))
        newer_bad = Mux(newer_under, BAD_SHORT, bad)
        missing = ~none_1 & newer_under & (raw_end_1 >= newer_valid)
        void_1 = blocked_1 | missing | (last_1 & (newer_bad != BAD_NONE))
        flags = Cat(step_1 & ~none_1 & ~blocked_1, step_1 & ends_1)
        flags = Cat(flags, void_1, Mux(last_1, newer_bad, BAD_NONE))

        # --- meanwhile the beats: choose, turn, clear the lanes that are not payload
        m.submodules.rotate = rotate = Rotate(config)
        m.d.comb += [
            rotate.load.eq(self.cut.ready),
            rotate.shift.eq(following.shift),
            rotate.cross.eq(crosses),
            rotate.older.eq(older),
            rotate.newer.eq(newer),
            rotate.clear.eq(clear),
        ]
        flags = delay(m, "flags", flags, rotate.latency - 1, reset_less=False)
        out = Signal(len(flags))
        out_valid = Signal()
        aligned = self.aligned.payload
        m.d.sync += [out.eq(flags), out_valid.eq(flags[:2].any())]
        m.d.comb += [
            Cat(aligned.write, aligned.end, aligned.void, aligned.bad).eq(out),
            aligned.data.eq(rotate.o),
            self.aligned.valid.eq(out_valid),
        ]
        return m
