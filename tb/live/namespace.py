# SPDX-License-Identifier: Apache-2.0
"""A host of its own: a child process in a new network namespace, with a TAP device.

The namespace lives as long as the process does, so nothing is left behind however it ends: the
kernel kills the child when its parent dies.
"""

import ctypes
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from live.tap import open_tap, unavailable

_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
DEVICE = "tap0"


class HostError(RuntimeError):
    """Something failed in the host's process; the message is one line."""


def refusal() -> str | None:
    """Why hosts cannot be made here, in one line; `None` where they can."""
    if reason := unavailable():
        return reason
    if shutil.which("ip") is None:
        return "the command ip is not installed (on Debian: apt-get install iproute2)"
    return None


class Host:
    """One host. Tasks run in its process, one at a time; their results are waited for.

    Parameters
    ----------
    name : str
        For messages.
    offloads : int
        What its TAP device leaves to the NIC, see `live.tap`.
    setup : list of str
        Commands (`ip ...`) that configure its network.

    Members
    -------
    tap : int
        The TAP device's descriptor: what the host sends is read here.
    connection : Connection
        Where the running task's progress (an int) and result come out.
    """

    def __init__(self, name: str, offloads: int, setup: list[str]):
        self.name = name
        self.tap = -1
        context = multiprocessing.get_context("fork")
        ours, theirs = socket.socketpair()
        self.connection, child = context.Pipe()
        # Not a daemon of multiprocessing: those may have no children, and iperf3 is one.
        self._process = context.Process(
            target=_serve, args=(theirs, child, offloads, setup, os.getpid()), name=name
        )
        self._process.start()
        theirs.close()
        child.close()
        with ours:
            _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        if not descriptors:
            raise HostError(f"{name}: {self.result()}")
        self.tap = descriptors[0]
        self.result()

    def start(self, task: Callable[..., object], *arguments: object) -> None:
        """Starts `task(*arguments, progress=...)`, a module's function, in the host's process."""
        self.connection.send((task, arguments))

    def receive(self) -> tuple[str, Any]:
        """Waits for the running task's next message: "progress" or "result", and its value.

        Raises `HostError` with the task's message if it failed, or if the process ended.
        """
        try:
            kind, value = self.connection.recv()
        except EOFError:
            raise HostError(f"{self.name}: its process ended") from None
        if kind == "error":
            raise HostError(f"{self.name}: {value}")
        return kind, value

    def result(self) -> object:
        """Waits for the running task; `HostError` with its message if it failed."""
        while True:
            kind, value = self.receive()
            if kind == "result":
                return value

    def run(self, task: Callable[..., object], *arguments: object) -> object:
        """`start` and `result`."""
        self.start(task, *arguments)
        return self.result()

    def close(self) -> None:
        """Ends the process, and with it the namespace and all devices in it."""
        if self.tap >= 0:
            os.close(self.tap)
            self.tap = -1
        self.connection.close()
        self._process.kill()
        self._process.join()

    def __enter__(self) -> "Host":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _serve(
    channel: socket.socket, connection: Connection, offloads: int, setup: list[str], parent: int
) -> None:
    """The host's process."""
    libc = ctypes.CDLL(None, use_errno=True)
    die_with_parent()
    if os.getppid() != parent:  # it died before the call above
        os._exit(1)
    # Ctrl-C reaches the whole group; the parent ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if libc.unshare(_CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, f"no network namespace: {os.strerror(number)}")
        tap = open_tap(DEVICE, offloads)
        for command in setup:
            command_line(command)
        socket.send_fds(channel, [b"t"], [tap])
        os.close(tap)
        connection.send(("result", None))
    except (OSError, HostError) as error:
        connection.send(("error", _words(error)))
        channel.close()
        return
    channel.close()
    while True:
        try:
            task, arguments = connection.recv()
        except EOFError:
            return
        try:
            value = task(*arguments, progress=lambda done: connection.send(("progress", done)))
            connection.send(("result", value))
        except Exception as error:
            connection.send(("error", _words(error)))


def die_with_parent() -> None:
    """Has the kernel kill this process when its parent ends, however that ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def command_line(command: str) -> None:
    """Runs one command; `HostError` with what it said."""
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise HostError(f"{command}: {said or done.returncode}")


def _words(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()) or type(error).__name__
