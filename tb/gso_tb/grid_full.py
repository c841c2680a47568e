# SPDX-License-Identifier: Apache-2.0
"""Jobs for the grids of the full preset: inserted tags and tunnels in every lane of a beat."""

import random
from collections.abc import Iterator

from gso_model.layout import ChecksumMode, L3Kind, L4Kind, Tunnel
from gso_tb.frames import Shape, build
from gso_tb.grid import boundary_jobs, shapes
from gso_tb.jobs import Job
from gso_tb.outer_frames import TUNNELS, UDP_TUNNELS, Outer, encapsulated, tagged, with_llc


def every_tag_lane(lanes: int, seed: int) -> Iterator[Job]:
    """Tags in front of payload that starts in every even lane, in one segment and in several.

    Segments end around the ends of beats, as they come and as they leave.
    """
    rng = random.Random(f"tag lanes {seed}")
    for lane in range(0, lanes, 2):
        lengths = [size for size in shapes() if size % lanes == lane]
        for count in (1, 2):
            shape = rng.choice(
                [shape for shape in shapes()[rng.choice(lengths)] if shape.l2 >= 12]
                or [Shape(4, "tcp")]
            )
            head = shape.header_length
            for mss in {1, 2 * lanes, 2 * lanes + (-head) % lanes, 3 * lanes + 1 - 4 * count, 301}:
                for size in {0, 1, mss - 1, mss, mss + 1, 2 * mss, 3 * mss - 1}:
                    job = build(shape, rng.randbytes(size), mss, rng=rng)
                    yield tagged(job, count, rng)
            yield from _finished(shape, count, lanes, rng)


def _finished(shape: Shape, count: int, lanes: int, rng: random.Random) -> Iterator[Job]:
    """Checksums only, and nothing asked but tags: frames that end in every kind of beat."""
    for size in (0, 1, lanes - 1, lanes, lanes + 1, rng.randrange(5 * lanes)):
        job = build(shape, rng.randbytes(size), 0, rng=rng)
        yield tagged(job, count, rng)
    nothing = {"l3_kind": L3Kind.NONE, "l4_kind": L4Kind.NONE, "l4_checksum": ChecksumMode.NONE}
    for size in (14, 15, *(2 * lanes + step for step in (-9, -8, -4, -1, 0, 1, 4, 8))):
        job = job.changed(frame_length=max(14, size), **nothing)
        yield tagged(job.arriving(rng.randbytes(max(14, size))), count, rng)


def every_tunnel_length(lanes: int, seed: int) -> Iterator[Job]:
    """Tunnel headers of every even length mod the beat, several segments, one, and checksums."""
    rng = random.Random(f"tunnel lengths {seed}")
    for tunnel in TUNNELS:
        udp = tunnel in UDP_TUNNELS
        for lane in range(0, 64, 2):
            outer = Outer(
                tunnel,
                ip=rng.choice((4, 6)),
                l2=14 + lane % 4,
                options=4 * (lane // 4) if tunnel == Tunnel.GENEVE else 0,
                key=bool(lane & 4),
                checksum=rng.choice(list(ChecksumMode)) if udp else ChecksumMode.NONE,
            )
            tcp_options = 0 if tunnel == Tunnel.GENEVE else 4 * (lane // 4 % 11)
            inner = Shape(rng.choice((4, 6)), "tcp", 0, 0, tcp_options)
            for mss, size in ((2 * lanes + 7, 7 * lanes), (400, 399), (0, 3 * lanes + 1)):
                job = build(inner, rng.randbytes(size), mss, rng=rng)
                yield encapsulated(job, outer, rng)


def boundary_jobs_full(lanes: int, seed: int) -> list[Job]:
    """`boundary_jobs` with tags, in a tunnel and with an 802.3 length."""
    rng = random.Random(f"boundaries full {seed}")
    plain = boundary_jobs(lanes, seed)
    short = [build(Shape(4, "tcp", 0), rng.randbytes(size), 60, rng=rng) for size in (130, 61)]
    outer = Outer(Tunnel.VXLAN, checksum=ChecksumMode.FROM_HEADER)
    return [
        *(tagged(job, 1 + number % 2, rng) for number, job in enumerate(plain[::2])),
        *(encapsulated(job, outer, rng) for job in short),
        tagged(encapsulated(short[0], Outer(Tunnel.GRE, 6), rng), 2, rng),
        with_llc(plain[1], rng),
    ]
