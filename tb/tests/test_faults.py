# SPDX-License-Identifier: Apache-2.0
"""The bench sees what is wrong: a core with one fault at a time must fail with the right message.

A bench that misses a fault of `fixtures/faulty_core.v` would miss it in the real core too.
"""

import re

from gso_tb import runner, tools

# By number as in the fixture: name, and what the message must say.
FAULTS = {
    1: ("wrong byte", r"segment 1 of 1: .*byte 9 expected .., got .. \(1 bytes differ"),
    2: ("wrong status", r"completion: status expected 0x0, got 0x1"),
    3: ("hang", r"hung: nothing moved .* 3 segments and 3 completions expected"),
    4: (
        "extra completion",
        r"completion raised with 1 of its frame's segments|request_id expected",
    ),
    5: ("completion before the last beat", r"completion raised with 1 of its frame's segments"),
    6: ("tdata changes while it waits", r"m_axis, cycle \d+: tdata changed while it waited"),
    7: ("tvalid falls while it waits", r"m_axis, cycle \d+: tvalid fell before the beat was taken"),
    8: ("gap", r"m_axis, cycle \d+: tvalid fell (inside a segment|before the beat was taken)"),
    9: ("tuser changes", r"m_axis, cycle \d+: tuser changed inside a segment"),
    10: ("tkeep with a hole", r"m_axis, cycle \d+: tkeep 00000101 is not contiguous"),
    11: ("tkeep partial", r"m_axis, cycle \d+: tkeep 01111111 is not full on a beat without tlast"),
    12: ("tready in reset", r"not low in reset: s_axis_desc_tready"),
    13: ("tvalid in reset", r"not low in reset: m_axis_tvalid"),
    14: ("wrong request id", r"m_axis_tuser: request_id expected 0x1, got 0x2"),
    15: ("segment split", r"35 bytes expected, got 16"),
    16: ("bit that is X", r"tdata has a bit that is neither 0 nor 1"),
    17: ("completion changes while it waits", r"m_axis_cpl, cycle \d+: tdata changed while it"),
}
# Verilator has no X.
ICARUS_ONLY = {16}


def test_faults(sim: str) -> None:
    """Every fault is noticed and named; without a fault nothing is."""
    faults = [number for number in FAULTS if sim == "icarus" or number not in ICARUS_ONLY]
    result = runner.run(
        "bench.bench_faults",
        sim=sim,
        width="faulty",
        parameters={"faults": [0, *faults]},
        verilog=tools.ROOT / "tb" / "tests" / "fixtures" / "faulty_core.v",
        top="faulty_core",
        name="faults",
    )
    messages = result["messages"]
    assert messages["0"] == ""
    missed = {
        FAULTS[number][0]: messages[str(number)]
        for number in faults
        if not re.search(FAULTS[number][1], messages[str(number)])
    }
    assert missed == {}
