# SPDX-License-Identifier: Apache-2.0
"""In the simulator: sources and checking sinks for the streams of a single stage.

Records are written and read by the names of their fields. A field that a bench does not know, or
one that is gone, is an error with both names' lists: a bench may not go on with a 0 in it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import repeat

from amaranth.lib import data
from cocotb.clock import Clock
from cocotb.handle import HierarchyObject
from cocotb.triggers import RisingEdge

from gso_sim.patterns import pauses
from gso_tb import blocks
from gso_tb.parameters import parameters
from gso_tb.signals import ProtocolError, reader, undefined, writer

PATIENCE = 4000  # cycles in which nothing moves, after which a stage counts as hung
LONGEST = 400_000  # cycles; no test takes a quarter of it


class Record:
    """A record between stages: its fields by name, from the hardware's layout."""

    def __init__(self, name: str, shape: object) -> None:
        self.name = name
        self.fields = (
            {key: (field.offset, field.width) for key, field in shape}
            if isinstance(shape, data.Layout)
            else None
        )

    def pack(self, values: "dict[str, int] | int") -> int:
        """The payload for `values`, which name every field; negative ones as complement."""
        if self.fields is None:
            return int(values)
        self.check(values)
        vector = 0
        for name, (offset, width) in self.fields.items():
            value = int(values[name])
            if not -(1 << width - 1) <= value < 1 << width:
                raise ValueError(f"{self.name}.{name} is {value}, which {width} bits do not hold")
            vector |= (value & ((1 << width) - 1)) << offset
        return vector

    def unpack(self, vector: int) -> "dict[str, int] | int":
        """The fields of the payload, as numbers without sign."""
        if self.fields is None:
            return vector
        return {
            name: vector >> offset & ((1 << width) - 1)
            for name, (offset, width) in self.fields.items()
        }

    def check(self, names: object) -> None:
        """Raises `ValueError` unless `names` are the record's fields, every one."""
        unknown, missing = set(names) - set(self.fields), set(self.fields) - set(names)
        if unknown or missing:
            raise ValueError(
                f"record {self.name}: the bench has {sorted(unknown)} that the hardware has not, "
                f"the hardware has {sorted(missing)} that the bench has not"
            )


class Source:
    """Offers queued records on the stream `name`; holds each until it is taken."""

    def __init__(self, bench: "Stage", name: str, pattern: str) -> None:
        self.record = bench.record(name)
        self._write_valid = writer(getattr(bench.dut, f"{name}_valid"))
        self._write_payload = writer(getattr(bench.dut, f"{name}_payload"))
        ready = getattr(bench.dut, f"{name}_ready", None)
        self._read_ready = reader(ready) if ready is not None else (lambda: "1")
        self.name = name
        self.pauses = bench.pauses(pattern)
        self.blocked = False
        self.on_taken: Callable[[int], None] | None = None
        self.taken = 0
        self.cycles: list[int] = []  # in which each was taken
        self._queue: deque[int] = deque()
        self._offered = False
        self._write_valid(0)
        self._write_payload(0)

    def send(self, *records: "dict[str, int] | int") -> None:
        """Queues records."""
        self._queue.extend(self.record.pack(record) for record in records)

    @property
    def pending(self) -> int:
        """Records not taken yet."""
        return len(self._queue) + self._offered

    def step(self, cycle: int) -> None:
        """One rising edge."""
        if self._offered:
            ready = self._read_ready()
            if ready == "0":
                return
            if ready != "1":
                raise undefined(f"{self.name}_ready", ready)
            self.cycles.append(cycle)
            self._offered = False
            self.taken += 1
            if self.on_taken is not None:
                self.on_taken(self.taken - 1)
            if not self._queue or self.blocked or next(self.pauses):
                self._write_valid(0)
                return
        elif not self._queue or self.blocked or next(self.pauses):
            return
        else:
            self._write_valid(1)
        self._offered = True
        self._write_payload(self._queue.popleft())


class Sink:
    """Takes records from the stream `name`; a waiting one must stay as it is.

    `got` holds the fields of each; `cycles` when it was taken; `gaps` how many cycles there was
    nothing before it. `on_record` is called as each comes.
    """

    def __init__(self, bench: "Stage", name: str, pattern: str) -> None:
        self.record = bench.record(name)
        self._read_valid = reader(getattr(bench.dut, f"{name}_valid"))
        self._read_payload = reader(getattr(bench.dut, f"{name}_payload"))
        ready = getattr(bench.dut, f"{name}_ready", None)
        self._write_ready = writer(ready) if ready is not None else None
        self.name = name
        self.pauses = bench.pauses(pattern)
        self.blocked = False
        self.valid = False
        self.got: list = []
        self.cycles: list[int] = []
        self.gaps: list[int] = []
        self.on_record: Callable[[object], None] | None = None
        self._gap = 0
        self._held: str | None = None
        self._ready = self._write_ready is None
        if self._write_ready is not None:
            self._write_ready(0)

    @property
    def taken(self) -> int:
        """Records taken so far."""
        return len(self.got)

    def step(self, cycle: int) -> None:
        """One rising edge."""
        valid = self._read_valid()
        self.valid = valid == "1"
        if self.valid:
            payload = self._read_payload()
            if self._held is not None and payload != self._held:
                raise ProtocolError(f"{self.name}, cycle {cycle}: changed while it waited")
            self._held = payload
            if self._ready:
                self._held = None
                self._take(cycle, payload)
        elif valid != "0":
            raise undefined(f"{self.name}_valid", valid)
        else:
            if self._held is not None:
                raise ProtocolError(f"{self.name}, cycle {cycle}: valid fell before it was taken")
            self._gap += 1
        if self._write_ready is not None:
            ready = not (self.blocked or next(self.pauses))
            if ready != self._ready:
                self._ready = ready
                self._write_ready(int(ready))

    def _take(self, cycle: int, payload: str) -> None:
        try:
            vector = int(payload, 2)
        except ValueError:
            # X in lanes that nobody looks at: Icarus alone has them.
            vector = int("".join(bit if bit in "01" else "0" for bit in payload), 2)
        got = self.record.unpack(vector)
        self.got.append(got)
        self.cycles.append(cycle)
        self.gaps.append(self._gap)
        self._gap = 0
        if self.on_record is not None:
            self.on_record(got)


