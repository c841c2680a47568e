# SPDX-License-Identifier: Apache-2.0
"""The stage `store` and its `turn` against bytes cut out of two rows (docs/theory.md; Store)."""

import random
import re
from collections import deque

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.stage import Stage

# Cycles from a sender's look at `room` to its row: with the four that the store's count is late
# these are the twelve rows that it leaves room for.
LOOKED = 8
SETTLED = 4  # cycles after which a row may be read
READ_AHEAD = 32  # the most rows that may be taken and not have left


@pytest.mark.verilator_only
@pytest.mark.stage("store")
def test_block_store(sim: str, width: int) -> None:
    """Every turn with every first lane, a full store, back-pressure, a beat in every cycle."""
    blocks.run("store", sim, width)


@pytest.mark.verilator_only
@pytest.mark.stage("store")
def test_block_store_small(sim: str, width: int) -> None:
    """The smallest store, which is full more often (Configuration: buffer_bytes)."""
    changes = {"buffer_bytes": 4096, "max_segment": 2048}
    blocks.run("store", sim, width, changes=changes, label="small")


class _Store:
    """The stage with a sender that uses all that `room` allows, and a reader on its heels.

    `write` and `read` are the shares of cycles in which they want to, `near` that of beats whose
    second row is the one behind the first, as a segment's are, `drop` that of beats before which
    rows are dropped while there are many.
    """

    def __init__(self, dut, test: str, *, write=1.0, read=1.0, near=0.7, drop=0.0, turned="none"):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.rates = {"write": write, "read": read, "near": near, "drop": drop}
        self.row, self.turned = bench.source("row"), bench.sink("turned", turned)
        self.turned.on_record = self._on_turned
        self._room = bench.read("room")
        self._valid, self._data, self._tail = (
            bench.write(name) for name in ("data_valid", "data_payload", "tail")
        )
        self.looks = deque([False] * LOOKED)  # what room said, cycle by cycle
        self.total = bench.config.buffer_rows
        self.rows = [b""] * self.total
        self.came: deque[int] = deque()  # cycles in which rows came that may not be read yet
        # Rows since reset that were sent, may be read, and are each beat's first, 0 before them.
        self.head = self.settled = 0
        self.firsts = [0]
        self.most = 0  # the longest that the store was filled
        self.wanted: deque[tuple[int, bytes]] = deque()  # the first lane that counts, and all on
        self.turns: deque[tuple[int, int]] = deque()  # to be read next: shift and start
        bench.steps.append(self._step)

    @property
    def tail(self) -> int:
        """The row of the newest beat that was taken: all before it are free."""
        return self.firsts[min(self.row.taken, len(self.firsts) - 1)]

    def _step(self, cycle: int) -> None:
        self.looks.append(self._room() == "1")
        self._tail(self.tail % self.total)
        while self.came and self.came[0] <= cycle - SETTLED:
            self.came.popleft()
            self.settled += 1
        self._send(cycle, self.looks.popleft())
        while self.row.pending < 2 and self.rng.random() < self.rates["read"] and self._queue():
            pass

    def _send(self, cycle: int, room: bool) -> None:
        """A row, if there was room when the sender looked; rubbish where there is none."""
        line = self.rng.randbytes(self.bench.lanes)
        valid = room and self.rng.random() < self.rates["write"]
        self._valid(int(valid))
        self._data(int.from_bytes(line, "little"))
        if valid:
            self.rows[self.head % self.total] = line
            self.head += 1
            self.came.append(cycle)
            self.most = max(self.most, self.head - self.tail)
            assert self.most < self.total, "the store overruns"

    def _queue(self) -> bool:
        """A beat to be read, of two rows that are there; whether there are any."""
        rng, lanes = self.rng, self.bench.lanes
        # Of what may not leave nothing is read: then many rows are free at once.
        dropped = 0
        if self.settled - self.firsts[-1] > self.total // 2 and rng.random() < self.rates["drop"]:
            dropped = rng.randrange(self.total // 3)
        at = min(self.firsts[-1] + rng.choice((0, 1, 1, 1, 1, 2)) + dropped, self.settled - 2)
        if at < self.firsts[-1]:
            return False
        behind = at + 1
        if rng.random() >= self.rates["near"]:
            behind = rng.randrange(at, self.settled)
        ends = rng.choice((0, 1, lanes - 1, rng.randrange(lanes)))
        shift, start = self.turns.popleft() if self.turns else (rng.randrange(lanes), ends)
        both = b"".join(self.rows[row % self.total] for row in (at, behind))
        self.wanted.append((start, both[shift + start : shift + lanes]))
        rows = {"row": at % self.total, "next_row": behind % self.total}
        self.row.send({**rows, "shift": shift, "start": start})
        self.firsts.append(at)
        return True

    def _on_turned(self, got: dict[str, int]) -> None:
        assert self.wanted, "a beat too many"
        start, wanted = self.wanted.popleft()
        what = f"beat {self.turned.taken - 1} from lane {start} on"
        below = (1 << start) - 1
        assert got["below"] == below, f"{what}: below {got['below']:#x}, expected {below:#x}"
        # What stands in those lanes does not matter: egress leaves it out.
        beat = got["data"].to_bytes(self.bench.lanes, "little")[start:]
        assert beat == wanted, f"{what}: {beat.hex()}, expected {wanted.hex()}"

    async def run(self, count: int) -> None:
        """Runs from reset until so many beats have left."""
        await self.bench.start()
        await self.more(count)

    async def more(self, count: int) -> None:
        """Runs until so many more beats have left, and nothing more does unasked."""
        most = self.turned.taken + count
        await self.bench.until(lambda: self.turned.taken >= most, drain=0)


@cocotb.test
async def turns(dut):
    """Every lane that can become lane 0, with every first lane of payload: those that count have
    their bytes, those below it are marked (Turn)."""
    store = _Store(dut, "turns")
    lanes = store.bench.lanes
    every = [(shift, start) for shift in range(lanes) for start in range(lanes)]
    store.rng.shuffle(every)
    store.turns.extend(every[:: store.bench.thin])
    count = len(store.turns)
    await store.run(count)
    assert not store.turns


@cocotb.test
async def mixed(dut):
    """Rows that come and are read with pauses, under back-pressure: none is lost or doubled."""
    store = _Store(dut, "mixed", write=0.6, read=0.7, near=0.4, drop=0.01, turned="random:0.4")
    await store.run(store.bench.count(3000))


@cocotb.test
async def dropped(dut):
    """A row that was taken is read as it was, however many are freed and come behind it while all
    stands still (D13, Fetch)."""
    pattern = "cycle:" + "1" * 120 + "0"
    store = _Store(dut, "dropped", drop=0.3, turned=pattern)
    await store.run(store.bench.count(60, 30))
    assert store.most > store.total - 24


@cocotb.test
async def throughput(dut):
    """One beat a cycle, as many cycles behind its row as the docstring of Store promises."""
    store = _Store(dut, "throughput", near=1)
    # Nothing is read before it is there.
    store.rates["read"] = 0
    await store.bench.start()
    await store.bench.run(store.total // 2)
    store.rates["read"] = 1
    await store.more(store.bench.count(1000, 200))
    promised = re.search(r"Latency: (\d+) cycles", type(store.bench.part).__doc__ or "")
    assert promised, "the docstring of Store promises a latency"
    cycles = store.turned.cycles
    assert cycles[0] - store.row.cycles[0] == int(promised[1])
    assert cycles[-1] - cycles[0] == len(cycles) - 1


@cocotb.test
async def no_gaps(dut):
    """Behind a stall, short or long, beats go on without a gap (egress sends none)."""
    pattern = "cycle:" + "1" * 60 + "0" * 40 + "1" * 5 + "0" * 7 + "10" * 9 + "1" * 20 + "0" * 11
    store = _Store(dut, "no_gaps", turned=pattern)
    store.rates["read"] = 0
    await store.bench.start()
    await store.bench.run(store.total // 2)
    store.rates["read"] = 1
    await store.more(store.bench.count(1500, 300))
    assert not any(store.turned.gaps[1:])


@cocotb.test
async def blocked(dut):
    """While nothing leaves no more rows are taken than can be held, and none is lost."""
    store = _Store(dut, "blocked")
    store.turned.blocked = True
    await store.bench.start()
    await store.bench.run(300)
    assert 0 < store.row.taken <= READ_AHEAD and store.row.pending
    store.turned.blocked = False
    await store.more(store.bench.count(300))


@cocotb.test
async def room_comes_and_goes(dut):
    """`room` goes when the store fills, nothing is overwritten, and it comes back (Store)."""
    store = _Store(dut, "room", read=0)
    await store.bench.start()
    await store.bench.run(20)
    assert store._room() == "1"
    for _ in range(store.bench.count(4)):
        store.rates |= {"write": 1, "read": 0}
        await store.bench.run(store.total * 5 // 4 + 50)
        assert store._room() == "0" and store.most > store.total - 24
        store.rates |= {"write": 0, "read": 1}
        await store.bench.run(40)
        assert store._room() == "1"
        await store.more(store.total // 2)
