# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with the compiled core, apart from a tool that is missing."""


class SimulationError(RuntimeError):
    """The core broke a rule of its outputs or hung; the message names the cycle.

    `completed` is how many frames of the batch had completed by then.
    """

    completed: int = 0


class BuildFailed(SimulationError):
    """The Verilog could not be generated or compiled; the message holds the end of the log."""
