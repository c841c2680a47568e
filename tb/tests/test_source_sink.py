# SPDX-License-Identifier: Apache-2.0
"""Sources and sinks alone, on signals made of Python: what they drive, and what they must notice.

`test_faults.py` shows the same inside a simulator; here are the cases that need exact cycles.
"""

import random
from types import SimpleNamespace

import pytest

from gso_sim.patterns import pauses
from gso_tb.signals import ProtocolError
from gso_tb.sink import CompletionBeat, CompletionSink, Segment, SegmentSink
from gso_tb.source import DescriptorSource, FrameSource


class Signal:
    """A signal with cocotb's `value` and `len`: integers are written, bits read as text."""

    def __init__(self, width: int = 1) -> None:
        self.width = width
        self.text = "x" * width

    def __len__(self) -> int:
        return self.width

    @property
    def value(self) -> str:
        return self.text

    @value.setter
    def value(self, value: int | str) -> None:
        self.text = value if isinstance(value, str) else format(value, f"0{self.width}b")


def _bus(prefix: str, lanes: int) -> SimpleNamespace:
    widths = {"data": 8 * lanes, "keep": lanes, "valid": 1, "ready": 1, "last": 1, "user": 51}
    return SimpleNamespace(**{f"{prefix}_t{name}": Signal(width) for name, width in widths.items()})


