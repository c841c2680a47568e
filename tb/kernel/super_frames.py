# SPDX-License-Identifier: Apache-2.0
"""Random super-frames that Linux accepts, with the virtio-net headers that ask for their cutting.

Unlike the frames of the other benches these are whole: lengths, IPv4 checksums and seeds are right,
as they have to be for the kernel.
"""

import random
from dataclasses import dataclass

from gso_model.checksum import word_sum
from gso_model.virtio import (
    ECN,
    NEEDS_CSUM,
    TCPV4,
    TCPV6,
    TUNNEL_IPV4,
    TUNNEL_IPV6,
    UDP_L4,
    UDP_TUNNEL_CSUM,
    VnetHeader,
)

_TCP, _UDP = 6, 17
_VXLAN, _GENEVE = 4789, 6081
_UDP_SEGMENTS = 128  # the kernel's limit
_EDGES = (8, 64, 88, 216, 536, 1000, 1200, 1428, 1448, 1460, 4000, 8900)
_LONGEST = 65535
LONGEST_HEADER = 256


@dataclass(frozen=True)
class SuperFrame:
    """A frame, what is asked for it, and what it is in words."""

    frame: bytes
    header: VnetHeader
    words: str


@dataclass(frozen=True)
class _Packet:
    """An IP packet; offsets count from its first byte. `seed_at` is where its checksum stands."""

    data: bytes
    version: int
    protocol: int
    l4: int
    header_length: int
    words: str


def super_frame(seed: int, index: int, tunnel: bool = False) -> SuperFrame:
    """Frame number `index` of the sequence `seed`, with a UDP tunnel around it if asked for.

    All headers together have at most `LONGEST_HEADER` bytes (D9).
    """
    rng = random.Random(f"kernel {seed}/{index}/{tunnel}")
    while True:
        made = _super_frame(rng, tunnel)
        if made.header.hdr_len <= LONGEST_HEADER:
            return made


