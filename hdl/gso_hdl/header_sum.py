# SPDX-License-Identifier: Apache-2.0
"""Header sum: the ones' complement sums of a frame's headers."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .primitives import SumTree, add_with_carry, delay, tree_levels, words_of
from .records import OUTER_START_BIT


class HeaderSum(wiring.Component):
    """Adds up masked header rows, each to the sum of its layer.

    Parameters
    ----------
    config : Configuration
    seeds : dict of str to int
        The sums by layer, with the bits of the seed that each starts with: 0, 17, or 18, of which
        the top one says that it starts with the complement of the others. That of `outer_l4`
        comes from check, where what the sum starts with beside it is taken off.

    Members
    -------
    row : In(data_width), lanes that do not count are 0
    valid, starts : In(1), there is a row; a header's first
    layer : In, one bit a layer: the sums that the row is for, one at most
    taken_off : In(1), if there is a sum `outer_l4`: subtracted from that, too, if not a first row
    seed : In, for each layer that has one; with `starts`, when no row may be for its sum
    sum : Out, 17 bits a layer: 16 and a carry to be added to them, `latency` cycles later

    Latency: the adder tree's and 2 cycles, or 1 without a register behind it (`sums_at_once`).
    Throughput: one row a cycle. Source: RFC 1071.
    """

    def __init__(self, config, seeds):
        self.config = config
        self.seeds = seeds
        self.tree = SumTree(config.columns, tree_levels(config))
        self.latency = self.tree.latency + (1 if config.sums_at_once else 2)
        seeded = {name: bits for name, bits in seeds.items() if bits}
        super().__init__(
            {
                "row": In(config.data_width),
                "valid": In(1),
                "starts": In(1),
                "layer": In(data.StructLayout(dict.fromkeys(seeds, 1))),
                **({"taken_off": In(1)} if "outer_l4" in seeds else {}),
                "seed": In(data.StructLayout(seeded)),
                "sum": Out(data.StructLayout(dict.fromkeys(seeds, 17))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.tree = tree = self.tree
        m.d.comb += tree.i.eq(Cat(words_of(self.row, self.config.columns)))
        wait = tree.latency
        valid = delay(m, "valid", self.valid, wait, reset_less=False)
        starts = delay(m, "starts", self.starts, wait)
        layer = data.View(self.layer.shape(), delay(m, "layer", self.layer.as_value(), wait))
        seed = data.View(self.seed.shape(), delay(m, "seed", self.seed.as_value(), wait))
        if "outer_l4" in self.seeds:
            taken_off = delay(m, "taken_off", self.taken_off, wait)
        bits = len(tree.o) + (self.config.header_rows - 1).bit_length() + 1
        for name, seed_bits in self.seeds.items():
            takes_off = name == "outer_l4"
            total = Signal(
                OUTER_START_BIT + 1 if takes_off else bits, name=f"total_{name}", reset_less=True
            )
            folded = Signal(17, name=f"folded_{name}", reset_less=True)
            # The first look at a header counts for no sum that has a seed.
            first = seed[name][:17] if seed_bits else Mux(layer[name], tree.o, 0)
            if seed_bits == 18:
                first = first ^ seed[name][17].replicate(17)
            counted, more = layer[name], total + tree.o
            if takes_off:
                first = Cat(first, Const(0, OUTER_START_BIT - len(first)), Const(1, 1))
                counted |= taken_off
                wide = Cat(tree.o, Const(0, len(total) - len(tree.o)))
                more = add_with_carry(total, wide ^ taken_off.replicate(len(total)), taken_off)
            with m.If(valid & starts):
                m.d.sync += total.eq(first)
            with m.Elif(valid & counted):
                m.d.sync += total.eq(more)
            m.d["comb" if self.config.sums_at_once else "sync"] += folded.eq(
                total[:16] + total[16:]
            )
            m.d.comb += self.sum[name].eq(folded)
        return m
