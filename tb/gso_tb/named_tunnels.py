# SPDX-License-Identifier: Apache-2.0
"""Named cases with tunnels, of large sizes in tunnels, and of frames that follow each other."""

import random

from gso_model.layout import ChecksumMode, IdMode, L4Kind, Tunnel
from gso_tb.frames import Shape, build
from gso_tb.jobs import Job
from gso_tb.named_cases import CASES, Maker, case, true_lengths
from gso_tb.outer_frames import TUNNELS, UDP_TUNNELS, Outer, encapsulated, tagged, with_llc


def inside(
    rng: random.Random,
    outer: Outer,
    ip: int = 4,
    l4: str = "tcp",
    mss: int = 400,
    size: int = 1000,
    options: int = 0,
    **fields: int,
) -> Job:
    """A job in the tunnel `outer`; `fields` of the descriptor are the inner packet's."""
    shape = Shape(ip, l4, 0, 0, options)
    return encapsulated(build(shape, rng.randbytes(size), mss, rng=rng, **fields), outer, rng)


def finished(rng: random.Random, outer: Outer, ip: int = 4, l4: str = "tcp") -> Job:
    """Checksums only, all that can be asked for, with true lengths."""
    job = inside(rng, outer, ip, l4, 0, 700, ip_checksum=int(ip == 4))
    return true_lengths(job.changed(outer_ip_checksum=int(outer.ip == 4)))


def _grid(tunnel: Tunnel, l4: str, checksum: ChecksumMode = ChecksumMode.NONE, **options) -> Maker:
    """Outer and inner IP of both versions, several segments and one."""

    def make(rng: random.Random) -> list[Job]:
        return [
            inside(rng, Outer(tunnel, outer, checksum=checksum, **options), inner, l4, 400, size)
            for outer in (4, 6)
            for inner in (4, 6)
            for size in (1000, 400, 0)
        ]

    return make


for _tunnel, _name in ((Tunnel.GRE, "nvgre"), (Tunnel.VXLAN, "vxlan"), (Tunnel.GENEVE, "geneve")):
    for _l4 in ("tcp", "udp"):
        case(f"{_name}_{_l4}")(_grid(_tunnel, _l4))
for _l4 in ("tcp", "udp"):
    case(f"ipip_{_l4}")(_grid(Tunnel.IPIP, _l4))
    case(f"gre_ip_inside_{_l4}")(_grid(Tunnel.GRE, _l4, ethernet=False, key=False))
    case(f"geneve_options_{_l4}")(_grid(Tunnel.GENEVE, _l4, options=28))
    case(f"geneve_ip_inside_{_l4}")(_grid(Tunnel.GENEVE, _l4, ethernet=False))
for _mode in list(ChecksumMode)[1:]:
    for _l4 in ("tcp", "udp"):
        case(f"outer_checksum_lco_{_mode.name.lower()}_{_l4}")(_grid(Tunnel.VXLAN, _l4, _mode))


@case("outer_checksum_0_stays_0")
def _outer_zero(rng: random.Random) -> list[Job]:
    made = []
    for mode in list(ChecksumMode)[:3]:
        for ip in (4, 6):
            job = inside(rng, Outer(Tunnel.VXLAN, ip, checksum=mode))
            made.append(job.patched(job.descriptor.outer_l4_offset + 6, bytes(2)))
    return made


@case("outer_and_inner_modes")
def _modes(rng: random.Random) -> list[Job]:
    """Every pair of modes, segmented and not (D3)."""
    made = []
    for tunnel in UDP_TUNNELS:
        for outer in list(ChecksumMode)[1:]:
            for inner in list(ChecksumMode)[1:]:
                for l4 in ("tcp", "udp"):
                    made.append(inside(rng, Outer(tunnel, checksum=outer), 4, l4, checksum=inner))
                    job = inside(
                        rng,
                        Outer(tunnel, 6, checksum=outer),
                        6,
                        l4,
                        0,
                        size=501,
                        checksum=inner,
                    )
                    made.append(true_lengths(job))
    return made


@case("inner_udp_csum_0_outer_summed")
def _inner_zero(rng: random.Random) -> list[Job]:
    """No local checksum offload: the outer checksum takes the payload's sum (D3)."""
    made = []
    for tunnel in UDP_TUNNELS:
        for mode in list(ChecksumMode)[1:]:
            for mss in (400, 0):
                inner = build(Shape(4, "udp", 0), rng.randbytes(1001), mss, rng=rng)
                inner = inner.patched(inner.descriptor.l4_offset + 6, bytes(2))
                inner = inner.changed(ip_checksum=1)
                job = encapsulated(inner, Outer(tunnel, checksum=mode), rng, outer_ip_checksum=1)
                made.append(job if mss else true_lengths(job))
    return made


