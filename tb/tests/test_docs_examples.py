# SPDX-License-Identifier: Apache-2.0
"""The documents' Python runs, and their pictures are what the commands make."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gso_model.cli.main import main
from gso_tb import tools

DOCUMENT = tools.ROOT / "docs" / "virtual-nic.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
# What each of them prints, in part.
PRINTS = (["16 segments [1514, 1514, 1514]", "286 segments, the last left"], ["says OK (0)"])


@pytest.mark.parametrize("number", range(len(PRINTS)))
def test_examples_run(number: int) -> None:
    """As a reader would run them, in the checkout."""
    if "gso_sim" in EXAMPLES[number] and (reason := tools.available("verilator")):
        pytest.skip(reason)
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES[number]],
        cwd=tools.ROOT,
        env={**os.environ, "PYTHONPATH": tools.python_path()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for part in PRINTS[number]:
        assert part in done.stdout


def test_no_example_is_forgotten() -> None:
    """Each has its words above."""
    assert len(EXAMPLES) == len(PRINTS)


def test_picture_of_explain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """docs/explain.svg is what the command in docs/command-line.md writes."""
    monkeypatch.chdir(tools.ROOT)
    text = (tools.ROOT / "docs" / "command-line.md").read_text()
    found = re.search(r"^\$ gso (explain .*) --svg (\S+)$", text, re.MULTILINE)
    assert found
    made = tmp_path / "made.svg"
    assert main([*found[1].split(), "--svg", str(made)]) == 0
    assert made.read_bytes() == (tools.ROOT / found[2]).read_bytes()


def test_output_in_the_command_lines_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What it shows behind `$ gso ...` is what the commands print."""
    text = (tools.ROOT / "docs" / "command-line.md").read_text()
    shown = re.findall(r"^```\n\$ gso (.*)\n((?:.+\n)+)```$", text, re.MULTILINE)
    assert len(shown) == 2
    monkeypatch.chdir(tools.ROOT)
    for command, output in shown:
        arguments = [
            str(tmp_path / part) if part == "wire.pcap" else part for part in command.split()
        ]
        assert main(arguments) == 0
        assert capsys.readouterr().out.replace(f"{tmp_path}/", "") == output
