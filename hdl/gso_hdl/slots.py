# SPDX-License-Identifier: Apache-2.0
"""Slots: the headers of the frames under way, ready to be sent."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

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

    Capture writes whole rows, edit single columns; edit goes first. Egress reads rows.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    capture : In stream(slot_row)
    edit : In stream(column_write), always ready
    enable : In(1), the read side moves
    read : In(1), read the row at `address`
    address : In(k)
    data : Out(data_width), the row read, two cycles later; 0 where none was

    Latency: 2 cycles to read. Throughput: one write and one read a cycle.
    """

    def __init__(self, config):
        self.config = config
        self.address_bits = (config.slot_rows - 1).bit_length()
        super().__init__(
            {
                "capture": In(stream.Signature(slot_row(config))),
                "edit": In(stream.Signature(column_write(config), always_ready=True)),
                "enable": In(1),
                "read": In(1),
                "address": In(self.address_bits),
                "data": Out(config.data_width),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.memory = memory = Memory(
            shape=unsigned(config.data_width),
            depth=config.slot_rows,
            init=[],
            attrs={"ram_style": "block", "no_rw_check": 1},
        )
        write = memory.write_port(granularity=16)
        read = memory.read_port()

        row = self.capture.payload
        column = self.edit.payload
        m.d.comb += [
            self.capture.ready.eq(~self.edit.valid),
            write.addr.eq(Mux(self.edit.valid, column.row, row.row)),
        ]
        for i in range(config.columns):
            edited = self.edit.valid & (column.column == i)
            m.d.comb += write.en[i].eq(edited | (self.capture.valid & ~self.edit.valid))
            for half in range(2):
                lane = 2 * i + half
                part = slice(8 * lane, 8 * lane + 8)
                # The lower lane is the high byte of a word in network order.
                value = column.value[8:] if half == 0 else column.value[:8]
                m.d.comb += write.data[part].eq(
                    Mux(self.edit.valid, value, Mux(row.keep[lane], row.data[part], 0))
                )

        read_1 = Signal()
        out = Signal(config.data_width, reset_less=True)
        m.d.comb += [
            read.addr.eq(self.address),
            read.en.eq(self.enable),
            self.data.eq(out),
        ]
        with m.If(self.enable):
            m.d.sync += [read_1.eq(self.read), out.eq(read.data)]
        with m.If(self.enable & ~read_1):
            m.d.sync += out.eq(0)
        return m
