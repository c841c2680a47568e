# SPDX-License-Identifier: Apache-2.0
"""Draws the waveforms of docs/interfaces.md from a run of the core in a simulator.

PYTHONPATH=hdl:model:tb:docs python docs/make_waves.py [--sim verilator|icarus]
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from make_example import descriptor, frame

from gso_model import BASIC, Descriptor, segment_arrived
from gso_model.layout import COMPLETION, Status
from gso_tb import runner

HERE = Path(__file__).resolve().parent
WIDTH = 256  # bits
# Segments of 8, 8 and 5 beats: long enough that the core's own work hides behind them.
MSS, PAYLOAD = 202, bytes(number * 37 & 0xFF for number in range(500))
CELL, ROW, HIGH, LEFT = 13, 26, 16, 150
COLOURS = ("#cfe3f7", "#d6efd0", "#fbe3c3")

BIT_ROWS = {
    "descriptor": ("s_axis_desc_tvalid", "s_axis_desc_tready"),
    "input": ("s_axis_tvalid", "s_axis_tready", "s_axis_tlast"),
    "abort": ("s_axis_tuser",),
    "output": ("m_axis_tvalid", "m_axis_tready", "m_axis_tlast"),
}


def asked() -> Descriptor:
    """The worked example's descriptor for this frame."""
    return replace(descriptor(), frame_length=len(frame(PAYLOAD)), mss=MSS)


def check(name: str, trace: dict[str, list[int]], aborted: bool) -> None:
    """Raises unless the segments of the run are the golden model's."""
    expected = segment_arrived(frame(PAYLOAD), asked(), aborted=aborted, capabilities=BASIC)
    got, data = [], b""
    for cycle, valid in enumerate(trace["m_axis_tvalid"]):
        if valid and trace["m_axis_tready"][cycle]:
            beat = trace["m_axis_tdata"][cycle].to_bytes(WIDTH // 8, "little")
            data += beat[: trace["m_axis_tkeep"][cycle].bit_count()]
            if trace["m_axis_tlast"][cycle]:
                got, data = [*got, data], b""
    if got != expected.segments:
        raise RuntimeError(f"{name}: the segments are not the model's")


def scenarios() -> dict[str, dict]:
    """The runs by the name of their figure; all have the same frame."""
    base = {
        "frames": [frame(PAYLOAD).hex()],
        "descriptors": [f"{asked().pack():x}"],
        "aborted": False,
        "frame_at": 12,
        "descriptor_at": 1,
        "stalls": {},
        "cycles": 80,
    }
    return {
        "wave-three-segments": base,
        "wave-back-pressure": {**base, "stalls": {0: 2, 11: 4, 15: 1, 16: 3}, "cycles": 88},
        "wave-aborted": {**base, "aborted": True},
        "wave-late-descriptor": {**base, "frame_at": 1, "descriptor_at": 12, "cycles": 84},
    }


class Drawing:
    """An SVG of rows over clock cycles."""

    def __init__(self, cycles: int) -> None:
        self.cycles = cycles
        self.parts: list[str] = []
        self.y = 8
        for cycle in range(0, cycles, 5):
            x = LEFT + CELL * cycle
            self.parts.append(f'<path class="grid" d="M{x} 22V@"/>')
            self.text(x, 18, str(cycle), "tick")
        self.y += ROW - 6

    def text(self, x: float, y: float, text: str, kind: str) -> None:
        """One text."""
        self.parts.append(f'<text class="{kind}" x="{x:g}" y="{y:g}">{text}</text>')

    def bits(self, name: str, values: list[int]) -> None:
        """A row that is high or low."""
        top, bottom = self.y + 4, self.y + 4 + HIGH
        path = f"M{LEFT} {top if values[0] else bottom}"
        for cycle, value in enumerate(values):
            path += f"V{top if value else bottom}H{LEFT + CELL * (cycle + 1)}"
        self.text(LEFT - 8, bottom - 3, name, "name")
        self.parts.append(f'<path class="line" d="{path}"/>')
        self.y += ROW

    def boxes(self, name: str, boxes: list[tuple[int, int, str, str]]) -> None:
        """A row of values: first cycle, one behind the last, text, colour."""
        self.text(LEFT - 8, self.y + HIGH + 1, name, "name")
        for first, end, text, colour in boxes:
            x, width = LEFT + CELL * first, CELL * (end - first)
            self.parts.append(
                f'<rect class="box" x="{x}" y="{self.y + 4}" width="{width}" height="{HIGH}" '
                f'fill="{colour}"/>'
            )
            self.text(x + width / 2, self.y + HIGH, text, "value")
        self.y += ROW

    def gap(self) -> None:
        """Space between groups of rows."""
        self.y += 8

    def svg(self, title: str) -> str:
        """The whole picture."""
        width, height = LEFT + CELL * self.cycles + 10, self.y + 6
        style = (
            "text{font-family:monospace;font-size:11px;fill:#222}"
            ".name{text-anchor:end}.value,.tick{text-anchor:middle;font-size:10px}.tick{fill:#777}"
            ".line{fill:none;stroke:#222;stroke-width:1.4}.grid{stroke:#ddd}"
            ".box{stroke:#222;stroke-width:1}"
        )
        body = "\n".join(self.parts).replace("V@", f"V{height - 4}")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}">\n<title>{title}</title>\n<style>{style}</style>\n'
            f'<rect width="{width}" height="{height}" fill="#fff"/>\n{body}\n</svg>\n'
        )


