# SPDX-License-Identifier: Apache-2.0
"""Test vectors as JSON files: a frame, what is asked, and the segments (see docs/vectors.md)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from gso_model.descriptor import Descriptor
from gso_model.layout import DESCRIPTOR, ChecksumMode, IdMode, L3Kind, L4Kind, Status, Tunnel

# The words of the format and the codes that they stand for.
L3_NAMES = {"none": L3Kind.NONE, "ipv4": L3Kind.IPV4, "ipv6": L3Kind.IPV6}
L4_NAMES = {"none": L4Kind.NONE, "tcp": L4Kind.TCP, "udp": L4Kind.UDP, "generic": L4Kind.GENERIC}
MODE_NAMES = {
    "none": ChecksumMode.NONE,
    "seed_without_length": ChecksumMode.SEED_WITHOUT_LENGTH,
    "seed_with_length": ChecksumMode.SEED_WITH_LENGTH,
    "from_header": ChecksumMode.FROM_HEADER,
}
IP_ID_NAMES = {"fixed": IdMode.FIXED, "mod15": IdMode.MOD15, "mod16": IdMode.MOD16}
TUNNEL_NAMES = {
    "ipip": Tunnel.IPIP,
    "gre": Tunnel.GRE,
    "nvgre": Tunnel.GRE,  # GRE with key and type 0x6558: the same to the core (D22)
    "vxlan": Tunnel.VXLAN,
    "geneve": Tunnel.GENEVE,
}
_WIDTHS = {field.name: field.width for field in DESCRIPTOR.fields}


@dataclass(frozen=True)
class Vector:
    """One vector: `segments` and `status` are what the core has to make of the frame."""

    name: str
    frame: bytes
    descriptor: Descriptor
    segments: list[bytes]
    status: Status = Status.OK
    source: str = ""
    note: str = ""


def load_vectors(path: str | Path) -> list[Vector]:
    """The vector in a file, or those of all `*.json` files of a directory in order of name.

    Raises `ValueError` where there is none, or with file, key and expectation for a broken one.
    """
    path = Path(path)
    if not path.is_dir():
        return [load_vector(path)]
    files = sorted(path.glob("*.json"))
    if not files:
        raise ValueError(f"{path}: no *.json file in this directory")
    return [load_vector(file) for file in files]


def load_vector(path: str | Path) -> Vector:
    """The vector in the file `path`; `ValueError` as for `load_vectors`."""
    path = Path(path)
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # covers bad UTF-8 too
        raise ValueError(f"{path}: not JSON: {error}") from None
    return parse_vector(content, str(path), default_name=path.stem)


def parse_vector(content: object, where: str, default_name: str = "") -> Vector:
    """The vector in parsed JSON; `where` stands in front of the message of a `ValueError`."""
    top = _Object(content, where)
    frame = top.hex("frame")
    if not 0 < len(frame) < 1 << 24:
        raise ValueError(f"{where}: frame has {len(frame)} bytes, expected 1 to {(1 << 24) - 1}")
    vector = Vector(
        name=top.text("name", default_name),
        source=top.text("source", ""),
        note=top.text("note", ""),
        frame=frame,
        segments=top.hex_list("segments"),
        status=top.choice("error", {status.name: status for status in Status}, Status.OK),
        descriptor=_descriptor(_Object(top.take("offload"), f"{where}: offload"), len(frame)),
    )
    top.end()
    return vector


def _descriptor(offload: "_Object", frame_length: int) -> Descriptor:
    values: dict[str, int] = {"frame_length": frame_length, "mss": offload.number("mss", "mss")}
    l3_kind = offload.choice("l3", L3_NAMES, L3Kind.NONE)
    l4_kind = offload.choice("l4", L4_NAMES, L4Kind.NONE)
    nothing = l3_kind == L3Kind.NONE and l4_kind == L4Kind.NONE
    l3_default = 0 if l3_kind == L3Kind.NONE else None
    values["l3_offset"] = offload.number("l3_offset", "l3_offset", l3_default)
    header_length = offload.number("header_length", "header_length", 0 if nothing else None)
    values["header_length"] = header_length
    # Where no L4 header is described the offset is the IP header's end (I4).
    l4_default = header_length if l4_kind == L4Kind.NONE else None
    values["l4_offset"] = offload.number("l4_offset", "l4_offset", l4_default)
    # No checksum can be asked of no header.
    default_mode = ChecksumMode.NONE if l4_kind == L4Kind.NONE else ChecksumMode.SEED_WITH_LENGTH
    offset_default = None if l4_kind == L4Kind.GENERIC else 0
    values |= {
        "l3_kind": l3_kind,
        "l4_kind": l4_kind,
        "checksum_offset": offload.number("checksum_offset", "checksum_offset", offset_default),
        "l4_checksum": offload.choice("l4_checksum", MODE_NAMES, default_mode),
        "ip_id": offload.choice("ip_id", IP_ID_NAMES, IdMode.MOD16),
        "ip_checksum": offload.flag("ip_checksum"),
        "keep_cwr": offload.flag("keep_cwr"),
        "length_8023": offload.flag("length_8023"),
        **offload.tags("tags"),
    }
    tunnel = offload.take("tunnel", None)
    if tunnel is not None:
        values |= _outer(_Object(tunnel, f"{offload.where}.tunnel"))
    offload.end()
    return Descriptor(**values)


def _outer(tunnel: "_Object") -> dict[str, int]:
    """The descriptor's outer fields from the object `offload.tunnel`."""
    kind = tunnel.choice("kind", TUNNEL_NAMES)
    flagged = tunnel.flag("outer_checksum")
    default_mode = ChecksumMode.SEED_WITH_LENGTH if flagged else ChecksumMode.NONE
    values: dict[str, int] = {
        "tunnel": kind,
        "outer_l3_kind": tunnel.choice("l3", L3_NAMES),
        "outer_l3_offset": tunnel.number("l3_offset", "outer_l3_offset"),
        "outer_l4_offset": tunnel.number(
            "l4_offset", "outer_l4_offset", 0 if kind == Tunnel.IPIP else None
        ),
        "outer_l4_checksum": tunnel.choice("l4_checksum", MODE_NAMES, default_mode),
        "outer_ip_id": tunnel.choice("ip_id", IP_ID_NAMES, IdMode.MOD16),
        "outer_ip_checksum": tunnel.flag("ip_checksum"),
    }
    tunnel.end()
    return values


