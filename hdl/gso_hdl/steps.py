# SPDX-License-Identifier: Apache-2.0
"""Steps: what edit writes into a header, in which order, and the sequence that walks it."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .primitives import behind_first

L3_STEPS = ("length", "id", "ip_checksum")
L4_STEPS = ("sequence_high", "sequence_low", "flags", "udp_length", "l4_length", "end")
OUTER_L3_STEPS = ("outer_length", "outer_id", "outer_ip_checksum")
OUTER_L4_STEPS = ("outer_udp_length", "outer_again", "outer_udp_checksum")
# They want a captured sum, which comes later than the rest.
LATE_STEPS = ("ip_checksum", "outer_ip_checksum", "outer_udp_checksum", "end")


def tracks(config):
    """The steps of each track, in order.

    Wide cores have two tracks, for the L3 headers and for L4, which work side by side; the others
    have one. A tunnel's UDP header goes with L3 or with L4, see `wanted_steps`. A tunnel has many
    steps, so what wants a captured sum comes behind all else; L4's are in an order in which they
    seldom want the same parity of columns as L3's do, and its sum begins with its length. `end`
    hands the segment on and is always the last.
    """
    outer_l4 = OUTER_L4_STEPS if config.tunnels else ()
    l3 = (
        (("llc_length",) if config.length_8023 else ())
        + (OUTER_L3_STEPS if config.tunnels else ())
        + L3_STEPS
        + outer_l4
    )
    l4 = outer_l4 + L4_STEPS
    if config.tunnels:
        l4 = (*outer_l4, "sequence_high", "flags", "sequence_low", *L4_STEPS[3:])
    if config.begins_with_length:
        l4 = tuple(name for name in l4 if name != "l4_length")
    found = (l3, l4) if config.two_tracks else (l3 + L4_STEPS,)
    if config.tunnels:
        found = tuple(tuple(sorted(names, key=LATE_STEPS.__contains__)) for names in found)
    return found


def wanted_steps(config, context, header):
    """Which steps a frame's segments have, by name, a dictionary for each track.

    `context` is the frame's edit_context, `header` what capture found. In tunnels nobody waits for
    that: a wrong header is edited for nothing.
    """
    segmented = context.segmented
    good = context.fits if config.tunnels else context.accepted & header.good
    edited = segmented & context.several & context.tcp
    wanted = {
        "length": segmented,
        "id": segmented & context.several & context.ipv4,
        "ip_checksum": context.ip_checksum,
        "sequence_high": edited,
        "sequence_low": edited,
        "flags": edited,
        "udp_length": segmented & context.udp,
        "l4_length": context.add_length,
    }
    if config.length_8023:
        wanted["llc_length"] = context.llc
    if config.tunnels:
        outer_checksum = context.outer_checksum_on
        wanted |= {
            "outer_length": segmented & context.outer_ip,
            "outer_id": segmented & context.several & context.outer_ipv4,
            "outer_ip_checksum": context.outer_ip_checksum,
            "outer_udp_length": segmented & context.outer_udp,
            "outer_again": segmented & outer_checksum & context.ipv6,
            "outer_udp_checksum": outer_checksum,
        }
    wanted = {name: value & good for name, value in wanted.items()} | {"end": Const(1, 1)}
    if not config.two_tracks or not config.tunnels:
        return [wanted] * (1 + config.two_tracks)
    # Where L4's sum may be the rest of the outer UDP's they go one after the other. Where both IP
    # headers have an identification and a checksum L3 has more to do than L4.
    with_l4 = (context.outer_ipv4 & context.ipv4) | context.udp | ~context.checksum_on
    return [
        wanted | {name: wanted[name] & where for name in OUTER_L4_STEPS}
        for where in (~with_l4, with_l4)
    ]


class Sequence(wiring.Component):
    """Walks the steps of a track that a segment has, one a cycle.

    Parameters
    ----------
    count : int
        Steps of the track, from 2.

    Members
    -------
    coming : In(count), the steps of the next frame's segments; a cycle ahead of `load`
    load : In(1), the next segment; with no step, or with the last and no `hold`
    new : In(1), with `load`: of the next frame
    hold : In(1), stay at this step
    active : Out(1), there is a step
    step : Out(k), its number
    more : Out(1), it is not the segment's last
    at_last : Out(1), it is the track's last

    Latency: 1 cycle. Throughput: one step a cycle, a segment at once behind the other.
    """

    def __init__(self, count):
        if count < 2:
            raise ValueError(f"count is {count!r}, expected 2 or more")
        self.count = count
        super().__init__(
            {
                "coming": In(count),
                "load": In(1),
                "new": In(1),
                "hold": In(1),
                "active": Out(1),
                "step": Out(range(count)),
                "more": Out(1),
                "at_last": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()

        def first(mask):
            """The first step in `mask`: its number, is there one, is it the track's last, are there
            more; and the steps behind it.
            """
            number = Const(0, len(self.step))
            for i in reversed(range(self.count)):
                number = Mux(mask[i], i, number)
            rest = behind_first(mask)
            last = mask[-1] & ~mask[:-1].any()
            return Cat(number[: len(self.step)], mask.any(), last, rest.any(), rest)

        pending = Signal(self.count)  # steps behind the one at hand
        state = Cat(self.step, self.active, self.at_last, self.more, pending)
        # The first step of a segment is known before `load`, which is late.
        ahead = Signal(len(state), reset_less=True)  # of the next frame
        again = Signal(len(state), reset_less=True)  # of this one
        m.d.sync += ahead.eq(first(self.coming))
        with m.If(self.load & self.new):
            m.d.sync += again.eq(ahead)
        # With `load` nothing is pending, so that all is 0 but what is loaded.
        begins = Mux(self.new, ahead, again) & self.load.replicate(len(state))
        with m.If(self.load | ~self.hold):
            m.d.sync += state.eq(first(pending) | begins)
        return m
