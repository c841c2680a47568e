# SPDX-License-Identifier: Apache-2.0
"""Every row of D11's table at its boundary, on both sides, for a core without tunnels and tags.

The status stands here as the table has it, not as the model computes it: a bench compares all
three. `arrivals` are the frames that end wrongly (D13).
"""

import random
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gso_model.layout import DESCRIPTOR, ChecksumMode, L3Kind, L4Kind, Status
from gso_tb import frames
from gso_tb.frames import Shape, build
from gso_tb.jobs import Job

TCP4 = Shape(4, "tcp")
TCP6 = Shape(6, "tcp", 18, tcp_options=12)
UDP4 = Shape(4, "udp")
UDP6 = Shape(6, "udp")
HEADER_BYTES = 256
MAX_SEGMENT = 9728


class Case(NamedTuple):
    """A job with the status that D11 gives it."""

    job: Job
    status: Status


class _Maker:
    """Makes cases from one random sequence."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(f"errors {seed}")

    def good(self, shape: Shape = TCP4, mss: int = 100, size: int = 250, **options: int) -> Job:
        return build(shape, self.rng.randbytes(size), mss, rng=self.rng, **options)

    def plain(self, size: int, **fields: int) -> Job:
        """A frame of which nothing is asked, unless `fields` ask."""
        return frames.plain(self.rng.randbytes(max(1, size)), frame_length=size, **fields)

    def generic(self, size: int, start: int, offset: int, header_length: int) -> Job:
        """A frame of which a checksum anywhere is asked."""
        return frames.generic(self.rng.randbytes(size), start, offset, header_length)


def descriptor_cases(seed: int) -> Iterator[Case]:
    """Codes 0 to 7, which the descriptor alone decides."""
    make = _Maker(seed)
    for rows in (_reserved, _frame_length, _header_length, _offsets, _operation, _segment_length):
        for job, status in rows(make):
            yield Case(job.named(f"{rows.__name__[1:]}: {job.label}"), status)


def _reserved(make: _Maker) -> Iterator[Case]:
    for bit in range(DESCRIPTOR.bits):
        if DESCRIPTOR.reserved_mask >> bit & 1:
            for job in (make.good(), make.plain(60)):
                yield Case(job.changed(reserved=1 << bit).named(f"bit {bit}"), Status.RESERVED)
    # I2: values without a meaning, those of the tunnel too where tunnels are not built.
    for fields in ({"l3_kind": 3}, {"outer_l3_kind": 3}, *({"tunnel": n} for n in (5, 6, 7))):
        for job in (make.good(), make.plain(60)):
            yield Case(job.changed(**fields).named(str(fields)), Status.RESERVED)


def _frame_length(make: _Maker) -> Iterator[Case]:
    yield Case(make.plain(0).named("0, nothing asked"), Status.FRAME_LENGTH)
    yield Case(make.plain(1).named("1, nothing asked"), Status.OK)
    for shape in (TCP4, UDP6):
        for mss in (0, 100):
            alone = make.good(shape, mss, 0)
            short = alone.changed(frame_length=shape.header_length - 1)
            yield Case(alone.named(f"header alone, mss {mss}"), Status.OK)
            yield Case(short.named(f"header less 1, mss {mss}"), Status.FRAME_LENGTH)


def _header_length(make: _Maker) -> Iterator[Case]:
    yield Case(make.plain(60, header_length=HEADER_BYTES), Status.OK)
    yield Case(make.plain(60, header_length=HEADER_BYTES + 1), Status.HEADER_LENGTH)
    longest = Shape(6, "tcp", 16, 176, 4)
    yield Case(make.good(longest), Status.OK)
    yield Case(make.good(Shape(6, "tcp", 18, 176, 4)), Status.HEADER_LENGTH)
    # I6: with MSS 0 up to the end of what is edited.
    for shape, needed in ((TCP4, 18), (TCP6, 18), (UDP4, 8), (UDP6, 8)):
        job = make.good(shape, 0)
        yield Case(job.changed(header_length=shape.l4_offset + needed), Status.OK)
        short = job.changed(header_length=shape.l4_offset + needed - 1)
        yield Case(short, Status.HEADER_LENGTH)
    for offset in (0, 6, 16, 254):
        for step, status in ((2, Status.OK), (1, Status.HEADER_LENGTH)):
            asked = make.generic(300, 0, offset, offset + step)
            yield Case(asked.named(f"generic offset {offset}, {step}"), status)
    address = make.good(TCP4, 0, ip_checksum=1, checksum=ChecksumMode.NONE)
    bare = address.changed(l4_kind=L4Kind.NONE)
    yield Case(bare.changed(header_length=TCP4.l4_offset), Status.OK)
    yield Case(bare.changed(header_length=TCP4.l4_offset - 1), Status.HEADER_LENGTH)


def _offsets(make: _Maker) -> Iterator[Case]:
    wrong = Status.OFFSETS
    good = make.good()
    yield Case(good.changed(l3_offset=15), wrong)
    yield Case(good.changed(l4_offset=35), wrong)
    yield Case(good.changed(l3_offset=34), wrong)
    yield Case(good.changed(l3_offset=36), wrong)
    yield Case(good.changed(l4_offset=54), wrong)
    yield Case(good.changed(header_length=34), wrong)
    yield Case(make.generic(100, 21, 6, 40), wrong)
    yield Case(make.generic(100, 20, 7, 40), wrong)
    yield Case(make.plain(60, l3_offset=15, l4_offset=13, l4_kind=L4Kind.TCP), Status.OK)
    # The distance from L3 to L4, by options: what IHL can say, and one step more.
    for size in (20, 24, 56, 60):
        yield Case(make.good(Shape(4, "tcp", 14, size - 20)), Status.OK)
    for size in (40, 48, 104):
        yield Case(make.good(Shape(6, "udp", 14, size - 40)), Status.OK)
    for shape, sizes in ((TCP4, (16, 18, 22, 62, 64)), (TCP6, (32, 38, 42, 44, 52))):
        job = make.good(Shape(shape.ip, "tcp", shape.l2, 40, 40))
        for size in sizes:
            yield Case(job.changed(l4_offset=shape.l2 + size), wrong)


def _operation(make: _Maker) -> Iterator[Case]:
    wrong = Status.OPERATION
    good, finished = make.good(), make.good(TCP4, 0)
    for mss_job in (good, make.good(UDP6)):
        yield Case(mss_job.changed(l4_kind=L4Kind.NONE), wrong)
        yield Case(mss_job.changed(l4_kind=L4Kind.GENERIC), wrong)
        yield Case(mss_job.changed(l3_kind=L3Kind.NONE), wrong)
        yield Case(mss_job.changed(l4_checksum=ChecksumMode.NONE), wrong)
    for mode in ChecksumMode:
        fits = mode in (ChecksumMode.NONE, ChecksumMode.SEED_WITH_LENGTH)
        job = make.generic(100, 20, 6, 40).changed(l4_checksum=mode)
        yield Case(job, Status.OK if fits else wrong)
    for mode in (1, 2, 3):
        yield Case(finished.changed(l4_kind=L4Kind.NONE, l4_checksum=mode), wrong)
        fits = mode != ChecksumMode.FROM_HEADER
        job = make.good(TCP4, 0, l3_kind=L3Kind.NONE).changed(l4_checksum=mode)
        yield Case(job, Status.OK if fits else wrong)
    yield Case(make.good(TCP4, ip_checksum=1), Status.OK)
    yield Case(make.good(TCP6, ip_checksum=1), wrong)
    yield Case(finished.changed(l3_kind=L3Kind.NONE, ip_checksum=1), wrong)
    for job in (good, finished, make.plain(60)):
        yield Case(job.changed(ip_id=2), Status.OK)
        yield Case(job.changed(ip_id=3), wrong)
        yield Case(job.changed(tag_count=3), wrong)
        # What this configuration leaves out (I8).
        for fields in (
            {"tag_count": 1},
            {"tag_count": 2},
            {"length_8023": 1},
            {"outer_l3_offset": 14},
            {"outer_l4_offset": 34},
            {"outer_l3_kind": 1},
            {"outer_l4_checksum": 1},
            {"outer_ip_id": 1},
            {"outer_ip_checksum": 1},
            *({"tunnel": kind} for kind in range(1, 5)),
        ):
            yield Case(job.changed(**fields).named(str(fields)), wrong)


def _segment_length(make: _Maker) -> Iterator[Case]:
    wrong = Status.SEGMENT_LENGTH
    room = MAX_SEGMENT - TCP4.header_length
    yield Case(make.good(TCP4, room, 2 * room), Status.OK)
    yield Case(make.good(TCP4, room + 1, 2 * room), wrong)
    yield Case(make.good(TCP4, 65535, room), Status.OK)
    yield Case(make.good(TCP4, 65535, room + 1), wrong)
    for mss_0 in (make.plain(MAX_SEGMENT), make.good(TCP4, 0, room)):
        yield Case(mss_0, Status.OK)
    for mss_0 in (make.plain(MAX_SEGMENT + 1), make.good(TCP4, 0, room + 1)):
        yield Case(mss_0, wrong)


def header_cases(seed: int) -> Iterator[Case]:
    """Codes 16 to 19, which the frame's bytes decide, each asked for with and without MSS."""
    make = _Maker(seed)
    for shape in (TCP4, TCP6, UDP4, UDP6, Shape(4, "tcp", 14, 8, 4), Shape(6, "udp", 22, 16)):
        for mss in (0, 100):
            for job, status in _header_rows(make, shape, mss):
                yield Case(job.named(f"{status.name}: {job.label}"), status)
    # L3 described, L4 not: the protocol may be any (generic and none are not checked).
    finished = make.good(TCP4, 0, ip_checksum=1, checksum=ChecksumMode.NONE)
    bare = finished.changed(l4_kind=L4Kind.NONE)
    yield Case(bare.patched(23, 99).named("protocol 99, no L4"), Status.OK)
    yield Case(bare.patched(14, 0x46).named("IHL, no L4"), Status.IP_HEADER_LENGTH)
    # Nothing asked: whatever it is (I3).
    noise = make.good(TCP4, 0, checksum=ChecksumMode.NONE)
    yield Case(noise.patched(14, 0x99).named("noise, nothing asked"), Status.OK)


