# SPDX-License-Identifier: Apache-2.0
"""Calls the command line `gso` for its tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gso_model.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "tb" / "captures"
TCP4 = str(CAPTURES / "linux-tcp4-host.pcap")
VECTOR = str(ROOT / "tb" / "vectors" / "linux-gso" / "tcp4_mss7_pay1.json")
# README.md's worked example.
EXAMPLE = "000000000000000000000000000000290000000042203836000100080000004a"


def gso(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "model"), **variables}
    command = [sys.executable, "-m", "gso_model", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on stderr of a command that must fail."""
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: ") and output.err.count("\n") == 1
    return output.err
