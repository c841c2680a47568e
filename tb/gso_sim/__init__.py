# SPDX-License-Identifier: Apache-2.0
"""The core's RTL, compiled: frames and descriptors in, segments and completions out.

from gso_sim import Core
segments, completion = Core(512).segment(frame, descriptor)
"""

from gso_sim.core import Completed, Core, Run, Segment, SimulationError

__all__ = ["Completed", "Core", "Run", "Segment", "SimulationError"]
