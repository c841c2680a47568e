# SPDX-License-Identifier: Apache-2.0
"""What `make live` prints when a transfer is done."""

from live.counters import checksum_errors
from live.relay import CLASSES
from live.transfer import Result


def details(result: Result) -> list[str]:
    """One transfer through one engine, in full."""
    s = result.statistics
    sizes = ", ".join(f"{count:,} {name}" for name, count in _classes(s.sizes) if count)
    lines = [
        f"{result.mode.words}, {result.engine}: {result.bytes:,} bytes in {result.seconds:.1f} s, "
        f"{result.megabits:.0f} Mbit/s",
        f"  {s.super_frames:,} super-frames ({sizes or 'none'}) became {s.segments:,} segments; "
        f"{s.frames:,} frames in, {s.wire:,} out",
    ]
    for way, (sent, received) in enumerate(zip(result.sent, result.received, strict=True)):
        if sent.sha256:
            arrow = "->" if way == 0 else "<-"
            same = "the same" if sent.sha256 == received.sha256 else "NOT THE SAME"
            lines.append(f"  SHA-256 {arrow} sent {sent.sha256}")
            lines.append(f"          {arrow} got  {received.sha256} {same}")
    errors = ", ".join(f"{name} {by:,}" for name, by in sorted(result.errors.items()))
    lines.append(f"  receiving kernels' error counters: {errors or 'all 0'}")
    if s.corrupted:
        lines.append(f"  segments corrupted on purpose: {s.corrupted:,}")
    if result.sent_again:
        lines.append(f"  sent again: {result.sent_again:,}")
    for why, count in s.refused.items():
        lines.append(f"  refused: {count:,} frames, {why}")
    return lines


def _classes(sizes: dict[int, int]) -> list[tuple[str, int]]:
    names = [f"up to {end >> 10} KiB" for end in CLASSES[:-1]] + ["larger"]
    return list(zip(names, sizes.values(), strict=True))


def good(result: Result) -> bool:
    """Whether all arrived, and the kernels found just what was corrupted on purpose."""
    if not result.same or result.statistics.refused:
        return False
    wrong = sum(result.errors.values())
    return wrong == checksum_errors(result.errors) == result.statistics.corrupted


def table(results: list[Result]) -> list[str]:
    """A line a transfer: RTL and model side by side."""
    lines = [
        f"{'mode':8} {'bytes':>12} {'super-frames':>12} {'segments':>9} {'errors':>7} "
        f"{'Mbit/s':>7}  engine"
    ]
    for result in results:
        s = result.statistics
        lines.append(
            f"{result.mode.name:8} {result.bytes:12,} {s.super_frames:12,} {s.segments:9,} "
            f"{sum(result.errors.values()):7,} {result.megabits:7.0f}  {result.engine}"
            + ("" if good(result) else "  WRONG")
        )
    return lines
