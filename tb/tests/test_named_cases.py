# SPDX-License-Identifier: Apache-2.0
"""Cases by the names that conformance suites and errata give them: model and compiled core.

What the model makes is judged without it: by the table of what may change in a header (`wire`)
and by a walk over the finished frame that asserts every length and checksum. The core must make
the same.
"""

import sys

import pytest

from gso_model import FULL, Status
from gso_model.layout import L3Kind
from gso_sim import Core
from gso_tb import named_headers, named_tunnels, tools
from gso_tb.compiled import run_and_compare
from gso_tb.frames import folded_sum
from gso_tb.jobs import Job, expected
from gso_tb.named_cases import CASES, jobs
from gso_tb.reference import checksum_at
from gso_tb.wire import assert_right, number

sys.path.append(str(tools.ROOT / "model" / "tests"))
from naive import verify

assert named_headers and named_tunnels  # their cases are in CASES by now
# What a walk over the frame cannot know, or where not every checksum is asked for.
NOT_WALKED = {
    "lsrr_source_route": "the last address of the route is in an option",
    "checksum_only_each_alone": "three of four checksums are left as they were",
    "icmp_csum_only": "ICMP's checksum is the host's",
    "outer_checksum_nothing_inside": "the inner checksums are left as they were",
    "offsets_14_to_22": "headers of 16 and 20 bytes are no Ethernet",
    "header_exactly_256": "a header of 16 bytes is no Ethernet",
    "e1000_pad": "any bytes",
    "interleaved_lso_plain_uso": "of its frames all but any bytes are walked in their own cases",
    "e1000_after_tso": "likewise",
}
# How many segments the largest frame of a case becomes, where that is the point.
COUNTS = {"max_segs": 65535, "sack_panic": 65537}


@pytest.mark.parametrize("name", CASES)
def test_model(name: str) -> None:
    """Sizes, copies, fields by rule, and every checksum (D1 to D8, D16 to D18, D21)."""
    made = jobs(name)
    assert made
    most = 0
    for job in made:
        result = expected(job, FULL)
        assert result.completion.status == Status.OK, job.label
        try:
            assert_right(job, result.segments)
            if name not in NOT_WALKED:
                for segment in _few(result.segments):
                    _walk(job, segment)
        except AssertionError as error:
            raise AssertionError(f"{job.label}: {error}") from None
        most = max(most, len(result.segments))
    assert most == COUNTS.get(name, most)


def _few(segments: list[bytes]) -> list[bytes]:
    """All segments, or of very many the first, the last and some between."""
    return (
        segments
        if len(segments) < 300
        else segments[:100] + segments[100:-100:997] + segments[-100:]
    )


def _walk(job: Job, segment: bytes) -> None:
    d = job.descriptor
    outermost = d.outer_l3_offset if d.tunnel else d.l3_offset
    if not outermost:
        kind = b"\x08\x00" if d.l3_kind == L3Kind.IPV4 else b"\x86\xdd"
        segment = bytes(12) + kind + segment
    unchecked = verify(segment).unchecked
    shift = (14 if not outermost else 0) + 4 * d.tag_count
    for at in unchecked:
        # Only where the host's field was 0 too (D2, D3).
        assert number(job.data, at - shift + 6) == 0, "a checksum of 0"


def test_source_route_checksums() -> None:
    """The pseudo-header has the route's last address, as the seed had."""
    for job in jobs("lsrr_source_route"):
        protocol = job.data[23]
        for segment in expected(job, FULL).segments:
            length = (len(segment) - job.descriptor.l4_offset).to_bytes(4, "big")
            pseudo = segment[26:30] + segment[37:41] + length + bytes([0, protocol])
            assert folded_sum(pseudo + segment[job.descriptor.l4_offset :]) == 0xFFFF


@pytest.mark.parametrize("name", ["udp_csum_computes_to_0", "tcp_csum_computes_to_0"])
def test_sums_of_zero(name: str) -> None:
    """D4: 0xFFFF in UDP, 0 in TCP; the cases are of no use if their sums are not zero."""
    for job in jobs(name):
        (segment,) = expected(job, FULL).segments
        field = number(segment, checksum_at(job.descriptor))
        assert field == (0xFFFF if name.startswith("udp") else 0)


def test_core(width: int) -> None:
    """Every case in the compiled core, one behind the other, then with gaps and stalls (D15)."""
    with Core(width, "full") as core:
        for name in CASES:
            run_and_compare(core, jobs(name), FULL)
        for name in CASES:
            if name not in COUNTS:
                run_and_compare(
                    core, jobs(name), FULL, idle="random:0.2", stall="random:0.3", seed=3
                )


@pytest.mark.parametrize("name", ["fin", "vxlan_tcp", "tag_inserted", "mss_zero", "llc_snap"])
def test_back_pressure_at_every_beat(width: int, name: str) -> None:
    """A stall at each of the first cycles of output, of one and of several cycles."""
    few = jobs(name)[:2]
    with Core(width, "full") as core:
        for at in range(0, 120, 1 if width == 64 else 3):
            for length in (1, 7):
                run_and_compare(core, few, FULL, stall=f"once:{'0' * at}{'1' * length}")
