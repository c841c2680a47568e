# SPDX-License-Identifier: Apache-2.0
"""One frame out of a file, with the descriptor for it: for `explain` and `describe`."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, replace

from gso_model.capture import read_capture
from gso_model.cli import options
from gso_model.descriptor import Descriptor
from gso_model.files import read_bytes
from gso_model.host_frame import Size, request, without_jumbo
from gso_model.layout import IdMode, L4Kind
from gso_model.vectors import load_vector

_CAPTURE_MAGIC = (
    b"\xa1\xb2\xc3\xd4",
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x4d\x3c\xb2\xa1",
    b"\x0a\x0d\x0d\x0a",
)
# What fits where no option says so: Ethernet's usual MTU.
_USUAL = Size(mtu=1500)
_LONGEST = (1 << 24) - 1


@dataclass(frozen=True)
class FrameJob:
    """A frame, what is asked for it, and where it came from, in words."""

    frame: bytes
    descriptor: Descriptor
    where: str


def add_frame(parser: ArgumentParser) -> None:
    """Which frame of a capture, and into what it is cut."""
    parser.add_argument(
        "--frame", type=int, metavar="N", help="number of the frame in a capture, from 1 on"
    )
    options.add_size(parser, needed=False)
    options.add_ip_id(parser)


def load_job(path: str, chosen: Namespace) -> FrameJob:
    """The frame in `path`: a capture, a vector (`.json`), or a file with the frame's bytes alone.

    Of a capture it is frame `--frame`, or the first one that does not fit. A vector brings its
    own descriptor, in which `--mss` replaces the MSS.
    """
    given = chosen.mss is not None or chosen.mtu is not None
    size = options.size(chosen) if given else _USUAL
    content = read_bytes(path)
    if path.endswith(".json"):
        vector = load_vector(path)
        mss = size.mss_of(vector.descriptor) if given else vector.descriptor.mss
        return FrameJob(vector.frame, replace(vector.descriptor, mss=mss), path)
    if content[:4] in _CAPTURE_MAGIC:
        number, frame = _of_capture(path, chosen.frame, size)
        where = f"{path}, frame {number}"
    elif 14 <= len(content) <= _LONGEST:
        if chosen.frame not in (None, 1):
            raise ValueError(f"{path}: --frame is {chosen.frame}, but the file is one frame")
        frame, where = content, path
    else:
        raise ValueError(f"{path}: {len(content)} bytes, expected a frame of 14 to {_LONGEST}")
    frame = without_jumbo(frame)
    ip_id = IdMode[chosen.ip_id.upper()]
    plain = request(frame, 0, ip_id=ip_id)
    if plain.l4_kind == L4Kind.NONE:
        return FrameJob(frame, plain, where)
    mss = size.mss_of(plain)
    if mss < 1:
        raise ValueError(
            f"{where}: headers of {plain.header_length} bytes leave no room in an MTU of {size.mtu}"
        )
    return FrameJob(frame, request(frame, mss, ip_id=ip_id), where)


def _of_capture(path: str, number: int | None, size: Size) -> tuple[int, bytes]:
    if number is not None and number < 1:
        raise ValueError(f"--frame is {number}, expected 1 or more")
    count = 0
    first = b""
    for count, (_, frame) in enumerate(read_capture(path), 1):
        if count == number or (
            number is None and frame and size.exceeded(frame, request(frame, 0))
        ):
            return count, frame
        first = first or frame
    if number is not None:
        raise ValueError(f"{path}: frame {number} asked for, but it has {count}")
    if not first:
        raise ValueError(f"{path}: has no frame")
    return 1, first
