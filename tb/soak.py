# SPDX-License-Identifier: Apache-2.0
"""`make soak`: random jobs, good and bad, at every width against the model; seeded, replayable.

On the compiled core, or in cocotb on Icarus. Exit code: 0 all equal to the model, 1 a difference,
2 bad input or a missing tool.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / root) for root in ("hdl", "model", "tb")]
from bench.soak import PAUSES_CHANGE, soak  # noqa: E402
from gso_sim import SimulationError  # noqa: E402
from gso_tb import runner, tools  # noqa: E402

# Jobs of one simulator run: enough that its start does not matter, few enough for progress.
BATCH = 1000

# Runs jobs of a width, preset and seed, `first` to `first + count`: how many passed, and the
# messages of those that did not.
Runner = Callable[[int, str, int, int, int], tuple[int, dict[int, str]]]


def main() -> int:
    """Parses the options and runs the jobs, width by width."""
    parser = tools.Parser(prog="soak.py", description=__doc__)
    parser.add_argument("--n", default="10000", help="jobs for each width")
    parser.add_argument("--seed", default="1", help="seed of the sequence of jobs")
    parser.add_argument("--first", default="0", help="index of the first job, to replay")
    parser.add_argument("--width", default="", help="one width; all four without it")
    parser.add_argument("--preset", default="basic", help="basic or full")
    parser.add_argument("--sim", default="verilator", help="verilator or icarus")
    options = parser.parse_args()
    count = tools.number("N", options.n, 1)
    seed = tools.number("SEED", options.seed)
    first = tools.number("FIRST", options.first)
    sim = tools.choice("SIM", options.sim, tools.SIMULATORS)
    preset = tools.choice("PRESET", options.preset, tools.PRESETS)
    widths = tools.WIDTHS
    if options.width:
        widths = (int(tools.choice("WIDTH", options.width, tools.WIDTHS)),)
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    run = soak if sim == "verilator" else _cocotb
    try:
        tools.require(sim)
        for width in widths:
            for key, value in _soak(run, sim, width, preset, seed, first, count).items():
                totals[key] += value
    except tools.Unavailable as reason:
        tools.fail(str(reason))
    except (runner.RunFailed, SimulationError) as failure:
        print(failure, file=sys.stderr)
        return 1
    print(", ".join(f"{value} {key}" for key, value in totals.items()))
    return 1 if totals["failed"] else 0


def _cocotb(
    width: int, preset: str, seed: int, first: int, count: int
) -> tuple[int, dict[int, str]]:
    """The same jobs in cocotb on Icarus."""
    result = runner.run(
        "bench.bench_random",
        sim="icarus",
        width=width,
        preset=preset,
        parameters={"seed": seed, "first": first, "count": count},
        name=f"soak_{seed}",
    )
    return result["passed"], {int(index): text for index, text in result["failed"].items()}


def _soak(
    run: Runner, sim: str, width: int, preset: str, seed: int, first: int, count: int
) -> dict[str, int]:
    """Runs `count` jobs at `width`, batch by batch, until one batch fails."""
    done = {"passed": 0, "failed": 0, "skipped": 0}
    started = time.monotonic()
    for at in range(first, first + count, BATCH):
        batch = min(BATCH, first + count - at)
        passed, failed = run(width, preset, seed, at, batch)
        done["passed"] += passed
        done["failed"] += len(failed)
        seconds = time.monotonic() - started
        print(
            f"{width} bits: job {at + batch - 1} of seed {seed}, {done['passed']} passed, "
            f"{done['failed']} failed, {seconds:.0f} s",
            flush=True,
        )
        for index, message in failed.items():
            print(f"FAILED job {index} of seed {seed} at {width} bits: {message}")
            replay = f"make soak SEED={seed} WIDTH={width} SIM={sim}"
            replay += f" PRESET={preset}" if preset != "basic" else ""
            print(f"  replay it alone: {replay} FIRST={index} N=1")
            # A fault may need what ran before it; pauses change every so many jobs.
            before = max(first, index - PAUSES_CHANGE)
            print(f"  with what ran before: {replay} FIRST={before} N={index - before + 1}")
        if failed:
            done["skipped"] = count - done["passed"] - done["failed"]
            break
    return done


if __name__ == "__main__":
    sys.exit(main())
