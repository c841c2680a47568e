# SPDX-License-Identifier: Apache-2.0
"""NDIS-style and rubbish variants of the kernel's vectors on the model (D1, D2, D3)."""

import subprocess
import sys
from pathlib import Path

import pytest

from gso_model import Status, Vector, load_vectors, segment
from gso_model.layout import ChecksumMode, L3Kind, L4Kind
from gso_tb import tools
from gso_tb.variants import VARIANTS, variants

LINUX = load_vectors(tools.ROOT / "tb" / "vectors" / "linux-gso")


@pytest.mark.parametrize("vector", LINUX, ids=lambda vector: vector.name)
def test_segments_are_the_kernels(vector: Vector) -> None:
    """D1 to D3: what is not read may hold anything."""
    made = list(variants(vector))
    assert len(made) == len(VARIANTS)
    for variant in made:
        result = segment(variant.frame, variant.descriptor)
        assert result.completion.status == Status.OK, variant.name
        assert result.segments == vector.segments, variant.name


@pytest.mark.parametrize("vector", LINUX, ids=lambda vector: vector.name)
def test_lengths_are_gone(vector: Vector) -> None:
    """The NDIS variant holds 0 in every length and IPv4 checksum, and other seeds."""
    variant = next(variants(vector))
    d, frame = variant.descriptor, variant.frame
    zero = []
    for kind, at in ((d.l3_kind, d.l3_offset), (d.outer_l3_kind, d.outer_l3_offset)):
        zero += {L3Kind.IPV4: [at + 2, at + 10], L3Kind.IPV6: [at + 4]}.get(kind, [])
    zero += [d.l4_offset + 4] if d.l4_kind == L4Kind.UDP else []
    zero += [d.outer_l4_offset + 4] if d.outer_udp else []
    assert not any(byte for at in zero for byte in frame[at : at + 2])
    seed = d.l4_offset + (16 if d.l4_kind == L4Kind.TCP else 6)
    if d.l4_checksum == ChecksumMode.SEED_WITHOUT_LENGTH:
        whole = (d.frame_length - d.l4_offset) % 0xFFFF == 0  # then it counts for nothing
        assert whole or frame[seed : seed + 2] != vector.frame[seed : seed + 2]
    else:
        assert not any(vector.frame[seed : seed + 2])
    changed = {
        at for at, pair in enumerate(zip(frame, vector.frame, strict=True)) if pair[0] != pair[1]
    }
    outer = {d.outer_l4_offset + 6, d.outer_l4_offset + 7} if d.outer_l4_checksum else set()
    assert changed <= {at + i for at in zero for i in (0, 1)} | {seed, seed + 1} | outer


def test_script(tmp_path: Path) -> None:
    """The script writes them all, as vectors that can be loaded."""
    command = [sys.executable, str(tools.ROOT / "tb" / "vectors" / "make_ndis.py")]
    environment = {"PYTHONPATH": tools.python_path(), "PATH": ""}
    done = subprocess.run(
        [*command, str(tmp_path / "made")], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    wanted = sum(len(list(variants(vector))) for vector in LINUX)
    assert len(load_vectors(tmp_path / "made")) == wanted > 1000
    (tmp_path / "file").touch()
    done = subprocess.run(
        [*command, str(tmp_path / "file")], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
