# SPDX-License-Identifier: Apache-2.0
"""The command line `gso`: parses, calls a command, and turns every error into one line."""

import os
import sys
from collections.abc import Sequence

from gso_model.cli import describe, explain, options, segment, verilog
from gso_model.version import VERSION

COMMANDS = {
    "segment": (segment, "turn a host's capture into what goes on the wire"),
    "explain": (explain, "show how one frame becomes segments, field by field"),
    "describe": (describe, "print a descriptor in words"),
    "verilog": (verilog, "write the core as Verilog"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 with one line on stderr."""
    try:
        chosen = _parser().parse_args(arguments)
        code: int = chosen.run(chosen)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, `head` for one, has seen enough. Python would complain while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    return code


def _parser() -> options.Parser:
    parser = options.Parser(
        prog="gso", description="Segmentation offload: what a NIC makes of large frames."
    )
    parser.add_argument("--version", action="version", version=f"gso {VERSION}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (module, text) in COMMANDS.items():
        module.add(commands.add_parser(name, help=text, description=module.__doc__))
    return parser
