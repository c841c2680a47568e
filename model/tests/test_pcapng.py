# SPDX-License-Identifier: Apache-2.0
"""pcapng: both byte orders, every kind of block with frames, time stamps; broken files refused."""

import struct
from pathlib import Path

import pytest
from scapy.utils import PcapNgWriter

from gso_model import read_capture

FRAME = bytes(range(61))


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def section(order: str = "<", major: int = 1) -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, major, 0, -1), order)


def interface(
    order: str = "<", link: int = 1, snap: int = 0, options: list[tuple[int, bytes]] | None = None
) -> bytes:
    body = struct.pack(order + "HHI", link, 0, snap)
    for code, value in options or []:
        body += struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)
    return block(1, body + (bytes(4) if options else b""), order)


def enhanced(
    stamp: int, frame: bytes = FRAME, order: str = "<", identity: int = 0, original: int = 0
) -> bytes:
    fields = (identity, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), original or len(frame))
    return block(6, struct.pack(order + "5I", *fields) + frame, order)


def read(tmp_path: Path, content: bytes) -> list[tuple[int, bytes]]:
    path = tmp_path / "x.pcapng"
    path.write_bytes(content)
    return list(read_capture(path))


@pytest.mark.parametrize("order", ["<", ">"])
def test_enhanced_blocks_in_both_byte_orders(tmp_path: Path, order: str):
    stamp = 1_700_000_000_123_456
    content = section(order) + interface(order) + enhanced(stamp, FRAME, order)
    assert read(tmp_path, content) == [(stamp * 1000, FRAME)]


@pytest.mark.parametrize(
    ("resolution", "units"),
    [(0, 1), (3, 10**3), (6, 10**6), (9, 10**9), (12, 10**12), (0x80 | 20, 2**20)],
)
def test_resolution_of_time_stamps(tmp_path: Path, resolution: int, units: int):
    """if_tsresol: a power of ten, or of two with the highest bit; rounded down to nanoseconds."""
    stamp = 1_000_000 * units + units * 7 // 11
    options = [(9, bytes([resolution]))]
    content = section() + interface(options=options) + enhanced(stamp)
    assert read(tmp_path, content) == [(stamp * 10**9 // units, FRAME)]


def test_offset_of_time_stamps(tmp_path: Path):
    """if_tsoffset: seconds to add, negative ones too."""
    for offset in (100, -100):
        options = [(2, b"eth0"), (14, struct.pack("<q", offset)), (9, b"\x09")]
        content = section() + interface(options=options) + enhanced(5 * 10**11)
        assert read(tmp_path, content) == [((500 + offset) * 10**9, FRAME)]


def test_simple_and_obsolete_blocks(tmp_path: Path):
    """A Simple Packet Block has no time; the obsolete Packet Block does."""
    simple = block(3, struct.pack("<I", len(FRAME)) + FRAME)
    old = block(2, struct.pack("<HHIIII", 0, 0, 0, 77, len(FRAME), len(FRAME)) + FRAME)
    content = section() + interface() + simple + old
    assert read(tmp_path, content) == [(0, FRAME), (77_000, FRAME)]


def test_unknown_blocks_and_several_interfaces_and_sections(tmp_path: Path):
    """Each section has its own interfaces and its own byte order."""
    nano = [(9, b"\x09")]
    content = section() + block(5, bytes(8)) + interface() + interface(options=nano)
    content += block(0xBAD, bytes(5)) + enhanced(1, identity=1) + enhanced(1)
    content += section(">") + interface(">") + enhanced(3, FRAME, ">")
    assert [stamp for stamp, _ in read(tmp_path, content)] == [1, 1000, 3000]


def test_what_scapy_writes(tmp_path: Path):
    path = tmp_path / "scapy.pcapng"
    frames = [bytes([size % 251]) * size for size in (60, 61, 62, 63, 65000)]
    with PcapNgWriter(str(path)) as writer:
        writer.write([bytes(frame) for frame in frames])
    assert [frame for _, frame in read_capture(path)] == frames


GOOD = section() + interface()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD + enhanced(1)[:5], "ends inside the header of a block"),
        (GOOD + enhanced(1)[:-1], "ends inside a block"),
        (GOOD + enhanced(1)[:40], "ends inside a block"),
        (section()[:9], "byte order mark"),
        (section(major=2), "pcapng version 2, expected 1"),
        (section()[:8] + b"\x01\x02\x03\x04" + section()[12:], "byte order mark"),
        (GOOD + struct.pack("<II", 6, 8), "impossible length 8"),
        (GOOD + struct.pack("<II", 6, 1 << 30), "impossible length 1073741824"),
        (GOOD + struct.pack("<II", 6, 35), "impossible length 35"),
        (section() + enhanced(1), "frame 1 is of interface 0, not described"),
        (GOOD + enhanced(1) + enhanced(1, identity=1), "frame 2 is of interface 1"),
        (section() + interface(link=113) + enhanced(1), "link type 113, expected 1"),
        (section() + block(1, bytes(4)), "description of an interface is too short"),
        (GOOD + block(6, bytes(16)), "block of frame 1 is too short"),
        (GOOD + block(6, struct.pack("<5I", 0, 0, 0, 80, 80) + FRAME), "longer than its block"),
        (GOOD + enhanced(1, original=1500), "of frame 1 only 61 of 1500 bytes were captured"),
        (section() + interface(snap=40) + block(3, struct.pack("<I", 61) + FRAME), "only 40 of 61"),
    ],
)
def test_broken_files(tmp_path: Path, content: bytes, message: str):
    with pytest.raises(ValueError, match=rf"x\.pcapng: .*{message}") as caught:
        read(tmp_path, content)
    assert "\n" not in str(caught.value)
