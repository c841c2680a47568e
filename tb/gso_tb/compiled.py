# SPDX-License-Identifier: Apache-2.0
"""Compares what a batch of jobs gave in the compiled core with the golden model, job by job."""

from collections.abc import Sequence

from gso_model import BASIC, Capabilities
from gso_sim import Core, Run
from gso_tb.jobs import Job, expected


def frames(jobs: Sequence[Job]) -> list[tuple[bytes, object, bool]]:
    """The jobs as `Core.run` takes them."""
    return [(job.data, job.descriptor, job.aborted) for job in jobs]


def first_difference(
    jobs: Sequence[Job], run: Run, capabilities: Capabilities = BASIC
) -> tuple[int, str] | None:
    """The index of the first job whose output is not the model's, and what differs in it."""
    at = 0
    for index, job in enumerate(jobs):
        wanted = expected(job, capabilities)
        got = run.completions[index].completion
        if got != wanted.completion:
            return index, f"{job.label}: completion is {got}, the model has {wanted.completion}"
        segments = run.segments[at : at + len(wanted.segments)]
        at += len(wanted.segments)
        if len(segments) < len(wanted.segments):
            return index, f"{job.label}: {len(segments)} segments, expected {len(wanted.segments)}"
        for number, (segment, data, user) in enumerate(
            zip(segments, wanted.segments, wanted.users, strict=True), 1
        ):
            where = f"{job.label}: segment {number} of {len(segments)}"
            if segment.data != data:
                return index, f"{where}: {_bytes(segment.data, data)}"
            if segment.user != user:
                return index, f"{where}: tuser is {segment.user:#x}, expected {user:#x}"
    if at != len(run.segments):
        return len(jobs) - 1, f"{len(run.segments) - at} segments more than expected"
    return None


def run_and_compare(
    core: Core, jobs: Sequence[Job], capabilities: Capabilities = BASIC, **pauses: object
) -> None:
    """Runs `jobs` in one batch; `AssertionError` with the first difference."""
    found = first_difference(jobs, core.run(frames(jobs), **pauses), capabilities)
    assert found is None, found[1]


def _bytes(got: bytes, wanted: bytes) -> str:
    if len(got) != len(wanted):
        return f"{len(got)} bytes, expected {len(wanted)}"
    at = next(at for at in range(len(got)) if got[at] != wanted[at])
    return f"byte {at} is {got[at]:02x}, expected {wanted[at]:02x}"