@case("checksum_only_all_four")
def _all_four(rng: random.Random) -> list[Job]:
    """D21: outer IPv4, inner IPv4, outer UDP and L4 in one pass."""
    return [
        finished(rng, Outer(tunnel, outer, checksum=mode), inner, l4)
        for tunnel, mode in (
            *((tunnel, ChecksumMode.SEED_WITH_LENGTH) for tunnel in UDP_TUNNELS),
            (Tunnel.GRE, ChecksumMode.NONE),
            (Tunnel.IPIP, ChecksumMode.NONE),
        )
        for outer in (4, 6)
        for inner in (4, 6)
        for l4 in ("tcp", "udp")
    ]


@case("checksum_only_each_alone")
def _each_alone(rng: random.Random) -> list[Job]:
    """D21: each by its own request; the others keep what they hold."""
    whole = inside(
        rng, Outer(Tunnel.VXLAN, checksum=ChecksumMode.SEED_WITH_LENGTH), mss=0, ip_checksum=1
    )
    none = {"ip_checksum": 0, "l4_checksum": 0, "outer_ip_checksum": 0, "outer_l4_checksum": 0}
    alone = [{"ip_checksum": 1}, {"l4_checksum": 2}, {"outer_ip_checksum": 1}]
    alone.append({"outer_l4_checksum": 2})
    return [whole.changed(**{**none, **asked}) for asked in alone]


@case("icmp_csum_only")
def _icmp(rng: random.Random) -> list[Job]:
    """C.1: inner packets that are neither TCP nor UDP get their IP checksums."""
    made = []
    for tunnel in TUNNELS:
        job = inside(rng, Outer(tunnel), mss=0, size=80, ip_checksum=1)
        bare = {"l4_kind": L4Kind.NONE, "l4_checksum": ChecksumMode.NONE}
        job = job.changed(**bare, outer_ip_checksum=1)
        at = job.descriptor.l3_offset
        made.append(true_lengths(job.patched(at + 9, b"\x01")))
    return made


@case("outer_checksum_nothing_inside")
def _nothing_inside(rng: random.Random) -> list[Job]:
    """D3, D21: the outer UDP checksum of a tunnel whose inside is not described."""
    made = []
    none = {"l3_kind": 0, "l3_offset": 0, "l4_kind": 0, "l4_offset": 0, "l4_checksum": 0}
    for tunnel in UDP_TUNNELS:
        for mode in list(ChecksumMode)[1:]:
            job = inside(rng, Outer(tunnel, checksum=mode), mss=0, size=257, ip_checksum=0)
            made.append(true_lengths(job).changed(**none, outer_ip_checksum=1))
            made.append(tagged(made[-1], 2, rng))
    return made


@case("tunnel_header_exactly_256")
def _longest(rng: random.Random) -> list[Job]:
    """14 + 60 + 8 + 8 + 8 options + 14 + 60 + 60, and what is missing to 256."""
    shape = Shape(4, "tcp", 0, 40, 40)
    outer = Outer(Tunnel.GENEVE, ip_options=40, options=28, checksum=ChecksumMode.FROM_HEADER)
    job = encapsulated(build(shape, rng.randbytes(900), 300, rng=rng), outer, rng)
    assert job.descriptor.header_length == 252
    outer = Outer(Tunnel.GENEVE, l2=18, ip_options=40, options=28)
    longest = encapsulated(build(shape, rng.randbytes(900), 300, rng=rng), outer, rng)
    assert longest.descriptor.header_length == 256
    return [job, longest, tagged(longest, 2, rng)]


