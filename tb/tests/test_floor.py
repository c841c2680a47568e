# SPDX-License-Identifier: Apache-2.0
"""The floor's schedule, by cases worked out by hand at 8 lanes (64 bits)."""

from gso_model import Descriptor, Tunnel
from gso_tb.floor import Frame, Slot, beats, frame, schedule, span


def test_beats() -> None:
    """A started beat counts in full."""
    assert [beats(size, 8) for size in (1, 8, 9, 16)] == [1, 1, 2, 2]


def test_one_frame_waits_for_its_input() -> None:
    """40 bytes are beats 0 to 4; the segment needs all, so it starts with the fifth beat."""
    assert schedule([Frame(40, ((40, 40),))], 8) == [Slot(4, 9, 9)]


def test_the_constant_moves_everything() -> None:
    """The same schedule 10 cycles later; the span stays."""
    frames = [Frame(40, ((40, 40),)), Frame(80, ((80, 80),))]
    early, late = schedule(frames, 8), schedule(frames, 8, 10)
    assert [slot.start for slot in late] == [slot.start + 10 for slot in early]
    assert span(early) == span(late)


def test_output_is_never_slower_than_its_beats() -> None:
    """A frame of header 16, MSS 16, payload 48, twice: 8 beats in, 3 segments of 4 beats out.

    Needed bytes 32, 48, 64: beats 3, 5, 7. Starts 3, then one behind the other: 7, 11. The second
    frame's first segment needs beat 8 + 3 = 11, but the output is busy until 15.
    """
    one = Frame(64, ((32, 32), (32, 48), (32, 64)))
    slots = schedule([one, one], 8)
    assert [slot.start for slot in slots] == [3, 7, 11, 15, 19, 23]
    assert span(slots) == 6 * 4


def test_a_long_frame_behind_a_short_one_waits() -> None:
    """Beats 0 and 1, then 2 to 11: out at cycle 1 for 2 beats, then at 11, not at 3.

    From the first output beat in cycle 1 to the last in cycle 20: 20 cycles for 12 beats.
    """
    slots = schedule([Frame(16, ((16, 16),)), Frame(80, ((80, 80),))], 8)
    assert [slot.start for slot in slots] == [1, 11]
    assert span(slots) == 20


def test_frames_without_segmentation_take_two_cycles_at_least() -> None:
    """Three frames of one beat start two cycles apart; the last one counts its beat only."""
    slots = schedule([Frame(8, ((8, 8),), 2)] * 3, 8)
    assert slots == [Slot(0, 1, 2), Slot(2, 3, 4), Slot(4, 5, 6)]
    assert span(slots) == 5


def test_more_beats_than_the_least_number_of_cycles() -> None:
    """Three beats with at least two cycles are three beats."""
    assert span(schedule([Frame(24, ((24, 24),), 2)] * 2, 8)) == 6


def test_a_frame_without_output_still_takes_its_input() -> None:
    """Four beats of a refused frame, then a beat: it comes in cycle 4."""
    assert schedule([Frame(32, ()), Frame(8, ((8, 8),))], 8) == [Slot(4, 5, 5)]


def test_span_of_nothing() -> None:
    """Frames that were all refused leave nothing."""
    assert span(schedule([Frame(8, ())], 8)) == 0


def test_frame_of_a_segmented_job() -> None:
    """Header 54, MSS 100, payload 250: segments need 154, 254 and all 304 bytes."""
    descriptor = Descriptor(frame_length=304, mss=100, header_length=54)
    segments = [bytes(154), bytes(154), bytes(104)]
    made = frame(descriptor, 304, segments)
    assert made == Frame(304, ((154, 154), (154, 254), (104, 304)), 1)


def test_frame_without_segmentation() -> None:
    """All of the frame is needed; in a tunnel four cycles."""
    plain = Descriptor(frame_length=60)
    assert frame(plain, 60, [bytes(60)]) == Frame(60, ((60, 60),), 2)
    tunnel = Descriptor(frame_length=60, tunnel=Tunnel.VXLAN)
    assert frame(tunnel, 60, [bytes(60)]) == Frame(60, ((60, 60),), 4)


def test_a_vlan_tag_that_is_inserted_is_output_only() -> None:
    """The wire's 64 bytes need only the 60 that the host sent."""
    descriptor = Descriptor(frame_length=60, tag_count=1)
    assert frame(descriptor, 60, [bytes(64)]).segments == ((64, 60),)
