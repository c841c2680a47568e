# SPDX-License-Identifier: Apache-2.0
"""D11's codes of descriptors at their boundaries: tunnels, inserted tags and 802.3 lengths.

As `error_cases`: the status stands here as the table has it, not as the model computes it.
"""

import random
from collections.abc import Iterable, Iterator

from gso_model.layout import ChecksumMode, L3Kind, L4Kind, Status, Tunnel
from gso_tb.error_cases import MAX_SEGMENT, Case
from gso_tb.frames import Shape, build
from gso_tb.jobs import Job
from gso_tb.outer_frames import TUNNELS, UDP_TUNNELS, Outer, encapsulated, tagged, with_llc

BARE = {"l4_kind": L4Kind.NONE, "l4_checksum": ChecksumMode.NONE}
NOTHING = {**BARE, "l3_kind": L3Kind.NONE, "l3_offset": 0, "l4_offset": 0, "ip_checksum": 0}


class Maker:
    """Makes jobs from one random sequence."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(f"errors full {seed}")

    def plain(self, mss: int = 100, size: int = 250, ip: int = 4, l4: str = "tcp", l2: int = 14):
        """A job without a tunnel."""
        return build(Shape(ip, l4, l2), self.rng.randbytes(size), mss, rng=self.rng)

    def inside(self, outer: Outer, mss: int = 100, size: int = 250, ip: int = 4, l4: str = "tcp"):
        """A job in a tunnel."""
        return encapsulated(self.plain(mss, size, ip, l4, 0), outer, self.rng)


def without_left_out(cases: Iterable[Case]) -> Iterator[Case]:
    """`error_cases` without those about features that its core leaves out."""
    outer = ("tunnel", "outer_l3_offset", "outer_l4_offset", "outer_l3_kind", "outer_l4_checksum")
    names = ("tag_count", "length_8023", *outer, "outer_ip_id", "outer_ip_checksum")
    for case in cases:
        asked = any(getattr(case.job.descriptor, name) for name in names)
        if not (asked and case.status == Status.OPERATION):
            yield case


def bases_full(seed: int) -> list[Job]:
    """Good jobs that a frame may end early, late or aborted in."""
    make = Maker(seed)
    tunnels = [make.inside(Outer(tunnel, 6)) for tunnel in TUNNELS]
    finished = make.inside(Outer(Tunnel.VXLAN, checksum=ChecksumMode.FROM_HEADER), 0)
    passed = make.plain(0).changed(**NOTHING)
    tags = [tagged(job, 2, make.rng) for job in (tunnels[2], finished, passed, make.plain())]
    return [*tunnels, finished, *tags, with_llc(make.plain(), make.rng)]


def descriptor_cases_full(seed: int) -> Iterator[Case]:
    """Codes 0 to 6 of descriptors that ask for tunnels, tags or 802.3 lengths.

    The code is that of the descriptor: where it is good the frame's bytes may still be wrong.
    """
    make = Maker(seed)
    for rows in (_frame_length, _header_length, _offsets, _distances, _operation, _tags):
        for job, status in rows(make):
            yield Case(job.named(f"{rows.__name__[1:]}: {job.label}"), status)


def _frame_length(make: Maker) -> Iterator[Case]:
    for tags in (1, 2, 3):
        job = make.plain(0).changed(**NOTHING)
        for size in (1, 3, 12, 13):
            short = job.changed(frame_length=size, tag_count=tags).arriving(job.data[:size])
            yield Case(short, Status.FRAME_LENGTH)
        whole = job.changed(frame_length=14, tag_count=tags).arriving(job.data[:14])
        yield Case(whole, Status.OK if tags < 3 else Status.OPERATION)


def _header_length(make: Maker) -> Iterator[Case]:
    """I17: what is checked and written of the tunnel's own header must be there."""
    short = Status.HEADER_LENGTH
    for tunnel in TUNNELS:
        udp = tunnel in UDP_TUNNELS
        asked = {"outer_ip_checksum": 1} if not udp else {"outer_l4_checksum": 3}
        job = make.inside(Outer(tunnel), 0).changed(**NOTHING, **asked)
        if tunnel == Tunnel.IPIP:
            job = job.changed(l3_offset=34)
        need = 34 + {Tunnel.IPIP: 0, Tunnel.GRE: 4}.get(tunnel, 16)
        yield Case(job.changed(header_length=need), Status.OK)
        yield Case(job.changed(header_length=need - 1), short)
        yield Case(job.changed(header_length=20), short)
        yield Case(job.changed(header_length=257, frame_length=300), short)


