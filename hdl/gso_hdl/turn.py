# SPDX-License-Identifier: Apache-2.0
"""Turn: the last levels of the rotator that puts stored payload into its lanes on the wire."""

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .primitives import delay, mask_code, mask_of
from .rotate import turned_in_reset


class Turn(wiring.Component):
    """Turns beats by less than a quarter: by fours, then by ones, as `Rotate` does.

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

        ones = Signal(2, reset_less=True)
        with m.If(self.move):
            m.d.sync += ones.eq(self.shift[:2])
        by_fours = self._turned(m, "fours", self.stored, self.shift[2:], 4)
        by_ones = self._turned(m, "ones", by_fours, ones, 1)
        code = delay(m, "code", mask_code(self.start, lanes), 3, enable=self.move)
        with m.If(self.move):
            m.d.sync += [self.turned.eq(by_ones), self.below.eq(~mask_of(code, lanes))]
        return m

    def _turned(self, m, name, value, shift, lanes):
        """`value` turned by `lanes` times `shift`, which is known a cycle ahead."""
        others = Signal(4, name=f"other_{name}", reset_less=True)
        with m.If(self.move):
            m.d.sync += others.eq(Cat(shift != k for k in range(4)))
        return turned_in_reset(m, name, value, others, lanes, self.move)
