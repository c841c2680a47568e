# SPDX-License-Identifier: Apache-2.0
"""Named cases: where they are kept; arithmetic and templates.

Each name stands for a few jobs that show one rule, or one mistake that hardware is known to make.
The names are those under which such cases go in conformance suites and errata.
"""

import random
from collections.abc import Callable

from gso_model.layout import ChecksumMode, L3Kind, L4Kind
from gso_tb.frames import (
    SEEDED,
    TCP_NUMBER,
    UDP_NUMBER,
    Shape,
    build,
    folded_sum,
    pseudo_header,
    seed,
)
from gso_tb.jobs import Job
from gso_tb.reference import checksum_at
from gso_tb.wire import number

Maker = Callable[[random.Random], list[Job]]
CASES: dict[str, Maker] = {}
TCP4, TCP6, UDP4, UDP6 = Shape(4, "tcp"), Shape(6, "tcp"), Shape(4, "udp"), Shape(6, "udp")
EVERY = (TCP4, TCP6, UDP4, UDP6)
MODES = (
    ChecksumMode.SEED_WITHOUT_LENGTH,
    ChecksumMode.SEED_WITH_LENGTH,
    ChecksumMode.FROM_HEADER,
)


def case(name: str) -> Callable[[Maker], Maker]:
    """Puts a function under `name`; it may stand under several."""

    def put(maker: Maker) -> Maker:
        if name in CASES:
            raise ValueError(f"two cases are called {name}")
        CASES[name] = maker
        return maker

    return put


def jobs(name: str) -> list[Job]:
    """The jobs of the case `name`, the same every time."""
    made = CASES[name](random.Random(f"named {name}"))
    return [job.named(f"{name} {number}: {job.label}") for number, job in enumerate(made)]


def true_lengths(job: Job) -> Job:
    """The same job with the IP and UDP lengths that the frame has, outer ones too."""
    d, size = job.descriptor, len(job.data)
    for kind, at in ((d.l3_kind, d.l3_offset), (d.outer_l3_kind, d.outer_l3_offset)):
        if kind == L3Kind.IPV4:
            job = job.patched(at + 2, ((size - at) & 0xFFFF).to_bytes(2, "big"))
        elif kind == L3Kind.IPV6:
            job = job.patched(at + 4, ((size - at - 40) & 0xFFFF).to_bytes(2, "big"))
    if d.l4_kind == L4Kind.UDP:
        job = job.patched(d.l4_offset + 4, ((size - d.l4_offset) & 0xFFFF).to_bytes(2, "big"))
    if d.outer_udp:
        length = (size - d.outer_l4_offset) & 0xFFFF
        job = job.patched(d.outer_l4_offset + 4, length.to_bytes(2, "big"))
    return job


def seeded(job: Job) -> Job:
    """The same job with the seed that its addresses and mode give, where its mode wants one."""
    d = job.descriptor
    if d.l4_checksum not in SEEDED:
        return job
    ip = 4 if d.l3_kind == L3Kind.IPV4 else 6
    protocol = TCP_NUMBER if d.l4_kind == L4Kind.TCP else UDP_NUMBER
    length = len(job.data) - d.l4_offset
    field = seed(job.data, d.l3_offset, ip, protocol, length, d.l4_checksum)
    return job.patched(checksum_at(d), field)


def sized(mss: int, *sizes: int, shapes: tuple[Shape, ...] = EVERY) -> Maker:
    """Payloads of `sizes` bytes at one MSS, for each shape."""

    def make(rng: random.Random) -> list[Job]:
        return [
            build(shape, rng.randbytes(size), mss, rng=rng) for shape in shapes for size in sizes
        ]

    return make


# --- Arithmetic (D7, D8, D9)

case("one_segment_equal_mss")(sized(1000, 1000))
case("payload_mss_plus_1")(sized(1000, 1001))
case("last_1_byte")(sized(536, 3 * 536 + 1))
case("last_mss_minus_1")(sized(536, 4 * 536 - 1))
case("exact_multiple")(sized(1460, 2920, 4380))
case("mss_1")(sized(1, 1, 2, 7))
case("mss_8")(sized(8, 64, 65, 71))
case("mss_odd")(sized(333, 999, 1000, 1331))
case("mss_lt_64")(sized(13, 100))
case("mss_max_jumbo")(sized(8960, 8960, 30000))
case("max_segs")(sized(1, 65535, shapes=(TCP4,)))
case("payload_64k_minus_1")(sized(1448, 65535))
case("payload_64k")(sized(1448, 65536))
case("payload_64k_plus_1")(sized(1448, 65537))
case("empty_payload")(sized(1448, 0))
case("mss_65535")(sized(65535, 9000))
case("sack_panic")(sized(8, 8 * 65536 + 3, shapes=(TCP4,)))
case("e1000_fifo")(sized(64, 20000))
case("ibmveth_small")(sized(4, 1000, shapes=(TCP4, TCP6)))
case("dpdk_udp8")(sized(1001, 5000, 5005, shapes=(UDP4, UDP6)))
case("r8169_last_fragment")(sized(100, *range(201, 208)))
case("e1000_82544_ends")(sized(128, *range(256, 256 + 66), shapes=(TCP4,)))
case("mss_zero")(
    lambda rng: [
        true_lengths(build(shape, rng.randbytes(700), 0, rng=rng, ip_checksum=shape.ip == 4))
        for shape in EVERY
    ]
)
case("mss_mask_width")(
    lambda rng: [
        build(TCP4, rng.randbytes(2 * mss + 1), mss, rng=rng)
        for mss in (*(1 << bit for bit in range(14)), 0x1555, 0x0AAA, 0x1FFF)
    ]
)


