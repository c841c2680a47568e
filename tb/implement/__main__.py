# SPDX-License-Identifier: Apache-2.0
"""How fast and how large the core gets: Yosys and nextpnr on an ECP5, area on UltraScale+.

    python -m implement --width 64 [--preset basic] [--seeds 1,2,3] [--quick] [--modules]

The figures are of the core alone; the clock is that of the core between registers (see
`harness.py`), the median of the seeds. Files of each run, the whole path among them, stay in
`build/implement/`. A full run appends to `docs/results.json`; `--quick` does not.
"""

import sys
import time
from pathlib import Path

from gso_tb import runner, tools

from . import netlist, path, place, record, synthesis


def _options(arguments: list[str] | None):
    parser = tools.Parser(prog="implement", description=__doc__.partition("\n")[0])
    parser.add_argument("--width", default="512", help="bits: 64, 128, 256 or 512")
    parser.add_argument("--preset", default="basic", help="basic or full")
    parser.add_argument("--seeds", default="1,2,3", help="of the placer; the median counts")
    parser.add_argument("--quick", action="store_true", help="first seed, no xcup, no record")
    parser.add_argument("--modules", action="store_true", help="area of each stage, nothing else")
    parser.add_argument("--verilog", type=Path, help="measure this file instead of the sources")
    options = parser.parse_args(arguments)
    tools.choice("width", options.width, tools.WIDTHS)
    tools.choice("preset", options.preset, tools.PRESETS)
    options.seeds = [tools.number("seed", seed, 1) for seed in options.seeds.split(",")]
    if options.verilog and not options.verilog.is_file():
        tools.fail(f"there is no file {options.verilog}")
    return options


def _say(started: float, text: str) -> None:
    print(f"[{time.monotonic() - started:4.0f} s] {text}", file=sys.stderr, flush=True)


def _modules(verilog: Path, folder: Path) -> None:
    table = synthesis.modules(verilog, runner.TOP, folder)
    print("stage                      LUT4-eq   LUT4  CCU2C DPR16X4     FF DP16KD")
    for name, area in sorted(table, key=lambda row: -row[1]["lut4_eq"]):
        figures = (area[key] for key in ("lut4", "ccu2c", "dpr16x4", "ff", "dp16kd"))
        print(f"{name:26} {area['lut4_eq']:7}", *(f"{figure:6}" for figure in figures))
    print("(hierarchy kept, so the sum differs from the flat core)")


def implement(width: int, preset: str, seeds: list[int], verilog: Path, folder: Path) -> dict:
    """Measures on the ECP5: the record's part without UltraScale+; leaves `path.txt`."""
    started = time.monotonic()
    _say(started, f"synthesis of {width} bits, {preset}")
    area = synthesis.ecp5(verilog, runner.TOP, folder)
    _say(started, f"{area['lut4_eq']} LUT4-eq, {area['ff']} FF, {area['dp16kd']} DP16KD")
    runs = []
    for seed in seeds:
        runs.append(place.place(folder, seed))
        _say(started, f"seed {seed}: {runs[-1].fmax:.1f} MHz")
    middle = place.median(runs)
    text = path.words(middle)
    fanouts = netlist.fanouts(folder / "harness.json")
    parts = [f"seed {middle.seed}, {middle.fmax:.1f} MHz: {text}", path.cells(middle, fanouts)]
    (folder / "path.txt").write_text("\n\n".join([*parts, path.endpoints(middle), ""]))
    return {
        "commit": record.commit(),
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


def main(arguments: list[str] | None = None) -> int:
    """Command line; the exit code: 0, 1 when a tool failed, 2 for bad input."""
    options = _options(arguments)
    width = int(options.width)
    folder = tools.BUILD / "implement" / f"{options.preset}_{width}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        verilog = options.verilog or runner.generate(width, options.preset)
        if options.modules:
            _modules(verilog.resolve(), folder)
            return 0
        seeds = options.seeds[:1] if options.quick else options.seeds
        result = implement(width, options.preset, seeds, verilog.resolve(), folder)
        if not options.quick:
            print("UltraScale+ ...", file=sys.stderr, flush=True)
            result["xcup"] = synthesis.ultrascale(verilog.resolve(), runner.TOP, folder)
    except (synthesis.ToolFailed, runner.RunFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    _show(result)
    print(f"path cell by cell, and the registers where slow paths end: {folder / 'path.txt'}")
    if not options.quick and not options.verilog:
        record.append(result)
    return 0


def _show(result: dict) -> None:
    seeds = ", ".join(f"{seed}: {fmax}" for seed, fmax in result["seeds"].items())
    print(f"{result['width']} bits, {result['preset']}, {result['part']}, {result['commit']}")
    print(f"  Fmax      {result['fmax_mhz']} MHz (seeds {seeds}) = {result['gbps']} Gb/s")
    area = result["ecp5"]
    print(
        f"  LUT4-eq   {area['lut4_eq']} = {area['lut4']} LUT4 + 2 x {area['ccu2c']} CCU2C", end=""
    )
    print(f" + 4 x {area['dpr16x4']} DPR16X4; {area['ff']} FF, {area['dp16kd']} DP16KD")
    if "xcup" in result:
        names = ("lut", "lutram", "ff", "ramb36", "carry8")
        print("  xcup     ", ", ".join(f"{result['xcup'][name]} {name}" for name in names))
    print(f"  path      {result['path']}")


if __name__ == "__main__":
    sys.exit(main())
