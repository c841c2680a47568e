# SPDX-License-Identifier: Apache-2.0
"""Buffer: holds payload beats until their segment's sum is known."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .primitives import add_with_carry, behind_memory
from .records import aligned_beat

BEATS_UNDER_WAY = 10  # between align's look at `room` and the buffer's count


class Buffer(wiring.Component):
    """A queue of payload beats whose write end returns to the last whole segment on a `void`.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    aligned : In stream(aligned_beat), never stalled
    room : Out(1), there is room for the beats under way
    enable : In(1), the read side moves
    enable_last : In(1), its last register does
    read : In(1), read a beat; only where one is committed
    drop : In(1), without `read`: drop a beat and `skip` more, be there `enable` or not
    skip : In(k), 0 without `drop`
    data : Out(data_width), the beat read, `read_latency` cycles later; 0 where none was

    Latency: 3 cycles to read, 2 at 256 bits. Throughput: one beat a cycle.
    Source: docs/theory.md.
    """

    def __init__(self, config):
        self.config = config
        self.address_bits = (config.buffer_rows - 1).bit_length()
        super().__init__(
            {
                "aligned": In(stream.Signature(aligned_beat(config), always_ready=True)),
                "room": Out(1),
                "enable": In(1),
                "enable_last": In(1),
                "read": In(1),
                "drop": In(1),
                "skip": In(self.address_bits),
                "data": Out(config.data_width),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        beat = self.aligned.payload
        m.submodules.memory = memory = Memory(
            shape=unsigned(config.data_width),
            depth=config.buffer_rows,
            init=[],
            attrs={"ram_style": "block", "no_rw_check": 1},
        )
        write = memory.write_port()
        read = memory.read_port()

        head = Signal(self.address_bits)
        whole = Signal(self.address_bits)  # behind the last whole segment
        tail = Signal(self.address_bits)
        following = Signal(self.address_bits)
        ends = self.aligned.valid & beat.end
        m.d.comb += [
            write.addr.eq(head),
            write.data.eq(beat.data),
            write.en.eq(self.aligned.valid & beat.write),
            following.eq(head + write.en),
        ]
        with m.If(ends & beat.void):
            m.d.sync += head.eq(whole)
        with m.Else():
            m.d.sync += head.eq(following)
            with m.If(ends):
                m.d.sync += whole.eq(following)

        used = Signal(self.address_bits, reset_less=True)
        m.d.sync += [
            used.eq(head - tail),
            self.room.eq(used < config.buffer_rows - BEATS_UNDER_WAY - 2),
        ]

        enables = self.enable, self.enable_last
        m.d.comb += [
            read.addr.eq(tail),
            read.en.eq(self.enable),
            self.data.eq(behind_memory(m, config, enables, self.read, read.data)),
        ]
        with m.If(self.enable | self.drop):
            m.d.sync += tail.eq(add_with_carry(tail, self.skip, self.read | self.drop))
        return m