def _header_rows(make: _Maker, shape: Shape, mss: int) -> Iterator[Case]:
    job = make.good(shape, mss)
    l3, l4 = shape.l2, shape.l4_offset
    first = job.data[l3]
    yield Case(job, Status.OK)
    for version in (0, 3, 5, 7, 15, 6 if shape.ip == 4 else 4):
        yield Case(job.patched(l3, version << 4 | first & 15), Status.IP_VERSION)
    if shape.ip == 4:
        for words in {0, 4, 15, (first & 15) + 1, (first & 15) - 1} - {first & 15}:
            yield Case(job.patched(l3, 0x40 | words), Status.IP_HEADER_LENGTH)
    at = l3 + (9 if shape.ip == 4 else 6)
    checked = shape.ip == 4 or shape.ip_options == 0
    for protocol in (0, 7, 16, 17 if shape.l4 == "tcp" else 6, 4, 41, 255):
        yield Case(job.patched(at, protocol), Status.IP_PROTOCOL if checked else Status.OK)
    if shape.l4 == "tcp":
        words = job.data[l4 + 12] >> 4
        status = Status.L4_HEADER if mss else Status.OK
        for other in {0, 4, words - 1, words + 1, 15} - {words}:
            yield Case(job.patched(l4 + 12, other << 4 | job.data[l4 + 12] & 15), status)
    if mss:
        for step in (-4, -2, -1, 1, 2, 4):
            header_length = shape.header_length + step
            if header_length > l4:
                yield Case(job.changed(header_length=header_length), Status.L4_HEADER)