def _sequence(*numbers: int, mss: int = 1000, size: int = 3500) -> Maker:
    def make(rng: random.Random) -> list[Job]:
        made = []
        for shape in (TCP4, TCP6):
            for start in numbers:
                job = build(shape, rng.randbytes(size), mss, rng=rng)
                made.append(job.patched(shape.l4_offset + 4, start.to_bytes(4, "big")))
        return made

    return make


case("seq_wrap")(_sequence(0xFFFFFFFF, 0xFFFFFC18 - 1, 0xFFFFF63C))
case("seq_wrap_at_boundary")(_sequence((1 << 32) - 1000, (1 << 32) - 2000))
case("seq_low_half_carries")(_sequence(0x0000FFFF, 0x0001FC18, 0x7FFFFFFF))


# --- Templates (D1, D2, D4)


def _field(at: Callable[[Shape], int], values: tuple[bytes, ...], *shapes: Shape) -> Maker:
    def make(rng: random.Random) -> list[Job]:
        return [
            build(shape, rng.randbytes(950), 400, rng=rng).patched(at(shape), value)
            for shape in shapes
            for value in values
        ]

    return make


NEVER_READ = (bytes(2), b"\xff\xff", b"\x12\x34")
case("ipv4_totlen_0_or_garbage")(_field(lambda s: s.l2 + 2, NEVER_READ, TCP4, UDP4))
case("ipv6_payload_len_0_or_garbage")(_field(lambda s: s.l2 + 4, NEVER_READ, TCP6, UDP6))
case("udp_length_0_or_garbage")(_field(lambda s: s.l4_offset + 4, NEVER_READ, UDP4, UDP6))
case("ip_csum_garbage")(_field(lambda s: s.l2 + 10, NEVER_READ, TCP4, UDP4))
case("udp_csum_zero")(_field(lambda s: s.l4_offset + 6, (bytes(2),), UDP4, UDP6))


@case("true_lengths")
def _true_lengths(rng: random.Random) -> list[Job]:
    return [true_lengths(build(shape, rng.randbytes(950), 400, rng=rng)) for shape in EVERY]


@case("bigtcp_zero_len")
def _bigtcp(rng: random.Random) -> list[Job]:
    made = []
    for shape in (TCP4, TCP6):
        job = build(shape, rng.randbytes(200_000), 1448, rng=rng)
        made.append(job.patched(shape.l2 + (2 if shape.ip == 4 else 4), bytes(2)))
    return made


def _seeds(mode: ChecksumMode) -> Maker:
    def make(rng: random.Random) -> list[Job]:
        return [
            build(shape, rng.randbytes(size), mss, rng=rng, checksum=mode)
            for shape in EVERY
            for mss, size in ((400, 950), (400, 400), (1448, 66000))
        ]

    return make


case("seed_no_length")(_seeds(ChecksumMode.SEED_WITHOUT_LENGTH))
case("seed_with_length")(_seeds(ChecksumMode.SEED_WITH_LENGTH))
case("seed_from_header")(_seeds(ChecksumMode.FROM_HEADER))


@case("seed_zero_and_ffff")
def _seed_zero(rng: random.Random) -> list[Job]:
    """Addresses whose seed is 0xFFFF, for TCP written as 0 too: the same number."""
    made = []
    for shape in EVERY:
        for mode in MODES[:2]:
            job = seeded(build(shape, rng.randbytes(950), 400, rng=rng, checksum=mode))
            at = shape.l2 + (14 if shape.ip == 4 else 22)  # the source address' last word
            field = checksum_at(job.descriptor)
            low = number(job.data, at) - number(job.data, field)
            job = seeded(job.patched(at, (low % 0xFFFF).to_bytes(2, "big")))
            assert number(job.data, field) == 0xFFFF
            made.append(job)
            if shape.l4 == "tcp":
                made.append(job.patched(field, bytes(2)))
    return made


def _sum_zero(*shapes: Shape) -> Maker:
    """The one payload word that is free makes each segment's sum 0xFFFF: a checksum of 0 (D4)."""

    def make(rng: random.Random) -> list[Job]:
        made = []
        for shape in shapes:
            for mode in MODES:
                job = seeded(build(shape, bytes(300), 300, rng=rng, checksum=mode, flags=0x010))
                d = job.descriptor
                protocol = TCP_NUMBER if shape.l4 == "tcp" else UDP_NUMBER
                covered = bytearray(job.data[d.l4_offset :])
                at = checksum_at(d) - d.l4_offset
                covered[at : at + 2] = bytes(2)
                if shape.l4 == "udp":
                    covered[4:6] = len(covered).to_bytes(2, "big")
                pseudo = pseudo_header(job.data, shape.l2, shape.ip, protocol, len(covered))
                missing = 0xFFFF - folded_sum(pseudo + covered)
                made.append(job.patched(d.header_length + 40, missing.to_bytes(2, "big")))
        return made

    return make


case("udp_csum_computes_to_0")(_sum_zero(UDP4, UDP6))
case("tcp_csum_computes_to_0")(_sum_zero(TCP4, TCP6))
