# SPDX-License-Identifier: Apache-2.0
"""A job: one descriptor with what arrives for it, and what the model says must leave."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gso_model import BASIC, Capabilities, Completion, Descriptor, segment_arrived


@dataclass(frozen=True)
class Job:
    """`data` is what really arrives for `descriptor`; `aborted` sets `tuser` on its last beat."""

    descriptor: Descriptor
    data: bytes
    aborted: bool = False
    label: str = ""

    def named(self, label: str) -> "Job":
        """The same job under another name."""
        return replace(self, label=label)

    def changed(self, **fields: int) -> "Job":
        """The same job with other values in its descriptor."""
        return replace(self, descriptor=replace(self.descriptor, **fields))

    def moved(self, by: int, *more: str) -> "Job":
        """The same job described as if `by` bytes stood in front of its (inner) L3 header.

        `more` are the fields of offsets that move too.
        """
        names = ("frame_length", "header_length", "l3_offset", "l4_offset", *more)
        return self.changed(**{name: getattr(self.descriptor, name) + by for name in names})

    def arriving(self, data: bytes, aborted: bool = False) -> "Job":
        """The same descriptor with other bytes behind it."""
        return replace(self, data=data, aborted=aborted)

    def patched(self, at: int, data: bytes | int) -> "Job":
        """The same job with `data`, bytes or the value of one, at byte `at` of its frame."""
        new = bytes([data]) if isinstance(data, int) else data
        return replace(self, data=self.data[:at] + new + self.data[at + len(new) :])


@dataclass(frozen=True)
class Expected:
    """What must leave for one job, in order."""

    segments: list[bytes]
    users: list[int]
    completion: Completion


def expected(job: Job, capabilities: Capabilities = BASIC) -> Expected:
    """The golden model's answer to `job`."""
    result = segment_arrived(
        job.data, job.descriptor, aborted=job.aborted, capabilities=capabilities
    )
    return Expected(result.segments, result.users, result.completion)


def renumber(jobs: Iterable[Job], first: int = 1) -> Iterator[Job]:
    """Gives the jobs request ids and users of their own, so that nothing swapped goes unseen."""
    for number, job in enumerate(jobs, first):
        yield job.changed(request_id=number & 0xFFFF, user=number * 40503 & 0xFFFF)
