# SPDX-License-Identifier: Apache-2.0
"""`make sim`: captured super-frames, or vectors, through the core in a simulator.

Exit code: 0 all equal to the model, 1 a difference, 2 bad input or a missing tool.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / root) for root in ("hdl", "model", "tb")]
from gso_tb import runner, tools  # noqa: E402

# A capture does not say at which MSS the host's stack cut: these are the path's values then.
CAPTURES = (
    ("linux-tcp4", 1448),
    ("linux-tcp6", 1428),
    ("linux-uso4", 1200),
    ("linux-uso6", 1200),
)
# What only the full preset can carry.
TUNNEL_CAPTURES = (("linux-vxlan4", 1448),)
OUT = tools.BUILD / "sim"
COLUMNS = (
    "capture",
    "mss",
    "frames in",
    "segments out",
    "bytes",
    "cycles",
    "bus use",
    "mismatches",
)


def main() -> int:
    """Parses the options, runs what they ask for and prints the result."""
    parser = tools.Parser(prog="sim.py", description=__doc__)
    parser.add_argument("--sim", default="verilator", help="verilator or icarus")
    parser.add_argument("--width", default="512", help="64, 128, 256 or 512 bits")
    parser.add_argument("--preset", default="full", help="basic or full")
    parser.add_argument("--cases", default="", help="a vector file or a directory of them")
    parser.add_argument("--seed", default="", help="random gaps and stalls from this seed")
    parser.add_argument("--waves", action="store_true", help="write a waveform")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the capture files")
    options = parser.parse_args()
    sim = tools.choice("SIM", options.sim, tools.SIMULATORS)
    width = int(tools.choice("WIDTH", options.width, tools.WIDTHS))
    preset = tools.choice("PRESET", options.preset, tools.PRESETS)
    seed = tools.number("SEED", options.seed) if options.seed else None
    files = _vectors(Path(options.cases)) if options.cases else []
    try:
        tools.require(sim)
        if files:
            return _run_cases(files, sim, width, preset, options.waves)
        return _run_captures(sim, width, preset, seed, options.waves, options.out.resolve())
    except tools.Unavailable as reason:
        tools.fail(str(reason))
    except runner.RunFailed as failure:
        print(failure, file=sys.stderr)
        return 1


def _vectors(path: Path) -> list[str]:
    """The vector files in `path`, all of them checked before anything is built."""
    from gso_model import load_vector
    from gso_tb.cases import vector_files

    try:
        files = vector_files(path)
        for file in files:
            load_vector(file)
    except ValueError as error:
        tools.fail(f"CASES: {error}")
    return [str(file.resolve()) for file in files]


def _run_cases(files: list[str], sim: str, width: int, preset: str, waves: bool) -> int:
    result = runner.run(
        "bench.bench_vectors",
        sim=sim,
        width=width,
        preset=preset,
        only="one_by_one",
        parameters={"files": files},
        name="cases",
        waves=waves,
    )
    for name, reason in result["skipped"].items():
        print(f"skipped {name}: {reason}")
    for name, message in result["failed"].items():
        print(f"FAILED {name}: {message}")
    _say_waves("cases", sim, width, preset, waves)
    counts = {key: len(result[key]) for key in ("passed", "failed", "skipped")}
    print(", ".join(f"{count} {key}" for key, count in counts.items()))
    return 1 if result["failed"] else 0


def _run_captures(
    sim: str, width: int, preset: str, seed: int | None, waves: bool, place: Path
) -> int:
    place.mkdir(parents=True, exist_ok=True)
    host, wire = place / "host.pcap", place / "wire.pcap"
    folder = tools.ROOT / "tb" / "captures"
    result = runner.run(
        "bench.bench_sim",
        sim=sim,
        width=width,
        preset=preset,
        parameters={
            "captures": [
                {"name": name, "file": str(folder / f"{name}-host.pcap"), "mss": mss}
                for name, mss in CAPTURES + (TUNNEL_CAPTURES if preset == "full" else ())
            ],
            "host": str(host),
            "wire": str(wire),
            "idle": "none" if seed is None else "random:0.2",
            "stall": "none" if seed is None else "random:0.2",
            "seed": seed or 0,
        },
        name="sim",
        waves=waves,
    )
    paused = "" if seed is None else f", random gaps and stalls from seed {seed}"
    print(f"gso_tx, {width} bits, {preset}, {sim}{paused}\n")
    _print_table(result["rows"])
    for message in result["messages"][:10]:
        print(f"MISMATCH {message}")
    if len(result["messages"]) > 10:
        print(f"... and {len(result['messages']) - 10} more")
    print(f"\nsent by the host: {_shown(host)}   on the wire: {_shown(wire)}")
    _say_waves("sim", sim, width, preset, waves)
    mismatches = sum(row["mismatches"] for row in result["rows"])
    print("every wire frame equals the model's" if not mismatches else f"{mismatches} mismatches")
    return 1 if mismatches else 0


def _print_table(rows: list[dict[str, int]]) -> None:
    lines = [COLUMNS]
    keys = ("frames", "segments", "bytes", "beats", "cycles", "mismatches")
    total = {"name": "total", "mss": "", **{key: sum(row[key] for row in rows) for key in keys}}
    for row in [*rows, total]:
        use = f"{100 * row['beats'] / row['cycles']:.1f} %" if row["cycles"] else "-"
        numbers = [f"{row[key]:,}" for key in ("frames", "segments", "bytes", "cycles")]
        lines.append((row["name"], str(row["mss"]), *numbers, use, str(row["mismatches"])))
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    for number, line in enumerate(lines):
        if number in (1, len(lines) - 1):
            print("  ".join("-" * width for width in widths))
        first = line[0].ljust(widths[0])
        rest = (text.rjust(width) for text, width in zip(line[1:], widths[1:], strict=True))
        print("  ".join([first, *rest]))


def _say_waves(name: str, sim: str, width: int, preset: str, waves: bool) -> None:
    """Copies the waveform to a short path and says where it is."""
    if not waves:
        return
    found = runner.waveform(name, sim, width, preset)
    if found is None:
        print("no waveform was written", file=sys.stderr)
        return
    target = OUT / f"waves{found.suffix}"
    shutil.copyfile(found, target)
    print(f"waveform: {_shown(target)}")


def _shown(path: Path) -> Path:
    return path.relative_to(tools.ROOT) if path.is_relative_to(tools.ROOT) else path


if __name__ == "__main__":
    sys.exit(main())
