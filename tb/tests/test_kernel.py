# SPDX-License-Identifier: Apache-2.0
"""Linux as judge: its software segmentation of random super-frames against RTL and model.

Needs root, network namespaces, TAP devices and Linux 6.17, the first one whose virtio-net header
knows tunnels. The kernel's known differences from the core are named tests below, each of which
fails when the difference goes away.
"""

from collections.abc import Iterator

import pytest

from gso_model import L4Kind, Status, segment
from gso_model.checksum import word_sum
from gso_model.cli.engines import Engine, Model, Rtl
from gso_model.virtio import NEEDS_CSUM, TCPV4, UDP_L4, VnetHeader, virtio_request
from gso_tb import tools
from kernel.judge import Kernel
from kernel.super_frames import super_frame
from live import namespace

STAMPS = b"\x01\x01\x08\x0a" + bytes(8)
ADDRESSES = b"\x0a\0\0\1\x0a\0\0\2"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A namespace in which the kernel segments."""
    if reason := namespace.refusal():
        pytest.skip(reason)
    with Kernel() as made:
        if not made.tunnels:
            pytest.skip("this kernel is older than 6.17: no tunnels, and other known differences")
        yield made


def _compare(kernel: Kernel, engine: Engine, count: int, seed: int, tunnel: bool) -> None:
    """`count` random super-frames through both; every byte of every segment must be the same."""
    made = [super_frame(seed, index, tunnel) for index in range(count)]
    jobs = [(item.frame, virtio_request(item.header, item.frame)) for item in made]
    for index, (item, (segments, completion)) in enumerate(
        zip(made, engine.run(jobs), strict=True)
    ):
        what = f"frame {index} of seed {seed}: {item.words}"
        assert completion.status == Status.OK, what
        assert len(segments) > 1, what
        assert kernel.segment(item.header, item.frame) == segments, what


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Two cores in `make test`, as each takes its time to compile; all with `--full`."""
    if "core" in metafunc.fixturenames:
        cores = [(64, "basic"), (512, "full")]
        if metafunc.config.getoption("--full"):
            cores = [(width, preset) for width in tools.WIDTHS for preset in tools.PRESETS]
        metafunc.parametrize("core", cores, ids=[f"{width}-{preset}" for width, preset in cores])


def test_random_super_frames(kernel: Kernel, core: tuple[int, str], full: bool) -> None:
    """TCP and UDP over IPv4 and IPv6: options, extension headers, tags, all flags; through RTL.

    With VXLAN and Geneve around them, too, where the preset has tunnels.
    """
    if reason := tools.available("verilator"):
        pytest.skip(reason)
    engine = Rtl(*core)
    for tunnel in (False, True) if core[1] == "full" else (False,):
        _compare(kernel, engine, 4000 if full else 300, core[0], tunnel)


@pytest.mark.parametrize("tunnel", [False, True])
def test_random_super_frames_of_the_model(kernel: Kernel, tunnel: bool, full: bool) -> None:
    """The same for the golden model."""
    _compare(kernel, Model(), 4000 if full else 500, 7, tunnel)


def _ip(protocol: int, l4: bytes) -> bytes:
    head = b"\x45\0" + (20 + len(l4)).to_bytes(2, "big") + b"\x12\x34\x40\0\x40" + bytes([protocol])
    checksum = 0xFFFF - word_sum(head + b"\0\0" + ADDRESSES)
    ethernet = b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0"
    return ethernet + head + checksum.to_bytes(2, "big") + ADDRESSES + l4


def _seed(protocol: int, length: int) -> bytes:
    return word_sum(ADDRESSES + bytes([0, protocol]) + length.to_bytes(4, "big")).to_bytes(2, "big")


