# SPDX-License-Identifier: Apache-2.0
"""Queues between stages: in distributed RAM, in block RAM, in registers."""

from amaranth import Cat, Module, Mux, Shape, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out, connect

from .primitives import count


class Queue(wiring.Component):
    """A queue in RAM for a source that counts what is under way.

    Its two pointers are shift registers with feedback: a LUT each instead of a counter.
    Whether there is room is not looked at. Distributed RAM costs a LUT a bit and answers at once;
    block RAM, with a register behind it, is for records that wait anyway.

    Parameters
    ----------
    shape : ShapeLike
        Shape of an entry.
    bits : int
        4 or 5: 14 or 30 entries.
    block : bool
        In block RAM; as many entries more fit as there are registers behind it.
    registers : int
        With `block`: 1 or 2 behind the RAM, which if `patient` keep `ready` off it: an entry every
        other cycle at most. With 2 one that has waited comes right behind the one before it.
        Without `patient` entries come one a cycle, with 0 straight from the RAM.
    patient : bool
        With `block`: the first register is filled no earlier than the cycle after it was emptied.
        That is cheaper.
    passing : bool
        An entry that finds the queue empty comes out at once; not with `block`.
    certain : bool
        The receiver knows when there is an entry and is ready only then; not with `block`.

    Members
    -------
    i : In stream, always ready; there must be room
    o : Out stream, the cycle after the entry was taken in; with `block` two cycles after, and one
        more for each register
    """

    def __init__(
        self,
        shape,
        bits=4,
        block=False,
        registers=1,
        patient=True,
        passing=False,
        certain=False,
    ):
        if bits not in (4, 5):
            raise ValueError(f"bits is {bits!r}, expected 4 or 5")
        if block and passing:
            raise ValueError("passing is True, expected False with block")
        if block and certain:
            raise ValueError("certain is True, expected False with block")
        if block and patient and registers < 1:
            raise ValueError(f"registers is {registers!r}, expected 1 or more with patient")
        self.shape = shape
        self.bits = bits
        self.block = block
        self.registers = registers
        self.patient = patient
        self.passing = passing
        self.certain = certain
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
            attrs={"ram_style": "block" if self.block else "distributed", "no_rw_check": 1},
        )
        write = memory.write_port()
        read = memory.read_port(domain="sync" if self.block else "comb")
        head = Signal(self.bits)
        tail = Signal(self.bits)

        def after(pointer):
            feedback = pointer[3] ^ pointer[2] if self.bits == 4 else pointer[4] ^ pointer[2]
            return Cat(~feedback, pointer[:-1])

        fetch = Signal()  # the entry at the read address is taken
        filled = Signal()  # a register, so that no comparison is in front of what waits for it
        m.d.comb += [
            write.addr.eq(head),
            write.data.eq(Value.cast(self.i.payload)),
            write.en.eq(self.i.valid),
            read.addr.eq(tail),
        ]
        valid, payload, stays = filled, read.data, self.i.valid
        if self.passing:
            valid = filled | self.i.valid
            payload = Mux(filled, read.data, Value.cast(self.i.payload))
            stays = self.i.valid & (filled | ~self.o.ready)
        with m.If(stays):
            m.d.sync += head.eq(after(head))
        with m.If(fetch):
            m.d.sync += tail.eq(after(tail))
        if self.block and self.patient:
            # `filled` is a cycle old, as what the RAM gives: wrong only behind a fetch, and then
            # the first register has an entry.
            m.d.sync += filled.eq(head != tail)
            m.d.comb += [
                read.en.eq(1),
                fetch.eq(patient_registers(m, self.o, filled, read.data, self.registers)),
            ]
            return m
        m.d.sync += filled.eq(stays | (filled & ~(fetch & (after(tail) == head))))
        if self.block:
            m.d.comb += [
                # The RAM reads where there is nothing, too: its enable has long wires and no time
                # for more.
                read.en.eq(eager_registers(m, self.o, filled, read.data, self.registers)),
                fetch.eq(filled & read.en),
            ]
        else:
            m.d.comb += [
                self.o.valid.eq(valid),
                fetch.eq(self.o.ready if self.certain else filled & self.o.ready),
                Value.cast(self.o.payload).eq(payload),
            ]
        return m


