# SPDX-License-Identifier: Apache-2.0
"""Endless seeded random jobs, good and bad, over everything the configuration can be asked.

`job(seed, index)` depends on these two numbers alone (and on the features that are built), so any
single job of a long run can be made again.
"""

import random
from dataclasses import replace

from gso_model import Descriptor
from gso_model.layout import DESCRIPTOR, ChecksumMode, IdMode, L3Kind, L4Kind
from gso_tb import outer_frames
from gso_tb.frames import Shape, build, generic
from gso_tb.jobs import Job

# Payload lengths and MSS are drawn near these, because faults sit at edges.
_EDGES = (0, 1, 2, 8, 16, 32, 64, 100, 128, 192, 256, 512, 536, 1000, 1200, 1428, 1448, 1460, 8948)
_MODES = (
    ChecksumMode.SEED_WITHOUT_LENGTH,
    ChecksumMode.SEED_WITH_LENGTH,
    ChecksumMode.FROM_HEADER,
)


Features = tuple[str, ...]


def job(seed: int, index: int, features: Features = ()) -> Job:
    """The job number `index` of the sequence with `seed`, for a core with `features`."""
    rng = random.Random(f"{seed}/{index}")
    made = rng.choices(
        (_segmented, _checksum_only, _generic, _pass_through, _wrong, garbage, _wrong_arrival),
        (50, 12, 5, 8, 12, 5, 8),
    )[0](rng, features)
    fields = {
        "request_id": index & 0xFFFF,
        "user": rng.getrandbits(16),
        "timestamp": rng.getrandbits(1),
    }
    named = made.named(f"job {index} of seed {seed} ({made.label})")
    return named.changed(**fields)


def _shape(rng: random.Random, tunnel: bool) -> Shape:
    ip = rng.choice((4, 6))
    options = rng.choice((0, 0, 4, 8, 12, 40)) if ip == 4 else rng.choice((0, 0, 8, 16, 24, 48))
    l4 = rng.choice(("tcp", "tcp", "udp"))
    return Shape(
        ip=ip,
        l4=l4,
        l2=0 if tunnel else rng.choice((14, 14, 14, 16, 18, 22, 0, 2)),
        ip_options=options,
        tcp_options=rng.choice((0, 12, 12, 4, 20, 40)) if l4 == "tcp" else 0,
    )


def _near(rng: random.Random, most: int) -> int:
    """A number up to `most`, most often next to one of the edges."""
    if rng.random() < 0.3:
        return rng.randint(0, most)
    return min(most, max(0, rng.choice(_EDGES) + rng.randint(-2, 2)))


def _payload(rng: random.Random, size: int) -> bytes:
    """Mostly random bytes; all zeros or ones where a checksum may become 0 or 0xFFFF (D4)."""
    kind = rng.random()
    if kind < 0.9:
        return rng.randbytes(size)
    return (b"\xff" if kind < 0.95 else b"\x00") * size


def _in_tunnel(rng: random.Random, features: Features) -> bool:
    return "tunnels" in features and rng.random() < 0.55


