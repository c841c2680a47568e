# SPDX-License-Identifier: Apache-2.0
"""Writes the kernel's vectors as other hosts would hand the same frames over (`gso_tb.variants`).

PYTHONPATH=hdl:model:tb python tb/vectors/make_ndis.py FOLDER
make sim PRESET=full CASES=FOLDER
"""

import argparse
import sys
from pathlib import Path

from gso_model import format_vector, load_vectors
from gso_tb.variants import variants

LINUX = Path(__file__).resolve().parent / "linux-gso"


def main() -> int:
    """Command line; 0, or 2 with one line where the folder cannot be written."""
    parser = argparse.ArgumentParser(description="makes NDIS-style variants of the vectors")
    parser.add_argument("folder", type=Path, help="where the files go")
    folder = parser.parse_args().folder
    made = [variant for vector in load_vectors(LINUX) for variant in variants(vector)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for variant in made:
            (folder / f"{variant.name}.json").write_text(format_vector(variant))
    except OSError as error:
        print(f"make_ndis.py: {folder}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{len(made)} vectors in {folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
