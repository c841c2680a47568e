# SPDX-License-Identifier: Apache-2.0
"""Capture files: what is written is read, broken files are refused in one line."""

import struct
from pathlib import Path
from typing import Literal

import pytest
from scapy.utils import RawPcapReader

from gso_model import describe, read_capture, write_capture

CAPTURES = Path(__file__).resolve().parents[2] / "tb" / "captures"
FRAMES = [(1_700_000_000_123_456_789, b"\x01" * 60), (1_700_000_001_000_000_999, b"\x02" * 70000)]


@pytest.mark.parametrize("byte_order", ["little", "big"])
@pytest.mark.parametrize("nanoseconds", [True, False])
def test_round_trip(tmp_path: Path, byte_order: Literal["little", "big"], nanoseconds: bool):
    path = tmp_path / "x.pcap"
    assert write_capture(path, FRAMES, nanoseconds=nanoseconds, byte_order=byte_order) == 2
    unit = 1 if nanoseconds else 1000
    assert list(read_capture(path)) == [(stamp // unit * unit, frame) for stamp, frame in FRAMES]


def test_scapy_reads_what_we_write(tmp_path: Path):
    path = str(tmp_path / "x.pcap")
    frames = [b"\x01" * 60, b"\x02" * 60000]
    write_capture(path, enumerate(frames))
    with RawPcapReader(path) as reader:
        assert [frame for frame, _ in reader] == frames
        assert reader.linktype == 1


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.pcap")), ids=lambda path: path.stem)
def test_captured_super_frames(path: Path):
    """We read what scapy reads, and every frame is one that the core can segment."""
    frames = [frame for _, frame in read_capture(path)]
    with RawPcapReader(str(path)) as reader:
        assert frames == [frame for frame, _ in reader]
    assert len(frames) == 12
    assert all(describe(frame, 1200, tunnels=True).mss for frame in frames)


HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
RECORD = struct.pack("<4I", 1, 2, 4, 4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a capture file"),
        (b"\xd4\xc3", "not a capture file"),
        (b"#!/bin/sh" * 10, "not a capture file"),
        (HEADER[:23], "not a capture file"),
        (b"\x0a\x0d\x0d\x0a" + bytes(40), "byte order mark"),
        (HEADER[:4] + b"\x03" + HEADER[5:], "pcap version 3.4, expected 2.4"),
        (HEADER[:20] + b"\x71" + HEADER[21:], r"link type 113, expected 1 \(Ethernet\)"),
        (HEADER + RECORD[:9], "ends inside the header of frame 1"),
        (HEADER + RECORD + b"abc", "ends inside frame 1"),
        (HEADER + RECORD + b"abcd" + RECORD, "ends inside frame 2"),
        (HEADER + struct.pack("<4I", 1, 2, 1 << 25, 1 << 25), "frame 1 makes no sense"),
        (HEADER + struct.pack("<4I", 1, 1_000_000, 4, 4) + b"abcd", "frame 1 makes no sense"),
        (HEADER + struct.pack("<4I", 1, 2, 4, 9) + b"abcd", "of frame 1 only 4 of 9 bytes"),
    ],
)
def test_broken_files(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / "broken.pcap"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"broken\.pcap: .*{message}") as caught:
        list(read_capture(path))
    assert "\n" not in str(caught.value)


def test_an_empty_capture_has_no_frames(tmp_path: Path):
    path = tmp_path / "empty.pcap"
    path.write_bytes(HEADER)
    assert list(read_capture(path)) == []


def test_a_bad_file_is_refused_at_once(tmp_path: Path):
    """Before the first frame is asked for."""
    with pytest.raises(ValueError, match=r"none\.pcap: cannot be read"):
        read_capture(tmp_path / "none.pcap")
    with pytest.raises(ValueError, match="cannot be written"):
        write_capture(tmp_path / "no" / "such" / "directory.pcap", [])


def test_time_stamps_out_of_range(tmp_path: Path):
    for stamp in (-1, 1 << 62):
        with pytest.raises(ValueError, match="1970"):
            write_capture(tmp_path / "x.pcap", [(stamp, b"")])
