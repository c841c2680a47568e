# SPDX-License-Identifier: Apache-2.0
"""Bad input to the command line and to make: one clear line, exit code 2, no traceback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.shapes import mixes, streams
from gso_tb import tools

GOOD = tools.ROOT / "tb" / "vectors" / "linux-gso" / "tcp4_mss7_pay1.json"


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    # MAKEFLAGS and the like of a make that runs these tests must not reach the inner one.
    environment = {key: text for key, text in os.environ.items() if not key.startswith("MAKE")}
    environment["PYTHONPATH"] = tools.python_path()
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0]


def _sim(*arguments: str) -> subprocess.CompletedProcess[str]:
    return _run([sys.executable, "tb/sim.py", *arguments], tools.ROOT)


def _soak(*arguments: str) -> subprocess.CompletedProcess[str]:
    return _run([sys.executable, "tb/soak.py", *arguments], tools.ROOT)


@pytest.mark.parametrize("run", [_sim, _soak])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sim", "modelsim"], ["SIM", "modelsim", "verilator, icarus"]),
        (["--sim", ""], ["SIM", "verilator, icarus"]),
        (["--width", "100"], ["WIDTH", "100", "64, 128, 256, 512"]),
        (["--width", "0512"], ["WIDTH", "0512"]),
        (["--seed", "abc"], ["SEED", "abc", "whole number"]),
        (["--seed", "-1"], ["SEED", "-1"]),
        (["--nonsense"], ["--nonsense"]),
    ],
)
def test_bad_options(run, arguments: list[str], words: list[str]) -> None:
    """What is wrong, where, and what was expected."""
    _one_line(run(*arguments), *words)


@pytest.mark.parametrize("count", ["0", "ten", "-1"])
def test_bad_mixes(count: str) -> None:
    """`make bench MIXES=...` takes a number of mixes, at least one."""
    bench = [sys.executable, "-m", "bench", "--mixes", count]
    _one_line(_run(bench, tools.ROOT), "--mixes is", count, "from 1 up")


def test_other_mixes() -> None:
    """Each mix is of its own, and the target of 100.0 % holds for it."""
    found = [next(s for s in streams(512) if s.name == "mix"), *mixes(3)]
    assert len({s.name for s in found}) == 4
    assert len({tuple(job.data for job in s.jobs) for s in found}) == 4
    assert all(s.kind == "mix" and not s.segment_bytes for s in found)


@pytest.mark.parametrize("count", ["0", "ten", "1.5", ""])
def test_bad_count(count: str) -> None:
    """N is a number of jobs, at least one."""
    _one_line(_soak("--n", count), "N is", "from 1 up")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["no such file"]),
        ("", ["not JSON"]),
        ("{", ["not JSON"]),
        ("[]", ["expected an object"]),
        ("{}", ["'frame' is missing"]),
        ('{"frame": "0g"}', ["frame", "hex"]),
        ('{"frame": "00", "segments": [], "offload": {"mss": 70000}}', ["mss", "70000"]),
        ('{"frame": "00", "segments": [], "offload": {"mss": 0}, "extra": 1}', ["extra"]),
    ],
)
def test_bad_vector(tmp_path: Path, content: str | None, words: list[str]) -> None:
    """A missing or broken vector file is named before anything is built."""
    file = tmp_path / "broken.json"
    if content is not None:
        file.write_text(content)
    _one_line(_sim("--cases", str(file)), "CASES", "broken.json", *words)


def test_bad_vector_among_good_ones(tmp_path: Path) -> None:
    """In a directory the broken file is the one that is named."""
    shutil.copy(GOOD, tmp_path / "a.json")
    (tmp_path / "b.json").write_text("nonsense")
    _one_line(_sim("--cases", str(tmp_path)), "b.json", "not JSON")


def test_empty_directory(tmp_path: Path) -> None:
    """A directory without vectors is no success of zero vectors."""
    _one_line(_sim("--cases", str(tmp_path)), "CASES", "no *.json file")


@pytest.mark.parametrize("target", ["sim", "soak", "verilog"])
@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("SIM=modelsim", ["SIM", "modelsim", "verilator icarus"]),
        ("WIDTH=100", ["WIDTH", "100", "64 128 256 512"]),
        ("PRESET=huge", ["PRESET", "huge", "basic full"]),
    ],
)
def test_make_refuses(target: str, variable: str, words: list[str]) -> None:
    """make says it itself, before it sets anything up."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    _one_line(_run(["make", target, variable], tools.ROOT), *words)


def test_make_alone_is_help() -> None:
    """Every target is listed."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    done = _run(["make"], tools.ROOT)
    assert done.returncode == 0
    for target in ("sim", "test", "test-full", "verilog", "soak", "lint", "setup", "clean"):
        assert f"make {target} " in done.stdout


def test_simulator_missing(tmp_path: Path) -> None:
    """Without Icarus on PATH the line says how to get it."""
    environment = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": tools.python_path()}
    done = subprocess.run(
        [sys.executable, "tb/sim.py", "--sim", "icarus"],
        cwd=tools.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    _one_line(done, "iverilog", "apt-get install iverilog")
