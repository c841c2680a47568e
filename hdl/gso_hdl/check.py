# SPDX-License-Identifier: Apache-2.0
"""Check: is the descriptor one that can be carried out, and what does it say to each stage?"""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from gso_model.layout import DESCRIPTOR, Status

from . import check_frame, check_outer, check_seeds
from .contexts import contexts
from .primitives import delay
from .records import admit_context, edit_context, header_context, plan_context, tag_context
from .staged import Staged


def latency(config):
    """Cycles from a descriptor to its records."""
    return 6 if config.features else 5


# Registers that are set as a whole begin as they are set: else an FPGA needs a LUT a bit for it.
SET = {("edit", "sum_base"): (1 << 11) - 1}


class Check(wiring.Component):
    """Checks descriptors (D11, codes 1 to 7) and hands each stage what it needs of them.

    A refused descriptor goes on as a frame to be swallowed, its code with it, so that its
    completion stays in order (D15).

    Parameters
    ----------
    config : Configuration

    Members
    -------
    descriptor : In stream(256), D22; taken while fewer than `frames_under_way` are
    admit, plan, header, edit : Out streams; all pulse together, receivers have room for all
    tag : Out stream(tag_context), likewise; only where tags are built
    retire : In(1), edit has taken a frame

    Latency: 5 cycles, 6 in the `full` preset. Throughput: one descriptor every other cycle.
    Source: D1, D2, D3, D7, D9, D10, D11, D14, D17, D18, D21.
    """

    def __init__(self, config):
        self.config = config
        records = {
            "admit": admit_context(config),
            "plan": plan_context(config),
            "header": header_context(config),
            "edit": edit_context(config),
        }
        if config.tags:
            records["tag"] = tag_context(config)
        outputs = {
            name: Out(stream.Signature(record, always_ready=True))
            for name, record in records.items()
        }
        super().__init__(
            {"descriptor": In(stream.Signature(DESCRIPTOR.bits)), **outputs, "retire": In(1)}
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config

        # Frames under way, up to edit: what the queues behind this stage can hold.
        running = Signal()
        in_flight = Signal(range(config.frames_under_way + 1))
        accept = Signal()
        valid_1 = Signal()  # a descriptor every other cycle, as chains want it
        m.d.sync += running.eq(1)
        m.d.comb += [
            self.descriptor.ready.eq(running & (in_flight != config.frames_under_way) & ~valid_1),
            accept.eq(self.descriptor.valid & self.descriptor.ready),
        ]
        retire = Signal()
        m.d.sync += retire.eq(self.retire)
        with m.If(accept & ~retire):
            m.d.sync += in_flight.eq(in_flight + 1)
        with m.Elif(retire & ~accept):
            m.d.sync += in_flight.eq(in_flight - 1)
        m.d.sync += valid_1.eq(accept)
        valid = delay(m, "valid", valid_1, latency(config) - 1, reset_less=False)

        # The descriptor and what is found out of it, cycle by cycle.
        line = Staged(m)
        taken = self.descriptor.payload
        line.into(1, unknown=check_frame.unknown_bits(taken))
        for field in DESCRIPTOR.fields:
            line.into(1, **{field.name: taken[field.low : field.low + field.width]})
        check_frame.requests(config, line)
        check_frame.operation(config, line)
        check_frame.layers(config, line)
        check_frame.header_length(config, line)
        check_frame.frame_length(config, line)
        check_frame.segments(config, line)
        check_seeds.folded_payload(line)
        if config.tunnels:
            check_outer.outer_requests(config, line)
            check_outer.outer_layers(config, line)
            check_seeds.outer_distance(line)
        else:
            check_outer.no_outer(line)
        if config.features:
            check_outer.outermost(config, line)
        if config.length_8023:
            check_outer.length_8023(config, line)
        check_frame.wrong(config, line)

        # The last cycle: the code, and the records.
        d = line.at(latency(config) - 1)
        code = Signal(3)
        disabled = d.inner_disabled | d.tunnel_disabled if config.tunnels else d.inner_disabled
        for status, wrong in (
            (Status.DISABLED, disabled),
            (Status.SEGMENT_LENGTH, d.segment_too_long),
            (Status.OPERATION, d.inner_operation | d.outer_operation),
            (Status.OFFSETS, d.offsets_wrong),
            (Status.HEADER_LENGTH, d.header_length_wrong),
            (Status.FRAME_LENGTH, d.frame_length_wrong),
            (Status.RESERVED, d.reserved),
        ):
            with m.If(wrong):
                m.d.comb += code.eq(status)
        for name, fields in contexts(config, d, code).items():
            port = getattr(self, name)
            m.d.comb += port.valid.eq(valid)
            for field, value in fields.items():
                held = Signal(
                    len(port.payload[field]),
                    name=f"{name}_{field}",
                    init=SET.get((name, field), 0),
                    reset_less=True,
                )
                m.d.sync += held.eq(value)
                m.d.comb += port.payload[field].eq(held)
        return m
