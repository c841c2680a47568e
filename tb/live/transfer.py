# SPDX-License-Identifier: Apache-2.0
"""One transfer through the relay: starts both ends, relays until they are done, compares."""

import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gso_model.cli.engines import Engine
from gso_model.cli.progress import Progress
from live import counters
from live.modes import Mode
from live.namespace import Host, HostError
from live.relay import Relay, Statistics
from live.traffic import Sent

_PATIENCE = 30.0  # seconds without a byte of progress


@dataclass(frozen=True)
class Result:
    """What one transfer gave. `errors` are the kernels' counters that rose, by host."""

    mode: Mode
    engine: str
    sent: list[Sent]
    received: list[Sent]
    seconds: float
    statistics: Statistics
    errors: dict[str, int]
    sent_again: int

    @property
    def same(self) -> bool:
        """Whether every byte arrived: lengths and SHA-256 of both ends are equal.

        iperf3 tells neither: its server stops counting when the client's time is over.
        """
        pairs = zip(self.sent, self.received, strict=True)
        return all(
            (s.bytes, s.sha256) == (r.bytes, r.sha256) if s.sha256 else r.bytes > 0
            for s, r in pairs
        )

    @property
    def bytes(self) -> int:
        """Bytes that were received."""
        return sum(received.bytes for received in self.received)

    @property
    def megabits(self) -> float:
        """Mbit of data a second, as the receiver saw it."""
        return 8 * self.bytes / 1e6 / sum(received.seconds for received in self.received)


def transfer(
    mode: Mode, hosts: tuple[Host, Host], engine: Engine, size: int, seed: int, corrupt: int
) -> Result:
    """Sends `size` bytes from host 0 to host 1 and then as many back."""
    relay = Relay(engine, (hosts[0].tap, hosts[1].tap), corrupt)
    before = [_ask(relay, host, counters.read) for host in hosts]
    sent: list[Sent] = []
    received: list[Sent] = []
    started = time.monotonic()
    ways = 2 if mode.both_ways else 1
    with Progress(f"{mode.name:7} {engine.name}", size * ways) as progress:
        for way in range(ways):
            sender, receiver = hosts[way], hosts[1 - way]
            _ask(relay, receiver, mode.open, mode.address[1 - way])
            receiver.start(mode.receive)
            sender.start(mode.send, mode.address[1 - way], size, seed + way)
            both = _relay(relay, (sender, receiver), progress, way * size, started)
            sent.append(both[0])
            received.append(both[1])
    seconds = time.monotonic() - started
    after = [_ask(relay, host, counters.read) for host in hosts]
    errors: dict[str, int] = {}
    for old, new in zip(before, after, strict=True):
        for name, by in counters.errors(old, new).items():
            errors[name] = errors.get(name, 0) + by
    again = sum(
        n["Tcp.RetransSegs"] - o["Tcp.RetransSegs"] for o, n in zip(before, after, strict=True)
    )
    again += sum(one.again for one in sent)
    return Result(mode, engine.name, sent, received, seconds, relay.statistics, errors, again)


def _ask(relay: Relay, host: Host, task: Callable[..., object], *arguments: object) -> Any:
    """A short task's result; the relay goes on meanwhile."""
    host.start(task, *arguments)
    (value,) = _relay(relay, (host,), None, 0, 0.0)
    return value


def _relay(
    relay: Relay, hosts: tuple[Host, ...], progress: Progress | None, base: int, started: float
) -> list[Any]:
    """Relays until the tasks of all `hosts` have ended; returns their results.

    Raises `HostError` when one fails or nothing gets on.
    """
    results: dict[Host, object] = {}
    poll = select.poll()
    ends = relay.ends
    for end in ends:
        poll.register(end, select.POLLIN)
    by_descriptor = {host.connection.fileno(): host for host in hosts}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.POLLIN)
    quiet = time.monotonic()
    while len(results) < len(hosts):
        ready = poll.poll(200)
        if relay.move():
            quiet = time.monotonic()
        for descriptor, _ in ready:
            host = by_descriptor.get(descriptor)
            if host is None or host in results:
                continue
            kind, value = host.receive()
            if kind == "result":
                results[host] = value
                poll.unregister(descriptor)
            elif progress is not None and host is hosts[-1]:
                rate = 8 * (base + value) / 1e6 / max(0.01, time.monotonic() - started)
                s = relay.statistics
                note = f"{rate:4.0f} Mbit/s, {s.super_frames:,} super-frames, {s.wire:,} frames out"
                progress.update(base + value, note)
        if time.monotonic() - quiet > _PATIENCE:
            raise HostError(f"nothing arrived for {_PATIENCE:.0f} s")
    return [results[host] for host in hosts]
