# SPDX-License-Identifier: Apache-2.0
"""The Verilog of today's sources, generated once for each content, and where builds are kept."""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from gso_sim.errors import BuildFailed
from gso_sim.ticker import Ticker
from gso_sim.toolchain import Unavailable

TOP = "gso_tx"
_CHECKOUT = Path(__file__).resolve().parents[2]


def cache() -> Path:
    """`build/` in a checkout of the project, else the user's cache folder."""
    if (_CHECKOUT / "hdl" / "gso_hdl").is_dir() and (_CHECKOUT / "pyproject.toml").is_file():
        return _CHECKOUT / "build"
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "gso"


@contextmanager
def locked(name: str) -> Generator[None]:
    """Tests run in parallel processes: one makes the thing called `name`, the others wait."""
    folder = cache() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def digest(*parts: bytes) -> str:
    """A short name for this content."""
    of_all = hashlib.sha256()
    for part in parts:
        of_all.update(len(part).to_bytes(8, "little") + part)
    return of_all.hexdigest()[:12]


def generate(width: int, preset: str = "basic") -> Path:
    """The core's Verilog of today's sources, generated unless it is there already.

    With GSO_VERILOG set to a folder the file is taken from there instead: for benches on Verilog
    from elsewhere, a netlist for one. Raises `BuildFailed` with what the generator said.
    """
    name = f"gso_tx_{width}.v"
    if folder := os.environ.get("GSO_VERILOG"):
        return Path(folder).resolve() / name
    output = cache() / "sim" / "verilog" / preset / sources_hash() / name
    with locked(f"verilog_{preset}_{width}"):
        if not output.exists():
            output.parent.mkdir(parents=True, exist_ok=True)
            made = output.with_suffix(".new")
            command = [sys.executable, "-m", "gso_hdl.generate", "--width", str(width)]
            command += ["--preset", preset, "--output", str(made)]
            old = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
            path = os.pathsep.join([*map(str, _source_roots()), *old])
            environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
            with Ticker(f"generating the core's Verilog, {width} bits, {preset}"):
                done = subprocess.run(
                    command, env=environment, capture_output=True, text=True, check=False
                )
            if done.returncode:
                raise BuildFailed(f"generating {name} failed:\n{tail(done.stdout + done.stderr)}")
            made.rename(output)
    return output


def _source_roots() -> list[Path]:
    """The folders that hold `gso_hdl` and `gso_model`, of a checkout or of an installation."""
    roots = []
    for name in ("gso_hdl", "gso_model"):
        found = find_spec(name)
        if found is None or found.origin is None:
            raise Unavailable(f"the package {name} is not installed; get it with: pip install .")
        roots.append(Path(found.origin).resolve().parents[1])
    return roots


def sources_hash() -> str:
    """Everything that can change the generated Verilog."""
    hdl, model = _source_roots()
    files = [*sorted((hdl / "gso_hdl").rglob("*.py")), model / "gso_model" / "layout.py"]
    return digest(*(part for file in files for part in (str(file).encode(), file.read_bytes())))


def tail(text: str, lines: int = 25) -> str:
    """The last lines of a tool's output: where it says what went wrong."""
    return "\n".join(text.rstrip().splitlines()[-lines:])
