# SPDX-License-Identifier: Apache-2.0
"""How a frame's bytes are split into rows, raw beats, cuts and aligned beats (D7, D8, D13)."""

from collections.abc import Iterator

from gso_tb.reference import segment_lengths


def cuts(head: int, payload: int, mss: int, lanes: int, inserted: int = 0) -> list[dict[str, int]]:
    """How `align` gets each segment out of the raw beats, from where its bytes lie.

    `inserted` bytes of tags go into the header (D18).
    """
    if not payload:
        made = {"none": 1, "first": 1, "last": 1, "single": 1, "first_load": 1}
        return [{**made, "first_cross": 0}]
    found = []
    lengths = segment_lengths(payload, mss)
    lane = (head + inserted) % lanes
    start, loaded = head, head // lanes - 1  # the newest raw beat that was taken
    for number, length in enumerate(lengths):
        end = start + length - 1
        count = (lane + length - 1) // lanes + 1
        # For each aligned beat the raw beat that its last byte comes in.
        newest = [min(end, start - lane + (i + 1) * lanes - 1) // lanes for i in range(count)]
        made = {
            "none": 0,
            "first": int(number == 0),
            "last": int(number == len(lengths) - 1),
            "single": int(count == 1),
            "double": int(count == 2),
            "beats_less_1": count - 1,
            "shift": (start - lane) % lanes,
            "start_lane": lane,
            "end_lane": (lane + length - 1) % lanes,
            "raw_end": end % lanes,
            "first_load": int(newest[0] > loaded),
            "first_cross": int(newest[0] > loaded and start // lanes < newest[0]),
        }
        if count > 1:
            made["last_load"] = int(newest[-1] > newest[-2])
        found.append(made)
        start, loaded = end + 1, newest[-1]
    return found


def raw_cuts(
    head: int, payload: int, mss: int, lanes: int, inserted: int = 0
) -> list[dict[str, int]]:
    """How `split` finds each segment in the raw beats; else as `cuts`."""
    if not payload:
        return [{"none": 1, "first": 1, "last": 1, "single": 1, "loads": 1, "crosses": 0}]
    found = []
    lengths = segment_lengths(payload, mss)
    lane = (head + inserted) % lanes
    start, taken = head, head // lanes - 1  # the newest raw beat that was taken
    for number, length in enumerate(lengths):
        end = start + length - 1
        fresh = end // lanes - taken  # raw beats that it takes
        found.append(
            {
                "none": 0,
                "first": int(number == 0),
                "last": int(number == len(lengths) - 1),
                "single": int(fresh <= 1),
                "double": int(fresh == 2),
                "beats": end // lanes - start // lanes,
                "begin": start % lanes,
                "raw_end": end % lanes,
                "below": int(start % lanes < lane),
                "odd": (start - lane) % 2,
                "loads": int(fresh > 0),
                "crosses": int(start // lanes == taken),
            }
        )
        start, taken = end + 1, end // lanes
    return found


def fetches(
    head: int, payload: int, mss: int, lanes: int, inserted: int = 0
) -> Iterator[dict[str, int]]:
    """In how many beats each segment's payload leaves, from which lane on, and by how many lanes
    it is turned; of no payload it does not matter.
    """
    lane, start = (head + inserted) % lanes, head
    for length in segment_lengths(payload, mss):
        beats = -(-(lane + length) // lanes)
        turned = {"beats_less_1": beats - 1, "start": lane, "shift": (start - lane) % lanes}
        yield turned if length else {}
        start += length


def pieces(begin: int, data: bytes, lanes: int, crosses: bool) -> list[tuple[bytes, bytes]]:
    """Lanes of two raw beats at a time, the older and the newer, that hold `data` from lane `begin`
    on; with `crosses` the first of its beats has been taken already.
    """
    line = bytes(begin) + data
    line += bytes(-len(line) % lanes)
    beats, none = [line[at : at + lanes] for at in range(0, len(line), lanes)], bytes(lanes)
    if not crosses:
        return [(none, beat) for beat in beats]
    second = beats[1] if beats[1:] else none
    return [(beats[0], second), *((none, beat) for beat in beats[2:])]


def rows(arrived: bytes, head: int, lanes: int) -> list[tuple[bytes, int]]:
    """The header rows of a frame: what arrived of each, and whether the frame ends in it."""
    made = []
    for at in range(0, min(head, len(arrived)), lanes):
        part = arrived[at : at + lanes]
        made.append((part, int(len(arrived) < head and at + lanes >= len(arrived))))
    return made


def payload_beats(
    arrived: bytes, aborted: bool, head: int, length: int, lanes: int
) -> list[dict[str, object]]:
    """The beats of a frame from the first with payload up to its end, with their marks (D13).

    `valid` is the number of lanes from below that came, 0 where the beat holds no payload.
    """
    final = (length - 1) // lanes
    count = -(-len(arrived) // lanes)
    made = []
    for number in range(min(count - 1, final) + 1):
        part = arrived[number * lanes : number * lanes + lanes]
        last, end = number == count - 1, number in (count - 1, final)
        if (number + 1) * lanes <= head and not end:
            continue
        made.append(
            {
                "data": part,
                "end": int(end),
                "under": int(end and len(arrived) < length),
                "over": int(end and len(arrived) > length),
                "abort": int(last and aborted),
                "valid": len(part) if number * lanes + len(part) > head else 0,
            }
        )
    return made


def aligned(head: int, payload: bytes, mss: int, lanes: int) -> list[list[bytes]]:
    """The beats of each segment's payload in its lanes on the wire, zeros elsewhere."""
    lane = head % lanes
    made, at = [], 0
    for length in segment_lengths(len(payload), mss):
        line = bytes(lane) + payload[at : at + length] if length else b""
        line += bytes(-len(line) % lanes)
        made.append([line[i : i + lanes] for i in range(0, len(line), lanes)])
        at += length
    return made