def precedence_cases(seed: int) -> Iterator[Case]:
    """Two errors at once: the lowest code is reported, and `SHORT` inside the header (I10)."""
    make = _Maker(seed)
    good = make.good(TCP4)
    wrong_version = good.patched(14, 0x65)
    low = [
        ({"reserved": 1 << 255}, Status.RESERVED),
        ({"frame_length": 53}, Status.FRAME_LENGTH),
        ({"header_length": 257}, Status.HEADER_LENGTH),
        ({"l3_offset": 13}, Status.OFFSETS),
        ({"ip_id": 3}, Status.OPERATION),
        ({"mss": 65535, "frame_length": 20000}, Status.SEGMENT_LENGTH),
    ]
    fields: dict[str, int] = {}
    for changed, status in reversed(low):
        # Each further row is a lower code on top of those before it.
        fields = {**fields, **changed}
        if status == Status.HEADER_LENGTH:
            fields["frame_length"] = 20000
        yield Case(wrong_version.changed(**fields).named(f"{status.name} of many"), status)
        yield Case(wrong_version.changed(**fields).arriving(b"\x00"), status)
    yield Case(wrong_version.patched(23, 0), Status.IP_VERSION)
    yield Case(good.patched(14, 0x46).patched(23, 0), Status.IP_HEADER_LENGTH)
    yield Case(good.patched(23, 0).patched(46, 0xF0), Status.IP_PROTOCOL)
    for size in (1, 15, 53):
        yield Case(wrong_version.arriving(wrong_version.data[:size]), Status.SHORT)
    yield Case(wrong_version.arriving(wrong_version.data[:54]), Status.IP_VERSION)
    yield Case(wrong_version.arriving(wrong_version.data + b"\x00"), Status.IP_VERSION)
    yield Case(wrong_version.arriving(wrong_version.data, True), Status.IP_VERSION)


