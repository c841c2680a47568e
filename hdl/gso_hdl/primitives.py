# SPDX-License-Identifier: Apache-2.0
"""Small pieces that several stages use: adders, counters, masks, adder tree, delays."""

from itertools import pairwise

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


def add_with_carry(a, b, carry):
    """`a` + `b` + `carry` (1 bit), one bit wider than the wider, on a single carry chain.

    Ones' complement sums keep their carry apart until the next addition takes it in. A sum that
    has left a carry is at most 0xFFFE, so folding the carry in at the end never makes another.
    """
    width = max(len(a), len(b)) + 1
    return (Cat(Const(1, 1), a) + Cat(carry, b))[1 : width + 1]


def folded(total):
    """The 16 bits of a sum of 17, its carry added."""
    return (total[:16] + total[16])[:16]


def folds_to_ones(total):
    """Is a sum of 17 bits 0xFFFF with its carry added? Without the chain: with one it is at most
    0xFFFE.
    """
    return total[1:16].all() & (total[0] ^ total[16])


def apart(a, b):
    """`a` + `b`, one bit wider than the wider, on a carry chain of its own.

    Of sums of sums synthesis makes carry-save adders, at two LUTs a bit instead of one. It does
    not where an operand is more than just another sum.
    """
    width = max(len(a), len(b)) + 1
    return (Cat(Const(0, 1), a) + Cat(Const(0, 1), b))[1 : width + 1]


def less(a, b):
    """`a` - `b` - 1, one bit wider than the wider, on a single carry chain; the top bit is 1
    where `a` is not above `b`.
    """
    width = max(len(a), len(b)) + 1
    return (Cat(Const(0, 1), a) - Cat(Const(1, 1), b))[1 : width + 1]


def equal_pairs(a, b):
    """Are `a` and `b` equal, for each pair of their bits? All are where they are.

    To be put together behind a register: of a comparison with a choice behind it synthesis makes
    wide LUTs, much of them constant (docs/timing.md).
    """
    return Cat(a[i : i + 2] == b[i : i + 2] for i in range(0, len(a), 2))


def count(m, register, up, down):
    """`register` goes up by one, down by one, or with both or neither stays."""
    with m.If(up ^ down):
        m.d.sync += register.eq(register + Cat(Const(1, 1), down.replicate(len(register) - 1)))


