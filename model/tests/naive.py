# SPDX-License-Identifier: Apache-2.0
"""Checks a finished frame without any of the model's code: plain loops over 16-bit words.

It walks the frame by EtherType, protocol and port, needs no descriptor, and asserts every length
and every checksum on the way.
"""

from dataclasses import dataclass, field


def words(data: bytes) -> int:
    """The plain 16-bit ones' complement sum, folded; 0xFFFF is what a right checksum gives."""
    total = 0
    for at in range(0, len(data), 2):
        total += data[at] * 256 + (data[at + 1] if at + 1 < len(data) else 0)
        total = (total & 0xFFFF) + (total >> 16)
    return total


def number(data: bytes, at: int, size: int = 2) -> int:
    return int.from_bytes(data[at : at + size], "big")


@dataclass
class Walk:
    """What a frame holds: (offset, kind) of each header, the L4 payload, the checksums met."""

    layers: list[tuple[str, int]] = field(default_factory=list)
    payload: bytes = b""
    unchecked: list[int] = field(default_factory=list)

    def offset(self, kind: str) -> int:
        """Offset of the innermost header of `kind`."""
        return [at for name, at in self.layers if name == kind][-1]


def verify(frame: bytes) -> Walk:
    """Walks `frame`, asserting every length and checksum; UDP checksums of 0 are listed."""
    walk = Walk()
    _ethernet(frame, 0, walk)
    return walk


def _ethernet(frame: bytes, at: int, walk: Walk) -> None:
    walk.layers.append(("ethernet", at))
    at += 12
    while number(frame, at) in (0x8100, 0x88A8, 0x9100):
        at += 4
    kind = number(frame, at)
    if kind < 0x600:
        assert kind == len(frame) - (at + 2), "802.3 length"
        assert frame[at + 2 : at + 5] == b"\xaa\xaa\x03"
        at += 8
        kind = number(frame, at)
    _network(frame, at + 2, kind, walk)


def _network(frame: bytes, at: int, ethertype: int, walk: Walk) -> None:
    if ethertype == 0x0800:
        assert frame[at] >> 4 == 4
        size = (frame[at] & 15) * 4
        assert number(frame, at + 2) == len(frame) - at, "IPv4 total length"
        assert words(frame[at : at + size]) == 0xFFFF, "IPv4 header checksum"
        walk.layers.append(("ipv4", at))
        addresses = frame[at + 12 : at + 20]
        _transport(frame, at + size, frame[at + 9], addresses, walk)
    else:
        assert ethertype == 0x86DD
        assert frame[at] >> 4 == 6
        assert number(frame, at + 4) == len(frame) - at - 40, "IPv6 payload length"
        walk.layers.append(("ipv6", at))
        protocol, end = frame[at + 6], at + 40
        addresses = frame[at + 8 : at + 40]
        while protocol in (0, 43, 60):
            if protocol == 43 and frame[end + 3]:  # segments left: the last one is the destination
                last = end + 8 + 16 * (frame[end + 1] // 2 - 1)
                addresses = addresses[:16] + frame[last : last + 16]
            protocol, end = frame[end], end + 8 + 8 * frame[end + 1]
        _transport(frame, end, protocol, addresses, walk)


def _transport(frame: bytes, at: int, protocol: int, addresses: bytes, walk: Walk) -> None:
    length = len(frame) - at
    pseudo = addresses + length.to_bytes(4, "big") + bytes([0, 0, 0, protocol])
    if protocol == 6:
        walk.layers.append(("tcp", at))
        assert words(pseudo + frame[at:]) == 0xFFFF, "TCP checksum"
        walk.payload = frame[at + 4 * (frame[at + 12] >> 4) :]
    elif protocol == 17:
        walk.layers.append(("udp", at))
        assert number(frame, at + 4) == length, "UDP length"
        if number(frame, at + 6) == 0:
            walk.unchecked.append(at)
        else:
            assert words(pseudo + frame[at:]) == 0xFFFF, "UDP checksum"
        walk.payload = frame[at + 8 :]
        port = number(frame, at + 2)
        if port == 4789:
            _ethernet(frame, at + 16, walk)
        elif port == 6081:
            end = at + 16 + 4 * (frame[at + 8] & 63)
            _behind(frame, end, number(frame, at + 10), walk)
    elif protocol == 47:
        walk.layers.append(("gre", at))
        end = at + (8 if frame[at] & 0x20 else 4)
        _behind(frame, end, number(frame, at + 2), walk)
    else:
        assert protocol in (4, 41), f"protocol {protocol}"
        _network(frame, at, 0x0800 if protocol == 4 else 0x86DD, walk)


def _behind(frame: bytes, at: int, ethertype: int, walk: Walk) -> None:
    if ethertype == 0x6558:
        _ethernet(frame, at, walk)
    else:
        _network(frame, at, ethertype, walk)
