# SPDX-License-Identifier: Apache-2.0
"""What holds for every frame and descriptor, on random ones.

Lengths and checksums are judged by `naive`, which shares no code with the model.
"""

from dataclasses import replace

from frames import Shape, build
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from naive import verify

from gso_model import (
    BASIC,
    FULL,
    ChecksumMode,
    Descriptor,
    IdMode,
    L3Kind,
    L4Kind,
    Status,
    Tunnel,
    describe,
    segment,
    segment_arrived,
)

L3 = st.sampled_from([L3Kind.IPV4, L3Kind.IPV6])
MODES = st.sampled_from(list(ChecksumMode)[1:])
SHAPES = st.builds(
    Shape,
    l3=L3,
    l4=st.sampled_from([L4Kind.TCP, L4Kind.UDP]),
    vlan_tags=st.integers(0, 3),
    llc=st.booleans(),
    l3_extra=st.sampled_from([0, 8, 16, 40]),
    tcp_options=st.integers(0, 10).map(lambda words: 4 * words),
    identification=st.integers(0, 0xFFFF),
    sequence=st.integers(0, 0xFFFFFFFF),
    flags=st.integers(0, 0xFFF),
    mode=MODES,
    udp_checksum=st.booleans(),
    tunnel=st.sampled_from(list(Tunnel)),
    outer_l3=L3,
    outer_identification=st.integers(0, 0xFFFF),
    outer_mode=st.sampled_from(list(ChecksumMode)),
    gre_key=st.booleans(),
    gre_ethernet=st.booleans(),
    inner_tags=st.integers(0, 2),
    geneve_options=st.sampled_from([0, 4]),  # with all the rest at most 256 bytes of headers
)
# Short repeating payloads reach sums of 0xFFFF far more often than random ones.
PAYLOADS = st.one_of(
    st.binary(max_size=600),
    st.builds(lambda unit, count: unit * count, st.binary(max_size=4), st.integers(0, 150)),
    st.builds(lambda size: b"\xff" * size, st.integers(0, 600)),
)
MSS = st.one_of(st.integers(1, 20), st.integers(21, 700), st.just(65535))