case("outer_ip_options")(
    lambda rng: [
        inside(rng, Outer(tunnel, ip, ip_options=size), 10 - ip)
        for tunnel in TUNNELS
        for ip, size in ((4, 4), (4, 40), (6, 8), (6, 24))
    ]
)
case("i40e_tunnel_outer_l2")(
    lambda rng: [
        inside(rng, Outer(tunnel, l2=l2, inner_tags=tags))
        for tunnel in TUNNELS
        for l2 in (14, 18, 22)
        for tags in ((0, 1, 2) if tunnel in (*UDP_TUNNELS, Tunnel.GRE) else (0,))
    ]
)
case("vxlan_other_port")(
    lambda rng: [inside(rng, Outer(Tunnel.VXLAN, port=8472, checksum=ChecksumMode.FROM_HEADER))]
)
case("linux_ext6_inside")(
    lambda rng: [
        encapsulated(
            build(Shape(6, l4, 0, 24), rng.randbytes(1000), 300, rng=rng), Outer(tunnel), rng
        )
        for tunnel in TUNNELS
        for l4 in ("tcp", "udp")
    ]
)
case("rnp_64k_tunnel_and_vlan")(
    lambda rng: [
        inside(rng, Outer(Tunnel.VXLAN, 4, 18, checksum=mode), 4, "tcp", 1400, 70000)
        for mode in (ChecksumMode.NONE, ChecksumMode.SEED_WITH_LENGTH)
    ]
)
case("tunnel_500000_bytes")(
    lambda rng: [inside(rng, Outer(Tunnel.VXLAN, checksum=2), 4, "tcp", 1448, 500_000)]
)
case("tunnel_tag_inserted")(
    lambda rng: [
        tagged(inside(rng, Outer(tunnel, outer, checksum=mode)), count, rng)
        for tunnel, mode in ((Tunnel.VXLAN, ChecksumMode.FROM_HEADER), (Tunnel.GRE, 0))
        for outer in (4, 6)
        for count in (1, 2)
    ]
)
case("tunnel_llc_snap")(
    lambda rng: [with_llc(inside(rng, Outer(tunnel)), rng) for tunnel in TUNNELS]
)


@case("tunnel_outer_id_increments")
def _outer_id(rng: random.Random) -> list[Job]:
    made = []
    for tunnel in TUNNELS:
        for outer, inner in ((IdMode.MOD16, IdMode.MOD15), (IdMode.MOD15, IdMode.MOD16)):
            job = inside(rng, Outer(tunnel), ip_id=inner).changed(outer_ip_id=outer)
            job = job.patched(job.descriptor.outer_l3_offset + 4, b"\x7f\xff")
            made.append(job.patched(job.descriptor.l3_offset + 4, b"\x7f\xff"))
    return made


@case("inner_and_outer_id_differ")
def _ids(rng: random.Random) -> list[Job]:
    return [
        inside(rng, Outer(Tunnel.GRE), ip_id=inner).changed(outer_ip_id=outer)
        for inner in IdMode
        for outer in IdMode
    ]


@case("tunnel_lengths_0_or_garbage")
def _lengths(rng: random.Random) -> list[Job]:
    """D1: no length in any layer is read, nor an IPv4 checksum."""
    made = []
    for value in (bytes(2), b"\xff\xff", b"\x12\x34"):
        for ip in (4, 6):
            job = inside(
                rng, Outer(Tunnel.VXLAN, ip, checksum=ChecksumMode.FROM_HEADER), 10 - ip, "udp"
            )
            d = job.descriptor
            for kind, at in ((ip, d.outer_l3_offset), (10 - ip, d.l3_offset)):
                job = job.patched(at + (2 if kind == 4 else 4), value)
                job = job.patched(at + 10, value) if kind == 4 else job
            job = job.patched(d.l4_offset + 4, value)
            made.append(job.patched(d.outer_l4_offset + 4, value))
    return made


# --- Frames that follow each other (D15): nothing passes from one to the next


case("interleaved_lso_plain_uso")(
    lambda rng: [
        job
        for _ in range(3)
        for name in ("fin", "mss_zero", "e1000_pad", "last_1_byte", "vxlan_udp", "llc_snap")
        for job in CASES[name](rng)[:2]
    ]
)
case("e1000_after_tso")(
    lambda rng: [
        job
        for name in ("fin", "vxlan_tcp", "udp_csum_zero", "tag_inserted", "llc_snap")
        for segmented in CASES[name](rng)[:2]
        for after in ("mss_zero", "e1000_pad", "checksum_only_all_four")
        for job in (segmented, CASES[after](rng)[rng.randrange(4)])
    ]
)
case("different_mss_each_packet")(
    lambda rng: [
        build(Shape(4, "tcp"), rng.randbytes(2000), mss, rng=rng)
        for mss in (1000, 1, 1999, 64, 2000, 3, 536, 8, 1460, 999)
    ]
)
