# SPDX-License-Identifier: Apache-2.0
"""From a frame and a descriptor to the segments and the completion: the core's whole function.

The header of each segment is made from the frame's header and the segment's number alone, never
from the header of the segment before it. A descriptor with MSS 0 is in `finish_frame`'s hands.
"""

from dataclasses import dataclass

from gso_model.capabilities import FULL, Capabilities
from gso_model.check import check_descriptor
from gso_model.check_headers import check_headers
from gso_model.checksum_only import finish_frame
from gso_model.descriptor import Completion, Descriptor, segment_user
from gso_model.layout import Status
from gso_model.segment_header import SegmentHeader


@dataclass(frozen=True)
class Result:
    """What leaves the core for one descriptor: the segments in order, then the completion."""

    segments: list[bytes]
    completion: Completion
    descriptor: Descriptor

    @property
    def users(self) -> list[int]:
        """The packed `m_axis_tuser` of each segment."""
        complete = self.completion.status == Status.OK
        return segment_user(self.descriptor, self.segments, complete)


def segment(
    frame: bytes, descriptor: Descriptor | int, capabilities: Capabilities = FULL
) -> Result:
    """The segments and the completion of one frame that arrived in one piece.

    `frame` starts with the Ethernet header (or the IP header, where there is none) and ends
    before the FCS. A refusal is no exception but a `completion.status` and no segments (D13);
    `ValueError` is for a descriptor of more than 256 bits.
    """
    return segment_arrived(frame, descriptor, capabilities=capabilities)


def segment_arrived(
    arrived: bytes,
    descriptor: Descriptor | int,
    *,
    aborted: bool = False,
    capabilities: Capabilities = FULL,
) -> Result:
    """`segment` for the bytes that really arrived up to `tlast`, be they too few or too many.

    `aborted` is `s_axis_tuser[0]` on `tlast`. Where the frame ends wrongly the segments that had
    left by then are in the result (D13, I9, I10).
    """
    d = Descriptor.unpack(descriptor) if isinstance(descriptor, int) else descriptor
    status = check_descriptor(d, capabilities)
    if status == Status.OK and len(arrived) >= d.header_length:
        status = check_headers(arrived, d)
    if status != Status.OK:
        return _result(d, status, [], 0)

    if len(arrived) < d.frame_length:
        status = Status.SHORT
    elif len(arrived) > d.frame_length:
        status = Status.LONG
    elif aborted:
        status = Status.ABORTED

    if d.mss:
        return _cut(arrived, d, status, capabilities)
    if status != Status.OK:
        return _result(d, status, [], 0)
    payload_bytes = d.frame_length - d.header_length if d.asks else 0
    return _result(d, status, [finish_frame(arrived, d)], payload_bytes)


def _cut(arrived: bytes, d: Descriptor, status: Status, capabilities: Capabilities) -> Result:
    """The segments of a frame with MSS ≠ 0, those that leave under `status` (D7, D8, D13)."""
    payload_length = d.frame_length - d.header_length
    total = max(1, -(-payload_length // d.mss))
    if status == Status.OK:
        leaving = total
    elif status == Status.SHORT:
        leaving = max(0, len(arrived) - d.header_length) // d.mss
    else:
        leaving = total - 1

    segments: list[bytes] = []
    if leaving:
        header = SegmentHeader(arrived[: d.header_length], d, total, capabilities)
        end = d.header_length
        for index in range(leaving):
            start, end = end, min(end + d.mss, d.frame_length)
            payload = arrived[start:end]
            segments.append(b"".join((header.make(index, payload), payload)))
    return _result(d, status, segments, min(leaving * d.mss, payload_length))


def _result(d: Descriptor, status: Status, segments: list[bytes], payload_bytes: int) -> Result:
    completion = Completion(
        request_id=d.request_id,
        status=status,
        segments=len(segments),
        payload_bytes=payload_bytes,
    )
    return Result(segments, completion, d)