class Stage:
    """The bench around one stage: clock, reset, and one loop that steps all parts.

    `steps` may get functions of the cycle's number, called at each edge before the parts.
    """

    def __init__(self, dut: HierarchyObject, test: str) -> None:
        given = parameters()
        self.dut = dut
        self.config = blocks.configuration(given["width"], given["changes"])
        self.part = blocks.component(given["stage"], self.config)
        self.lanes = self.config.lanes
        self.thin = int(given["thin"])
        self.seed = f"{test} {given['stage']} {given['width']} {given['seed']}"
        self.cycle = 0
        self.steps: list[Callable[[int], None]] = []
        self.parts: list[Source | Sink] = []
        self._edge = RisingEdge(dut.clk)
        for name, value in blocks.port_values(self.part).items():
            handle = getattr(dut, name, None)
            if handle is not None and len(handle) != len(value):
                raise ValueError(f"port {name} has {len(handle)} bits, expected {len(value)}")

    def count(self, number: int, least: int = 1) -> int:
        """`number`, or fewer where the bench is to be thin."""
        return max(least, number // self.thin)

    def record(self, name: str) -> Record:
        """The record that the stream `name` carries."""
        return Record(name, blocks.payload_shape(self.part, name))

    def pauses(self, pattern: str) -> Iterator[bool]:
        """A pause pattern with a seed of its own."""
        number = len(self.parts) + len(self.steps)
        return pauses(pattern, f"{self.seed} {number}") if pattern != "none" else repeat(False)

    def source(self, name: str, pattern: str = "none") -> Source:
        """A source for the stage's input stream `name`."""
        self.parts.append(Source(self, name, pattern))
        return self.parts[-1]

    def sink(self, name: str, pattern: str = "none") -> Sink:
        """A sink for the stage's output stream `name`."""
        self.parts.append(Sink(self, name, pattern))
        return self.parts[-1]

    def read(self, name: str) -> Callable[[], str]:
        """A function that reads the port `name`."""
        return reader(getattr(self.dut, name))

    def write(self, name: str, value: int = 0) -> Callable[[int], None]:
        """A function that writes the port `name`, which starts with `value`."""
        write = writer(getattr(self.dut, name))
        write(value)
        return write

    async def start(self) -> None:
        """Clock and reset."""
        self.dut.rst.value = 1
        Clock(self.dut.clk, 4, "ns", impl="gpi").start()
        for _ in range(4):
            await self._edge
        self.dut.rst.value = 0

    async def run(self, cycles: int) -> None:
        """A number of cycles."""
        await self._loop(cycles, lambda: False)

    async def until(self, done: Callable[[], bool], drain: int = 40) -> None:
        """Runs until `done()`, then `drain` cycles; where nothing moves for long it fails."""
        before = -1
        while not done():
            moved = sum(part.taken for part in self.parts)
            if moved == before:
                counts = ", ".join(f"{part.name} {part.taken}" for part in self.parts)
                raise ProtocolError(f"cycle {self.cycle}: hung; taken so far: {counts}")
            if self.cycle > LONGEST:
                raise ProtocolError(f"cycle {self.cycle}: the stage goes on for ever")
            before = moved
            await self._loop(PATIENCE, done)
        await self._loop(drain, lambda: False)

    async def _loop(self, cycles: int, done: Callable[[], bool]) -> None:
        edge = self._edge
        steps = [*self.steps, *(part.step for part in self.parts)]
        for _ in range(cycles):
            await edge
            self.cycle = cycle = self.cycle + 1
            for step in steps:
                step(cycle)
            if done():
                return


def same(got: dict[str, int], wanted: dict[str, int], what: str) -> None:
    """Every field in `wanted` has its value; the message names those that have not."""
    wrong = [
        f"{name} expected {value:#x}, got {got[name]:#x}"
        for name, value in wanted.items()
        if got[name] != value
    ]
    assert not wrong, f"{what}: " + "; ".join(wrong)


def cleared(row: bytes, columns: int, lanes: int) -> bytes:
    """`row` with 0 in each 16-bit column whose bit is 1 in `columns`, in each `lanes` bytes."""
    return bytes(0 if columns >> i % lanes // 2 & 1 else byte for i, byte in enumerate(row))
