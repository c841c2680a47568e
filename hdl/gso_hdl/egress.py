# SPDX-License-Identifier: Apache-2.0
"""Egress: sends committed segments and writes completions."""

from itertools import pairwise

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from gso_model.layout import COMPLETION, SEGMENT_USER

from .finish import committed_segment
from .primitives import count, folded, folds_to_ones, mask_code, mask_of, read_latency, words_of
from .queues import Chain, Queue
from .records import output_beat, turned_beat

COMPLETIONS_HELD = 4


def buffer_side(config):
    """What the buffer hears: when to read, and that a segment is dropped."""
    return {
        "payload_read": Out(1),
        "payload_drop": Out(1),
        "payload_skip": Out((config.buffer_rows - 1).bit_length()),
        "payload_data": In(config.data_width),
    }


def store_side(config):
    """How payload comes from the store."""
    return {"payload": In(stream.Signature(turned_beat(config)))}


class Egress(wiring.Component):
    """Sends a segment's header rows, the beat that header and payload share, and its payload.

    Header and payload lanes are 0 where the other has bytes (what the store gives is cleared here),
    so the two are merged by an OR; the checksum takes the place of what stands there. The last beat
    of a segment is followed by the first of the next with no idle cycle.

    A completion is released when its frame's last beat was taken. A frame begins only when there
    is a place for its completion: four are held.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    segment : In stream(committed_segment)
    enable : Out(1), the memories' read sides move
    enable_last : Out(1), their last registers do
    slot_read, slot_address, slot_clear, slot_data : the header slots' read side
    payload_read, payload_drop, payload_skip, payload_data : the buffer's read side, or
    payload : In stream(turned_beat), what the store gives, at 512 bits
    sent : Out(1), a segment's header was read
    oldest : Out(k), the first slot row that is still in use
    beat : Out stream(output_beat)
    completion : Out stream(96)

    Latency: 5 cycles, 4 at 256 bits. Throughput: one beat a cycle.
    Source: D4, D13, D15, D19.
    """

    def __init__(self, config):
        self.config = config
        slot_bits = (config.slot_rows - 1).bit_length()
        copies = 1 + config.copies_at_once
        super().__init__(
            {
                "segment": In(stream.Signature(committed_segment(config))),
                "enable": Out(1),
                "enable_last": Out(1),
                "slot_read": Out(copies),
                "slot_address": Out(slot_bits),
                **({"slot_clear": Out(config.columns)} if config.copies_at_once else {}),
                "slot_data": In(copies * config.data_width),
                **(store_side(config) if config.stores_first else buffer_side(config)),
                "sent": Out(1),
                "oldest": Out(slot_bits),
                "beat": Out(stream.Signature(output_beat(config))),
                "completion": Out(stream.Signature(COMPLETION.bits)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        coming = self.segment.payload

        move = Signal()
        # The last two registers move on while what is behind them waits for payload.
        move_last = Signal()
        needed = Signal()  # this beat has payload or begins a segment that has
        waits = needed & ~self.payload.valid if config.stores_first else Const(0, 1)
        m.d.comb += move_last.eq(~self.beat.valid | self.beat.ready)
        also = move_last
        if config.stores_first:
            # A register of its own, or what `move` and `move_last` have in common has the longest
            # wires.
            empty = Signal(init=1)  # not `beat.valid`
            also = empty | self.beat.ready
        # `move` has a thousand registers to reach: where wires are long, what sends segments on has
        # a copy of it.
        going = move
        if config.crowded:
            going = Signal(attrs={"keep": 1})
            m.d.comb += going.eq(~self.beat.valid | self.beat.ready)
        m.d.comb += [
            move.eq(also & ~waits),
            self.enable.eq(move),
            self.enable_last.eq(move_last),
        ]

        # --- the segment being sent
        now = Signal(committed_segment(config), reset_less=True)
        active = Signal()
        number = Signal(coming.rows.shape(), reset_less=True)  # of the beat, within the header
        ahead = Signal(coming.whole_beats.shape(), reset_less=True)  # see `is_last`
        is_last = Signal()
        begins = Signal(reset_less=True)
        in_header = Signal()
        in_payload = Signal()
        before_end = Signal(reset_less=True)  # the header ends with this beat, or there is none
        credits = Signal(range(COMPLETIONS_HELD + 1), init=COMPLETIONS_HELD)
        begun = Signal()  # a frame was begun in the last cycle, `credits` does not know yet
        may_begin = ~coming.first | (credits[1:].any()) | (credits[0] & ~begun)
        gone = Signal()  # a segment was taken or dropped in the last cycle
        sent_on = Signal()  # ... taken
        finished = gone & now.last  # no segment is taken then: its frame's numbers come first
        # Nothing moves without `move`. It is late and goes to all enables, so no logic holds it.
        restart = ~active | is_last
        may_go = self.segment.valid & may_begin & ~finished
        take = Signal()
        drop = Signal()
        # Nothing of a dropped segment is sent; it takes a cycle without a beat. But what the store
        # has of it was fetched already, and passes through here as beats that are not valid.
        silent = coming.has_payload if config.stores_first else Const(0, 1)
        m.d.comb += [
            take.eq(restart & may_go & (coming.send | silent)),
            drop.eq(~active & may_go & ~coming.send & ~silent),
            self.segment.ready.eq(going & (take | drop)),
        ]
        with m.If(move):
            m.d.sync += active.eq(take | ~restart)
            # What stands in `now` means nothing unless `active`; so it may be loaded ahead.
            with m.If(restart):
                m.d.sync += [
                    now.eq(coming),
                    number.eq(0),
                    # With no bytes over the last beat is one earlier.
                    ahead.eq(1 + coming.exact),
                    is_last.eq(
                        (coming.whole_beats >> 1 == 0) & ~(coming.whole_beats[0] & ~coming.exact)
                    ),
                    begins.eq(1),
                    in_header.eq(coming.rows != 0),
                    in_payload.eq((coming.payload_row == 0) & coming.has_payload),
                    before_end.eq(coming.rows[1:] == 0),
                ]
            with m.Else():
                m.d.sync += [
                    begins.eq(0),
                    ahead.eq(ahead + 1),
                    is_last.eq(ahead == now.whole_beats),
                    number.eq(number + 1),
                    in_header.eq(in_header & ~before_end),
                    before_end.eq(in_header & (number + 2 == now.rows)),
                    in_payload.eq(
                        in_payload | ((number + 1 == now.payload_row) & now.has_payload & in_header)
                    ),
                ]

        sent = active & before_end
        header_read = active & in_header
        if config.copies_at_once:
            header_read = Cat(header_read & ~now.copy, header_read & now.copy)
        m.d.comb += [
            self.slot_read.eq(header_read),
            self.slot_address.eq(now.slot + number),
            self.sent.eq(going & (sent | drop)),
        ]
        if not config.stores_first:
            m.d.comb += self.payload_read.eq(active & in_payload)
            # The buffer may hear of a drop two cycles late: behind a dropped segment all of its
            # frame are, and behind a frame's last none is taken at once, so nothing is read so
            # early.
            dropped = Signal()
            skip = Signal(len(coming.skip), reset_less=True)
            m.d.sync += [
                dropped.eq(move & drop & coming.has_payload),
                skip.eq(coming.skip),
                self.payload_drop.eq(dropped),
                self.payload_skip.eq(Mux(dropped, skip, 0)),
            ]
        # With a frame's first header all earlier frames' slots are free; later does no harm.
        frees = Signal()
        freed = Signal(len(self.oldest), reset_less=True)
        m.d.sync += [
            frees.eq(going & Mux(active, before_end & now.first, drop & coming.first)),
            freed.eq(Mux(active, now.slot, coming.slot)),
        ]
        with m.If(frees):
            m.d.sync += self.oldest.eq(freed)

        # --- the frame's completion, counted as its segments go
        segments = Signal(24)
        payload_bytes = Signal(24)
        counted = Signal()
        request_id = Signal(16, reset_less=True)
        status = Signal(now.status.shape(), reset_less=True)
        # `now` is the segment for one cycle at least, be there `move` or not: nothing waits for it.
        m.d.sync += [
            gone.eq(self.segment.ready),
            sent_on.eq(going & take & coming.send),
            begun.eq(self.segment.ready & coming.first),
            counted.eq(finished),
            request_id.eq(now.request_id),
            status.eq(now.status),
        ]
        with m.If(sent_on):
            m.d.sync += segments.eq(segments + 1)
        with m.If(sent_on & now.counted):
            m.d.sync += payload_bytes.eq(payload_bytes + now.payload)
        with m.If(counted):
            m.d.sync += [segments.eq(0), payload_bytes.eq(0)]
        taken = self.completion.valid & self.completion.ready
        count(m, credits, taken, begun)
        fields = {
            "request_id": request_id,
            "status": status,
            "segments": segments,
            "payload_bytes": payload_bytes,
        }
        layout = data.StructLayout({name: value.shape() for name, value in fields.items()})
        # A completion is released some cycles later than it is put here.
        completions = (
            Chain(layout, COMPLETIONS_HELD) if config.narrowest else Queue(layout, block=True)
        )
        m.submodules.completions = completions
        m.d.comb += [
            completions.i.valid.eq(counted),
            *(completions.i.payload[name].eq(value) for name, value in fields.items()),
        ]

        # --- meanwhile the memories are read
        user = {
            "request_id": now.request_id,
            "length": now.length,
            "first": now.first,
            "last": now.last,
            "timestamp": now.timestamp,
            "user": now.user,
        }
        side = Signal(
            data.StructLayout(
                {
                    "user": SEGMENT_USER.bits,
                    "last": 1,
                    "release": 1,
                    "tail": config.lane_bits,
                    "sum": 16,
                    "checksum_here": 1,
                    "checksum_column": coming.checksum_column.shape(),
                }
            )
        )
        now_sum, all_ones = now.sum, now.sum.all()
        if config.hurried:
            now_sum, all_ones = folded(now.sum), folds_to_ones(now.sum)
        # Kept where `move` comes late, or it goes through all of it.
        none = Signal(attrs={"keep": 1} if config.stores_first else {})
        dropped_last = Signal()
        with m.If(move):
            m.d.sync += dropped_last.eq(drop & coming.last)
        m.d.comb += [
            side.user.eq(
                Cat(
                    Cat(user[field.name])
                    for field in sorted(SEGMENT_USER.fields, key=lambda field: field.low)
                )
            ),
            side.last.eq(is_last),
            side.release.eq(Mux(active, is_last & now.last, dropped_last)),
            side.tail.eq(now.length[: config.lane_bits]),
            # D4: 0 is "no checksum" in UDP only. The complement is taken where they are merged.
            none.eq(now.no_zero & all_ones),
            side.sum.eq(Mux(none, 0, now_sum)),
            side.checksum_here.eq(now.checksum_on & (number == now.checksum_row) & in_header),
            side.checksum_column.eq(now.checksum_column),
        ]
        cycles = read_latency(config)
        sides = [side] + [
            Signal(side.shape(), name=f"side_{i + 1}", reset_less=True) for i in range(cycles)
        ]
        valid = [active & now.send] + [Signal(name=f"valid_{i + 1}") for i in range(cycles)]
        release = [side.release] + [Signal(name=f"release_{i + 1}") for i in range(cycles + 1)]
        before, here = sides[-2:]
        tail_code = mask_code(before.tail, config.lanes)
        # Not the code of the lanes behind the last.
        used = Signal(tail_code.shape(), reset_less=True)
        select = Signal(config.columns, reset_less=True)
        out = Signal(output_beat(config), reset_less=True)
        out_valid = Signal()
        merged = Signal(config.data_width)
        early = config.copies_at_once
        if config.stores_first:
            payload = Signal(config.data_width, reset_less=True)
        else:
            payload = self.payload_data
        word = ~words_of((before if early else here).sum, 1)[0]
        if early:
            # The checksum waits in registers that are 0 elsewhere, as the slots are there.
            words = [Signal(16, name=f"word_{i}", reset_less=True) for i in range(config.columns)]
            with m.If(move):
                m.d.sync += [held.eq(Mux(select[i], word, 0)) for i, held in enumerate(words)]
            rows = [self.slot_data.word_select(i, config.data_width) for i in range(2)]
            m.d.comb += [
                self.slot_clear.eq(select),
                merged.eq(rows[0] | rows[1] | payload | Cat(words)),
            ]
        else:
            for i in range(config.columns):
                part = slice(16 * i, 16 * i + 16)
                m.d.comb += merged[part].eq(
                    Mux(select[i], word, self.slot_data[part] | payload[part])
                )
        # Which column it is has to be known a cycle earlier where it waits.
        marked = sides[-3 if early else -2]
        if config.stores_first:
            wanted, needs = (
                [first] + [Signal(name=f"{name}_{i + 1}") for i in range(cycles - 1)]
                for name, first in (
                    ("wanted", active & in_payload),
                    ("needs", active & (in_payload | (begins & now.has_payload))),
                )
            )
            m.d.comb += [
                needed.eq(needs[-1]),
                self.payload.ready.eq(wanted[-1] & also),
            ]
            with m.If(move):
                for line in (wanted, needs):
                    m.d.sync += [later.eq(earlier) for earlier, later in pairwise(line)]
            with m.If(move_last):
                m.d.sync += [payload.eq(self.payload.payload.data), empty.eq(~valid[-1])]
            for lane in range(config.lanes):
                unused = ~wanted[-1] | self.payload.payload.below[lane]
                with m.If(also & unused):
                    m.d.sync += payload.word_select(lane, 8).eq(0)
        with m.If(move):
            for line in (sides[:-1], valid[:-1], release[:-2]):
                m.d.sync += [later.eq(earlier) for earlier, later in pairwise(line)]
        with m.If(move_last):
            m.d.sync += [
                here.eq(before),
                valid[-1].eq(valid[-2] & ~waits),
                release[-2].eq(release[-3] & ~waits),
                release[-1].eq(release[-2]),
                out_valid.eq(valid[-1]),
                select.eq(Mux(marked.checksum_here, 1 << marked.checksum_column, 0)),
                used.eq(
                    ~(tail_code & (before.last & (before.tail != 0)).replicate(len(tail_code)))
                ),
                out.data.eq(merged),
                out.keep.eq(~mask_of(~used, config.lanes)),
                out.last.eq(here.last),
                out.user.eq(here.user),
            ]
        m.d.comb += [self.beat.valid.eq(out_valid), self.beat.payload.eq(out)]

        # --- completions are released in the order of their frames
        released = Signal(range(COMPLETIONS_HELD + 1))
        held = Signal(COMPLETION.bits, reset_less=True)
        held_valid = Signal()
        pull = (released != 0) & completions.o.valid & (~held_valid | self.completion.ready)
        count(m, released, release[-1] & move_last, pull)
        m.d.comb += completions.o.ready.eq(pull)
        with m.If(self.completion.ready):
            m.d.sync += held_valid.eq(0)
        with m.If(pull):
            m.d.sync += [held_valid.eq(1), held.eq(0)]
            for field in COMPLETION.fields:
                m.d.sync += held[field.low : field.low + field.width].eq(
                    completions.o.payload[field.name]
                )
        m.d.comb += [self.completion.valid.eq(held_valid), self.completion.payload.eq(held)]
        return m
