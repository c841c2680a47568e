# SPDX-License-Identifier: Apache-2.0
"""Fields: what each of edit's steps writes, and where."""

from dataclasses import dataclass

from amaranth import Const, Mux, Value

# A tunnel's segments have several sums under way at once, by number.
SUMS = OUTER_L3, L3, OUTER_L4, L4 = range(4)


@dataclass(frozen=True)
class Field:
    """What a step does; values are Amaranth's.

    `base`, `offset`: the 16-bit word of the header. `addend`, `augend`: what is written is their
    sum, which may carry only where one of them is a captured header's. `write`: 0 where it is
    only added up. `late`: it is a captured sum, which comes later than the rest. `invert`: the
    complement of all that was added up is written, with `no_zero` never 0.

    `sum`: of `SUMS`, the one that it is added to. `restart`: that begins with this step. `fresh`:
    whether the L4 part's sum is still to begin behind this step.
    """

    base: Value
    offset: Value
    addend: Value
    augend: Value | int = 0
    write: Value | int = 1
    late: bool = False
    invert: bool = False
    no_zero: bool = False
    restart: Value | int = 0
    sum: Value | int = 0
    fresh: Value | int = 1


def edit_fields(config, frame, header, sums, segment, flags, fresh):
    """The fields by step name.

    `frame`, `header` and `sums` are the frame's records (edit_context, header_result and
    header_sums), `segment` the segment's plan, `flags` its TCP flags with the data offset,
    16 bits. `fresh`: the L4 part's sum is still to begin.
    """
    l3, l4 = frame.l3, frame.l4
    begins, goes_on = Const(1, 1), Const(0, 1)

    def length(base, ipv4, value, **more):
        """An IP header's length: the second word of IPv4, the third of IPv6."""
        return Field(base, Mux(ipv4, 1, 2), value, segment.length, restart=begins, **more)

    def l4_field(offset, *values, write=1):
        return Field(l4, Const(offset), *values, write=write, restart=fresh, sum=L4, fresh=0)

    def captured(base, offset, value, **more):
        """A captured sum: its carry is still to be added."""
        return Field(base, Const(offset), value[16], value[:16], late=True, **more)

    def ip_checksum(base, value, **more):
        # Alone where nothing else of the header is written.
        return captured(base, 5, value, invert=True, restart=~frame.segmented, **more)

    fields = {
        "length": length(l3, frame.ipv4, frame.ip_base, sum=L3),
        "id": Field(l3, Const(2), header.ip_id, restart=goes_on, sum=L3),
        "ip_checksum": ip_checksum(l3, sums.ip_sum, sum=L3),
        "sequence_high": l4_field(2, header.sequence[16:]),
        "sequence_low": l4_field(3, header.sequence[:16]),
        "flags": l4_field(6, flags),
        "udp_length": l4_field(2, Const(8), segment.length),
        "l4_length": l4_field(0, frame.sum_base.as_signed(), segment.length, write=0),
        "end": captured(l4, 0, sums.l4_sum, write=0, restart=fresh, sum=L4, fresh=0),
    }
    if config.length_8023:
        fields["llc_length"] = Field(
            frame.l2, Const(0), frame.llc_base, segment.length, restart=begins
        )
    if config.tunnels:
        outer_l3, outer_l4 = frame.outer_l3, frame.outer_l4
        local = l4_computed(frame, header)
        # Without local checksum offload the outer UDP sum and the L4 part's are one.
        outer = {"sum": Mux(local, OUTER_L4, L4), "fresh": local}
        fields |= {
            "outer_length": length(outer_l3, frame.outer_ipv4, frame.outer_ip_base, sum=OUTER_L3),
            "outer_id": Field(
                outer_l3, Const(2), header.outer_ip_id, restart=goes_on, sum=OUTER_L3
            ),
            "outer_ip_checksum": ip_checksum(outer_l3, sums.outer_ip_sum, sum=OUTER_L3),
            "outer_udp_length": Field(
                outer_l4, Const(2), frame.outer_udp_base, segment.length, restart=begins, **outer
            ),
            # The inner IPv6 header's length.
            "outer_again": Field(
                outer_l4, Const(0), frame.ip_base, segment.length, write=0, restart=goes_on, **outer
            ),
            "outer_udp_checksum": captured(
                outer_l4,
                3,
                sums.outer_sum,
                write=local & outer_computed(frame, header),
                invert=True,
                no_zero=True,
                restart=Mux(local, ~frame.segmented, fresh),
                **outer,
            ),
        }
    return fields


def l4_computed(frame, header):
    """Is the (inner) L4 checksum computed?"""
    return frame.checksum_on & ~header.no_checksum


def outer_computed(frame, header):
    """Is the tunnel's UDP checksum computed?"""
    return frame.outer_checksum_on & ~header.outer_no_checksum