def _tcp(payload: bytes, mss: int, options: bytes = b"", seed: bytes = b"") -> tuple:
    size = 20 + len(options)
    start = bytes(12) + (size // 4 << 12 | 0x18).to_bytes(2, "big") + b"\x01\0"
    seed = seed or _seed(6, size + len(payload))
    header = VnetHeader(NEEDS_CSUM, TCPV4 if mss else 0, 34 + size, mss, 34, 16)
    return header, _ip(6, start + seed + b"\0\0" + options + payload)


def _udp(payload: bytes, mss: int) -> tuple:
    length = 8 + len(payload)
    start = b"\x9c\x40\x13\x89" + length.to_bytes(2, "big")
    header = VnetHeader(NEEDS_CSUM, UDP_L4, 42, mss, 34, 6)
    return header, _ip(17, start + _seed(17, length) + payload)


def _ours(header: VnetHeader, frame: bytes) -> list[bytes]:
    return segment(frame, virtio_request(header, frame)).segments


@pytest.mark.parametrize("size", [1, 87, 88, 101, 250])
def test_sizes_around_the_mss(kernel: Kernel, size: int) -> None:
    """Up to MSS less the options, and above the MSS, kernel and core agree."""
    header, frame = _tcp(b"x" * size, 100, STAMPS)
    assert kernel.segment(header, frame) == _ours(header, frame)


@pytest.mark.parametrize("size", [89, 95, 100])
def test_difference_payload_near_the_mss(kernel: Kernel, size: int) -> None:
    """Known difference: payload + options above, payload not above the MSS: the kernel drops it.

    Its check for "too small to be cut" counts TCP's options as payload, the cutting itself not.
    The core sends one finished segment (D7).
    """
    header, frame = _tcp(b"x" * size, 100, STAMPS)
    assert kernel.segment(header, frame) == []
    assert len(_ours(header, frame)) == 1


def test_difference_wrong_seed(kernel: Kernel) -> None:
    """Known difference to D2's mode 3: the kernel, as mode 2 does, believes the seed."""
    header, frame = _tcp(b"x" * 250, 100, seed=b"\x12\x34")
    believed = kernel.segment(header, frame)
    assert believed == _ours(header, frame)
    right = _ours(*_tcp(b"x" * 250, 100))
    assert [made[50:52] for made in believed] != [made[50:52] for made in right]


def test_difference_tcp_checksum_of_zero(kernel: Kernel) -> None:
    """Known difference: a frame that is not cut gets 0xFFFF for a TCP checksum of 0.

    The core leaves 0 (D4), the kernel too in segments. Both verify as right.
    """
    # A payload word that is what the checksum was without it makes the checksum 0.
    checksum = _ours(*_tcp(b"\0\0", 0))[0][50:52]
    header, frame = _tcp(checksum, 0)
    assert virtio_request(header, frame).l4_kind == L4Kind.TCP
    ours, (theirs,) = _ours(header, frame)[0], kernel.segment(header, frame)
    assert ours[50:52] == b"\0\0"
    assert theirs == ours[:50] + b"\xff\xff" + ours[52:]
    checksum = _ours(*_tcp(bytes(50), 26))[0][50:52]
    header, frame = _tcp(checksum + bytes(48), 26)
    segments = kernel.segment(header, frame)
    assert segments == _ours(header, frame)
    assert segments[0][50:52] == b"\0\0"


def test_difference_udp_segments(kernel: Kernel) -> None:
    """Known difference: Linux takes 128 UDP segments at most; the core any number."""
    header, frame = _udp(bytes(1280), 10)
    assert kernel.segment(header, frame) == _ours(header, frame)
    header, frame = _udp(bytes(1281), 10)
    assert kernel.segment(header, frame) is None
    assert len(_ours(header, frame)) == 129


def test_thousands_of_segments(kernel: Kernel) -> None:
    """TCP has no such limit."""
    header, frame = _tcp(bytes(3000), 1)
    segments = kernel.segment(header, frame)
    assert len(segments) == 3000
    assert segments == _ours(header, frame)


def test_lengths_and_ip_checksum_are_not_read(kernel: Kernel) -> None:
    """D1: neither does the kernel."""
    header, frame = _tcp(bytes(250), 100)
    right = kernel.segment(header, frame)
    for at, wrong in ((16, b"\0\0"), (16, b"\xde\xad"), (24, b"\xbe\xef")):
        spoiled = frame[:at] + wrong + frame[at + 2 :]
        assert kernel.segment(header, spoiled) == right == _ours(header, spoiled)


def test_headers_that_both_refuse(kernel: Kernel) -> None:
    """What a device must reject the kernel rejects too."""
    header, frame = _tcp(bytes(250), 100)
    for changed in (
        VnetHeader(NEEDS_CSUM, TCPV4, 54, 0, 34, 16),
        VnetHeader(NEEDS_CSUM, 4, 54, 100, 34, 16),
        VnetHeader(NEEDS_CSUM, 2, 54, 100, 34, 16),
    ):
        assert kernel.segment(changed, frame) is None
        with pytest.raises(ValueError, match="virtio-net"):
            virtio_request(changed, frame)
    assert kernel.segment(header, frame) == _ours(header, frame)
