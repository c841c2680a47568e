# SPDX-License-Identifier: Apache-2.0
"""Finish: joins a segment's header with its payload's sum; the segment is committed here."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .primitives import add_with_carry, folded
from .records import copy_field, segment_record, segment_result


def committed_segment(config):
    """A segment that egress can send at once, or has to drop (`send` is 0).

    `sum`: what the L4 checksum is the complement of, in a hurry with its carry still to be added.
    `whole_beats`: full beats on the wire, and
    `exact` says that there are no bytes over; `payload_row`: the first beat that holds payload.
    `has_payload`: beats of it are stored, in the buffer `skip` and one more.
    """
    record = segment_record(config)
    same = "slot rows payload_row length payload checksum_row checksum_column first last"
    return data.StructLayout(
        {
            **{
                name: record[name].shape
                for name in f"{same} status counted request_id user timestamp".split()
            },
            **copy_field(config),
            "sum": 17 if config.hurried else 16,
            "checksum_on": 1,
            "no_zero": 1,
            "whole_beats": 16 - config.lane_bits,
            "exact": 1,
            "has_payload": 1,
            **({} if config.stores_first else {"skip": (config.buffer_rows - 1).bit_length()}),
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

    Latency: 2 cycles, 1 in a hurry. Throughput: a segment every two cycles. Source: D2, D13.
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

        # No register is emptied and filled in one cycle: two cycles a segment will do.
        held = record if config.hurried else Signal(segment_record(config), reset_less=True)
        void = Signal(reset_less=True)
        bad = Signal(2, reset_less=True)
        total = Signal(17, reset_less=True)
        held_valid = Signal()
        out = Signal(committed_segment(config), reset_less=True)
        out_valid = Signal()
        take = Signal()
        both = self.record.valid & self.result.valid
        m.d.comb += [
            take.eq(both & ~(out_valid if config.hurried else held_valid)),
            self.record.ready.eq(take),
            self.result.ready.eq(take),
        ]
        coming = [
            void.eq(result.void),
            bad.eq(result.bad),
            total.eq(add_with_carry(record.partial[:16], result.sum, record.partial[16])),
        ]
        if config.hurried:
            m.d.comb += [*coming, held_valid.eq(both)]
        else:
            with m.If(~held_valid):
                m.d.sync += [held.eq(record), *coming, held_valid.eq(take)]
            with m.Elif(~out_valid):
                m.d.sync += held_valid.eq(0)

        whole_beats, over = held.length >> config.lane_bits, held.length[: config.lane_bits]
        exact = over == 0
        with m.If(out_valid & self.segment.ready):
            m.d.sync += out_valid.eq(0)
        with m.If(~out_valid):
            same = [name for name, _ in committed_segment(config) if hasattr(held, name)]
            m.d.sync += [
                *(getattr(out, name).eq(getattr(held, name)) for name in same if name != "status"),
                out_valid.eq(held_valid),
                out.status.eq(
                    Mux(held.status != 0, held.status, Mux(void & (bad != 0), bad + 31, 0))
                ),
                out.sum.eq(total if config.hurried else folded(total)),
                out.whole_beats.eq(whole_beats),
                out.exact.eq(exact),
                out.has_payload.eq(~void & (held.payload != 0)),
                out.send.eq(~void & (held.status == 0)),
            ]
            if not config.stores_first:
                # The last payload beat is one earlier where no bytes are over.
                skip = (Cat(Const(0, 1), whole_beats) - Cat(exact, held.payload_row))[1:]
                m.d.sync += out.skip.eq(skip)
        m.d.comb += [self.segment.valid.eq(out_valid), self.segment.payload.eq(out)]
        return m
