# SPDX-License-Identifier: Apache-2.0
"""The core against the vectors that Linux made, and against our own, on both simulators."""

from pathlib import Path

import pytest

from gso_model import load_vectors
from gso_sim import Core
from gso_tb import runner, tools
from gso_tb.cases import vector_files, vector_job
from gso_tb.compiled import frames
from gso_tb.variants import VARIANTS, variants

VECTORS = tools.ROOT / "tb" / "vectors"
WITHOUT_TUNNEL = 178


def _run(sim: str, width: int, preset: str, files: list[Path], **options: int) -> dict:
    folder = files[0].parent.name
    return runner.run(
        "bench.bench_vectors",
        sim=sim,
        width=width,
        preset=preset,
        parameters={"files": [str(file) for file in files], **options},
        name="_".join(("vectors", folder, *options)),
    )


@pytest.mark.parametrize("folder", ["linux-gso", "own"])
def test_vectors(sim: str, width: int, folder: str, full: bool) -> None:
    """The full preset: every vector, alone and back to back under gaps and stalls (D1 to D22).

    CI has all of them on Icarus at 64 bits; wider, where it takes longest, one of three.
    """
    sample = sim == "icarus" and width > 64 and not full
    files = vector_files(VECTORS / folder)[:: 3 if sample else 1]
    result = _run(sim, width, "full", files)
    assert result["failed"] == {} and result["skipped"] == {}
    assert len(result["passed"]) == len(files)


@pytest.mark.parametrize("folder", ["linux-gso", "own"])
def test_vectors_basic(sim: str, width: int, folder: str, full: bool) -> None:
    """The basic preset: all that it can be asked; on Icarus in CI a sample."""
    sample = sim == "icarus" and not full
    files = vector_files(VECTORS / folder)[:: 6 if sample else 1]
    result = _run(sim, width, "basic", files)
    assert result["failed"] == {}
    passed = len(result["passed"])
    assert passed + len(result["skipped"]) == len(files) and passed > 0
    assert sample or folder != "linux-gso" or passed == WITHOUT_TUNNEL
    assert all("not built" in reason for reason in result["skipped"].values())


def test_variants(width: int) -> None:
    """NDIS-style and rubbish variants give the kernel's segments (D1, D2, D3); compiled core."""
    made = [
        variant for vector in load_vectors(VECTORS / "linux-gso") for variant in variants(vector)
    ]
    with Core(width, "full") as core:
        run = core.run(frames([vector_job(variant) for variant in made]))
    sent = iter(run.segments)
    for variant in made:
        got = [next(sent).data for _ in variant.segments]
        assert got == variant.segments, variant.name
    assert next(sent, None) is None and len(run.completions) == len(made)


def test_variants_in_simulators(sim: str, width: int, full: bool) -> None:
    """The same in the simulators, back to back under gaps and stalls; in CI a sample."""
    files = vector_files(VECTORS / "linux-gso")
    if not full:
        files = files[:: 20 if sim == "icarus" else 5]
    result = _run(sim, width, "full", files, variants=1 if full else len(VARIANTS))
    assert result["failed"] == {} and result["skipped"] == {}
    assert len(result["passed"]) == len(files) * (len(VARIANTS) if full else 1)
