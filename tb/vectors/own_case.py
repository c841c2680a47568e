# SPDX-License-Identifier: Apache-2.0
"""How a vector of own/ is put together, without any of the golden model's code.

A case says how the headers of one segment look, in scapy's words; scapy adds lengths and
checksums. The super-frame is the first segment's headers in front of all the payload, with
lengths and IPv4 checksums made wrong (D1) and in the L4 checksum fields what the case's mode
wants there (D2).
"""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

logging.getLogger("scapy").setLevel(logging.ERROR)

from scapy.all import IP, TCP, UDP, Dot3, IPv6, Packet, Raw, raw  # noqa: E402
from scapy.contrib.geneve import GENEVE  # noqa: E402
from scapy.layers.l2 import GRE  # noqa: E402
from scapy.layers.vxlan import VXLAN  # noqa: E402

SOURCE = "scapy and hand computation (tb/vectors/make_own.py)"
WRONG_LENGTH, WRONG_CHECKSUM, RUBBISH = 0xDEAD, 0xBEEF, 0x5AA5
WITH, WITHOUT, HEADER, NONE = "seed_with_length", "seed_without_length", "from_header", "none"


@dataclass(frozen=True)
class Segment:
    """What differs between the headers of a frame's segments."""

    id: int
    outer_id: int
    seq: int
    flags: int


Stack = Callable[[Segment], Packet]


def random_bytes(name: str, size: int) -> bytes:
    """The same bytes for the same name, always."""
    return random.Random(name).randbytes(size)


def word_sum(data: bytes) -> int:
    """The plain ones' complement sum of 16-bit words."""
    total = sum(
        int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(data), 2)
    )
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def seed(mode: str, ip: Packet, protocol: int, length: int) -> int:
    """What the host leaves in the checksum field of an L4 header with `length` bytes (D2)."""
    if mode == NONE:
        return 0
    if mode == HEADER:
        return RUBBISH
    header = raw(ip)
    addresses = header[12:20] if isinstance(ip, IP) else header[8:40]
    counted = length if mode == WITH else 0
    return word_sum(addresses + protocol.to_bytes(4, "big") + counted.to_bytes(4, "big"))


def layers(packet: Packet) -> list[Packet]:
    """The headers of `packet`, the outermost first."""
    found: list[Packet] = []
    while packet and not isinstance(packet, Raw):
        found.append(packet)
        packet = packet.payload
    return found


def zero_lengths(packet: Packet) -> Packet:
    """A copy that scapy can build however long it is."""
    packet = packet.copy()
    for layer in layers(packet):
        if isinstance(layer, IP | UDP):
            layer.len = 0
        elif isinstance(layer, IPv6):
            layer.plen = 0
    return packet


def hosted(
    packet: Packet, modes: Sequence[str], fields: Sequence[int | None], lengths: str, ip: bool
) -> bytes:
    """`packet` as the host hands it over.

    `modes` has one entry for each TCP or UDP header, the outermost first, and `fields` a number
    for each that holds another value than the mode's seed. `lengths` is "wrong", "zero" or
    "true"; `ip` makes the IPv4 header checksums wrong.
    """
    packet = zero_lengths(packet)
    chain = layers(packet)
    sizes = [len(raw(layer)) for layer in chain]
    l4 = iter(zip(modes, fields, strict=True))
    below: Packet | None = None
    for layer, size in zip(chain, sizes, strict=True):
        length = {"wrong": WRONG_LENGTH, "zero": 0, "true": size}[lengths]
        if isinstance(layer, IP):
            below, layer.len = layer, length
            if ip:
                layer.chksum = WRONG_CHECKSUM
        elif isinstance(layer, IPv6):
            below, layer.plen = layer, length - 40 if lengths == "true" else length
        elif isinstance(layer, Dot3):
            layer.len = 0x0123
        elif isinstance(layer, TCP | UDP):
            if isinstance(layer, UDP):
                layer.len = length
            mode, field = next(l4)
            protocol = 6 if isinstance(layer, TCP) else 17
            layer.chksum = seed(mode, below, protocol, size) if field is None else field
    return raw(packet)


def describe(packet: Packet, payload: int, prefix: int) -> dict[str, Any]:
    """Kinds, offsets and header length of `packet`, as the vector's `offload` has them."""
    chain = layers(zero_lengths(packet))
    total = len(raw(chain[0])) + prefix

    def offset(layer: Packet) -> int:
        return total - len(raw(layer))

    ips = [layer for layer in chain if isinstance(layer, IP | IPv6)]
    l4s = [layer for layer in chain if isinstance(layer, TCP | UDP | GRE)]
    inner, l4 = ips[-1], l4s[-1]
    offload: dict[str, Any] = {
        "l3": "ipv4" if isinstance(inner, IP) else "ipv6",
        "l3_offset": offset(inner),
        "l4": "tcp" if isinstance(l4, TCP) else "udp",
        "l4_offset": offset(l4),
        "header_length": total - payload,
    }
    if len(ips) == 2:
        kinds = {VXLAN: "vxlan", GENEVE: "geneve", GRE: "gre"}
        kind = next((kinds[type(layer)] for layer in chain if type(layer) in kinds), "ipip")
        gre = next((layer for layer in chain if isinstance(layer, GRE)), None)
        if gre is not None and gre.proto == 0x6558 and gre.key_present:
            kind = "nvgre"
        offload["tunnel"] = {
            "kind": kind,
            "l3": "ipv4" if isinstance(ips[0], IP) else "ipv6",
            "l3_offset": offset(ips[0]),
            "l4_offset": None if kind == "ipip" else offset(l4s[0]),
            "outer_checksum": False,
        }
    return offload


