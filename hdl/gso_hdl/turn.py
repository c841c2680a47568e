# SPDX-License-Identifier: Apache-2.0
"""Turn: the last levels of the rotator that puts stored payload into its lanes on the wire."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .primitives import choose, mask_code, mask_of
from .rotate import rotated


class Turn(wiring.Component):
    """Turns beats by less than a quarter: by fours, then by ones.

    Which lanes stand in front of the payload is turned with them; egress clears those lanes.

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
        lanes, lane_bits = self.config.lanes, self.config.lane_bits

        # In `by_fours` lane `ones` will be lane 0, so the first lane of payload is `first`. Lanes
        # below `ones` wrap around and will be the last.
        ones = Signal(2, reset_less=True)
        fours = Signal(len(self.shift) - 2, reset_less=True)
        first = Signal(lane_bits + 1, reset_less=True)
        code = mask_code(first[:lane_bits], lanes)
        below = Signal(lanes, reset_less=True)
        ones_1 = Signal(2, reset_less=True)
        by_fours = Signal(self.config.data_width, reset_less=True)
        turned = [rotated(self.stored, 4 * i) for i in range(1 << len(fours))]
        with m.If(self.move):
            m.d.sync += [
                ones.eq(self.shift[:2]),
                fours.eq(self.shift[2:]),
                first.eq(self.start + self.shift[:2]),
                ones_1.eq(ones),
                below.eq(
                    Cat(
                        *(Mux(ones > i, first > lanes + i, first > i) for i in range(3)),
                        ~mask_of(code, lanes)[3:] | first[-1].replicate(lanes - 3),
                    )
                ),
                by_fours.eq(choose(fours, turned)),
            ]
        with m.If(self.move):
            m.d.sync += [
                self.turned.eq(choose(ones_1, [rotated(by_fours, i) for i in range(4)])),
                self.below.eq(
                    Cat(
                        choose(ones_1, [Cat(below[i:], below[:i])[lane] for i in range(4)])
                        for lane in range(lanes)
                    )
                ),
            ]
        return m