def patient_registers(m, o, valid, payload, registers):
    """Takes `payload`, where `valid`, into registers and from there to the stream `o`. The first
    is filled no earlier than the cycle after it was emptied. Returns whether `payload` is taken.
    """
    valids = [Signal(name=f"out_valid_{i}") for i in range(registers)]
    out = [Signal(len(payload), name=f"out_{i}", reset_less=True) for i in range(registers)]
    sources = [(valid, payload), *zip(valids, out, strict=True)]
    leaves = o.ready
    for i in reversed(range(registers)):
        move = ~valids[i] if i == 0 else ~valids[i] | leaves
        with m.If(move):
            m.d.sync += [valids[i].eq(sources[i][0]), out[i].eq(sources[i][1])]
        with m.Elif(leaves):
            m.d.sync += valids[i].eq(0)
        leaves = move
    m.d.comb += [o.valid.eq(valids[-1]), Value.cast(o.payload).eq(out[-1])]
    return valid & leaves


def eager_registers(m, o, filled, payload, registers):
    """Takes entries from a RAM, where they are in the cycle after they were `filled`, into
    registers and from there to the stream `o`, one a cycle. Returns the RAM's enable.
    """
    # The first is the RAM's own.
    valids = [Signal(name=f"out_valid_{i}") for i in range(registers + 1)]
    out = [Signal(len(payload), name=f"out_{i}", reset_less=True) for i in range(registers)]
    out = [payload, *out]
    moves, following, fulls = [], [], []
    for i, (valid, coming) in enumerate(zip(valids, [filled, *valids], strict=False)):
        full = Cat(valids[i:]).all()
        if registers > 1 and i < registers:
            # Long wires: each move has a register of its own in front.
            full = Signal(name=f"full_{i}")
            fulls.append((full, i))
        moves.append(~full | o.ready)
        following.append(Mux(moves[i], coming, valid))
        m.d.sync += valid.eq(following[i])
        if i:
            with m.If(moves[i]):
                m.d.sync += out[i].eq(out[i - 1])
    m.d.sync += [full.eq(Cat(following[i:]).all()) for full, i in fulls]
    m.d.comb += [o.valid.eq(valids[-1]), Value.cast(o.payload).eq(out[-1])]
    return moves[0]


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
            }
        )

    def elaborate(self, platform):
        m = Module()
        width = Shape.cast(self.shape).width
        data = [Signal(width, name=f"data_{i}", reset_less=True) for i in range(self.depth)]
        valid = [Signal(name=f"valid_{i}") for i in range(self.depth)]
        sources = [(self.i.valid, Value.cast(self.i.payload)), *zip(valid, data, strict=True)]
        leaves = self.o.ready
        for i in reversed(range(self.depth)):
            # The first register takes two entries in a row, for a source that sometimes has two.
            room = ~valid[i] | leaves if i == 0 < self.depth - 1 else ~valid[i]
            with m.If(room):
                m.d.sync += [valid[i].eq(sources[i][0]), data[i].eq(sources[i][1])]
            with m.Elif(leaves):
                m.d.sync += valid[i].eq(0)
            leaves = room
        m.d.comb += [
            self.i.ready.eq(leaves),
            self.full.eq(Cat(valid).all()),
            self.o.valid.eq(valid[-1]),
            Value.cast(self.o.payload).eq(data[-1]),
        ]
        return m


class RoomQueue(wiring.Component):
    """A queue in RAM that says early whether there is room, for a source that cannot stop at once.

    Parameters
    ----------
    shape, bits, block, registers
        As of `Queue`; entries leave every cycle, too.
    late : bool
        `room` hears a cycle later of what was taken, so that `o.ready` meets a register.

    Members
    -------
    i : In stream, always ready; may be used while `room` is, or five cycles longer
    room : Out(1), a register
    o : Out stream, as of `Queue`
    """

    def __init__(self, shape, bits=4, block=False, registers=1, late=False):
        self.late = late
        self.queue = Queue(shape, bits, block, registers, patient=False)
        super().__init__(
            {
                "i": In(stream.Signature(shape, always_ready=True)),
                "room": Out(1),
                "o": Out(stream.Signature(shape)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = self.queue
        used = Signal(queue.bits)
        taken = self.o.valid & self.o.ready
        if self.late:
            before, taken = taken, Signal(name="taken")
            m.d.sync += taken.eq(before)
        count(m, used, self.i.valid, taken)
        connect(m, wiring.flipped(self.i), queue.i)
        connect(m, queue.o, wiring.flipped(self.o))
        m.d.comb += self.room.eq(~used[-1])
        return m