def arrivals(seed: int, lanes: int, more: Iterable[Job] = ()) -> Iterator[Case]:
    """Frames that end early, late or aborted, by one byte, a beat, or all (D13, I9)."""
    make = _Maker(seed)
    bases = [
        *more,
        make.good(TCP4, 100, 250),
        make.good(TCP6, 2 * lanes + 3, 7 * lanes),
        make.good(UDP4, 64, 64),
        make.good(UDP6, 1, 5),
        make.good(TCP4, 1000, 10),
        make.good(UDP6, 0, 200),
        make.good(TCP4, 0, 0),
        make.generic(150, 20, 6, 40),
        make.plain(200),
        make.plain(1),
        make.plain(lanes),
    ]
    for base in bases:
        d, data = base.descriptor, base.data
        size = len(data)
        ends = {1, 2, d.l3_offset, d.l4_offset, d.header_length, lanes, size - lanes, size // 2}
        ends |= {size - 1, size - 2, size - lanes - 1, size - lanes + 1}
        for count in range(1, 4):
            ends.add(d.header_length + count * d.mss)
        ends |= {end + step for end in set(ends) for step in (-1, 1)}
        for end in sorted(end for end in ends if 0 < end < size):
            label = f"{end} of {size} bytes: {base.label}"
            yield Case(base.arriving(data[:end]).named(f"SHORT {label}"), Status.SHORT)
            yield Case(base.arriving(data[:end], True).named(f"both {label}"), Status.SHORT)
        to_full = -size % lanes
        for extra in sorted({1, 2, to_full, to_full + 1, lanes - 1, lanes, lanes + 1, 3 * lanes}):
            if extra:
                longer = data + make.rng.randbytes(extra)
                label = f"{extra} bytes: {base.label}"
                yield Case(base.arriving(longer).named(f"LONG by {label}"), Status.LONG)
                yield Case(base.arriving(longer, True).named(f"both, {label}"), Status.LONG)
        yield Case(base.arriving(data, True).named(f"ABORTED {base.label}"), Status.ABORTED)
        yield Case(base.named(f"whole: {base.label}"), Status.OK)
