# SPDX-License-Identifier: Apache-2.0
"""Rotate: joins lanes of two raw beats and turns them to where they leave."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .primitives import cleared, delay, mask_code, mask_of


class Rotate(wiring.Component):
    """A rotator of lanes behind a choice between two beats.

    In a step that crosses, lanes from the segment's `shift` on are the older beat's; else all are
    the newer's. Then lane `shift` becomes lane 0 and so on, and lanes to be cleared become 0.

    A multiplexer of four is four registers, three of them in reset, and an OR: one LUT a bit where
    a multiplexer needs two. Registers stand next to each LUT and are left over. What resets them
    is kept as such: an FPGA's reset has no inverter.

    Parameters
    ----------
    config : Configuration
        Of up to 256 bits; the widest core turns its payload in `Turn`.

    Members
    -------
    load : In(1), with `shift` for the steps from the next cycle on
    shift : In(log2(lanes))
    cross : In(1), the step in this cycle crosses
    older, newer : In(data_width), the beats, a cycle later
    clear : In(lanes), likewise; lanes that are not payload
    o : Out(data_width), `latency` cycles after the beats

    Latency: 3 cycles, 4 at 256 bits. Throughput: a beat every cycle.
    """

    def __init__(self, config):
        self.lanes, self.lane_bits, self.narrow = config.lanes, config.lane_bits, config.narrow
        # An odd shift goes along with the choice where the number of its bits is odd.
        self.with_choice = self.lane_bits % 2
        self.latency = self.with_choice + self.lane_bits // 2 + 1
        super().__init__(
            {
                "load": In(1),
                "shift": In(self.lane_bits),
                "cross": In(1),
                "older": In(config.data_width),
                "newer": In(config.data_width),
                "clear": In(self.lanes),
                "o": Out(config.data_width),
            }
        )

    def elaborate(self, platform):
        m = Module()
        shift = Signal(self.lane_bits, reset_less=True)
        shifted = Signal(reset_less=True)
        code = mask_code(shift, self.lanes)
        if not self.narrow:
            # Where there are many lanes it is decoded in part ahead.
            code = Signal(code.shape(), reset_less=True)
        with m.If(self.load):
            m.d.sync += [shift.eq(self.shift), shifted.eq(self.shift != 0)]
            if not self.narrow:
                m.d.sync += code.eq(mask_code(self.shift, self.lanes))
        crosses = self.cross & shifted
        older_from = mask_of(code, self.lanes)

        if self.with_choice:
            parts = []
            for turn in range(2):
                parts += self._choose_turned(m, turn, shift, older_from, crosses)
            value = self._joined(parts)
        else:
            from_older = Signal(self.lanes, reset_less=True)
            m.d.sync += from_older.eq(Mux(crosses, older_from, 0))
            value = Cat(
                Mux(from_older[i], self.older.word_select(i, 8), self.newer.word_select(i, 8))
                for i in range(self.lanes)
            )

        clear = delay(m, "clear", self.clear, self.latency - 1)
        out = Signal(len(value), reset_less=True)
        m.d.comb += self.o.eq(out)
        m.d.sync += out.eq(cleared(self._in_reset(m, value, shift), clear))
        return m

    def _in_reset(self, m, value, shift):
        """`value` turned by registers of which one in four is not in reset."""
        for cycle, low in enumerate(range(self.with_choice, self.lane_bits, 2)):
            others = Signal(4, name=f"others_{low}", reset_less=True)
            m.d.sync += others.eq(Cat(shift[low : low + 2] != k for k in range(4)))
            others = delay(m, f"others_{low}", others, cycle + self.with_choice)
            parts = []
            for k in range(4):
                part = Signal(len(value), name=f"part_{low}_{k}", reset_less=True)
                m.d.sync += part.eq(Mux(others[k], 0, value))
                parts.append((part, k << low))
            value = self._joined(parts)
        return value

    def _choose_turned(self, m, turn, shift, older_from, crosses):
        """Of both beats the lanes that are chosen, if the shift is even (`turn` 0) or odd (1); and
        by how many lanes they are to be turned.
        """
        other = shift[0] != turn
        lanes = {
            "older": Mux(other | ~crosses, ~0, ~older_from),
            "newer": Mux(other, ~0, older_from & crosses.replicate(self.lanes)),
        }
        parts = []
        for beat, others in lanes.items():
            # As it is set as a whole an FPGA's register has to begin as it is set.
            clear = Signal(self.lanes, name=f"not_{beat}_{turn}", init=-1, reset_less=True)
            part = Signal(8 * self.lanes, name=f"{beat}_{turn}", reset_less=True)
            m.d.sync += clear.eq(others)
            m.d.sync += part.eq(cleared(getattr(self, beat), clear))
            parts.append((part, turn))
        return parts

    def _joined(self, parts):
        """OR of (value, lanes by which it is turned down)."""
        joined = 0
        for value, turned in parts:
            joined = joined | rotated(value, turned)
        return joined


def rotated(value, lanes):
    """`value` turned down by a number of lanes that is a constant."""
    return Cat(value[8 * lanes :], value[: 8 * lanes])
