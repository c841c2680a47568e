# SPDX-License-Identifier: Apache-2.0
"""`make implement`: how fast and how large the core gets with Yosys and nextpnr.

    python -m implement --width 64 [--preset basic] [--seeds 1,2,3] [--quick | --modules]

The figures are of the core alone; the clock is that of the core between registers (see
`harness.py`), the median of the seeds, on an ECP5; the area on UltraScale+ comes beside it. Files
of the run, the whole critical path among them, stay in `build/implement/`. A full run is recorded
in `docs/results.json`; `--quick` (first seed, ECP5 only) and `--verilog` are not.

Exit code: 0, 1 when a tool fails, 2 for bad input.
"""

import sys
from pathlib import Path

from gso_tb import record, runner, tools

from . import measure, synthesis


def _options(arguments: list[str] | None):
    parser = tools.Parser(prog="implement", description=__doc__.partition("\n")[0])
    parser.add_argument("--width", default="512", help="bits: 64, 128, 256 or 512")
    parser.add_argument("--preset", default="basic", help="basic or full")
    parser.add_argument("--seeds", default="1,2,3", help="of the placer; the median counts")
    parser.add_argument("--quick", action="store_true", help="first seed, no xcup, no record")
    parser.add_argument("--modules", action="store_true", help="area of each stage, nothing else")
    parser.add_argument("--verilog", type=Path, help="measure this file instead of the sources")
    options = parser.parse_args(arguments)
    tools.choice("WIDTH", options.width, tools.WIDTHS)
    tools.choice("PRESET", options.preset, tools.PRESETS)
    options.seeds = [tools.number("SEEDS", seed, 1) for seed in options.seeds.split(",")]
    if options.verilog and not options.verilog.is_file():
        tools.fail(f"there is no file {options.verilog}")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    options = _options(arguments)
    width, preset = int(options.width), options.preset
    try:
        verilog = (options.verilog or runner.generate(width, preset)).resolve()
        with measure.folder(f"{preset}_{width}", verilog) as place:
            if options.modules:
                _show_modules(synthesis.modules(verilog, runner.TOP, place))
                return 0
            seeds = options.seeds[:1] if options.quick else options.seeds
            result = measure.ecp5(width, preset, seeds, verilog, place)
            if not options.quick:
                result["xcup"] = measure.ultrascale(verilog, place)
    except tools.Unavailable as reason:
        tools.fail(str(reason))
    except (synthesis.ToolFailed, runner.RunFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    _show(result)
    print(f"path cell by cell, and the registers where slow paths end: {place / 'path.txt'}")
    if not options.quick and not options.verilog:
        record.append(result)
    return 0


def _show(result: dict) -> None:
    seeds = ", ".join(f"{seed}: {fmax}" for seed, fmax in result["seeds"].items())
    print(f"{result['width']} bits, {result['preset']}, {result['part']}, {result['commit']}")
    print(f"  Fmax      {result['fmax_mhz']} MHz (seeds {seeds}) = {result['gbps']} Gb/s")
    area = result["ecp5"]
    parts = f"{area['lut4']} LUT4 + 2 x {area['ccu2c']} CCU2C + 4 x {area['dpr16x4']} DPR16X4"
    print(f"  LUT4-eq   {area['lut4_eq']} = {parts}; {area['ff']} FF, {area['dp16kd']} DP16KD")
    if "xcup" in result:
        names = ("lut", "lutram", "ff", "ramb36", "carry8")
        print("  xcup     ", ", ".join(f"{result['xcup'][name]} {name}" for name in names))
    print(f"  path      {result['path']}")


def _show_modules(table: list[tuple[str, dict[str, int]]]) -> None:
    print("stage                      LUT4-eq   LUT4  CCU2C DPR16X4     FF DP16KD")
    for name, area in sorted(table, key=lambda row: -row[1]["lut4_eq"]):
        figures = (area[key] for key in ("lut4", "ccu2c", "dpr16x4", "ff", "dp16kd"))
        print(f"{name:26} {area['lut4_eq']:7}", *(f"{figure:6}" for figure in figures))
    print(f"{'sum':26} {sum(area['lut4_eq'] for _, area in table):7}  (hierarchy kept: nothing is")
    print("optimised across a boundary, so this is more than the flat core)")


if __name__ == "__main__":
    sys.exit(main())
