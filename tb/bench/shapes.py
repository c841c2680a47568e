# SPDX-License-Identifier: Apache-2.0
"""What `make bench` sends: named streams of jobs, the same ones at every run.

Segments of 64 to 9,014 bytes of all protocols in super-frames of 64 KB, super-frames of few
segments, frames that are not segmented, and random mixes. For the `full` preset also tunnels, tags
to insert and 802.3 lengths.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gso_model.layout import ChecksumMode, Tunnel
from gso_tb.frames import Shape, build, plain
from gso_tb.jobs import Job, renumber
from gso_tb.outer_frames import Outer, encapsulated, tagged, with_llc

SHAPES = {
    "tcp4": Shape(),
    "tcp4 options": Shape(ip_options=8, tcp_options=12),
    "tcp6": Shape(ip=6),
    "udp4": Shape(l4="udp"),
    "udp6": Shape(ip=6, l4="udp"),
}
MSS = (10, 88, 216, 536, 1460, 8948)
# By name the outer headers and what is in the tunnel; "sum": with an outer UDP checksum.
TUNNELS = {
    "vxlan o4 tcp4": (Outer(), Shape(l2=0)),
    "vxlan o4 tcp4 sum": (Outer(checksum=ChecksumMode.FROM_HEADER), Shape(l2=0)),
    "vxlan o6 tcp6 sum": (Outer(ip=6, checksum=ChecksumMode.FROM_HEADER), Shape(ip=6, l2=0)),
    "vxlan o4 udp4": (Outer(), Shape(l4="udp", l2=0)),
    "geneve o4 tcp6": (Outer(Tunnel.GENEVE, options=8), Shape(ip=6, l2=0)),
    "geneve o6 udp4": (Outer(Tunnel.GENEVE, ip=6, ethernet=False), Shape(l4="udp", l2=0)),
    "nvgre o4 tcp4": (Outer(Tunnel.GRE), Shape(l2=0)),
    "gre o6 tcp4": (Outer(Tunnel.GRE, ip=6, ethernet=False, key=False), Shape(l2=0)),
    "ipip o4 tcp4": (Outer(Tunnel.IPIP, ethernet=False), Shape(l2=0)),
    "ipip o6 udp6": (Outer(Tunnel.IPIP, ip=6, ethernet=False), Shape(ip=6, l4="udp", l2=0)),
}
TUNNEL_SEGMENTS = (512, 576, 700, 1514)
# The longest IP packet that a host hands over, without its Ethernet header.
LONGEST = 65535
# How many frames of a stream: as many as make the start and the end not matter.
SUPER, FEW, SHORT, MIXED = 3, 40, 100, 120
MIX_MSS = (536, 1200, 1428, 1448, 1460, 8948)
# The seeds of `mixes` begin here: no other stream has one of them.
FIRST_MIX = 100


@dataclass(frozen=True)
class Stream:
    """A named stream; `segment_bytes` is its first segment on the wire, 0 for a mix.

    `preset` is the least that can do it.
    """

    kind: str
    shape: str
    mss: str
    segment_bytes: int
    jobs: tuple[Job, ...]
    preset: str = "basic"

    @property
    def name(self) -> str:
        """How it is called in tables and in the record."""
        return " ".join(part for part in (self.kind, self.shape, self.mss) if part)


def streams(width: int) -> Iterator[Stream]:
    """All streams of one width: some sizes depend on the beat."""
    for shape in SHAPES:
        for mss in MSS:
            yield _super("64K", shape, mss, str(mss))
        fitting = _fitting(shape, width)
        for step, text in ((0, "fits"), (1, "fits+1"), (-1, "fits-1")):
            yield _super("64K", shape, fitting + step, text)
    for count in (1, 2, 3):
        for mss in (88, 536, 1460, 8948):
            yield _few(count, mss)
    for size in (60, 65, 1514):
        yield _checksum(size, ChecksumMode.SEED_WITH_LENGTH, "seed")
        yield _checksum(size, ChecksumMode.FROM_HEADER, "header")
        yield _pass(size)
    yield _mix("mix", 11, MIX_MSS)
    yield _mix("mix small", 12, (10, 88, 216, 536, 1460))


def full_streams() -> Iterator[Stream]:
    """What only the `full` preset does: the same streams at every width."""
    for name in TUNNELS:
        for size in TUNNEL_SEGMENTS:
            yield _tunnel(name, size)
        for size in (130, 1514):
            yield _tunnel_checksum(name, size)
    for count in (1, 2):
        for size in (512, 1514):
            rng = random.Random(f"tags {count} {size}")
            mss = size - SHAPES["tcp4"].header_length - 4 * count
            made = (
                tagged(build(SHAPES["tcp4"], rng.randbytes(60_000), mss, rng=rng), count, rng)
                for _ in range(SUPER)
            )
            yield _full("64K", f"tags {count}", size, made)
    rng = random.Random("802.3")
    made = (
        with_llc(build(SHAPES["tcp4"], rng.randbytes(60_000), 1440, rng=rng), rng)
        for _ in range(SUPER)
    )
    yield _full("64K", "802.3 tcp4", 1440 + 8 + SHAPES["tcp4"].header_length, made)


def mixes(count: int) -> Iterator[Stream]:
    """`count` other mixes like "mix": whether it is a lucky one."""
    for seed in range(FIRST_MIX, FIRST_MIX + count):
        yield _mix("mix", seed, MIX_MSS, str(seed))


def _full(kind: str, shape: str, size: int, made: Iterable[Job]) -> Stream:
    return Stream(kind, shape, str(size), size, tuple(renumber(made)), "full")


def _tunnel(name: str, size: int) -> Stream:
    """Super-frames whose segments have `size` bytes on the wire."""
    rng = random.Random(f"{name} {size}")
    outer, shape = TUNNELS[name]
    front = encapsulated(build(shape, b"", 1, rng=rng), outer, rng).descriptor.header_length
    made = (
        encapsulated(build(shape, rng.randbytes(60_000), size - front, rng=rng), outer, rng)
        for _ in range(SUPER)
    )
    return _full("64K", name, size, made)


def _tunnel_checksum(name: str, size: int) -> Stream:
    """Frames of which all checksums are asked, the outer ones too."""
    rng = random.Random(f"checksum {name} {size}")
    outer, shape = TUNNELS[name]
    front = encapsulated(build(shape, b"", 0, rng=rng), outer, rng).descriptor.header_length
    asked = {"outer_ip_checksum": int(outer.ip == 4)}
    made = (
        encapsulated(
            build(
                shape, rng.randbytes(max(0, size - front)), 0, rng=rng, ip_checksum=shape.ip == 4
            ),
            outer,
            rng,
            **asked,
        )
        for _ in range(SHORT)
    )
    return _full("checksum", name, max(size, front), made)


def _fitting(shape: str, width: int) -> int:
    """The MSS next to 1460 with which header and MSS fill their beats exactly."""
    header = SHAPES[shape].header_length
    lanes = width // 8
    return (header + 1460) // lanes * lanes - header


def _super(kind: str, shape: str, mss: int, text: str) -> Stream:
    rng = random.Random(f"{kind} {shape} {mss}")
    described = SHAPES[shape]
    size = LONGEST + described.l2 - described.header_length
    made = (build(described, rng.randbytes(size), mss, rng=rng) for _ in range(SUPER))
    return Stream(kind, shape, text, described.header_length + mss, tuple(renumber(made)))


def _few(count: int, mss: int) -> Stream:
    rng = random.Random(f"{count} of {mss}")
    shape = SHAPES["tcp4"]
    made = (build(shape, rng.randbytes(mss * count), mss, rng=rng) for _ in range(FEW))
    jobs = tuple(renumber(made))
    return Stream(f"{count} each", "tcp4", str(mss), shape.header_length + mss, jobs)


def _checksum(size: int, mode: ChecksumMode, text: str) -> Stream:
    rng = random.Random(f"checksum {size} {text}")
    shape = SHAPES["tcp4"]
    made = (
        build(
            shape,
            rng.randbytes(size - shape.header_length),
            0,
            rng=rng,
            checksum=mode,
            ip_checksum=1,
        )
        for _ in range(SHORT)
    )
    return Stream("checksum", text, str(size), size, tuple(renumber(made)))


def _pass(size: int) -> Stream:
    rng = random.Random(f"pass {size}")
    made = (plain(rng.randbytes(size)) for _ in range(SHORT))
    return Stream("pass", "", str(size), size, tuple(renumber(made)))


def _mix(kind: str, seed: int, sizes: tuple[int, ...], shape: str = "") -> Stream:
    """What a busy host sends: super-frames of all lengths, single frames, bare acknowledgements."""
    rng = random.Random(seed)

    def one() -> Job:
        what = rng.random()
        shape = SHAPES[rng.choice(list(SHAPES))]
        if what < 0.6:
            mss = rng.choice(sizes)
            longest = min(LONGEST - 100, 60 * mss)
            size = rng.choice((mss * rng.randint(1, 6), rng.randint(mss, longest)))
            return build(shape, rng.randbytes(min(size, longest)), mss, rng=rng)
        if what < 0.8:
            mode = rng.choice((ChecksumMode.SEED_WITH_LENGTH, ChecksumMode.FROM_HEADER))
            return build(shape, rng.randbytes(rng.choice((0, 6, 1000))), 0, rng=rng, checksum=mode)
        size = rng.choice((60, 65, 590, 1514))
        return plain(rng.randbytes(size))

    return Stream(kind, shape, "", 0, tuple(renumber(one() for _ in range(MIXED))))
