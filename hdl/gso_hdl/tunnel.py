# SPDX-License-Identifier: Apache-2.0
"""Tunnel: is the header between outer and inner IP one that is offloaded, and as long as said?"""

from amaranth import Mux, Signal

ETHERNET, IPV4, IPV6 = 0x6558, 0x0800, 0x86DD
KEY = 0x2000
NOT_OFFLOADED = 0xD007  # checksum, routing, sequence, version: RFC 2784, 2890
MAC_WORDS = 7


def tunnel_wrong(m, context, look):
    """D11's code 20 for a look at the outer L4 header; lengths are in 16-bit words.

    GRE: x holds the flags, y the type, perhaps a row later. Geneve (RFC 8926): x holds version
    and option length.
    """
    key = Signal()
    has_key = Mux(look.x_hit, (look.x & KEY).any(), key)
    with m.If(look.valid & look.layer.outer_l4 & look.x_hit):
        m.d.sync += key.eq(has_key)
    inside = context.ipv4 | context.ipv6
    distance = context.tunnel_words
    # Behind an Ethernet header, and tags of two words each; or at once.
    header = Mux(has_key, 4, 2)
    ethernet = look.y == ETHERNET
    unknown = ~ethernet & (look.y != IPV4) & (look.y != IPV6)
    behind = distance - header
    misplaced = Mux(ethernet, (distance < header + MAC_WORDS) | ~behind[0], distance != header)
    gre_wrong = (look.x_hit & (look.x & NOT_OFFLOADED).any()) | (
        look.y_hit & (unknown | (inside & misplaced))
    )
    # UDP and Geneve headers are 8 bytes each, options come in units of 4.
    options = look.x[8:14]
    geneve_wrong = look.x_hit & (look.x[14:].any() | (inside & (distance < 8 + (options << 1))))
    return (context.gre & gre_wrong) | (context.geneve & geneve_wrong)
