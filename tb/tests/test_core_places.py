# SPDX-License-Identifier: Apache-2.0
"""Headers that start anywhere in a row, in the compiled core."""

import random

import pytest

from gso_hdl.configuration import Configuration
from gso_model import Status
from gso_sim import Core
from gso_tb import tools
from gso_tb.capabilities import capabilities
from gso_tb.frames import Shape, build
from gso_tb.jobs import expected, renumber


def test_next_header_anywhere(width: int) -> None:
    """A wrong IPv6 next header is code 18 wherever in a row its word stands (D11), and the frame
    behind it is right."""
    if tools.available("verilator"):
        pytest.skip(tools.available("verilator"))
    rng = random.Random(width)
    jobs = []
    for l2 in range(14, 80, 2):
        for mss in (0, 40):
            good = build(Shape(6, "tcp", l2), rng.randbytes(90), mss, rng=rng)
            jobs += [good.patched(l2 + 6, b"\x3b"), good]
    jobs = list(renumber(jobs))
    able = capabilities(Configuration.preset("full", data_width=width))
    wanted = [expected(job, able) for job in jobs]
    assert [item.completion.status for item in wanted] == [18, Status.OK] * (len(jobs) // 2)
    with Core(width, "full") as core:
        run = core.run([(job.data, job.descriptor, job.aborted) for job in jobs])
    assert [found.completion for found in run.completions] == [item.completion for item in wanted]
    assert [found.data for found in run.segments] == [
        data for item in wanted for data in item.segments
    ]
