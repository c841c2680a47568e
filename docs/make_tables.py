# SPDX-License-Identifier: Apache-2.0
"""Writes docs/descriptor.md from the one definition of the layouts, `gso_model.layout`.

python docs/make_tables.py           writes the file
python docs/make_tables.py --check   exit code 1 if the file is not what it would write
"""

import argparse
from enum import IntEnum
from pathlib import Path

from gso_model import layout
from gso_model.layout import (
    COMPLETION,
    DESCRIPTOR,
    SEGMENT_USER,
    ChecksumMode,
    Field,
    IdMode,
    L3Kind,
    L4Kind,
    Layout,
    Status,
    Tunnel,
)

TARGET = Path(__file__).resolve().parent / "descriptor.md"

CODES: dict[type[IntEnum], dict[int, str]] = {
    L3Kind: {
        L3Kind.NONE: "not described",
        L3Kind.IPV4: "options included",
        L3Kind.IPV6: "extension headers included; they are not walked",
    },
    L4Kind: {
        L4Kind.NONE: "not described",
        L4Kind.TCP: "checksum at byte 16",
        L4Kind.UDP: "checksum at byte 6",
        L4Kind.GENERIC: "no segmentation; checksum at byte `checksum_offset`, a computed 0 stays",
    },
    ChecksumMode: {
        ChecksumMode.NONE: "leave the field as it is; not for segmentation",
        ChecksumMode.SEED_WITHOUT_LENGTH: (
            "the field holds the pseudo-header's sum without the length (NDIS, DPDK, Intel)"
        ),
        ChecksumMode.SEED_WITH_LENGTH: (
            "the field holds the pseudo-header's sum with the frame's L4 length (Linux, virtio)"
        ),
        ChecksumMode.FROM_HEADER: (
            "ignore the field, take the addresses from the IP header; not with a source route or "
            "routing header still to go"
        ),
    },
    IdMode: {
        IdMode.FIXED: "the same in every segment",
        IdMode.MOD15: "counts in the low 15 bits, bit 15 stays (NDIS LSO)",
        IdMode.MOD16: "counts in all 16 bits (Linux, NDIS USO)",
    },
    Tunnel: {
        Tunnel.NONE: "no outer headers",
        Tunnel.IPIP: "the inner IP header follows the outer one",
        Tunnel.GRE: "with or without key, IP or Ethernet inside; NVGRE too",
        Tunnel.VXLAN: "outer UDP, VXLAN, Ethernet",
        Tunnel.GENEVE: "outer UDP, Geneve with options, Ethernet or IP",
    },
    Status: {
        Status.OK: "all segments left",
        Status.RESERVED: "an unused bit or value is not 0",
        Status.FRAME_LENGTH: "no bytes, fewer than the header's, or fewer than 14 with tags",
        Status.HEADER_LENGTH: "more than the core holds, or less than what is to be written",
        Status.OFFSETS: "odd, out of order, or an IP header of impossible length",
        Status.OPERATION: "what is asked contradicts itself, or is not built",
        Status.SEGMENT_LENGTH: "a frame longer than `max_segment` would leave",
        Status.DISABLED: "this segmentation is switched off",
        Status.IP_VERSION: "not the version of the kind described",
        Status.IP_HEADER_LENGTH: "IPv4: not the distance to the next layer",
        Status.IP_PROTOCOL: "not the protocol of the next layer described",
        Status.L4_HEADER: "the TCP or UDP header does not end at `header_length`",
        Status.TUNNEL_HEADER: "a GRE, VXLAN or Geneve header that is not offloaded",
        Status.OUTER_CHECKSUM: "outer checksum mode NONE and a field that is not 0",
        Status.LENGTH_8023: "no LLC/SNAP where its length is to be written, or above 1,500",
        Status.SHORT: "the frame ended before `frame_length`; complete segments have left",
        Status.LONG: "the frame went on; all segments but the last have left",
        Status.ABORTED: "`s_axis_tuser[0]` at the end; all segments but the last have left",
    },
}

HEAD = """\
<!-- Made by docs/make_tables.py from model/gso_model/layout.py: edit those. -->

# Descriptor, completion and tuser

Bit 0 is the least significant bit of the port's data. Bits without a field are 0: in a descriptor
anything else is refused as `RESERVED`. D and I numbers are decisions and their
[readings](interpretation.md).
"""


def bits(field: Field) -> str:
    return f"{field.low}" if field.width == 1 else f"{field.low + field.width - 1}:{field.low}"


def layout_table(title: str, port: str, of: Layout, words: bool) -> str:
    """A table of the fields of one layout, in order of their bits."""
    lines = [f"## {title}", "", f"{of.bits} bits on `{port}`.", ""]
    head = ["bits", "width", "field", "meaning"]
    if words:
        head.insert(0, "word")
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for field in sorted(of.fields, key=lambda field: field.low):
        row = [bits(field), str(field.width), f"`{field.name}`", field.meaning]
        if words:
            row.insert(0, str(field.low // 32))
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def code_table(of: type[IntEnum]) -> str:
    """A table of the codes of one enum."""
    assert of.__doc__ is not None
    lines = [f"### {of.__name__}", "", of.__doc__.splitlines()[0], ""]
    lines += ["| code | name | meaning |", "|---|---|---|"]
    lines += [f"| {code.value} | `{code.name}` | {CODES[of][code]} |" for code in of]
    return "\n".join(lines) + "\n"


def masks() -> str:
    """The reset values of the TCP flag masks."""
    lines = ["### TCP flag masks", "", "What the 12 flag bits are ANDed with (D6).", ""]
    lines += ["| segment | mask |", "|---|---|"]
    for name in ("first", "middle", "last"):
        lines.append(f"| {name} | 0x{getattr(layout, f'FLAG_MASK_{name.upper()}'):03X} |")
    lines.append(f"\n`keep_cwr` ORs 0x{layout.FLAG_CWR:03X} into all three.")
    return "\n".join(lines) + "\n"


def document() -> str:
    """The whole file."""
    parts = [
        HEAD,
        layout_table("Descriptor", "s_axis_desc_tdata", DESCRIPTOR, words=True),
        layout_table("Completion", "m_axis_cpl_tdata", COMPLETION, words=True),
        layout_table("Segment's tuser", "m_axis_tuser", SEGMENT_USER, words=False),
        "## Codes\n",
        *(code_table(kind) for kind in (L3Kind, L4Kind, ChecksumMode, IdMode, Tunnel, Status)),
        masks(),
    ]
    return "\n".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description="writes docs/descriptor.md")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    if parser.parse_args().check:
        if TARGET.read_text() != document():
            print(f"{TARGET} is not what docs/make_tables.py makes")
            return 1
        return 0
    TARGET.write_text(document())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
