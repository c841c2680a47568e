# SPDX-License-Identifier: Apache-2.0
"""`gso verilog`: writes the core as Verilog."""

import sys
from argparse import ArgumentParser, Namespace
from importlib import import_module
from typing import Any

from gso_model.cli import options


def add(parser: ArgumentParser) -> None:
    """The command's options."""
    options.add_core(parser)
    parser.add_argument(
        "--output", metavar="FILE", help="the file to write (gso_tx_WIDTH.v in this folder)"
    )
    parser.set_defaults(run=run)


def run(chosen: Namespace) -> int:
    """Does it."""
    try:
        # By name: the model does not need the hardware.
        generate: Any = import_module("gso_hdl.generate")
    except ImportError as error:
        raise ValueError(f"verilog: {error}; get it with: pip install . in a checkout") from None
    output = chosen.output or f"gso_tx_{chosen.width}.v"
    if sys.stderr.isatty():
        print(f"generating the core, {chosen.width} bits ...", file=sys.stderr, flush=True)
    arguments = ["--width", str(chosen.width), "--preset", chosen.preset, "--output", output]
    code: int = generate.main(arguments)
    if code == 0:
        print(output)
    return code
