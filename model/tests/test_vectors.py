# SPDX-License-Identifier: Apache-2.0
"""The vectors, the kernel's and our own, against the model; and the loader against bad files."""

from pathlib import Path

import pytest
from gso_model import (
    BASIC,
    Status,
    Tunnel,
    Vector,
    load_vectors,
    segment,
)

VECTORS = Path(__file__).resolve().parents[2] / "tb" / "vectors"
LINUX = load_vectors(VECTORS / "linux-gso")


def test_all_linux_vectors_are_here():
    assert len(LINUX) == 210
    assert sum(vector.descriptor.tunnel == Tunnel.NONE for vector in LINUX) == 178


@pytest.mark.parametrize("vector", LINUX, ids=lambda vector: vector.name)
def test_linux_vector_is_bit_exact(vector: Vector):
    result = segment(vector.frame, vector.descriptor)
    assert result.completion.status == Status.OK
    assert result.segments == vector.segments
    assert result.completion.segments == len(vector.segments)
    payload = len(vector.frame) - vector.descriptor.header_length
    assert result.completion.payload_bytes == payload


@pytest.mark.parametrize("vector", LINUX, ids=lambda vector: vector.name)
def test_basic_core_refuses_tunnels_and_nothing_else(vector: Vector):
    """I8: a request for what is not built is OPERATION."""
    result = segment(vector.frame, vector.descriptor, BASIC)
    if vector.descriptor.tunnel != Tunnel.NONE:
        assert result.completion.status == Status.OPERATION
        assert result.segments == []
    else:
        assert result.segments == vector.segments
