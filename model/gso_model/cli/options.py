# SPDX-License-Identifier: Apache-2.0
"""Options that several commands have."""

from argparse import ArgumentParser, Namespace
from typing import NoReturn

from gso_model.cli.engines import ENGINES, PRESETS, WIDTHS
from gso_model.host_frame import Size
from gso_model.layout import IdMode


class Parser(ArgumentParser):
    """An argument parser whose errors are one line, like all others here."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}; see {self.prog} --help")


def add_size(parser: ArgumentParser, needed: bool = True) -> None:
    """`--mss` and `--mtu`, one of them."""
    group = parser.add_mutually_exclusive_group(required=needed)
    group.add_argument("--mss", type=int, metavar="N", help="payload bytes of a segment")
    group.add_argument(
        "--mtu", type=int, metavar="N", help="bytes of a segment from its (outer) IP header on"
    )


def size(chosen: Namespace) -> Size:
    """What `add_size`'s options say, within the core's limits (D7)."""
    if chosen.mss is not None and not 1 <= chosen.mss <= 0xFFFF:
        raise ValueError(f"--mss is {chosen.mss}, expected 1 to 65535")
    if chosen.mtu is not None and not 68 <= chosen.mtu <= 0xFFFF:
        raise ValueError(f"--mtu is {chosen.mtu}, expected 68 to 65535")
    return Size(mss=chosen.mss or 0, mtu=chosen.mtu or 0)


def add_engine(parser: ArgumentParser) -> None:
    """What segments, and which RTL."""
    parser.add_argument(
        "--engine", choices=ENGINES, default="model", help="the golden model, or the compiled RTL"
    )
    add_core(parser)


def add_core(parser: ArgumentParser) -> None:
    """Which RTL."""
    parser.add_argument(
        "--width", type=int, choices=WIDTHS, default=512, help="data bits of the RTL (512)"
    )
    parser.add_argument(
        "--preset", choices=PRESETS, default=PRESETS[-1], help="what the RTL has built (full)"
    )


def add_ip_id(parser: ArgumentParser) -> None:
    """How the identification counts."""
    parser.add_argument(
        "--ip-id",
        choices=tuple(mode.name.lower() for mode in IdMode),
        default="mod16",
        help="how the IPv4 identification counts (mod16, as Linux and Windows USO do; "
        "mod15 is Windows LSO)",
    )
