# SPDX-License-Identifier: Apache-2.0
"""The compiled core as a Python object: right bytes, pauses, errors, waveform."""

from pathlib import Path

import pytest

from gso_model import Descriptor, Status
from gso_sim import Core, SimulationError
from gso_tb.jobs import Job, expected
from gso_tb.random_jobs import job

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def _same(core: Core, jobs: list[Job], **patterns: object) -> None:
    run = core.run([(job.data, job.descriptor, job.aborted) for job in jobs], **patterns)
    wanted = [expected(job) for job in jobs]
    assert [s.data for s in run.segments] == [data for item in wanted for data in item.segments]
    assert [s.user for s in run.segments] == [user for item in wanted for user in item.users]
    assert [c.completion for c in run.completions] == [item.completion for item in wanted]
    assert len(run.frames) == len(jobs)


def test_random_jobs(width: int, full: bool) -> None:
    """Good and bad jobs, without pauses and with all kinds of them."""
    jobs = [job(7, index) for index in range(2000 if full else 200)]
    with Core(width) as core:
        _same(core, jobs)
        _same(core, jobs, idle="random:0.3", stall="random:0.3", seed=5)
        _same(core, jobs, stall="cycle:0111", descriptor_idle="random:0.5")
        _same(core, jobs, idle="once:0001101", completion_stall="random:0.9")


def test_segment_gives_segments_and_completion() -> None:
    """The short form for one frame."""
    with Core(64) as core:
        segments, completion = core.segment(bytes(range(60)), Descriptor(frame_length=60))
    assert segments == [bytes(range(60))]
    assert completion.status == Status.OK
    assert completion.segments == 1


def test_cycles_are_those_of_the_bus() -> None:
    """One beat a cycle in, the descriptor's lead before it, the output behind it."""
    with Core(64) as core:
        run = core.run([(bytes(80), Descriptor(frame_length=80), False)], lead=20)
    first, last = run.frames[0]
    (segment,) = run.segments
    assert last - first == 9
    assert segment.last - segment.first == 9
    assert first < last < segment.first < run.completions[0].cycle


def test_a_core_that_hangs_is_reported() -> None:
    """Nothing leaves while the sink is never ready; reset makes the core usable again."""
    frames = [(bytes(200), Descriptor(frame_length=200), False)] * 40
    with Core(64) as core:
        with pytest.raises(SimulationError, match=r"cycle \d+: nothing moved for 300 cycles"):
            core.run(frames, stall="once:" + "1" * 5000, patience=300)
        core.reset()
        assert len(core.run(frames).segments) == 40


@pytest.mark.parametrize("pattern", ["never", "random:1", "cycle:11", "once:", "random:x"])
def test_a_bad_pattern_is_refused(pattern: str) -> None:
    """With the same words as in the cocotb benches."""
    with Core(64) as core, pytest.raises(ValueError, match="pause pattern"):
        core.run([(bytes(60), Descriptor(frame_length=60), False)], idle=pattern)


def test_an_empty_frame_is_refused() -> None:
    """A stream has no beat for it."""
    with Core(64) as core, pytest.raises(ValueError, match="0 bytes"):
        core.run([(b"", Descriptor(), False)])


def test_a_waveform_on_demand(tmp_path: Path) -> None:
    """A VCD file with the core's own signals in it."""
    file = tmp_path / "core.vcd"
    with Core(64, waves=file) as core:
        core.segment(bytes(100), Descriptor(frame_length=100))
    text = file.read_text()
    assert "m_axis_tvalid" in text
    assert text.count("\n#") > 20
