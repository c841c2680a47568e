# SPDX-License-Identifier: Apache-2.0
"""Codes 16 to 22 of D11 at their boundaries: outer headers, tunnel headers, LLC/SNAP.

As `error_cases`: the status stands here as the table has it, not as the model computes it.
"""

from collections.abc import Iterator

from gso_model.layout import ChecksumMode, L3Kind, Status, Tunnel
from gso_tb.error_cases import Case
from gso_tb.error_cases_full import NOTHING, Maker, llc_cases
from gso_tb.outer_frames import TUNNELS, UDP_TUNNELS, Outer, tagged, with_llc


def header_cases_full(seed: int) -> Iterator[Case]:
    """Codes 16 to 22 that outer headers, tunnel headers and LLC/SNAP give."""
    make = Maker(seed)
    for rows in (_outer_ip, _gre, _vxlan_geneve, _outer_checksum, _llc_bytes):
        for job, status in rows(make):
            yield Case(job.named(f"{rows.__name__[1:]} {status.name}: {job.label}"), status)
    yield from llc_cases(seed)


def _outer_ip(make: Maker) -> Iterator[Case]:
    for tunnel in TUNNELS:
        for ip, options in ((4, 0), (4, 8), (6, 0), (6, 16)):
            for mss in (0, 100):
                job = make.inside(Outer(tunnel, ip, ip_options=options), mss, ip=10 - ip)
                first = job.data[14]
                yield Case(job, Status.OK)
                for version in (0, 5, 7, 10 - ip, 12):
                    changed = job.patched(14, version << 4 | first & 15)
                    yield Case(changed, Status.IP_VERSION)
                if ip == 4:
                    for words in {4, 15, (first & 15) + 1} - {first & 15}:
                        yield Case(job.patched(14, 0x40 | words), Status.IP_HEADER_LENGTH)
                seen = ip == 4 or not options
                at = 14 + (9 if ip == 4 else 6)
                inner = 4 if job.descriptor.l3_kind == L3Kind.IPV4 else 41
                right = {Tunnel.IPIP: inner, Tunnel.GRE: 47}.get(tunnel, 17)
                for number in {0, 4, 6, 17, 41, 47} - {right}:
                    changed = job.patched(at, number)
                    yield Case(changed, Status.IP_PROTOCOL if seen else Status.OK)
    # Nothing described inside: IP-in-IP's protocol may be any.
    bare = make.inside(Outer(Tunnel.IPIP), 0).changed(**NOTHING, outer_ip_checksum=1)
    bare = bare.changed(l3_offset=34)
    for number in (4, 41, 99):
        yield Case(bare.patched(23, number), Status.OK)


def _gre(make: Maker) -> Iterator[Case]:
    wrong = Status.TUNNEL_HEADER
    for key in (False, True):
        for ethernet, tags in ((False, 0), (True, 0), (True, 1), (True, 2)):
            outer = Outer(Tunnel.GRE, ethernet=ethernet, inner_tags=tags, key=key)
            for mss in (0, 100):
                job = make.inside(outer, mss)
                flags, version = job.data[34], job.data[35]
                yield Case(job, Status.OK)
                for bit in (0x80, 0x40, 0x10):  # checksum, routing, sequence
                    yield Case(job.patched(34, flags | bit), wrong)
                for bit in (1, 2, 4):
                    yield Case(job.patched(35, version | bit), wrong)
                # I20: all other bits are copied.
                for at, bit in ((34, 0x08), (34, 0x01), (35, 0x08), (35, 0x80)):
                    yield Case(job.patched(at, job.data[at] | bit), Status.OK)
                for at, value in ((36, 0x64), (36, 0x07), (37, 0x01), (37, 0xDC)):
                    yield Case(job.patched(at, value), wrong)
                # The key's 4 bytes are where the type says that the inner header is: with
                # Ethernet they pass for a tag where there is one too many or one more.
                other = job.patched(34, flags ^ 0x20)
                passes = ethernet and (key or tags)
                yield Case(other, Status.OK if passes else wrong)
                if not ethernet:
                    yield Case(job.patched(36, b"\x65\x58"), wrong)
    plain = make.inside(Outer(Tunnel.GRE, ethernet=False, key=False))
    ipv6 = plain.patched(36, b"\x86\xdd")
    yield Case(ipv6, Status.OK)  # the type need not be the inner header's


def _vxlan_geneve(make: Maker) -> Iterator[Case]:
    wrong = Status.TUNNEL_HEADER
    for mss in (0, 100):
        job = make.inside(Outer(Tunnel.VXLAN), mss)
        at = job.descriptor.l3_offset
        for less, status in ((0, Status.OK), (2, wrong), (22, wrong)):
            # The outer headers move towards the inner ones.
            data = job.data[: 14 + 20 + 8] + job.data[14 + 20 + 8 + less :]
            yield Case(job.moved(-less).arriving(data).named(f"vxlan {at - less}"), status)
        for ethernet in (False, True):
            for options in (0, 4, 28):
                outer = Outer(Tunnel.GENEVE, ethernet=ethernet, options=options)
                job = make.inside(outer, mss)
                first = job.data[42]
                yield Case(job, Status.OK)
                for bit in (0x40, 0x80):
                    yield Case(job.patched(42, first | bit), wrong)
                room = (14 if ethernet else 0) // 4
                for words in (room + options // 4, room + options // 4 + 1, 63):
                    fits = 4 * words <= options + (14 if ethernet else 0)
                    yield Case(job.patched(42, words), Status.OK if fits else wrong)


def _outer_checksum(make: Maker) -> Iterator[Case]:
    """D3: mode 0 with segmentation wants a field of 0."""
    for tunnel in UDP_TUNNELS:
        for ip in (4, 6):
            for mode in (0, 1, 2, 3):
                for mss in (0, 100):
                    outer = Outer(tunnel, ip, checksum=ChecksumMode(mode))
                    job = make.inside(outer, mss)
                    at = job.descriptor.outer_l4_offset + 6
                    for place, value in ((at, 0x80), (at + 1, 1)):
                        zero = job.patched(at, bytes(2))
                        wrong = mss and not mode
                        status = Status.OUTER_CHECKSUM if wrong else Status.OK
                        yield Case(zero, Status.OK)
                        yield Case(zero.patched(place, value), status)


def _llc_bytes(make: Maker) -> Iterator[Case]:
    for job in (make.plain(), make.inside(Outer(Tunnel.GRE)), make.plain(l2=18)):
        llc = with_llc(job, make.rng)
        at = llc.descriptor.outermost_l3_offset - 10
        for tags in (0, 1, 2):
            for place, value in ((0, 0x06), (0, 0xFF), (2, 0xAB), (3, 0x00), (4, 0x02)):
                wrong = llc.patched(at + place, value)
                yield Case(tagged(wrong, tags, make.rng), Status.LENGTH_8023)
                unasked = wrong.changed(mss=0)
                yield Case(tagged(unasked, tags, make.rng), Status.OK)  # I1
            yield Case(tagged(llc.patched(at, 0x05), tags, make.rng), Status.OK)
            for place in (5, 6, 7):  # the SNAP header's organisation is copied
                yield Case(tagged(llc.patched(at + place, 0x77), tags, make.rng), Status.OK)
