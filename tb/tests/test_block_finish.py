# SPDX-License-Identifier: Apache-2.0
"""The stage `finish` against sums and decisions made by hand (D2, D4, D13)."""

import random

import cocotb
import pytest

from gso_tb import blocks
from gso_tb.reference import filled, folded
from gso_tb.stage import Stage, same

COPIED = ("slot", "rows", "payload_row", "length", "payload", "checksum_row", "checksum_column")
COPIED += ("checksum_on", "first", "last", "counted", "request_id", "user", "timestamp")


@pytest.mark.verilator_only
def test_block_finish(sim: str, width: int) -> None:
    """Checksums, statuses, what is sent and what is skipped."""
    blocks.run("finish", sim, width)


class _Finish:
    """The stage with its two inputs, which come at times of their own."""

    def __init__(self, dut, test: str, record="none", result="none", stall="none"):
        self.bench = bench = Stage(dut, test)
        self.rng = random.Random(bench.seed)
        self.record, self.result = bench.source("record", record), bench.source("result", result)
        self.segment = bench.sink("segment", stall)

    def made(self, head: int, payload: int, **fields: int) -> tuple[dict, dict]:
        """A record and a result for a segment; `fields` are of both, by name."""
        lanes, rng = self.bench.lanes, self.rng
        record = {
            "rows": -(-head // lanes),
            "payload_row": head // lanes,
            "length": head + payload,
            "payload": payload,
            "status": 0,
            # The sum so far, its carry on top where the record has a bit for it.
            "partial": rng.getrandbits(16),
        }
        result = {"sum": rng.getrandbits(16), "void": 0, "bad": 0}
        for name, value in fields.items():
            part = result if name in result else record
            part[name] = value
        return filled(self.record.record, record, rng), filled(self.result.record, result, rng)

    async def run(self, pairs: list[tuple[dict, dict]]) -> None:
        """Sends records and results and compares every committed segment."""
        config = self.bench.config
        await self.bench.start()
        for record, result in pairs:
            self.record.send(record)
            self.result.send(result)
        await self.bench.until(lambda: self.segment.taken == len(pairs))
        assert self.segment.taken == len(pairs), "a segment too many"
        for number, ((record, result), got) in enumerate(zip(pairs, self.segment.got, strict=True)):
            what = f"segment {number}, {record}, {result}"
            send = int(not result["void"] and not record["status"])
            reason = result["bad"] + 31 if result["void"] and result["bad"] else 0
            wanted = {name: record[name] for name in COPIED}
            wanted |= {"send": send, "status": record["status"] or reason}
            beats = self._beats(record) if not result["void"] else 0
            # What was stored first is gone through, be it sent or not.
            if send or (beats and config.stores_first):
                wanted["whole_beats"] = record["length"] // config.lanes
                wanted["exact"] = int(record["length"] % config.lanes == 0)
            wanted["has_payload"] = int(beats > 0)
            if beats and not send and not config.stores_first:
                wanted["skip"] = beats - 1
            same(got, wanted, what)
            total = folded(record["partial"] + result["sum"])
            checksum = 0xFFFF - total or (0xFFFF if record["no_zero"] else 0)
            # D4 is left to egress, and so is the complement.
            left = 0xFFFF - got["sum"] or (0xFFFF if got["no_zero"] else 0)
            assert left == checksum, f"{what}: checksum {left:#x}, expected {checksum:#x}"

    def _beats(self, record: dict) -> int:
        """Beats in the buffer: those that hold payload."""
        lanes, head = self.bench.lanes, record["length"] - record["payload"]
        first, last = head // lanes, (record["length"] - 1) // lanes
        return last - first + 1 if record["payload"] else 0


def _any(finish: _Finish) -> tuple[dict, dict]:
    rng = finish.rng
    payload = rng.choice((0, 1, rng.randint(1, 200), rng.randint(1, 9000)))
    status = rng.choice((0, 0, 0, 0, rng.randint(1, 7), rng.randint(16, 19)))
    void = int(rng.random() < 0.2)
    bad = rng.randrange(4) if rng.random() < 0.5 else 0
    return finish.made(rng.randint(1, 256), payload, status=status, void=void, bad=bad)


@cocotb.test
async def checksums(dut):
    """Sums near all zeros and all ones; 0 leaves as 0xFFFF in UDP alone (D4)."""
    finish = _Finish(dut, "checksums")
    edges = (0, 1, 2, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)
    pairs = [
        finish.made(54, 100, partial=partial, sum=total, no_zero=no_zero, checksum_on=1)
        for partial in edges
        for total in edges
        for no_zero in (0, 1)
    ]
    await finish.run(pairs)


@cocotb.test
async def carry(dut):
    """A carry on top of the partial sum counts (RFC 1071)."""
    finish = _Finish(dut, "carry")
    most = 1 << finish.record.record.fields["partial"][1]
    pairs = [finish.made(54, 9, partial=most - 1 - i, sum=0xFFFF * (i & 1)) for i in range(20)]
    await finish.run(pairs)


@cocotb.test
async def decisions(dut):
    """Every status with every mark: a refusal comes before D13's reason, only good ones leave."""
    finish = _Finish(dut, "decisions")
    pairs = [
        finish.made(54, payload, status=status, void=void, bad=bad)
        for status in (0, 1, 7, 16, 19)
        for void in (0, 1)
        for bad in range(4)
        for payload in (0, 1, 100)
    ]
    await finish.run(pairs)


@cocotb.test
async def skipped_beats(dut):
    """What is dropped of a segment that does not leave: exactly its beats in the buffer, or what
    the store gives of them."""
    finish = _Finish(dut, "skipped_beats")
    lanes = finish.bench.lanes
    pairs = [
        finish.made(head, payload, status=17)
        for head in (54, lanes, 2 * lanes - 2, 2 * lanes)
        for payload in (0, 1, 2, lanes - 1, lanes, lanes + 1, 2 * lanes + 3, 9000)
    ]
    await finish.run(pairs)


@cocotb.test
async def stalls(dut):
    """Records and results that wait for each other, and a receiver that stalls."""
    finish = _Finish(dut, "stalls", "random:0.4", "random:0.4", "random:0.4")
    await finish.run([_any(finish) for _ in range(finish.bench.count(800))])


@cocotb.test
async def throughput(dut):
    """A segment every two cycles."""
    finish = _Finish(dut, "throughput")
    await finish.run([_any(finish) for _ in range(40)])
    assert finish.segment.cycles[-1] - finish.segment.cycles[0] <= 2 * 39
