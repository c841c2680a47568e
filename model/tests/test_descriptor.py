# SPDX-License-Identifier: Apache-2.0
"""Descriptor, completion and tuser as numbers (D19, D22), and what a configuration may be (D9)."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gso_model import (
    BASIC,
    FULL,
    Capabilities,
    ChecksumMode,
    Completion,
    Descriptor,
    IdMode,
    L3Kind,
    L4Kind,
    Status,
    Tunnel,
    segment_user,
)
from gso_model.layout import COMPLETION, DESCRIPTOR, Layout


@pytest.mark.parametrize(
    ("value", "layout"), [(Descriptor(), DESCRIPTOR), (Completion(), COMPLETION)]
)
def test_one_attribute_a_field(value: Descriptor | Completion, layout: Layout):
    """D22: one definition. Every field of the layout is an attribute of the same name."""
    names = [field.name for field in fields(value)]
    assert names == [*(field.name for field in layout.fields), "reserved"]


@given(st.integers(0, (1 << 256) - 1))
def test_any_descriptor_packs_to_itself(vector: int):
    assert Descriptor.unpack(vector).pack() == vector


@given(st.integers(0, (1 << COMPLETION.bits) - 1))
def test_any_completion_packs_to_itself(vector: int):
    assert Completion.unpack(vector).pack() == vector


def test_descriptor_bits_by_hand():
    """D22: positions, worked out by hand from the layout's words."""
    d = Descriptor(
        frame_length=0x012345,
        tag_count=2,
        mss=1448,
        request_id=0xBEEF,
        header_length=66,
        l3_offset=14,
        l4_offset=34,
        l3_kind=L3Kind.IPV4,
        l4_kind=L4Kind.TCP,
        l4_checksum=ChecksumMode.SEED_WITH_LENGTH,
        ip_id=IdMode.MOD16,
        tunnel=Tunnel.GENEVE,
        checksum_offset=0xAB,
        user=0xCDEF,
        tag0=0x81000064,
        tag1=0x88A80001,
    )
    words = [d.pack() >> 32 * index & 0xFFFFFFFF for index in range(8)]
    assert words == [
        0x02012345,
        0xBEEF05A8,
        66 | 14 << 10 | 34 << 20 | 1 << 30,
        4 << 22,
        0xCDEFAB00 | 1 | 2 << 2 | 2 << 4,
        0x81000064,
        0x88A80001,
        0,
    ]


def test_kinds_are_enum_members_and_reserved_values_numbers():
    d = Descriptor.unpack(3 << 94 | 3 << 130)
    assert d.l4_checksum is ChecksumMode.FROM_HEADER
    assert d.l4_kind is L4Kind.NONE
    assert d.l3_kind == 3
    assert not isinstance(d.l3_kind, L3Kind)


@pytest.mark.parametrize(
    "values",
    [
        {"frame_length": 1 << 24},
        {"mss": 1 << 16},
        {"mss": -1},
        {"tag_count": 4},
        {"header_length": 1 << 10},
        {"reserved": 1},
    ],
)
def test_values_that_do_not_fit_are_refused(values: dict[str, int]):
    with pytest.raises(
        ValueError, match=f"descriptor.* {next(iter(values))}|descriptor.{next(iter(values))}"
    ):
        Descriptor(**values)


@pytest.mark.parametrize("vector", [-1, 1 << 256])
def test_numbers_of_more_bits_are_refused(vector: int):
    with pytest.raises(ValueError, match="256 bits"):
        Descriptor.unpack(vector)


def test_completion_bits_by_hand():
    """D19: request id, status, segments, payload bytes."""
    c = Completion(request_id=0x1234, status=Status.SHORT, segments=46, payload_bytes=65495)
    assert c.pack() == 0x1234 | 32 << 16 | 46 << 32 | 65495 << 64
    assert Completion.unpack(c.pack()).status is Status.SHORT


def test_segment_user_by_hand():
    """tuser: request id, length, first, last, time stamp (last only), user."""
    d = Descriptor(request_id=0xABCD, user=0x1357, timestamp=1)
    constant = 0xABCD | 0x1357 << 35
    segments = [bytes(100), bytes(100), bytes(61)]
    assert segment_user(d, segments, complete=True) == [
        constant | 100 << 16 | 1 << 32,
        constant | 100 << 16,
        constant | 61 << 16 | 1 << 33 | 1 << 34,
    ]
    assert segment_user(d, segments[:1], complete=True) == [constant | 100 << 16 | 0b111 << 32]


def test_segment_user_without_the_last_segment():
    """D13: where the last segment does not leave none is marked so."""
    users = segment_user(Descriptor(timestamp=1), [bytes(100), bytes(100)], complete=False)
    assert users == [100 << 16 | 1 << 32, 100 << 16]


def test_presets():
    """D9's sizes; BASIC leaves out tunnels, tags and the 802.3 length."""
    assert (FULL.header_bytes, FULL.max_segment) == (256, 9728)
    assert (FULL.flag_mask_first, FULL.flag_mask_middle, FULL.flag_mask_last) == (
        0xFF6,
        0xF76,
        0xF7F,
    )
    assert (FULL.tunnels, FULL.tags, FULL.length_8023) == (True, True, True)
    assert Capabilities(tunnels=False, tags=False, length_8023=False) == BASIC


@pytest.mark.parametrize(
    "values",
    [
        {"header_bytes": 513},
        {"header_bytes": 0},
        {"max_segment": 1 << 16},
        {"max_segment": 0},
        {"flag_mask_middle": 0x1000},
    ],
)
def test_impossible_configurations_are_refused(values: dict[str, int]):
    """D9: headers up to 512 bytes; a segment's length has 16 bits in tuser."""
    with pytest.raises(ValueError, match=next(iter(values))):
        Capabilities(**values)
