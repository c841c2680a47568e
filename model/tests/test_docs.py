# SPDX-License-Identifier: Apache-2.0
"""The documents say what the code does."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gso_model import load_vectors, parse_vector, segment

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
KINDS = (".py", ".md", ".toml", ".cpp", ".h", ".v", ".vlt", ".sh", ".svg")


def sources() -> list[Path]:
    """Every text file that we wrote, but not what is made or fetched."""
    files = [
        path for path in ROOT.iterdir() if path.is_file() and path.name not in ("LICENSE", ".git")
    ]
    for folder in ("hdl", "model", "tb", "docs", ".ci"):
        files += (path for path in (ROOT / folder).rglob("*") if path.suffix in KINDS)
    return [path for path in files if path.suffix in (*KINDS, "") or path.name == "Makefile"]


def anchors(document: Path) -> set[str]:
    """The anchors that a Markdown viewer makes of the headings."""
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def numbers(letter: str, document: str) -> set[str]:
    """The numbered rules that a document defines: the first column of its tables."""
    text = (ROOT / "docs" / document).read_text()
    found = re.findall(rf"^\| ({letter}\d+) \|", text, flags=re.MULTILINE)
    assert len(found) == len(set(found)), f"{document} defines a number twice"
    # D22 is a section, the descriptor.
    return set(found) | set(re.findall(rf"^## ({letter}\d+) ", text, flags=re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path):
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.is_relative_to(ROOT) and path.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(path), f"{target}: no such heading"


def test_project_stands_alone():
    """Nothing points to a place outside the repository."""
    outside = ("../" + "shared", "/wo" + "rk/")
    for path in sources():
        text = path.read_text()
        assert not [word for word in outside if word in text], path


@pytest.mark.parametrize(
    ("letter", "document"), [("D", "decisions.md"), ("I", "interpretation.md")]
)
def test_cited_rules_exist(letter: str, document: str):
    defined = numbers(letter, document)
    assert defined == {f"{letter}{number}" for number in range(1, len(defined) + 1)}
    for path in sources():
        cited = set(re.findall(rf"\b{letter}[1-9]\d?\b", path.read_text()))
        assert cited <= defined, path


@pytest.mark.parametrize("name", ["make_example.py", "make_tables.py"])
def test_what_scripts_wrote_is_up_to_date(name: str):
    """README.md's example, and the tables of the descriptor (D22: one definition)."""
    script = ROOT / "docs" / name
    paths = {"PYTHONPATH": str(ROOT / "model")}
    run = subprocess.run(
        [sys.executable, script, "--check"], env=paths, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_python_in_the_readme_runs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


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
