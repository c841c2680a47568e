# SPDX-License-Identifier: Apache-2.0
"""The other way round from `vectors`: the JSON text of a vector (see docs/vectors.md)."""

import json
from typing import Any

from gso_model.layout import ChecksumMode, L4Kind, Status, Tunnel
from gso_model.vectors import (
    IP_ID_NAMES,
    L3_NAMES,
    L4_NAMES,
    MODE_NAMES,
    TUNNEL_NAMES,
    Vector,
    parse_vector,
)


def format_vector(vector: Vector) -> str:
    """The JSON text of `vector`, as `load_vector` reads it; keys at their defaults are left out.

    Raises `ValueError` for a descriptor that the format cannot express: reserved values, a
    `frame_length` that is not the frame's, and fields that only number or label a request.
    """
    d = vector.descriptor
    offload: dict[str, object] = {
        "mss": d.mss,
        "l3": _name(L3_NAMES, d.l3_kind),
        "l3_offset": d.l3_offset,
        "l4": _name(L4_NAMES, d.l4_kind),
        "l4_offset": d.l4_offset,
        "header_length": d.header_length,
        "l4_checksum": _name(MODE_NAMES, d.l4_checksum),
        "ip_id": _name(IP_ID_NAMES, d.ip_id),
        "ip_checksum": bool(d.ip_checksum),
        "keep_cwr": bool(d.keep_cwr),
        "length_8023": bool(d.length_8023),
        "checksum_offset": d.checksum_offset,
        "tags": [[tag >> 16, tag & 0xFFFF] for tag in (d.tag0, d.tag1)[: d.tag_count]],
    }
    for key in ("ip_checksum", "keep_cwr", "length_8023", "checksum_offset", "tags"):
        if not offload[key] and not (key == "checksum_offset" and d.l4_kind == L4Kind.GENERIC):
            del offload[key]
    if d.tunnel != Tunnel.NONE:
        offload["tunnel"] = {
            "kind": _tunnel_name(vector),
            "l3": _name(L3_NAMES, d.outer_l3_kind),
            "l3_offset": d.outer_l3_offset,
            "l4_offset": None if d.tunnel == Tunnel.IPIP else d.outer_l4_offset,
            "outer_checksum": d.outer_l4_checksum != ChecksumMode.NONE,
            "l4_checksum": _name(MODE_NAMES, d.outer_l4_checksum),
            "ip_id": _name(IP_ID_NAMES, d.outer_ip_id),
            "ip_checksum": bool(d.outer_ip_checksum),
        }
    content: dict[str, object] = {
        "name": vector.name,
        "source": vector.source,
        "note": vector.note,
        "frame": vector.frame.hex(),
        "offload": offload,
        "segments": [segment.hex() for segment in vector.segments],
    }
    if vector.status != Status.OK:
        content["error"] = vector.status.name
    if parse_vector(content, vector.name) != vector:
        raise ValueError(f"{vector.name}: the vector format cannot express {d}")
    return json.dumps(content, indent=1) + "\n"


def _name(names: dict[str, Any], value: int) -> str:
    for name, member in names.items():
        if member == value:
            return name
    raise ValueError(f"the vector format has no name for {value}; it has {', '.join(names)}")


def _tunnel_name(vector: Vector) -> str:
    at = vector.descriptor.outer_l4_offset
    if vector.descriptor.tunnel != Tunnel.GRE:
        return _name(TUNNEL_NAMES, vector.descriptor.tunnel)
    return "nvgre" if vector.frame[at : at + 4] == b"\x20\x00\x65\x58" else "gre"