def draw(name: str, trace: dict[str, list[int]]) -> str:
    """The figure of one trace."""
    cycles = len(trace["m_axis_tvalid"])
    drawing = Drawing(cycles)
    for row in BIT_ROWS["descriptor"]:
        drawing.bits(row, trace[row])
    drawing.gap()
    for row in BIT_ROWS["input"]:
        drawing.bits(row, trace[row])
    if any(trace["s_axis_tuser"]):
        drawing.bits("s_axis_tuser", trace["s_axis_tuser"])
    numbers = trace["input_beat"]
    offered = [n if v else None for n, v in zip(numbers, trace["s_axis_tvalid"], strict=True)]
    drawing.boxes("s_axis_tdata, beat", [(a, b, str(n), "#eee") for a, b, n in _runs(offered)])
    drawing.gap()
    for row in BIT_ROWS["output"]:
        drawing.bits(row, trace[row])
    beats, segments = _output(trace)
    drawing.boxes("m_axis_tdata, beat", beats)
    drawing.boxes("m_axis_tuser", segments)
    drawing.gap()
    drawing.bits("m_axis_cpl_tvalid", trace["m_axis_cpl_tvalid"])
    said = []
    for cycle, valid in enumerate(trace["m_axis_cpl_tvalid"]):
        if valid:
            fields = COMPLETION.unpack(trace["m_axis_cpl_tdata"][cycle])
            text = f"{Status(fields['status']).name}, {fields['segments']} segments"
            drawing.text(LEFT + CELL * (cycle - 1), drawing.y - 12, text, "name")
            said.append(text)
    if len(said) != 1:
        raise RuntimeError(f"{name}: {len(said)} completions, expected 1")
    return drawing.svg(name.replace("-", " "))


def _runs(values: list[int | None]) -> list[tuple[int, int, int]]:
    """First cycle, end and value of each stretch of equal values that are not `None`."""
    runs: list[tuple[int, int, int]] = []
    for cycle, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1][1] == cycle and runs[-1][2] == value:
            runs[-1] = (runs[-1][0], cycle + 1, value)
        else:
            runs.append((cycle, cycle + 1, value))
    return runs


def _output(trace: dict[str, list[int]]) -> tuple[list, list]:
    """The boxes of output beats and of segments."""
    segment = beat = 0
    beats, segments = [], []
    number: list[int | None] = []
    kinds: list[int | None] = []
    for cycle, valid in enumerate(trace["m_axis_tvalid"]):
        number.append(100 * segment + beat if valid else None)
        kinds.append(segment if valid else None)
        if valid and trace["m_axis_tready"][cycle]:
            beat += 1
            if trace["m_axis_tlast"][cycle]:
                segment, beat = segment + 1, 0
    for first, end, value in _runs(number):
        beats.append((first, end, str(value % 100), COLOURS[value // 100]))
    for first, end, value in _runs(kinds):
        length = trace["m_axis_tuser"][first] >> 16 & 0xFFFF
        segments.append((first, end, f"{length} bytes", COLOURS[value]))
    return beats, segments


def main() -> int:
    """Runs the core and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sim", default="verilator", choices=("verilator", "icarus"))
    options = parser.parse_args()
    wanted = scenarios()
    result = runner.run(
        "bench_waves",
        sim=options.sim,
        width=WIDTH,
        parameters={"scenarios": list(wanted.values())},
        name="waves",
    )
    for name, trace in zip(wanted, result["traces"], strict=True):
        check(name, trace, wanted[name]["aborted"])
        (HERE / f"{name}.svg").write_text(draw(name, trace))
    return 0


if __name__ == "__main__":
    sys.exit(main())
