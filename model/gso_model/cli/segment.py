# SPDX-License-Identifier: Apache-2.0
"""`gso segment`: from what a host handed to its NIC to what the NIC would send."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gso_model.capture import read_capture, write_capture
from gso_model.cli import options
from gso_model.cli.engines import Engine, Job, engine
from gso_model.cli.progress import Progress
from gso_model.host_frame import Size, request, without_jumbo
from gso_model.layout import IdMode, L4Kind, Status
from gso_model.words import status_words

# Bytes and frames that go to an engine at once: enough for speed, few enough for progress.
_BATCH_BYTES, _BATCH_FRAMES = 4_000_000, 512


def add(parser: ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("host", help="capture of a sending host, pcap or pcapng")
    parser.add_argument("wire", help="the capture to write, pcap with nanoseconds")
    options.add_size(parser)
    options.add_engine(parser)
    options.add_ip_id(parser)
    parser.add_argument(
        "--checksums",
        action="store_true",
        help="finish the checksums of frames that fit, too; without it they are left alone",
    )
    parser.set_defaults(run=run)


@dataclass
class Count:
    """What happened to the frames."""

    frames: int = 0
    cut: int = 0
    segments: int = 0
    kept: int = 0  # more than fits, but neither TCP nor UDP
    wire: int = 0


def run(chosen: Namespace) -> int:
    """Does it; nothing is written unless all went well."""
    size = options.size(chosen)
    # The input is looked at before an engine is built, which may take a minute.
    count = Count()
    total = Path(chosen.host).stat().st_size if Path(chosen.host).is_file() else 0
    with Progress(chosen.host, total) as progress:

        def show(done: int) -> None:
            progress.update(done, f"{count.frames:,} frames, {count.segments:,} segments")

        frames = read_capture(chosen.host, show)
        works = engine(chosen.engine, chosen.width, chosen.preset)
        make = _Segmenter(chosen.host, size, IdMode[chosen.ip_id.upper()], chosen.checksums)
        write_capture(chosen.wire, make.wire(frames, works, count))
    print(f"{chosen.host}: {count.frames:,} frames, {count.cut:,} of them super-frames")
    if count.kept:
        print(f"{count.kept:,} that do not fit are neither TCP nor UDP: left alone")
    print(
        f"{chosen.wire}: {count.wire:,} frames, {count.segments:,} of them segments ({works.name})"
    )
    return 0


class _Segmenter:
    def __init__(self, where: str, size: Size, ip_id: IdMode, checksums: bool):
        self._where, self._size, self._ip_id, self._checksums = where, size, ip_id, checksums

    def wire(
        self, frames: Iterator[tuple[int, bytes]], works: Engine, count: Count
    ) -> Iterator[tuple[int, bytes]]:
        """The frames on the wire, each with the time stamp of the frame that it came from."""
        batch: list[tuple[int, int, bytes, Job | None]] = []
        waiting = 0
        for stamp, frame in frames:
            count.frames += 1
            batch.append((count.frames, stamp, frame, self._job(frame, count)))
            waiting += len(frame)
            if waiting >= _BATCH_BYTES or len(batch) >= _BATCH_FRAMES:
                yield from self._flush(batch, works, count)
                batch, waiting = [], 0
        yield from self._flush(batch, works, count)

    def _job(self, frame: bytes, count: Count) -> Job | None:
        """What to ask for `frame`; `None` where it is left alone."""
        if not frame:
            return None
        plain = request(frame, 0, ip_id=self._ip_id)
        if not self._size.exceeded(frame, plain):
            return (frame, plain) if self._checksums and plain.asks else None
        if plain.l4_kind == L4Kind.NONE:
            count.kept += 1
            return None
        frame = without_jumbo(frame)
        mss = self._size.mss_of(request(frame, 0, ip_id=self._ip_id))
        if mss < 1:
            raise ValueError(
                f"{self._where}: frame {count.frames}: headers of {plain.header_length} bytes "
                f"leave no room in an MTU of {self._size.mtu}"
            )
        return frame, request(frame, mss, ip_id=self._ip_id)

    def _flush(
        self, batch: list[tuple[int, int, bytes, Job | None]], works: Engine, count: Count
    ) -> Iterator[tuple[int, bytes]]:
        outcomes = iter(works.run([job for _, _, _, job in batch if job is not None]))
        for number, stamp, frame, job in batch:
            segments = [frame]
            if job is not None:
                segments, completion = next(outcomes)
                if completion.status != Status.OK:
                    raise ValueError(
                        f"{self._where}: frame {number} is refused: "
                        f"{status_words(completion.status)}"
                    )
                if job[1].mss:
                    count.cut += 1
                    count.segments += len(segments)
            count.wire += len(segments)
            for segment in segments:
                yield stamp, segment
