# SPDX-License-Identifier: Apache-2.0
"""In the simulator: records the ports of the core, cycle by cycle, for `make_waves.py`.

Parameters: `scenarios`, each with `frames` (hex), `descriptors` (hex), `aborted` (of the last
frame), `frame_at` and `descriptor_at` (cycles in which they are first offered), `stalls` (by number
of an output beat: how many cycles it is not taken), `cycles`. Reports `traces`: one list a signal,
one value a cycle, sampled before the edge.
"""

import cocotb
from cocotb.clock import Clock
from cocotb.handle import HierarchyObject
from cocotb.triggers import ReadOnly, RisingEdge

from gso_tb.parameters import parameters, report
from gso_tb.source import cut

INPUTS = ("s_axis_desc_tvalid", "s_axis_tvalid", "s_axis_tlast", "s_axis_tuser")
CONTROL = ("s_axis_desc_tready", "s_axis_tready", "m_axis_tvalid", "m_axis_tready", "m_axis_tlast")
NUMBERS = ("m_axis_tdata", "m_axis_tkeep", "m_axis_tuser", "m_axis_cpl_tdata")


@cocotb.test
async def record(dut: HierarchyObject) -> None:
    """Plays every scenario from reset and keeps what the ports showed."""
    Clock(dut.clk, 4, "ns").start()
    traces = [await _play(dut, scenario) for scenario in parameters()["scenarios"]]
    report(traces=traces)


async def _play(dut: HierarchyObject, scenario: dict) -> dict[str, list[int]]:
    lanes = len(dut.s_axis_tkeep)
    beats = []
    frames = [bytes.fromhex(frame) for frame in scenario["frames"]]
    for number, frame in enumerate(frames):
        last = number == len(frames) - 1
        beats += cut(frame, lanes, bool(scenario["aborted"]) and last)
    descriptors = [int(descriptor, 16) for descriptor in scenario["descriptors"]]

    for name in (*INPUTS, "s_axis_tdata", "s_axis_tkeep", "s_axis_desc_tdata", "m_axis_tready"):
        getattr(dut, name).value = 0
    dut.m_axis_cpl_tready.value = 1
    dut.rst.value = 1
    for _ in range(4):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    for _ in range(2):
        await RisingEdge(dut.clk)

    names = (*INPUTS, *CONTROL, "m_axis_cpl_tvalid", *NUMBERS)
    trace: dict[str, list[int]] = {name: [] for name in (*names, "input_beat")}
    sent = given = left = 0
    stalls = {int(beat): count for beat, count in scenario["stalls"].items()}
    for cycle in range(scenario["cycles"]):
        offer = sent < len(beats) and cycle >= scenario["frame_at"]
        dut.s_axis_tvalid.value = int(offer)
        if offer:
            beat = beats[sent]
            dut.s_axis_tdata.value, dut.s_axis_tkeep.value = beat.data, beat.keep
        dut.s_axis_tlast.value = beat.last if offer else 0
        dut.s_axis_tuser.value = beat.user if offer else 0
        describe = given < len(descriptors) and cycle >= scenario["descriptor_at"]
        dut.s_axis_desc_tvalid.value = int(describe)
        if describe:
            dut.s_axis_desc_tdata.value = descriptors[given]
        dut.m_axis_tready.value = int(stalls.get(left, 0) == 0)
        await ReadOnly()
        for name in names:
            text = str(getattr(dut, name).value)
            trace[name].append(int(text, 2) if set(text) <= {"0", "1"} else 0)
        trace["input_beat"].append(sent)
        await RisingEdge(dut.clk)
        sent += offer and trace["s_axis_tready"][-1]
        given += describe and trace["s_axis_desc_tready"][-1]
        if trace["m_axis_tvalid"][-1] and trace["m_axis_tready"][-1]:
            left += 1
        elif trace["m_axis_tvalid"][-1]:
            stalls[left] -= 1
    return trace
