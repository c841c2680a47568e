# SPDX-License-Identifier: Apache-2.0
"""Steps: in which order edit writes the fields of a header, and which of them."""

from amaranth import Mux
from amaranth.lib import enum


class Step(enum.Enum, shape=3):
    """What is written, in order; `END` hands the segment on."""

    LENGTH = 0
    ID = 1
    IP_CHECKSUM = 2
    SEQUENCE_HIGH = 3
    SEQUENCE_LOW = 4
    FLAGS = 5
    UDP_LENGTH = 6
    END = 7


def first_l4_step(context, go):
    """The first step behind the L3 header's."""
    return Mux(
        go & context.segmented & context.udp,
        Step.UDP_LENGTH.value,
        Mux(
            go & context.segmented & context.several,
            Step.SEQUENCE_HIGH.value,
            Step.END.value,
        ),
    )


def first_step(context, go):
    """A segment's first step; `go` is 0 where nothing shall be written."""
    return Mux(
        go & context.segmented,
        Step.LENGTH.value,
        Mux(go & context.ip_checksum, Step.IP_CHECKSUM.value, Step.END.value),
    )


def next_step(step, context, go):
    """The step behind `step`, other than `END`."""
    behind_l3 = first_l4_step(context, go)
    return Mux(
        step == Step.LENGTH,
        Mux(
            context.ipv4,
            Mux(context.several, Step.ID.value, Step.IP_CHECKSUM.value),
            behind_l3,
        ),
        Mux(
            step == Step.ID,
            Step.IP_CHECKSUM.value,
            Mux(
                step == Step.IP_CHECKSUM,
                behind_l3,
                Mux(
                    step == Step.SEQUENCE_HIGH,
                    Step.SEQUENCE_LOW.value,
                    Mux(step == Step.SEQUENCE_LOW, Step.FLAGS.value, Step.END.value),
                ),
            ),
        ),
    )
