# SPDX-License-Identifier: Apache-2.0
"""The read side of slots and buffer as a list: what was read, on its way to the data port."""

from collections.abc import Callable

from gso_hdl.configuration import Configuration
from gso_hdl.primitives import read_latency


class ReadSide:
    """A place a register; what stands in the last one is on the port, None while nobody knows.

    All move with `enable`, the last one with `enable_last`.
    """

    def __init__(self, config: Configuration, value: object = None) -> None:
        self.shown = value
        self._coming = [value] * (read_latency(config) - 1)

    def step(self, read: object, enable: int, enable_last: int) -> None:
        """One rising edge, at which `read` comes from the memory."""
        if enable_last:
            self.shown = self._coming[-1]
        if enable:
            self._coming = [read, *self._coming[:-1]]

    def change(self, changed: Callable[[object], object]) -> None:
        """Puts what `changed` makes of it in the place of what is shown."""
        if self.shown is not None:
            self.shown = changed(self.shown)
