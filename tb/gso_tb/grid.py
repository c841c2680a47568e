# SPDX-License-Identifier: Apache-2.0
"""Jobs for the grids: header lengths, payload lengths around edges, and boundary cases."""

import random
from collections.abc import Iterator

from gso_tb.frames import Shape, build
from gso_tb.jobs import Job

L2_LENGTHS = (0, 14, 16, 18, 22)


def shapes() -> dict[int, list[Shape]]:
    """Shapes by header length: every even length from 28 to 158 has at least one."""
    found: dict[int, list[Shape]] = {}
    for l2 in (*L2_LENGTHS, 2, 4):
        for ip, steps in ((4, range(0, 41, 4)), (6, (0, 8, 16, 24, 40, 48))):
            for ip_options in steps:
                for tcp_options in range(0, 41, 4):
                    shape = Shape(ip, "tcp", l2, ip_options, tcp_options)
                    found.setdefault(shape.header_length, []).append(shape)
                shape = Shape(ip, "udp", l2, ip_options)
                found.setdefault(shape.header_length, []).append(shape)
    return found


def every_header_length(lanes: int, seed: int) -> Iterator[Job]:
    """A job with several segments for every even header length, MSS odd and even.

    With all even header lengths every lane is reached as the payload's first (D10).
    """
    rng = random.Random(f"headers {seed}")
    for _, same in sorted(shapes().items()):
        shape = rng.choice(same)
        for mss in (2 * lanes + rng.randrange(lanes), 2 * rng.randint(1, lanes) + 1):
            size = 3 * mss + rng.randint(1, mss)
            yield build(shape, rng.randbytes(size), mss, rng=rng)


def every_l2(lanes: int, seed: int) -> Iterator[Job]:
    """Every L2 length with every protocol, MSS odd and even."""
    rng = random.Random(f"l2 {seed}")
    for l2 in L2_LENGTHS:
        for ip in (4, 6):
            for l4 in ("tcp", "udp"):
                for mss in (536, 1001):
                    size = 2 * mss + rng.randint(0, lanes)
                    yield build(Shape(ip, l4, l2), rng.randbytes(size), mss, rng=rng)


def payload_lengths(lanes: int, seed: int, shape: Shape) -> Iterator[Job]:
    """Payloads around multiples of the MSS and around the ends of beats (D7, D8)."""
    rng = random.Random(f"lengths {seed} {shape}")
    head = shape.header_length
    for mss in sorted({1, 2, 3, 7, lanes - 1, lanes, lanes + 1, 3 * lanes + 5, 536}):
        # With these the segment's or the frame's last beat is nearly empty or exactly full.
        full = (-(head + mss)) % lanes
        sizes = {0, 1, 2, mss - 1, mss, mss + 1, 2 * mss - 1, 2 * mss, 2 * mss + 1, 5 * mss}
        sizes |= {mss + full - 1, mss + full, mss + full + 1, 4 * mss + 1}
        for size in sorted(sizes):
            if 0 <= size <= 30 * mss:
                yield build(shape, rng.randbytes(size), mss, rng=rng)


def boundary_jobs(lanes: int, seed: int) -> list[Job]:
    """Frames of few beats whose segments end in every kind of beat.

    The last beat of a segment holds fewer payload bytes than the header's share of a beat, as
    many, more, or is full: the cases that the aligner distinguishes.
    """
    rng = random.Random(f"boundaries {seed}")
    jobs = []
    for shape in (Shape(4, "tcp"), Shape(6, "udp", 18), Shape(4, "udp", 16, 12)):
        share = shape.header_length % lanes
        for tail in sorted({1, max(1, share - 1), share, share + 1, lanes - 1, lanes}):
            mss = 2 * lanes + (tail - share) % lanes
            size = 2 * mss + rng.randint(1, mss)
            jobs.append(build(shape, rng.randbytes(size), mss, rng=rng))
    return jobs
