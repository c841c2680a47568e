# SPDX-License-Identifier: Apache-2.0
"""A progress bar on stderr, drawn only where a person watches."""

import sys
import time
from types import TracebackType

_CELLS = 30
_EVERY = 0.1  # seconds between two drawings
_WAIT = 0.5  # what is done sooner needs no bar


class Progress:
    """A line that renews itself until the block ends; nothing where stderr is no terminal.

    Parameters
    ----------
    what : str
        What is being worked on.
    total : int
        When it is done, in the unit of `update`; 0 where that is not known.
    """

    def __init__(self, what: str, total: int):
        self._what, self._total = what, total
        self._shown = False
        self._started = time.monotonic()
        self._next = self._started + _WAIT if sys.stderr.isatty() else float("inf")

    def update(self, done: int, note: str = "") -> None:
        """Says how far the work is."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        self._shown = True
        print(f"\r{self.line(done, note)}\x1b[K", end="", file=sys.stderr, flush=True)

    def line(self, done: int, note: str = "") -> str:
        """The line as it is drawn."""
        if not self._total:
            return f"{self._what}  {note}"
        share = min(1.0, done / self._total)
        filled = int(share * _CELLS)
        bar = "#" * filled + "." * (_CELLS - filled)
        seconds = time.monotonic() - self._started
        left = f"{seconds * (1 - share) / share:.0f} s left" if share > 0.02 else ""
        return f"{self._what}  [{bar}] {100 * share:3.0f} %  {note}  {left}".rstrip()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
