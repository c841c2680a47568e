# SPDX-License-Identifier: Apache-2.0
"""Store: holds raw payload beats until they leave, and reads them at any lane."""

from amaranth import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .primitives import delay
from .records import fetched_row, turned_beat
from .turn import Turn

BEATS_UNDER_WAY = 12  # between admit's look at `room` and the store's count


class Store(wiring.Component):
    """A ring of raw payload beats, and the way from there to the beats on the wire.

    A beat on the wire has lanes of two rows: from lane `shift` on of `row`, below of `next_row`,
    and lane `shift` becomes lane 0. Memories that are written 32 bits wide and read 8 bits wide
    choose between the rows and turn by quarters of a beat: lanes a quarter apart stand in the four
    bytes of one memory, of which there are four copies, one for each of the lanes that they may
    become. `Turn` does the rest.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    data : In stream(data_width), a row each; never stalled: the sender looks at `room`
    room : Out(1), there is room for the beats under way, a register
    tail : In(k), rows before it are free; it moves on when a row is taken, not before: the row in
        front of that one is read then
    row : In stream(fetched_row)
    turned : Out stream(turned_beat)

    Latency: 6 cycles from `row` to `turned`. Throughput: one beat a cycle.
    Source: docs/theory.md.
    """

    def __init__(self, config):
        self.config = config
        address_bits = (config.buffer_rows - 1).bit_length()
        super().__init__(
            {
                "data": In(stream.Signature(config.data_width, always_ready=True)),
                "room": Out(1),
                "tail": In(address_bits),
                "row": In(stream.Signature(fetched_row(config))),
                "turned": Out(stream.Signature(turned_beat(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        lanes, quarter = config.lanes, config.lanes // 4

        # --- rows come
        head = Signal(len(self.tail))
        used = Signal(len(self.tail), reset_less=True)
        coming = delay(m, "coming", self.data.payload, 1)
        came = delay(m, "came", self.data.valid, 1, reset_less=False)
        with m.If(came):
            m.d.sync += head.eq(head + 1)
        m.d.sync += [
            used.eq(head - self.tail),
            self.room.eq(used < config.buffer_rows - BEATS_UNDER_WAY - 2),
        ]

        # --- and are read; all stand still while a beat that has come out is not taken
        valid_5 = Signal()  # what comes out next
        idle = Signal(init=1)  # not `turned.valid`
        # What fetch hears and what goes to the memories are late: each has wires of its own, and
        # for that a register of its own, or synthesis makes one of them.
        move, ready = Signal(attrs={"keep": 1}), Signal(attrs={"keep": 1})
        with m.If(move):
            m.d.sync += idle.eq(~valid_5)
        m.d.comb += [
            move.eq(~self.turned.valid | self.turned.ready),
            ready.eq(idle | self.turned.ready),
            self.row.ready.eq(ready),
        ]

        fetched = self.row.payload
        split = config.lane_bits - 2
        fine, coarse = fetched.shift[:split], fetched.shift[split:]
        values = [None] * lanes
        for copy in range(4):
            part = (coarse + copy)[:2]
            shared = Signal(2 + len(head), name=f"address_{copy}", reset_less=True)
            # Lanes that wrap around are those of the row behind.
            wraps = coarse + copy >= 4
            with m.If(move):
                m.d.sync += shared.eq(Cat(part, Mux(wraps, fetched.next_row, fetched.row)))
            for group in range(quarter):
                address = shared
                if copy == 0:
                    address = Signal(2 + len(head), name=f"address_0_{group}", reset_less=True)
                    row = Mux(fine > group, fetched.next_row, fetched.row)
                    with m.If(move):
                        m.d.sync += address.eq(Cat(part, row))
                memory = self._memory(m, f"memory_{group}_{copy}", head, came, coming, group)
                read = memory.read_port()
                m.d.comb += [read.addr.eq(address), read.en.eq(move)]
                values[group + copy * quarter] = read.data
        m.submodules.turn = turn = Turn(config)
        m.d.comb += [
            turn.move.eq(move),
            # One register to stand next to the memory, one for the way.
            turn.stored.eq(delay(m, "stored", Cat(values), 2, enable=move)),
            turn.shift.eq(delay(m, "fine", fine, 3, enable=move)),
            turn.start.eq(delay(m, "start", fetched.start, 3, enable=move)),
            self.turned.payload.data.eq(turn.turned),
            self.turned.payload.below.eq(turn.below),
            valid_5.eq(delay(m, "valid", self.row.valid, 5, reset_less=False, enable=move)),
            self.turned.valid.eq(
                delay(m, "turned_valid", valid_5, 1, reset_less=False, enable=move)
            ),
        ]
        return m

    def _memory(self, m, name, head, came, row, group):
        """A memory of the lanes of `row` that are a quarter of it apart, written together."""
        m.submodules[name] = memory = Memory(
            shape=unsigned(8),
            depth=4 * self.config.buffer_rows,
            init=[],
            attrs={"ram_style": "block", "no_rw_check": 1},
        )
        for part in range(4):
            write = memory.write_port()
            lane = group + part * self.config.lanes // 4
            m.d.comb += [
                write.addr.eq(Cat(Const(part, 2), head)),
                write.data.eq(row.word_select(lane, 8)),
                write.en.eq(came),
            ]
        return memory
