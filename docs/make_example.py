# SPDX-License-Identifier: Apache-2.0
"""Writes README.md's worked example with the golden model: one frame that becomes three segments.

python docs/make_example.py           writes the part of README.md between the two marks
python docs/make_example.py --check   exit code 1 if it is not what it would write
"""

import argparse
import sys
from pathlib import Path
from textwrap import wrap

from gso_model import BASIC, ChecksumMode, Completion, Descriptor, IdMode, L3Kind, L4Kind, segment
from gso_model.layout import DESCRIPTOR

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "README.md"
BEGIN, END = "<!-- example: made by docs/make_example.py -->\n", "<!-- end of example -->\n"

MSS = 8
PAYLOAD = b"gso cuts this frame!"
PARTS = (("Ethernet", 0, 14), ("IPv4", 14, 34), ("TCP", 34, 54), ("payload", 54, None))
# Every field that differs between a segment and the frame: name, offset, bytes.
FIELDS = (
    ("IPv4 total length", 16, 2),
    ("IPv4 identification", 18, 2),
    ("IPv4 header checksum", 24, 2),
    ("TCP sequence number", 38, 4),
    ("TCP flags", 46, 2),
    ("TCP checksum", 50, 2),
)


def frame(payload: bytes = PAYLOAD) -> bytes:
    """The frame as a host hands it over: IP length and checksum 0, a seed where TCP's is."""
    ethernet = bytes.fromhex("020000000002 020000000001 0800")
    addresses = bytes((192, 0, 2, 1, 198, 51, 100, 2))
    # Identification and sequence number are about to wrap.
    ip = bytes.fromhex("4500 0000 fffe 4000 4006 0000") + addresses
    length = 20 + len(payload)
    words = [int.from_bytes(addresses[at : at + 2], "big") for at in range(0, 8, 2)]
    seed = sum(words) + 6 + length
    seed = (seed & 0xFFFF) + (seed >> 16)
    # CWR, ACK and PSH are set.
    tcp = bytes.fromhex("c000 0050 fffffff8 00000001 5098 0400") + seed.to_bytes(2, "big") + b"\0\0"
    return ethernet + ip + tcp + payload


def descriptor() -> Descriptor:
    """What is asked of `frame()`."""
    return Descriptor(
        frame_length=len(frame()),
        mss=MSS,
        header_length=54,
        l3_kind=L3Kind.IPV4,
        l3_offset=14,
        l4_kind=L4Kind.TCP,
        l4_offset=34,
        l4_checksum=ChecksumMode.SEED_WITH_LENGTH,
        ip_id=IdMode.MOD16,
        request_id=1,
    )


def dump(data: bytes, before: bytes | None = None) -> list[str]:
    """`data` a line a header, and below each line a mark for every byte that is not `before`'s."""
    lines = []
    for name, start, end in PARTS:
        part = data[start:end]
        text = f"{start:3}  {name:<9} {part.hex(' ')}"
        if name == "payload":
            text += f'  "{part.decode()}"'
        lines.append(text)
        if before is None or name == "payload":
            continue
        old = before[start:end]
        marks = " ".join("^^" if a != b else "  " for a, b in zip(part, old, strict=True))
        if marks.strip():
            lines.append(" " * 15 + marks.rstrip())
    return lines


def fields() -> list[str]:
    """The descriptor's fields that are not 0, with their names where they have one."""
    names = {"l3_kind": L3Kind, "l4_kind": L4Kind, "l4_checksum": ChecksumMode, "ip_id": IdMode}
    lines = []
    for field in DESCRIPTOR.fields:
        value = getattr(descriptor(), field.name)
        if value:
            kind = names.get(field.name)
            meaning = f" `{kind(value).name}`" if kind else ""
            lines.append(f"`{field.name}` {int(value)}{meaning}")
    return lines


def example() -> str:
    """The text between the marks."""
    before = frame()
    result = segment(before, descriptor(), BASIC)
    lines = ["The frame, 54 bytes of headers and 20 of payload:", "", "```"]
    lines += [*dump(before), "```", ""]
    said = "The descriptor says: " + ", ".join(fields()) + "; all other fields are 0. Its 256 bits "
    lines += [*wrap(said + "as one number, most significant digit first:", 99), "", "```"]
    lines += [f"{descriptor().pack():064x}", "```", ""]
    lines += ["What leaves; `^^` stands below every byte that is not the frame's:", "", "```"]
    for number, made in enumerate(result.segments, 1):
        user = result.users[number - 1]
        lines.append(f"segment {number}: {len(made)} bytes, tuser {user:#x}")
        lines += [*dump(made, before), ""]
    lines[-1] = "```"
    lines += ["", "| field | frame | segment 1 | segment 2 | segment 3 |", "|---|---|---|---|---|"]
    for name, at, size in FIELDS:
        values = [data[at : at + size].hex() for data in (before, *result.segments)]
        lines.append(f"| {name} | " + " | ".join(values) + " |")
    lines += ["", f"And the completion: {_said(result.completion)}.", ""]
    return "\n".join(lines)


def _said(completion: Completion) -> str:
    return (
        f"request {completion.request_id}, `{completion.status.name}`, "
        f"{completion.segments} segments, {completion.payload_bytes} bytes of payload"
    )


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    options = parser.parse_args()
    text = TARGET.read_text()
    head, old, tail = _split(text)
    if options.check:
        if old != example():
            print("README.md is not what docs/make_example.py writes", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(head + example() + tail)
    return 0


def _split(text: str) -> tuple[str, str, str]:
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return text[:begin], text[begin:end], text[end:]


if __name__ == "__main__":
    sys.exit(main())