@pytest.mark.parametrize("lanes", [8, 64])
@pytest.mark.parametrize(("idle", "ready"), [("none", 1.0), ("random:0.5", 0.5), ("cycle:01", 0.1)])
def test_source_keeps_to_axi(lanes: int, idle: str, ready: float) -> None:
    """Frames arrive whole and in order, and an offered beat stays until it is taken."""
    rng = random.Random(lanes)
    bus = _bus("s_axis", lanes)
    bus.s_axis_tready.value = 0
    source = FrameSource(bus)
    source.pauses = pauses(idle, 3)
    frames = [rng.randbytes(rng.choice((1, lanes - 1, lanes, lanes + 1, 200))) for _ in range(20)]
    for number, frame in enumerate(frames):
        source.send(frame, aborted=number % 3 == 0)
    got: list[tuple[bytes, bool]] = []
    part = b""
    waiting = None
    for _ in range(20000):
        bus.s_axis_tready.value = int(rng.random() < ready)
        names = ("valid", "data", "keep", "last", "user")
        beat = [getattr(bus, f"s_axis_t{name}").text for name in names]
        if waiting is not None:
            assert beat == waiting
        taken = beat[0] == "1" and bus.s_axis_tready.text == "1"
        waiting = beat if beat[0] == "1" and not taken else None
        if taken:
            count = beat[2].count("1")
            assert beat[2].endswith("1" * count) and (count == lanes or beat[3] == "1")
            part += int(beat[1], 2).to_bytes(lanes, "little")[:count]
            if beat[3] == "1":
                got.append((part, beat[4][-1] == "1"))
                part = b""
        source.step()
    assert got == [(frame, number % 3 == 0) for number, frame in enumerate(frames)]
    assert source.pending == 0 and source.taken == sum(-(-len(f) // lanes) for f in frames)


def test_source_is_idle_where_the_pattern_says() -> None:
    """`once:0011` leaves a gap of two cycles before the third beat, and nowhere else."""
    bus = _bus("s_axis", 8)
    bus.s_axis_tready.value = 1
    source = FrameSource(bus)
    source.pauses = pauses("once:0011")
    source.send(bytes(40))
    seen = ""
    for _ in range(10):
        source.step()
        seen += bus.s_axis_tvalid.text
    assert seen == "1100111000"


def test_descriptor_source() -> None:
    """One beat a descriptor, held until it is taken."""
    bus = SimpleNamespace(d_tdata=Signal(256), d_tvalid=Signal(), d_tready=Signal())
    bus.d_tready.value = 0
    source = DescriptorSource(bus, "d")
    source.send(1, 1 << 255)
    for _ in range(3):
        source.step()
        assert (bus.d_tvalid.text, int(bus.d_tdata.text, 2)) == ("1", 1)
    bus.d_tready.value = 1
    source.step()
    assert int(bus.d_tdata.text, 2) == 1 << 255
    source.step()
    assert bus.d_tvalid.text == "0" and source.pending == 0


class Output:
    """Plays beats to a segment sink of 4 lanes: (data, keep, last, user) or `None` for a gap."""

    def __init__(self, stall: str = "none") -> None:
        self.bus = _bus("m_axis", 4)
        self.got: list[Segment] = []
        self.sink = SegmentSink(self.bus, self.got.append)
        self.sink.pauses = pauses(stall)
        self.cycle = 0

    def play(self, *beats: tuple[str, str, str, int] | None) -> None:
        """One beat a cycle, whether it is taken or not."""
        for beat in beats:
            self.bus.m_axis_tvalid.value = 0 if beat is None else 1
            if beat is not None:
                data, keep, last, user = beat
                self.bus.m_axis_tdata.value = data
                self.bus.m_axis_tkeep.value = keep
                self.bus.m_axis_tlast.value = last
                self.bus.m_axis_tuser.value = user
            self.sink.step(self.cycle)
            self.cycle += 1


def _bits(data: bytes) -> str:
    return format(int.from_bytes(data, "little"), "032b")


FIRST = (_bits(b"abcd"), "1111", "0", 7)
MIDDLE = (_bits(b"efgh"), "1111", "0", 7)
LAST = ("xxxxxxxx" * 3 + format(ord("i"), "08b"), "0001", "1", 7)


def test_sink_collects() -> None:
    """Segments with their cycles; X in a lane without tkeep does not matter."""
    output = Output()
    output.play(None, FIRST, MIDDLE, LAST, FIRST, LAST, None, LAST)
    assert output.got == [Segment(b"abcdefghi", 7), Segment(b"abcdi", 7), Segment(b"i", 7)]
    assert [(s.first_cycle, s.last_cycle) for s in output.got] == [(1, 3), (4, 5), (7, 7)]
    assert (output.sink.beats, output.sink.first_cycle, output.sink.last_cycle) == (6, 1, 7)


def test_sink_stalls() -> None:
    """A beat that waits and stays as it is counts once."""
    output = Output("cycle:011")
    output.play(None, FIRST, LAST, LAST, LAST, None)
    assert output.got == [Segment(b"abcdi", 7)]
    assert output.sink.beats == 2


def _changed(beat: tuple[str, str, str, int], index: int, value: object) -> tuple:
    return (*beat[:index], value, *beat[index + 1 :])


@pytest.mark.parametrize(
    ("stall", "beats", "message"),
    [
        ("none", (None, FIRST, None), "cycle 2: tvalid fell inside a segment"),
        ("none", (None, FIRST, _changed(LAST, 3, 6)), "cycle 2: tuser changed inside"),
        ("none", (None, _changed(FIRST, 1, "0111")), "cycle 1: tkeep 0111 is not full"),
        ("none", (None, _changed(LAST, 1, "0101")), "tkeep 0101 is not contiguous"),
        ("none", (None, _changed(LAST, 1, "1110")), "tkeep 1110 is not contiguous"),
        ("none", (None, _changed(LAST, 1, "0000")), "tkeep 0000 is not contiguous"),
        ("none", (None, _changed(LAST, 1, "000x")), "tkeep 000x is not contiguous"),
        ("none", (None, _changed(LAST, 1, "0011")), "tdata has a bit that is neither"),
        ("none", (None, _changed(FIRST, 2, "x")), "m_axis_tlast is x"),
        ("none", (None, _changed(LAST, 3, "z" * 51)), "tuser has a bit that is neither"),
        ("once:1", (FIRST, None), "cycle 1: tvalid fell before the beat was taken"),
        ("once:1", (FIRST, MIDDLE), "cycle 1: tdata changed while it waited"),
        ("once:1", (LAST, _changed(LAST, 1, "0011")), "cycle 1: tkeep changed while it waited"),
        ("once:1", (LAST, _changed(LAST, 2, "0")), "cycle 1: tlast changed while it waited"),
        ("once:1", (LAST, _changed(LAST, 3, 6)), "cycle 1: tuser changed while it waited"),
    ],
)
def test_sink_notices(stall: str, beats: tuple, message: str) -> None:
    """Every rule of the output, broken once."""
    with pytest.raises(ProtocolError, match=message):
        Output(stall).play(*beats)


def test_sink_notices_undefined_valid() -> None:
    """An X on `tvalid` is no low."""
    output = Output()
    output.bus.m_axis_tvalid.value = "x"
    with pytest.raises(ProtocolError, match="m_axis_tvalid is x"):
        output.sink.step(0)


def test_completion_sink() -> None:
    """A completion is announced when it is raised and delivered when it is taken."""
    bus = SimpleNamespace(
        m_axis_cpl_tdata=Signal(96), m_axis_cpl_tvalid=Signal(), m_axis_cpl_tready=Signal()
    )
    got: list[CompletionBeat] = []
    raised: list[int] = []
    sink = CompletionSink(bus, got.append, raised.append)
    sink.pauses = pauses("once:11")
    bus.m_axis_cpl_tvalid.value = 1
    bus.m_axis_cpl_tdata.value = 5
    for cycle in range(3):
        assert got == []
        sink.step(cycle)
    sink.step(3)
    assert raised == [0] and got == [CompletionBeat(5)] and got[0].cycle == 0
    bus.m_axis_cpl_tdata.value = "x" * 96
    with pytest.raises(ProtocolError, match="m_axis_cpl, cycle 4: tdata has a bit"):
        sink.step(4)


@pytest.mark.parametrize(
    "text", ["", "never", "random:", "random:1", "random:-1", "cycle:", "cycle:11", "once:2"]
)
def test_patterns_refuse(text: str) -> None:
    """A pattern that means nothing, or that would pause for ever, is no pattern."""
    with pytest.raises(ValueError, match="pause pattern"):
        pauses(text)


def test_patterns_repeat_with_their_seed() -> None:
    """The same seed gives the same pauses, another one others."""
    draws = [[next(p) for _ in range(200)] for p in (pauses("random:0.3", s) for s in (1, 1, 2))]
    assert draws[0] == draws[1] != draws[2]
    assert 30 < sum(draws[0]) < 90
