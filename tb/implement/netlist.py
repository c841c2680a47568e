# SPDX-License-Identifier: Apache-2.0
"""How many inputs each net of a placed netlist drives; nextpnr's report does not tell."""

import json
from collections import Counter
from pathlib import Path

from .harness import HARNESS


def fanouts(netlist: Path) -> dict[str, int]:
    """Fan-out by net name, bits as `name[3]`; aliases of a net are all there."""
    module = json.loads(netlist.read_text())["modules"][HARNESS]
    users: Counter[int] = Counter()
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"].get(port) == "input":
                users.update(bit for bit in bits if isinstance(bit, int))
    found = {}
    for name, net in module["netnames"].items():
        low = net.get("offset", 0)
        for index, bit in enumerate(net["bits"]):
            single = len(net["bits"]) == 1 and not low
            found[name if single else f"{name}[{low + index}]"] = users[bit]
    return found
