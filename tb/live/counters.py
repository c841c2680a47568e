# SPDX-License-Identifier: Apache-2.0
"""The error counters of a host's kernel: what it found wrong with frames that it received."""

from pathlib import Path

from live.namespace import DEVICE

# By the names in /proc/net; all of them must stay 0.
ERRORS = (
    "Ip.InHdrErrors",
    "IpExt.InCsumErrors",
    "IpExt.InTruncatedPkts",
    "Tcp.InErrs",
    "Tcp.InCsumErrors",
    "Udp.InErrors",
    "Udp.InCsumErrors",
    "Udp.RcvbufErrors",
    "Ip6InHdrErrors",
    "Ip6InTruncatedPkts",
    "Udp6InErrors",
    "Udp6InCsumErrors",
    "Udp6RcvbufErrors",
    "Icmp.InCsumErrors",
    "Icmp6InCsumErrors",
    "device.errors",
    "device.dropped",
)


def read(*, progress: object = None) -> dict[str, int]:
    """All of `ERRORS`, and the segments that TCP sent again; a task of `Host`."""
    found: dict[str, int] = {}
    for file in ("snmp", "netstat"):
        lines = Path(f"/proc/net/{file}").read_text().splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            group, _, rest = names.partition(":")
            for name, value in zip(rest.split(), values.partition(":")[2].split(), strict=True):
                found[f"{group}.{name}"] = int(value)
    for line in Path("/proc/net/snmp6").read_text().splitlines():
        name, value = line.split()
        found[name] = int(value)
    for line in Path("/proc/net/dev").read_text().splitlines():
        name, _, values = line.partition(":")
        if name.strip() == DEVICE:
            received = values.split()
            found["device.errors"], found["device.dropped"] = int(received[2]), int(received[3])
    return {name: found.get(name, 0) for name in (*ERRORS, "Tcp.RetransSegs")}


# Counters that count others' frames a second time.
_INCLUDES = {
    "Tcp.InErrs": ("Tcp.InCsumErrors",),
    "Udp.InErrors": ("Udp.InCsumErrors", "Udp.RcvbufErrors"),
    "Udp6InErrors": ("Udp6InCsumErrors", "Udp6RcvbufErrors"),
}


def errors(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """The error counters that rose, and by how much; every bad frame counts once."""
    rose = {name: after[name] - before[name] for name in ERRORS}
    for name, others in _INCLUDES.items():
        rose[name] -= sum(rose[other] for other in others)
    return {name: by for name, by in rose.items() if by}


def checksum_errors(rose: dict[str, int]) -> int:
    """How many of the errors are wrong checksums."""
    return sum(by for name, by in rose.items() if name.endswith("InCsumErrors"))
