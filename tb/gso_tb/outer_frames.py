# SPDX-License-Identifier: Apache-2.0
"""Puts frames into tunnels, gives them tags to insert and LLC/SNAP headers.

Byte by byte, without the model's header code, around the frames of `frames`. What the core must
not read (D1) is noise here too.
"""

import random
from dataclasses import dataclass, replace
from typing import Literal

from gso_model.layout import ChecksumMode, IdMode, L3Kind, Tunnel
from gso_tb import frames
from gso_tb.jobs import Job

UDP_TUNNELS = (Tunnel.VXLAN, Tunnel.GENEVE)
TUNNELS = (Tunnel.IPIP, Tunnel.GRE, *UDP_TUNNELS)
_NUMBER = {Tunnel.GRE: 47, Tunnel.VXLAN: 17, Tunnel.GENEVE: 17}
_PORT = {Tunnel.VXLAN: 4789, Tunnel.GENEVE: 6081}


@dataclass(frozen=True)
class Outer:
    """The headers in front of an inner IP packet.

    `l2` and `ip_options` as in `frames.Shape`; `ethernet` tells whether the inner packet has an
    Ethernet header of its own (VXLAN always), with `inner_tags` tags in it. `options` are the
    bytes of Geneve's options, a multiple of 4. `port` is the UDP port if not the usual one.
    """

    tunnel: Tunnel = Tunnel.VXLAN
    ip: Literal[4, 6] = 4
    l2: int = 14
    ip_options: int = 0
    ethernet: bool = True
    inner_tags: int = 0
    key: bool = True
    options: int = 0
    checksum: ChecksumMode = ChecksumMode.NONE
    port: int = 0

    @property
    def l4_offset(self) -> int:
        """Bytes in front of the outer L4 header, with IP-in-IP of the inner IP header."""
        return self.l2 + (20 if self.ip == 4 else 40) + self.ip_options


def encapsulated(inner: Job, outer: Outer, rng: random.Random, **fields: int) -> Job:
    """`inner`, a job whose frame starts with its IP header, in the tunnel `outer`.

    `fields` go into the descriptor as they are.
    """
    d = inner.descriptor
    described = L3Kind(d.l3_kind) if d.l3_kind else L3Kind.IPV4
    number = _NUMBER.get(outer.tunnel, 4 if described == L3Kind.IPV4 else 41)
    front = _ip(outer, number, rng)
    middle = _tunnel(outer, described, rng)
    if outer.checksum in frames.SEEDED:
        length = len(middle) + len(inner.data)
        field = frames.seed(front, outer.l2, outer.ip, frames.UDP_NUMBER, length, outer.checksum)
        middle = middle[:6] + field + middle[8:]
    elif outer.checksum == ChecksumMode.NONE and outer.tunnel in UDP_TUNNELS:
        middle = middle[:6] + bytes(2) + middle[8:]
    moved = len(front) + len(middle)
    kind = L3Kind.IPV4 if outer.ip == 4 else L3Kind.IPV6
    values = {
        "frame_length": moved + d.frame_length,
        "header_length": moved + d.header_length,
        "l3_offset": moved if d.l3_kind or outer.tunnel == Tunnel.IPIP else 0,
        "l4_offset": moved + d.l4_offset if d.l4_kind or d.l3_kind else 0,
        "tunnel": outer.tunnel,
        "outer_l3_kind": kind,
        "outer_l3_offset": outer.l2,
        "outer_l4_offset": 0 if outer.tunnel == Tunnel.IPIP else outer.l4_offset,
        "outer_l4_checksum": outer.checksum,
        "outer_ip_id": IdMode.MOD16,
        **fields,
    }
    label = f"{outer.tunnel.name.lower()} o{outer.ip} l2 {outer.l2}, {inner.label}"
    return Job(replace(d, **values), front + middle + inner.data, label=label)


