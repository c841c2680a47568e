# SPDX-License-Identifier: Apache-2.0
"""The command line `gso`, as a user calls it: results, and bad input in one line with code 2."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from command import CAPTURES, EXAMPLE, ROOT, TCP4, VECTOR, fails, gso
from frames import Shape, build

from gso_model import Tunnel, write_capture
from gso_model.cli.main import main
from gso_model.cli.progress import Progress
from gso_model.version import VERSION


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
