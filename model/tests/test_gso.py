# SPDX-License-Identifier: Apache-2.0
"""The command line `gso`, as a user calls it: results, and bad input in one line with code 2."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from frames import Shape, build

from gso_model import L3Kind, L4Kind, Tunnel, describe, read_capture, segment, write_capture
from gso_model.cli.main import main
from gso_model.cli.progress import Progress
from gso_model.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "tb" / "captures"
TCP4 = str(CAPTURES / "linux-tcp4-host.pcap")
VECTOR = str(ROOT / "tb" / "vectors" / "linux-gso" / "tcp4_mss7_pay1.json")
# README.md's worked example.
EXAMPLE = "000000000000000000000000000000290000000042203836000100080000004a"


def gso(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "model"), **variables}
    command = [sys.executable, "-m", "gso_model", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on stderr of a command that must fail."""
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: ") and output.err.count("\n") == 1
    return output.err


def test_version():
    """The same as in pyproject.toml."""
    done = gso("--version")
    assert (done.returncode, done.stdout) == (0, f"gso {VERSION}\n")
    assert f'\nversion = "{VERSION}"\n' in (ROOT / "pyproject.toml").read_text()


def test_no_dependency():
    """The model's commands run on Python alone."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "gso_model", "describe", EXAMPLE],
        env={"PYTHONPATH": str(ROOT / "model")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "segments of 8 payload bytes: 3 segments, the last with 4 bytes" in done.stdout
    assert done.stdout.rstrip().endswith("takes it")


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


def test_explain(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Old and new values in the terminal, and a picture."""
    svg = tmp_path / "x.svg"
    assert main(["explain", TCP4, "--frame", "2", "--mss", "1448", "--svg", str(svg)]) == 0
    output = capsys.readouterr().out
    assert "linux-tcp4-host.pcap, frame 2, segmented by the golden model" in output
    assert re.search(r"16-17 +total length +REWRITTEN +\w{4} +05dc +05dc +", output)
    assert re.search(r"26-29 +source address +copied +0a00 0001 +=", output)
    assert "\x1b" not in output
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")


def test_explain_other_files(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """The bytes of one frame, and a vector with its own descriptor."""
    raw = tmp_path / "frame.bin"
    raw.write_bytes(build(Shape(tunnel=Tunnel.GENEVE, geneve_options=8), bytes(99), 50)[0])
    assert main(["explain", str(raw), "--mss", "50"]) == 0
    assert "inner TCP" in capsys.readouterr().out
    assert main(["explain", VECTOR]) == 0
    assert "segments of 7 payload bytes" in capsys.readouterr().out


def test_explain_what_is_not_segmented(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    raw = tmp_path / "frame.bin"
    raw.write_bytes(bytes(12) + b"\x08\x06" + bytes(46))
    assert main(["explain", str(raw)]) == 0
    assert "nothing: the frame leaves as it is" in capsys.readouterr().out


def test_explain_bad_input(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    tiny = tmp_path / "tiny.bin"
    tiny.write_bytes(b"123")
    empty = tmp_path / "empty.pcap"
    write_capture(empty, [])
    assert "3 bytes, expected a frame of 14" in fails(capsys, "explain", str(tiny))
    assert "frame 13 asked for, but it has 12" in fails(capsys, "explain", TCP4, "--frame", "13")
    assert "--frame is 0" in fails(capsys, "explain", TCP4, "--frame", "0")
    assert "has no frame" in fails(capsys, "explain", str(empty))
    assert "cannot be read" in fails(capsys, "explain", str(tmp_path / "none"))
    refused = fails(capsys, "explain", TCP4, "--mss", "65000")
    assert "refused: SEGMENT_LENGTH (6)" in refused


def test_describe(capsys: pytest.CaptureFixture[str]):
    """Of a number, of a frame, of a vector: what is printed first can be given back."""
    assert main(["describe", "--of", TCP4, "--mss", "1448"]) == 0
    first = capsys.readouterr().out
    number = first.splitlines()[0]
    assert main(["describe", number, "--fields"]) == 0
    again = capsys.readouterr().out
    assert again.startswith(first)
    assert re.search(r"47:32 +mss +1448 ", again)
    assert main(["describe", "--of", VECTOR]) == 0


def test_describe_what_a_driver_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The 32 bytes in memory, word 0 first, each little-endian; or the number from stdin."""
    file = tmp_path / "descriptor.bin"
    file.write_bytes(int(EXAMPLE, 16).to_bytes(32, "little"))
    assert main(["describe", "--bytes", str(file)]) == 0
    assert capsys.readouterr().out.startswith(EXAMPLE)
    done = subprocess.run(
        [sys.executable, "-m", "gso_model", "describe", "-"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "model")},
        input=EXAMPLE + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith(EXAMPLE)


def test_describe_tells_refusals(capsys: pytest.CaptureFixture[str]):
    """D11: with code, name and meaning; by what the core has built."""
    assert main(["describe", "8" + "0" * 63]) == 0
    assert "refuses it: RESERVED (1): " in capsys.readouterr().out
    vxlan = ["describe", "--of", str(CAPTURES / "linux-vxlan4-host.pcap")]
    assert main(vxlan) == 0
    assert "takes it" in capsys.readouterr().out
    assert main([*vxlan, "--preset", "basic"]) == 0
    assert "refuses it: OPERATION (5): " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "expected one of: a descriptor, --bytes FILE, --of FILE"),
        (["12", "--of", TCP4], "expected one of"),
        (["--bytes", TCP4], "bytes, expected 32"),
        (["xyz"], "descriptor 'xyz': expected up to 64 hex digits"),
        (["1" * 65], "expected up to 64 hex digits"),
        ([""], "expected up to 64 hex digits"),
    ],
)
def test_describe_bad_input(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]):
    assert words in fails(capsys, "describe", *arguments)


def test_commands(capsys: pytest.CaptureFixture[str]):
    """No command, an unknown one, an unknown option."""
    assert "required" in fails(capsys)
    assert "invalid choice: 'cut'" in fails(capsys, "cut")
    assert "unrecognized arguments: --fast" in fails(capsys, "describe", "1", "--fast")


def test_engine_that_is_not_installed(tmp_path: Path):
    """`--engine rtl` and `verilog` say how to get what they need."""
    wire = str(tmp_path / "wire.pcap")
    for arguments in (["segment", TCP4, wire, "--mss", "9", "--engine", "rtl"], ["verilog"]):
        command = [sys.executable, "-S", "-m", "gso_model", *arguments]
        environment = {"PYTHONPATH": str(ROOT / "model")}
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert re.fullmatch(r"error: .*No module named .*pip install .*\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_seen_enough():
    """`gso explain | head` is no error."""
    command = f"{sys.executable} -m gso_model explain {VECTOR} | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "model")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_progress_line():
    """How far, what, and how long still."""
    with Progress("x.pcap", 200) as progress:
        line = progress.line(50, "7 frames")
    assert line.startswith("x.pcap  [#######.......................]  25 %  7 frames")
    assert Progress("pipe", 0).line(9, "7 frames") == "pipe  7 frames"
