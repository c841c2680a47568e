# SPDX-License-Identifier: Apache-2.0
"""How many inputs each net of the netlist drives; nextpnr's report does not tell."""

import json
from collections import Counter
from pathlib import Path

from .harness import HARNESS, INSTANCE


def fanouts(netlist: Path) -> dict[str, int]:
    """Fan-out by net name, bits as `name[3]`; all names of a net are there."""
    names, users = _read(netlist)
    return {name: users[bit] for name, bit in names.items()}


def widest(netlist: Path, count: int = 25) -> str:
    """The nets with the most inputs, the clock apart, each by its shortest name.

    On this part they cost most of the wire delay: a select or an enable for all lanes is better
    kept in several registers.
    """
    names, users = _read(netlist)
    shortest: dict[int, str] = {}
    for name, bit in names.items():
        if bit not in shortest or (len(name), name) < (len(shortest[bit]), shortest[bit]):
            shortest[bit] = name
    clock = names["clk"]
    order = [(bit, number) for bit, number in users.most_common(count + 1) if bit != clock]
    lines = [f"{number:7} {shortest[bit].removeprefix(INSTANCE + '.')}" for bit, number in order]
    return "\n".join(["fan-out net", *lines[:count]])


def _read(netlist: Path) -> tuple[dict[str, int], Counter[int]]:
    """The bit that each name stands for, and how many inputs each bit drives."""
    module = json.loads(netlist.read_text())["modules"][HARNESS]
    users: Counter[int] = Counter()
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"].get(port) == "input":
                users.update(bit for bit in bits if isinstance(bit, int))
    names = {}
    for name, net in module["netnames"].items():
        low = net.get("offset", 0)
        for index, bit in enumerate(net["bits"]):
            single = len(net["bits"]) == 1 and not low
            if isinstance(bit, int):
                names[name if single else f"{name}[{low + index}]"] = bit
    return names, users
