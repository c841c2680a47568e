# SPDX-License-Identifier: Apache-2.0
"""Turn: the last levels of the rotator that puts stored payload into its lanes on the wire."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .primitives import choose, mask_code, mask_of
from .rotate import rotated


class Turn(wiring.Component):
    """Turns beats by less than a quarter: by fours, then by ones.

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
    turned : Out(data_width), 2 cycles with `move` after `stored`
    below : Out(lanes), of `turned`: 1 in lanes in front of the payload

    Latency: 2 cycles. Throughput: one beat a cycle. Source: docs/theory.md.
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
        fours = Signal(len(self.shift) - 2, reset_less=True)
        code = Signal(mask_code(self.start, lanes).shape(), reset_less=True)
        code_1 = Signal(code.shape(), reset_less=True)
        ones_1 = Signal(2, reset_less=True)
        by_fours = Signal(self.config.data_width, reset_less=True)
        turned = [rotated(self.stored, 4 * i) for i in range(1 << len(fours))]
        with m.If(self.move):
            m.d.sync += [
                ones.eq(self.shift[:2]),
                fours.eq(self.shift[2:]),
                code.eq(mask_code(self.start, lanes)),
                ones_1.eq(ones),
                code_1.eq(code),
                by_fours.eq(choose(fours, turned)),
                self.turned.eq(choose(ones_1, [rotated(by_fours, i) for i in range(4)])),
                self.below.eq(~mask_of(code_1, lanes)),
            ]
        return m
