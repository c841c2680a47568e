# SPDX-License-Identifier: Apache-2.0
"""Harness, figures and words of `make implement`, on small modules with known numbers."""

import json
from pathlib import Path

import pytest

from implement import __main__ as command
from implement import floor_plan, harness, netlist, path, place, synthesis

CORE = """\
/* Generated */
module helper(a, y);
  input [3:0] a;
  output y;
  assign y = ^a;
endmodule

module small(clk, rst, a, y, z);
  input clk;
  wire clk;
  input rst;
  input [4:0] a;
  output [1:0] y;
  reg [1:0] y;
  output z;
  always @(posedge clk) y <= rst ? 2'd0 : {a[4] & a[3], ^a[3:0]};
  assign z = y[0] & a[0];
endmodule
"""


def test_ports_of_the_named_module() -> None:
    """In order, with their widths, and not those of another module."""
    assert harness.ports(CORE, "small") == [
        ("input", "clk", 1),
        ("input", "rst", 1),
        ("input", "a", 5),
        ("output", "y", 2),
        ("output", "z", 1),
    ]
    with pytest.raises(ValueError, match="no module large"):
        harness.ports(CORE, "large")


def test_harness_connects_every_bit_once() -> None:
    """Six input bits, three output bits; the clock is a pin."""
    text = harness.harness(CORE, "small")
    assert "reg [5:0] drive;" in text
    assert "wire [2:0] out;" in text
    for connection in (".clk(clk)", ".rst(drive[0:0])", ".a(drive[5:1])", ".z(out[2:2])"):
        assert connection in text


def test_figures_are_the_cores_and_nothing_is_optimised_away(tmp_path: Path) -> None:
    """The core's two flip-flops count; the harness has 6 + 2 x 3 more in the netlist."""
    verilog = tmp_path / "small.v"
    verilog.write_text(CORE)
    area = synthesis.ecp5(verilog, "small", tmp_path)
    assert (area["ff"], area["ccu2c"], area["dpr16x4"], area["dp16kd"]) == (2, 0, 0, 0)
    assert area["lut4"] == area["lut4_eq"] == 3
    module = json.loads((tmp_path / "harness.json").read_text())["modules"][harness.HARNESS]
    types = [cell["type"] for cell in module["cells"].values()]
    assert types.count("TRELLIS_FF") == 2 + 6 + 2 * 3
    # The chain's XOR: one LUT an output but for the first, whose other input is 0.
    assert types.count("LUT4") == 3 + 2
    fanouts = netlist.fanouts(tmp_path / "harness.json")
    assert fanouts["clk"] == 14
    assert fanouts["gso.a[0]"] == 3  # parity, z, and the next flip-flop of the chain
    assert netlist.widest(tmp_path / "harness.json", 1).splitlines()[1].split()[0] == "3"


def test_a_failing_tool_says_why(tmp_path: Path) -> None:
    """The end of its log is in the message."""
    verilog = tmp_path / "broken.v"
    verilog.write_text("module small(clk);\n input clk;\n nonsense\nendmodule\n")
    with pytest.raises(synthesis.ToolFailed, match="syntax error"):
        synthesis.ecp5(verilog, "small", tmp_path)


def test_floor_plan_names_a_place_for_each_memory(tmp_path: Path) -> None:
    """Of the store's block RAMs each has one of its own, the copies of a memory side by side; what
    else there is stays as it was."""
    names = [
        f"gso.core.store.memory_{group}_{copy}.0.0" for group in range(16) for copy in range(4)
    ]
    cells = {name: {"type": "DP16KD", "attributes": {}} for name in names}
    others = {
        "gso.core.store.memory_0_0_RCE_LUT4_Z": {"type": "LUT4", "attributes": {}},
        "gso.core.slots.memory_0.0.1": {"type": "DP16KD", "attributes": {"src": "x"}},
    }
    design = {"modules": {harness.HARNESS: {"cells": cells | others}}}
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    before.write_text(json.dumps(design))
    assert floor_plan.apply(before, after) == 64
    placed = json.loads(after.read_text())["modules"][harness.HARNESS]["cells"]
    assert {name: placed[name] for name in others} == others
    places = [placed[name]["attributes"]["BEL"] for name in names]
    assert len(set(places)) == 64
    assert places[4:8] == ["X44/Y46/EBR2", "X46/Y46/EBR3", "X49/Y46/EBR0", "X51/Y46/EBR1"]
    for four in range(0, 64, 4):
        assert len({place.split("/")[1] for place in places[four : four + 4]}) == 1


