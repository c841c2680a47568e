# SPDX-License-Identifier: Apache-2.0
"""Tunnel: is the header between outer and inner IP one that is offloaded, and as long as said?"""

from amaranth import Mux, Signal

ETHERNET, IPV4, IPV6 = 0x6558, 0x0800, 0x86DD
KEY = 0x2000
NOT_OFFLOADED = 0xD007  # checksum, routing, sequence, version: RFC 2784, 2890
MAC_WORDS = 7


def tunnel_wrong(m, context, coming, look):
    """D11's code 20 for a look at the outer L4 header, as flags of which any says so; lengths are
    in 16-bit words.

    GRE: x holds the flags, y the type, perhaps a row later. Geneve (RFC 8926): x holds version
    and option length. `coming`: the distance of inner L3 in the next cycle's look; what can be
    said of it alone is worked out a cycle ahead.
    """

    def known(name, value):
        register = Signal(value.shape(), name=name, reset_less=True)
        m.d.sync += register.eq(value)
        return register

    key = Signal()
    has_key = Mux(look.x_hit, (look.x & KEY).any(), key)
    with m.If(look.valid & look.layer.outer_l4 & look.x_hit):
        m.d.sync += key.eq(has_key)
    inside = context.ipv4 | context.ipv6
    # Behind an Ethernet header, and tags of two words each; or at once. With a key and without.
    not_at_once, not_ethernet = (
        Mux(has_key, known(f"not_{name}_key", test(4)), known(f"not_{name}", test(2)))
        for name, test in (
            ("at_once", lambda header: coming != header),
            ("ethernet", lambda header: (coming < header + MAC_WORDS) | ~coming[0]),
        )
    )
    ethernet = look.y == ETHERNET
    unknown = ~ethernet & (look.y != IPV4) & (look.y != IPV6)
    misplaced = Mux(ethernet, not_ethernet, not_at_once)
    # UDP and Geneve headers are 8 bytes each, options come in units of 4.
    spare = known("spare", ((coming >> 1) - 4).as_signed())
    options = look.x[8:14]
    gre_flags, gre_type = context.gre & look.x_hit, context.gre & look.y_hit
    geneve = context.geneve & look.x_hit
    return [
        gre_flags & (look.x & NOT_OFFLOADED).any(),
        gre_type & unknown,
        gre_type & inside & misplaced,
        geneve & look.x[14:].any(),
        geneve & inside & (spare < options),
    ]
