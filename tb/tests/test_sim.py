# SPDX-License-Identifier: Apache-2.0
"""`make sim` and `make soak` from end to end: what they print, write and return.

The exit code must be 1 when the core is wrong: `fixtures/flip_last_bit.v` makes it so.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scapy.utils import RawPcapReader

from gso_tb import runner, tools

VECTORS = tools.ROOT / "tb" / "vectors" / "linux-gso"
# Frames in the captures of each preset, and the segments that the MSS makes of them.
FRAMES, SEGMENTS = {"basic": 48, "full": 60}, {"basic": 1497, "full": 1741}


def _run(script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, f"tb/{script}.py", *arguments],
        cwd=tools.ROOT,
        env={**os.environ, "PYTHONPATH": tools.python_path(), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def _need(sim: str) -> None:
    if tools.available(sim):
        pytest.skip(tools.available(sim))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for GSO_VERILOG with a core of 64 bits that flips a bit."""
    folder = tmp_path_factory.mktemp("broken")
    text, count = re.subn(
        r"\bmodule gso_tx\(", "module gso_tx_good(", runner.generate(64, "full").read_text()
    )
    assert count == 1
    wrapper = (tools.ROOT / "tb" / "tests" / "fixtures" / "flip_last_bit.v").read_text()
    (folder / "gso_tx_64.v").write_text(text + wrapper)
    return str(folder)


@pytest.mark.every_width
@pytest.mark.verilator_only
def test_captures(sim: str, width: int, tmp_path: Path, full: bool) -> None:
    """No mismatch, 100.0 % bus use for every capture, and both capture files hold all frames."""
    preset = "full" if full or width in (64, 512) else "basic"
    options = ("--sim", sim, "--width", str(width), "--preset", preset)
    done = _run("sim", *options, "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    rows = re.findall(r"^(\S+) .* (\d+\.\d) % +(\d+)$", done.stdout, re.MULTILINE)
    names = ["linux-tcp4", "linux-tcp6", "linux-uso4", "linux-uso6"]
    names += ["linux-vxlan4"] if preset == "full" else []
    assert rows == [(name, "100.0", "0") for name in (*names, "total")]
    total = rf"^total +{FRAMES[preset]} +{SEGMENTS[preset]:,} "
    assert re.search(total, done.stdout, re.MULTILINE)
    for name, count in (("host", FRAMES[preset]), ("wire", SEGMENTS[preset])):
        with RawPcapReader(str(tmp_path / f"{name}.pcap")) as packets:
            lengths = [len(data) for data, _ in packets]
        assert len(lengths) == count
        longest = 1564 if preset == "full" else 1514  # VXLAN's headers are 50 bytes
        assert name == "host" or max(lengths) == longest


def test_seed_pauses(tmp_path: Path) -> None:
    """With SEED the bus pauses, the same way every time, and nothing else changes."""
    _need("verilator")
    runs = [
        _run("sim", "--width", "64", "--seed", seed, "--out", str(tmp_path)).stdout
        for seed in ("5", "5", "6")
    ]
    uses = [re.findall(r"(\d+\.\d) %", text) for text in runs]
    assert runs[0] == runs[1]
    assert uses[0] != uses[2] and all(float(use) < 95 for use in uses[0])
    assert all("every wire frame equals the model's" in text for text in runs)


def test_difference_is_an_error(broken: str, tmp_path: Path) -> None:
    """A wrong bit in every segment: all are counted, the first are shown, exit code 1."""
    _need("verilator")
    done = _run("sim", "--width", "64", "--out", str(tmp_path), GSO_VERILOG=broken)
    assert done.returncode == 1
    assert done.stdout.rstrip().endswith(f"{SEGMENTS['full']} mismatches")
    assert "MISMATCH linux-tcp4 frame 1: segment 1 of 16:" in done.stdout


def test_cases(sim: str, tmp_path: Path) -> None:
    """Passed, failed and skipped vectors, and the closing line."""
    width = ("--sim", sim, "--width", "64", "--preset", "basic")
    done = _run("sim", *width, "--cases", str(VECTORS / "tcp4_mss7_pay1.json"))
    assert (done.returncode, done.stdout) == (0, "1 passed, 0 failed, 0 skipped\n")
    done = _run("sim", *width, "--cases", str(VECTORS / "vxlan_o4_i4_tcp.json"))
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "skipped vxlan_o4_i4_tcp: tunnels (VXLAN) are not built",
        "0 passed, 0 failed, 1 skipped",
    ]
    for name in ("tcp4_mss7_pay1", "vxlan_o4_i4_tcp"):
        shutil.copy(VECTORS / f"{name}.json", tmp_path)
    wrong = json.loads((VECTORS / "tcp4_mss7_pay1.json").read_text())
    wrong["name"] = "wrong"
    wrong["segments"][0] = wrong["segments"][0][:-2] + "00"
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    done = _run("sim", *width, "--cases", str(tmp_path))
    assert done.returncode == 1
    assert "FAILED wrong: " in done.stdout
    assert done.stdout.splitlines()[-1] == "1 passed, 1 failed, 1 skipped"


def test_cases_see_the_core(broken: str) -> None:
    """A vector that the model meets and the core does not has failed."""
    _need("verilator")
    case = str(VECTORS / "tcp4_mss7_pay1.json")
    done = _run("sim", "--width", "64", "--cases", case, GSO_VERILOG=broken)
    assert done.returncode == 1
    assert "FAILED tcp4_mss7_pay1: tcp4_mss7_pay1: segment 1 of 1: " in done.stdout
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed, 0 skipped"


def test_waves(sim: str) -> None:
    """WAVES=1 writes a waveform and says where."""
    case = str(VECTORS / "tcp4_mss7_pay1.json")
    done = _run("sim", "--sim", sim, "--width", "64", "--waves", "--cases", case)
    assert done.returncode == 0, done.stdout + done.stderr
    place = re.search(r"^waveform: (\S+)$", done.stdout, re.MULTILINE)
    assert place
    file = tools.ROOT / place[1]
    assert file.suffix == {"verilator": ".vcd", "icarus": ".fst"}[sim]
    assert file.stat().st_size > 10000


def test_soak() -> None:
    """A short soak of one width, its progress and its closing line."""
    _need("verilator")
    done = _run("soak", "--n", "30", "--seed", "3", "--width", "64")
    assert done.returncode == 0, done.stdout + done.stderr
    first, last = done.stdout.splitlines()
    assert first.startswith("64 bits: job 29 of seed 3, 30 passed, 0 failed")
    assert last == "30 passed, 0 failed, 0 skipped"


def test_soak_replays(broken: str) -> None:
    """What fails is named, and the command that replays just that fails the same way."""
    _need("verilator")
    preset = ("--preset", "full")
    done = _run("soak", "--n", "40", "--seed", "4", "--width", "64", *preset, GSO_VERILOG=broken)
    assert done.returncode == 1
    message = re.search(r"^FAILED job (\d+) of seed 4 at 64 bits: (.*)$", done.stdout, re.MULTILINE)
    assert message
    command = f"make soak SEED=4 WIDTH=64 SIM=verilator PRESET=full FIRST={message[1]} N=1"
    assert f"replay it alone: {command}" in done.stdout
    again = _run(
        *("soak", "--n", "1", "--seed", "4", "--width", "64", "--first", message[1], *preset),
        GSO_VERILOG=broken,
    )
    assert again.returncode == 1
    assert f"FAILED job {message[1]} of seed 4 at 64 bits" in again.stdout
    assert again.stdout.splitlines()[-1] == "0 passed, 1 failed, 0 skipped"