@settings(max_examples=400, deadline=None)
@given(SHAPES, PAYLOADS, MSS)
def test_payload_reassembles_and_every_length_and_checksum_is_right(
    shape: Shape, payload: bytes, mss: int
):
    """D1 to D8: only the lengths, numbers, flags and checksums that must change do."""
    frame, d = build(shape, payload, mss)
    result = segment(frame, d)
    assert result.completion.status == Status.OK
    walks = [verify(part) for part in result.segments]
    assert b"".join(walk.payload for walk in walks) == payload
    assert all(len(walk.payload) == mss for walk in walks[:-1])
    assert result.completion.payload_bytes == len(payload)
    assert result.completion.segments == max(1, -(-len(payload) // mss))
    computed = shape.udp_checksum or shape.mode == ChecksumMode.FROM_HEADER
    outer_udp = shape.tunnel in (Tunnel.VXLAN, Tunnel.GENEVE)
    for walk in walks:
        unchecked = outer_udp and shape.outer_mode == ChecksumMode.NONE
        unchecked += shape.l4 == L4Kind.UDP and not computed
        assert len(walk.unchecked) == unchecked
    if shape.l4 == L4Kind.TCP:
        at = d.l4_offset
        numbers = [int.from_bytes(part[at + 4 : at + 8], "big") for part in result.segments]
        assert numbers == [
            (shape.sequence + index * mss) & 0xFFFFFFFF for index in range(len(numbers))
        ]


@settings(max_examples=200, deadline=None)
@given(SHAPES, PAYLOADS, MSS)
def test_a_finished_segment_is_its_own_segment(shape: Shape, payload: bytes, mss: int):
    """Checksum mode 3 and fixed identification leave nothing to change."""
    frame, d = build(shape, payload, mss)
    for part in segment(frame, d).segments[:3]:
        again = replace(
            d,
            frame_length=len(part),
            ip_id=IdMode.FIXED,
            outer_ip_id=IdMode.FIXED,
            l4_checksum=ChecksumMode.FROM_HEADER,
            outer_l4_checksum=ChecksumMode.FROM_HEADER if d.outer_l4_checksum else 0,
        )
        if d.l4_kind == L4Kind.UDP and part[d.l4_offset + 6 : d.l4_offset + 8] == b"\0\0":
            again = replace(again, l4_checksum=ChecksumMode.SEED_WITH_LENGTH)
        if shape.tunnel == Tunnel.NONE:
            again = replace(again, outer_ip_id=0)
        assert segment(part, again).segments == [part]
        # Nor do the checksums alone.
        whole = replace(again, mss=0, ip_checksum=d.l3_kind == L3Kind.IPV4)
        assert segment(part, whole).segments == [part]


@settings(max_examples=200, deadline=None)
@given(SHAPES, PAYLOADS, st.integers(1, 100), st.integers(2, 5))
def test_segmenting_in_two_steps(shape: Shape, payload: bytes, mss: int, factor: int):
    """Into `factor` · MSS first and these into MSS is the same as into MSS."""
    frame, d = build(replace(shape, llc=False), payload, mss)
    d = replace(d, ip_id=IdMode.FIXED, outer_ip_id=IdMode.FIXED)
    direct = segment(frame, d).segments
    second = replace(
        d,
        l4_checksum=ChecksumMode.FROM_HEADER,
        outer_l4_checksum=ChecksumMode.FROM_HEADER if d.outer_l4_checksum else 0,
    )
    if shape.l4 == L4Kind.UDP and not shape.udp_checksum:
        second = replace(second, l4_checksum=d.l4_checksum)
    twice = [
        part
        for large in segment(frame, replace(d, mss=mss * factor)).segments
        for part in segment(large, replace(second, frame_length=len(large))).segments
    ]
    assert twice == direct


@settings(max_examples=200, deadline=None)
@given(SHAPES, PAYLOADS, MSS, st.data())
def test_what_left_of_a_short_frame_is_what_leaves_of_the_whole(
    shape: Shape, payload: bytes, mss: int, data: st.DataObject
):
    """D13."""
    frame, d = build(shape, payload, mss)
    whole = segment(frame, d).segments
    arrived = data.draw(st.integers(0, len(frame) - 1))
    result = segment_arrived(frame[:arrived], d)
    assert result.completion.status == Status.SHORT
    complete = max(0, arrived - d.header_length) // mss
    assert result.segments == whole[:complete]
    for cut in (segment_arrived(frame + b"\0", d), segment_arrived(frame, d, aborted=True)):
        assert cut.segments == whole[:-1]


@settings(max_examples=200, deadline=None)
@given(SHAPES, PAYLOADS, st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=2))
def test_inserted_tags_and_nothing_else(shape: Shape, payload: bytes, tags: list[int]):
    """D18: the frames are the same but for the tags."""
    frame, d = build(shape, payload, 100)
    numbers = dict(zip(("tag0", "tag1"), tags, strict=False))
    result = segment(frame, replace(d, tag_count=len(tags), **numbers))
    inserted = b"".join(tag.to_bytes(4, "big") for tag in tags)
    plain = segment(frame, d)
    assert [part[12 : 12 + len(inserted)] for part in result.segments] == [inserted] * len(
        plain.segments
    )
    assert [part[:12] + part[12 + len(inserted) :] for part in result.segments] == plain.segments
    assert result.completion == plain.completion


@settings(max_examples=200, deadline=None)
@given(SHAPES, PAYLOADS, st.integers(0, 700))
def test_described_frames_are_taken(shape: Shape, payload: bytes, mss: int):
    """`describe` asks for nothing that is refused."""
    frame, _ = build(shape, payload, mss)
    result = segment(frame, describe(frame, mss, tunnels=True))
    assert result.completion.status == Status.OK


def check_consistent(frame: bytes, vector: int, aborted: bool) -> None:
    """Whatever comes in: no exception, and segments and completion that agree."""
    for capabilities in (FULL, BASIC):
        result = segment_arrived(frame, vector, aborted=aborted, capabilities=capabilities)
        completion = result.completion
        assert completion.request_id == Descriptor.unpack(vector).request_id
        assert completion.segments == len(result.segments) == len(result.users)
        assert all(len(part) <= capabilities.max_segment for part in result.segments)
        if completion.status < Status.SHORT:
            assert bool(result.segments) == (completion.status == Status.OK)
        if not result.segments:
            assert completion.payload_bytes == 0


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300), st.integers(0, (1 << 256) - 1), st.booleans())
def test_random_descriptors_raise_nothing(frame: bytes, vector: int, aborted: bool):
    check_consistent(frame, vector, aborted)


@settings(max_examples=1000, deadline=None)
@given(SHAPES, PAYLOADS, MSS, st.booleans(), st.data())
def test_nearly_good_descriptors_raise_nothing(
    shape: Shape, payload: bytes, mss: int, aborted: bool, data: st.DataObject
):
    """Good frames and descriptors with a few bits or bytes changed get behind the first checks."""
    frame, d = build(shape, payload, data.draw(st.sampled_from([0, mss])))
    vector = d.pack()
    for bit in data.draw(st.lists(st.integers(0, 151), max_size=3)):
        vector ^= 1 << bit
    edited = bytearray(frame)
    for at in data.draw(st.lists(st.integers(0, len(frame) - 1), max_size=3)):
        edited[at] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(0, len(frame) + 2))
    check_consistent((bytes(edited) + b"\0\0")[:length], vector, aborted)
    check_consistent(bytes(edited), vector, aborted)


@settings(max_examples=100, deadline=None)
@given(SHAPES, PAYLOADS, MSS)
def test_frames_without_tunnels_are_the_same_to_a_basic_core(
    shape: Shape, payload: bytes, mss: int
):
    """I8: what is left out changes nothing else."""
    assume(shape.tunnel == Tunnel.NONE)
    frame, d = build(replace(shape, llc=False), payload, mss)
    assert segment(frame, replace(d, outer_ip_id=0), BASIC) == segment(
        frame, replace(d, outer_ip_id=0)
    )
