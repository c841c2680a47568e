# SPDX-License-Identifier: Apache-2.0
"""Verdict: is the header what its descriptor says?"""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from gso_model.layout import Status

from .layers import layer_names
from .tunnel import tunnel_wrong

KINDS = "ipv4 tcp udp segmented check_protocol l4_fits l3_words l4_words"
TUNNEL_KINDS = (
    "ipv6 outer_ipv4 outer_udp gre geneve outer_checksum_on outer_check_protocol outer_l3_words "
    "vxlan_short"
)
LLC_KINDS = "llc llc_bad"


def verdict_context(config, header_context):
    """What of a frame's header_context the verdict needs."""
    names = KINDS.split()
    names += TUNNEL_KINDS.split() if config.tunnels else []
    names += LLC_KINDS.split() if config.length_8023 else []
    return data.StructLayout({name: header_context[name].shape for name in names})


def look_layout(config):
    """A look at one layer of a header row, and three words that it may have found there."""
    return data.StructLayout(
        {
            "valid": 1,
            "starts": 1,  # a header's first
            "short": 1,  # the frame has ended inside the header
            "layer": data.StructLayout(dict.fromkeys(layer_names(config), 1)),
            "x_hit": 1,
            "y_hit": 1,
            "z_hit": 1,
            "x": 16,
            "y": 16,
            "z": 16,
        }
    )


class Verdict(wiring.Component):
    """Compares words read out of a header with its descriptor, and remembers what was wrong.

    Parameters
    ----------
    config : Configuration
    header_context : the layout of the frame's header_context

    Members
    -------
    context : In, what the descriptor says
    look : In, see `look_layout`; x, y, z as in `layers`
    tunnel_words : In, with `tunnels`: what `context` says of that in the next cycle
    code : Out(3), the lowest of D11's codes 16 to 22 that applies, minus 15; 0: good, or a frame
        that ends inside its header, of which nothing is wrong but that

    good : Out(1), `code` is 0

    Latency: 1 cycle. Source: D11, D17, I10.
    """

    def __init__(self, config, header_context):
        self.config = config
        ahead = {"tunnel_words": In(config.word_bits)} if config.tunnels else {}
        super().__init__(
            {
                "context": In(verdict_context(config, header_context)),
                "look": In(look_layout(config)),
                **ahead,
                "code": Out(3),
                "good": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config, context, look = self.config, self.context, self.look
        starts = look.valid & look.starts
        at_l3, at_l4 = look.layer.l3, look.layer.l4
        ipv4, words = context.ipv4, context.l3_words
        wanted = Mux(context.udp, 17, 6)
        visible = context.check_protocol
        if config.tunnels:
            outer = look.layer.outer_l3
            at_l3 = at_l3 | outer
            ipv4 = Mux(outer, context.outer_ipv4, ipv4)
            words = Mux(outer, context.outer_l3_words, words)
            inner_ip = Mux(context.ipv4, 4, 41)
            wanted_outside = Mux(context.outer_udp, 17, Mux(context.gre, 47, inner_ip))
            wanted = Mux(outer, wanted_outside, wanted)
            visible = Mux(outer, context.outer_check_protocol, visible)
        protocol = Mux(ipv4, look.z[:8], look.z[8:])
        wrong = {
            Status.IP_VERSION: at_l3 & look.x_hit & (look.x[12:] != Mux(ipv4, 4, 6)),
            Status.IP_HEADER_LENGTH: at_l3 & look.x_hit & ipv4 & (look.x[8:12] != words),
            Status.IP_PROTOCOL: at_l3 & look.z_hit & visible & (protocol != wanted),
            Status.L4_HEADER: at_l4
            & context.segmented
            & (~context.l4_fits | (context.tcp & look.x_hit & (look.x[12:] != context.l4_words))),
        }
        if config.tunnels:
            at_outer = look.layer.outer_l4
            wrong[Status.TUNNEL_HEADER] = Cat(
                starts & context.vxlan_short,
                *(at_outer & flag for flag in tunnel_wrong(m, context, self.tunnel_words, look)),
            )
            wrong[Status.OUTER_CHECKSUM] = (
                at_outer
                & look.z_hit
                & context.segmented
                & context.outer_udp
                & ~context.outer_checksum_on
                & look.z.any()
            )
        if config.length_8023:
            at_l2 = look.layer.l2
            wrong[Status.LENGTH_8023] = (starts & context.llc & context.llc_bad) | (
                at_l2
                & (
                    (look.x_hit & (look.x >= 0x600))
                    | (look.y_hit & (look.y != 0xAAAA))
                    | (look.z_hit & (look.z[8:] != 3))
                )
            )
        # Several flags of one code are put together only where they are read.
        bad = {}
        for code, value in wrong.items():
            count = len(value)
            flags = Signal(count, name=f"bad_{code.name.lower()}")
            found = value & look.valid.replicate(count)
            m.d.sync += flags.eq((flags & (~starts).replicate(count)) | found)
            bad[code] = flags.any()
        short = Signal()
        m.d.sync += short.eq(look.short)
        lowest = Signal(3)
        for code in sorted(bad, reverse=True):
            with m.If(bad[code]):
                m.d.comb += lowest.eq(code - 15)
        m.d.comb += [
            self.code.eq(Mux(short, 0, lowest)),
            self.good.eq(short | ~Cat(bad.values()).any()),
        ]
        return m
