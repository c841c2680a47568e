# SPDX-License-Identifier: Apache-2.0
"""Small pieces that several stages use: queues, ones' complement adder, masks, adder tree."""

from amaranth import Cat, Const, Module, Mux, Shape, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out


class Queue(wiring.Component):
    """A queue in distributed RAM for a source that counts what is under way.

    Its two pointers are shift registers with feedback: a LUT each instead of a counter.
    Whether there is room is not looked at.

    Parameters
    ----------
    shape : ShapeLike
        Shape of an entry.
    bits : int
        4 or 5: 14 or 30 entries.

    Members
    -------
    i : In stream, always ready; there must be room
    o : Out stream, straight from the RAM, the cycle after the entry was taken in
    """

    def __init__(self, shape, bits=4):
        if bits not in (4, 5):
            raise ValueError(f"bits is {bits!r}, expected 4 or 5")
        self.shape = shape
        self.bits = bits
        super().__init__(
            {
                "i": In(stream.Signature(shape, always_ready=True)),
                "o": Out(stream.Signature(shape)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(
            shape=unsigned(Shape.cast(self.shape).width),
            depth=1 << self.bits,
            init=[],
            attrs={"ram_style": "distributed", "no_rw_check": 1},
        )
        write = memory.write_port()
        read = memory.read_port(domain="comb")
        head = Signal(self.bits)
        tail = Signal(self.bits)

        def after(pointer):
            feedback = pointer[3] ^ pointer[2] if self.bits == 4 else pointer[4] ^ pointer[2]
            return Cat(~feedback, pointer[:-1])

        m.d.comb += [
            self.o.valid.eq(head != tail),
            write.addr.eq(head),
            write.data.eq(Value.cast(self.i.payload)),
            write.en.eq(self.i.valid),
            read.addr.eq(tail),
            Value.cast(self.o.payload).eq(read.data),
        ]
        with m.If(self.i.valid):
            m.d.sync += head.eq(after(head))
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += tail.eq(after(tail))
        return m


class Chain(wiring.Component):
    """A short queue of registers, each with a valid bit: no LUT for the data, no long ready path.

    An entry moves on when the next register is empty, so entries come and go every other cycle
    at most, but for two in a row now and then.

    Parameters
    ----------
    shape : ShapeLike
        Shape of an entry.
    depth : int
        Registers, from 1; also the latency of an empty chain in cycles.

    Members
    -------
    i : In stream
    o : Out stream
    full : Out(1), every register is taken
    crowded : Out(1), at most one is empty
    """

    def __init__(self, shape, depth):
        if depth < 1:
            raise ValueError(f"depth is {depth!r}, expected 1 or more")
        self.shape = shape
        self.depth = depth
        super().__init__(
            {
                "i": In(stream.Signature(shape)),
                "o": Out(stream.Signature(shape)),
                "full": Out(1),
                "crowded": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        width = Shape.cast(self.shape).width
        data = [Signal(width, name=f"data_{i}", reset_less=True) for i in range(self.depth)]
        valid = [Signal(name=f"valid_{i}") for i in range(self.depth)]
        sources = [(self.i.valid, Value.cast(self.i.payload)), *zip(valid, data, strict=True)]
        for i in range(self.depth):
            leaves = ~valid[i + 1] if i + 1 < self.depth else self.o.ready
            # The first register takes two entries in a row, for a source that sometimes has two.
            room = ~valid[0] | leaves if i == 0 and self.depth > 1 else ~valid[i]
            if i == 0:
                m.d.comb += self.i.ready.eq(room)
            with m.If(room):
                m.d.sync += [valid[i].eq(sources[i][0]), data[i].eq(sources[i][1])]
            with m.Elif(leaves):
                m.d.sync += valid[i].eq(0)
        m.d.comb += [
            self.full.eq(Cat(valid).all()),
            self.crowded.eq(sum(valid, Const(0, 3)) >= self.depth - 1),
            self.o.valid.eq(valid[-1]),
            Value.cast(self.o.payload).eq(data[-1]),
        ]
        return m


class BlockQueue(wiring.Component):
    """A queue in block RAM, behind it a register; for wide entries.

    Parameters
    ----------
    shape : ShapeLike
        Shape of an entry.
    depth : int
        Entries, a power of two from 16.
    registered : bool
        Without the register an entry comes a cycle earlier, straight from the RAM.

    Members
    -------
    i : In stream, always ready; may be used while `room` is, or two cycles longer
    room : Out(1), a register
    o : Out stream, three cycles later
    """

    def __init__(self, shape, depth, registered=True):
        if depth < 16 or depth & depth - 1:
            raise ValueError(f"depth is {depth!r}, expected a power of two from 16")
        self.shape = shape
        self.depth = depth
        self.registered = registered
        super().__init__(
            {
                "i": In(stream.Signature(shape, always_ready=True)),
                "room": Out(1),
                "o": Out(stream.Signature(shape)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        width = Shape.cast(self.shape).width
        bits = (self.depth - 1).bit_length()
        m.submodules.memory = memory = Memory(
            shape=unsigned(width),
            depth=self.depth,
            init=[],
            attrs={"ram_style": "block", "no_rw_check": 1},
        )
        write = memory.write_port()
        read = memory.read_port()
        head, tail, used = Signal(bits), Signal(bits), Signal(bits)
        fetched = Signal()  # the RAM's output is an entry
        out, out_valid = read.data, fetched
        move = self.o.ready
        if self.registered:
            out = Signal(width, reset_less=True)
            out_valid = Signal()
            move = ~out_valid | self.o.ready
            with m.If(move):
                m.d.sync += [out_valid.eq(fetched), out.eq(read.data)]
        fetch = (head != tail) & (~fetched | move)
        m.d.comb += [
            write.addr.eq(head),
            write.data.eq(Value.cast(self.i.payload)),
            write.en.eq(self.i.valid),
            read.addr.eq(tail),
            read.en.eq(fetch),
            self.o.valid.eq(out_valid),
            Value.cast(self.o.payload).eq(out),
        ]
        m.d.sync += [used.eq(head - tail), self.room.eq(used < self.depth // 2)]
        with m.If(self.i.valid):
            m.d.sync += head.eq(head + 1)
        with m.If(fetch):
            m.d.sync += tail.eq(tail + 1)
        with m.If(~fetched | move):
            m.d.sync += fetched.eq(fetch)
        return m


def add_with_carry(a, b, carry):
    """`a` + `b` + `carry` (1 bit), one bit wider than the wider, on a single carry chain.

    Ones' complement sums keep their carry apart until the next addition takes it in. A sum that
    has left a carry is at most 0xFFFE, so folding the carry in at the end never makes another.
    """
    width = max(len(a), len(b)) + 1
    return (Cat(Const(1, 1), a) + Cat(carry, b))[1 : width + 1]


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


def count(m, register, up, down):
    """`register` goes up by one, down by one, or with both or neither stays."""
    with m.If(up ^ down):
        m.d.sync += register.eq(register + Cat(Const(1, 1), down.replicate(len(register) - 1)))


def at_or_above(position, count):
    """`count` bits (a power of two): bit i is 1 where i >= `position`, a lane's number.

    Made from two smaller ones, so that a bit takes one LUT and not a comparison.
    """
    if count <= 8:
        return Cat(position <= i for i in range(count))
    low = at_or_above(position[:3], 8)
    high = at_or_above(position[3:], count // 8)
    before = Cat(Const(0, 1), high)
    return Cat(high[i // 8] & (before[i // 8] | low[i % 8]) for i in range(count))


def at_or_below(position, count):
    """`count` bits (a power of two): bit i is 1 where i <= `position`, a lane's number."""
    return Cat(Const(1, 1), ~at_or_above(position, count)[:-1])


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
        Tree levels between two registers, from 1.

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
        depth = (count - 1).bit_length()
        self.latency = -(-depth // levels)
        super().__init__({"i": In(16 * count), "o": Out(16 + depth)})

    def elaborate(self, platform):
        m = Module()
        terms = [self.i[16 * i : 16 * i + 16] for i in range(self.count)]
        level = 0
        while len(terms) > 1:
            terms = [apart(terms[i], terms[i + 1]) for i in range(0, len(terms), 2)]
            level += 1
            if level % self.levels == 0 or len(terms) == 1:
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
    return 1 if config.data_width <= 128 else 2


def fold(m, name, value):
    """Registers: `value` folded into 16 bits, two cycles later."""
    width = len(value)
    once = Signal(17, name=f"{name}_once", reset_less=True)
    twice = Signal(16, name=f"{name}_twice", reset_less=True)
    m.d.sync += [once.eq(value[:16] + value[16:width]), twice.eq(once[:16] + once[16])]
    return twice


def narrowed(m, name, value, valid):
    """`value`, of 17 to 24 bits, folded to 16 bits one cycle later; 0 where not `valid`.

    The second of the two folds needs no carry chain: where the first leaves a carry, what is above
    the few low bits is 0.
    """
    high = len(value) - 16
    once = Signal(17, name=f"{name}_once", reset_less=True)
    with m.If(valid):
        m.d.sync += once.eq(value[:16] + value[16:])
    with m.Else():
        m.d.sync += once.eq(0)
    return Cat((once[:high] + once[16])[:high], once[high:16])


def choose(select, values):
    """The value whose number `select` is, behind the last any: a tree of multiplexers.

    Cheaper than a `Switch`, which is made of ANDs and ORs.
    """
    values = [Value.cast(value) for value in values]
    for bit in select:
        pairs = [values[i : i + 2] for i in range(0, len(values), 2)]
        values = [Mux(bit, pair[1], pair[0]) if len(pair) == 2 else pair[0] for pair in pairs]
    return values[0]


def delay(m, name, value, cycles, reset_less=True):
    """`value`, `cycles` cycles later."""
    for i in range(cycles):
        register = Signal(value.shape(), name=f"{name}_{i + 1}", reset_less=reset_less)
        m.d.sync += register.eq(value)
        value = register
    return value