def test_floor_plan_tells_where_it_has_no_place(tmp_path: Path, capsys) -> None:
    """Of a memory in two block RAMs, or with another name, none is placed, and that is said."""
    name = "gso.core.store.memory_3_1"
    for second in (f"{name}.0.1", "gso.core.store.ring.0.0"):
        cells = {made: {"type": "DP16KD", "attributes": {}} for made in (f"{name}.0.0", second)}
        design = {"modules": {harness.HARNESS: {"cells": cells}}}
        before, after = tmp_path / "before.json", tmp_path / "after.json"
        before.write_text(json.dumps(design))
        assert floor_plan.apply(before, after) == 0
        assert json.loads(after.read_text()) == design
        assert "2 block RAMs of the store" in capsys.readouterr().err


def test_lut4_equivalents() -> None:
    """LUT4 + 2 CCU2C + 4 DPR16X4; wide multiplexers do not count."""
    count = {"LUT4": 100, "CCU2C": 10, "TRELLIS_DPR16X4": 3, "PFUMX": 50, "TRELLIS_FF": 7}
    area = synthesis.ecp5_area(count)
    assert area["lut4_eq"] == 100 + 20 + 12
    assert (area["ff"], area["dp16kd"]) == (7, 0)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("gso.core.align.count_TRELLIS_FF_Q_3", "core.align.count"),
        ("gso.core.align.count_TRELLIS_FF_Q_1_DI_LUT4_Z", "core.align.count"),
        ("gso.core.rows.memory.0.4$DPRAM_COMB2", "core.rows.memory"),
        ("gso.core.slots.memory.0.1_DIB0_TRELLIS_FF_Q", "core.slots.memory"),
        ("gso.core.check.sum_CCU2C_S0$CCU2_COMB1", "core.check.sum"),
        ("capture_TRELLIS_FF_Q_7", "harness"),
        ("$nextpnr_CCU2C_225$CIN", "$nextpnr_CCU2C_225$CIN"),
    ],
)
def test_names_lead_back_to_the_design(cell: str, name: str) -> None:
    """What the tools append is taken away."""
    assert path.name(cell) == name


def _step(kind: str, delay: float, start: tuple, end: tuple, **more: str) -> dict:
    ends = [{"cell": cell, "port": port, "loc": [1, 2]} for cell, port in (start, end)]
    return {"type": kind, "delay": delay, "from": ends[0], "to": ends[1], **more}


def _placed(seed: int = 1, fmax: float = 200.0) -> place.Placed:
    first = ("gso.core.plan.left_TRELLIS_FF_Q", "Q")
    carry = "gso.core.plan.left_CCU2C_S0$CCU2_COMB"
    last = ("gso.core.align.go_TRELLIS_FF_Q", "CE")
    steps = [
        _step("clk-to-q", 0.4, first, first),
        _step("routing", 1.0, first, (carry + "0", "A"), net="gso.core.plan.left[0]"),
        _step("logic", 0.3, (carry + "0", "A"), (carry + "0", "FCO")),
        _step("routing", 0.0, (carry + "0", "FCO"), (carry + "1", "FCI"), net="gso.c"),
        _step("logic", 0.3, (carry + "1", "FCI"), (carry + "1", "F")),
        _step("routing", 2.0, (carry + "1", "F"), last, net="gso.core.plan.more"),
        _step("setup", 0.0, last, last),
    ]
    ends = [{"cell": last[0], "port": "CE", "delay": [3.0, 4.0]}]
    nets = [{"net": "gso.core.plan.more", "endpoints": ends}]
    paths = [
        {"from": "<async>", "to": "posedge clk", "path": []},
        {"from": "posedge clk", "to": "posedge clk", "path": steps},
    ]
    return place.Placed(seed, fmax, {"critical_paths": paths, "detailed_net_timings": nets})


def test_path_in_words() -> None:
    """From and to, a carry chain as one step, logic and wires apart."""
    assert path.words(_placed()) == (
        "core.plan.left (register) to core.align.go.CE (register) through 1 carry chain; "
        "1.00 ns logic + 3.00 ns wires = 4.00 ns"
    )


def test_path_cell_by_cell_and_its_neighbours() -> None:
    """Arrival times add up; fan-outs are those given; late bits are counted."""
    lines = path.cells(_placed(), {"gso.core.plan.more": 17}).splitlines()
    assert lines[-2].split()[:3] == ["4.00", "2.00", "routing"]
    assert lines[-2].endswith("core.plan.more  fan-out 17")
    assert path.endpoints(_placed()).splitlines()[1].split()[:3] == [
        "4.00",
        "1",
        "core.align.go.CE",
    ]


def test_median_of_the_seeds() -> None:
    """Of three the middle one, of two the slower."""
    runs = [_placed(1, 150.0), _placed(2, 140.0), _placed(3, 160.0)]
    assert place.median(runs).seed == 1
    assert place.median(runs[:2]).seed == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--width", "96"],
        ["--preset", "large"],
        ["--seeds", "1,x"],
        ["--seeds", "0"],
        ["--verilog", "missing.v"],
        ["--unknown"],
    ],
)
def test_bad_options(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One line and exit code 2."""
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
