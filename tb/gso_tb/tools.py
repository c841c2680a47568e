# SPDX-License-Identifier: Apache-2.0
"""Where things are, which simulators are there, and the one-line error for bad input."""

import argparse
import os
import re
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import NoReturn

from gso_sim import toolchain
from gso_sim.toolchain import Unavailable

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
# What the simulator's Python must find, installed or not.
SOURCE_ROOTS = (ROOT / "hdl", ROOT / "model", ROOT / "tb")
WIDTHS = (64, 128, 256, 512)
SIMULATORS = ("verilator", "icarus")
PRESETS = ("basic", "full")


def fail(message: str) -> NoReturn:
    """Bad input: one line on stderr, exit code 2, no traceback."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, like all others here."""

    def error(self, message: str) -> NoReturn:
        fail(f"{message}; see --help")


def choice(name: str, value: str, known: tuple[object, ...]) -> str:
    """`value` if it is among `known`, otherwise the one-line error."""
    if value not in {str(item) for item in known}:
        fail(f"{name} is {value!r}, expected one of {', '.join(map(str, known))}")
    return value


def number(name: str, value: str, lowest: int = 0) -> int:
    """`value` as an integer of at least `lowest`, otherwise the one-line error."""
    if not re.fullmatch(r"[0-9]+", value) or int(value) < lowest:
        fail(f"{name} is {value!r}, expected a whole number from {lowest} up")
    return int(value)


def python_path() -> str:
    """PYTHONPATH with the source roots in front of what is there already."""
    old = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return os.pathsep.join([*map(str, SOURCE_ROOTS), *old])


def add_source_roots() -> None:
    """Makes the source roots importable in this process, as they are in the simulator."""
    for root in reversed(SOURCE_ROOTS):
        if str(root) not in sys.path:
            sys.path.insert(0, str(root))


@cache
def require(sim: str) -> None:
    """Puts the simulator `sim` on PATH or raises `Unavailable` with how to get it."""
    if sim == "icarus":
        if shutil.which("iverilog") is None:
            raise Unavailable("iverilog is not installed; on Debian: apt-get install iverilog")
        return
    toolchain.require_verilator()


def available(sim: str) -> str | None:
    """`None` when `sim` can be used, otherwise why not."""
    try:
        require(sim)
    except Unavailable as reason:
        return str(reason)
    return None
