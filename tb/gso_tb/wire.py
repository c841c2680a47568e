# SPDX-License-Identifier: Apache-2.0
"""Is what left for a job right? Told without the model, by the table of what may change.

Every byte of a header is a copy of the frame's but for the fields that are listed here, and those
have their values by rule. Checksums are for a walk over the finished frame to judge.
"""

from gso_model import Descriptor
from gso_model.layout import ChecksumMode, IdMode, L3Kind, L4Kind, Tunnel
from gso_tb.jobs import Job
from gso_tb.reference import checksum_at

_MASKS = {"first": 0xFF6, "middle": 0xF76, "last": 0xF7F, "only": 0xFFF}


def number(data: bytes, at: int, size: int = 2) -> int:
    """The number of `size` bytes at byte `at`, in network order."""
    return int.from_bytes(data[at : at + size], "big")


def assert_right(job: Job, segments: list[bytes]) -> None:
    """Asserts sizes, payload, tags, lengths, identifications, sequences and flags (D1 to D8).

    Checksum fields are only looked at where they must not change.
    """
    d, template = job.descriptor, job.data[: job.descriptor.header_length]
    payload = job.data[d.header_length :]
    cut = [payload[at : at + d.mss] for at in range(0, len(payload), d.mss)] if d.mss else []
    cut = cut or [payload]
    assert len(segments) == len(cut), f"{len(segments)} segments, expected {len(cut)}"
    for index, (segment, part) in enumerate(zip(segments, cut, strict=True)):
        where = f"segment {index + 1} of {len(segments)}"
        tags = 4 * d.tag_count
        assert segment[12 : 12 + tags] == d.tags, f"{where}: inserted tags"
        bare = segment[:12] + segment[12 + tags :]
        assert bare[len(template) :] == part, f"{where}: payload"
        header = bytearray(bare[: len(template)])
        wanted = bytearray(template)
        for at, value in _values(d, template, index, len(cut), len(bare)).items():
            wanted[at : at + 2] = value.to_bytes(2, "big")
        for at in _checksums(d, template):
            header[at : at + 2] = wanted[at : at + 2] = bytes(2)
        wrong = [at for at in range(len(header)) if header[at] != wanted[at]]
        assert not wrong, f"{where}: bytes {wrong}: {header.hex()}, expected {wanted.hex()}"


def _values(d: Descriptor, template: bytes, index: int, count: int, size: int) -> dict[int, int]:
    """The 16-bit fields of segment `index` that are not copied, by position."""
    if not d.mss:
        return {}
    found = {}
    layers = [(d.l3_kind, d.l3_offset, d.ip_id)]
    if d.tunnel != Tunnel.NONE:
        layers.append((d.outer_l3_kind, d.outer_l3_offset, d.outer_ip_id))
    for kind, at, mode in layers:
        if kind == L3Kind.IPV4:
            found[at + 2] = size - at
            first = number(template, at + 4)
            bits = {IdMode.FIXED: 0, IdMode.MOD15: 0x7FFF, IdMode.MOD16: 0xFFFF}[IdMode(mode)]
            found[at + 4] = (first & ~bits) | ((first + index) & bits)
        else:
            found[at + 4] = size - at - 40
    if d.l4_kind == L4Kind.UDP:
        found[d.l4_offset + 4] = size - d.l4_offset
    else:
        sequence = (number(template, d.l4_offset + 4, 4) + index * d.mss) % (1 << 32)
        found[d.l4_offset + 4], found[d.l4_offset + 6] = divmod(sequence, 1 << 16)
        role = "only" if count == 1 else "middle"
        if count > 1 and index in (0, count - 1):
            role = "first" if index == 0 else "last"
        mask = 0xF000 | _MASKS[role] | (0x080 if d.keep_cwr else 0)
        found[d.l4_offset + 12] = number(template, d.l4_offset + 12) & mask
    if d.outer_udp:
        found[d.outer_l4_offset + 4] = size - d.outer_l4_offset
    if d.length_8023:
        l3 = d.outer_l3_offset if d.tunnel != Tunnel.NONE else d.l3_offset
        found[l3 - 10] = size - (l3 - 8)
    return found


def _checksums(d: Descriptor, template: bytes) -> list[int]:
    """The positions of checksums that are computed."""
    found = []
    if d.l3_kind == L3Kind.IPV4 and (d.mss or d.ip_checksum):
        found.append(d.l3_offset + 10)
    if d.outer_l3_kind == L3Kind.IPV4 and (d.mss or d.outer_ip_checksum):
        found.append(d.outer_l3_offset + 10)
    if d.l4_checksum != ChecksumMode.NONE:
        at = checksum_at(d)
        if not _no_checksum(template, at, d.l4_kind == L4Kind.UDP, d.l4_checksum):
            found.append(at)
    if d.outer_l4_checksum != ChecksumMode.NONE:
        at = d.outer_l4_offset + 6
        if not _no_checksum(template, at, True, d.outer_l4_checksum):
            found.append(at)
    return found


def _no_checksum(template: bytes, at: int, udp: bool, mode: int) -> bool:
    """UDP with a field of 0 (D2, D3)."""
    return udp and mode != ChecksumMode.FROM_HEADER and number(template, at) == 0
