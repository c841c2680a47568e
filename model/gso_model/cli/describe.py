# SPDX-License-Identifier: Apache-2.0
"""`gso describe`: a descriptor in words, and whether the core would take it."""

import sys
from argparse import ArgumentParser, Namespace

from gso_model.capabilities import BASIC, FULL
from gso_model.check import check_descriptor
from gso_model.cli.engines import PRESETS
from gso_model.cli.one_frame import add_frame, load_job
from gso_model.descriptor import Descriptor
from gso_model.files import read_bytes
from gso_model.layout import DESCRIPTOR, Status
from gso_model.words import descriptor_words, status_words


def add(parser: ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "descriptor",
        nargs="?",
        help="256 bits as one hex number, most significant digit first; - reads it from stdin",
    )
    parser.add_argument(
        "--bytes", metavar="FILE", help="instead: its 32 bytes as a driver writes them, in FILE"
    )
    parser.add_argument("--of", metavar="FILE", help="instead: the descriptor for a frame in FILE")
    add_frame(parser)
    parser.add_argument("--fields", action="store_true", help="also every field that is not 0")
    parser.add_argument(
        "--preset", choices=PRESETS, default=PRESETS[-1], help="what the core has built (full)"
    )
    parser.set_defaults(run=run)


def run(chosen: Namespace) -> int:
    """Does it."""
    descriptor = _descriptor(chosen)
    print(f"{descriptor.pack():064x}")
    for line in descriptor_words(descriptor):
        print(line)
    status = check_descriptor(descriptor, FULL if chosen.preset == "full" else BASIC)
    verdict = "takes it" if status == Status.OK else f"refuses it: {status_words(status)}"
    print(f"{'the core':14} {verdict}")
    if chosen.fields:
        values = DESCRIPTOR.unpack(descriptor.pack())
        for field in DESCRIPTOR.fields:
            if values[field.name]:
                bits = f"{field.low + field.width - 1}:{field.low}"
                print(f"  {bits:>8} {field.name:18} {values[field.name]:>8}  {field.meaning}")
    return 0


def _descriptor(chosen: Namespace) -> Descriptor:
    """The one that is meant by the arguments."""
    if sum(part is not None for part in (chosen.descriptor, chosen.bytes, chosen.of)) != 1:
        raise ValueError("describe: expected one of: a descriptor, --bytes FILE, --of FILE")
    if chosen.of is not None:
        return load_job(chosen.of, chosen).descriptor
    if chosen.bytes is not None:
        content = read_bytes(chosen.bytes)
        if len(content) != DESCRIPTOR.bits // 8:
            raise ValueError(f"{chosen.bytes}: {len(content)} bytes, expected 32")
        return Descriptor.unpack(int.from_bytes(content, "little"))
    text = sys.stdin.read() if chosen.descriptor == "-" else chosen.descriptor
    return Descriptor.unpack(_number(text))


def _number(text: str) -> int:
    digits = "".join(text.split()).replace("_", "").lower().removeprefix("0x")
    if not digits or len(digits) > 64 or any(digit not in "0123456789abcdef" for digit in digits):
        shown = text.strip() if len(text) <= 80 else text.strip()[:77] + "..."
        raise ValueError(f"descriptor {shown!r}: expected up to 64 hex digits")
    return int(digits, 16)
