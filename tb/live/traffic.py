# SPDX-License-Identifier: Apache-2.0
"""What the two hosts send each other. Each function is a task of `Host`; all return a `Sent`."""

import hashlib
import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

PORT = 5001
_BLOCK = 1 << 20
_PATIENCE = 20.0  # seconds without progress after which a transfer has failed
_UDP_SEGMENT = 103  # socket option, linux/udp.h
_RCVBUFFORCE = 33
_RECEIVE_BUFFER = 8 << 20

# One datagram: a number and data; a buffer of many is cut by the NIC.
DATAGRAM = 1400
_NUMBER = 8
_CHUNK = DATAGRAM - _NUMBER
_IN_BUFFER = 46  # 64,400 bytes, below IPv4's limit
_WINDOW = 8 * _IN_BUFFER  # datagrams until the receiver is asked what is missing
_ASK, _END = b"?", b"."

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Sent:
    """One end's view of a transfer."""

    bytes: int
    sha256: str
    seconds: float
    again: int = 0  # datagrams sent once more


class _Meter:
    """Tells how far a transfer is, ten times a second."""

    def __init__(self, progress: Progress):
        self._progress, self._next = progress, 0.0

    def update(self, done: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 0.1
            self._progress(done)


def blocks(size: int, seed: int) -> Iterator[bytes]:
    """`size` random bytes, block by block."""
    rng = random.Random(seed)
    while size:
        block = rng.randbytes(min(size, _BLOCK))
        size -= len(block)
        yield block


def listen(address: str, *, progress: Progress) -> None:
    """Opens the receiver's TCP socket, so that `tcp_send` finds it."""
    global _listening
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    _listening = socket.create_server((address, PORT), family=family)
    _listening.settimeout(_PATIENCE)


_listening: socket.socket | None = None


def tcp_receive(*, progress: Progress) -> Sent:
    """Receives until the sender closes."""
    assert _listening is not None
    digest, done, meter = hashlib.sha256(), 0, _Meter(progress)
    with _listening:
        connection, _ = _listening.accept()
    with connection:
        connection.settimeout(_PATIENCE)
        started = time.monotonic()
        while data := connection.recv(_BLOCK):
            digest.update(data)
            done += len(data)
            meter.update(done)
        seconds = time.monotonic() - started
    return Sent(done, digest.hexdigest(), seconds)


def tcp_send(address: str, size: int, seed: int, *, progress: Progress) -> Sent:
    """Sends `size` random bytes over one TCP connection."""
    digest, done, meter = hashlib.sha256(), 0, _Meter(progress)
    started = time.monotonic()
    with socket.create_connection((address, PORT), timeout=_PATIENCE) as connection:
        for block in blocks(size, seed):
            digest.update(block)
            connection.sendall(block)
            done += len(block)
            meter.update(done)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)  # until the receiver closed, too
    return Sent(done, digest.hexdigest(), time.monotonic() - started)


def bind(address: str, *, progress: Progress) -> None:
    """Opens the receiver's UDP socket."""
    global _bound
    _bound = _udp(address)
    _bound.bind((address, PORT))


_bound: socket.socket | None = None


def _udp(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, _RECEIVE_BUFFER)
    made.settimeout(_PATIENCE)
    return made


def udp_receive(*, progress: Progress) -> Sent:
    """Takes datagrams in any order, tells the sender which are missing, until it says it is done.

    The message that asks: `?`, first number, count. The answer: the numbers that are missing.
    """
    assert _bound is not None
    data: dict[int, bytes] = {}
    done, meter = 0, _Meter(progress)
    started = 0.0
    with _bound:
        while True:
            message, sender = _bound.recvfrom(1 << 16)
            started = started or time.monotonic()
            if message[:1] == b"\0":  # a number; they never get that large
                number = int.from_bytes(message[:_NUMBER], "big")
                if number not in data:
                    data[number] = message[_NUMBER:]
                    done += len(message) - _NUMBER
                    meter.update(done)
            elif message[:1] == _ASK:
                first, count = (
                    int.from_bytes(message[at : at + _NUMBER], "big") for at in (1, 1 + _NUMBER)
                )
                missing = [number for number in range(first, first + count) if number not in data]
                answer = b"".join(number.to_bytes(_NUMBER, "big") for number in missing)
                _bound.sendto(message + answer, sender)
            elif message == _END:
                seconds = time.monotonic() - started
                break
    digest = hashlib.sha256()
    for number in sorted(data):
        digest.update(data[number])
    return Sent(done, digest.hexdigest(), seconds)


def udp_send(address: str, size: int, seed: int, *, progress: Progress) -> Sent:
    """Sends `size` random bytes in buffers that the NIC cuts into datagrams (UDP_SEGMENT)."""
    digest, again, meter = hashlib.sha256(), 0, _Meter(progress)
    started = time.monotonic()
    with _udp(address) as out:
        out.connect((address, PORT))
        out.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, DATAGRAM)
        first, kept = 0, b""
        source = blocks(size, seed)
        while True:
            while len(kept) < _WINDOW * _CHUNK and (block := next(source, None)) is not None:
                kept += block
            window, kept = kept[: _WINDOW * _CHUNK], kept[_WINDOW * _CHUNK :]
            if not window:
                break
            digest.update(window)
            parts = [window[at : at + _CHUNK] for at in range(0, len(window), _CHUNK)]
            again += _send_window(out, first, parts)
            first += len(parts)
            meter.update(min(size, first * _CHUNK))
        for _ in range(3):  # nobody answers this one
            out.send(_END)
    return Sent(size, digest.hexdigest(), time.monotonic() - started, again)


def _send_window(out: socket.socket, first: int, parts: list[bytes]) -> int:
    """Sends these datagrams until all have arrived; returns how many it sent again."""
    missing, again = list(range(len(parts))), 0
    question = _ASK + first.to_bytes(_NUMBER, "big") + len(parts).to_bytes(_NUMBER, "big")
    end = time.monotonic() + _PATIENCE
    while missing:
        if time.monotonic() > end:
            raise TimeoutError(f"{len(missing)} datagrams do not arrive")
        for at in range(0, len(missing), _IN_BUFFER):
            datagrams = [
                (first + index).to_bytes(_NUMBER, "big") + parts[index]
                for index in missing[at : at + _IN_BUFFER]
            ]
            out.send(b"".join(datagrams))
        answer = _ask(out, question)
        if answer is not None:
            missing = [
                int.from_bytes(answer[at : at + _NUMBER], "big") - first
                for at in range(0, len(answer), _NUMBER)
            ]
            again += len(missing)
    return again


def _ask(out: socket.socket, question: bytes) -> bytes | None:
    """The receiver's answer; none within half a second and it is asked again."""
    out.settimeout(0.5)
    try:
        out.send(question)
        while True:
            answer = out.recv(1 << 16)
            if answer.startswith(question):
                return answer[len(question) :]
    except TimeoutError:
        return None
    finally:
        out.settimeout(_PATIENCE)
