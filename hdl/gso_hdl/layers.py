# SPDX-License-Identifier: Apache-2.0
"""Layers: what of the row at hand belongs to which header, and what of it counts."""

from dataclasses import dataclass

from amaranth import Const, Mux, Value

from .place import Place
from .words import LAST, Word

# The field of header_context that a layer's sum starts with.
SEEDS = {"outer_l4": "outer_seed", "l4": "seed"}


@dataclass(frozen=True)
class Layer:
    """One header of a frame, as seen in the row at hand.

    `here`: there is something to look at. `x`, `y`, `z`: the words that are read out. The next
    have one bit a column: `mask` without `but`, and `also`, is summed. `taken_off`: it is
    subtracted from the sum of a tunnel's UDP header, too.
    """

    here: Value
    mask: Value
    x: Word
    y: Word
    z: Word
    but: Value | None = None
    also: Value | None = None
    taken_off: Value | int = 0


def layer_names(config):
    """The layers in the order in which they are looked at: last the one that often is there for
    its sum alone.
    """
    return (
        *(("l2",) if config.length_8023 else ()),
        *(("outer_l3",) if config.tunnels else ()),
        "l3",
        "l4",
        *(("outer_l4",) if config.tunnels else ()),
    )


def places(config):
    """A `Place` for each layer, able to tell the words that are asked for."""
    furthest = {"l2": 2, "outer_l3": 20, "outer_l4": LAST, "l3": 20, "l4": LAST}
    return {
        name: Place(config.columns, furthest[name], config.word_bits)
        for name in layer_names(config)
    }


def layers(config, context, place, checksum_here, checksum, silent):
    """The layers by name.

    `context` is the frame's header_context, `place` its places. `checksum_here`: the L4 checksum is
    in the row at hand; `checksum`, one bit a column, tells where. `silent`: for a tunnel's UDP
    checksum an inner IPv4 header sums to nothing, and nothing in it need be subtracted.
    """
    columns = config.columns

    def every(bit):
        return bit.replicate(columns)

    def ip_written(header, segmented):
        """What of an IPv4 header edit writes."""
        return (
            header.is_word(5)
            | (header.is_word(1) & every(segmented))
            | (header.is_word(2) & every(context.several))
        )

    def ip_words(header, end, segmented):
        """What of an IP header its checksum covers and edit does not write."""
        return header.at_or_behind(0) & ~end & ~ip_written(header, segmented)

    def ip_rows(header, end, ipv4, ipv6):
        """Is there something of an IP header to look at? Of IPv6 that is its first four words. In
        narrow cores a row too many is looked at rather than more LUTs spent, without tunnels, where
        a row is looked at twice at most, all of them.
        """
        if not config.tunnels:
            return (ipv4 | ipv6) & header.in_front_of(end)
        first_words = header.row[0] | header.row[1] if columns <= 8 else header.any_word(0, 4)
        return (ipv6 & first_words) | (ipv4 & header.in_front_of(end))

    def addresses(words, ipv4):
        """The addresses of an IP header: `words` is `Place.words` or, is there one, `any_word`."""
        return Mux(ipv4, words(6, 10), words(4, 20))

    l3, l4 = place["l3"], place["l4"]
    from_l3, from_l4 = l3.at_or_behind(0), l4.at_or_behind(0)
    l3_words = from_l3 & ~from_l4
    own = addresses(l3.words, context.ipv4) & every(context.from_header)
    tcp_edited = context.several & context.tcp
    skip_l4 = ((l4.is_word(3) | l4.is_word(6)) & every(tcp_edited)) | (
        l4.is_word(2) & every(tcp_edited | (context.segmented & context.udp))
    )
    # Where nothing is described inside a tunnel all of it is the outer L4 header's.
    l4_words = from_l4 & every(context.l4_known) if config.tunnels else from_l4
    # What a tunnel's UDP checksum covers of the inner L4 part sums to the complement of its
    # pseudo-header (D3), so that is taken off. It is never alone in what is summed: all else of a
    # sum that it is in is added, and the sum taken off. That are the addresses, unless they are in
    # the sum already, or the seed.
    if config.tunnels:
        addresses_off = context.ip_written & context.from_header
        seed_off = checksum_here & context.checksum_on & ~context.from_header
    else:
        addresses_off, seed_off = 0, 0
    found = {
        "l3": Layer(
            here=ip_rows(l3, l4, context.ipv4, context.ipv6),
            mask=ip_words(l3, from_l4, context.segmented),
            x=Word(0),
            y=Word(2),
            z=Word(4, 3, "ipv6"),
            taken_off=addresses_off,
        ),
        "l4": Layer(
            here=l4.reached() | (addresses(l3.any_word, context.ipv4) & context.from_header),
            mask=(l4_words | own) & ~skip_l4 & ~(checksum & every(context.from_header)),
            x=Word(6),
            y=Word(2),
            z=Word(3),
            taken_off=seed_off,
        ),
    }
    if config.length_8023:
        l2 = place["l2"]
        found["l2"] = Layer(
            here=context.llc & l2.any_word(0, 3),
            mask=Const(0, columns),
            x=Word(0),
            y=Word(1),
            z=Word(2),
        )
    if config.tunnels:
        outer_l3, outer_l4 = place["outer_l3"], place["outer_l4"]
        from_outer_l4 = outer_l4.at_or_behind(0)
        outer_addresses = addresses(outer_l3.words, context.outer_ipv4) & every(
            context.outer_from_header
        )
        # An IPv4 header whose checksum is written sums to nothing.
        left_out = (
            (l3_words & every(silent))
            | (ip_written(l3, context.segmented) & every(addresses_off))
            | (l3.is_word(2) & every(context.ipv6 & context.segmented))
            | (outer_l4.is_word(2) & every(context.segmented))
            | (outer_l4.is_word(3) & every(context.outer_from_header))
            | own
        )
        # Whether anything is covered takes too long; a row too many is looked at for nothing. Not
        # one that begins in a header that sums to nothing.
        covers = (
            Mux(
                context.l4_known,
                outer_l4.in_front_of(l4) & ~(silent & from_l3[0]),
                outer_l4.reached(),
            )
            | (addresses(outer_l3.any_word, context.outer_ipv4) & context.outer_from_header)
            | seed_off
        )
        found["outer_l3"] = Layer(
            here=ip_rows(outer_l3, outer_l4, context.outer_ipv4, context.outer_ipv6),
            mask=ip_words(outer_l3, from_outer_l4, context.segmented),
            x=Word(0),
            y=Word(2),
            z=Word(4, 3, "outer_ipv6"),
        )
        found["outer_l4"] = Layer(
            here=(context.outer_checksum_on & covers)
            | ((context.outer_udp | context.gre) & outer_l4.any_word(0, 5)),
            mask=from_outer_l4 & ~l4_words,
            but=left_out,
            also=outer_addresses | (l4_words & ~skip_l4 & ~checksum & every(seed_off)),
            x=Word(0, 4, "geneve"),
            y=Word(1),
            z=Word(3),
        )
    return {name: found[name] for name in layer_names(config)}
