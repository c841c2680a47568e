# SPDX-License-Identifier: Apache-2.0
"""The compiled core as a Python object: right bytes, pauses, errors, waveform."""

import re
import time
from pathlib import Path

import pytest

from gso_model import Descriptor, Status
from gso_sim import Core, SimulationError
from gso_sim.ticker import Ticker
from gso_tb import tools
from gso_tb.compiled import run_and_compare
from gso_tb.jobs import Job
from gso_tb.random_jobs import job

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_random_jobs(width: int, full: bool) -> None:
    """Good and bad jobs, without pauses and with all kinds of them."""
    jobs = [job(7, index) for index in range(2000 if full else 200)]
    with Core(width) as core:
        run_and_compare(core, jobs)
        run_and_compare(core, jobs, idle="random:0.3", stall="random:0.3", seed=5)
        run_and_compare(core, jobs, stall="cycle:0111", descriptor_idle="random:0.5")
        run_and_compare(core, jobs, idle="once:0001101", completion_stall="random:0.9")


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


def test_a_long_frame_ends_with_its_batch(width: int) -> None:
    """I21: it may complete before its end is swallowed; that end is not the next batch's."""
    long = Job(Descriptor(frame_length=60), bytes(range(250)) * 40, label="long")
    good = Job(Descriptor(frame_length=250), bytes(range(250)), label="good")
    with Core(width) as core:
        for _ in range(3):
            run_and_compare(core, [long], idle="random:0.5")
            run_and_compare(core, [good])


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


def test_all_its_files_are_installed() -> None:
    """`pip install` takes the Python files and what pyproject.toml names beside them."""
    text = (tools.ROOT / "pyproject.toml").read_text()
    assert re.search(r"^include = .*\"gso_sim\*\"", text, re.MULTILINE)
    named = re.search(r"^gso_sim = \[(.*)\]$", text, re.MULTILINE)
    assert named
    patterns = ["*.py", *re.findall(r'"([^"]+)"', named[1])]
    files = [file for file in (tools.ROOT / "tb" / "gso_sim").iterdir() if file.is_file()]
    assert len(files) > 8
    for file in files:
        assert any(file.match(pattern) for pattern in patterns), file


def test_what_takes_long_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line without a terminal; on one it renews itself and goes away."""
    with Ticker("working"):
        pass
    assert capsys.readouterr().err == "working ...\n"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Ticker("working"):
        time.sleep(0.1)
    assert capsys.readouterr().err == "\rworking ... 0 s\r\x1b[K"
