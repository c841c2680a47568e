# SPDX-License-Identifier: Apache-2.0
"""The history of all measurements: `docs/results.json`, one record a run, only ever appended to."""

import datetime
import json
import os
import subprocess
from pathlib import Path

from gso_tb.tools import ROOT

RESULTS = ROOT / "docs" / "results.json"


def commit() -> str:
    """The commit that the sources are at, with `+` when hdl/ or model/ differ from it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", "hdl", "model")
    return (git("rev-parse", "--short=10", "HEAD") or "unknown") + ("+" if changed else "")


def today() -> str:
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def load(path: Path = RESULTS) -> list[dict]:
    """All records, oldest first; none when the file is not there."""
    return json.loads(path.read_text()) if path.exists() else []


def append(record: dict, path: Path = RESULTS) -> None:
    """Adds one record, one a line so that history merges and reads well."""
    lines = [json.dumps(entry) for entry in [*load(path), record]]
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    partial.replace(path)


def last(width: int, preset: str, path: Path = RESULTS) -> dict | None:
    """The newest record of that width and preset."""
    fitting = [r for r in load(path) if r["width"] == width and r["preset"] == preset]
    return fitting[-1] if fitting else None
