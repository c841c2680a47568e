# SPDX-License-Identifier: Apache-2.0
"""What `gso explain` tells: which fields are rewritten, their values, the payload's ranges."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from frames import Shape, build

from gso_model import L4Kind, Tunnel, load_vectors, segment
from gso_model.cli.explain_svg import picture
from gso_model.explanation import Explanation, explain


def explained(shape: Shape, payload: int = 100, mss: int = 30, **changes: int) -> Explanation:
    frame, d = build(shape, bytes(payload), mss)
    d = replace(d, **changes)
    return explain(frame, d, segment(frame, d).segments)


def rewritten(found: Explanation) -> set[str]:
    return {f"{row.field.header} {row.field.name}" for row in found.rows if row.rewritten}


def test_rewritten_fields_of_tcp():
    """Lengths and checksums, identification, sequence number and flags; nothing else (D5, D6)."""
    found = explained(Shape(flags=0x018))
    assert rewritten(found) == {
        "IPv4 total length",
        "IPv4 identification",
        "IPv4 header checksum",
        "TCP sequence number",
        "TCP data offset, flags",
        "TCP checksum",
    }
    assert found.shown == [0, 1, 3]
    assert found.payload == [(0, 30), (30, 60), (90, 100)]
    assert found.rewritten_bytes == 14
    row = next(row for row in found.rows if row.field.name == "sequence number")
    assert [value.hex() for value in row.new] == ["01020304", "01020322", "0102035e"]


def test_rewritten_by_a_segment_that_is_not_shown():
    """CWR leaves with the first segment, PSH with the last: told though 2 of 4 are as the frame."""
    found = explained(Shape(flags=0x090))
    assert "TCP data offset, flags" in rewritten(found)


@pytest.mark.parametrize("tunnel", list(Tunnel)[1:])
def test_tunnels(tunnel: Tunnel):
    found = explained(Shape(tunnel=tunnel, l4=L4Kind.UDP))
    names = rewritten(found)
    assert {"outer IPv4 total length", "inner IPv4 identification", "inner UDP length"} <= names
    assert ("outer UDP length" in names) == (tunnel in (Tunnel.VXLAN, Tunnel.GENEVE))


def test_inserted_tags():
    """D18: the tag is a row of its own, everything behind it is found where it moved to."""
    found = explained(Shape(), tag_count=1, tag0=0x81000064)
    row = next(row for row in found.rows if row.field.name == "inserted tags")
    assert row.old == b"" and row.new[0].hex() == "81000064"
    assert not next(row for row in found.rows if row.field.name == "source port").rewritten
    assert found.payload == [(0, 30), (30, 60), (90, 100)]


@pytest.mark.parametrize(("payload", "shown"), [(0, [0]), (30, [0]), (31, [0, 1])])
def test_few_segments(payload: int, shown: list[int]):
    found = explained(Shape(), payload)
    assert found.shown == shown
    assert sum(end - first for first, end in found.payload) == payload


def test_every_picture_is_good_xml():
    for vector in load_vectors("tb/vectors/linux-gso")[::7]:
        found = explain(vector.frame, vector.descriptor, vector.segments)
        root = ElementTree.fromstring(picture("a & b <c>", found))
        texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        assert "a & b <c>" in texts
        assert f"segment {len(vector.segments)}" in texts
