# SPDX-License-Identifier: Apache-2.0
"""Ones' complement sums against a plain loop and against published numbers (D4, I12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import words

from gso_model.checksum import complement, finish, finish_udp, fold, pseudo_header_sum, word_sum
from gso_model.layout import L3Kind


def test_rfc_1071_example():
    """RFC 1071, section 3: these eight bytes sum to 0xDDF2."""
    assert word_sum(bytes.fromhex("0001f203f4f5f6f7")) == 0xDDF2


def test_well_known_ipv4_header():
    """The header that textbooks use: its checksum is 0xB861."""
    header = bytes.fromhex("450000730000400040110000c0a80001c0a800c7")
    assert finish(word_sum(header)) == 0xB861


@given(st.binary(max_size=300))
def test_word_sum_is_the_plain_loop(data: bytes):
    assert word_sum(data) == words(data)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1448])
def test_only_zeros_sum_to_zero(size: int):
    """I12: and then the checksum is 0xFFFF, in UDP too."""
    assert word_sum(bytes(size)) == 0
    assert finish(0) == 0xFFFF
    assert finish_udp(0) == 0xFFFF


@pytest.mark.parametrize(
    "data", [b"\xff\xff", b"\xff\xff" * 700, b"\x80\x00\x7f\xff", b"\xff\xfe\0\1"]
)
def test_a_sum_that_is_a_multiple_of_65535_is_not_zero(data: bytes):
    """I12, D4: the checksum is then 0x0000, and 0xFFFF on the wire in UDP."""
    assert word_sum(data) == 0xFFFF
    assert finish(word_sum(data)) == 0
    assert finish_udp(word_sum(data)) == 0xFFFF


def test_odd_byte_is_followed_by_zero():
    assert word_sum(b"\x12\x34\x56") == 0x1234 + 0x5600


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 24))
def test_complement_takes_out(total: int, length: int):
    """D2: a length of 24 bits comes off a seed, as a number folded into 16."""
    difference = fold(fold(total + length) + complement(length))
    assert difference % 0xFFFF == total % 0xFFFF
    assert 0 <= complement(length) <= 0xFFFF


def test_pseudo_header_of_a_long_packet():
    """D2: lengths above 65,535 count in full, as in the IPv6 pseudo-header's 32 bits."""
    header = bytes(8) + bytes(range(32))
    length = 0x012345
    pseudo = bytes(range(32)) + length.to_bytes(4, "big") + bytes([0, 0, 0, 17])
    assert pseudo_header_sum(header, L3Kind.IPV6, 0, 17, length) == words(pseudo)
