# SPDX-License-Identifier: Apache-2.0
"""The harness that makes a core with hundreds of ports fit a package and gives it honest timing.

Every input of the core, its reset too, is driven by a flip-flop and every output is captured in
one, so a path that starts or ends outside the core counts in full, as it would between two
registered neighbours. Two shift registers reduce the pins to three: the input flip-flops are one
chain, and the captured outputs are XORed into another, one output a link. No link is longer than
one LUT, so the harness itself is never what bounds the clock, and no output can be optimised away.
"""

import re

CLOCK = "clk"
HARNESS = "gso_harness"
INSTANCE = "gso"  # the core within the harness: the first part of every name in it

_PORT = re.compile(r"^\s*(input|output)\s+(?:wire\s+|reg\s+)*(?:\[(\d+):0\]\s*)?(\w+)\s*;", re.M)


def ports(verilog: str, top: str) -> list[tuple[str, str, int]]:
    """(direction, name, width) of the module `top`, in the order in which it declares them."""
    module = re.search(rf"^module {top}\(.*?^endmodule", verilog, re.M | re.S)
    if module is None:
        raise ValueError(f"no module {top} in the Verilog text")
    found = []
    for direction, high, name in _PORT.findall(module[0]):
        found.append((direction, name, int(high or 0) + 1))
    return found


def stub(verilog: str, top: str) -> str:
    """The module `top` without content, to synthesise the harness apart from the core."""
    lines = [
        f"(* blackbox *)\nmodule {top}({', '.join(name for _, name, _ in ports(verilog, top))});"
    ]
    for direction, name, width in ports(verilog, top):
        lines.append(f"  {direction} [{width - 1}:0] {name};")
    return "\n".join([*lines, "endmodule", ""])


def harness(verilog: str, top: str) -> str:
    """The Verilog of the harness around `top`: pins `clk`, `si` and `so`."""
    connections = [f".{CLOCK}({CLOCK})"]
    counts = {"input": 0, "output": 0}
    vectors = {"input": "drive", "output": "out"}
    for direction, name, width in ports(verilog, top):
        if name == CLOCK:
            continue
        low = counts[direction]
        counts[direction] += width
        connections.append(f".{name}({vectors[direction]}[{counts[direction] - 1}:{low}])")
    inputs, outputs = counts["input"], counts["output"]
    joined = ",\n    ".join(connections)
    return f"""module {HARNESS}(input {CLOCK}, input si, output so);
  reg [{inputs - 1}:0] drive;
  wire [{outputs - 1}:0] out;
  reg [{outputs - 1}:0] capture, chain;
  always @(posedge {CLOCK}) begin
    drive <= {{drive[{inputs - 2}:0], si}};
    capture <= out;
    chain <= capture ^ {{chain[{outputs - 2}:0], 1'b0}};
  end
  assign so = chain[{outputs - 1}];
  {top} {INSTANCE} (
    {joined}
  );
endmodule
"""
