# SPDX-License-Identifier: Apache-2.0
"""Golden model of the segmentation offload core: plain Python, no dependency, bit for bit."""

from gso_model.capabilities import BASIC, FULL, Capabilities
from gso_model.capture import read_capture, write_capture
from gso_model.check import check_descriptor
from gso_model.check_headers import check_headers
from gso_model.descriptor import Completion, Descriptor, segment_user
from gso_model.headers import describe
from gso_model.layout import (
    ChecksumMode,
    IdMode,
    L3Kind,
    L4Kind,
    Status,
    Tunnel,
)
from gso_model.segmentation import Result, segment, segment_arrived
from gso_model.vector_writer import format_vector
from gso_model.vectors import Vector, load_vector, load_vectors, parse_vector

__all__ = [
    "BASIC",
    "FULL",
    "Capabilities",
    "ChecksumMode",
    "Completion",
    "Descriptor",
    "IdMode",
    "L3Kind",
    "L4Kind",
    "Result",
    "Status",
    "Tunnel",
    "Vector",
    "check_descriptor",
    "check_headers",
    "describe",
    "format_vector",
    "load_vector",
    "load_vectors",
    "parse_vector",
    "read_capture",
    "segment",
    "segment_arrived",
    "segment_user",
    "write_capture",
]