def mask_code(position, count):
    """A code for the `count` bits (a power of two) of which bit i is 1 where i >= `position`, a
    lane's number; to be kept in a register: bits by ones and by eights.

    All 0 stands for a position behind the last lane.
    """
    if count <= 8:
        return Cat(position <= i for i in range(count))
    return Cat(mask_code(position[:3], 8), mask_code(position[3:], count // 8))


def mask_of(code, count):
    """The `count` bits that a `mask_code` stands for: one LUT a bit."""
    if count <= 8:
        return code
    low, high = code[:8], code[8:]
    before = Cat(Const(0, 1), high)
    return Cat(high[i // 8] & (before[i // 8] | low[i % 8]) for i in range(count))


def words_of(beat, columns):
    """The 16-bit words of a beat in network order: the lower lane is the high byte."""
    return [Cat(beat[16 * i + 8 : 16 * i + 16], beat[16 * i : 16 * i + 8]) for i in range(columns)]


class SumTree(wiring.Component):
    """Sum of the 16-bit words of a beat: a balanced, pipelined adder tree.

    Parameters
    ----------
    count : int
        Words, a power of two from 2.
    levels : int
        Tree levels between two registers, from 1; the first may have fewer in front of it.

    Members
    -------
    i : In(16 * count), a new beat every cycle
    o : Out(16 + log2(count)), `latency` cycles later
    """

    def __init__(self, count, levels):
        if count < 2 or count & count - 1:
            raise ValueError(f"count is {count!r}, expected a power of two from 2")
        if levels < 1:
            raise ValueError(f"levels is {levels!r}, expected 1 or more")
        self.count = count
        self.levels = levels
        self.depth = (count - 1).bit_length()
        self.latency = -(-self.depth // levels)
        super().__init__({"i": In(16 * count), "o": Out(16 + self.depth)})

    def elaborate(self, platform):
        m = Module()
        terms = [self.i[16 * i : 16 * i + 16] for i in range(self.count)]
        level = 0
        while len(terms) > 1:
            terms = [apart(terms[i], terms[i + 1]) for i in range(0, len(terms), 2)]
            level += 1
            if (self.depth - level) % self.levels == 0:
                held = []
                for i, term in enumerate(terms):
                    register = Signal(16 + level, name=f"level{level}_{i}", reset_less=True)
                    m.d.sync += register.eq(term)
                    held.append(register)
                terms = held
        m.d.comb += self.o.eq(terms[0])
        return m


def tree_levels(config):
    """Adder levels a cycle: wide cores run at slower clocks and have deeper trees."""
    return 1 if config.narrow else 2


def narrowed(m, name, value, valid):
    """`value`, of 17 to 24 bits, folded to 16 bits one cycle later; 0 where not `valid`.

    The second of the two folds needs no carry chain: where the first leaves a carry, what is above
    the few low bits is 0.
    """
    high = len(value) - 16
    once = Signal(17, name=f"{name}_once")
    with m.If(valid):
        m.d.sync += once.eq(value[:16] + value[16:])
    with m.Else():
        m.d.sync += once.eq(0)
    return Cat((once[:high] + once[16])[:high], once[high:16])


def cleared(value, clear):
    """`value` with 0 in each of `len(clear)` equal parts where `clear` is 1.

    In front of a register this is its reset, which takes no LUT (docs/timing.md).
    """
    width = len(value) // len(clear)
    return Cat(Mux(clear[i], 0, value.word_select(i, width)) for i in range(len(clear)))


def behind_first(flags):
    """`flags` without the lowest that is set."""
    return Cat(flags[i] & flags[:i].any() for i in range(len(flags)))


def choose(select, values):
    """The value whose number `select` is, behind the last any: a tree of multiplexers.

    A little cheaper than a `Switch`, which is made of ANDs and ORs (docs/timing.md).
    """
    values = [Value.cast(value) for value in values]
    for bit in select:
        pairs = [values[i : i + 2] for i in range(0, len(values), 2)]
        values = [Mux(bit, pair[1], pair[0]) if len(pair) == 2 else pair[0] for pair in pairs]
    return values[0]


def read_latency(config):
    """Cycles from a read of slots or buffer to its data: a register more for fast clocks, and for
    the long ways of the widest core.
    """
    return 3 if config.narrow or config.widest else 2


def behind_memory(m, config, enables, read, data, clear=()):
    """What a memory gives a cycle after `read`, `read_latency` cycles after it; 0 where no `read`
    was. All moves with the first of `enables`, the last register with the second. `clear` makes as
    many parts as it has bits 0 in that one.

    Only that one has a reset, so the others can stand near the memory.
    """
    cycles = read_latency(config) - 1
    reads = [Signal(name=f"read_{i + 1}") for i in range(cycles)]
    out = [Signal(data.shape(), name=f"out_{i + 2}", reset_less=True) for i in range(cycles)]
    enable, enable_last = enables
    with m.If(enable):
        m.d.sync += [later.eq(earlier) for earlier, later in pairwise([read, *reads])]
        m.d.sync += [later.eq(earlier) for earlier, later in pairwise([data, *out[:-1]])]
    with m.If(enable_last):
        m.d.sync += out[-1].eq([data, *out][-2])
    idle = [~reads[-1] | part for part in clear] or [~reads[-1]]
    for i, part in enumerate(idle):
        with m.If(enable_last & part):
            m.d.sync += out[-1].word_select(i, len(data) // len(idle)).eq(0)
    return out[-1]


def delay(m, name, value, cycles, reset_less=True, enable=1):
    """`value`, `cycles` cycles with `enable` later."""
    for i in range(cycles):
        register = Signal(value.shape(), name=f"{name}_{i + 1}", reset_less=reset_less)
        with m.If(enable):
            m.d.sync += register.eq(value)
        value = register
    return value
