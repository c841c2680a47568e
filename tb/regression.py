# SPDX-License-Identifier: Apache-2.0
"""Holds clock, bus use and latency of today's sources to what is recorded in docs/.

    python tb/regression.py [--width 64]

The clock, with one seed, may be at most 10 % below the last record of its width: place-and-route
varies by some per cent with every change. Cycle counts vary with nothing, so they are held exactly.
Exit code: 0 nothing is worse, 1 something is, 2 where nothing is recorded yet.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / root) for root in ("hdl", "model", "tb")]
from gso_tb import record, runner, tools  # noqa: E402

PRESET = "basic"
# The part of the recorded clock that must be reached.
CLOCK = 0.9
BENCH = tools.ROOT / "docs" / "bench.json"


class NotRecorded(RuntimeError):
    """There is nothing to compare with; the message says how to make it."""


def clock(width: int) -> list[str]:
    """What is wrong with the clock at `width`: a line, or none."""
    from implement import measure

    past = record.select(record.load(), kind="implement", width=width, preset=PRESET)
    if not past:
        raise NotRecorded(f"no clock at {width} bits is recorded; run: make implement")
    last = past[-1]
    seed, recorded = next(iter(last["seeds"].items()))
    verilog = runner.generate(width, PRESET)
    with measure.folder(f"{PRESET}_{width}", verilog) as folder:
        result = measure.ecp5(width, PRESET, [int(seed)], verilog, folder)
    now = result["fmax_mhz"]
    print(f"{width} bits: {now} MHz with seed {seed}, recorded {recorded} ({last['commit']})")
    if now >= CLOCK * recorded:
        return []
    return [
        f"{width} bits: {now} MHz is more than 10 % below {recorded} MHz of {last['commit']}; "
        f"path: {result['path']}"
    ]


def bus_use(width: int) -> list[str]:
    """What is worse at `width` than recorded, a line a stream."""
    from bench.bus_use import measure
    from bench.shapes import streams
    from gso_sim import Core

    rows = json.loads(BENCH.read_text())["rows"] if BENCH.exists() else []
    recorded = {row["stream"]: row for row in rows if row["width"] == width}
    if not recorded:
        raise NotRecorded(f"no bench at {width} bits is recorded; run: make bench results")
    worse, better, compared = [], 0, 0
    with Core(width, PRESET) as core:
        for stream in streams(width):
            was = recorded.get(stream.name)
            if was is None:
                continue
            row = measure(core, stream)
            compared += 1
            for what, now, then in (
                ("cycles", row.cycles, was["cycles"]),
                ("cycles of latency", row.latency, was["latency"]),
            ):
                if now > then:
                    worse.append(f"{width} bits, {stream.name}: {now} {what}, recorded {then}")
                better += now < then
    print(f"{width} bits: {compared} streams, {len(worse)} figures worse, {better} better")
    if not compared:
        raise NotRecorded("the recorded bench has other streams; run: make bench results")
    return worse


def main() -> int:
    """Command line."""
    parser = tools.Parser(prog="regression.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--width", default="64", help="64, 128, 256 or 512 bits")
    options = parser.parse_args()
    width = int(tools.choice("WIDTH", options.width, tools.WIDTHS))
    try:
        worse = [*bus_use(width), *clock(width)]
    except (NotRecorded, tools.Unavailable) as reason:
        tools.fail(str(reason))
    except (RuntimeError, AssertionError) as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    for line in worse:
        print(f"WORSE {line}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
