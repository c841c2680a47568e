# SPDX-License-Identifier: Apache-2.0
"""Track: writes one column of a header after the other and adds up what it writes."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .fields import SUMS
from .primitives import add_with_carry, delay, folded, folds_to_ones
from .records import column_write, copy_field

SUM_BITS = (len(SUMS) - 1).bit_length()


def latency(config):
    """Cycles from a step to the sum with it."""
    return 2 if config.two_tracks else 3


def column_step(config):
    """What one step of a track does.

    The value is `addend` + `augend`; it goes into word `base` + `offset` of the slot that starts
    at row `slot`, in the header's `copy`. `sum`: the sum that it is added to, if there are several;
    `restart`: that begins with it, and with `start`, if there is one, instead of 0. `invert`: it is
    the last of a sum, whose complement is written; with `no_zero` never 0.
    """
    return data.StructLayout(
        {
            "write": 1,
            "base": config.word_bits,
            "offset": 4,
            "slot": (config.slot_rows - 1).bit_length(),
            **copy_field(config),
            "addend": 16,
            "augend": 16,
            **({"sum": SUM_BITS} if config.tunnels else {}),
            "restart": 1,
            **({"start": 16} if config.begins_with_length else {}),
            "invert": 1,
            "no_zero": 1,
        }
    )


class Track(wiring.Component):
    """Carries out steps.

    In tunnels those of several sums may come in any order; else a sum is done before the next
    begins.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    step : In stream(column_step), always ready
    write : Out stream(column_write), never stalled
    total : Out(17), the sum with a step in it, its carry on top: in the cycle before that step's
        `write`, at 512 bits together with it

    Latency: 4 cycles to a write, 3 at 256 bits, 2 at 512 bits, where `write` is no register: slots
    have one at once. Throughput: one step a cycle.
    Source: RFC 1071, D4.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "step": In(stream.Signature(column_step(config), always_ready=True)),
                "write": Out(stream.Signature(column_write(config), always_ready=True)),
                "total": Out(17),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        column_bits = (config.columns - 1).bit_length()
        step = self.step.payload

        # --- first cycle; wide cores have slow clocks and do without
        wide = config.two_tracks
        wait = latency(config)
        active = delay(m, "active", self.step.valid, wait - 1, reset_less=False)
        first = step
        if not wide:
            first = Signal(step.shape(), reset_less=True)
            m.d.sync += first.eq(step)

        # --- second: the value; wide cores add all of its place in this cycle, too: in two cycles
        # 512 bits were slower (docs/timing.md)
        value = Signal(16, reset_less=True)
        if wide:
            place = Signal(column_write(config), reset_less=True)
            second = {n: delay(m, n, getattr(first, n), 1) for n in ("invert", "no_zero")}
            position = first.base + first.offset
            placed = [
                place.row.eq(first.slot + position[column_bits:]),
                place.column.eq(position[:column_bits]),
            ]
        else:
            position = Signal(config.word_bits + 1, reset_less=True)
            second = {
                name: delay(m, f"{name}_2", getattr(first, name), 1)
                for name in ("slot", "invert", "no_zero", *copy_field(config))
            }
            placed = [position.eq(first.base + first.offset)]
        m.d.sync += [value.eq(first.addend + first.augend), *placed]

        # --- third: add; what goes on is a copy of the sum, cleared in front of a new one. A step
        # that waits may clear it early: nothing is added up in between.
        total, running = (Signal(17, name=name, reset_less=True) for name in ("total", "running"))
        more = add_with_carry(running[:16], value, running[16])
        with m.If(active):
            m.d.sync += [total.eq(more), running.eq(more)]
        if config.tunnels:
            m.d.sync += running.eq(self._goes_on(m, first.sum, active, more))
        with m.If(first.restart):
            m.d.sync += running.eq(first.start if config.begins_with_length else 0)
        if wide:
            value_3 = delay(m, "value_3", value, 1)
            third = delay(m, "place_3", place.as_value(), 1)
        else:
            third = Signal(column_write(config), reset_less=True)
            value_3 = third.value
        invert_3 = delay(m, "invert_3", second["invert"], 1)
        no_zero_3 = delay(m, "no_zero_3", second["no_zero"], 1)
        if not wide:
            m.d.sync += [
                third.value.eq(value),
                third.row.eq(second["slot"] + position[column_bits:]),
                third.column.eq(position[:column_bits]),
                *(getattr(third, name).eq(second[name]) for name in copy_field(config)),
            ]

        # --- fourth: write
        once = folded(total)
        ones = once.all() if wide else folds_to_ones(total)
        # Kept in a hurry, or abc9 takes it up into wide LUTs with what follows (docs/timing.md).
        kept = {"attrs": {"keep": 1}} if config.hurried else {}
        out = Signal(column_write(config), reset_less=True, **kept)
        m.d["comb" if config.widest else "sync"] += [
            out.eq(third),
            out.value.eq(Mux(invert_3, ~once | (no_zero_3 & ones).replicate(16), value_3)),
        ]
        writes = delay(
            m,
            "writing",
            self.step.valid & step.write,
            wait if config.widest else wait + 1,
            reset_less=False,
        )
        m.d.comb += [
            self.total.eq(total),
            self.write.valid.eq(writes),
            self.write.payload.eq(out),
        ]
        return m

    def _goes_on(self, m, number, active, more):
        """What the sum of this number is, of which `more` is the newest step's if `active`."""
        m.submodules.sums = sums = Memory(
            shape=unsigned(17), depth=len(SUMS), init=[], attrs={"ram_style": "distributed"}
        )
        newest = delay(m, "newest", number, 1)
        write, read = sums.write_port(), sums.read_port(domain="comb")
        m.d.comb += [
            read.addr.eq(number),
            write.addr.eq(newest),
            write.data.eq(more),
            write.en.eq(active),
        ]
        return Mux(active & (number == newest), more, read.data)
