# SPDX-License-Identifier: Apache-2.0
"""Sum: the ones' complement sum of each segment's payload."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .primitives import SumTree, add_with_carry, delay, narrowed, tree_levels, words_of
from .records import aligned_beat, segment_pieces, segment_result


class Sum(wiring.Component):
    """Adds up the payload of each segment.

    Payload starts at an even wire offset and lanes that are not payload are 0, so in aligned beats
    a word is always the same two lanes. Where payload is stored first pieces of two raw beats come
    at once; of a segment whose words start in odd lanes (`odd`) the sum's bytes are swapped.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    aligned : In stream(aligned_beat), or stream(segment_pieces); never stalled
    result : Out stream(segment_result), one a segment; the receiver has room for all under way

    Latency, from a segment's last beat: 5 cycles at 64 bits, 6 at 128, 5 at 256, 6 at 512.
    Throughput: one beat a cycle. Source: RFC 1071.
    """

    def __init__(self, config):
        self.config = config
        shape = segment_pieces(config) if config.stores_first else aligned_beat(config)
        super().__init__(
            {
                "aligned": In(stream.Signature(shape, always_ready=True)),
                "result": Out(stream.Signature(segment_result(), always_ready=True)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        beat = self.aligned.payload
        beats = [beat.older, beat.newer] if config.stores_first else [beat.data]
        words = [word for part in beats for word in words_of(part, config.columns)]
        m.submodules.tree = tree = SumTree(len(words), tree_levels(config))
        m.d.comb += tree.i.eq(Cat(words))

        odd = beat.odd if config.stores_first else Const(0, 1)
        flags = Signal(4, name="flags_0")
        valid = Signal(2, name="valid_0")
        m.d.comb += [
            valid.eq(Cat(self.aligned.valid & beat.write, self.aligned.valid & beat.end)),
            flags.eq(Cat(beat.void, beat.bad, odd)),
        ]
        valid = delay(m, "valid", valid, tree.latency, reset_less=False)
        flags = delay(m, "flags", flags, tree.latency)

        # Beats that do not count are 0, so nothing needs to know when they come.
        beat_sum = narrowed(m, "beat", tree.o, valid[0])
        valid = delay(m, "narrowed", valid, 1, reset_less=False)
        flags = delay(m, "summed_flags", flags, 2)
        # The carry is on top. What goes on is a copy of the sum that a segment's end clears.
        total, running = Signal(17, reset_less=True), Signal(17)
        more = add_with_carry(running[:16], beat_sum, running[16])
        m.d.sync += [total.eq(more), running.eq(Mux(valid[1], 0, more))]
        result = Signal(16, reset_less=True)
        folded = Signal(16)
        m.d.comb += folded.eq(total[:16] + total[16])
        if config.stores_first:
            m.d.sync += result.eq(Mux(flags[-1], folded.rotate_left(8), folded))
        else:
            m.d.sync += result.eq(folded)
        m.d.comb += [
            self.result.payload.sum.eq(result),
            Cat(self.result.payload.void, self.result.payload.bad).eq(
                delay(m, "result_flags", flags[:3], 1)
            ),
            self.result.valid.eq(delay(m, "result_valid", valid[1], 2, reset_less=False)),
        ]
        return m
