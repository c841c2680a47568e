# SPDX-License-Identifier: Apache-2.0
"""Split: finds where segments begin and end in raw beats, for the sums of their payload."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .primitives import cleared, equal_pairs, mask_code, mask_of
from .records import (
    BAD_ABORTED,
    BAD_LONG,
    BAD_NONE,
    BAD_SHORT,
    cut,
    payload_beat,
    segment_pieces,
    stored_segment,
)


class Split(wiring.Component):
    """Gives, segment by segment, the lanes of raw beats that belong to it.

    Holds the beat before the newest one. A segment that begins in it gets its lanes there together
    with those of the newest, so a step takes a beat wherever the segment goes on behind the older
    one, and what a segment leaves of a beat costs the next one no step.

    A frame that ends early gives every segment whose last byte came; the rest are `void`.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    beat : In stream(payload_beat), each is a row of the store
    cut : In stream(cut)
    pieces : Out stream(segment_pieces), never stalled
    stored : Out stream(stored_segment), one a segment; the receiver has room for all under way
    flush : Out(1), the rest of this frame is discarded
    last_taken : Out(1), a frame's last cut was taken

    Latency: 1 cycle, of `stored` 2. Throughput: one step a cycle. Source: docs/theory.md, D13.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "beat": In(stream.Signature(payload_beat(config))),
                "cut": In(stream.Signature(cut(config))),
                "pieces": Out(stream.Signature(segment_pieces(config), always_ready=True)),
                "stored": Out(stream.Signature(stored_segment(config), always_ready=True)),
                "flush": Out(1),
                "last_taken": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        lanes, lane_bits = self.config.lanes, self.config.lane_bits
        beat, following = self.beat.payload, self.cut.payload

        # --- the segment in work, and the step within it
        now = Signal(cut(self.config), reset_less=True)
        valid = Signal()
        at_first = Signal()
        at_last = Signal()
        number = Signal(now.beats.shape(), reset_less=True)  # of the step behind the next
        # The next step is the last if all of these are 1.
        pairs = -(-len(number) // 2)
        next_last = Signal(pairs, init=-1, reset_less=True)
        load = Signal()  # this step wants a raw beat
        opened = Signal()  # ... and may have it: its frame has not ended yet
        older_end = Signal()  # the beat before the newest was its frame's end
        flush = Signal()
        step = Signal()
        done = Signal()
        blocked = load & ~opened  # the frame has ended before this segment
        m.d.comb += [
            step.eq(valid & (~opened | self.beat.valid)),
            done.eq(step & (at_last | blocked)),
            self.beat.ready.eq(valid & opened),
            self.cut.ready.eq(done | ~valid),
            self.flush.eq(flush),
            self.last_taken.eq(done & now.last),
        ]
        over = Mux(valid & opened, beat.end, older_end)
        lost = flush | (valid & blocked)
        # Lanes that count: of the newer beat from and behind `start`, of the older from `tail`, of
        # both none behind `end`.
        start, tail, end = (
            Signal(mask_code(Const(0, lane_bits), lanes).shape(), name=name, reset_less=True)
            for name in ("start", "tail", "end")
        )
        every = mask_code(Const(0, lane_bits), lanes)
        with m.If(step):
            m.d.sync += [
                at_first.eq(0),
                at_last.eq(next_last.all()),
                next_last.eq(equal_pairs(number, now.beats)),
                load.eq(1),
                opened.eq(~over),
                number.eq(number + 1),
                flush.eq(blocked & ~now.last),
                start.eq(every),
                tail.eq(0),
            ]
        loads = following.loads | (lost & ~following.first)
        with m.If(self.cut.ready):
            begin_code = mask_code(following.begin, lanes)
            m.d.sync += [
                valid.eq(self.cut.valid),
                now.eq(following),
                at_first.eq(1),
                # What is left of a frame that ended early is blocked as a whole.
                load.eq(loads),
                opened.eq(loads & (following.first | ~over)),
                at_last.eq(following.single),
                next_last.eq(Cat(following.double, Const(-1, pairs - 1))),
                # A segment that begins in the older beat has a step less.
                number.eq(Mux(following.crosses, 3, 2)),
                start.eq(Mux(following.loads, Mux(following.crosses, every, begin_code), 0)),
                tail.eq(Mux(following.crosses, begin_code, 0)),
            ]
        # Which of the two it is comes early, and a lane's number is chosen, not its code.
        next_is_new = ~valid | at_last | blocked
        end_lane = Mux(next_is_new, following.raw_end, now.raw_end)
        ends = Mux(next_is_new, following.single, next_last.all())
        with m.If(step | self.cut.ready):
            m.d.sync += end.eq(Mux(ends, mask_code(end_lane, lanes), 0))

        # --- raw beats, and the rows of the store in which they are
        older = Signal(self.config.data_width, reset_less=True)
        older_under, older_over, older_abort = (
            Signal(name=f"older_{name}", reset_less=True) for name in ("under", "over", "abort")
        )
        older_valid = Signal(lane_bits + 1, reset_less=True)
        pieces = self.pieces.payload
        row, older_row, first_row = (
            Signal(len(self.stored.payload.row), name=name)
            for name in ("row", "older_row", "first_row")
        )
        with m.If(step & opened):
            m.d.sync += [
                older.eq(beat.data),
                older_end.eq(beat.end),
                older_under.eq(beat.under),
                older_over.eq(beat.over),
                older_abort.eq(beat.abort & beat.end),
                older_valid.eq(beat.valid),
                older_row.eq(row),
                row.eq(row + 1),
            ]
        with m.If(at_first):
            here = Mux(now.crosses, older_row, row)
            m.d.sync += first_row.eq(here - now.below)

        # --- a cycle later
        behind = Cat(Const(0, 1), mask_of(end, lanes)[:-1])
        out_newer, out_older = (
            Signal(self.config.data_width, name=f"out_{name}", reset_less=True)
            for name in ("newer", "older")
        )
        ends_here = behind & (~load).replicate(lanes)
        m.d.sync += [
            out_newer.eq(cleared(beat.data, ~(mask_of(start, lanes) & ~behind))),
            out_older.eq(cleared(older, ~(mask_of(tail, lanes) & ~ends_here))),
        ]
        step_1 = Signal()
        none_1, ends_1, last_1, blocked_1 = (
            Signal(name=f"{name}_1", reset_less=True)
            for name in ("none", "ends", "last", "blocked")
        )
        raw_end_1 = Signal(lane_bits, reset_less=True)
        odd_1 = Signal(reset_less=True)
        m.d.sync += [
            step_1.eq(step),
            none_1.eq(now.none),
            ends_1.eq(done),
            last_1.eq(now.last),
            blocked_1.eq(blocked),
            raw_end_1.eq(now.raw_end),
            odd_1.eq(now.odd),
        ]
        bad = Mux(older_over, BAD_LONG, Mux(older_abort, BAD_ABORTED, BAD_NONE))
        older_bad = Mux(older_under, BAD_SHORT, bad)
        missing = ~none_1 & older_under & (raw_end_1 >= older_valid)
        void = blocked_1 | missing | (last_1 & (older_bad != BAD_NONE))
        m.d.comb += [
            pieces.newer.eq(out_newer),
            pieces.older.eq(out_older),
            pieces.write.eq(step_1 & ~none_1 & ~blocked_1),
            pieces.end.eq(step_1 & ends_1),
            pieces.void.eq(void),
            pieces.bad.eq(Mux(last_1, older_bad, BAD_NONE)),
            pieces.odd.eq(odd_1),
            self.pieces.valid.eq(step_1),
        ]
        stored = Signal(stored_segment(self.config), reset_less=True)
        stored_valid = Signal()
        m.d.sync += [
            stored_valid.eq(step_1 & ends_1),
            stored.none.eq(void | none_1),
            # Of a segment without payload it says what is free.
            stored.row.eq(Mux(void | none_1, older_row, first_row)),
        ]
        m.d.comb += [self.stored.valid.eq(stored_valid), self.stored.payload.eq(stored)]
        return m
