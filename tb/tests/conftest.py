# SPDX-License-Identifier: Apache-2.0
"""Which simulators and widths a test runs at, and what is skipped where a simulator is missing.

A test with the arguments `sim` and `width` runs on both simulators at 64 and 512 bits, with
`--full` at all four widths. Markers change that: `verilator_only`, `every_width`, `stage`.
"""

import pytest

from gso_tb import blocks, tools


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--full` is `make test-full`."""
    parser.addoption("--full", action="store_true", help="all widths, long random runs")


def pytest_configure(config: pytest.Config) -> None:
    """Declares the markers."""
    config.addinivalue_line("markers", "verilator_only: not on Icarus in CI, it would take long")
    config.addinivalue_line("markers", "every_width: at all four widths in CI too")
    config.addinivalue_line("markers", "stage(name): only at widths whose core has the stage")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Spreads a test over simulators and widths."""
    names = set(metafunc.fixturenames)
    full = metafunc.config.getoption("--full")
    marker = metafunc.definition.get_closest_marker
    stage = marker("stage")
    widths = blocks.widths(stage.args[0]) if stage else tools.WIDTHS
    if not (full or marker("every_width")):
        # The narrowest and the widest, be they one.
        widths = widths[:1] + widths[1:][-1:]
    sims = tools.SIMULATORS if full or not marker("verilator_only") else ("verilator",)
    if {"sim", "width"} <= names:
        # The slowest first, so that two processes end at about the same time.
        pairs = [(sim, width) for sim in reversed(sims) for width in reversed(widths)]
        metafunc.parametrize("sim,width", pairs)
    elif "width" in names:
        metafunc.parametrize("width", widths)
    elif "sim" in names:
        metafunc.parametrize("sim", sims)


@pytest.fixture(autouse=True)
def _simulator(request: pytest.FixtureRequest) -> None:
    """Skips, with how to get it, where the test's simulator is missing."""
    if "sim" in request.fixturenames:
        reason = tools.available(request.getfixturevalue("sim"))
        if reason:
            pytest.skip(reason)


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether everything is to run."""
    return bool(request.config.getoption("--full"))
