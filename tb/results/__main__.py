# SPDX-License-Identifier: Apache-2.0
"""`make results`: what was measured as `docs/results.md`, with its plots.

    python -m results

Reads `docs/results.json` (written by `make implement`), `docs/peers.json` and the last report of
`make bench`. A report that is newer than the recorded one is recorded first: its rows as
`docs/bench.json`, which later runs are held to, and its worst figures in `docs/results.json`.
Exit code: 0, or 2 where there is nothing to show yet.
"""

import json
import sys
from pathlib import Path

from gso_tb import record, targets, tools

from . import page, tables

DOCS = tools.ROOT / "docs"
REPORT = tools.BUILD / "bench" / "report.json"
BENCH = DOCS / "bench.json"


def summary(report: dict, width: int, preset: str) -> dict:
    """The worst figures of one width and preset, for the history; mixes are of `basic` alone."""
    rows = [row for row in report["rows"] if (row["width"], row["preset"]) == (width, preset)]
    single = [row for row in rows if row["segment_bytes"]]
    long = [row for row in single if row["segment_bytes"] >= targets.LONG_SEGMENT]
    short = [row for row in single if row["segment_bytes"] < targets.LONG_SEGMENT]
    mixes = [row["use_percent"] for row in rows if row["kind"] == "mix"]
    return {
        "kind": "bench",
        "commit": report["commit"],
        "date": report["date"],
        "width": width,
        "preset": preset,
        "use_long_percent": min(row["use_percent"] for row in long),
        "use_mix_percent": min(mixes) if mixes else None,
        "latency_long": max(row["latency_over"] for row in long),
        "latency_short": max(row["latency_over"] for row in short),
    }


def adopt(report: Path, recorded: Path, results: Path) -> None:
    """Records `report` unless it is recorded already or does not cover all widths.

    The speeds depend on the machine more than on the commit: a report without them keeps the
    recorded ones, with the commit that they are of.
    """
    if not report.exists():
        return
    new = json.loads(report.read_text())
    widths = {row["width"] for row in new["rows"]}
    old = json.loads(recorded.read_text()) if recorded.exists() else {}
    if "speed" not in new and "speed" in old:
        new |= {
            "speed_commit": old.get("speed_commit", old["commit"]),
            "speed": old["speed"],
        }
    if old == new:
        return
    if widths != set(tools.WIDTHS) or "speed" not in new:
        print(f"{report} is not of a whole `make bench`: not recorded", file=sys.stderr)
        return
    rows = ",\n".join(json.dumps(row) for row in new["rows"])
    rest = {key: value for key, value in new.items() if key != "rows"}
    head = json.dumps(rest, indent=1).removesuffix("\n}")
    recorded.write_text(f'{head},\n "rows": [\n{rows}\n]}}\n')
    for width in sorted(widths):
        for preset in dict.fromkeys(row["preset"] for row in new["rows"]):
            record.append(summary(new, width, preset), results)


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    tools.Parser(prog="results", description=__doc__.partition("\n")[0]).parse_args(arguments)
    adopt(REPORT, BENCH, record.RESULTS)
    records = record.load()
    if not BENCH.exists():
        tools.fail("no bench is recorded; run: make bench")
    if not tables.newest(records):
        tools.fail("no implementation is recorded; run: make implement")
    bench = json.loads(BENCH.read_text())
    peers = json.loads((DOCS / "peers.json").read_text())
    from . import plots  # matplotlib takes a while; errors above come first

    plots.by_width(records, peers["measured"], DOCS / "results-width.svg")
    plots.over_commits(records, DOCS / "results-commits.svg")
    plots.use_by_segment(bench, DOCS / "results-use.svg")
    plots.latency_by_segment(bench, DOCS / "results-latency.svg")
    (DOCS / "results.md").write_text(page.text(records, bench, peers))
    print(f"wrote {DOCS / 'results.md'} and four plots beside it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
