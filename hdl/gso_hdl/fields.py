# SPDX-License-Identifier: Apache-2.0
"""Fields: what each of edit's steps writes, and where."""

from dataclasses import dataclass

from amaranth import Const, Mux, Value


@dataclass(frozen=True)
class Field:
    """What a step does; values are Amaranth's.

    `base`, `offset`: the 16-bit word of the header. `value`: what is written, the segment's
    payload length added where `with_length`. `write`: 0 where it is only added up.

    `sum_of`: the captured header's sum, which comes late; the complement is written. `restart`:
    a new sum begins, `None` where the L4 part's beginning decides. `fresh`: whether the L4 part
    begins again behind this step.
    """

    base: Value
    offset: Value
    value: Value
    with_length: bool = False
    write: Value | int = 1
    late: bool = False
    invert: bool = False
    no_zero: bool = False
    restart: Value | None = None
    fresh: Value | int = 0


def edit_fields(config, frame, header, sums, flags):
    """The fields by step name.

    `frame`, `header` and `sums` are the frame's records (edit_context, header_result and
    header_sums), `flags` the segment's TCP flags with the data offset, 16 bits.
    """
    l3, l4 = frame.l3, frame.l4
    begins, goes_on = Const(1, 1), Const(0, 1)

    def length(base, ipv4, value):
        """An IP header's length: the second word of IPv4, the third of IPv6."""
        return Field(base, Mux(ipv4, 1, 2), value, with_length=True, restart=begins)

    def ip_checksum(base, value):
        # Alone where nothing else of the header is written.
        return Field(base, Const(5), value, late=True, invert=True, restart=~frame.segmented)

    fields = {
        "length": length(l3, frame.ipv4, frame.ip_base),
        "id": Field(l3, Const(2), header.ip_id, restart=goes_on),
        "ip_checksum": ip_checksum(l3, sums.ip_sum),
        "sequence_high": Field(l4, Const(2), header.sequence[16:]),
        "sequence_low": Field(l4, Const(3), header.sequence[:16]),
        "flags": Field(l4, Const(6), flags),
        "udp_length": Field(l4, Const(2), Const(8), with_length=True),
        "l4_length": Field(l4, Const(0), frame.sum_base.as_signed(), with_length=True, write=0),
        "end": Field(l4, Const(0), sums.l4_sum, write=0, late=True),
    }
    if config.length_8023:
        fields["llc_length"] = Field(
            frame.l2, Const(0), frame.llc_base, with_length=True, restart=begins
        )
    if config.tunnels:
        outer_l3, outer_l4 = frame.outer_l3, frame.outer_l4
        local = l4_computed(frame, header)
        fields |= {
            "outer_length": length(outer_l3, frame.outer_ipv4, frame.outer_ip_base),
            "outer_id": Field(outer_l3, Const(2), header.outer_ip_id, restart=goes_on),
            "outer_ip_checksum": ip_checksum(outer_l3, sums.outer_ip_sum),
            # The sum that begins here counts only if there is an outer checksum.
            "outer_udp_length": Field(
                outer_l4,
                Const(2),
                frame.outer_udp_base,
                with_length=True,
                fresh=~outer_computed(frame, header),
            ),
            # The inner IPv6 header's length.
            "outer_again": Field(outer_l4, Const(0), frame.ip_base, with_length=True, write=0),
            # Without local checksum offload its sum goes on into the L4 part.
            "outer_udp_checksum": Field(
                outer_l4,
                Const(3),
                sums.outer_sum,
                write=local,
                late=True,
                invert=True,
                no_zero=True,
                fresh=local,
            ),
        }
    return fields


def l4_computed(frame, header):
    """Is the (inner) L4 checksum computed?"""
    return frame.checksum_on & ~header.no_checksum


def outer_computed(frame, header):
    """Is the tunnel's UDP checksum computed?"""
    return frame.outer_checksum_on & ~header.outer_no_checksum
