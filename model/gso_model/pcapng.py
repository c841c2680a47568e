# SPDX-License-Identifier: Apache-2.0
"""Reads the blocks of a pcapng file that hold frames. Source: draft-ietf-opsawg-pcapng.

Known: sections of both byte orders, interfaces with their resolution and offset of time stamps,
Enhanced, Simple and (obsolete) Packet Blocks. Any other block is skipped.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

SECTION = 0x0A0D0D0A
_BYTE_ORDER = 0x1A2B3C4D
_INTERFACE, _PACKET, _SIMPLE, _ENHANCED = 1, 2, 3, 6
_OPTION_END, _OPTION_RESOLUTION, _OPTION_OFFSET = 0, 9, 14
_ETHERNET = 1
_LONGEST_BLOCK = (1 << 24) + (1 << 16)  # the longest frame of the core with many options
_NANOSECONDS = 1_000_000_000


class Readable(Protocol):
    """What is needed of a file."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class _Interface:
    link: int
    snap_length: int
    units: int = 1_000_000  # in a second
    offset: int = 0  # seconds

    def nanoseconds(self, stamp: int) -> int:
        """A time stamp in nanoseconds since 1970, rounded down."""
        return self.offset * _NANOSECONDS + stamp * _NANOSECONDS // self.units


class _Reader:
    def __init__(self, file: Readable, where: str):
        self._file, self._where = file, where
        self._order = "<"
        self._interfaces: list[_Interface] = []
        self._number = 0  # of the frame

    def frames(self) -> Iterator[tuple[int, bytes]]:
        while header := self._file.read(8):
            kind, body = self._block(header)
            if kind == SECTION:
                self._interfaces = []
            elif kind == _INTERFACE:
                self._interfaces.append(self._interface(body))
            elif kind in (_PACKET, _SIMPLE, _ENHANCED):
                self._number += 1
                yield self._frame(kind, body)

    def _block(self, header: bytes) -> tuple[int, bytes]:
        """The kind and the body of the block that begins with `header`."""
        if len(header) < 8:
            raise self._wrong("ends inside the header of a block")
        start = b""
        if header[:4] == SECTION.to_bytes(4, "big"):  # the same in both byte orders
            start = self._file.read(4)
            if start not in (struct.pack("<I", _BYTE_ORDER), struct.pack(">I", _BYTE_ORDER)):
                raise self._wrong("a section's byte order mark is none")
            self._order = "<" if start[0] == _BYTE_ORDER & 0xFF else ">"
        kind, length = struct.unpack(self._order + "II", header)
        if length % 4 or not 12 + len(start) <= length <= _LONGEST_BLOCK:
            raise self._wrong(f"a block has the impossible length {length}")
        body = start + self._file.read(length - 12 - len(start))
        if len(body) < length - 12 or len(self._file.read(4)) < 4:
            raise self._wrong("ends inside a block")
        if kind == SECTION and body[4:6] != struct.pack(self._order + "H", 1):
            major = int.from_bytes(body[4:6], "little" if self._order == "<" else "big")
            raise self._wrong(f"pcapng version {major}, expected 1")
        return kind, body

    def _interface(self, body: bytes) -> _Interface:
        if len(body) < 8:
            raise self._wrong("the description of an interface is too short")
        link, snap_length = struct.unpack_from(self._order + "HxxI", body)
        units, offset = 1_000_000, 0
        for code, value in self._options(body[8:]):
            if code == _OPTION_RESOLUTION and value:
                exponent = value[0] & 0x7F
                units = 2**exponent if value[0] & 0x80 else 10**exponent
            elif code == _OPTION_OFFSET and len(value) >= 8:
                (offset,) = struct.unpack_from(self._order + "q", value)
        return _Interface(link, snap_length, units, offset)

    def _options(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        at = 0
        while at + 4 <= len(data):
            code, length = struct.unpack_from(self._order + "HH", data, at)
            if code == _OPTION_END:
                return
            yield code, data[at + 4 : at + 4 + length]
            at += 4 + (length + 3 & ~3)

    def _frame(self, kind: int, body: bytes) -> tuple[int, bytes]:
        """The time stamp (0 in a Simple Packet Block, which has none) and the frame."""
        shape = {_ENHANCED: "IIIII", _PACKET: "HxxIIII", _SIMPLE: "I"}[kind]
        size = struct.calcsize("=" + shape)
        if len(body) < size:
            raise self._wrong(f"the block of frame {self._number} is too short")
        values = struct.unpack_from(self._order + shape, body)
        identity, original = (0 if kind == _SIMPLE else values[0]), values[-1]
        if identity >= len(self._interfaces):
            raise self._wrong(f"frame {self._number} is of interface {identity}, not described")
        interface = self._interfaces[identity]
        if interface.link != _ETHERNET:
            raise self._wrong(
                f"frame {self._number}: link type {interface.link}, expected 1 (Ethernet)"
            )
        if kind == _SIMPLE:
            captured = min(original, interface.snap_length or original)
            stamp = 0
        else:
            captured = values[3]
            stamp = interface.nanoseconds(values[1] << 32 | values[2])
        if captured > len(body) - size:
            raise self._wrong(f"frame {self._number} is longer than its block")
        if captured < original:
            raise self._wrong(
                f"of frame {self._number} only {captured} of {original} bytes were captured"
            )
        return stamp, body[size : size + captured]

    def _wrong(self, message: str) -> ValueError:
        return ValueError(f"{self._where}: {message}")


def frames(file: Readable, where: str) -> Iterator[tuple[int, bytes]]:
    """Iterates over (time stamp in nanoseconds, frame) of a file open at its first section.

    `where` stands in front of the message of a `ValueError`, which is for a broken file, a link
    that is not Ethernet and a frame that was cut when captured.
    """
    return _Reader(file, where).frames()
