# SPDX-License-Identifier: Apache-2.0
"""The relay of `make live` between two sockets in place of TAP devices, and its report."""

import os
import socket
from collections.abc import Iterator

import pytest

from gso_model import describe, read_capture, segment
from gso_model.cli.engines import Model, Rtl
from gso_model.virtio import NEEDS_CSUM, TCPV4, VnetHeader, virtio_request
from gso_tb import tools
from live.counters import errors
from live.modes import MODES
from live.relay import Relay, Statistics
from live.report import details, good, table
from live.tap import HEADER
from live.traffic import Sent
from live.transfer import Result

CAPTURE = tools.ROOT / "tb" / "captures" / "linux-tcp4-host.pcap"
FRAMES = [frame for _, frame in read_capture(CAPTURE)]


@pytest.fixture
def ends() -> Iterator[list[socket.socket]]:
    """Two hosts and the relay's two ends: datagrams, as a TAP device's descriptor has them."""
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
    sockets = [pairs[0][0], pairs[1][0], pairs[0][1], pairs[1][1]]
    for end in sockets:
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 21)
    yield sockets
    for end in sockets:
        end.close()


def _relay(ends: list[socket.socket], engine: object = None, corrupt: int = 0) -> Relay:
    return Relay(engine or Model(), (ends[2].fileno(), ends[3].fileno()), corrupt)


def _super_frame(mss: int, number: int = 0) -> tuple[VnetHeader, bytes]:
    """One of the captured frames, with the header that it came with."""
    frame = FRAMES[number % len(FRAMES)]
    d = describe(frame, mss)
    return VnetHeader(NEEDS_CSUM, TCPV4, d.header_length, mss, d.l4_offset, 16), frame


def _received(end: socket.socket) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(os.read(end.fileno(), 1 << 17))
        except BlockingIOError:
            return found


def test_both_directions(ends: list[socket.socket]) -> None:
    """Each side's frames come out at the other, with a header that says nothing."""
    relay = _relay(ends)
    header, frame = _super_frame(4000)
    payload = len(frame) - 66
    count = -(-payload // 4000)
    plain = bytes(range(60))
    ends[0].send(header.pack(HEADER) + frame)
    ends[1].send(VnetHeader().pack(HEADER) + plain)
    assert relay.move() == 2
    segments = _received(ends[1])
    assert [item[:HEADER] for item in segments] == [bytes(HEADER)] * count
    assert sum(len(item) - HEADER - 66 for item in segments) == payload
    assert _received(ends[0]) == [bytes(HEADER) + plain]
    s = relay.statistics
    assert (s.frames, s.super_frames, s.segments, s.wire) == (2, 1, count, count + 1)
    assert s.payload == payload
    assert s.sizes[32768] == 1 and sum(s.sizes.values()) == 1
    assert relay.move() == 0


def test_through_the_rtl(ends: list[socket.socket]) -> None:
    """The compiled core in the relay's place gives what the model gives."""
    if reason := tools.available("verilator"):
        pytest.skip(reason)
    outputs = []
    for engine in (Model(), Rtl(64, "basic")):
        relay = _relay(ends, engine)
        for seed in range(20):
            header, frame = _super_frame(500 + 13 * seed, seed)
            ends[seed % 2].send(header.pack(HEADER) + frame)
            assert relay.move() == 1
        outputs.append((_received(ends[0]), _received(ends[1])))
    assert outputs[0] == outputs[1]
    assert len(outputs[0][0]) > 20


def test_corruption_on_purpose(ends: list[socket.socket]) -> None:
    """Every third segment has one wrong bit, in its checksum; nothing else differs."""
    relay = _relay(ends, corrupt=3)
    header, frame = _super_frame(4000)
    ends[0].send(header.pack(HEADER) + frame)
    relay.move()
    received = [item[HEADER:] for item in _received(ends[1])]
    wanted = segment(frame, virtio_request(header, frame)).segments
    assert len(received) == len(wanted) == 6
    assert [index for index in range(6) if received[index] != wanted[index]] == [2, 5]
    for index in (2, 5):
        pairs = zip(received[index], wanted[index], strict=True)
        assert [(at, a ^ b) for at, (a, b) in enumerate(pairs) if a != b] == [(51, 1)]
    assert (relay.statistics.segments, relay.statistics.corrupted) == (6, 2)


def test_refusals_are_counted(ends: list[socket.socket]) -> None:
    """A header that does not fit, and a frame that the core refuses; the next one passes."""
    relay = _relay(ends)
    header, frame = _super_frame(1000)
    ends[0].send(VnetHeader(gso_type=TCPV4).pack(HEADER) + frame)
    ends[0].send(header.pack(HEADER) + frame[:23] + b"\x11" + frame[24:])
    ends[0].send(VnetHeader().pack(HEADER) + bytes(60))
    relay.move()
    assert relay.statistics.refused == {
        "virtio-net: GSO without NEEDS_CSUM": 1,
        "virtio-net: gso_type 0x1 for a frame with IPV4 and UDP": 1,
    }
    assert len(_received(ends[1])) == 1


def _result(**changes: object) -> Result:
    values = {
        "mode": MODES["tcp4"],
        "engine": "test",
        "sent": [Sent(100, "aa", 1.0)],
        "received": [Sent(100, "aa", 1.0)],
        "seconds": 1.0,
        "statistics": Statistics(),
        "errors": {},
        "sent_again": 0,
        **changes,
    }
    return Result(**values)


def test_what_counts_as_good() -> None:
    """Other bytes, an error of the kernel, a refusal: each makes the run fail."""
    assert good(_result())
    assert not good(_result(received=[Sent(100, "ab", 1.0)]))
    assert not good(_result(received=[Sent(99, "aa", 1.0)]))
    assert not good(_result(errors={"Tcp.InCsumErrors": 1}))
    assert not good(_result(statistics=Statistics(refused={"OFFSETS": 1})))
    spoiled = Statistics(corrupted=2)
    assert good(_result(statistics=spoiled, errors={"Tcp.InCsumErrors": 2}))
    assert not good(_result(statistics=spoiled))
    assert not good(_result(statistics=spoiled, errors={"Tcp.InCsumErrors": 1}))
    assert "WRONG" in "".join(table([_result(errors={"Tcp.InErrs": 1})]))
    assert "NOT THE SAME" in "".join(details(_result(received=[Sent(100, "ab", 1.0)])))


def test_bad_frames_count_once() -> None:
    """The kernel counts a wrong checksum in two places."""
    from live.counters import ERRORS

    before = dict.fromkeys((*ERRORS, "Tcp.RetransSegs"), 5)
    after = {**before, "Tcp.InErrs": 8, "Tcp.InCsumErrors": 7}
    assert errors(before, after) == {"Tcp.InErrs": 1, "Tcp.InCsumErrors": 2}
