# SPDX-License-Identifier: Apache-2.0
"""nextpnr's timing report in the words of the design: stages, registers, steps between them."""

import re
from collections import Counter
from itertools import groupby

from .harness import INSTANCE
from .place import Placed

# What Yosys and nextpnr append to a name when they make cells from it.
_MADE = re.compile(
    r"_(TRELLIS_FF|TRELLIS_DPR16X4|LUT4|CCU2C|PFUMX|L6MUX21|DP16KD)(_|$).*"
    r"|_(DI|AD|DO|CE|WE)[AB]?\d*$|\$(CCU2|DPRAM|RAMW|comb|nextpnr).*|\.\d+(\.\d+)*$"
)
_HARNESS = re.compile(r"(drive|capture|chain|so|si)\b|(drive|capture|chain|so)_")
# Names that only the tools gave end in chains of cell types: the origin in front is enough.
_LONGEST = 90


def name(cell: str) -> str:
    """The name in the design that is the origin of a cell or net, without instance and bit."""
    if not cell.startswith(INSTANCE + "."):
        return "harness" if _HARNESS.match(cell) else cell
    cell = cell.removeprefix(INSTANCE + ".")
    while (plain := _MADE.sub("", cell)) not in ("", cell):
        cell = plain
    return cell


def kind(cell: str, port: str) -> str:
    """What a path runs through at a cell's output or ends in at its input."""
    if "$DPRAM_COMB" in cell or "$RAMW" in cell:
        return "LUT RAM"
    if "$CCU2_COMB" in cell:
        return "carry chain"
    if port == "OFX":
        return "wide mux"
    if re.fullmatch(r"(DO|DI|AD|CE|WE|OCE|CS)[AB]\d*|RST[AB]|CLK[AB]", port):
        return "block RAM"
    return "LUT" if port in ("F", "A", "B", "C", "D") else "register"


def critical(run: Placed) -> list[dict]:
    """The steps of the slowest register-to-register path."""
    for path in run.report["critical_paths"]:
        if path["from"] == path["to"] != "<async>":
            return path["path"]
    return []


def words(run: Placed) -> str:
    """One sentence: from which register of which stage to which, through what, how long."""
    steps = critical(run)
    if not steps:
        return "no register-to-register path"
    first, last = steps[0]["from"], steps[-1]["to"]
    kinds = [kind(s["to"]["cell"], s["to"]["port"]) for s in steps if s["type"] == "logic"]
    # A carry chain is one step of a path, however many bits it runs over.
    through = Counter(
        what for what, group in groupby(kinds) for _ in ([what] if what == "carry chain" else group)
    )
    passed = ", ".join(f"{count} {what}" for what, count in through.items()) or "nothing"
    wires = sum(step["delay"] for step in steps if step["type"] == "routing")
    total = sum(step["delay"] for step in steps)
    return (
        f"{name(first['cell'])} ({kind(first['cell'], first['port'])}) to "
        f"{name(last['cell'])}.{last['port']} ({kind(last['cell'], last['port'])}) "
        f"through {passed}; {total - wires:.2f} ns logic + {wires:.2f} ns wires = {total:.2f} ns"
    )


def cells(run: Placed, fanouts: dict[str, int]) -> str:
    """The path cell by cell: arrival, own delay, kind, place, net and its fan-out."""
    lines, arrival = ["arrival  delay step        place      name"], 0.0
    for step in critical(run):
        arrival += step["delay"]
        end = step["to"]
        if step["type"] == "routing":
            text = f"{_short(step['net'])}  fan-out {fanouts.get(step['net'], '?')}"
        else:
            text = f"{_short(end['cell'])}.{end['port']}"
        what = kind(end["cell"], end["port"]) if step["type"] == "logic" else step["type"]
        place = "({},{})".format(*end["loc"])
        lines.append(f"{arrival:7.2f} {step['delay']:6.2f} {what:11} {place:10} {text}")
    return "\n".join(lines)


def endpoints(run: Placed, count: int = 50) -> str:
    """Where the slowest paths end: one line a register, the worst of its bits.

    The slowest path alone hides how much else has to move; this is the list to work from.
    """
    near = 0.75 * 1000 / run.fmax
    worst: dict[str, tuple[float, str]] = {}
    late: Counter[str] = Counter()
    for net in run.report["detailed_net_timings"]:
        for end in net["endpoints"]:
            target = f"{name(end['cell'])}.{end['port']}"
            delay = max(end["delay"])
            late[target] += delay > near
            worst[target] = max(worst.get(target, (0.0, "")), (delay, _short(net["net"])))
    order = sorted(worst, key=lambda target: -worst[target][0])[:count]
    rows = [f"{worst[t][0]:7.2f} {late[t]:5} {t:46} {worst[t][1]}" for t in order]
    head = f"arrival  late {'register and its input':46} last net (late: bits after {near:.2f} ns)"
    return "\n".join([head, *rows])


def _short(net: str) -> str:
    """A name without its middle when that is only what the tools repeat in it."""
    net = net.removeprefix(INSTANCE + ".")
    return net if len(net) <= _LONGEST else f"{net[: _LONGEST - 30]}…{net[-29:]}"
