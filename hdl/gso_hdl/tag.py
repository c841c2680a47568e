# SPDX-License-Identifier: Apache-2.0
"""Tag: inserts VLAN tags into header rows."""

from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .records import header_row, tag_context

PLACE = 12  # bytes in front of the first tag: the MAC addresses


class Tag(wiring.Component):
    """Moves what stands behind the MAC addresses by 4 bytes for each tag, row by row.

    A row is moved by one tag a cycle: one multiplexer a bit does for both. What falls off its end
    is kept for the next row; first of all a tag is kept.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    context : In stream(tag_context)
    row : In stream(header_row), without tags
    tagged : Out stream(header_row), with them, one row more where the header `grows`

    Latency: 1 cycle and one for each tag. Throughput: a row in 1 cycle and one for each tag; at 64
    and 128 bits a cycle more for each frame.
    Source: D18.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "context": In(stream.Signature(tag_context(config))),
                "row": In(stream.Signature(header_row(config))),
                "tagged": Out(stream.Signature(header_row(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        context = self.context.payload
        words = config.data_width // 32
        tag_row, tag_word = divmod(PLACE // 4, words)

        # --- which row comes next
        number = Signal(context.rows.shape())
        past = Signal()  # it is the one that the header grows by
        load = Signal()
        final = number + 1 == context.rows
        last = past | self.row.payload.short | (final & ~context.grows)
        held = Signal(header_row(config), reset_less=True)
        valid = Signal()
        moves = Signal(2)  # still to be made with the row at hand
        count = Signal(2, reset_less=True)
        inserts = Signal(reset_less=True)  # the row at hand is the one with the tags
        moving = Signal()  # there are
        finished = Signal()  # `valid`, and there are none
        first_moves = Mux(number < tag_row, 0, context.count) if tag_row else context.count
        free = ~valid | (finished & self.tagged.ready)
        # The next row comes from the queue: a register where clocks are fast and frames have rows
        # enough, so that little is in front of the queue's block RAM.
        wanted = Signal()
        there = self.context.valid & ~context.empty & ~past
        if config.narrow:
            m.d.sync += wanted.eq(there & ~(load & (final | self.row.payload.short)))
        else:
            m.d.comb += wanted.eq(there)
        comes = past | (wanted & self.row.valid)
        m.d.comb += [
            load.eq(free & comes),
            self.row.ready.eq(free & wanted),
            self.context.ready.eq((load & last) | context.empty),
            self.tagged.valid.eq(finished),
            self.tagged.payload.eq(held),
        ]

        # --- the row, and what fell off the one before it: `kept[0]` is moved in first
        data = [held.data[32 * i : 32 * i + 32] for i in range(words)]
        kept = [Signal(32, name=f"kept_{i}", reset_less=True) for i in range(2)]
        first_move = moves == count
        moved_in = Mux(first_move, kept[0], kept[1])
        with m.If(free):
            m.d.sync += [
                valid.eq(comes),
                moves.eq(first_moves),
                moving.eq(comes & (first_moves != 0)),
                finished.eq(comes & (first_moves == 0)),
            ]
        with m.Elif(moving):
            m.d.sync += [moves.eq(moves - 1), moving.eq(moves != 1), finished.eq(moves == 1)]
        with m.If(load):
            m.d.sync += [number.eq(Mux(last, 0, number + 1)), past.eq(final & ~last)]
        with m.If(moving):
            for i, word in enumerate(data):
                before = data[i - 1] if i else moved_in
                if i == tag_word:
                    before = Mux(inserts, moved_in, before)
                elif i < tag_word:
                    before = Mux(inserts, word, before)
                m.d.sync += word.eq(before)
            with m.If(first_move):
                m.d.sync += kept[0].eq(data[-1])
            with m.Else():
                m.d.sync += kept[1].eq(data[-1])
        # Without `load`, which is late, what is taken in here means nothing.
        with m.Elif(~valid | self.tagged.ready):
            m.d.sync += [
                held.eq(self.row.payload),
                held.short.eq(self.row.payload.short & ~past),
                count.eq(context.count),
                inserts.eq(number == tag_row),
            ]
            with m.If(number == 0):
                outer, inner = context.tags[:32], context.tags[32:]
                m.d.sync += [kept[0].eq(Mux(context.count[1], inner, outer)), kept[1].eq(outer)]
        return m
