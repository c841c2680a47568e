# SPDX-License-Identifier: Apache-2.0
"""Writes the core as Verilog: `python -m gso_hdl.generate --width 512 --output gso_tx_512.v`."""

import argparse
import os
import sys
from pathlib import Path

from amaranth.back import verilog

from .configuration import Configuration
from .top import Top

# The Yosys that comes with Amaranth writes the Verilog, so that everybody gets the same file.
YOSYS = "builtin"


def verilog_of(config, name="gso_tx"):
    """The Verilog text of the core, reproducible byte for byte."""
    os.environ["AMARANTH_USE_YOSYS"] = YOSYS
    top = Top(config)
    return verilog.convert(
        top, name=name, ports=top.ports, emit_src=False, strip_internal_attrs=True
    )


def main(arguments=None):
    """Command line; returns the exit code: 0, or 2 with one line for bad input."""
    parser = argparse.ArgumentParser(prog="gso_hdl.generate", description=__doc__)
    parser.add_argument("--width", type=int, default=512, help="bits: 64, 128, 256 or 512")
    parser.add_argument("--preset", default="basic", help="basic or full")
    parser.add_argument("--output", type=Path, required=True, help="the Verilog file to write")
    options = parser.parse_args(arguments)
    try:
        config = Configuration.preset(options.preset, data_width=options.width)
        text = verilog_of(config)
        options.output.parent.mkdir(parents=True, exist_ok=True)
        partial = options.output.with_suffix(f".{os.getpid()}.partial")
        partial.write_text(text)
        partial.replace(options.output)
    except (ValueError, OSError) as error:
        print(f"gso_hdl.generate: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
