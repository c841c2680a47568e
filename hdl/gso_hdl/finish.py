# SPDX-License-Identifier: Apache-2.0
"""Finish: joins a segment's header with its payload's sum; the segment is committed here."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .primitives import add_around
from .records import segment_record, segment_result


def committed_segment(config):
    """A segment that egress can send at once, or has to drop (`send` is 0).

    `skip`: payload beats to drop. `beats_less_1`, `payload_row`: its beats on the wire and the
    first that holds payload.
    """
    record = segment_record(config)
    same = "slot rows payload_row length payload checksum_row checksum_column first last"
    return data.StructLayout(
        {
            **{
                name: record[name].shape
                for name in f"{same} status counted request_id user timestamp".split()
            },
            "checksum": 16,
            "checksum_on": 1,
            "beats_less_1": 16 - config.lane_bits,
            "skip": (config.buffer_rows - 1).bit_length(),
            "send": 1,
        }
    )


class Finish(wiring.Component):
    """Makes the L4 checksum and decides whether the segment leaves.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    record : In stream(segment_record)
    result : In stream(segment_result)
    segment : Out stream(committed_segment)

    Latency: 2 cycles. Throughput: a segment every two cycles. Source: D2, D4, D13.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "record": In(stream.Signature(segment_record(config))),
                "result": In(stream.Signature(segment_result())),
                "segment": Out(stream.Signature(committed_segment(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        record, result = self.record.payload, self.result.payload

        held = Signal(segment_record(config), reset_less=True)
        total = Signal(16, reset_less=True)
        void = Signal(reset_less=True)
        bad = Signal(2, reset_less=True)
        valid = Signal()
        out = Signal(committed_segment(config), reset_less=True)
        out_valid = Signal()
        move = Signal()  # the second register takes the first
        take = Signal()
        m.d.comb += [
            # No register is emptied and filled in one cycle: two cycles a segment are enough.
            move.eq(valid & ~out_valid),
            take.eq(self.record.valid & self.result.valid & ~valid),
            self.record.ready.eq(take),
            self.result.ready.eq(take),
        ]
        with m.If(take):
            m.d.sync += [
                held.eq(record),
                total.eq(add_around(m, "whole", record.partial, result.sum)),
                void.eq(result.void),
                bad.eq(result.bad),
            ]
        with m.If(take | move):
            m.d.sync += valid.eq(take)

        beats_less_1 = (held.length - 1)[:16] >> config.lane_bits
        with m.If(self.segment.ready):
            m.d.sync += out_valid.eq(0)
        with m.If(move):
            same = [name for name, _ in committed_segment(config) if hasattr(held, name)]
            m.d.sync += [
                *(
                    getattr(out, name).eq(getattr(held, name))
                    for name in same
                    if name not in ("status", "checksum_on")
                ),
                out_valid.eq(1),
                out.status.eq(
                    Mux(held.status != 0, held.status, Mux(void & (bad != 0), bad + 31, 0))
                ),
                out.checksum_on.eq(held.checksum_on),
                # D4: 0 is "no checksum" in UDP only.
                out.checksum.eq(Mux(held.no_zero & total.all(), 0xFFFF, ~total)),
                out.beats_less_1.eq(beats_less_1),
                out.skip.eq(
                    Mux(void | (held.payload == 0), 0, beats_less_1 - held.payload_row + 1)
                ),
                out.send.eq(~void & (held.status == 0)),
            ]
        m.d.comb += [self.segment.valid.eq(out_valid), self.segment.payload.eq(out)]
        return m
