# SPDX-License-Identifier: Apache-2.0
"""The stage `slots` against rows of bytes (D10; ARCHITECTURE: header edit)."""

import random
from functools import partial

import cocotb
import pytest

from gso_hdl.configuration import FEATURES
from gso_tb import blocks
from gso_tb.read_side import ReadSide
from gso_tb.stage import Stage, cleared


@pytest.mark.verilator_only
def test_block_slots(sim: str, width: int) -> None:
    """Rows with `keep` into every copy, columns into one, a cycle later, edit before capture, the
    read side's cycles."""
    blocks.run("slots", sim, width)


def test_block_slots_banks() -> None:
    """Four banks, two of which are written in a cycle (`Configuration.bank_bits`)."""
    blocks.run("slots", "verilator", 512, changes={"features": FEATURES}, label="full")


class _Slots:
    """The stage with random writers and a reader that keeps off the row being written.

    `enable` and `enable_last` are 1 when they like. Where edit has two tracks each keeps to half of
    the banks, as clashes are edit's to avoid; `swap` says which.
    """

    def __init__(self, dut, test: str, *, edit=0.4, capture="none", read=0.7, enable=0.8, swap=0):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.rates = {"read": read, "enable": enable, "enable_last": enable}
        self.copies = range(1 + bench.config.copies_at_once)
        self.rows: dict[int, list[bytearray]] = {}  # a row's copies
        self.capture = bench.source("capture", capture)
        tracks = 1 + bench.config.two_tracks
        self.edits = [bench.source(f"edit_{i}", f"random:{1 - edit}") for i in range(tracks)]
        self.swap = swap
        self._data = bench.read("data")
        names = ["enable", "enable_last", "read", "address"]
        names += ["clear"] * bench.config.copies_at_once
        self._write = {name: bench.write(name) for name in names}
        self._now = dict.fromkeys(self._write, 0)
        self.side = ReadSide(bench.config)
        self.checked = self.waited = 0
        self.rows_sent: list = []
        self.columns_sent: list[list] = [[] for _ in self.edits]
        self.at_once = 0
        self._held: list = []  # columns taken at the last edge, written at this one
        self._writes = False
        bench.steps.append(self._step)
        self.capture.on_taken = self._row_taken
        for track, source in enumerate(self.edits):
            source.on_taken = partial(self._column_taken, track)

    def queue_row(self, row: int) -> None:
        """A whole row with random data and a random mask."""
        lanes, rng = self.bench.lanes, self.rng
        data, keep = rng.randbytes(lanes), rng.choice((rng.getrandbits(lanes), (1 << lanes) - 1))
        self.rows_sent.append((row, data, keep))
        number = int.from_bytes(data, "little")
        self.capture.send({"row": row, "data": number, "keep": keep})

    def track(self, column: int) -> int:
        """The track that writes `column` in this test."""
        banks = [column >> bit & 1 for bit in self.bench.config.bank_bits]
        if len(banks) > 1 and self.swap:
            banks = banks[1:]  # whatever their parity, the two write together
        return (sum(banks) + self.swap) % len(self.edits)

    def queue_column(self, row: int, column: int | None = None) -> None:
        """One column of a row, a random one unless given."""
        if column is None:
            column = self.rng.randrange(self.bench.config.columns)
        value = self.rng.getrandbits(16)
        track = self.track(column)
        copy = self.rng.choice(self.copies)
        self.columns_sent[track].append((row, copy, column, value))
        fields = {"row": row, "column": column, "value": value}
        if len(self.copies) > 1:
            fields["copy"] = copy
        self.edits[track].send(fields)

    def _row_taken(self, index: int) -> None:
        row, data, keep = self.rows_sent[index]
        assert not self._writes, "edit goes first"
        kept = bytes(b if keep >> i & 1 else 0 for i, b in enumerate(data))
        self.rows[row] = [bytearray(kept) for _ in self.copies]

    def _column_taken(self, track: int, index: int) -> None:
        self._held.append(self.columns_sent[track][index])

    def _write_columns(self) -> None:
        for row, copy, column, value in self._held:
            if row in self.rows:
                # Network order: the lower lane is the high byte.
                self.rows[row][copy][2 * column : 2 * column + 2] = value.to_bytes(2, "big")
        self._writes = bool(self._held)
        self._held = []

    def _step(self, cycle: int) -> None:
        now, rng = self._now, self.rng
        expected = self.side.shown
        if expected is not None:
            got = int(self._data(), 2).to_bytes(len(expected), "little")
            assert got == expected, f"cycle {cycle}: {got.hex()}, expected {expected.hex()}"
            self.checked += any(got)
        lanes = self.bench.lanes
        read = [
            self.rows[now["address"]][copy] if now["read"] >> copy & 1 else bytes(lanes)
            for copy in self.copies
        ]
        self.side.step(b"".join(read), now["enable"], now["enable_last"])
        if now["enable_last"] and "clear" in now:
            self.side.change(lambda row: cleared(row, now["clear"], lanes))
        self.waited += now["enable_last"] and not now["enable"]
        # What capture sends at this edge the model has after this step, what edit sends a cycle
        # later; a row that they may write at the next edge is not read then.
        self._write_columns()
        self.at_once += self._writes and self.capture._offered
        enables = {name: int(rng.random() < self.rates[name]) for name in ("enable", "enable_last")}
        near = self._near()
        following = {**enables, "read": 0}
        following["address"] = rng.randrange(self.bench.config.slot_rows)
        if self.rows and rng.random() < self.rates["read"]:
            address = rng.choice(list(self.rows))
            if address not in near:
                following |= {"read": rng.randrange(1, 1 << len(self.copies)), "address": address}
        if "clear" in now:
            columns = self.bench.config.columns
            following["clear"] = rng.choice((0, 1 << rng.randrange(columns)))
        for name, value in following.items():
            if value != now[name]:
                self._write[name](value)
        self._now = following

    def _near(self) -> set[int]:
        """Rows of the writes that may happen before the next edge is over."""
        near = set()
        sent = [(self.capture, self.rows_sent), *zip(self.edits, self.columns_sent, strict=True)]
        # The widest core's memories are written a cycle later.
        late = self.bench.config.widest
        for source, items in sent:
            first = max(source.taken - late, 0)
            near |= {item[0] for item in items[first : source.taken + 2]}
        return near

    async def run(self) -> None:
        """Runs until all is written, then reads on."""
        await self.bench.start()
        await self.bench.until(
            lambda: not any(source.pending for source in (self.capture, *self.edits))
        )
        self.rates |= {"read": 1, "enable": 1, "enable_last": 1}
        await self.bench.run(4 * len(self.rows))


