# SPDX-License-Identifier: Apache-2.0
"""Capture files, for tcpdump and Wireshark: pcap and pcapng are read, pcap is written.

Time stamps are whole nanoseconds since 1970. Files of both byte orders and of micro- and
nanosecond resolution are read and written; only Ethernet is. Source: draft-ietf-opsawg-pcap.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from gso_model import pcapng
from gso_model.files import replacing

_MAGIC_MICRO, _MAGIC_NANO = 0xA1B2C3D4, 0xA1B23C4D
_ETHERNET = 1
_LONGEST = 1 << 24  # no frame of the core is longer (D9), so a longer one is a broken file
_SNAP_LENGTH = 262144  # what tcpdump writes; Wireshark shows nothing longer

ByteOrder = Literal["little", "big"]


def read_capture(
    path: str | Path, progress: Callable[[int], None] | None = None
) -> Iterator[tuple[int, bytes]]:
    """Iterates over (time stamp, frame) of a capture file, pcap or pcapng.

    `progress` is called after each frame with the number of bytes read so far. Raises
    `ValueError` with the file's name, at once where the file cannot be read or is no capture of
    Ethernet, while iterating where it ends early or a frame was cut when captured.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115 - the iterator closes it
        start = file.read(24)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None
    if start[:4] == pcapng.SECTION.to_bytes(4, "big"):
        frames = pcapng.frames(_Rejoined(start, file), str(path))
    else:
        try:
            frames = _records(file, path, *_read_header(start, path))
        except ValueError:
            file.close()
            raise
    return _closing(file, frames, progress)


class _Rejoined:
    """A file from which `start` was read already, as if it had not been; pipes cannot seek."""

    def __init__(self, start: bytes, file: BinaryIO):
        self._start, self._file = start, file

    def read(self, size: int, /) -> bytes:
        """As a file's."""
        taken, self._start = self._start[:size], self._start[size:]
        return taken + self._file.read(size - len(taken)) if len(taken) < size else taken


def _closing(
    file: BinaryIO, frames: Iterator[tuple[int, bytes]], progress: Callable[[int], None] | None
) -> Iterator[tuple[int, bytes]]:
    tell = file.tell if progress and file.seekable() else None
    with file:
        for item in frames:
            yield item
            if progress and tell:
                progress(tell())


def _read_header(header: bytes, path: str | Path) -> tuple[str, int]:
    """The byte order, as `struct` writes it, and the nanoseconds of a time stamp's unit."""
    for order in "<>":
        if len(header) < 4:
            break
        (magic,) = struct.unpack_from(order + "I", header)
        if magic not in (_MAGIC_MICRO, _MAGIC_NANO):
            continue
        if len(header) < 24:
            break
        major, minor, link = struct.unpack_from(order + "4xHH12xI", header)
        if major != 2:
            raise ValueError(f"{path}: pcap version {major}.{minor}, expected 2.4")
        if link & 0xFFFF != _ETHERNET:
            raise ValueError(f"{path}: link type {link & 0xFFFF}, expected 1 (Ethernet)")
        return order, 1 if magic == _MAGIC_NANO else 1000
    raise ValueError(f"{path}: not a capture file; expected pcap or pcapng")


def _records(
    file: BinaryIO, path: str | Path, order: str, unit: int
) -> Iterator[tuple[int, bytes]]:
    number = 0
    while header := file.read(16):
        number += 1
        if len(header) < 16:
            raise ValueError(f"{path}: ends inside the header of frame {number}")
        seconds, fraction, captured, original = struct.unpack(order + "4I", header)
        if captured > _LONGEST or fraction * unit >= 1_000_000_000:
            raise ValueError(f"{path}: the header of frame {number} makes no sense")
        if captured < original:
            raise ValueError(
                f"{path}: of frame {number} only {captured} of {original} bytes were captured"
            )
        frame = file.read(captured)
        if len(frame) < captured:
            raise ValueError(f"{path}: ends inside frame {number}")
        yield seconds * 1_000_000_000 + fraction * unit, frame


def write_capture(
    path: str | Path,
    frames: Iterable[tuple[int, bytes]],
    *,
    nanoseconds: bool = True,
    byte_order: ByteOrder = "little",
) -> int:
    """Writes (time stamp, frame) pairs to a capture file and returns how many.

    The file is there whole or not at all. Without `nanoseconds` time stamps are rounded down to
    microseconds. Raises `ValueError` for a time stamp before 1970 or after 2106, or a file that
    cannot be written.
    """
    order = "<" if byte_order == "little" else ">"
    magic, unit = (_MAGIC_NANO, 1) if nanoseconds else (_MAGIC_MICRO, 1000)
    number = 0
    with replacing(path) as file:
        file.write(struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, _SNAP_LENGTH, _ETHERNET))
        for stamp, frame in frames:
            seconds, rest = divmod(stamp, 1_000_000_000)
            if not 0 <= seconds < 1 << 32:
                raise ValueError(f"{path}: time stamp {stamp} ns is not between 1970 and 2106")
            length = len(frame)
            file.write(struct.pack(order + "4I", seconds, rest // unit, length, length) + frame)
            number += 1
    return number
