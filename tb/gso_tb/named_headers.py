# SPDX-License-Identifier: Apache-2.0
"""Named cases: identification, flags, headers with options and extensions, L2."""

import random

from gso_model.layout import ChecksumMode, IdMode, L3Kind, L4Kind
from gso_tb.frames import Shape, build, folded_sum
from gso_tb.jobs import Job
from gso_tb.named_cases import EVERY, TCP4, TCP6, UDP4, Maker, case, sized, true_lengths
from gso_tb.outer_frames import tagged, with_llc
from gso_tb.reference import checksum_at

# --- IPv4 identification (D5)


def _id(first: int, mode: IdMode, **fields: int) -> Maker:
    def make(rng: random.Random) -> list[Job]:
        made = []
        for shape in (TCP4, UDP4):
            job = build(shape, rng.randbytes(1000), 300, rng=rng, ip_id=mode, **fields)
            made.append(job.patched(shape.l2 + 4, first.to_bytes(2, "big")))
        return made

    return make


for _first, _mode in ((0x7FFE, "mod15"), (0x7FFF, "mod15"), (0x8000, "mod15"), (0xFFFE, "mod16")):
    case(f"id_{_first:04X}_{_mode}")(_id(_first, IdMode[_mode.upper()]))
case("id_7FFF_mod16")(_id(0x7FFF, IdMode.MOD16))
case("id_FFFF_mod15")(_id(0xFFFF, IdMode.MOD15))
case("ovs_win_id_byte_order")(_id(0x00FF, IdMode.MOD16))


def _df(df: int, mode: IdMode) -> Maker:
    def make(rng: random.Random) -> list[Job]:
        return [job.patched(20, bytes([df << 6, 0])) for job in _id(0x1234, mode)(rng)]

    return make


case("id_fixed_df1")(_df(1, IdMode.FIXED))
case("ena_df0")(_df(0, IdMode.MOD16))


# --- TCP flags (D6)


def _flags(*values: int, sizes: tuple[int, ...] = (1000, 600), **fields: int) -> Maker:
    def make(rng: random.Random) -> list[Job]:
        return [
            build(shape, rng.randbytes(size), 300, rng=rng, flags=value, **fields)
            for shape in (TCP4, TCP6)
            for value in values
            for size in sizes
        ]

    return make


case("fin")(_flags(0x011))
case("psh")(_flags(0x018))
case("cwr")(_flags(0x090))
case("ece")(_flags(0x050))
case("cwr_ece")(_flags(0x0D0))
case("urg_and_pointer")(_flags(0x030))
case("ns")(_flags(0x110, 0xE10))
case("accecn")(_flags(0x1D0, 0x090, keep_cwr=1))
case("single_segment_all")(_flags(0xFFF, sizes=(300, 100, 0)))
case("all_random")(lambda rng: _flags(*(rng.getrandbits(12) for _ in range(30)))(rng))
case("qemu_lost_fin_psh")(_flags(0x019, sizes=(1000, 601)))
case("nix_and_dpdk_cwr")(_flags(0x080, 0x0FF, sizes=(1500,)))
case("fm10k_ece")(_flags(0xFFF, 0x1C0, sizes=(1500,)))
case("ixgbe_flags")(_flags(0x088, 0x098, sizes=(1500, 600)))


# --- Headers (D1, D10)


def _shapes(*shapes: Shape, size: int = 1000, mss: int = 400) -> Maker:
    return sized(mss, size, shapes=shapes)


case("ip_options")(
    _shapes(*(Shape(4, l4, 14, n) for l4 in ("tcp", "udp") for n in range(4, 41, 4)))
)
case("tcp_options")(
    _shapes(*(Shape(ip, "tcp", 14, 0, n) for ip in (4, 6) for n in range(0, 41, 4)))
)
case("both_60_and_60")(_shapes(Shape(4, "tcp", 14, 40, 40)))
case("ipv6_extensions")(
    _shapes(*(Shape(6, l4, 14, n) for l4 in ("tcp", "udp") for n in (*range(8, 65, 8), 128)))
)
case("header_exactly_256")(_shapes(Shape(6, "tcp", 16, 176, 4)))
case("r8169_transport_offset")(_shapes(Shape(6, "udp", 14, 80), Shape(6, "tcp", 14, 72)))
case("tg3_80")(_shapes(Shape(4, "tcp", 18, 12, 32), Shape(6, "tcp", 14, 0, 12)))
case("f_stack_options")(_shapes(Shape(4, "tcp", 14, 0, 12), size=4000, mss=1448))
case("linux_ext6")(_shapes(Shape(6, "tcp", 14, 24, 12), size=5000, mss=1400))


def _option(option: bytes) -> Maker:
    """A TCP option that is copied as it is, into every segment."""

    def make(rng: random.Random) -> list[Job]:
        padded = option + b"\x01" * (-len(option) % 4)
        made = []
        for ip in (4, 6):
            shape = Shape(ip, "tcp", 14, 0, len(padded))
            job = build(shape, rng.randbytes(1000), 300, rng=rng)
            made.append(job.patched(shape.l4_offset + 20, padded))
        return made

    return make


