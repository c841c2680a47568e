# SPDX-License-Identifier: Apache-2.0
"""`make bench`: bus use against the floor, latency, and how fast model and simulations are.

    python -m bench [--width 512] [--no-speed]
    python -m bench --mixes 10

Every output frame is compared with the golden model's on the way. Prints a table and writes
`build/bench/report.json`; with `--mixes` only the table, of so many other mixes. Exit code: 0, 1
where an output differs or a tool fails, 2 bad input.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from bench import speed
from bench.bus_use import Mismatch, Row, measure
from bench.shapes import Stream, full_streams, mixes, streams
from gso_sim import Core, SimulationError
from gso_tb import record, runner, tools

REPORT = tools.BUILD / "bench" / "report.json"


def rows(widths: Iterable[int], other_mixes: int = 0) -> list[Row]:
    """All streams at all `widths`, or so many other mixes; progress goes to stderr, a line that
    renews itself.
    """
    measured = []
    for width in widths:
        if other_mixes:
            measured += _rows_of(width, "basic", list(mixes(other_mixes)))
            continue
        measured += _rows_of(width, "basic", list(streams(width)))
        measured += _rows_of(width, "full", list(full_streams()))
    return measured


def _rows_of(width: int, preset: str, found: list[Stream]) -> list[Row]:
    measured = []
    show = sys.stderr.isatty()
    with Core(width, preset) as core:
        for number, stream in enumerate(found, 1):
            if show or number == 1:
                text = f"\r{width} bits, {preset}: {number} of {len(found)} {stream.name:28}"
                print(text, end="", file=sys.stderr, flush=True)
            measured.append(measure(core, stream))
    print(file=sys.stderr)
    return measured


def table(measured: list[Row]) -> str:
    """One line a stream; for each width bus use, raw use, and latency as input + beyond it."""
    widths = sorted({row.width for row in measured})
    head = f"{'':28}" + "".join(f"  {f'{width} bits':^27}" for width in widths)
    names = f"{'stream':28}" + f"  {'floor %':>8} {'raw %':>7} {'latency':>10}" * len(widths)
    lines = [head, names]
    for name in dict.fromkeys(row.stream for row in measured):
        cells = [f"{name:28}"]
        for width in widths:
            row = next(row for row in measured if (row.stream, row.width) == (name, width))
            cells.append("  " + _cell(row))
        lines.append("".join(cells))
    return "\n".join(lines)


def _cell(row: Row) -> str:
    figures = row.record()
    missed = "!" if figures["use_met"] is False else " "
    late = "!" if figures["latency_met"] is False else " "
    latency = f"{row.latency_input}+{row.latency_over}" if row.segment_bytes else "-"
    return f"{row.use:7.2f}{missed} {figures['raw_percent']:7.2f} {latency:>9}{late}"


def summary(measured: list[Row]) -> str:
    """How many streams meet the targets that hold for them."""
    records = [row.record() for row in measured]
    parts = []
    for key, what in (("use_met", "bus use of 100.0 %"), ("latency_met", "latency")):
        met = [figures[key] for figures in records if figures[key] is not None]
        parts.append(f"{what} met by {sum(met)} of {len(met)}")
    return "; ".join(parts) + " (! where not)"


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = tools.Parser(prog="bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--width", default="", help="one width; all four without it")
    parser.add_argument("--no-speed", action="store_true", help="bus use and latency only")
    parser.add_argument("--mixes", default="", help="only so many other mixes, from 1 up")
    parser.add_argument("--output", type=Path, default=REPORT, help="the report, as JSON")
    options = parser.parse_args(arguments)
    widths = tools.WIDTHS
    if options.width:
        widths = (int(tools.choice("WIDTH", options.width, tools.WIDTHS)),)
    others = tools.number("--mixes", options.mixes, 1) if options.mixes else 0
    try:
        measured = rows(widths, others)
        report = {
            "commit": record.commit(),
            "date": record.today(),
            "rows": [row.record() for row in measured],
        }
        print(table(measured))
        print(summary(measured))
        if others:
            return 0
        if not options.no_speed:
            report["speed"] = _speeds(widths)
    except tools.Unavailable as reason:
        tools.fail(str(reason))
    except (Mismatch, SimulationError, runner.RunFailed) as failure:
        print(f"\nerror: {failure}", file=sys.stderr)
        return 1
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=1) + "\n")
    print(f"report: {options.output}")
    return 0


def _speeds(widths: Iterable[int]) -> dict[str, object]:
    print("\nspeed, one core of this machine", flush=True)
    model = speed.model()
    print(f"  golden model {model['model']:9.1f} MB/s of payload, scapy {model['scapy']:.1f} MB/s")
    found: dict[str, object] = {"model": model}
    for width in widths:
        compiled, cocotb = speed.compiled(width), speed.cocotb(width)
        found[str(width)] = {"compiled": compiled, "cocotb": cocotb}
        print(
            f"  {width:3} bits: compiled core {compiled['payload_mb_per_s']:6.2f} MB/s, "
            f"{compiled['beats_per_s']:8,} beats/s; cocotb {cocotb['ours']:6,} beats/s, "
            f"with the stock source and sink {cocotb['stock']:6,}",
            flush=True,
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