def _super_frame(rng: random.Random, tunnel: bool) -> SuperFrame:
    version = rng.choice((4, 6))
    protocol = rng.choice((_TCP, _TCP, _UDP))
    mss = min(8900, max(8, rng.choice(_EDGES) + rng.randint(-3, 3)))
    room = _LONGEST - 400
    most = min(room, mss * rng.choice((2, 3, 12, 45, _UDP_SEGMENTS)))
    near = mss * rng.randint(1, max(1, most // mss)) + rng.randint(-2, 2)
    size = near if rng.random() < 0.7 else rng.randint(mss, most)
    # Never so few that the kernel takes it for a frame that needs no cutting (named differences).
    size = min(max(size, mss + 41), most if most > mss + 41 else mss + 41)
    if protocol == _UDP:
        size = min(size, mss * _UDP_SEGMENTS)
    packet = _packet(rng, version, protocol, rng.randbytes(size))
    if tunnel:
        return _in_tunnel(rng, packet, mss)
    l2, words = _ethernet(rng, version)
    offset = len(l2)
    header = VnetHeader(
        flags=NEEDS_CSUM,
        gso_type=_gso_type(rng, packet),
        hdr_len=offset + packet.header_length,
        gso_size=mss,
        csum_start=offset + packet.l4,
        csum_offset=16 if protocol == _TCP else 6,
    )
    return SuperFrame(l2 + packet.data, header, f"{words}{packet.words}, MSS {mss}, {size} bytes")


def _gso_type(rng: random.Random, packet: _Packet) -> int:
    if packet.protocol == _UDP:
        return UDP_L4
    kind = TCPV4 if packet.version == 4 else TCPV6
    return kind | (ECN if rng.random() < 0.1 else 0)


def _ethernet(rng: random.Random, version: int) -> tuple[bytes, str]:
    tags = rng.choice((0, 0, 0, 1, 2))
    inserted = b""
    for number in range(tags):
        kind = b"\x88\xa8" if tags == 2 and number == 0 else b"\x81\x00"
        inserted += kind + rng.randrange(1, 4095).to_bytes(2, "big")
    addresses = b"\x02" + rng.randbytes(5) + b"\x02" + rng.randbytes(5)
    ethertype = b"\x08\x00" if version == 4 else b"\x86\xdd"
    return addresses + inserted + ethertype, f"{tags} tags, " if tags else ""


def _packet(rng: random.Random, version: int, protocol: int, payload: bytes) -> _Packet:
    if protocol == _TCP:
        options = _tcp_options(rng)
        flags = rng.choice((0x10, 0x18, 0x19, 0x90, 0xD8, 0x30, rng.getrandbits(12) & 0xFFB | 0x10))
        # No SYN or RST: the kernel does not mind, but neither is ever segmented.
        l4 = rng.randbytes(4) + rng.choice((rng.randbytes(4), b"\xff\xff\xf0\0")) + rng.randbytes(4)
        l4 += ((20 + len(options)) // 4 << 12 | flags & 0xFF9).to_bytes(2, "big")
        l4 += rng.randbytes(2) + b"\0\0" + (rng.randbytes(2) if flags & 0x20 else b"\0\0") + options
        words = f"TCP with {len(options)} bytes of options"
    else:
        length = 8 + len(payload)
        l4 = rng.randbytes(4) + length.to_bytes(2, "big") + b"\0\0"
        words = "UDP"
    body = bytearray(l4 + payload)
    head, extra, addresses = _ip(rng, version, protocol, len(body))
    seed = _pseudo(addresses, protocol, len(body))
    at = 16 if protocol == _TCP else 6
    body[at : at + 2] = seed.to_bytes(2, "big")
    words = f"IPv{version} with {extra} bytes more, {words}"
    size = len(head)
    return _Packet(head + bytes(body), version, protocol, size, size + len(l4), words)


def _tcp_options(rng: random.Random) -> bytes:
    stamps = b"\x01\x01\x08\x0a" + rng.randbytes(8)
    return rng.choice((b"", stamps, stamps, b"\x01" * 4, stamps + b"\x01" * 28))


def _pseudo(addresses: bytes, protocol: int, length: int) -> int:
    """The seed as Linux leaves it: the pseudo-header's sum, length included, not inverted."""
    return word_sum(addresses + bytes([0, protocol]) + length.to_bytes(4, "big"))


def _ip(
    rng: random.Random, version: int, protocol: int, length: int, plain: bool = False
) -> tuple[bytes, int, bytes]:
    """An IP header for `length` bytes, its options' size, and the pseudo-header's addresses."""
    if version == 4:
        options = b"\x01" * (0 if plain else rng.choice((0, 0, 4, 8, 40)))
        size = 20 + len(options)
        addresses = b"\x0a" + rng.randbytes(3) + b"\x0a" + rng.randbytes(3)
        head = bytes([0x40 | size // 4, rng.getrandbits(8)]) + (size + length).to_bytes(2, "big")
        identification = rng.choice((rng.randbytes(2), b"\xff\xfe", b"\x7f\xff"))
        head += identification + rng.choice((b"\x40\0", b"\0\0")) + bytes([64, protocol])
        checksum = 0xFFFF - word_sum(head + b"\0\0" + addresses + options)
        return head + checksum.to_bytes(2, "big") + addresses + options, len(options), addresses
    addresses = b"\xfd" + rng.randbytes(15) + b"\xfd" + rng.randbytes(15)
    extensions = [] if plain else rng.choice(([], [], [0], [60], [0, 60], [43], [0, 43, 60]))
    kinds = [*extensions, protocol]
    chain = b""
    final = addresses
    for kind, following in zip(extensions, kinds[1:], strict=True):
        if kind == 43:
            # A routing header whose way is not at its end: the last address counts in the sum.
            last = b"\xfd" + rng.randbytes(15)
            chain += bytes([following, 2, 0, 1]) + bytes(4) + last
            final = addresses[:16] + last
        else:
            size = rng.choice((8, 16))
            chain += bytes([following, size // 8 - 1, 1, size - 4]) + bytes(size - 4)
    head = bytes([0x60 | rng.getrandbits(4)]) + rng.randbytes(3)
    head += (len(chain) + length).to_bytes(2, "big") + bytes([kinds[0], 64]) + addresses + chain
    return head, len(chain), final


def _in_tunnel(rng: random.Random, inner: _Packet, mss: int) -> SuperFrame:
    """`inner` in VXLAN or Geneve, as Linux hands it to a device with UDP tunnel offload."""
    geneve, checked = rng.random() < 0.5, rng.random() < 0.5
    version = rng.choice((4, 6))
    inner_l2, _ = _ethernet(rng, inner.version)
    inner_l2 = inner_l2[:12] + inner_l2[-2:]
    options = rng.randbytes(4 * rng.choice((0, 0, 1, 4))) if geneve else b""
    vni = rng.randbytes(3) + b"\0"
    if geneve:
        own = bytes([len(options) // 4, 0]) + b"\x65\x58" + vni + options
    else:
        own = b"\x08\0\0\0" + vni
    content = own + inner_l2 + inner.data
    length = 8 + len(content)
    head, _, addresses = _ip(rng, version, _UDP, length, plain=True)
    seed = _pseudo(addresses, _UDP, length) if checked else 0
    ports = (0x8000 | rng.getrandbits(15)).to_bytes(2, "big")
    ports += (_GENEVE if geneve else _VXLAN).to_bytes(2, "big")
    udp = ports + length.to_bytes(2, "big") + seed.to_bytes(2, "big")
    l2, words = _ethernet(rng, version)
    front = l2 + head + udp + own + inner_l2
    inside = TUNNEL_IPV4 if version == 4 else TUNNEL_IPV6
    header = VnetHeader(
        flags=NEEDS_CSUM | (UDP_TUNNEL_CSUM if checked else 0),
        gso_type=_gso_type(rng, inner) | inside,
        hdr_len=len(front) + inner.header_length,
        gso_size=mss,
        csum_start=len(front) + inner.l4,
        csum_offset=16 if inner.protocol == _TCP else 6,
        outer_th_offset=len(l2) + len(head),
        inner_nh_offset=len(front),
    )
    words += f"IPv{version}, {'Geneve' if geneve else 'VXLAN'}, outer checksum {checked}, "
    return SuperFrame(front + inner.data, header, f"{words}{inner.words}, MSS {mss}")