def _offsets(make: Maker) -> Iterator[Case]:
    wrong = Status.OFFSETS
    for tunnel in TUNNELS:
        for mss in (0, 100):
            good = make.inside(Outer(tunnel), mss)
            d = good.descriptor
            yield Case(good, Status.OK)
            yield Case(good.changed(outer_l3_offset=15), wrong)
            # All of one layer moved, so that only its parity is wrong.
            for name in ("l3_offset", "l4_offset"):
                yield Case(good.changed(**{name: getattr(d, name) + 1}), wrong)
            if tunnel == Tunnel.IPIP:
                # I14: not looked at with IP-in-IP, though 0 it must not be.
                yield Case(good.changed(outer_l4_offset=35), Status.OK)
                continue
            yield Case(good.changed(outer_l4_offset=35), wrong)
            # Outer L4 at the inner L3 header and behind it. Two bytes in front of it are the
            # header's affair. The outer IP header must end there, so it moves along.
            for step, status in ((-2, Status.OK), (0, wrong), (2, wrong)):
                at = d.l3_offset + step
                moved = {"outer_l4_offset": at, "outer_l3_offset": at - 20}
                yield Case(good.changed(**moved), status)
    yield from _inside_nothing(make)
    # I22: nothing described lies in front of inserted tags.
    for tags in (0, 1, 2):
        for start, late in ((10, wrong), (12, Status.OK)):
            status = late if tags else Status.OK
            for job in (make.plain(l2=start), make.inside(Outer(Tunnel.VXLAN, l2=start))):
                yield Case(job.changed(tag_count=tags), status)
            alone = make.plain(0, l2=0).changed(l3_kind=L3Kind.NONE, l3_offset=0)
            alone = alone.changed(l4_kind=L4Kind.GENERIC, l4_offset=start, checksum_offset=4)
            alone = alone.changed(tag_count=tags, l4_checksum=2)
            yield Case(alone, status)


def _inside_nothing(make: Maker) -> Iterator[Case]:
    """Order where L3 or L4 are not described inside (I5, I14, I15)."""
    wrong, asked = Status.OFFSETS, {"outer_ip_checksum": 1}
    for tunnel in TUNNELS[1:]:
        # MSS 0: the lower code; with an MSS the operation makes no sense, if the order is right.
        job = make.inside(Outer(tunnel)).changed(**NOTHING, **asked)
        yield Case(job.changed(header_length=36), Status.OPERATION)
        yield Case(job.changed(header_length=35), Status.OPERATION)
        for end in (34, 33, 14):
            yield Case(job.changed(header_length=end), wrong)
        l4_alone = make.inside(Outer(tunnel), 0).changed(l3_kind=L3Kind.NONE, l3_offset=0)
        yield Case(l4_alone, Status.OK)
        at = l4_alone.descriptor.l4_offset
        for step, status in ((-2, Status.OK), (0, wrong), (4, wrong)):
            moved = {"outer_l4_offset": at + step, "outer_l3_offset": at + step - 20}
            yield Case(l4_alone.changed(**moved), status)
    ipip = make.inside(Outer(Tunnel.IPIP), 0).changed(**NOTHING, **asked)
    yield Case(ipip.changed(l3_offset=34, header_length=34), Status.OK)
    yield Case(ipip.changed(l3_offset=34, header_length=33), Status.HEADER_LENGTH)
    ipip = ipip.changed(mss=100, l3_offset=34)
    yield Case(ipip.changed(header_length=34), Status.OPERATION)
    yield Case(ipip.changed(header_length=33), wrong)
    l4_alone = make.inside(Outer(Tunnel.IPIP), 0).changed(l3_kind=L3Kind.NONE)
    for step, status in ((-2, Status.OK), (0, wrong), (2, wrong)):
        at = l4_alone.descriptor.l4_offset + step
        moved = {"l3_offset": at, "outer_l3_offset": at - 20}
        yield Case(l4_alone.changed(**moved), status)


def _distances(make: Maker) -> Iterator[Case]:
    """The outer IP header's size: 20 to 60 by fours, 40 and more by eights."""
    for tunnel in TUNNELS:
        end = "l3_offset" if tunnel == Tunnel.IPIP else "outer_l4_offset"
        for ip, good in ((4, range(20, 61, 4)), (6, range(40, 200, 8))):
            for size in (16, 18, 20, 22, 24, 38, 40, 42, 44, 48, 56, 58, 60, 62, 64, 72):
                job = make.inside(Outer(tunnel, ip, ip_options=40), ip=6)
                job = job.changed(outer_l3_offset=getattr(job.descriptor, end) - size)
                yield Case(job, Status.OK if size in good else Status.OFFSETS)
        for size, status in ((0, Status.OFFSETS), (2, Status.OPERATION)):
            job = make.inside(Outer(tunnel))
            at = getattr(job.descriptor, end) - size
            yield Case(job.changed(outer_l3_kind=L3Kind.NONE, outer_l3_offset=at), status)


