# SPDX-License-Identifier: Apache-2.0
"""`gso segment`: what is cut, what is left alone, time stamps, and bad input in one line."""

from pathlib import Path

import pytest
from command import CAPTURES, TCP4, fails
from frames import Shape, build

from gso_model import L3Kind, L4Kind, describe, read_capture, segment, write_capture
from gso_model.cli.main import main


@pytest.mark.parametrize(
    ("name", "mss"), [("tcp4", 1448), ("tcp6", 1428), ("uso4", 1200), ("uso6", 1200)]
)
def test_segment_captures(name: str, mss: int, tmp_path: Path):
    """Each super-frame becomes the model's segments, with its time stamp."""
    host, wire = CAPTURES / f"linux-{name}-host.pcap", tmp_path / "wire.pcap"
    assert main(["segment", str(host), str(wire), "--mss", str(mss)]) == 0
    expected = [
        (stamp, made)
        for stamp, frame in read_capture(host)
        for made in segment(frame, describe(frame, mss)).segments
    ]
    assert list(read_capture(wire)) == expected


def test_segment_vxlan_by_mtu(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A tunnel is found by its port; an MTU counts from the outer IP header on."""
    wire = tmp_path / "wire.pcap"
    host = CAPTURES / "linux-vxlan4-host.pcap"
    assert main(["segment", str(host), str(wire), "--mtu", "1500"]) == 0
    frames = [frame for _, frame in read_capture(wire)]
    assert max(map(len, frames)) == 1514
    assert f"{len(frames)} frames, {len(frames)} of them segments" in capsys.readouterr().out


def test_normal_frames_are_left_alone(tmp_path: Path):
    """Bit for bit: small TCP with an open checksum, ARP, fragments, oversize of no known kind."""
    small, _ = build(Shape(), bytes(100), 0)
    large, _ = build(Shape(l4=L4Kind.UDP), bytes(3000), 1000)
    fragment = large[:20] + b"\x20\x00" + large[22:]
    frames = [
        small,
        bytes(12) + b"\x08\x06" + bytes(46),
        fragment,
        bytes(12) + b"\x88\xb5" + bytes(9000),
        small[:40],
        b"",
        large,
    ]
    host, wire = tmp_path / "host.pcap", tmp_path / "wire.pcap"
    write_capture(host, enumerate(frames, 5))
    assert main(["segment", str(host), str(wire), "--mss", "1000"]) == 0
    left = list(read_capture(wire))
    assert left[:6] == list(enumerate(frames[:6], 5))
    assert [len(frame) for _, frame in left[6:]] == [1042, 1042, 1042]
    assert {stamp for stamp, _ in left[6:]} == {11}


def test_checksums_on_request(tmp_path: Path):
    """`--checksums` finishes small frames too, as the model does with MSS 0."""
    small, _ = build(Shape(l3=L3Kind.IPV6), bytes(range(100)), 0)
    host, wire = tmp_path / "host.pcap", tmp_path / "wire.pcap"
    write_capture(host, [(1, small)])
    assert main(["segment", str(host), str(wire), "--mss", "1000", "--checksums"]) == 0
    assert list(read_capture(wire)) == [(1, segment(small, describe(small, 0)).segments[0])]


def test_batches(tmp_path: Path):
    """More frames than go to an engine at once stay in order."""
    frames = [build(Shape(sequence=n), bytes([n % 251]) * 20, 0)[0] for n in range(1300)]
    host, wire = tmp_path / "host.pcap", tmp_path / "wire.pcap"
    write_capture(host, enumerate(frames))
    assert main(["segment", str(host), str(wire), "--mss", "15"]) == 0
    left = list(read_capture(wire))
    assert [stamp for stamp, _ in left] == [n for n in range(1300) for _ in range(2)]
    expected = [made for f in frames for made in segment(f, describe(f, 15)).segments]
    assert [frame for _, frame in left] == expected


def test_a_capture_onto_itself(tmp_path: Path):
    """The input may be the output: it is replaced when all is done."""
    path = tmp_path / "x.pcap"
    path.write_bytes(Path(TCP4).read_bytes())
    assert main(["segment", str(path), str(path), "--mss", "1448"]) == 0
    assert len(list(read_capture(path))) == 286


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--mss", "0"], "--mss is 0, expected 1 to 65535"),
        (["--mss", "70000"], "--mss is 70000"),
        (["--mss", "x"], "invalid int value: 'x'"),
        (["--mtu", "60"], "--mtu is 60, expected 68 to 65535"),
        (["--mtu", "70"], ""),
        ([], "one of the arguments --mss --mtu is required"),
        (["--mss", "9", "--mtu", "1500"], "not allowed with"),
        (["--mss", "9", "--engine", "magic"], "invalid choice: 'magic'"),
        (["--mss", "9", "--width", "100"], "invalid choice: 100"),
        (["--mss", "20000"], "frame 1 is refused: SEGMENT_LENGTH (6): "),
    ],
)
def test_bad_options(
    options: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """And nothing is written."""
    wire = tmp_path / "wire.pcap"
    if not words:  # the smallest MTU leaves room for these headers
        assert main(["segment", TCP4, str(wire), *options]) == 0
        return
    assert words in fails(capsys, "segment", TCP4, str(wire), *options)
    assert list(tmp_path.iterdir()) == []


def test_bad_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    wire = str(tmp_path / "wire.pcap")
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(Path(TCP4).read_bytes()[:-5])
    none = str(tmp_path / "none.pcap")
    mss = ("--mss", "1448")
    assert "none.pcap: cannot be read" in fails(capsys, "segment", none, wire, *mss)
    assert "cut.pcap: ends inside frame 12" in fails(capsys, "segment", str(cut), wire, *mss)
    assert "not a capture file" in fails(capsys, "segment", __file__, wire, *mss)
    assert "cannot be written" in fails(capsys, "segment", TCP4, str(tmp_path / "a/b"), *mss)
    assert not Path(wire).exists()


def test_headers_above_the_mtu(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    frame, _ = build(Shape(l3_extra=40, tcp_options=40), bytes(500), 100)
    host = tmp_path / "host.pcap"
    write_capture(host, [(0, frame)])
    line = fails(capsys, "segment", str(host), str(tmp_path / "w"), "--mtu", "100")
    assert "frame 1: headers of 134 bytes leave no room in an MTU of 100" in line
