# SPDX-License-Identifier: Apache-2.0
"""A descriptor and a status in words, for people who write drivers."""

from collections.abc import Iterator

from gso_model.check import segment_length
from gso_model.descriptor import Descriptor
from gso_model.layout import ChecksumMode, IdMode, L3Kind, L4Kind, Status, Tunnel

STATUS_WORDS = {
    Status.OK: "done",
    Status.RESERVED: "a bit or value that must be 0 is not",
    Status.FRAME_LENGTH: "frame_length is 0, or less than the headers need",
    Status.HEADER_LENGTH: "header_length is more than the core holds, or ends inside a header",
    Status.OFFSETS: "an offset is odd, out of order, or leaves an IP header an impossible size",
    Status.OPERATION: "what is asked makes no sense together, or is not built",
    Status.SEGMENT_LENGTH: "a frame would leave that is longer than max_segment",
    Status.DISABLED: "this offload is switched off",
    Status.IP_VERSION: "an IP header's version is not what the descriptor says",
    Status.IP_HEADER_LENGTH: "an IPv4 header's length is not the distance to the next layer",
    Status.IP_PROTOCOL: "an IP header's protocol is not the next layer's",
    Status.L4_HEADER: "header_length is not the end of the L4 header",
    Status.TUNNEL_HEADER: "the tunnel's header is not what the descriptor says",
    Status.OUTER_CHECKSUM: "the outer UDP checksum is not 0 though none is asked for",
    Status.LENGTH_8023: "the 802.3 length cannot be rewritten",
    Status.SHORT: "the frame ended before frame_length",
    Status.LONG: "the frame went on behind frame_length",
    Status.ABORTED: "the host aborted the frame",
}
_L3 = {L3Kind.NONE: "no IP", L3Kind.IPV4: "IPv4", L3Kind.IPV6: "IPv6"}
_TUNNELS = {
    Tunnel.IPIP: "IP-in-IP",
    Tunnel.GRE: "GRE",
    Tunnel.VXLAN: "VXLAN",
    Tunnel.GENEVE: "Geneve",
}
_IDS: dict[int, str] = {
    IdMode.FIXED: "identification the same in every segment",
    IdMode.MOD15: "identification counts in its low 15 bits",
    IdMode.MOD16: "identification counts in 16 bits",
}
_MODES = {
    ChecksumMode.NONE: "checksum left alone",
    ChecksumMode.SEED_WITHOUT_LENGTH: "checksum field holds the pseudo-header sum without length",
    ChecksumMode.SEED_WITH_LENGTH: "checksum field holds the pseudo-header sum with length",
    ChecksumMode.FROM_HEADER: "checksum from the addresses in the IP header",
}


def status_words(status: int) -> str:
    """A status with its name, number and meaning."""
    try:
        known = Status(status)
    except ValueError:
        return f"{status}: no such status"
    return f"{known.name} ({int(known)}): {STATUS_WORDS[known]}"


def descriptor_words(descriptor: Descriptor) -> list[str]:
    """A line a part: what the frame is, what is asked of it, and what comes back."""
    d = descriptor
    told = [
        ("frame", _count(d.frame_length, "byte") + _headers(d)),
        ("asked", _asked(d)),
        *_outer(d),
        *_inner(d),
        *_rest(d),
    ]
    return [f"{name:14} {text}" for name, text in told]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _headers(d: Descriptor) -> str:
    if not d.asks or d.header_length > d.frame_length:
        return f", headers of {d.header_length}" if d.header_length else ""
    return f", headers of {d.header_length}, payload of {d.frame_length - d.header_length:,}"


def _asked(d: Descriptor) -> str:
    if not d.asks:
        return "nothing: the frame leaves as it is" + (" but for its tags" if d.tag_count else "")
    if not d.mss:
        return "checksums, no segmentation"
    payload = max(0, d.frame_length - d.header_length)
    count = max(1, -(-payload // d.mss))
    text = f"segments of {_count(d.mss, 'payload byte')}: {_count(count, 'segment')}"
    if payload % d.mss and count > 1:
        text += f", the last with {_count(payload % d.mss, 'byte')}"
    return f"{text}; the longest has {segment_length(d):,} bytes"


def _ip(kind: int, start: int, end: int, written: bool, mode: int, segmented: bool) -> str:
    text = f"bytes {start} to {end - 1}"
    if kind != L3Kind.IPV4:
        return text
    text += "; header checksum " + ("written" if written or segmented else "left alone")
    if segmented:
        text += "; " + _IDS.get(mode, f"identification mode {mode} (bad)")
    return text


def _outer(d: Descriptor) -> Iterator[tuple[str, str]]:
    if d.tunnel == Tunnel.NONE:
        return
    name = _TUNNELS.get(Tunnel(d.tunnel), "") if d.tunnel <= Tunnel.GENEVE else "reserved"
    yield "tunnel", f"{name or 'reserved'} (kind {int(d.tunnel)})"
    end = d.l3_offset if d.tunnel == Tunnel.IPIP else d.outer_l4_offset
    yield (
        f"outer {_l3(d.outer_l3_kind)}",
        _ip(
            d.outer_l3_kind,
            d.outer_l3_offset,
            end,
            d.outer_ip_checksum == 1,
            d.outer_ip_id,
            d.mss != 0,
        ),
    )
    if d.outer_udp:
        yield (
            "outer UDP",
            f"from byte {d.outer_l4_offset}; {_MODES[ChecksumMode(d.outer_l4_checksum)]}",
        )
    elif d.tunnel == Tunnel.GRE:
        yield "GRE", f"from byte {d.outer_l4_offset}"


def _inner(d: Descriptor) -> Iterator[tuple[str, str]]:
    prefix = "" if d.tunnel == Tunnel.NONE else "inner "
    if d.l3_kind != L3Kind.NONE:
        text = _ip(d.l3_kind, d.l3_offset, d.l4_offset, d.ip_checksum == 1, d.ip_id, d.mss != 0)
        yield prefix + _l3(d.l3_kind), text
    mode = _MODES[ChecksumMode(d.l4_checksum)]
    if d.l4_kind == L4Kind.GENERIC:
        at = d.l4_offset + d.checksum_offset
        yield f"{prefix}checksum", f"of bytes {d.l4_offset} to the end, at byte {at}; {mode}"
    elif d.l4_kind != L4Kind.NONE:
        text = f"bytes {d.l4_offset} to {d.header_length - 1}; {mode}"
        if d.l4_kind == L4Kind.TCP and d.keep_cwr:
            text += "; CWR stays in every segment"
        yield prefix + L4Kind(d.l4_kind).name, text


def _l3(kind: int) -> str:
    return _L3[L3Kind(kind)] if kind < 3 else f"IP kind {kind} (reserved)"


def _rest(d: Descriptor) -> Iterator[tuple[str, str]]:
    if d.length_8023:
        yield "802.3", "the length behind the addresses is rewritten"
    tags = (d.tag0, d.tag1)[: d.tag_count]
    if tags:
        yield "inserted", ", ".join(f"tag {tag >> 16:#06x} {tag & 0xFFFF:#06x}" for tag in tags)
    if d.tag_count > 2:
        yield "inserted", "3 tags (bad)"
    text = f"request id {d.request_id}, user {d.user}"
    yield "returned", text + (", time stamp of the last segment" if d.timestamp else "")
    if d.reserved:
        yield "unused", f"bits {d.reserved:#x} are not 0 (bad)"
