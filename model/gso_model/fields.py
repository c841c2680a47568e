# SPDX-License-Identifier: Apache-2.0
"""Names every field of a frame's headers, from the offsets in its descriptor."""

from collections.abc import Generator, Iterator
from typing import NamedTuple

from gso_model.descriptor import Descriptor
from gso_model.headers import TAG_TYPES, TEB
from gso_model.layout import L3Kind, L4Kind, Tunnel


class HeaderField(NamedTuple):
    """A field: the header that it is in, its name, and its bytes from `start` to `end`."""

    header: str
    name: str
    start: int
    end: int

    def value(self, frame: bytes) -> bytes:
        """The field's bytes in `frame`."""
        return frame[self.start : self.end]


# Names and sizes in bytes; the rest of a header, of any size, is the options.
_IPV4 = (
    ("version, header length", 1),
    ("DSCP, ECN", 1),
    ("total length", 2),
    ("identification", 2),
    ("flags, fragment offset", 2),
    ("time to live", 1),
    ("protocol", 1),
    ("header checksum", 2),
    ("source address", 4),
    ("destination address", 4),
)
_IPV6 = (
    ("version, class, flow label", 4),
    ("payload length", 2),
    ("next header", 1),
    ("hop limit", 1),
    ("source address", 16),
    ("destination address", 16),
)
_TCP = (
    ("source port", 2),
    ("destination port", 2),
    ("sequence number", 4),
    ("acknowledgement number", 4),
    ("data offset, flags", 2),
    ("window", 2),
    ("checksum", 2),
    ("urgent pointer", 2),
)
_UDP = (("source port", 2), ("destination port", 2), ("length", 2), ("checksum", 2))
_VXLAN = (("flags", 4), ("network identifier", 3), ("reserved", 1))
_GENEVE = (
    ("version, options length", 1),
    ("flags", 1),
    ("protocol", 2),
    ("network identifier", 3),
    ("reserved", 1),
)


def header_fields(frame: bytes, descriptor: Descriptor) -> list[HeaderField]:
    """The fields of all described headers, in order and without a gap up to `header_length`.

    Where nothing is described the Ethernet header is all there is.
    """
    d = descriptor
    found: list[HeaderField] = []
    if d.l3_kind == L3Kind.NONE:
        return list(_ethernet(frame, 0, min(14, len(frame)), ""))
    if d.tunnel == Tunnel.NONE:
        found += _ethernet(frame, 0, d.l3_offset, "")
    else:
        found += _ethernet(frame, 0, d.outer_l3_offset, "outer ")
        ip_in_ip = d.tunnel == Tunnel.IPIP
        end = d.l3_offset if ip_in_ip else d.outer_l4_offset
        found += _ip(d.outer_l3_kind, d.outer_l3_offset, end, "outer ")
        if not ip_in_ip:
            found += _tunnel(frame, d)
    inner = "" if d.tunnel == Tunnel.NONE else "inner "
    found += _ip(d.l3_kind, d.l3_offset, d.l4_offset, inner)
    if d.l4_kind == L4Kind.TCP:
        found += _fixed(f"{inner}TCP", _TCP, d.l4_offset, d.header_length, "options")
    elif d.l4_kind == L4Kind.UDP:
        found += _fixed(f"{inner}UDP", _UDP, d.l4_offset, d.header_length, "")
    return found


def _fixed(
    header: str, layout: tuple[tuple[str, int], ...], start: int, end: int, rest: str
) -> Iterator[HeaderField]:
    at = start
    for name, size in layout:
        yield HeaderField(header, name, at, at + size)
        at += size
    if rest and at < end:
        yield HeaderField(header, rest, at, end)


def _ethernet(frame: bytes, start: int, end: int, prefix: str) -> Iterator[HeaderField]:
    header = f"{prefix}Ethernet"
    yield HeaderField(header, "destination", start, start + 6)
    yield HeaderField(header, "source", start + 6, start + 12)
    at = start + 12
    while at + 4 < end and int.from_bytes(frame[at : at + 2], "big") in TAG_TYPES:
        yield HeaderField(header, "VLAN tag", at, at + 4)
        at += 4
    llc = int.from_bytes(frame[at : at + 2], "big") < 0x600
    yield HeaderField(header, "length" if llc else "type", at, at + 2)
    if at + 2 < end:
        yield HeaderField(header, "LLC, SNAP", at + 2, end)


def _ip(kind: int, start: int, end: int, prefix: str) -> Iterator[HeaderField]:
    if kind == L3Kind.IPV4:
        return _fixed(f"{prefix}IPv4", _IPV4, start, end, "options")
    return _fixed(f"{prefix}IPv6", _IPV6, start, end, "extension headers")


def _tunnel(frame: bytes, d: Descriptor) -> Iterator[HeaderField]:
    """The headers between the outer IP header and the inner one."""
    at = d.outer_l4_offset
    if d.tunnel == Tunnel.GRE:
        key = frame[at] & 0x20
        layout = (("flags", 2), ("type", 2), ("key", 4)) if key else (("flags", 2), ("type", 2))
        header, protocol = "GRE", int.from_bytes(frame[at + 2 : at + 4], "big")
        at = yield from _sized(header, layout, at)
    else:
        at = yield from _sized("outer UDP", _UDP, at)
        if d.tunnel == Tunnel.VXLAN:
            protocol = TEB
            at = yield from _sized("VXLAN", _VXLAN, at)
        else:
            protocol = int.from_bytes(frame[at + 2 : at + 4], "big")
            end = at + 8 + 4 * (frame[at] & 0x3F)
            yield from _fixed("Geneve", _GENEVE, at, end, "options")
            at = end
    if protocol == TEB:
        yield from _ethernet(frame, at, d.l3_offset, "inner ")


def _sized(
    header: str, layout: tuple[tuple[str, int], ...], at: int
) -> Generator[HeaderField, None, int]:
    """As `_fixed`; returns where it ended."""
    end = at + sum(size for _, size in layout)
    yield from _fixed(header, layout, at, end, "")
    return end
