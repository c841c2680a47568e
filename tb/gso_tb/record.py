# SPDX-License-Identifier: Apache-2.0
"""The history of all measurements: `docs/results.json`, only ever appended to.

One record a measurement, with the commit it was made at. `kind` is "implement" (clock and area of
one width and preset) or "bench" (bus use and latency of one width).
"""

import datetime
import fcntl
import json
import subprocess
from pathlib import Path

from gso_tb.tools import BUILD, ROOT

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
    """The date as in the records: ISO, UTC."""
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def load(path: Path = RESULTS) -> list[dict]:
    """All records, oldest first; none when the file is not there."""
    return json.loads(path.read_text()) if path.exists() else []


def append(record: dict, path: Path = RESULTS) -> None:
    """Adds one record; a line each, so that history reads and merges well."""
    BUILD.mkdir(exist_ok=True)
    # Two measurements may end at the same time.
    with open(BUILD / "record.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        lines = [json.dumps(entry) for entry in [*load(path), record]]
        partial = path.with_suffix(".partial")
        partial.write_text("[\n" + ",\n".join(lines) + "\n]\n")
        partial.replace(path)


def select(records: list[dict], **values: object) -> list[dict]:
    """The records that have all of `values`, oldest first."""
    return [r for r in records if all(r.get(key) == value for key, value in values.items())]
