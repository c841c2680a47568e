# SPDX-License-Identifier: Apache-2.0
"""Header sum: the ones' complement sums of a header's L3 and L4 part."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .primitives import SumTree, delay, fold, tree_levels, words_of


class HeaderSum(wiring.Component):
    """Adds up masked header rows, each to one of two sums.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    row : In(data_width), lanes that do not count are 0
    valid, is_l4, starts : In(1), there is a row; for the L4 sum; a header's first
    seed : In(17), what the L4 sum starts with, with `starts`
    ip_sum, l4_sum : Out(16), `latency` cycles later

    Latency: the adder tree's and 3 cycles. Throughput: one row a cycle. Source: RFC 1071.
    """

    def __init__(self, config):
        self.config = config
        self.tree = SumTree(config.columns, tree_levels(config))
        self.latency = self.tree.latency + 3
        super().__init__(
            {
                "row": In(config.data_width),
                "valid": In(1),
                "is_l4": In(1),
                "starts": In(1),
                "seed": In(17),
                "ip_sum": Out(16),
                "l4_sum": Out(16),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.tree = tree = self.tree
        m.d.comb += tree.i.eq(Cat(words_of(self.row, self.config.columns)))
        valid = delay(m, "valid", self.valid, tree.latency, reset_less=False)
        is_l4 = delay(m, "is_l4", self.is_l4, tree.latency)
        starts = delay(m, "starts", self.starts, tree.latency)
        seed = delay(m, "seed", self.seed, tree.latency)
        bits = len(tree.o) + (self.config.header_rows - 1).bit_length() + 1
        ip_total = Signal(bits, reset_less=True)
        l4_total = Signal(bits, reset_less=True)
        with m.If(valid & starts):
            m.d.sync += [
                ip_total.eq(Mux(is_l4, 0, tree.o)),
                l4_total.eq(Mux(is_l4, tree.o, 0) + seed),
            ]
        with m.Elif(valid & is_l4):
            m.d.sync += l4_total.eq(l4_total + tree.o)
        with m.Elif(valid):
            m.d.sync += ip_total.eq(ip_total + tree.o)
        m.d.comb += [
            self.ip_sum.eq(fold(m, "ip_folded", ip_total)),
            self.l4_sum.eq(fold(m, "l4_folded", l4_total)),
        ]
        return m
