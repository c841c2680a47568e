# SPDX-License-Identifier: Apache-2.0
"""Verdict: is the header what its descriptor says?"""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from gso_model.layout import Status

QUESTIONS = (
    Status.IP_VERSION,
    Status.IP_HEADER_LENGTH,
    Status.IP_PROTOCOL,
    Status.L4_HEADER,
)


class Verdict(wiring.Component):
    """Compares words read out of a header with its descriptor, and remembers what was wrong.

    Members
    -------
    starts : In(1), a new header; what else comes with it counts
    l3_first, l4_flags : In(1), `first` is word 0 of the IP header, word 6 of the TCP header
    l3_protocol : In(1), `protocol` is the word with the IP header's protocol
    l4 : In(1), a look at the L4 header
    short : In(1), the frame has ended inside the header: nothing is wrong with it but that
    context : In, what the descriptor says
    first, protocol : In(16)
    code : Out(3), the lowest of D11's codes 16 to 19 that applies, minus 15; 0: good

    Latency: 1 cycle. Source: D11, I10.
    """

    def __init__(self):
        super().__init__(
            {
                **{
                    name: In(1)
                    for name in ["starts", "l3_first", "l3_protocol", "l4", "l4_flags", "short"]
                },
                "context": In(
                    data.StructLayout(
                        {
                            "ipv4": 1,
                            "tcp": 1,
                            "udp": 1,
                            "segmented": 1,
                            "check_protocol": 1,
                            "l4_fits": 1,
                            "l3_words": 5,
                            "l4_words": 4,
                        }
                    )
                ),
                "first": In(16),
                "protocol": In(16),
                "code": Out(3),
            }
        )

    def elaborate(self, platform):
        m = Module()
        context = self.context
        protocol = Mux(context.ipv4, self.protocol[:8], self.protocol[8:])
        wrong = {
            Status.IP_VERSION: self.l3_first & (self.first[12:] != Mux(context.ipv4, 4, 6)),
            Status.IP_HEADER_LENGTH: self.l3_first
            & context.ipv4
            & (self.first[8:12] != context.l3_words),
            Status.IP_PROTOCOL: self.l3_protocol
            & context.check_protocol
            & (protocol != Mux(context.udp, 17, 6)),
            Status.L4_HEADER: self.l4
            & context.segmented
            & (
                ~context.l4_fits
                | (context.tcp & self.l4_flags & (self.first[12:] != context.l4_words))
            ),
        }
        bad = {code: Signal(name=f"bad_{code.name.lower()}") for code in QUESTIONS}
        for code, flag in bad.items():
            with m.If(self.starts):
                m.d.sync += flag.eq(wrong[code])
            with m.Elif(wrong[code]):
                m.d.sync += flag.eq(1)
        short = Signal()
        m.d.sync += short.eq(self.short)
        lowest = Signal(3)
        for code in reversed(QUESTIONS):
            with m.If(bad[code]):
                m.d.comb += lowest.eq(code - 15)
        m.d.comb += self.code.eq(Mux(short, 0, lowest))
        return m