def _ip(outer: Outer, number: int, rng: random.Random) -> bytes:
    """L2 and the outer IP header."""
    shape = frames.Shape(outer.ip, "udp", outer.l2, outer.ip_options)
    made = bytearray(frames.l2_bytes(shape, rng) + frames.l3_bytes(shape, rng))
    if outer.ip == 4:
        made[outer.l2 + 9] = number
    elif outer.ip_options:
        made[outer.l2 + 40] = number
    else:
        made[outer.l2 + 6] = number
    return bytes(made)


def _tunnel(outer: Outer, inner: L3Kind, rng: random.Random) -> bytes:
    """What stands between the outer and the inner IP header."""
    ethertype = frames.ETHERTYPE[4 if inner == L3Kind.IPV4 else 6]
    ethernet = b""
    if outer.ethernet:
        tags = b"".join(b"\x81\x00" + rng.randbytes(2) for _ in range(outer.inner_tags))
        ethernet = rng.randbytes(12) + tags + ethertype
    if outer.tunnel == Tunnel.IPIP:
        return b""
    if outer.tunnel == Tunnel.GRE:
        flags = 0x20 if outer.key else 0
        kind = b"\x65\x58" if outer.ethernet else ethertype
        return bytes([flags, 0]) + kind + (rng.randbytes(4) if outer.key else b"") + ethernet
    port = outer.port or _PORT[outer.tunnel]
    udp = rng.randbytes(2) + port.to_bytes(2, "big") + rng.randbytes(4)
    if outer.tunnel == Tunnel.VXLAN:
        return udp + b"\x08\0\0\0" + rng.randbytes(3) + b"\0" + ethernet
    kind = b"\x65\x58" if outer.ethernet else ethertype
    first = bytes([outer.options // 4, 0]) + kind + rng.randbytes(3) + b"\0"
    return udp + first + rng.randbytes(outer.options) + ethernet


def tagged(job: Job, count: int, rng: random.Random) -> Job:
    """The same job with `count` tags to insert (D18)."""
    tags = [rng.choice((0x8100, 0x88A8)) << 16 | rng.getrandbits(16) for _ in range(count)]
    fields = {f"tag{i}": tag for i, tag in enumerate(tags)}
    return job.changed(tag_count=count, **fields).named(f"{count} tags, {job.label}")


def with_llc(job: Job, rng: random.Random) -> Job:
    """The same job with an LLC/SNAP header in front of its EtherType and its length to write."""
    d = job.descriptor
    at = d.outermost_l3_offset - 2
    snap = rng.randrange(0x600).to_bytes(2, "big") + b"\xaa\xaa\x03" + bytes(3)
    data = job.data[:at] + snap + job.data[at:]
    both = ("outer_l3_offset", "outer_l4_offset")
    outer = {Tunnel.NONE: (), Tunnel.IPIP: both[:1]}.get(d.tunnel, both)
    moved = job.moved(8, *outer).changed(length_8023=1)
    return moved.arriving(data).named(f"802.3, {job.label}")


def random_outer(rng: random.Random) -> Outer:
    """Any tunnel, with the header lengths that are most common."""
    tunnel = rng.choice((Tunnel.IPIP, Tunnel.GRE, Tunnel.VXLAN, Tunnel.VXLAN, Tunnel.GENEVE))
    ip = rng.choice((4, 6))
    udp = tunnel in UDP_TUNNELS
    ethernet = tunnel == Tunnel.VXLAN or (tunnel != Tunnel.IPIP and rng.random() < 0.7)
    return Outer(
        tunnel=tunnel,
        ip=ip,
        l2=rng.choice((14, 14, 14, 18, 22, 16, 0, 2, 12, 26)),
        ip_options=rng.choice((0, 0, 0, 4, 40)) if ip == 4 else rng.choice((0, 0, 8, 16)),
        ethernet=ethernet,
        inner_tags=rng.choice((0, 0, 0, 1, 2)) if ethernet else 0,
        key=bool(rng.getrandbits(1)),
        options=4 * rng.choice((0, 0, 1, 2, 7, rng.randint(0, 20)))
        if tunnel == Tunnel.GENEVE
        else 0,
        checksum=rng.choice(list(ChecksumMode)) if udp else ChecksumMode.NONE,
    )
