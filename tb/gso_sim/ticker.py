# SPDX-License-Identifier: Apache-2.0
"""Says on stderr what takes long, and on a terminal for how many seconds it has."""

import sys
import threading
import time
from types import TracebackType


class Ticker:
    """One line that renews itself every second until the block ends; without a terminal, once."""

    def __init__(self, what: str):
        self._what = what
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> "Ticker":
        if sys.stderr.isatty():
            self._thread.start()
        else:
            print(f"{self._what} ...", file=sys.stderr, flush=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread.is_alive():
            self._end.set()
            self._thread.join()
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _tick(self) -> None:
        started = time.monotonic()
        while not self._end.is_set():
            seconds = time.monotonic() - started
            print(f"\r{self._what} ... {seconds:.0f} s", end="", file=sys.stderr, flush=True)
            self._end.wait(1)
