# SPDX-License-Identifier: Apache-2.0
"""The named fields cover every header without gap or overlap, whatever the headers are."""

from itertools import pairwise

import pytest
from frames import Shape, build

from gso_model import Descriptor, L3Kind, L4Kind, Tunnel, load_vectors
from gso_model.fields import header_fields

SHAPES = (
    Shape(),
    Shape(l3=L3Kind.IPV6, l4=L4Kind.UDP, l3_extra=16),
    Shape(l3_extra=8, tcp_options=12, vlan_tags=2),
    Shape(llc=True),
    Shape(tunnel=Tunnel.VXLAN, outer_l3=L3Kind.IPV6, inner_tags=1),
    Shape(tunnel=Tunnel.GENEVE, geneve_options=12, l4=L4Kind.UDP),
    Shape(tunnel=Tunnel.GRE),
    Shape(tunnel=Tunnel.GRE, gre_key=False, gre_ethernet=False, l3=L3Kind.IPV6),
    Shape(tunnel=Tunnel.IPIP, l3=L3Kind.IPV6),
)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_no_gap(shape: Shape):
    frame, d = build(shape, bytes(100), 10)
    fields = header_fields(frame, d)
    assert fields[0].start == 0
    assert fields[-1].end == d.header_length
    assert all(left.end == right.start for left, right in pairwise(fields))
    assert all(field.start < field.end for field in fields)


def test_no_gap_in_any_kernel_vector():
    for vector in load_vectors("tb/vectors/linux-gso"):
        fields = header_fields(vector.frame, vector.descriptor)
        assert fields[-1].end == vector.descriptor.header_length, vector.name
        assert all(left.end == right.start for left, right in pairwise(fields)), vector.name


def test_names_and_values():
    frame, d = build(Shape(tunnel=Tunnel.VXLAN, sequence=0x01020304), bytes(9), 3)
    found = {(f.header, f.name): f.value(frame).hex() for f in header_fields(frame, d)}
    assert found["inner TCP", "sequence number"] == "01020304"
    assert found["outer UDP", "destination port"] == "12b5"
    assert found["VXLAN", "network identifier"] == "123456"
    assert found["outer IPv4", "identification"] == "4321"
    assert found["inner IPv4", "identification"] == "1234"
    assert found["inner Ethernet", "type"] == "0800"


def test_nothing_described():
    fields = header_fields(bytes(12) + b"\x08\x06" + bytes(46), Descriptor(frame_length=60))
    assert [field.name for field in fields] == ["destination", "source", "type"]
