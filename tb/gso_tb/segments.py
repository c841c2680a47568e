# SPDX-License-Identifier: Apache-2.0
"""Committed segments for egress, and what must leave for them."""

import random
from typing import NamedTuple

from gso_model.layout import COMPLETION, SEGMENT_USER


class Segment(NamedTuple):
    """A segment of a frame, before its checksum is merged in."""

    header: bytes
    payload: bytes
    first: bool = True
    last: bool = True
    send: bool = True
    buffered: bool = True  # its payload stands in buffer or store, sent or not
    status: int = 0
    counted: bool = True
    checksum_at: int | None = None
    no_zero: bool = False
    checksum: int = 0
    request_id: int = 0
    user: int = 0
    timestamp: bool = False


def random_frame(rng: random.Random, lanes: int, number: int, drop: float = 0.2) -> list[Segment]:
    """A frame of some segments; some frames are refused, some lose their last segments."""
    head = rng.choice((0, 42, 54, 2 * rng.randint(1, 64), lanes, 2 * lanes, 2 * lanes - 2))
    segments = rng.choice((1, 1, 2, 3, 6)) if head else 1
    sizes = [rng.choice((0, 1, lanes, rng.randint(1, 4 * lanes))) for _ in range(segments)]
    sizes = [size or (0 if head else 1) for size in sizes]
    fields = {"request_id": number, "user": rng.getrandbits(16), "counted": rng.random() < 0.9}
    if head >= 8 and rng.random() < 0.9:
        fields["checksum_at"] = 2 * rng.randrange(head // 2)
        fields["no_zero"] = rng.random() < 0.5
    lost = rng.choice((1, segments)) if rng.random() < drop else 0
    status = rng.choice((1, 7, 16, 32, 33, 34)) if lost else 0
    made = []
    for index, size in enumerate(sizes):
        last, sent = index == segments - 1, index < segments - lost
        made.append(
            Segment(
                rng.randbytes(head),
                rng.randbytes(size),
                first=index == 0,
                last=last,
                send=sent,
                # A void segment is not in the buffer any more, one with a wrong header is.
                buffered=sent or status == 16,
                status=status if last else 0,
                timestamp=last and rng.random() < 0.5,
                checksum=rng.choice((0, rng.getrandbits(16), 0xFFFF)),
                **fields,
            )
        )
    return made


def compare(segments: list[Segment], got_beats: list, got_completions: list, lanes: int) -> None:
    """Bytes, `tkeep` and `tuser` of every segment, and every completion (D19)."""
    beats, completions = iter(got_beats), iter(got_completions)
    count = size = 0
    for number, segment in enumerate(segments):
        what = f"segment {number} of {len(segment.header)} + {len(segment.payload)} bytes"
        whole = bytearray(segment.header + segment.payload)
        if segment.first:
            count = size = 0
        if segment.send:
            count += 1
            size += len(segment.payload) * segment.counted
            if segment.checksum_at is not None:
                value = segment.checksum or (0xFFFF if segment.no_zero else 0)
                at = segment.checksum_at
                whole[at : at + 2] = value.to_bytes(2, "big")
            user = {"length": len(whole), "first": segment.first, "last": segment.last}
            user |= {"request_id": segment.request_id, "user": segment.user}
            user["timestamp"] = segment.timestamp
            for at in range(0, len(whole), lanes):
                part = bytes(whole[at : at + lanes])
                got = next(beats, None)
                assert got is not None, f"{what}: a beat is missing"
                data = got["data"].to_bytes(lanes, "little")[: len(part)]
                assert data == part, f"{what}: {data.hex()}, expected {part.hex()} at {at}"
                assert got["keep"] == (1 << len(part)) - 1, f"{what}: tkeep {got['keep']:#x}"
                assert got["last"] == (at + lanes >= len(whole)), f"{what}: tlast"
                assert got["user"] == SEGMENT_USER.pack(user), f"{what}: tuser"
        if segment.last:
            wanted = {"request_id": segment.request_id, "status": segment.status}
            wanted |= {"segments": count, "payload_bytes": size}
            got = next(completions, None)
            assert got == COMPLETION.pack(wanted), f"{what}: completion {got}, not {wanted}"
    assert next(beats, None) is None, "a beat too many"
    assert next(completions, None) is None, "a completion too many"
