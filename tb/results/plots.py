# SPDX-License-Identifier: Apache-2.0
"""The plots of `docs/results.md`, as SVG that is the same at every run with the same data."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gso_tb import record, targets
from gso_tb.tools import WIDTHS

from .tables import newest

COLOURS = {64: "#1b6ca8", 128: "#2a9d5c", 256: "#c77700", 512: "#a8326e"}
GREY = "#777777"
PEER = "Corundum tx_checksum"
# Text stays text, and no random names or dates: the files can be compared.
matplotlib.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "gso",
        "font.size": 10,
        "axes.grid": True,
        "grid.alpha": 0.3,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }
)


@contextmanager
def _figure(file: Path, panels: int = 1) -> Iterator[list[Axes]]:
    figure = Figure(figsize=(3 + 3.5 * panels, 3.8), layout="tight")
    yield [figure.add_subplot(1, panels, number + 1) for number in range(panels)]
    figure.savefig(file, metadata={"Date": None}, facecolor="white")


def by_width(records: list[dict], peers: list[dict], file: Path) -> None:
    """Clock and area of the newest measurements, the targets, and the peer with all widths."""
    with _figure(file, 2) as (clock, area):
        for preset, mark in (("basic", "o"), ("full", "s")):
            items = [item for item in newest(records) if item["preset"] == preset]
            if items:
                widths = [item["width"] for item in items]
                fmax = [item["fmax_mhz"] for item in items]
                luts = [item["ecp5"]["lut4_eq"] for item in items]
                clock.plot(widths, fmax, mark + "-", color=COLOURS[64], label=f"gso {preset}")
                area.plot(widths, luts, mark + "-", color=COLOURS[64], label=f"gso {preset}")
        known = [item for item in peers if item["design"] == PEER]
        widths = [item["width"] for item in known]
        clock.plot(widths, [p["fmax_mhz"] for p in known], "^-", color=GREY, label=PEER)
        area.plot(widths, [p["lut4_eq"] for p in known], "^-", color=GREY, label=PEER)
        clock.plot(WIDTHS, list(targets.FMAX.values()), "k_", markersize=14, label="target")
        area.plot(WIDTHS, list(targets.AREA["basic"].values()), "k_", markersize=14, label="target")
        for axis, text in ((clock, "Fmax, MHz"), (area, "LUT4-eq")):
            _width_axis(axis)
            axis.set_ylabel(text)
            axis.set_ylim(bottom=0)
        clock.legend(loc="lower left")


def _width_axis(axis: Axes) -> None:
    axis.set_xscale("log", base=2)
    axis.set_xticks(WIDTHS, [str(width) for width in WIDTHS])
    axis.minorticks_off()
    axis.set_xlabel("width, bits (LFE5UM-85, speed grade 8)")


def over_commits(records: list[dict], file: Path) -> None:
    """Clock and area of every recorded measurement of `basic`, in the order of the records."""
    items = record.select(records, kind="implement", preset="basic")
    commits = list(dict.fromkeys(item["commit"] for item in items))
    with _figure(file, 2) as (clock, area):
        for width in WIDTHS:
            mine = record.select(items, width=width)
            at = [commits.index(item["commit"]) for item in mine]
            style = {"marker": "o", "color": COLOURS[width], "label": f"{width} bits"}
            clock.plot(at, [item["fmax_mhz"] for item in mine], **style)
            area.plot(at, [item["ecp5"]["lut4_eq"] for item in mine], **style)
        for axis, text in ((clock, "Fmax, MHz"), (area, "LUT4-eq")):
            # With many commits a label for each would not be readable.
            step = max(1, len(commits) // 12)
            shown = range(0, len(commits), step)
            labels = [commits[index][:7] for index in shown]
            axis.set_xticks(list(shown), labels, rotation=60, fontsize=7)
            axis.set_ylabel(text)
            axis.set_ylim(bottom=0)
        clock.legend(loc="lower left", fontsize=8)


def _series(bench: dict, width: int, shape: str) -> list[dict]:
    rows = record.select(bench["rows"], width=width, kind="64K", shape=shape)
    return sorted(rows, key=lambda row: row["segment_bytes"])


def use_by_segment(bench: dict, file: Path) -> None:
    """Bus use against the floor by segment size: 64 KB super-frames of TCP/IPv4."""
    with _figure(file) as (axis,):
        for width in WIDTHS:
            rows = _series(bench, width, "tcp4")
            sizes = [row["segment_bytes"] for row in rows]
            use = [row["use_percent"] for row in rows]
            axis.plot(sizes, use, "o-", color=COLOURS[width], label=f"{width} bits", markersize=4)
        axis.axvline(targets.LONG_SEGMENT, color=GREY, linestyle=":")
        _segment_axis(axis)
        axis.set_ylabel("bus use, % of the floor")
        axis.set_ylim(0, 104)
        axis.legend(loc="lower right")


def latency_by_segment(bench: dict, file: Path) -> None:
    """Latency beyond the input that has to come, by segment size, with the target's step."""
    with _figure(file) as (axis,):
        longest = 64
        for width in WIDTHS:
            rows = _series(bench, width, "tcp4")
            sizes = [row["segment_bytes"] for row in rows]
            longest = max([longest, *sizes])
            over = [row["latency_over"] for row in rows]
            axis.plot(sizes, over, "o-", color=COLOURS[width], label=f"{width} bits", markersize=4)
        edges = [64, targets.LONG_SEGMENT, targets.LONG_SEGMENT, longest]
        limit = [targets.LATENCY_SHORT] * 2 + [targets.LATENCY_LONG] * 2
        axis.plot(edges, limit, "k:", label="target")
        _segment_axis(axis)
        axis.set_ylabel("latency beyond the segment's input, cycles")
        axis.set_ylim(bottom=0)
        axis.legend(loc="lower left")


def _segment_axis(axis: Axes) -> None:
    ticks = (64, 142, 270, 590, 1514, 9002)
    axis.set_xscale("log")
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    axis.set_xlabel("segment on the wire, bytes (64 KB super-frames, TCP/IPv4)")
