# SPDX-License-Identifier: Apache-2.0
"""The documents say what the code does."""

import json
import re
import subprocess
import sys
from pathlib import Path

from gso_model import load_vectors, parse_vector, segment

ROOT = Path(__file__).resolve().parents[2]


def test_descriptor_tables_are_up_to_date():
    """D22: one definition. `docs/make_tables.py` writes the file anew."""
    script = ROOT / "docs" / "make_tables.py"
    paths = {"PYTHONPATH": str(ROOT / "model")}
    run = subprocess.run(
        [sys.executable, script, "--check"], env=paths, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_vector_document_names_every_key():
    """Every key that a vector of ours uses stands in a table of docs/vectors.md."""
    text = (ROOT / "docs" / "vectors.md").read_text()
    sections = re.split(r"^## ", text, flags=re.MULTILINE)

    def documented(title: str) -> set[str]:
        (section,) = (part for part in sections if part.startswith(title + "\n"))
        return set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))

    used: dict[str, set[str]] = {"The object": set(), "`offload`": set(), "`offload.tunnel`": set()}
    for path in (ROOT / "tb" / "vectors").glob("*/*.json"):
        content = json.loads(path.read_text())
        used["The object"] |= set(content)
        used["`offload`"] |= set(content["offload"])
        used["`offload.tunnel`"] |= set(content["offload"].get("tunnel") or {})
    assert {title: documented(title) for title in used} == used


def test_vector_document_shows_a_good_vector():
    """The example is read, and the model makes its segments."""
    text = (ROOT / "docs" / "vectors.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", text, flags=re.DOTALL)
    vector = parse_vector(json.loads(example), "docs/vectors.md")
    assert segment(vector.frame, vector.descriptor).segments == vector.segments
    assert len(vector.segments) == 2


def test_own_vectors_are_what_the_script_makes():
    script = ROOT / "tb" / "vectors" / "make_own.py"
    run = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, "")
    assert len(load_vectors(ROOT / "tb" / "vectors" / "own")) > 100
