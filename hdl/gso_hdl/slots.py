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
    has two tracks, even and odd columns have an address each, so that both can write in a cycle.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    capture : In stream(slot_row)
    soon : Out(1), `capture.ready` in the next cycle
    edit : In stream(column_write), one a track, always ready; in a cycle no two of one parity
    enable : In(1), the read side moves
    read : In(1), read the row at `address`
    address : In(k)
    data : Out(data_width), the row read, `read_latency` cycles later; 0 where none was

    Latency: 1 cycle to write what edit does, 3 to read, 2 at 256 bits.
    Throughput: one write and one read a cycle.
    """

    def __init__(self, config):
        self.config = config
        self.address_bits = (config.slot_rows - 1).bit_length()
        super().__init__(
            {
                "capture": In(stream.Signature(slot_row(config))),
                "soon": Out(1),
                "edit": In(stream.Signature(column_write(config), always_ready=True)).array(
                    1 + config.two_tracks
                ),
                "enable": In(1),
                "read": In(1),
                "address": In(self.address_bits),
                "data": Out(config.data_width),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        banks = range(len(self.edit))
        row = self.capture.payload
        free = Signal(init=1)
        m.d.sync += free.eq(self.soon)
        m.d.comb += [
            self.soon.eq(~Cat(track.valid for track in self.edit).any()),
            self.capture.ready.eq(free),
        ]
        out = Signal(config.data_width)
        for bank in banks:
            columns = range(bank, config.columns, len(banks))
            memory = Memory(
                shape=unsigned(16 * len(columns)),
                depth=config.slot_rows,
                init=[],
                attrs={"ram_style": "block", "no_rw_check": 1},
            )
            m.submodules[f"memory_{bank}"] = memory
            write = memory.write_port(granularity=16)
            read = memory.read_port()
            # What is written into this bank waits a cycle, so that `ready` is a register. Of one
            # bank no bit of a column's number tells which, and 0 bits are 0.
            here = Signal(name=f"here_{bank}")
            column = Signal(column_write(config), name=f"column_{bank}", reset_less=True)
            first, last = self.edit[0], self.edit[-1]
            mine = [
                track.valid & (track.payload.column[: len(banks) - 1] == bank)
                for track in self.edit
            ]
            m.d.sync += [
                here.eq(Cat(mine).any()),
                column.eq(Mux(mine[0], first.payload.as_value(), last.payload.as_value())),
            ]
            m.d.comb += [
                write.addr.eq(Mux(here, column.row, row.row)),
                read.addr.eq(self.address),
                read.en.eq(self.enable),
            ]
            for k, i in enumerate(columns):
                m.d.comb += write.en[k].eq(
                    (here & (column.column == i)) | (self.capture.valid & free)
                )
                for half in range(2):
                    lane = 2 * i + half
                    # The lower lane is the high byte of a word in network order.
                    value = column.value[8:] if half == 0 else column.value[:8]
                    new = Mux(row.keep[lane], row.data[8 * lane : 8 * lane + 8], 0)
                    at = 16 * k + 8 * half
                    m.d.comb += write.data[at : at + 8].eq(Mux(here, value, new))
                m.d.comb += out[16 * i : 16 * i + 16].eq(read.data[16 * k : 16 * k + 16])
        m.d.comb += self.data.eq(behind_memory(m, config, self.enable, self.read, out))
        return m