case("timestamp_verbatim")(_option(b"\x01\x01\x08\x0a\xff\xff\xff\xfe\x12\x34\x56\x78"))
case("md5_verbatim")(_option(b"\x13\x12" + bytes(range(16))))
case("lan78xx_sack")(_option(b"\x01\x01\x05\x12" + bytes(range(16))))


@case("lsrr_source_route")
def _source_route(rng: random.Random) -> list[Job]:
    """The seed is of the route's last address, not the header's; the option is copied."""
    made = []
    for l4, protocol in (("tcp", 6), ("udp", 17)):
        shape = Shape(4, l4, 14, 8)
        job = build(shape, rng.randbytes(1000), 300, rng=rng)
        final = rng.randbytes(4)
        job = job.patched(34, b"\x83\x07\x04" + final + b"\x00")
        length = (len(job.data) - shape.l4_offset).to_bytes(4, "big")
        seed = folded_sum(job.data[26:30] + final + length + bytes([0, protocol]))
        made.append(job.patched(checksum_at(job.descriptor), seed.to_bytes(2, "big")))
    return made


@case("routing_header_destination")
def _routing(rng: random.Random) -> list[Job]:
    """The seed is of the routing header's last address (RFC 8200, 8.1)."""
    made = []
    for l4, protocol in (("tcp", 6), ("udp", 17)):
        shape = Shape(6, l4, 14, 24)
        job = build(shape, rng.randbytes(1000), 300, rng=rng)
        final = rng.randbytes(16)
        job = job.patched(20, b"\x2b")  # next header: routing
        job = job.patched(54, bytes([protocol, 2, 0, 1]) + bytes(4) + final)
        length = (len(job.data) - shape.l4_offset).to_bytes(4, "big")
        seed = folded_sum(job.data[22:38] + final + length + bytes([0, protocol]))
        made.append(job.patched(checksum_at(job.descriptor), seed.to_bytes(2, "big")))
    return made


# --- L2 (D16, D17, D18)

case("untagged")(_shapes(*EVERY))
case("tag_in_data")(_shapes(*(Shape(ip, l4, 18) for ip in (4, 6) for l4 in ("tcp", "udp"))))
case("two_tags_in_data")(_shapes(*(Shape(ip, l4, 22) for ip in (4, 6) for l4 in ("tcp", "udp"))))
case("null_l2")(_shapes(*(Shape(ip, l4, 0) for ip in (4, 6) for l4 in ("tcp", "udp"))))
case("min_last_segment")(sized(1000, 2001, 2000, 2006))


@case("offsets_14_to_22")
def _offsets(rng: random.Random) -> list[Job]:
    return [
        build(Shape(ip, "tcp", l2), rng.randbytes(900), 400, rng=rng)
        for ip in (4, 6)
        for l2 in range(14, 23, 2)
    ]


def _inserted(l2: int) -> Maker:
    def make(rng: random.Random) -> list[Job]:
        made = []
        for count in (1, 2):
            for ip, l4 in ((4, "tcp"), (6, "tcp"), (4, "udp"), (6, "udp")):
                for mss, size in ((400, 900), (400, 400), (1448, 70000)):
                    job = build(Shape(ip, l4, l2), rng.randbytes(size), mss, rng=rng)
                    made.append(tagged(job, count, rng))
        return made

    return make


case("tag_inserted")(_inserted(14))
case("tag_inserted_before_one_in_data")(_inserted(18))
case("stmmac_vlan")(_inserted(14))


def _llc(l2: int, tags: int) -> Maker:
    def make(rng: random.Random) -> list[Job]:
        made = []
        for ip, l4 in ((4, "tcp"), (6, "tcp"), (4, "udp"), (6, "udp")):
            for mss, size in ((600, 1500), (20, 100), (1400, 1399)):
                job = with_llc(build(Shape(ip, l4, l2), rng.randbytes(size), mss, rng=rng), rng)
                made.append(tagged(job, tags, rng))
        return made

    return make


case("llc_snap")(_llc(14, 0))
case("llc_snap_and_tag_in_data")(_llc(18, 0))
case("llc_snap_and_tag_inserted")(_llc(14, 2))


@case("no_padding_to_60")
def _short(rng: random.Random) -> list[Job]:
    """D16: frames below 60 bytes leave as they are; so do short segments."""
    made = [
        build(shape, rng.randbytes(1), 0, rng=rng, ip_checksum=shape.ip == 4) for shape in EVERY
    ]
    return [true_lengths(job) for job in made] + sized(2, 5)(rng)


@case("e1000_pad")
def _pass_short(rng: random.Random) -> list[Job]:
    """Frames of which nothing is asked, of every size up to 66 bytes."""
    base = build(TCP4, bytes(20), 0, rng=rng)
    none = {"header_length": 0, "l3_offset": 0, "l4_offset": 0, "l3_kind": L3Kind.NONE}
    none |= {"l4_kind": L4Kind.NONE, "l4_checksum": ChecksumMode.NONE}
    return [
        base.changed(frame_length=size, **none).arriving(rng.randbytes(size))
        for size in range(1, 67)
    ]
