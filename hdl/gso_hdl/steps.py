# SPDX-License-Identifier: Apache-2.0
"""Steps: what edit writes into a header, in which order, and the sequence that walks it."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .fields import l4_computed, outer_computed

L3_STEPS = ("length", "id", "ip_checksum")
L4_STEPS = ("sequence_high", "sequence_low", "flags", "udp_length", "l4_length", "end")
OUTER_L3_STEPS = ("outer_length", "outer_id", "outer_ip_checksum")
OUTER_L4_STEPS = ("outer_udp_length", "outer_again", "outer_udp_checksum")


def tracks(config):
    """The steps of each track, in order.

    The wide core has two tracks, for the L3 headers and for L4, which work side by side; the
    others have one. A tunnel's UDP header goes with L3, as L4 has more steps, but for the case in
    which L4's sum is the rest of its own. `end` hands the segment on and is always the last.
    """
    outer_l4 = OUTER_L4_STEPS if config.tunnels else ()
    l3 = (
        (("llc_length",) if config.length_8023 else ())
        + (OUTER_L3_STEPS if config.tunnels else ())
        + L3_STEPS
        + outer_l4
    )
    return (l3, outer_l4 + L4_STEPS) if config.two_tracks else (l3 + L4_STEPS,)


def wanted_steps(config, context, header):
    """Which steps a frame's segments have, by name, a dictionary for each track.

    `context` is the frame's edit_context, `header` what capture found.
    """
    segmented = context.segmented
    good = (context.refused == 0) & (header.verdict == 0)
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
        outer_checksum = outer_computed(context, header)
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
    joined = outer_checksum & ~l4_computed(context, header)
    return [
        wanted | {name: wanted[name] & where for name in OUTER_L4_STEPS}
        for where in (~joined, joined)
    ]


class Sequence(wiring.Component):
    """Walks the steps of a track that a segment has, one a cycle.

    Parameters
    ----------
    count : int
        Steps of the track, from 2.
    eager : bool
        The first step comes right behind `load`; else a cycle later, which is cheaper.

    Members
    -------
    load : In(1), the next segment
    wanted : In(count), its steps
    hold : In(1), stay at this step
    active : Out(1), there is a step
    step : Out(k), its number
    more : Out(1), it is not the last

    Latency: 1 cycle, or 2. Throughput: one step a cycle, a segment at once behind the other or
    with a cycle in between.
    """

    def __init__(self, count, eager):
        if count < 2:
            raise ValueError(f"count is {count!r}, expected 2 or more")
        self.count = count
        self.eager = eager
        super().__init__(
            {
                "load": In(1),
                "wanted": In(count),
                "hold": In(1),
                "active": Out(1),
                "step": Out(range(count)),
                "more": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        pending = Signal(self.count)  # steps behind the one at hand

        def lowest(mask):
            """The number of the first step in `mask`, and what is left behind it."""
            number = Const(0, len(self.step))
            for i in reversed(range(self.count)):
                number = Mux(mask[i], i, number)
            rest = Cat(mask[i] & mask[:i].any() for i in range(self.count))
            return number[: len(self.step)], rest

        following, behind = lowest(pending)
        m.d.comb += self.more.eq(pending.any())
        with m.If(self.load):
            if self.eager:
                first, behind_first = lowest(self.wanted)
                m.d.sync += [
                    self.step.eq(first),
                    pending.eq(behind_first),
                    self.active.eq(self.wanted.any()),
                ]
            else:
                m.d.sync += [pending.eq(self.wanted), self.active.eq(0)]
        with m.Elif(~self.hold):
            m.d.sync += [self.step.eq(following), pending.eq(behind), self.active.eq(pending.any())]
        return m