def _segmented(rng: random.Random, features: Features) -> Job:
    tunnel = _in_tunnel(rng, features)
    shape = _shape(rng, tunnel)
    # D9: a segment of up to 9,728 bytes; few segments of a large MSS, many of a small one.
    mss = max(1, _near(rng, 8948))
    most = min(mss * 12, 20000)
    multiple = mss * rng.randint(0, max(1, min(12, most // mss))) + rng.randint(-2, 2)
    size = max(0, multiple) if rng.random() < 0.7 else _near(rng, most)
    made = build(
        shape,
        _payload(rng, size),
        mss,
        rng=rng,
        checksum=rng.choice(_MODES),
        ip_id=rng.choice(list(IdMode)),
        keep_cwr=rng.getrandbits(1),
        ip_checksum=rng.getrandbits(1) if shape.ip == 4 else 0,
    )
    return _dressed(rng, _maybe_zero_field(rng, shape, made), tunnel, features)


def _dressed(rng: random.Random, made: Job, tunnel: bool, features: Features) -> Job:
    """The job in a tunnel, with an LLC/SNAP header or tags to insert, where these are built."""
    if tunnel:
        outer = outer_frames.random_outer(rng)
        # Most headers fit; the others are refused (D9).
        while rng.random() < 0.95 and outer.l4_offset + 60 + made.descriptor.header_length > 256:
            outer = outer_frames.random_outer(rng)
        fields = {"outer_ip_id": rng.choice(list(IdMode))}
        if outer.ip == 4:
            fields["outer_ip_checksum"] = rng.getrandbits(1)
        made = outer_frames.encapsulated(made, outer, rng, **fields)
        d = made.descriptor
        if d.outer_udp and (rng.random() < 0.1 or (not d.mss and rng.random() < 0.1)):
            # D3: with a field of 0 there is no outer checksum, but in mode 3.
            made = made.patched(d.outer_l4_offset + 6, bytes(2))
    d = made.descriptor
    room = d.outermost_l3_offset >= 14
    llc = "length_8023" in features and room and (d.l3_kind or d.tunnel)
    # D17: few segments of more than 1,500 bytes, as they are refused.
    if llc and rng.random() < (0.25 if d.mss < 1400 else 0.03):
        made = outer_frames.with_llc(made, rng)
    if "tags" in features and rng.random() < 0.25:
        made = outer_frames.tagged(made, rng.choice((1, 2)), rng)
    return made


def _maybe_zero_field(rng: random.Random, shape: Shape, made: Job) -> Job:
    """UDP with a field of 0 has no checksum and keeps none (D2)."""
    if shape.l4 == "tcp" or rng.random() > 0.15:
        return made
    return made.patched(shape.l4_offset + 6, bytes(2))


def _checksum_only(rng: random.Random, features: Features) -> Job:
    tunnel = _in_tunnel(rng, features)
    shape = _shape(rng, tunnel)
    mode = rng.choice((*_MODES, ChecksumMode.NONE))
    made = build(
        shape,
        _payload(rng, _near(rng, 4000)),
        0,
        rng=rng,
        checksum=mode,
        ip_checksum=rng.getrandbits(1) if shape.ip == 4 else 0,
        ip_id=rng.choice(list(IdMode)),
    )
    if mode in (ChecksumMode.SEED_WITH_LENGTH, ChecksumMode.SEED_WITHOUT_LENGTH) and (
        rng.random() < 0.3 and not made.descriptor.ip_checksum
    ):
        # D21: with a seed no L3 header need be described.
        made = made.changed(l3_kind=L3Kind.NONE, l3_offset=0)
    if tunnel and rng.random() < 0.2:
        # D21: neither TCP nor UDP inside, or nothing described at all.
        bare = {"l4_kind": L4Kind.NONE, "l4_checksum": ChecksumMode.NONE}
        if rng.random() < 0.5:
            bare |= {"l3_kind": L3Kind.NONE, "ip_checksum": 0, "l4_offset": 0}
        made = made.changed(**bare)
    return _dressed(rng, _maybe_zero_field(rng, shape, made), tunnel, features)


def _generic(rng: random.Random, features: Features) -> Job:
    """virtio's csum_start and csum_offset (D21)."""
    start = 2 * rng.randint(0, 45)
    offset = rng.choice((0, 0, 2, 6, 6, 16, 2 * rng.randint(0, 127)))
    header = start + offset + 2 + rng.choice((0, 0, 1, rng.randint(0, 40)))
    header = min(header, 256)
    size = header + _near(rng, 3000)
    mode = rng.choice((ChecksumMode.SEED_WITH_LENGTH, ChecksumMode.NONE))
    made = generic(_payload(rng, size), start, offset, header).changed(l4_checksum=mode)
    return _dressed(rng, made, _in_tunnel(rng, features) and rng.random() < 0.5, features)


def _pass_through(rng: random.Random, features: Features) -> Job:
    """Nothing asked: ARP, runts and anything else leave as they came (D1)."""
    size = rng.choice((1, 2, 13, 14, 42, 59, 60, 61, 64, 65, 1514, max(1, _near(rng, 9728))))
    descriptor = Descriptor(
        frame_length=size,
        header_length=rng.choice((0, 0, 14, 60, 256)),
        l3_offset=rng.choice((0, 14, 15)),
        l4_offset=rng.choice((0, 34, 33)),
        l4_kind=rng.choice((L4Kind.NONE, L4Kind.TCP, L4Kind.UDP)),
    )
    return _dressed(
        rng, Job(descriptor, _payload(rng, size), label="pass-through"), False, features
    )


def _wrong(rng: random.Random, features: Features) -> Job:
    """A good job with one or two descriptor fields or header bytes changed, often by one."""
    made = rng.choice((_segmented, _checksum_only, _generic))(rng, features)
    for _ in range(rng.randint(1, 2)):
        made = rng.choice((_wrong_field, _wrong_byte))(rng, made)
    return made.named(f"wrong {made.label}")


def _wrong_field(rng: random.Random, made: Job) -> Job:
    field = rng.choice(DESCRIPTOR.fields)
    before = getattr(made.descriptor, field.name)
    step = rng.choice((-8, -4, -2, -1, 1, 2, 4, 8))
    value = before + step if rng.random() < 0.6 else rng.getrandbits(field.width)
    changed = made.changed(**{field.name: value & ((1 << field.width) - 1)})
    if field.name != "frame_length":
        return changed
    # The frame's end must agree with the descriptor: SHORT and LONG are `_wrong_arrival`'s.
    size = min(max(1, changed.descriptor.frame_length), 20000)
    data = (made.data * (size // len(made.data) + 1))[:size]
    return changed.changed(frame_length=size).arriving(data)


def _wrong_byte(rng: random.Random, made: Job) -> Job:
    size = max(1, min(made.descriptor.header_length, len(made.data)))
    at = rng.randrange(size)
    if rng.random() < 0.6:
        # The bytes that are checked: version and IHL, protocol or next header, data offset.
        d = made.descriptor
        l3, l4 = d.l3_offset, d.l4_offset
        places = [l3, l3, l3 + 6, l3 + 9, l4 + 12, l4 + 12]
        if d.tunnel:
            # Flags and type of GRE, the outer UDP checksum, Geneve's version and length.
            l3, l4 = d.outer_l3_offset, d.outer_l4_offset
            places += [l3, l3, l3 + 6, l3 + 9, l4, l4 + 1, l4 + 2, l4 + 3, l4 + 6, l4 + 7, l4 + 8]
        if d.length_8023 and l3 >= 10:
            places += [l3 - 10, l3 - 9, l3 - 8, l3 - 7, l3 - 6]
        at = min(rng.choice(places), size - 1)
    return made.patched(at, made.data[at] ^ (1 << rng.randrange(8)))


def garbage(rng: random.Random, features: Features = ()) -> Job:
    """256 random bits, or few of them, with a small frame."""
    vector = rng.getrandbits(256)
    if rng.random() < 0.7:
        # Enough zeros that not everything ends in RESERVED.
        vector &= ~DESCRIPTOR.reserved_mask
        vector &= rng.getrandbits(256) & rng.getrandbits(256)
    size = rng.choice((1, rng.randint(1, 64), rng.randint(1, 300)))
    descriptor = Descriptor.unpack(vector)
    if rng.random() < 0.5:
        descriptor = replace(descriptor, frame_length=size)
    return Job(descriptor, rng.randbytes(size), bool(rng.getrandbits(1)), "garbage")


def _wrong_arrival(rng: random.Random, features: Features) -> Job:
    """A frame that ends early, late or aborted (D13, I9)."""
    made = rng.choice((_segmented, _checksum_only, _pass_through))(rng, features)
    size = len(made.data)
    step = rng.choice((1, 1, 2, 7, 8, 9, 63, 64, 65, rng.randint(1, size)))
    kind = rng.choice(("short", "long", "aborted"))
    aborted = kind == "aborted" or rng.random() < 0.1
    if kind == "short":
        made = made.arriving(made.data[: max(1, size - step)], aborted)
    elif kind == "long":
        made = made.arriving(made.data + rng.randbytes(step), aborted)
    else:
        made = made.arriving(made.data, True)
    return made.named(f"{kind} {made.label}")
