# SPDX-License-Identifier: Apache-2.0
"""Output files are whole or not there; what cannot be written is one line."""

from pathlib import Path

import pytest

from gso_model import write_capture
from gso_model.files import read_bytes, replacing, write_text


def test_nothing_half_written(tmp_path: Path):
    """An exception leaves what was there, and no other file."""
    path = tmp_path / "x.pcap"
    path.write_bytes(b"old")

    def frames():
        yield 0, bytes(60)
        raise ValueError("broken input")

    with pytest.raises(ValueError, match="broken input"):
        write_capture(path, frames())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_interrupted(tmp_path: Path):
    """Ctrl-C too."""
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "x") as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(tmp_path: Path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_devices_are_written_to_directly():
    write_text("/dev/null", "away")
    assert Path("/dev/null").is_char_device()


def test_what_cannot_be_written(tmp_path: Path):
    for path in (tmp_path / "no" / "file", tmp_path):
        with pytest.raises(ValueError, match="cannot be written: "):
            write_text(path, "")
    with pytest.raises(ValueError, match=r"none: cannot be read: "):
        read_bytes(tmp_path / "none")
