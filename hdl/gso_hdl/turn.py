# SPDX-License-Identifier: Apache-2.0
"""Turn: the last levels of the rotator that puts stored payload into its lanes on the wire."""

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .primitives import choose, delay, mask_code, mask_of
from .rotate import rotated, turned_in_reset


class Turn(wiring.Component):
    """Turns beats by less than a quarter: by fours, then by ones. Where tunnels take many LUTs the
    fours are in registers in reset, as in `Rotate`.

    Which lanes will stand in front of the payload goes with them; egress clears those lanes.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    move : In(1), all moves on
    stored : In(data_width)
    shift : In(log2(lanes) - 2), the lane that becomes lane 0, a cycle ahead of `stored`
    start : In(log2(lanes)), the first lane of payload when turned, a cycle ahead of `stored`
    turned : Out(data_width), 3 cycles with `move` after `stored`
    below : Out(lanes), of `turned`: 1 in lanes in front of the payload

    Latency: 3 cycles. Throughput: one beat a cycle. Source: docs/theory.md.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "move": In(1),
                "stored": In(config.data_width),
                "shift": In(config.lane_bits - 2),
                "start": In(config.lane_bits),
                "turned": Out(config.data_width),
                "below": Out(config.lanes),
            }
        )

    def elaborate(self, platform):
        m = Module()
        lanes = self.config.lanes

        if self.config.tunnels:
            # A LUT a bit less than multiplexers, but wires are short. By ones, too, there are more
            # registers with a reset than they can serve (docs/timing.md).
            others = Signal(4, reset_less=True)
            with m.If(self.move):
                m.d.sync += others.eq(Cat(self.shift[2:] != k for k in range(4)))
            turned = turned_in_reset(m, "fours", self.stored, others, 4, self.move)
        else:
            fours = delay(m, "fours", self.shift[2:], 2, enable=self.move)
            stored = delay(m, "stored", self.stored, 1, enable=self.move)
            turned = choose(fours, [rotated(stored, 4 * i) for i in range(4)])
        by_fours = delay(m, "by_fours", turned, 1, enable=self.move)
        ones = delay(m, "ones", self.shift[:2], 3, enable=self.move)
        code = delay(m, "code", mask_code(self.start, lanes), 3, enable=self.move)
        with m.If(self.move):
            m.d.sync += [
                self.turned.eq(choose(ones, [rotated(by_fours, i) for i in range(4)])),
                self.below.eq(~mask_of(code, lanes)),
            ]
        return m
