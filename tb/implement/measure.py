# SPDX-License-Identifier: Apache-2.0
"""One measurement: synthesis, place-and-route with some seeds, the record that comes of it."""

import fcntl
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gso_tb import record, runner, tools

from . import netlist, path, place, synthesis

_SOURCES = ("floor_plan.py", "harness.py", "place.py", "synthesis.py")


@contextmanager
def folder(name: str, verilog: Path) -> Iterator[Path]:
    """The run's own folder, locked; what is in it is of `verilog` and of today's tools.

    A run with more seeds finds there what one with fewer has left.
    """
    sources = [verilog, *(Path(__file__).with_name(file) for file in _SOURCES)]
    key = hashlib.sha256(b"\0".join(file.read_bytes() for file in sources)).hexdigest()
    base = tools.BUILD / "implement"
    base.mkdir(parents=True, exist_ok=True)
    with open(base / f"{name}.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another run of {name} is under way; waiting", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        made = base / name
        if not (made / "key").exists() or (made / "key").read_text() != key:
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            (made / "key").write_text(key)
        yield made


def _say(started: float, text: str) -> None:
    print(f"[{time.monotonic() - started:4.0f} s] {text}", file=sys.stderr, flush=True)


def ecp5(width: int, preset: str, seeds: list[int], verilog: Path, made: Path) -> dict:
    """Clock and area on the ECP5: the record without UltraScale+. Leaves `path.txt` in `made`."""
    started = time.monotonic()
    commit = record.commit()
    figures = made / "ecp5.json"
    if not figures.exists():
        _say(started, f"synthesis of {width} bits, {preset}")
        figures.write_text(json.dumps(synthesis.ecp5(verilog, runner.TOP, made)))
    area = json.loads(figures.read_text())
    _say(started, f"{area['lut4_eq']} LUT4-eq, {area['ff']} FF, {area['dp16kd']} DP16KD")
    runs = []
    for seed in seeds:
        runs.append(place.place(made, seed))
        _say(started, f"seed {seed}: {runs[-1].fmax:.1f} MHz")
    middle = place.median(runs)
    text = path.words(middle)
    joined = made / "harness.json"
    parts = [
        f"seed {middle.seed}, {middle.fmax:.1f} MHz: {text}",
        path.cells(middle, netlist.fanouts(joined)),
        path.endpoints(middle),
        netlist.widest(joined),
    ]
    (made / "path.txt").write_text("\n\n".join(parts) + "\n")
    return {
        "kind": "implement",
        "commit": commit,
        "date": record.today(),
        "part": place.PART,
        "width": width,
        "preset": preset,
        "seeds": {str(run.seed): round(run.fmax, 1) for run in runs},
        "fmax_mhz": round(middle.fmax, 1),
        "gbps": round(width * middle.fmax / 1000, 1),
        "ecp5": area,
        "path": text,
    }


def ultrascale(verilog: Path, made: Path) -> dict[str, float]:
    """Area on UltraScale+."""
    print("synthesis for UltraScale+", file=sys.stderr, flush=True)
    return synthesis.ultrascale(verilog, runner.TOP, made)
