# SPDX-License-Identifier: Apache-2.0
"""Fast checking sinks for segments and completions.

Like the sources they are stepped once a rising edge by the bench's one loop. Every rule of the
output side is checked on every cycle; the first violation raises `ProtocolError` with its cycle.
A beat costs one read of each signal, kept as text; a segment is put together once, at its end.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import repeat

from cocotb.handle import HierarchyObject

from gso_tb.signals import ProtocolError, reader, undefined, writer


@dataclass
class Segment:
    """One segment: its bytes and `tuser`; where it was on the bus does not count in `==`."""

    data: bytes
    user: int
    first_cycle: int = field(default=0, compare=False)
    last_cycle: int = field(default=0, compare=False)


@dataclass
class CompletionBeat:
    """One completion as its 96 bits, with the cycle in which it first stood on the bus."""

    vector: int
    cycle: int = field(default=0, compare=False)


class _Sink:
    """What both sinks share: back-pressure, and a held beat stays as it is (AXI)."""

    def __init__(self, dut: HierarchyObject, prefix: str, names: tuple[str, ...]) -> None:
        self.prefix = prefix
        self._read_valid = reader(getattr(dut, f"{prefix}_tvalid"))
        self._write_ready = writer(getattr(dut, f"{prefix}_tready"))
        self._readers = {name: reader(getattr(dut, f"{prefix}_t{name}")) for name in names}
        self.pauses: Iterator[bool] = repeat(False)
        self.blocked = False
        self.taken = 0
        self._held: dict[str, str] | None = None
        self._ready_now = False
        self.clear()

    def clear(self) -> None:
        """Forgets what was held and lowers `tready`: for reset."""
        self._held = None
        self._ready_now = False
        self._write_ready(0)

    def valid_in_reset(self) -> bool:
        """Whether `tvalid` is not low: a violation while reset lasts."""
        return self._read_valid() != "0"

    def fail(self, cycle: int, rule: str) -> None:
        """Raises the violation of `rule` seen at `cycle`."""
        raise ProtocolError(f"{self.prefix}, cycle {cycle}: {rule}")

    def _set_ready(self) -> None:
        ready = not (self.blocked or next(self.pauses))
        if ready != self._ready_now:
            self._ready_now = ready
            self._write_ready(int(ready))

    def _check_held(self, cycle: int, valid: str) -> None:
        """After a stalled cycle: the same beat must still stand there."""
        held = self._held
        if held is None:
            return
        if valid != "1":
            self.fail(cycle, "tvalid fell before the beat was taken")
        for name, before in held.items():
            now = self._readers[name]()
            if now != before:
                self.fail(cycle, f"t{name} changed while it waited: {before} became {now}")

    def _hold(self) -> None:
        self._held = {name: read() for name, read in self._readers.items()}


class SegmentSink(_Sink):
    """Takes segments from `m_axis` and hands each to `on_segment`.

    Checked: a waiting beat does not change; `tvalid` does not fall inside a segment; `tkeep` is
    contiguous from lane 0 and full but on `tlast`; `tuser` is constant within a segment; nothing
    that counts is X. `beats`, `first_cycle` and `last_cycle` are for bus use.
    """

    def __init__(
        self,
        dut: HierarchyObject,
        on_segment: Callable[[Segment], None],
        prefix: str = "m_axis",
    ) -> None:
        super().__init__(dut, prefix, ("data", "keep", "last", "user"))
        self._on_segment = on_segment
        self._read_data = self._readers["data"]
        self._read_keep = self._readers["keep"]
        self._read_last = self._readers["last"]
        self._read_user = self._readers["user"]
        self.lanes = len(getattr(dut, f"{prefix}_tkeep"))
        self._full = "1" * self.lanes
        # tkeep as text has lane 0 at its right end.
        self._keeps = {("1" * n).rjust(self.lanes, "0"): n for n in range(1, self.lanes + 1)}
        self.restart_count()

    def clear(self) -> None:
        super().clear()
        self._parts: list[str] = []
        self._first_user = ""
        self._first_beat = 0

    def restart_count(self) -> None:
        """Starts counting beats and cycles anew, for a bus-use figure."""
        self.beats = 0
        self.first_cycle: int | None = None
        self.last_cycle = 0

    def step(self, cycle: int) -> None:
        """One rising edge; `cycle` names it in messages."""
        valid = self._read_valid()
        if self._held is not None:
            self._check_held(cycle, valid)
        if valid == "1":
            if self.first_cycle is None:
                self.first_cycle = cycle
            if self._ready_now:
                self._held = None
                self._take(cycle)
            else:
                self._hold()
        elif valid != "0":
            raise undefined(f"{self.prefix}_tvalid", valid)
        elif self._parts:
            self.fail(cycle, f"tvalid fell inside a segment, after {len(self._parts)} beats")
        self._set_ready()

    def _take(self, cycle: int) -> None:
        parts = self._parts
        user = self._read_user()
        if not parts:
            self._first_user = user
            self._first_beat = cycle
        elif user != self._first_user:
            self.fail(cycle, f"tuser changed inside a segment: {self._first_user} became {user}")
        parts.append(self._read_data())
        keep = self._read_keep()
        self.beats += 1
        self.taken += 1
        self.last_cycle = cycle
        last = self._read_last()
        if last != "1":
            if last != "0":
                raise undefined(f"{self.prefix}_tlast", last)
            if keep != self._full:
                self.fail(cycle, f"tkeep {keep} is not full on a beat without tlast")
            return
        lanes = self._keeps.get(keep)
        if lanes is None:
            self.fail(cycle, f"tkeep {keep} is not contiguous from lane 0")
        # Lanes without tkeep may hold anything, X included: they are cut away before reading.
        parts[-1] = parts[-1][-8 * lanes :]
        size = (len(parts) - 1) * self.lanes + lanes
        parts.reverse()
        data = self._number(cycle, "tdata", "".join(parts)).to_bytes(size, "little")
        parts.clear()
        vector = self._number(cycle, "tuser", user)
        self._on_segment(Segment(data, vector, self._first_beat, cycle))

    def _number(self, cycle: int, name: str, text: str) -> int:
        try:
            return int(text, 2)
        except ValueError:
            self.fail(cycle, f"{name} has a bit that is neither 0 nor 1: {text[-256:]}")
            raise


class CompletionSink(_Sink):
    """Takes completions from `m_axis_cpl` and hands each to `on_completion`.

    Checked: a waiting completion does not change, and no bit is X. `on_raised` is called when one
    first stands on the bus, taken or not, because that is when D15's order must hold.
    """

    def __init__(
        self,
        dut: HierarchyObject,
        on_completion: Callable[[CompletionBeat], None],
        on_raised: Callable[[int], None] | None = None,
        prefix: str = "m_axis_cpl",
    ) -> None:
        super().__init__(dut, prefix, ("data",))
        self._on_completion = on_completion
        self._on_raised = on_raised
        self._raised: int | None = None

    def clear(self) -> None:
        super().clear()
        self._raised = None

    def step(self, cycle: int) -> None:
        """One rising edge; `cycle` names it in messages."""
        valid = self._read_valid()
        if self._held is not None:
            self._check_held(cycle, valid)
        if valid == "1":
            if self._raised is None:
                self._raised = cycle
                if self._on_raised is not None:
                    self._on_raised(cycle)
            if self._ready_now:
                self._held = None
                text = self._readers["data"]()
                if not set(text) <= {"0", "1"}:
                    self.fail(cycle, f"tdata has a bit that is neither 0 nor 1: {text}")
                self.taken += 1
                raised, self._raised = self._raised, None
                self._on_completion(CompletionBeat(int(text, 2), raised))
            else:
                self._hold()
        elif valid != "0":
            raise undefined(f"{self.prefix}_tvalid", valid)
        self._set_ready()
