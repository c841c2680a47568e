# SPDX-License-Identifier: Apache-2.0
"""TAP devices that hand out super-frames with a virtio-net header in front."""

import fcntl
import os
import struct

DEVICE = "/dev/net/tun"
HEADER = 24  # bytes of the virtio-net header, with the fields of UDP tunnels

# From linux/if_tun.h; TUN_F_UDP_TUNNEL_GSO and its twin came with Linux 6.17.
_TUNSETIFF, _TUNSETOFFLOAD, _TUNSETVNETHDRSZ, _TUNSETVNETLE = (
    0x400454CA,
    0x400454D0,
    0x400454D8,
    0x400454DC,
)
_IFF_TAP, _IFF_NO_PI, _IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
CSUM, TSO4, TSO6, TSO_ECN, USO4, USO6, TUNNEL, TUNNEL_CSUM = (
    0x01,
    0x02,
    0x04,
    0x08,
    0x20,
    0x40,
    0x80,
    0x100,
)
PLAIN = CSUM | TSO4 | TSO6 | TSO_ECN | USO4 | USO6
TUNNELS = TUNNEL | TUNNEL_CSUM


def unavailable() -> str | None:
    """Why no TAP device can be had here, in one line; `None` where it can."""
    if os.geteuid() != 0:
        return "root is needed to make network namespaces and TAP devices (run with sudo)"
    if not os.path.exists(DEVICE):
        return f"{DEVICE} is not there (modprobe tun)"
    try:
        os.close(os.open(DEVICE, os.O_RDWR))
    except OSError as error:
        return f"{DEVICE} cannot be opened: {error.strerror}"
    return None


def open_tap(name: str, offloads: int) -> int:
    """A non-blocking descriptor of a new TAP device in this process's network namespace.

    `offloads` says what the other end of the descriptor can do: the kernel hands out such frames
    unfinished. Raises `OSError` where the kernel knows no such offload.
    """
    descriptor = os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        flags = _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
        fcntl.ioctl(descriptor, _TUNSETVNETHDRSZ, struct.pack("i", HEADER))
        fcntl.ioctl(descriptor, _TUNSETVNETLE, struct.pack("i", 1))
        fcntl.ioctl(descriptor, _TUNSETOFFLOAD, offloads)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
