# SPDX-License-Identifier: Apache-2.0
"""What segmentation does to each field of one frame: copied or rewritten, old and new values."""

from collections.abc import Sequence
from dataclasses import dataclass

from gso_model.descriptor import Descriptor
from gso_model.fields import HeaderField, header_fields

# Tags are inserted behind the two Ethernet addresses (D18).
_TAGS_AT = 12


@dataclass(frozen=True)
class Row:
    """One field: its value in the frame and in each segment shown.

    `rewritten` tells whether any segment, shown or not, has another value; of an inserted tag the
    frame has none.
    """

    field: HeaderField
    old: bytes
    new: list[bytes]
    rewritten: bool


@dataclass(frozen=True)
class Explanation:
    """A frame, some of its segments by index, every header field, and the payload's ranges."""

    frame: bytes
    descriptor: Descriptor
    segments: list[bytes]
    shown: list[int]
    rows: list[Row]
    header_length: int
    payload: list[tuple[int, int]]  # of the shown segments: first byte and end, in the payload

    @property
    def headers(self) -> list[str]:
        """The names of the headers, in order."""
        return list(dict.fromkeys(row.field.header for row in self.rows))

    @property
    def rewritten_bytes(self) -> int:
        """Bytes of the fields that are rewritten."""
        return sum(row.field.end - row.field.start for row in self.rows if row.rewritten)


def explain(frame: bytes, descriptor: Descriptor, segments: Sequence[bytes]) -> Explanation:
    """Compares `frame` with the segments that were made of it; there is at least one."""
    tags = len(descriptor.tags)
    fields = header_fields(frame, descriptor)
    header_length = fields[-1].end
    count = len(segments)
    shown = sorted({0, min(1, count - 1), count - 1})
    rows: list[Row] = []
    for field in fields:
        if tags and field.start == _TAGS_AT:
            inserted = HeaderField(field.header, "inserted tags", _TAGS_AT, _TAGS_AT + tags)
            rows.append(Row(inserted, b"", [inserted.value(segments[at]) for at in shown], True))
        shift = tags if field.start >= _TAGS_AT else 0
        start, end = field.start + shift, field.end + shift
        old = field.value(frame)
        rows.append(
            Row(
                field,
                old,
                [segments[at][start:end] for at in shown],
                any(segment[start:end] != old for segment in segments),
            )
        )
    payload: list[tuple[int, int]] = []
    for at in shown:
        first = at * descriptor.mss
        payload.append((first, first + len(segments[at]) - header_length - tags))
    return Explanation(frame, descriptor, list(segments), shown, rows, header_length, payload)
