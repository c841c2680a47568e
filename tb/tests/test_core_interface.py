# SPDX-License-Identifier: Apache-2.0
"""Reset, completions not taken, descriptors early and late, another source (D15, D20)."""

import pytest

from gso_tb import runner

TESTS = (
    "reset_anywhere",
    "low_in_reset",
    "completions_not_taken",
    "nothing_taken_anywhere",
    "descriptors_early",
    "descriptors_late",
    "descriptor_timing",
    "stock_source",
    "hang_is_seen",
)


@pytest.mark.parametrize("test", TESTS)
def test_interface(sim: str, width: int, test: str, full: bool) -> None:
    """What the interfaces promise beyond the bytes."""
    runner.run(
        "bench.bench_interface",
        sim=sim,
        width=width,
        only=test,
        parameters={"seed": 1, "thin": 10 if sim == "icarus" and not full else 1},
        name=f"interface_{test}",
    )
