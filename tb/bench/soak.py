# SPDX-License-Identifier: Apache-2.0
"""Seeded random jobs through the compiled core against the model, with pauses that change."""

import random

from gso_sim import Core, SimulationError
from gso_tb.capabilities import PRESET_CAPABILITIES, PRESET_FEATURES
from gso_tb.compiled import first_difference, frames
from gso_tb.random_jobs import job

# Pauses change every so many jobs, always at the same indices whatever `first` is.
PAUSES_CHANGE = 50
# After this many failures the core is plainly broken and the rest is not worth its time.
MOST_FAILURES = 5


def pauses(seed: int, index: int) -> dict[str, object]:
    """The pauses for the stretch of jobs that `index` is in."""
    stretch = index // PAUSES_CHANGE
    rng = random.Random(f"pauses {seed}/{stretch}")
    levels = ("none", "none", "random:0.1", "random:0.5", "random:0.9", "cycle:01", "cycle:0111")
    return {
        "idle": rng.choice(levels),
        "stall": rng.choice(levels),
        "descriptor_idle": rng.choice(("none", "none", "random:0.9")),
        "completion_stall": rng.choice(("none", "none", "random:0.9")),
        "seed": stretch,
    }


def soak(width: int, preset: str, seed: int, first: int, count: int) -> tuple[int, dict[int, str]]:
    """Runs jobs `first` to `first + count` of `seed` on the core of `preset`.

    Returns how many passed and the messages of those that did not, by index; after a difference
    the next job starts from reset, after `MOST_FAILURES` nothing more is run.
    """
    at, end, passed = first, first + count, 0
    failed: dict[int, str] = {}
    features, capabilities = PRESET_FEATURES[preset], PRESET_CAPABILITIES[preset]
    with Core(width, preset) as core:
        while at < end and len(failed) < MOST_FAILURES:
            stop = min(end, (at // PAUSES_CHANGE + 1) * PAUSES_CHANGE)
            jobs = [job(seed, index, features) for index in range(at, stop)]
            try:
                run = core.run(frames(jobs), **pauses(seed, at))
                found = first_difference(jobs, run, capabilities)
            except SimulationError as error:
                found = min(error.completed, len(jobs) - 1), str(error)
            if found is None:
                passed += stop - at
                at = stop
                continue
            index, message = found
            failed[at + index] = message
            passed += index
            at += index + 1
            core.reset()
    return passed, failed
