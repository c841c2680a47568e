# SPDX-License-Identifier: Apache-2.0
"""The core against the vectors that Linux made, and against our own, on both simulators."""

import pytest

from gso_tb import runner, tools
from gso_tb.cases import vector_files

VECTORS = tools.ROOT / "tb" / "vectors"


@pytest.mark.parametrize(("folder", "without_tunnel"), [("linux-gso", 178), ("own", None)])
def test_vectors(sim: str, width: int, folder: str, without_tunnel: int | None) -> None:
    """Bit-exact, alone and back to back under gaps and stalls (D1 to D22)."""
    if not (VECTORS / folder).exists():
        pytest.skip(f"tb/vectors/{folder} does not exist")
    files = [str(file) for file in vector_files(VECTORS / folder)]
    result = runner.run(
        "bench.bench_vectors",
        sim=sim,
        width=width,
        parameters={"files": files},
        name=f"vectors_{folder}",
    )
    assert result["failed"] == {}
    counted = len(result["passed"]) + len(result["skipped"])
    assert counted == len(files)
    assert len(result["passed"]) == (without_tunnel or len(files) - len(result["skipped"])) > 0
    # Only what a later issue builds may be skipped.
    assert all("not built" in reason for reason in result["skipped"].values())
