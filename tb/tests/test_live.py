# SPDX-License-Identifier: Apache-2.0
"""`make live` from end to end, where network namespaces and TAP devices can be made."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gso_tb import tools
from live import __main__ as live
from live import namespace
from live.modes import MODES, setup
from live.namespace import Host, HostError

ENVIRONMENT = {**os.environ, "PYTHONPATH": tools.python_path()}


@pytest.fixture
def _hosts() -> None:
    if reason := namespace.refusal():
        pytest.skip(reason)


def _live(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "live", *arguments]
    return subprocess.run(
        command, cwd=tools.ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


def _devices() -> set[str]:
    return set(os.listdir("/sys/class/net"))


@pytest.mark.usefixtures("_hosts")
def test_through_the_rtl() -> None:
    """TCP, UDP and VXLAN over IPv4 and IPv6 at 512 bits: all arrives, no kernel complains."""
    if reason := tools.available("verilator"):
        pytest.skip(reason)
    options = ["--engine", "rtl", "--width", "512", "--preset", "full", "--mbytes", "1"]
    done = _live(*options, "--modes", "tcp4,tcp6,udp4,udp6,vxlan4,vxlan6")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("error counters: all 0") == 6
    assert done.stdout.count(" the same") == 12
    found = re.findall(r"([\d,]+) super-frames \(.*\) became ([\d,]+) segments", done.stdout)
    assert len(found) == 6
    if "older than 6.17" in done.stdout:
        found = found[:4]  # the kernel cut inside VXLAN itself
    for frames, segments in found:
        assert int(segments.replace(",", "")) > 1000 > int(frames.replace(",", "")) > 20


@pytest.mark.usefixtures("_hosts")
def test_a_core_without_tunnels() -> None:
    """Is not given any: the kernel cuts inside VXLAN itself, and all arrives as well."""
    before = _devices()
    options = ["--engine", "model", "--preset", "basic", "--mbytes", "1"]
    done = _live(*options, "--modes", "vxlan4")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  0 super-frames (none) became 0 segments" in done.stdout
    assert "error counters: all 0" in done.stdout
    assert _devices() == before


@pytest.mark.usefixtures("_hosts")
def test_iperf3() -> None:
    """Its server is there before its client, and gone afterwards."""
    if shutil.which("iperf3") is None:
        pytest.skip("iperf3 is not installed")
    for _ in range(3):
        done = _live("--engine", "model", "--mbytes", "1", "--modes", "iperf3")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "error counters: all 0" in done.stdout


@pytest.mark.usefixtures("_hosts")
def test_corruption_is_noticed() -> None:
    """The receiving kernel counts just the segments that were spoiled, and TCP sends them again."""
    done = _live("--engine", "model", "--mbytes", "2", "--modes", "tcp4", "--corrupt")
    assert done.returncode == 0, done.stdout + done.stderr
    spoiled = re.search(r"corrupted on purpose: (\d+)", done.stdout)
    assert spoiled and int(spoiled[1]) > 10
    assert f"Tcp.InCsumErrors {spoiled[1]}\n" in done.stdout
    assert done.stdout.count(" the same") == 2


@pytest.mark.usefixtures("_hosts")
def test_nothing_is_left_when_killed() -> None:
    """Even SIGKILL leaves no process behind, and so no namespace: not iperf3's two either."""
    mode = "iperf3" if shutil.which("iperf3") else "tcp4"
    command = [sys.executable, "-m", "live", "--engine", "model", "--mbytes", "900"]
    running = subprocess.Popen(
        [*command, "--modes", mode],
        cwd=tools.ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wanted = 4 if mode == "iperf3" else 2
    end = time.monotonic() + 20
    while len(found := _descendants(running.pid)) < wanted and time.monotonic() < end:
        time.sleep(0.02)
    running.kill()
    running.wait()
    assert len(found) == wanted
    end = time.monotonic() + 5
    while [pid for pid in found if _runs(pid)] and time.monotonic() < end:
        time.sleep(0.05)
    assert not [pid for pid in found if _runs(pid)]


def _descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []  # one that had little to do, such as `ip`, has ended meanwhile
    return [found for child in map(int, children) for found in (child, *_descendants(child))]


def _runs(pid: int) -> bool:
    """Whether the process is there and no zombie, which only waits for somebody to ask."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.usefixtures("_hosts")
@pytest.mark.parametrize("before_start", [signal.SIG_DFL, signal.SIG_IGN])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cleans_up_when_interrupted(number: signal.Signals, before_start: signal.Handlers) -> None:
    """Ctrl-C in the middle: no device, no process and no traceback is left.

    Started in the background, as a CI may do it, the process begins with SIGINT ignored.
    """
    before = _devices()
    command = [sys.executable, "-m", "live", "--engine", "model", "--mbytes", "500"]
    running = subprocess.Popen(
        [*command, "--modes", "tcp4"],
        cwd=tools.ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, before_start),
    )
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    end = time.monotonic() + 20
    while len(found := children.read_text().split()) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)
    running.send_signal(number)
    output, errors = running.communicate(timeout=20)
    assert running.returncode == 130, output + errors
    assert errors.strip() == "interrupted; the namespaces are gone"
    assert not [child for child in found if Path(f"/proc/{child}").exists()]
    assert _devices() == before


@pytest.mark.usefixtures("_hosts")
def test_a_host_that_fails() -> None:
    """A command that does not work, and a task that raises: one line each."""
    with pytest.raises(HostError, match=r"host 1: ip link set nothing up: .*nothing"):
        Host("host 1", 0, ["ip link set nothing up"])
    with Host("host 1", 0, setup(0)) as host:
        with pytest.raises(HostError, match=r"host 1: .*(refused|unreachable)"):
            host.run(MODES["tcp4"].send, "127.0.0.1", 10, 1)
        assert host.run(MODES["udp4"].open, "10.77.0.1") is None


def test_refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without root: one line, exit code 2."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit) as ended:
        live.main(["--modes", "tcp4"])
    assert ended.value.code == 2
    assert re.fullmatch(r"error: live: root is needed .*\n", capsys.readouterr().err)


def test_no_tun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without /dev/net/tun."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(namespace.unavailable.__globals__["os"].path, "exists", lambda path: False)
    assert namespace.refusal() == "/dev/net/tun is not there (modprobe tun)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--modes", "tcp5"], "MODES is 'tcp5', expected one of tcp4"),
        (["--engine", "magic"], "ENGINE is 'magic'"),
        (["--mbytes", "0"], "MBYTES is '0', expected a whole number from 1 up"),
        (["--width", "100"], "WIDTH is '100'"),
        (["--preset", "huge"], "PRESET is 'huge'"),
        (["--fast"], "--fast"),
    ],
)
def test_bad_options(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is made."""
    with pytest.raises(SystemExit) as ended:
        live.main(arguments)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and words in error