class _Object:
    """A JSON object whose keys are taken one by one; messages name file, key and expectation."""

    _REQUIRED: object = object()

    def __init__(self, content: object, where: str):
        if not isinstance(content, dict):
            raise ValueError(f"{where}: expected an object, got {_short(content)}")
        self._left = dict(cast("dict[str, Any]", content))
        self.where = where

    def take(self, key: str, default: object = _REQUIRED) -> Any:
        """The value of `key`, or `default` where the key is missing."""
        if key in self._left:
            return self._left.pop(key)
        if default is self._REQUIRED:
            raise ValueError(f"{self.where}: key {key!r} is missing")
        return default

    def end(self) -> None:
        """Every key must have been taken."""
        if self._left:
            raise ValueError(f"{self.where}: unknown key {min(self._left)!r}")

    def wrong(self, key: str, value: object, expected: str) -> ValueError:
        return ValueError(f"{self.where}: {key} is {_short(value)}, expected {expected}")

    def text(self, key: str, default: str) -> str:
        value = self.take(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, value, "a string")
        return value

    def flag(self, key: str) -> bool:
        value = self.take(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, value, "true or false")
        return value

    def number(self, key: str, field: str, default: int | None = None) -> int:
        """A number that fits the descriptor's `field`; `null` stands for a default that exists."""
        value = self.take(key, self._REQUIRED if default is None else default)
        if value is None and default is not None:
            return default
        high = (1 << _WIDTHS[field]) - 1
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= high:
            raise self.wrong(key, value, f"a whole number from 0 to {high}")
        return value

    def choice(self, key: str, names: dict[str, Any], default: Any = None) -> Any:
        if default is not None and key not in self._left:
            return default
        value = self.take(key)
        if not isinstance(value, str) or value not in names:
            raise self.wrong(key, value, "one of " + ", ".join(names))
        return names[value]

    def hex(self, key: str) -> bytes:
        return self._bytes(key, self.take(key))

    def hex_list(self, key: str) -> list[bytes]:
        values = self._list(key, self.take(key), "a list of hex strings")
        return [self._bytes(f"{key}[{index}]", value) for index, value in enumerate(values)]

    def tags(self, key: str) -> dict[str, int]:
        """The descriptor's tag fields from a list of up to two [TPID, TCI] (D18)."""
        expected = "a list of at most two [TPID, TCI], each a number from 0 to 65535"
        tags = self._list(key, self.take(key, []), expected)
        values = {"tag_count": len(tags)}
        for index, tag in enumerate(tags):
            match tag:
                case [int(tpid), int(tci)] if 0 <= tpid <= 0xFFFF and 0 <= tci <= 0xFFFF:
                    values[f"tag{index}"] = tpid << 16 | tci
                case _:
                    raise self.wrong(key, tags, expected)
        if len(tags) > 2:
            raise self.wrong(key, tags, expected)
        return values

    def _list(self, key: str, value: object, expected: str) -> list[Any]:
        if not isinstance(value, list):
            raise self.wrong(key, value, expected)
        return cast("list[Any]", value)

    def _bytes(self, key: str, value: object) -> bytes:
        # bytes.fromhex() alone would let blanks through.
        if isinstance(value, str) and not any(character.isspace() for character in value):
            try:
                return bytes.fromhex(value)
            except ValueError:
                pass
        raise self.wrong(key, value, "an even number of hex digits")


def _short(value: object) -> str:
    """`value` as JSON, cut to a length that fits a line."""
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
