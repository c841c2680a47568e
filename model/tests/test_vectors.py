# SPDX-License-Identifier: Apache-2.0
"""The vectors, the kernel's and our own, against the model; and the loader against bad files."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gso_model import (
    BASIC,
    ChecksumMode,
    Descriptor,
    IdMode,
    L3Kind,
    L4Kind,
    Status,
    Tunnel,
    Vector,
    format_vector,
    load_vector,
    load_vectors,
    parse_vector,
    segment,
)

VECTORS = Path(__file__).resolve().parents[2] / "tb" / "vectors"
LINUX = load_vectors(VECTORS / "linux-gso")


def test_all_linux_vectors_are_here():
    assert len(LINUX) == 210
    assert sum(vector.descriptor.tunnel == Tunnel.NONE for vector in LINUX) == 178


@pytest.mark.parametrize("vector", LINUX, ids=lambda vector: vector.name)
def test_linux_vector_is_bit_exact(vector: Vector):
    result = segment(vector.frame, vector.descriptor)
    assert result.completion.status == Status.OK
    assert result.segments == vector.segments
    assert result.completion.segments == len(vector.segments)
    payload = len(vector.frame) - vector.descriptor.header_length
    assert result.completion.payload_bytes == payload


@pytest.mark.parametrize("vector", LINUX, ids=lambda vector: vector.name)
def test_basic_core_refuses_tunnels_and_nothing_else(vector: Vector):
    """I8: a request for what is not built is OPERATION."""
    result = segment(vector.frame, vector.descriptor, BASIC)
    if vector.descriptor.tunnel != Tunnel.NONE:
        assert result.completion.status == Status.OPERATION
        assert result.segments == []
    else:
        assert result.segments == vector.segments


# --- our own, made with scapy and by hand

OWN = load_vectors(VECTORS / "own")


@pytest.mark.parametrize("vector", OWN, ids=lambda vector: vector.name)
def test_own_vector_is_bit_exact(vector: Vector):
    result = segment(vector.frame, vector.descriptor)
    assert result.completion.status == vector.status
    assert result.segments == vector.segments
    assert result.completion.segments == len(vector.segments)


def test_own_vectors_reach_every_code_that_a_vector_can():
    """D11. RESERVED, DISABLED, SHORT, LONG and ABORTED need more than a frame and a request."""
    unreachable = {Status.RESERVED, Status.DISABLED, Status.SHORT, Status.LONG, Status.ABORTED}
    assert {vector.status for vector in OWN} == set(Status) - unreachable


@pytest.mark.parametrize("vector", OWN, ids=lambda vector: vector.name)
def test_basic_core_refuses_what_is_not_built(vector: Vector):
    """I8."""
    d = vector.descriptor
    result = segment(vector.frame, d, BASIC)
    if d.tunnel == Tunnel.NONE and not d.tag_count and not d.length_8023:
        assert result.completion.status == vector.status
        assert result.segments == vector.segments
    else:
        assert result.completion.status in (vector.status, Status.OPERATION)
        assert result.completion.status != Status.OK
        assert result.segments == []


# --- loading


TINY: dict[str, Any] = {
    "frame": "00" * 60,
    "segments": ["00" * 60],
    "offload": {"mss": 0},
}


def test_defaults():
    vector = parse_vector(TINY, "tiny", default_name="file")
    assert vector == Vector(
        "file", bytes(60), Descriptor(frame_length=60, ip_id=IdMode.MOD16), [bytes(60)]
    )


def test_every_key():
    content = {
        "name": "n",
        "source": "s",
        "note": "t",
        "frame": "AB" * 200,
        "segments": [],
        "error": "OPERATION",
        "offload": {
            "mss": 7,
            "l3": "ipv6",
            "l3_offset": 60,
            "l4": "generic",
            "l4_offset": 100,
            "header_length": 120,
            "l4_checksum": "from_header",
            "ip_id": "mod15",
            "ip_checksum": True,
            "keep_cwr": True,
            "length_8023": True,
            "checksum_offset": 4,
            "tags": [[0x88A8, 1], [0x8100, 2]],
            "tunnel": {
                "kind": "geneve",
                "l3": "ipv4",
                "l3_offset": 14,
                "l4_offset": 34,
                "outer_checksum": True,
                "l4_checksum": "seed_without_length",
                "ip_id": "fixed",
                "ip_checksum": True,
            },
        },
    }
    vector = parse_vector(content, "full")
    assert (vector.name, vector.source, vector.note) == ("n", "s", "t")
    assert (vector.frame, vector.segments) == (b"\xab" * 200, [])
    assert vector.status is Status.OPERATION
    assert vector.descriptor == Descriptor(
        frame_length=200,
        mss=7,
        l3_kind=L3Kind.IPV6,
        l3_offset=60,
        l4_kind=L4Kind.GENERIC,
        l4_offset=100,
        header_length=120,
        l4_checksum=ChecksumMode.FROM_HEADER,
        ip_id=IdMode.MOD15,
        ip_checksum=1,
        keep_cwr=1,
        length_8023=1,
        checksum_offset=4,
        tag_count=2,
        tag0=0x88A80001,
        tag1=0x81000002,
        tunnel=Tunnel.GENEVE,
        outer_l3_kind=L3Kind.IPV4,
        outer_l3_offset=14,
        outer_l4_offset=34,
        outer_l4_checksum=ChecksumMode.SEED_WITHOUT_LENGTH,
        outer_ip_id=IdMode.FIXED,
        outer_ip_checksum=1,
    )


def offload(**changes: object) -> dict[str, Any]:
    base = {"mss": 9, "l3": "ipv4", "l3_offset": 14, "l4": "tcp", "l4_offset": 34}
    return {**TINY, "offload": {**base, "header_length": 54, **changes}}


def tunnel(**changes: object) -> dict[str, Any]:
    base = {"kind": "vxlan", "l3": "ipv4", "l3_offset": 14, "l4_offset": 34}
    return offload(tunnel={**base, **changes})


def test_l4_none_stands_at_the_end_of_the_header():
    """I4: with L4 kind none l4_offset is the end of the IP header, and no mode is implied."""
    content = offload(l4="none", header_length=34)
    del content["offload"]["l4_offset"]
    d = parse_vector(content, "icmp").descriptor
    assert (d.l4_offset, d.l4_checksum) == (34, ChecksumMode.NONE)


def test_outer_checksum_is_mode_2():
    """D3's mode seed_with_length; another is named by l4_checksum."""
    with_length, header = ChecksumMode.SEED_WITH_LENGTH, ChecksumMode.FROM_HEADER
    assert parse_vector(tunnel(), "t").descriptor.outer_l4_checksum == ChecksumMode.NONE
    d = parse_vector(tunnel(outer_checksum=True), "t").descriptor
    assert d.outer_l4_checksum == with_length
    d = parse_vector(tunnel(outer_checksum=True, l4_checksum="from_header"), "t").descriptor
    assert d.outer_l4_checksum == header


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "f: expected an object"),
        ({**TINY, "frames": 1}, "f: unknown key 'frames'"),
        ({**TINY, "frame": "0"}, 'f: frame is "0", expected an even number of hex digits'),
        ({**TINY, "frame": "0g"}, "f: frame is"),
        ({**TINY, "frame": "00 11"}, "f: frame is"),
        ({**TINY, "frame": 5}, "f: frame is 5"),
        ({**TINY, "frame": ""}, "f: frame has 0 bytes"),
        ({**TINY, "segments": "00"}, 'f: segments is "00", expected a list'),
        ({**TINY, "segments": ["00", "xx"]}, r"f: segments\[1\] is \"xx\""),
        ({**TINY, "error": "BAD"}, 'f: error is "BAD", expected one of OK, RESERVED'),
        ({**TINY, "name": 1}, "f: name is 1, expected a string"),
        ({**TINY, "offload": None}, "f: offload: expected an object"),
        ({**TINY, "offload": {}}, "f: offload: key 'mss' is missing"),
        ({"frame": "00", "segments": []}, "f: key 'offload' is missing"),
        (offload(mss=65536), "f: offload: mss is 65536, expected a whole number from 0 to 65535"),
        (offload(mss=-1), "mss is -1"),
        (offload(mss=True), "mss is true"),
        (offload(mss="9"), 'mss is "9"'),
        (offload(l3="ipx"), 'l3 is "ipx", expected one of none, ipv4, ipv6'),
        (offload(l3_offset=None), "l3_offset is null"),
        (offload(l3_offset=1024), "l3_offset is 1024"),
        (offload(l4_checksum="seed"), 'l4_checksum is "seed"'),
        (offload(ip_id=2), "ip_id is 2"),
        (offload(keep_cwr=1), "keep_cwr is 1, expected true or false"),
        (offload(tags=[[1, 2, 3]]), "tags is"),
        (offload(tags=[[1, 65536]]), "tags is"),
        (offload(tags=[[1, 2]] * 3), "tags is"),
        (offload(tags=7), "tags is 7"),
        (offload(l4="generic"), "key 'checksum_offset' is missing"),
        (offload(extra=1), "f: offload: unknown key 'extra'"),
        (tunnel(kind="stt"), 'f: offload.tunnel: kind is "stt"'),
        (tunnel(l4_offset=None), "f: offload.tunnel: l4_offset is null"),
        (tunnel(vni=1), "f: offload.tunnel: unknown key 'vni'"),
        (offload(tunnel="vxlan"), "f: offload.tunnel: expected an object"),
    ],
)
def test_broken_vector(content: object, message: str):
    """One clear line: the file, the key, what was expected."""
    with pytest.raises(ValueError, match=message) as caught:
        parse_vector(content, "f")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[1,"])
def test_file_that_is_no_json(tmp_path: Path, text: bytes):
    (tmp_path / "bad.json").write_bytes(text)
    with pytest.raises(ValueError, match=r"bad\.json: not JSON"):
        load_vectors(tmp_path)


def test_missing_files(tmp_path: Path):
    with pytest.raises(ValueError, match=r"none\.json: cannot be read"):
        load_vectors(tmp_path / "none.json")
    with pytest.raises(ValueError, match=r"no \*\.json file"):
        load_vectors(tmp_path)


def test_directory_in_order_of_name(tmp_path: Path):
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}.json").write_text(json.dumps(TINY))
    assert [vector.name for vector in load_vectors(tmp_path)] == ["a", "b", "c"]
    assert load_vectors(tmp_path / "b.json") == [load_vector(tmp_path / "b.json")]


@pytest.mark.parametrize("vector", [*LINUX[::10], *OWN], ids=lambda vector: vector.name)
def test_written_vectors_read_back(vector: Vector, tmp_path: Path):
    path = tmp_path / "written.json"
    path.write_text(format_vector(vector))
    assert load_vector(path) == vector


@pytest.mark.parametrize(
    "changes", [{"request_id": 1}, {"frame_length": 61}, {"l3_kind": 3}, {"timestamp": 1}]
)
def test_what_the_format_cannot_say(changes: dict[str, int]):
    vector = parse_vector(TINY, "tiny")
    with pytest.raises(ValueError, match="vector format"):
        format_vector(replace(vector, descriptor=replace(vector.descriptor, **changes)))
