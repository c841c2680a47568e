# SPDX-License-Identifier: Apache-2.0
"""What the runner and the benches inside the simulator tell each other."""

import json
import os
from pathlib import Path


def parameters() -> dict[str, object]:
    """The parameters that `runner.run` was called with, `width` and `sim` among them."""
    return json.loads(os.environ["GSO_BENCH_PARAMETERS"])


def preset() -> str:
    """The preset of the core under test."""
    return str(parameters().get("preset", "basic"))


def report(**values: object) -> None:
    """Adds `values` to what `runner.run` returns."""
    path = Path(os.environ["GSO_BENCH_REPORT"])
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**known, **values}))
