# SPDX-License-Identifier: Apache-2.0
"""The core's RTL, compiled: frames and descriptors in, segments and completions out.

from gso_sim import Core
segments, completion = Core(512).segment(frame, descriptor)
"""

from gso_sim.core import Completed, Core, Run, Segment
from gso_sim.errors import BuildFailed, SimulationError
from gso_sim.toolchain import Unavailable

__all__ = [
    "BuildFailed",
    "Completed",
    "Core",
    "Run",
    "Segment",
    "SimulationError",
    "Unavailable",
]