def _operation(make: Maker) -> Iterator[Case]:
    wrong = Status.OPERATION
    for tunnel in TUNNELS:
        udp = tunnel in UDP_TUNNELS
        for mss in (0, 100):
            job = make.inside(Outer(tunnel), mss)
            yield Case(job.changed(outer_l3_kind=L3Kind.NONE), wrong)
            for mode in (1, 2, 3):
                asked = job.changed(outer_l4_checksum=mode)
                yield Case(asked, Status.OK if udp else wrong)
            yield Case(job.changed(outer_ip_checksum=1), Status.OK)
            over_6 = make.inside(Outer(tunnel, 6), mss)
            yield Case(over_6.changed(outer_ip_checksum=1), wrong)
            yield Case(job.changed(outer_ip_id=2), Status.OK)
            yield Case(job.changed(outer_ip_id=3), wrong)
            yield Case(job.changed(tag_count=3), wrong)
    for job in (make.plain(), make.plain(0), make.plain(0).changed(**NOTHING)):
        yield Case(job.changed(tag_count=3), wrong)
        yield Case(job.changed(tag_count=2), Status.OK)
        for name in ("outer_l3_offset", "outer_l4_offset", "outer_l3_kind", "outer_ip_id"):
            yield Case(job.changed(**{name: 2}), wrong)
        for name in ("outer_ip_checksum", "outer_l4_checksum"):
            yield Case(job.changed(**{name: 1}), wrong)


def _tags(make: Maker) -> Iterator[Case]:
    """D9: inserted tags count in `max_segment`; with them one byte too many, or none."""
    for tags in (0, 1, 2):
        most = MAX_SEGMENT - 4 * tags
        for over, status in ((0, Status.OK), (1, Status.SEGMENT_LENGTH)):
            bare = make.plain(0, most + over - 54)
            for job in (bare, bare.changed(**NOTHING)):
                yield Case(tagged(job, tags, make.rng), status)
            head = make.inside(Outer()).descriptor.header_length
            yield Case(
                tagged(make.inside(Outer(), most + over - head, 20000), tags, make.rng), status
            )
            single = make.inside(Outer(), 60000, most + over - head)
            yield Case(tagged(single, tags, make.rng), status)


def llc_cases(seed: int) -> Iterator[Case]:
    """`LENGTH_8023` as far as the descriptor says it (D17, I19)."""
    make, wrong = Maker(seed), Status.LENGTH_8023
    for tags in (0, 1, 2):
        for make_job in (make.plain, lambda *sizes: make.inside(Outer(), *sizes)):
            # In the length: LLC/SNAP's 8 bytes and the headers from the outermost IP on.
            inside = make_job(100, 250).descriptor.header_length - 14 + 8
            room = 1500 - inside
            for mss, size, status in (
                (room, 3 * room, Status.OK),
                (room + 1, 3 * room, wrong),
                (9000, room, Status.OK),
                (9000, room + 1, wrong),
                (9000, 2060, wrong),
                (9000, 4110, wrong),
                (2060, 5000, wrong),
                (4110, 9000, wrong),
                (100, 0, Status.OK),
                (8000, 0, Status.OK),
                (room, 20000, Status.OK),
            ):
                job = with_llc(make_job(mss, size), make.rng)
                yield Case(tagged(job, tags, make.rng), status)
            yield Case(tagged(with_llc(make_job(0, 2000), make.rng), tags, make.rng), Status.OK)
        # Room for the length: 10 bytes in front of the IP header, 22 with tags.
        for l2, fits in ((8, False), (10, not tags), (12, not tags), (20, not tags), (22, True)):
            job = with_llc(make.plain(l2=22), make.rng)
            cut = job.descriptor.l3_offset - l2
            short = job.moved(-cut).arriving(job.data[cut:])
            early = tags and l2 < 12  # I22
            status = Status.OFFSETS if early else Status.OK if fits else wrong
            yield Case(tagged(short, tags, make.rng).named(f"l2 {l2}, {tags} tags"), status)
