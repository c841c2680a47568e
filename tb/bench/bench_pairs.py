# SPDX-License-Identifier: Apache-2.0
"""In the simulator: every kind of job directly behind every other kind (D15).

Random jobs meet rare pairs rarely; here no register may carry anything from one frame to the next
in any of them. Parameters: `seed`, `thin` (keep one of so many first jobs).
"""

import random
from collections.abc import Iterator

import cocotb
from cocotb.handle import HierarchyObject

from gso_model.layout import ChecksumMode, L3Kind, L4Kind, Tunnel
from gso_tb.core import CoreBench
from gso_tb.frames import Shape, build, generic, plain
from gso_tb.jobs import Job, renumber
from gso_tb.outer_frames import Outer, encapsulated, tagged, with_llc
from gso_tb.parameters import parameters, preset


def _zero_field(job: Job) -> Job:
    """UDP without a checksum: a field of 0 (D2)."""
    return job.patched(job.descriptor.l4_offset + 6, bytes(2))


def kinds(rng: random.Random) -> list[Job]:
    """One small job of every kind that the preset has, good and bad."""
    tcp4, tcp6, udp4, udp6 = (
        Shape(4, "tcp", 14, 0, 12),
        Shape(6, "tcp", 18, 8),
        Shape(4, "udp", 16, 4),
        Shape(6, "udp"),
    )

    def made(shape: Shape, mss: int, size: int, **options: int) -> Job:
        return build(shape, rng.randbytes(size), mss, rng=rng, **options)

    without, header = ChecksumMode.SEED_WITHOUT_LENGTH, ChecksumMode.FROM_HEADER
    good = [
        made(tcp4, 60, 150, flags=0xFFF),
        made(tcp6, 70, 141, checksum=header),
        made(udp4, 50, 101, checksum=without),
        made(udp6, 64, 64),
        _zero_field(made(udp4, 40, 100)),
        _zero_field(made(udp6, 0, 90)),
        made(tcp4, 1000, 30, keep_cwr=1, flags=0x0C2, ip_id=0),
        made(tcp6, 100, 0),
        made(tcp4, 0, 120, ip_checksum=1),
        made(tcp6, 0, 33, checksum=without),
        made(udp4, 0, 80, checksum=header),
        made(udp4, 0, 80, checksum=ChecksumMode.NONE, ip_checksum=1),
        made(udp6, 0, 50).changed(l3_kind=L3Kind.NONE, l3_offset=0),
        generic(rng.randbytes(90), 20, 6, 40),
        generic(rng.randbytes(75), 0, 4, 9),
        # Their headers end before the words at which a UDP or TCP header would say more.
        generic(rng.randbytes(75), 20, 0, 22),
        generic(rng.randbytes(90), 58, 0, 60),
        plain(rng.randbytes(1)),
        plain(rng.randbytes(200)),
    ]
    if preset() == "full":
        good += _full_kinds(rng)
    first = good[0]
    bad = [
        first.changed(reserved=1 << 255),
        first.changed(l4_kind=L4Kind.NONE),
        first.patched(14, 0x65),
        first.arriving(first.data[:1]),
        first.arriving(first.data[:40]),
        first.arriving(first.data[:-1]),
        first.arriving(first.data + b"\x00"),
        first.arriving(first.data, aborted=True),
    ]
    return [job.named(f"kind {number}") for number, job in enumerate([*good, *bad])]


def _full_kinds(rng: random.Random) -> list[Job]:
    """Every tunnel, outer checksums with and without local checksum offload, tags, 802.3."""
    tcp, udp = Shape(4, "tcp", 0, 0, 12), Shape(6, "udp", 0)
    header, whole = ChecksumMode.FROM_HEADER, ChecksumMode.SEED_WITH_LENGTH

    def made(shape: Shape, mss: int, size: int, outer: Outer) -> Job:
        return encapsulated(build(shape, rng.randbytes(size), mss, rng=rng), outer, rng)

    vxlan = made(tcp, 60, 150, Outer(Tunnel.VXLAN, 6, checksum=whole))
    unchecked = _zero_field(build(udp, rng.randbytes(90), 50, rng=rng))
    bare = {"l3_kind": 0, "l3_offset": 0, "l4_kind": 0, "l4_offset": 0, "l4_checksum": 0}
    return [
        vxlan,
        made(udp, 50, 101, Outer(Tunnel.GENEVE, 4, checksum=header, options=8)),
        encapsulated(unchecked, Outer(Tunnel.VXLAN, checksum=header), rng),
        made(tcp, 70, 71, Outer(Tunnel.GRE, 4, 18, inner_tags=1)),
        made(udp, 64, 64, Outer(Tunnel.IPIP, 6)),
        made(tcp, 0, 90, Outer(Tunnel.VXLAN, checksum=header)).changed(outer_ip_checksum=1),
        made(udp, 0, 90, Outer(Tunnel.VXLAN, 6, checksum=whole)).changed(**bare),
        tagged(vxlan, 2, rng),
        tagged(build(Shape(4, "udp"), rng.randbytes(99), 40, rng=rng), 1, rng),
        tagged(plain(rng.randbytes(61)), 1, rng),
        tagged(plain(rng.randbytes(14)), 2, rng),
        with_llc(build(Shape(4, "tcp"), rng.randbytes(99), 40, rng=rng), rng),
    ]


@cocotb.test
async def pairs(dut: HierarchyObject) -> None:
    """All ordered pairs, back to back at full speed and under pauses."""
    seed, thin = int(parameters()["seed"]), int(parameters()["thin"])
    bench = CoreBench(dut)
    await bench.start()

    def jobs(rng: random.Random) -> Iterator[Job]:
        count = len(kinds(rng))
        for first in range(seed % thin, count, thin):
            for second in range(count):
                made = kinds(rng)
                for one in (made[first], made[second]):
                    yield one.named(f"{one.label} of pair {first}, {second}")

    await bench.run_jobs(renumber(jobs(random.Random(seed))))
    pauses = {"idle": "random:0.2", "stall": "random:0.2", "completion_stall": "random:0.5"}
    await bench.run_jobs(renumber(jobs(random.Random(seed + 1))), seed=seed, **pauses)
