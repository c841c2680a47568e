# SPDX-License-Identifier: Apache-2.0
"""Has Linux segment a super-frame in software and hands back what would go on the wire.

In a namespace of its own a TAP device has all offloads off, so the kernel cuts what is sent on it
before the device gets it. A frame gets there through an AF_PACKET socket with PACKET_VNET_HDR or,
with a UDP tunnel, whose fields that socket does not know, through a second TAP device and a bridge.
"""

import os
import socket
from pathlib import Path

from gso_model.virtio import VnetHeader
from live import tap
from live.namespace import DEVICE, Host, HostError, command_line

_SOL_PACKET, _PACKET_VNET_HDR = 263, 15
_MTU = 9800
_SECOND = "tap1"
_QUEUE = 70000  # segments of one frame wait in the device until they are read

_SETUP = (
    f"ip link set {DEVICE} mtu {_MTU} txqueuelen {_QUEUE}",
    "ip link add br0 type bridge mcast_snooping 0 stp_state 0",
    f"ip link set {DEVICE} master br0",
    "ip link set br0 up",
    f"ip link set {DEVICE} up",
)


class Kernel:
    """The kernel's segmentation, in a process and a namespace of its own; close it after use.

    Members
    -------
    tunnels : bool
        Whether this kernel can be given UDP tunnels (Linux 6.17 and newer).
    """

    def __init__(self) -> None:
        self._host = Host("kernel", 0, [])
        try:
            self.tunnels = bool(self._host.run(_prepare))
        except HostError:
            self._host.close()
            raise

    def segment(self, header: VnetHeader, frame: bytes) -> list[bytes] | None:
        """The frames that the kernel sends; `None` where it does not take the header."""
        self._read()
        tunnelled = header.outer_th_offset != 0
        size = tap.HEADER if tunnelled else 10
        if not self._host.run(_send, tunnelled, header.pack(size) + frame):
            return None
        return self._read()

    def _read(self) -> list[bytes]:
        """All that waits at the TAP device: what was sent before is there at once."""
        found: list[bytes] = []
        while True:
            try:
                data = os.read(self._host.tap, 1 << 17)
            except BlockingIOError:
                return found
            header = VnetHeader.unpack(data[: tap.HEADER])
            if header.flags or header.gso_type:
                raise HostError(f"the kernel did not finish a frame: {header}")
            found.append(data[tap.HEADER :])

    def close(self) -> None:
        """Ends the namespace."""
        self._host.close()

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_ways: dict[bool, int] = {}


def _prepare(*, progress: object) -> bool:
    """In the host's process: both ways into the device. Returns whether tunnels can be sent."""
    # No router solicitations and the like between the segments.
    for name in ("all", "default"):
        Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
    for command in _SETUP:
        command_line(command)
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    packet.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    packet.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    packet.bind((DEVICE, 0))
    _ways[False] = packet.detach()
    try:
        _ways[True] = tap.open_tap(_SECOND, tap.PLAIN | tap.TUNNELS)
    except OSError:
        return False
    for command in (f"mtu {_MTU}", "master br0", "up"):
        command_line(f"ip link set {_SECOND} {command}")
    return True


def _send(tunnelled: bool, data: bytes, *, progress: object) -> bool:
    try:
        return os.write(_ways[tunnelled], data) == len(data)
    except OSError as error:
        if error.errno in (22, 90, 105):  # EINVAL, EMSGSIZE, ENOBUFS
            return False
        raise
