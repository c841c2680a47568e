# SPDX-License-Identifier: Apache-2.0
"""Where the memories of the widest core's store stand on the ECP5.

Left to itself nextpnr scatters the four memories that are written alike over the whole chip, and
each wire of what is written is four times as long as it need be (docs/timing.md).
"""

import json
import re
import sys
from pathlib import Path

from .harness import HARNESS

# The LFE5UM-85 has four rows of block RAM with 52 in each, four of them a group of columns.
_ROWS = (22, 46, 70, 82)
_COLUMNS = tuple(
    first + step
    for first in (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114)
    for step in (0, 2, 4, 6)
)
_FIRST_COLUMN = 18
_COPIES = 4
_MEMORY = re.compile(r"\.store\.memory_(\d+)_(\d+)\b")


def apply(netlist: Path, planned: Path) -> int:
    """Writes `netlist`, of the core in its harness, as `planned`, with a place for each memory of
    the store. Returns how many there are: 64, or 0 in a core without, or with more block RAMs than
    memories, which is said.

    A row holds every fourth lane, so that lanes beside each other, which turn into each other's
    places, are above each other.
    """
    design = json.loads(netlist.read_text())
    found, stored = {}, 0
    for name, cell in design["modules"][HARNESS]["cells"].items():
        if ".store." in name and cell["type"] == "DP16KD":
            stored += 1
            if memory := _MEMORY.search(name):
                found[int(memory[1]), int(memory[2])] = cell
    if len(found) != stored:
        print(f"no floor plan: {stored} block RAMs of the store, not one a memory", file=sys.stderr)
        found = {}
    for (group, copy), cell in found.items():
        row, place = group % len(_ROWS), group // len(_ROWS)
        column = _FIRST_COLUMN + _COPIES * place + copy
        cell["attributes"]["BEL"] = f"X{_COLUMNS[column]}/Y{_ROWS[row]}/EBR{column % 4}"
    planned.write_text(json.dumps(design))
    return len(found)
