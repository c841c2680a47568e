# SPDX-License-Identifier: Apache-2.0
"""The tables of `docs/results.md`: ours beside the targets and beside the peers."""

from collections.abc import Iterable, Sequence

from gso_tb import record, targets
from gso_tb.tools import PRESETS, WIDTHS

# What a row of the bus-use table shows: the usual sizes, not every stream of the bench.
PEER_STREAMS = {"use_1514": "checksum seed 1514", "use_60": "checksum seed 60"}


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; numbers come as text or as they are."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def newest(records: list[dict]) -> list[dict]:
    """The last implementation of each preset and width."""
    found = []
    for preset in PRESETS:
        for width in WIDTHS:
            fitting = record.select(records, kind="implement", preset=preset, width=width)
            found += fitting[-1:]
    return found


def implementation(records: list[dict]) -> str:
    """Clock and area of the newest records against the targets."""
    head = ["preset", "width", "Fmax MHz (seeds)", "target", "Gb/s", "LUT4-eq", "target"]
    head += [
        "LUT4",
        "CCU2C",
        "DPR16X4",
        "FF",
        "DP16KD",
        "US+ LUT",
        "US+ FF",
        "US+ RAMB36",
        "commit",
    ]
    rows = []
    for item in newest(records):
        area, other = item["ecp5"], item.get("xcup", {})
        seeds = ", ".join(str(fmax) for fmax in item["seeds"].values())
        rows.append(
            [
                item["preset"],
                item["width"],
                f"{item['fmax_mhz']} ({seeds})",
                targets.FMAX[item["width"]],
                item["gbps"],
                f"{area['lut4_eq']:,}",
                f"{targets.AREA[item['preset']][item['width']]:,}",
                *(area[key] for key in ("lut4", "ccu2c", "dpr16x4", "ff", "dp16kd")),
                *(other.get(key, "-") for key in ("lut", "ff", "ramb36")),
                f"`{item['commit']}`",
            ]
        )
    return markdown(head, rows)


def paths(records: list[dict]) -> str:
    """The critical path of each newest record, in words."""
    rows = [[item["preset"], item["width"], item["path"]] for item in newest(records)]
    return markdown(["preset", "width", "critical path"], rows)


def history(records: list[dict]) -> str:
    """All full measurements of clock and area, newest first."""
    rows = []
    for item in reversed(record.select(records, kind="implement")):
        area = item["ecp5"]
        row = [item["date"], f"`{item['commit']}`", item["preset"], item["width"]]
        rows.append([*row, item["fmax_mhz"], area["lut4_eq"], area["ff"], area["dp16kd"]])
    head = ["date", "commit", "preset", "width", "Fmax MHz", "LUT4-eq", "FF", "DP16KD"]
    return markdown(head, rows)


def bench_history(records: list[dict]) -> str:
    """The worst bus use and latency of every recorded bench, newest first."""
    rows = []
    for item in reversed(record.select(records, kind="bench")):
        row = [item["date"], f"`{item['commit']}`", item["preset"], item["width"]]
        keys = ("use_long_percent", "use_mix_percent", "latency_long", "latency_short")
        rows.append([*row, *("-" if item[key] is None else item[key] for key in keys)])
    head = [
        "date",
        "commit",
        "preset",
        "width",
        "lowest bus use, segments of 512 bytes and more, %",
    ]
    head += ["bus use of the mix, %", "highest latency, 512 bytes and more", "shorter"]
    return markdown(head, rows)


def bus_use(bench: dict) -> str:
    """Bus use and latency of every stream, a column a width."""
    widths = [width for width in WIDTHS if any(row["width"] == width for row in bench["rows"])]
    head = ["stream", *(f"{width} bits" for width in widths)]
    rows = []
    for name in dict.fromkeys(row["stream"] for row in bench["rows"]):
        cells = []
        for width in widths:
            row = next(r for r in bench["rows"] if (r["stream"], r["width"]) == (name, width))
            text = f"{row['use_percent']:.1f}"
            if row["raw_percent"] != row["use_percent"]:
                text += f" ({row['raw_percent']:.1f})"
            if row["segment_bytes"]:
                text += f", {row['latency_input']} + {row['latency_over']}"
            met = row["use_met"] is not False and row["latency_met"] is not False
            cells.append(text if met else f"**{text}**")
        rows.append([name, *cells])
    return markdown(head, rows)


def peers(records: list[dict], bench: dict, data: dict) -> str:
    """The peers' measured rows, and ours of the `basic` preset under them."""
    head = ["design", "does", "width", "LUT4-eq", "FF", "DP16KD", "US+ LUT", "Fmax MHz"]
    head += ["bus use, 1514 B, %", "bus use, 60 B, %", "latency, 1514 B"]
    keys = ("width", "lut4_eq", "ff", "dp16kd", "xcup_lut", "fmax_mhz")
    keys += ("use_1514", "use_60", "latency_1514")
    rows = [[item["design"], item["does"], *(_shown(item[key]) for key in keys)] for item in data]
    for item in newest(records):
        if item["preset"] != "basic":
            continue
        width, area = item["width"], item["ecp5"]
        figures = [width, area["lut4_eq"], area["ff"], area["dp16kd"]]
        figures += [item.get("xcup", {}).get("lut"), item["fmax_mhz"]]
        for name in PEER_STREAMS.values():
            figures.append(_figure(bench, name, width, "raw_percent"))
        figures.append(_figure(bench, PEER_STREAMS["use_1514"], width, "latency"))
        rows.append(["**gso** basic", "TCP and UDP segmentation", *(_shown(f) for f in figures)])
    return markdown(head, rows)


def _figure(bench: dict, stream: str, width: int, key: str) -> float | None:
    for row in bench["rows"]:
        if (row["stream"], row["width"]) == (stream, width):
            return round(row[key], 1)
    return None


def _shown(value: object) -> object:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else value


def speeds(bench: dict) -> str:
    """How fast model and simulations are; empty when the bench ran without it."""
    found = bench.get("speed")
    if not found:
        return ""
    rows = [
        ["golden model, payload MB/s", found["model"]["model"]],
        ["scapy at the same job, payload MB/s", found["model"]["scapy"]],
    ]
    for width in WIDTHS:
        if str(width) in found:
            speed = found[str(width)]
            rows.append([f"compiled core, {width} bits, payload MB/s", _compiled(speed)])
            rows.append([f"cocotb, {width} bits, beats/s", f"{speed['cocotb']['ours']:,}"])
            stock = f"{speed['cocotb']['stock']:,}"
            rows.append([f"cocotb with cocotbext-axi's source and sink, {width} bits", stock])
    return markdown(["what", "figure"], rows)


def _compiled(speed: dict) -> str:
    figures = speed["compiled"]
    return f"{figures['payload_mb_per_s']} ({figures['cycles_per_s']:,} cycles/s)"