@cocotb.test
async def mixed(dut):
    """Rows and columns at random, often of the same row, with a reader that pauses."""
    slots = _Slots(dut, "mixed", capture="random:0.2")
    total = slots.bench.config.slot_rows
    for _ in range(slots.bench.count(2000)):
        slots.queue_row(slots.rng.randrange(total))
        for _ in range(slots.rng.choice((0, 0, 1, 2))):
            slots.queue_column(slots.rng.randrange(total))
    await slots.run()
    assert slots.at_once > 100 // slots.bench.thin, "edit and capture at once"
    assert min(slots.checked, 2 * slots.waited) > 500 // slots.bench.thin


@cocotb.test
async def every_column(dut):
    """Each column of each row on its own, after every row was written (D10)."""
    slots = _Slots(dut, "every_column", edit=0.9, read=0.3, swap=1)
    for row in range(slots.bench.config.slot_rows):
        slots.queue_row(row)
    for source in slots.edits:
        source.blocked = True
    edits = []
    for row in range(0, slots.bench.config.slot_rows, slots.bench.thin):
        for column in range(slots.bench.config.columns):
            edits.append((row, column))
    slots.rng.shuffle(edits)
    for place in edits:
        slots.queue_column(*place)
    task = cocotb.start_soon(slots.run())
    while slots.capture.pending:
        await slots.bench._edge
    for source in slots.edits:
        source.blocked = False
    await task


@cocotb.test
async def edit_first(dut):
    """While edit writes in every cycle capture waits, and loses nothing."""
    slots = _Slots(dut, "edit_first", edit=1.0, read=0)
    for row in range(20):
        slots.queue_row(row)
    for _ in range(100):
        slots.queue_column(63, 0)
    await slots.run()
    assert slots.capture.cycles[-19] > slots.edits[slots.track(0)].cycles[-1]
    assert len(slots.rows) == 20 and slots.checked > 30
