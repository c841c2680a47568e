# SPDX-License-Identifier: Apache-2.0
"""A seeded sample of the stage benches at the other widths, on both simulators, thinned out.

`--full` runs all of them at every width on both, so the sample is for CI.
"""

import random

import pytest

from gso_tb import blocks, tools

SEED = 2
# Icarus is slow: there a bench keeps one of so many.
THIN = {"verilator": 2, "icarus": 20}
WIDTHS = (128, 256)


def _sample() -> list[tuple[str, str, int]]:
    """Every stage once at 128 or 256 bits, or where it is; on Icarus but for two, which Verilator
    has.
    """
    rng = random.Random(SEED)
    fast = rng.sample(blocks.STAGES, 2)
    known = {stage: blocks.widths(stage) for stage in blocks.STAGES}
    return [
        (
            stage,
            "verilator" if stage in fast else "icarus",
            rng.choice([width for width in WIDTHS if width in widths] or widths),
        )
        for stage, widths in known.items()
    ]


@pytest.mark.parametrize(("stage", "simulator", "bits"), _sample())
def test_block_sample(stage: str, simulator: str, bits: int, full: bool) -> None:
    """The stage's whole bench, fewer cases of each."""
    if full:
        pytest.skip("all stages run at all widths")
    if reason := tools.available(simulator):
        pytest.skip(reason)
    blocks.run(stage, simulator, bits, thin=THIN[simulator], seed=SEED)
