# SPDX-License-Identifier: Apache-2.0
"""Slots: the headers of the frames under way, ready to be sent."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .primitives import behind_memory
from .records import column_write


def slot_row(config):
    """A whole row of a slot; bytes with `keep` 0 are stored as 0."""
    return data.StructLayout(
        {
            "row": (config.slot_rows - 1).bit_length(),
            "data": config.data_width,
            "keep": config.lanes,
        }
    )


class Slots(wiring.Component):
    """A ring of header rows in 16-bit columns.

    Capture writes whole rows, edit single columns; edit goes first. Egress reads rows. Where edit
    has two tracks, even and odd columns are banks with an address each, so that both can write in a
    cycle; in tunnels at 512 bits there are four banks (`Configuration.bank_bits`).
    Where a header's two copies have a memory each, capture writes a row into both.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    capture : In stream(slot_row)
    soon : Out(1), `capture.ready` in the next cycle
    edit : In stream(column_write), one a track, always ready; in a cycle no two of one bank
    enable : In(1), the read side moves
    enable_last : In(1), its last register does
    read : In(copies), read the row at `address` of a copy
    address : In(k)
    clear : In(columns), only with two copies: these columns of what is read are 0, in the cycle
        before it comes
    data : Out(copies * data_width), the row read, `read_latency` cycles later; 0 where none was

    Latency: 1 cycle to write what edit does, 3 to read, 2 at 256 bits; at 512 bits a cycle more to
    write.
    Throughput: one write and one read a cycle. What edit may write in a segment's last cycle
    depends on these latencies and those of track, finish and egress (`l3_far` in edit).
    """

    def __init__(self, config):
        self.config = config
        self.address_bits = (config.slot_rows - 1).bit_length()
        self.copies = 1 + config.copies_at_once
        super().__init__(
            {
                "capture": In(stream.Signature(slot_row(config))),
                "soon": Out(1),
                "edit": In(stream.Signature(column_write(config), always_ready=True)).array(
                    1 + config.two_tracks
                ),
                "enable": In(1),
                "enable_last": In(1),
                "read": In(self.copies),
                "address": In(self.address_bits),
                **({"clear": In(config.columns)} if config.copies_at_once else {}),
                "data": Out(self.copies * config.data_width),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        bits = config.bank_bits
        banks = range(1 << len(bits))

        def bank_of(column):
            return Cat(column[bit] for bit in bits)

        # The widest core's memories are far away.
        going = "sync" if config.widest else "comb"
        row = self.capture.payload
        free = Signal(init=1)
        m.d.sync += free.eq(self.soon)
        m.d.comb += [
            self.soon.eq(~Cat(track.valid for track in self.edit).any()),
            self.capture.ready.eq(free),
        ]
        rows = [Signal(config.data_width, name="out") for _ in range(self.copies)]
        for bank in banks:
            columns = [
                i
                for i in range(config.columns)
                if sum((i >> bit & 1) << k for k, bit in enumerate(bits)) == bank
            ]
            ports = [self._memory(m, bank + i, len(columns)) for i in range(self.copies)]
            # What is written into this bank waits a cycle, so that `ready` is a register. Of one
            # bank no bit of a column's number tells which, and 0 bits are 0.
            here = Signal(name=f"here_{bank}")
            column = Signal(column_write(config), name=f"column_{bank}", reset_less=True)
            first, last = self.edit[0], self.edit[-1]
            mine = [track.valid & (bank_of(track.payload.column) == bank) for track in self.edit]
            m.d.sync += [
                here.eq(Cat(mine).any()),
                column.eq(Mux(mine[0], first.payload.as_value(), last.payload.as_value())),
            ]
            edits = [here]
            if config.copies_at_once:
                edits = [Signal(name=f"here_{bank}_{copy}") for copy in range(self.copies)]
                m.d.sync += [
                    edit.eq(first.valid & (first.payload.copy == i)) for i, edit in enumerate(edits)
                ]
            # Written alike into all copies, but for where.
            at = Signal(self.address_bits, name=f"at_{bank}", reset_less=True)
            value = Signal(16 * len(columns), name=f"value_{bank}", reset_less=True)
            m.d[going] += at.eq(Mux(here, column.row, row.row))
            for write, read in ports:
                m.d.comb += [
                    write.addr.eq(at),
                    write.data.eq(value),
                    read.addr.eq(self.address),
                    read.en.eq(self.enable),
                ]
            is_column = [column.column == i for i in columns]
            if config.widest:
                # Compared in front of the register, in halves: abc9 makes wide LUTs of the rest.
                number = Mux(mine[0], first.payload.column, last.payload.column)
                number = Cat(number[bit] for bit in range(len(number)) if bit not in bits)
                halves = Signal(4 + len(columns) // 4, name=f"halves_{bank}", reset_less=True)
                m.d.sync += halves.eq(
                    Cat(
                        *(number[:2] == i for i in range(4)),
                        *(number[2:] == i for i in range(len(columns) // 4)),
                    )
                )
                is_column = [halves[k % 4] & halves[4 + k // 4] for k in range(len(columns))]
            for k, i in enumerate(columns):
                m.d[going] += [
                    write.en[k].eq((edit & is_column[k]) | (self.capture.valid & free))
                    for (write, _), edit in zip(ports, edits, strict=True)
                ]
                for half in range(2):
                    lane = 2 * i + half
                    # The lower lane is the high byte of a word in network order.
                    new = column.value[8:] if half == 0 else column.value[:8]
                    old = Mux(row.keep[lane], row.data.word_select(lane, 8), 0)
                    m.d[going] += value.word_select(2 * k + half, 8).eq(Mux(here, new, old))
                m.d.comb += [
                    out[16 * i : 16 * i + 16].eq(read.data[16 * k : 16 * k + 16])
                    for out, (_, read) in zip(rows, ports, strict=True)
                ]
        clear = self.clear if config.copies_at_once else ()
        enables = self.enable, self.enable_last
        m.d.comb += self.data.eq(
            Cat(
                behind_memory(m, config, enables, wanted, out, clear)
                for wanted, out in zip(self.read, rows, strict=True)
            )
        )
        return m

    def _memory(self, m, number, columns):
        """A memory of `columns` columns: its write port and its read port."""
        memory = Memory(
            shape=unsigned(16 * columns),
            depth=self.config.slot_rows,
            init=[],
            attrs={"ram_style": "block", "no_rw_check": 1},
        )
        m.submodules[f"memory_{number}"] = memory
        write = memory.write_port(granularity=16)
        read = memory.read_port()
        return write, read
