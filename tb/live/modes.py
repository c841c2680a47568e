# SPDX-License-Identifier: Apache-2.0
"""What can be sent between the two hosts, and how their networks are set up for it."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from live import traffic
from live.namespace import DEVICE, die_with_parent
from live.traffic import Sent

# Addresses by host, 0 and 1.
IPV4 = ("10.77.0.1", "10.77.0.2")
IPV6 = ("fd77::1", "fd77::2")
INNER_IPV4 = ("10.78.0.1", "10.78.0.2")
INNER_IPV6 = ("fd78::1", "fd78::2")
_VNI = (77, 78)
_QUEUE = 4000  # frames that may wait for the relay


@dataclass(frozen=True)
class Mode:
    """One kind of transfer; `open` and `receive` are the receiver's tasks, `send` the sender's."""

    name: str
    words: str
    address: tuple[str, str]
    open: Callable[..., object]
    receive: Callable[..., object]
    send: Callable[..., object]
    tunnel: bool = False
    both_ways: bool = True


def setup(host: int) -> list[str]:
    """The commands that configure host 0 or 1: addresses, and VXLAN over IPv4 and over IPv6."""
    commands = [
        "ip link set lo up",
        f"ip link set {DEVICE} address 02:00:00:00:77:0{host + 1} txqueuelen {_QUEUE} up",
        f"ip address add {IPV4[host]}/24 dev {DEVICE}",
        f"ip address add {IPV6[host]}/64 dev {DEVICE} nodad",
    ]
    tunnels = ((IPV4, INNER_IPV4, "24", "udpcsum"), (IPV6, INNER_IPV6, "64 nodad", ""))
    for number, (outer, inner, mask, option) in enumerate(tunnels):
        device = f"vxlan{number}"
        ends = f"local {outer[host]} remote {outer[1 - host]}"
        commands += [
            f"ip link add {device} type vxlan id {_VNI[number]} {ends} dstport 4789 "
            f"dev {DEVICE} {option}",
            f"ip link set {device} up",
            f"ip address add {inner[host]}/{mask.split()[0]} dev {device}"
            + (" nodad" if "nodad" in mask else ""),
        ]
    return commands


def iperf3_open(address: str, *, progress: object) -> None:
    """Starts iperf3's server for one test."""
    global _server
    _server = subprocess.Popen(
        ["iperf3", "-s", "-1", "-J", "-B", address],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,
    )
    end = time.monotonic() + 5
    while not _listens(5201):
        if time.monotonic() > end or _server.poll() is not None:
            raise RuntimeError("iperf3 -s does not start")
        time.sleep(0.02)


def _listens(port: int) -> bool:
    """Whether a TCP socket of this namespace waits for connections at `port`."""
    for file in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{file}").read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == "0A" and int(local.rpartition(":")[2], 16) == port:
                return True
    return False


_server: "subprocess.Popen[str] | None" = None


def iperf3_receive(*, progress: object) -> Sent:
    """What the server counted."""
    assert _server is not None
    output, _ = _server.communicate(timeout=60)
    return _iperf3_result(output, "sum_received")


def iperf3_send(address: str, size: int, seed: int, *, progress: object) -> Sent:
    """iperf3's client, with its own data; `seed` is not used."""
    command = ["iperf3", "-c", address, "-J", "-n", str(size), "--connect-timeout", "5000"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=die_with_parent,
    )
    return _iperf3_result(done.stdout, "sum_sent")


def _iperf3_result(output: str, name: str) -> Sent:
    result = json.loads(output)
    if "error" in result:
        raise RuntimeError(f"iperf3: {result['error']}")
    end = result["end"][name]
    return Sent(end["bytes"], "", end["seconds"])


_TCP = (traffic.listen, traffic.tcp_receive, traffic.tcp_send)
_UDP = (traffic.bind, traffic.udp_receive, traffic.udp_send)
MODES = {
    mode.name: mode
    for mode in (
        Mode("tcp4", "TCP over IPv4", IPV4, *_TCP),
        Mode("tcp6", "TCP over IPv6", IPV6, *_TCP),
        Mode("udp4", "UDP_SEGMENT over IPv4", IPV4, *_UDP),
        Mode("udp6", "UDP_SEGMENT over IPv6", IPV6, *_UDP),
        Mode("vxlan4", "TCP over IPv4 in VXLAN over IPv4", INNER_IPV4, *_TCP, tunnel=True),
        Mode("vxlan6", "TCP over IPv6 in VXLAN over IPv6", INNER_IPV6, *_TCP, tunnel=True),
        Mode(
            "iperf3",
            "iperf3, TCP over IPv4",
            IPV4,
            iperf3_open,
            iperf3_receive,
            iperf3_send,
            both_ways=False,
        ),
    )
}


def missing(mode: Mode) -> str | None:
    """Why `mode` cannot be run here; `None` where it can."""
    if mode.name == "iperf3" and shutil.which("iperf3") is None:
        return "iperf3 is not installed"
    return None
