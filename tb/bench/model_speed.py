# SPDX-License-Identifier: Apache-2.0
"""How fast the golden model is: megabytes of payload a second on one core, and scapy's beside it.

    python tb/bench/model_speed.py

The job: one TCP/IPv4 super-frame of 64 KB into segments of MSS 1448. The peer slices the payload,
rebuilds each packet and lets scapy fill lengths and checksums. Both results are compared first.
Each figure is of processor time, the best of several runs, as other work on the machine only ever
slows one down.
"""

import logging
import random
import time
from collections.abc import Callable

from gso_model import ChecksumMode, describe, segment

logging.getLogger("scapy").setLevel(logging.ERROR)

from scapy.all import IP, TCP, Ether, Packet, Raw, raw  # noqa: E402

MSS = 1448
HEADERS = 14 + 20 + 32  # Ethernet, IPv4, TCP with time stamps
PAYLOAD = random.Random(1).randbytes(65535 - 20 - 32)


def headers(index: int, count: int) -> Packet:
    """The headers of segment `index` of `count`, lengths and checksums open."""
    ip = IP(src="10.1.2.3", dst="10.9.8.7", id=0x1234 + index & 0xFFFF, flags="DF")
    tcp = TCP(
        sport=40000,
        dport=443,
        seq=0x01020304 + index * MSS & 0xFFFFFFFF,
        ack=0x0A0B0C0D,
        flags="PA" if index == count - 1 else "A",
        options=[("NOP", None), ("NOP", None), ("Timestamp", (1, 2))],
    )
    return Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / ip / tcp


def scapy_segments(payload: bytes) -> list[bytes]:
    parts = [payload[at : at + MSS] for at in range(0, len(payload), MSS)]
    return [raw(headers(index, len(parts)) / Raw(part)) for index, part in enumerate(parts)]


def speed(job: Callable[[], object], repeats: int) -> float:
    """Megabytes (10**6 bytes) of payload a second of processor time, best of `repeats`."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        job()
        best = min(best, time.process_time() - start)
    return len(PAYLOAD) / best / 1e6


def yardstick() -> float:
    """scapy's speed at the job, best of a few runs: how fast this machine is just now. Nothing of
    ours is in it.
    """
    return speed(lambda: scapy_segments(PAYLOAD), 5)


def figures() -> dict[str, float]:
    """Both speeds; raises `ValueError` when the two do not agree on the result."""
    frame = raw(headers(0, 1) / Raw(PAYLOAD))
    descriptor = describe(frame, MSS, l4_checksum=ChecksumMode.FROM_HEADER)
    if segment(frame, descriptor).segments != scapy_segments(PAYLOAD):
        raise ValueError("model and scapy disagree")
    return {
        "model": round(speed(lambda: segment(frame, descriptor), 300), 1),
        "scapy": round(speed(lambda: scapy_segments(PAYLOAD), 10), 1),
    }


def main() -> int:
    try:
        found = figures()
    except ValueError as error:
        print(error)
        return 1
    print(f"{len(PAYLOAD)} bytes of payload, MSS {MSS}, one core")
    print(f"golden model {found['model']:8.1f} MB/s")
    print(f"scapy        {found['scapy']:8.1f} MB/s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
