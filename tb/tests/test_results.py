# SPDX-License-Identifier: Apache-2.0
"""Records and the page made from them, with invented figures."""

import json
from pathlib import Path

import pytest

from gso_tb import record
from gso_tb.tools import WIDTHS
from results import __main__ as command
from results import page, plots, tables

PEERS = json.loads((command.DOCS / "peers.json").read_text())


def _implemented(width: int, fmax: float, commit: str, **more: object) -> dict:
    area = {"lut4": 900, "ccu2c": 40, "dpr16x4": 5, "lut4_eq": 1000, "ff": 800, "dp16kd": 8}
    return {
        "kind": "implement",
        "commit": commit,
        "date": "2026-01-02",
        "width": width,
        "preset": "basic",
        "seeds": {"1": fmax - 1, "2": fmax, "3": fmax + 1},
        "fmax_mhz": fmax,
        "gbps": round(width * fmax / 1000, 1),
        "ecp5": area,
        "path": "core.a to core.b",
        **more,
    }


def _row(width: int, kind: str, shape: str, mss: str, size: int, use: float = 100.0) -> dict:
    long = size >= 512 or kind == "mix"
    return {
        "width": width,
        "preset": "basic",
        "stream": " ".join(part for part in (kind, shape, mss) if part),
        "kind": kind,
        "shape": shape,
        "mss": mss,
        "segment_bytes": size,
        "frames": 3,
        "segments": 9,
        "beats": 80,
        "cycles": 100,
        "floor": 100,
        "latency": 24 if size else 0,
        "latency_input": 9 if size else 0,
        "use_percent": use,
        "raw_percent": 80.0,
        "latency_over": 15 if size else 0,
        "use_met": use == 100.0 if long else None,
        "latency_met": True if size else None,
    }


def _report(commit: str = "abc", widths: tuple[int, ...] = WIDTHS) -> dict:
    rows = []
    for width in widths:
        rows += [
            _row(width, "64K", "tcp4", "88", 142, 90.5),
            _row(width, "64K", "tcp4", "1460", 1514),
            _row(width, "checksum", "seed", "1514", 1514),
            _row(width, "checksum", "seed", "60", 60, 85.5),
            _row(width, "mix", "", "", 0, 99.5),
        ]
    speed = {"compiled": {"payload_mb_per_s": 25.0, "beats_per_s": 7, "cycles_per_s": 8}}
    speed["cocotb"] = {"ours": 6000, "stock": 700}
    speeds = {"model": {"model": 300.0, "scapy": 2.0}, **{str(width): speed for width in widths}}
    head = {"commit": commit, "date": "2026-01-02"}
    return {**head, "rows": rows, "speed": speeds}


def test_records_are_appended_one_a_line(tmp_path: Path) -> None:
    """The newest of each width counts."""
    file = tmp_path / "results.json"
    assert record.load(file) == []
    items = [_implemented(64, 150.0, "one"), _implemented(64, 160.0, "two")]
    for item in items:
        record.append(item, file)
    assert record.load(file) == items
    assert len(file.read_text().splitlines()) == 4
    assert tables.newest(record.load(file)) == items[1:]
    assert record.select(items, commit="one", width=64) == items[:1]
    assert record.select(items, width=128) == []


def test_a_whole_bench_is_recorded_once(tmp_path: Path) -> None:
    """Its rows as they are, its worst figures a width in the history."""
    report, bench, results = (tmp_path / name for name in ("r.json", "b.json", "h.json"))
    command.adopt(report, bench, results)
    assert not bench.exists()
    report.write_text(json.dumps(_report()))
    command.adopt(report, bench, results)
    command.adopt(report, bench, results)
    assert json.loads(bench.read_text()) == _report()
    history = record.load(results)
    assert [item["width"] for item in history] == list(WIDTHS)
    figures = {key: history[0][key] for key in ("use_long_percent", "use_mix_percent")}
    assert figures == {"use_long_percent": 100.0, "use_mix_percent": 99.5}
    assert (history[0]["latency_long"], history[0]["latency_short"]) == (15, 15)


def test_a_bench_without_speeds_keeps_the_recorded_ones(tmp_path: Path) -> None:
    """And says of which commit they are."""
    report, bench, results = (tmp_path / name for name in ("r.json", "b.json", "h.json"))
    report.write_text(json.dumps(_report()))
    command.adopt(report, bench, results)
    later = {**_report(), "commit": "later"}
    del later["speed"]
    report.write_text(json.dumps(later))
    command.adopt(report, bench, results)
    found = json.loads(bench.read_text())
    assert found == {**_report(), "commit": "later", "speed_commit": _report()["commit"]}


def test_a_part_of_a_bench_is_not_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One width alone would leave holes in tables and plots."""
    report = tmp_path / "r.json"
    report.write_text(json.dumps(_report(widths=(64,))))
    command.adopt(report, tmp_path / "b.json", tmp_path / "h.json")
    assert not (tmp_path / "b.json").exists()
    assert "not recorded" in capsys.readouterr().err


def test_page_holds_ours_the_peers_and_what_misses_a_target() -> None:
    """Missed figures are bold; peers stand beside ours."""
    xcup = {"lut": 700, "lutram": 10, "ff": 750, "ramb36": 4.5, "carry8": 30}
    records = [_implemented(64, 150.0, "one"), _implemented(512, 120.0, "two", xcup=xcup)]
    records.append(command.summary(_report(), 64, "basic"))
    text = page.text(records, _report(), PEERS)
    assert "| basic | 64 | 150.0 (149.0, 150.0, 151.0) | 180 | 9.6 | 1,000 | 2,600 |" in text
    assert "| mix | **99.5 (80.0)** |" in text
    assert "| 64K tcp4 88 | 90.5 (80.0), 9 + 15 |" in text
    assert "| Corundum tx_checksum | one checksum a frame, no segmentation | 64 | 688 |" in text
    assert "| **gso** basic | TCP and UDP segmentation | 512 | 1,000 | 800 | 8 | 700 |" in text
    assert "4.5" in text
    assert "25.0 (8 cycles/s)" in text
    assert "{" not in text


def test_page_without_speeds() -> None:
    """A bench without them leaves the section out."""
    report = _report()
    del report["speed"]
    assert "Speed of model" not in page.text([_implemented(64, 150.0, "one")], report, PEERS)


def test_plots_are_the_same_at_every_run(tmp_path: Path) -> None:
    """SVG with text as text, without a date."""
    records = [_implemented(width, 150.0, "one") for width in WIDTHS]
    records += [_implemented(width, 160.0, "two") for width in WIDTHS]

    def draw(folder: Path) -> dict[str, bytes]:
        folder.mkdir()
        plots.by_width(records, PEERS["measured"], folder / "width.svg")
        plots.over_commits(records, folder / "commits.svg")
        plots.use_by_segment(_report(), folder / "use.svg")
        plots.latency_by_segment(_report(), folder / "latency.svg")
        return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}

    first = draw(tmp_path / "first")
    assert first == draw(tmp_path / "second")
    assert len(first) == 4
    assert b"Corundum tx_checksum" in first["width.svg"]
    assert b"512 bits" in first["use.svg"]
