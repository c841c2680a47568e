# SPDX-License-Identifier: Apache-2.0
"""`gso explain`: how one frame becomes segments, field by field, on the terminal and as SVG."""

import os
import sys
from argparse import ArgumentParser, Namespace

from gso_model.cli import options
from gso_model.cli.engines import engine
from gso_model.cli.explain_svg import picture
from gso_model.cli.one_frame import FrameJob, add_frame, load_job
from gso_model.explanation import Explanation, Row, explain
from gso_model.files import write_text
from gso_model.layout import Status
from gso_model.words import descriptor_words, status_words

_BOLD, _COLOUR, _PLAIN = "\x1b[1m", "\x1b[33m", "\x1b[0m"
_LONGEST_VALUE = 8  # bytes that are shown of a field


def add(parser: ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("file", help="a capture, a vector (.json), or the bytes of one frame")
    add_frame(parser)
    options.add_engine(parser)
    parser.add_argument("--svg", metavar="FILE", help="also write it as a picture")
    parser.set_defaults(run=run)


def run(chosen: Namespace) -> int:
    """Does it."""
    job = load_job(chosen.file, chosen)
    works = engine(chosen.engine, chosen.width, chosen.preset)
    ((segments, completion),) = works.run([(job.frame, job.descriptor)])
    if completion.status != Status.OK:
        raise ValueError(f"{job.where} is refused: {status_words(completion.status)}")
    explained = explain(job.frame, job.descriptor, segments)
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in text(job, explained, works.name, colours):
        print(line)
    if chosen.svg:
        write_text(chosen.svg, picture(job.where, explained))
        print(f"\npicture: {chosen.svg}")
    return 0


def text(job: FrameJob, explained: Explanation, by: str, colours: bool) -> list[str]:
    """The lines for the terminal."""
    bold, colour, plain = (_BOLD, _COLOUR, _PLAIN) if colours else ("", "", "")
    lines = [f"{bold}{job.where}{plain}, segmented by the {by}"]
    lines += [f"  {line}" for line in descriptor_words(job.descriptor)]
    names = [f"segment {at + 1}" for at in explained.shown]
    cells = [("bytes", "field", "", "frame", names)]
    cells += [_row(row) for row in explained.rows]
    if explained.descriptor.header_length:
        cells.append(_payload(explained))
    width = max(len(row[3]) for row in cells)
    columns = [max(len(row[4][at]) for row in cells) for at in range(len(names))]
    header = ""
    lines.append("")
    for at, (place, name, what, old, new) in enumerate(cells):
        row = explained.rows[at - 1] if 0 < at <= len(explained.rows) else None
        if row is not None and row.field.header != header:
            header = row.field.header
            lines.append(f"{bold}{header}{plain}")
        values = "  ".join(value.rjust(size) for value, size in zip(new, columns, strict=True))
        line = f"{place:>9}  {name:27} {what:9}  {old:>{width}}  {values}".rstrip()
        if at == 0:
            line = bold + line + plain
        elif row is not None and row.rewritten:
            line = colour + line + plain
        lines.append(line)
    copied = explained.header_length - explained.rewritten_bytes
    lines += [
        "",
        f"Of {explained.header_length} header bytes {copied} are copied into every segment and "
        f"{explained.rewritten_bytes} rewritten; = is the frame's value.",
    ]
    return lines


def _row(row: Row) -> tuple[str, str, str, str, list[str]]:
    first, last = row.field.start, row.field.end - 1
    place = f"{first}-{last}" if last > first else f"{first}"
    what = "REWRITTEN" if row.rewritten else "copied"
    new = ["=" if value == row.old else shown(value) for value in row.new]
    return place, row.field.name, what, shown(row.old), new


def _payload(explained: Explanation) -> tuple[str, str, str, str, list[str]]:
    """Which bytes of the payload are in which segment."""
    start = explained.header_length
    ranges = [f"{first}..{end - 1}" if end > first else "none" for first, end in explained.payload]
    return f"{start}-", "payload", "copied", f"{len(explained.frame) - start} bytes", ranges


def shown(value: bytes) -> str:
    """A value in hex, in the middle cut where it is long."""
    if len(value) <= _LONGEST_VALUE:
        return value.hex(" ", 2) if value else "-"
    half = _LONGEST_VALUE // 2
    return f"{value[:half].hex()}..{value[-half:].hex()}"
