# SPDX-License-Identifier: Apache-2.0
"""In the simulator: captured super-frames through the core, for `make sim`.

Parameters: `captures` (name, file, mss), `host` and `wire` (pcap files to write), `idle`, `stall`,
`seed`. Reports `rows`, one a capture, and `messages` with every difference.
"""

from dataclasses import asdict, dataclass

import cocotb
from cocotb.handle import HierarchyObject

from gso_model import describe
from gso_model.capture import read_capture, write_capture
from gso_tb.core import CLOCK_NS, CoreBench
from gso_tb.jobs import Job, renumber
from gso_tb.parameters import parameters, preset, report


@dataclass
class Row:
    """What the table says of one capture."""

    name: str
    mss: int
    frames: int
    segments: int = 0
    bytes: int = 0
    beats: int = 0
    cycles: int = 0
    mismatches: int = 0


@cocotb.test
async def captures(dut: HierarchyObject) -> None:
    """Each capture in one go at full speed, every wire frame compared with the model."""
    asked = parameters()
    bench = CoreBench(dut, collect=True)
    await bench.start()
    rows: list[Row] = []
    messages: list[str] = []
    host: list[tuple[int, bytes]] = []
    wire: list[tuple[int, bytes]] = []
    for capture in asked["captures"]:
        stamped = list(read_capture(capture["file"]))
        frames = [frame for _, frame in stamped]
        mss = int(capture["mss"])
        jobs = [
            Job(
                describe(frame, mss, tunnels=preset() == "full"),
                frame,
                label=f"{capture['name']} frame {number}",
            )
            for number, frame in enumerate(frames, 1)
        ]
        row = Row(capture["name"], mss, len(frames))
        await _run(bench, jobs, row, messages)
        rows.append(row)
        host += stamped
        # On the wire time is the simulator's, counted from the first frame of the first capture.
        wire += [
            (host[0][0] + CLOCK_NS * segment.last_cycle, segment.data)
            for segment in bench.scoreboard.log_segments
        ]
    write_capture(asked["host"], host)
    write_capture(asked["wire"], wire)
    report(rows=[asdict(row) for row in rows], messages=messages)


async def _run(bench: CoreBench, jobs: list[Job], row: Row, messages: list[str]) -> None:
    """Sends one capture's frames and fills `row`; a broken rule of the bus counts as mismatch."""
    asked = parameters()
    bench.segments.restart_count()
    bench.scoreboard.log_segments = []
    bench.scoreboard.differences.clear()
    try:
        await bench.run_jobs(
            renumber(jobs), idle=asked["idle"], stall=asked["stall"], seed=int(asked["seed"])
        )
    except AssertionError as error:
        bench.scoreboard.differences.append(f"{row.name}: {error}")
        await bench.reset()
    sent = bench.scoreboard.log_segments
    row.segments = len(sent)
    row.bytes = sum(len(segment.data) for segment in sent)
    row.beats = bench.segments.beats
    if bench.segments.first_cycle is not None:
        row.cycles = bench.segments.last_cycle - bench.segments.first_cycle + 1
    row.mismatches = len(bench.scoreboard.differences)
    messages += bench.scoreboard.differences
