# SPDX-License-Identifier: Apache-2.0
"""Vectors as jobs: what the vector says, what the model says, and what is not built yet."""

from pathlib import Path

from gso_model import BASIC, Capabilities, Tunnel, Vector
from gso_tb.jobs import Expected, Job, expected


def vector_files(path: Path) -> list[Path]:
    """The vector files that `path`, a file or a directory, stands for."""
    if not path.exists():
        raise ValueError(f"{path}: no such file or directory, expected vectors")
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise ValueError(f"{path}: no *.json file in this directory, expected vectors")
    return files


def missing(vector: Vector, capabilities: Capabilities = BASIC) -> str | None:
    """What `vector` needs that the configuration leaves out; `None` when nothing.

    A vector whose status is an error may be about just that refusal, so it is never skipped
    unless it names a tunnel: with tunnels built it would get another code.
    """
    descriptor = vector.descriptor
    if descriptor.tunnel != Tunnel.NONE and not capabilities.tunnels:
        return f"tunnels ({Tunnel(descriptor.tunnel).name}) are not built"
    if descriptor.tag_count and not capabilities.tags:
        return "tag insertion is not built"
    if descriptor.length_8023 and not capabilities.length_8023:
        return "the 802.3 length is not built"
    return None


def vector_job(vector: Vector) -> Job:
    """The job that sends the vector's frame."""
    return Job(vector.descriptor, vector.frame, label=vector.name)


def model_difference(vector: Vector, capabilities: Capabilities = BASIC) -> str | None:
    """How the model's answer differs from the vector's segments and status; `None` if not."""
    answer: Expected = expected(vector_job(vector), capabilities)
    if answer.completion.status != vector.status:
        got = answer.completion.status
        return f"{vector.name}: model's status is {got!r}, the vector says {vector.status!r}"
    if answer.segments == vector.segments:
        return None
    if len(answer.segments) != len(vector.segments):
        return (
            f"{vector.name}: model makes {len(answer.segments)} segments, "
            f"the vector has {len(vector.segments)}"
        )
    pairs = zip(answer.segments, vector.segments, strict=True)
    index = next(number for number, (made, wanted) in enumerate(pairs) if made != wanted)
    return f"{vector.name}: model's segment {index + 1} is not the vector's"
