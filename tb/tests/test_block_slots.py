# SPDX-License-Identifier: Apache-2.0
"""The stage `slots` against rows of bytes (D10; ARCHITECTURE: header edit)."""

import random

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.stage import Stage


@pytest.mark.verilator_only
def test_block_slots(sim: str, width: int) -> None:
    """Rows with `keep`, columns, edit before capture, the read side's two cycles."""
    blocks.run("slots", sim, width)


class _Slots:
    """The stage with random writers and a reader that keeps off the row being written."""

    def __init__(self, dut, test: str, *, edit=0.4, capture="none", read=0.7, enable=0.8):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.rates = {"read": read, "enable": enable}
        self.rows: dict[int, bytearray] = {}
        self.capture = bench.source("capture", capture)
        self.edit = bench.source("edit", f"random:{1 - edit}")
        self._data = bench.read("data")
        self._write = {name: bench.write(name) for name in ("enable", "read", "address")}
        self._now = dict.fromkeys(self._write, 0)
        self.fetched: bytes | None = None
        self.shown: bytes | None = None
        self.checked = 0
        self.sent = {"capture": [], "edit": []}
        self.at_once = 0
        bench.steps.append(self._step)
        self.capture.on_taken = self._row_taken
        self.edit.on_taken = self._column_taken

    def queue_row(self, row: int) -> None:
        """A whole row with random data and a random mask."""
        lanes, rng = self.bench.lanes, self.rng
        data, keep = rng.randbytes(lanes), rng.choice((rng.getrandbits(lanes), (1 << lanes) - 1))
        self.sent["capture"].append((row, data, keep))
        number = int.from_bytes(data, "little")
        self.capture.send({"row": row, "data": number, "keep": keep})

    def queue_column(self, row: int) -> None:
        """One random column of a row."""
        column, value = self.rng.randrange(self.bench.config.columns), self.rng.getrandbits(16)
        self.sent["edit"].append((row, column, value))
        self.edit.send({"row": row, "column": column, "value": value})

    def _row_taken(self, index: int) -> None:
        row, data, keep = self.sent["capture"][index]
        assert not self._edited, "edit goes first"
        self.rows[row] = bytearray(b if keep >> i & 1 else 0 for i, b in enumerate(data))

    def _column_taken(self, index: int) -> None:
        row, column, value = self.sent["edit"][index]
        if row in self.rows:
            # Network order: the lower lane is the high byte.
            self.rows[row][2 * column : 2 * column + 2] = value.to_bytes(2, "big")

    def _step(self, cycle: int) -> None:
        now, rng = self._now, self.rng
        if self.shown is not None:
            got = int(self._data(), 2).to_bytes(self.bench.lanes, "little")
            assert got == self.shown, f"cycle {cycle}: {got.hex()}, expected {self.shown.hex()}"
            self.checked += any(got)
        if now["enable"]:
            self.shown = self.fetched
            self.fetched = bytes(self.bench.lanes)
            if now["read"]:
                self.fetched = bytes(self.rows[now["address"]])
        # What the writers take at this edge the model has after this step; a row that they may
        # write at the next one is not read then.
        self._edited = self.edit._offered
        self.at_once += self._edited and self.capture._offered
        following = {"enable": int(rng.random() < self.rates["enable"]), "read": 0}
        following["address"] = rng.randrange(self.bench.config.slot_rows)
        if self.rows and rng.random() < self.rates["read"]:
            address = rng.choice(list(self.rows))
            if address not in self._near():
                following |= {"read": 1, "address": address}
        for name, value in following.items():
            if value != now[name]:
                self._write[name](value)
        self._now = following

    def _near(self) -> set[int]:
        """Rows of the writes that may happen before the next edge is over."""
        near = set()
        for name, source in (("capture", self.capture), ("edit", self.edit)):
            near |= {item[0] for item in self.sent[name][source.taken : source.taken + 2]}
        return near

    async def run(self) -> None:
        """Runs until all is written, then reads on."""
        await self.bench.start()
        await self.bench.until(lambda: not self.capture.pending and not self.edit.pending)
        self.rates |= {"read": 1, "enable": 1}
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
    assert slots.checked > 500 // slots.bench.thin


@cocotb.test
async def every_column(dut):
    """Each column of each row on its own, after every row was written (D10)."""
    slots = _Slots(dut, "every_column", edit=0.9, read=0.3)
    for row in range(slots.bench.config.slot_rows):
        slots.queue_row(row)
    slots.edit.blocked = True
    edits = []
    for row in range(0, slots.bench.config.slot_rows, slots.bench.thin):
        for column in range(slots.bench.config.columns):
            edits.append((row, column, slots.rng.getrandbits(16)))
    slots.rng.shuffle(edits)
    slots.sent["edit"] = edits
    slots.edit.send(*({"row": r, "column": c, "value": v} for r, c, v in edits))
    task = cocotb.start_soon(slots.run())
    while slots.capture.pending:
        await slots.bench._edge
    slots.edit.blocked = False
    await task


@cocotb.test
async def edit_first(dut):
    """While edit writes in every cycle capture waits, and loses nothing."""
    slots = _Slots(dut, "edit_first", edit=1.0, read=0)
    for row in range(20):
        slots.queue_row(row)
    for _ in range(100):
        slots.queue_column(63)
    await slots.run()
    assert slots.capture.cycles[-19] > slots.edit.cycles[-1]
    assert len(slots.rows) == 20 and slots.checked > 30
