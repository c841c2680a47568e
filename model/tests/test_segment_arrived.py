# SPDX-License-Identifier: Apache-2.0
"""What leaves of a frame that ends too early, too late or aborted (D13, I9, I10), and its tuser."""

from dataclasses import replace
from random import Random

import pytest
from frames import Shape, build

from gso_model import (
    Completion,
    Descriptor,
    Status,
    segment,
    segment_arrived,
)

PAYLOAD = Random(1).randbytes(1000)


FRAME, CUT = build(Shape(), PAYLOAD, 300, request_id=9, timestamp=1)  # 54 + 300, 300, 300, 100
WHOLE = segment(FRAME, CUT).segments


@pytest.mark.parametrize(
    ("arrived", "leaving"),
    [
        *((0, 0), (1, 0), (53, 0), (54, 0), (353, 0)),
        *((354, 1), (355, 1), (653, 1)),
        *((654, 2), (953, 2)),
        *((954, 3), (1053, 3)),
    ],
)
@pytest.mark.parametrize("aborted", [False, True])
def test_short(arrived: int, leaving: int, aborted: bool):
    """D13: exactly the segments whose last byte arrived. I9: SHORT also when aborted."""
    result = segment_arrived(FRAME[:arrived], CUT, aborted=aborted)
    assert result.segments == WHOLE[:leaving]
    assert result.completion == Completion(9, Status.SHORT, leaving, 300 * leaving)


@pytest.mark.parametrize("more", [1, 64, 5000])
@pytest.mark.parametrize("aborted", [False, True])
def test_long(more: int, aborted: bool):
    """D13: the last segment does not leave. I9: LONG also when aborted."""
    result = segment_arrived(FRAME + bytes(more), CUT, aborted=aborted)
    assert result.segments == WHOLE[:3]
    assert result.completion == Completion(9, Status.LONG, 3, 900)


def test_aborted():
    """D13: the last segment does not leave."""
    result = segment_arrived(FRAME, CUT, aborted=True)
    assert result.segments == WHOLE[:3]
    assert result.completion == Completion(9, Status.ABORTED, 3, 900)


@pytest.mark.parametrize("mss", [0, 1000])
def test_whole_frames_that_end_wrongly(mss: int):
    """D13: of one segment nothing leaves."""
    d = replace(CUT, mss=mss)
    for arrived, aborted, status in (
        (FRAME[:-1], False, Status.SHORT),
        (FRAME + b"\0", False, Status.LONG),
        (FRAME, True, Status.ABORTED),
    ):
        result = segment_arrived(arrived, d, aborted=aborted)
        assert result.segments == []
        assert result.completion == Completion(9, status)


def test_pass_through_that_ends_wrongly():
    d = Descriptor(frame_length=100)
    for arrived, aborted, status in (
        (bytes(99), False, Status.SHORT),
        (bytes(101), False, Status.LONG),
        (bytes(100), True, Status.ABORTED),
    ):
        result = segment_arrived(arrived, d, aborted=aborted)
        assert (result.segments, result.completion) == ([], Completion(status=status))


def test_refused_frames_leave_nothing():
    """D13: the descriptor's code comes before the frame's, and nothing leaves."""
    result = segment_arrived(FRAME[:400], replace(CUT, ip_id=3))
    assert (result.segments, result.completion) == ([], Completion(9, Status.OPERATION))


def test_users():
    """tuser of a whole frame; without the last segment none is marked last."""
    assert [user >> 32 & 7 for user in segment(FRAME, CUT).users] == [1, 0, 0, 6]
    assert [user >> 32 & 7 for user in segment_arrived(FRAME[:-1], CUT).users] == [1, 0, 0]
    assert [user >> 16 & 0xFFFF for user in segment(FRAME, CUT).users] == [354, 354, 354, 154]


def test_raw_descriptor():
    """The 256-bit number does as well."""
    assert segment(FRAME, CUT.pack()) == segment(FRAME, CUT)
