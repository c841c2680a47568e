# SPDX-License-Identifier: Apache-2.0
"""What segments the frames: the golden model, or the compiled RTL where it is installed."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, Protocol

from gso_model.descriptor import Completion, Descriptor
from gso_model.segmentation import segment

ENGINES = ("model", "rtl")
WIDTHS = (64, 128, 256, 512)
PRESETS = ("basic", "full")

Job = tuple[bytes, Descriptor]
Outcome = tuple[list[bytes], Completion]


class Engine(Protocol):
    """Takes frames with their descriptors, in batches of any size."""

    name: str

    def run(self, jobs: Sequence[Job]) -> Iterable[Outcome]:
        """The segments and the completion of each job, in order."""
        ...


class Model:
    """The golden model."""

    name = "golden model"

    def run(self, jobs: Sequence[Job]) -> Iterable[Outcome]:
        """See `Engine`."""
        for frame, descriptor in jobs:
            result = segment(frame, descriptor)
            yield result.segments, result.completion


class Rtl:
    """The core's Verilog, compiled.

    Raises `ValueError` with how to get what is missing, or what went wrong.
    """

    def __init__(self, width: int, preset: str):
        try:
            # By name: the model needs neither the hardware nor its simulation.
            self._sim: Any = import_module("gso_sim")
        except ImportError as error:
            raise ValueError(
                f"engine rtl: {error}; it comes with: pip install '.[sim]' in a checkout"
            ) from None
        try:
            self._core: Any = self._sim.Core(width, preset)
        except (self._sim.Unavailable, self._sim.SimulationError) as error:
            raise ValueError(f"engine rtl: {one_line(error)}") from None
        self.name = f"RTL, {width} bits, {preset}"

    def run(self, jobs: Sequence[Job]) -> Iterable[Outcome]:
        """See `Engine`."""
        try:
            return self._core.segment_all(jobs)
        except self._sim.SimulationError as error:
            raise ValueError(f"engine rtl: {one_line(error)}") from None


def engine(name: str, width: int, preset: str) -> Engine:
    """The engine of that name."""
    return Model() if name == "model" else Rtl(width, preset)


def one_line(error: Exception) -> str:
    """The first and the last line of a message: what failed and why."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(dict.fromkeys((lines[0], lines[-1]))) if lines else type(error).__name__