def vector(
    name: str, note: str, frame: bytes, segments: list[bytes], **offload: Any
) -> dict[str, Any]:
    """A vector in its file's form."""
    return {
        "name": name,
        "source": SOURCE,
        "note": note,
        "frame": frame.hex(),
        "offload": offload,
        "segments": [segment.hex() for segment in segments],
    }


def tagged(frame: bytes, tags: Sequence[tuple[int, int]]) -> bytes:
    """`frame` with `tags` inserted (D18)."""
    inserted = b"".join(tpid.to_bytes(2, "big") + tci.to_bytes(2, "big") for tpid, tci in tags)
    return frame[:12] + inserted + frame[12:]


def cut(
    name: str,
    note: str,
    stack: Stack,
    payload: bytes | int,
    mss: int,
    *,
    ids: Sequence[int] | None = None,
    outer_ids: Sequence[int] | None = None,
    seq: int = 0x01020304,
    flags: tuple[int, Sequence[int]] | None = None,
    mode: str = WITH,
    outer_mode: str | None = None,
    field: int | None = None,
    outer_field: int | None = None,
    lengths: str = "wrong",
    tags: Sequence[tuple[int, int]] = (),
    prefix: bytes = b"",
    tunnel: dict[str, Any] | None = None,
    **offload: Any,
) -> dict[str, Any]:
    """A vector with MSS ≠ 0.

    `payload` is bytes or a number of random ones. `ids` and `outer_ids` list the identification
    of each segment (by default counting), `flags` the template's and each segment's. `tunnel`
    and `offload` are keys to add.
    """
    data = random_bytes(name, payload) if isinstance(payload, int) else payload
    parts = [data[at : at + mss] for at in range(0, len(data), mss)] or [b""]
    ids = ids or [0x1234 + index for index in range(len(parts))]
    outer_ids = outer_ids or [0x4321 + index for index in range(len(parts))]
    template_flags, segment_flags = flags or (0x010, [0x010] * len(parts))
    numbers = list(zip(ids, outer_ids, segment_flags, strict=True))
    assert len(numbers) == len(parts), name
    segments = [
        prefix
        + raw(stack(Segment(number, outer, (seq + mss * index) & 0xFFFFFFFF, bits)) / Raw(part))
        for index, (part, (number, outer, bits)) in enumerate(zip(parts, numbers, strict=True))
    ]
    first = stack(Segment(ids[0], outer_ids[0], seq, template_flags)) / Raw(data)
    described = describe(first, len(data), len(prefix))
    modes, fields = [mode], [field]
    if described.get("tunnel", {}).get("kind") in ("vxlan", "geneve"):
        modes, fields = [outer_mode or NONE, mode], [outer_field, field]
    if "tunnel" in described:
        described["tunnel"] |= tunnel or {}
        if outer_mode:
            described["tunnel"] |= {"outer_checksum": True, "l4_checksum": outer_mode}
    frame = prefix + hosted(first, modes, fields, lengths, ip=True)
    if mode != WITH:
        described["l4_checksum"] = mode
    if tags:
        described["tags"] = [list(tag) for tag in tags]
    offload = {"mss": mss, **described, **offload}
    return vector(name, note, frame, [tagged(s, tags) for s in segments], **offload)


def sums(
    name: str,
    note: str,
    packet: Packet,
    *,
    mode: str = WITH,
    outer_mode: str | None = None,
    field: int | None = None,
    outer_field: int | None = None,
    ip: bool = True,
    tags: Sequence[tuple[int, int]] = (),
    **offload: Any,
) -> dict[str, Any]:
    """A vector with MSS 0: checksums alone, of everything that `packet` has.

    Without `ip` no IPv4 checksum is asked for, and what stands there is wrong and stays.
    """
    if not ip:
        packet = packet.copy()
        for layer in layers(packet):
            if isinstance(layer, IP):
                layer.chksum = WRONG_CHECKSUM
    payload = len(packet[Raw].load) if Raw in packet else 0
    described = describe(packet, payload, 0)
    modes, fields = [mode], [field]
    if "tunnel" in described:
        if described["tunnel"]["kind"] in ("vxlan", "geneve"):
            modes, fields = [outer_mode or NONE, mode], [outer_field, field]
        if outer_mode:
            described["tunnel"] |= {"outer_checksum": True, "l4_checksum": outer_mode}
        described["tunnel"]["ip_checksum"] = ip and described["tunnel"]["l3"] == "ipv4"
    described |= {"l4_checksum": mode, "ip_checksum": ip and described["l3"] == "ipv4"}
    if tags:
        described["tags"] = [list(tag) for tag in tags]
    frame = hosted(packet, modes, fields, "true", ip)
    return vector(
        name, note, frame, [tagged(raw(packet), tags)], **{"mss": 0, **described, **offload}
    )


def refused(
    base: dict[str, Any],
    error: str,
    what: str,
    note: str,
    at: int = 0,
    to: bytes = b"",
    **changes: Any,
) -> dict[str, Any]:
    """`base` with one thing wrong: bytes of the frame or keys of `offload` (D11)."""
    frame = bytearray.fromhex(base["frame"])
    frame[at : at + len(to)] = to
    result = vector(
        f"error_{error.lower()}_{what}", note, bytes(frame), [], **base["offload"] | changes
    )
    return {**result, "error": error}
