# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors of own/: what the kernel cannot be asked to show.

    python tb/vectors/make_own.py           writes the files
    python tb/vectors/make_own.py --check   says which files differ; exit code 1 if any does

Needs scapy. The golden model has no part in it, so that it can be tested by these.
"""

import argparse
import json
from pathlib import Path

from own_features import feature_cases
from own_plain import plain_cases
from own_whole import whole_cases

OWN = Path(__file__).resolve().parent / "own"


def files() -> dict[str, str]:
    """The text of each file by its name."""
    result: dict[str, str] = {}
    for case in [*plain_cases(), *whole_cases(), *feature_cases()]:
        name = f"{case['name']}.json"
        if name in result:
            raise ValueError(f"two vectors are called {case['name']}")
        result[name] = json.dumps(case, indent=1) + "\n"
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description="makes the vectors in own/")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    wanted = files()
    if parser.parse_args().check:
        there = {path.name: path.read_text() for path in OWN.glob("*.json")}
        different = [name for name in wanted | there if wanted.get(name) != there.get(name)]
        for name in sorted(different):
            print(f"{name} is not what make_own.py makes")
        return 1 if different else 0
    OWN.mkdir(exist_ok=True)
    for path in OWN.glob("*.json"):
        path.unlink()
    for name, text in wanted.items():
        (OWN / name).write_text(text)
    print(f"{len(wanted)} vectors in {OWN}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
