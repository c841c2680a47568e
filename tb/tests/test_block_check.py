# SPDX-License-Identifier: Apache-2.0
"""The stage `check` against the model's checks (D11, codes 1 to 7) and records made by hand."""

import random
from dataclasses import replace

import cocotb
import pytest

from gso_hdl.configuration import FEATURES, OFFLOADS
from gso_hdl.records import OUTER_START_BIT
from gso_model import Descriptor, check_descriptor
from gso_model.layout import DESCRIPTOR, ChecksumMode, L4Kind, Tunnel
from gso_tb import blocks, error_cases, error_cases_full, random_jobs
from gso_tb.capabilities import capabilities
from gso_tb.frames import Shape, build
from gso_tb.outer_frames import Outer, encapsulated, tagged, with_llc
from gso_tb.reference import l4_seed, length_part, payload_bytes
from gso_tb.reference_full import full_contexts, outer_seed, tag_bytes
from gso_tb.stage import Stage, same

NAMES = ("admit", "plan", "header", "edit")


@pytest.mark.verilator_only
def test_block_check(sim: str, width: int) -> None:
    """Codes, records, order and the limit of frames under way."""
    blocks.run("check", sim, width)


def test_block_check_configured() -> None:
    """The same for other sizes and with offloads switched off (D9, D14)."""
    changes = {"header_bytes": 128, "max_segment": 1514, "offloads": ["lso_ipv4", "uso_ipv6"]}
    blocks.run("check", "verilator", 64, changes=changes, only="codes")


@pytest.mark.verilator_only
def test_block_check_full(sim: str, width: int) -> None:
    """With tunnels, inserted tags and 802.3 lengths (D3, D17, D18)."""
    changes = {"features": list(FEATURES)}
    blocks.run("check", sim, width, changes=changes, label="full")


@pytest.mark.parametrize("left_out", FEATURES)
def test_block_check_partly(left_out: str) -> None:
    """With two of the three features, longer headers and offloads switched off (D14, I8)."""
    changes = {
        "features": [name for name in FEATURES if name != left_out],
        "header_bytes": 512,
        "offloads": ["lso_ipv4", "uso_ipv4", "uso_ipv6", "gre", "vxlan"],
    }
    blocks.run("check", "verilator", 128, changes=changes, thin=4, label=f"no_{left_out}")


class _Check:
    """The stage with its outputs, which pulse together."""

    def __init__(self, dut, test: str, idle: str, retire: bool = True) -> None:
        self.bench = bench = Stage(dut, test)
        self.features = bench.config.features
        self.capabilities = capabilities(bench.config)
        self.source = bench.source("descriptor", idle)
        names = [*NAMES, "tag"] if bench.config.tags else NAMES
        self.sinks = {name: bench.sink(name) for name in names}
        self.retire = bench.write("retire")
        self._edit = self.sinks["edit"]
        self._retired, self._retiring, self.may_retire = 0, False, retire
        self._rng = random.Random(bench.seed)
        bench.steps.append(self._step)

    def _step(self, cycle: int) -> None:
        self._retired += self._retiring
        waiting = self._edit.taken > self._retired
        retiring = bool(self.may_retire and waiting and self._rng.random() < 0.7)
        if retiring != self._retiring:
            self.retire(retiring)
        self._retiring = retiring

    async def compare(self, descriptors: list[Descriptor]) -> set[int]:
        """Sends `descriptors`, compares all records, returns the codes that there were."""
        before = self._edit.taken
        if not before:
            await self.bench.start()
        self.source.send(*(d.pack() for d in descriptors))
        await self.bench.until(lambda: self._edit.taken == before + len(descriptors))
        for sink in self.sinks.values():
            assert sink.cycles == self._edit.cycles, "all pulse together"
        codes = set()
        for number, d in enumerate(descriptors, before):
            code = int(check_descriptor(d, self.capabilities))
            codes.add(code)
            got = {name: sink.got[number] for name, sink in self.sinks.items()}
            try:
                assert got["edit"]["refused"] == code, f"{got['edit']['refused']}, not {code}"
                wanted = full_contexts(d, self.bench.lanes, code, self.features)
                for name, fields in wanted.items():
                    same(got[name], fields, name)
                if not code and d.l4_checksum != ChecksumMode.NONE:
                    _sum_parts(d, got)
                if not code and d.outer_l4_checksum != ChecksumMode.NONE:
                    seed = got["header"]["outer_seed"] + (1 << OUTER_START_BIT)
                    assert (seed - outer_seed(d)) % 0xFFFF == 0, f"outer seed {seed:#x}"
                if not code and d.tag_count:
                    assert tag_bytes(got["tag"]) == d.tags
            except AssertionError as error:
                raise AssertionError(f"descriptor {number}, {d}: {error}") from None
        return codes


def _sum_parts(d: Descriptor, got: dict[str, dict[str, int]]) -> None:
    """Seed and base, which only mean something together: the length part of every segment (D2)."""
    base = got["edit"]["sum_base"]
    base -= (base >> 10) << 11  # 11 bits with sign
    payload, mss = payload_bytes(d), d.mss
    # The first and the last: in between all are like the first.
    for length in {min(mss, payload), (payload - 1) % mss + 1} if mss and payload else {payload}:
        # Base and length are added in 16 bits, where -1 is a 0 of ones' complement.
        own = (base + length) & 0xFFFF if got["edit"]["add_length"] else 0
        made = l4_seed(got["header"]["seed"]) + own
        wanted = length_part(d, length)
        assert (made - wanted) % 0xFFFF == 0, f"length part {made}, expected {wanted}"


@cocotb.test
async def rows(dut):
    """Every row of D11's table at its boundaries, with the records of the good ones."""
    cases = list(error_cases.descriptor_cases(1))
    check = _Check(dut, "rows", "none")
    codes = await check.compare([case.job.descriptor for case in cases])
    assert codes >= set(range(7)), "every code that needs no configuration comes"
    if check.features:
        return  # the table is that of a core without
    for case, got in zip(cases, check.sinks["edit"].got, strict=True):
        assert got["refused"] == case.status, f"{case.job.label}: the table says {case.status}"


@cocotb.test
async def rows_full(dut):
    """The rows that tunnels, tags and 802.3 lengths add, on both sides of every boundary."""
    check = _Check(dut, "rows_full", "none")
    cases = list(error_cases_full.descriptor_cases_full(1))
    await check.compare([case.job.descriptor for case in cases])
    if set(check.features) == set(FEATURES):
        for case, got in zip(cases, check.sinks["edit"].got, strict=True):
            assert got["refused"] == case.status, f"{case.job.label}: the table says {case.status}"
    # Of these the header's record says what is wrong with them.
    lengths = list(error_cases_full.llc_cases(1))
    await check.compare([case.job.descriptor for case in lengths])


@cocotb.test
async def codes(dut):
    """Fields moved by one and replaced, over descriptors that were good (D11's boundaries)."""
    check = _Check(dut, "codes", "random:0.2")
    rng = random.Random(check.bench.seed)
    made = []
    config = check.bench.config
    for index in range(check.bench.count(2500)):
        d = random_jobs.job(9, index, config.features).descriptor
        if rng.random() < 0.6:
            field = rng.choice(DESCRIPTOR.fields)
            value = getattr(d, field.name) + rng.choice((-4, -2, -1, 1, 2, 4))
            d = replace(d, **{field.name: value & ((1 << field.width) - 1)})
        if rng.random() < 0.2:
            # Next to the limits of the configuration (D9).
            length = config.max_segment + rng.randint(-1, 1)
            mss = max(0, length - d.header_length) if d.mss else 0
            d = replace(d, frame_length=length + rng.choice((0, 0, 5000)) * bool(mss), mss=mss)
        made.append(d)
    seen = await check.compare(made)
    on = OFFLOADS if config.tunnels else OFFLOADS[:4]
    partly = not set(on) <= set(config.offloads)
    assert seen == set(range(8 if partly else 7))


@cocotb.test
async def garbage(dut):
    """Any 256 bits get the model's code and are passed on once (D11)."""
    check = _Check(dut, "garbage", "none")
    rng = random.Random(check.bench.seed)
    made = [random_jobs.garbage(rng).descriptor for _ in range(check.bench.count(800))]
    made += [Descriptor.unpack(rng.getrandbits(256)) for _ in range(check.bench.count(100))]
    await check.compare(made)


@cocotb.test
async def faults(dut):
    """Each tunnel, tags and 802.3 lengths with each field moved or replaced (D11, I1 to I22)."""
    check = _Check(dut, "faults", "none")
    config, rng = check.bench.config, random.Random(check.bench.seed)
    seen = {}
    for name, good in _bases(rng, config.features).items():
        made = [good]
        for field in DESCRIPTOR.fields:
            value = getattr(good, field.name)
            values = {value + step for step in (-8, -6, -4, -2, -1, 1, 2, 4, 6, 8)}
            values |= {0, 1, 2, 3, config.max_segment, config.header_bytes, config.header_bytes + 1}
            for other in sorted(values - {value}):
                if 0 <= other < 1 << field.width:
                    made.append(replace(good, **{field.name: other}))
        made.append(replace(good, reserved=1 << 255))
        for tags in range(4):
            near = config.max_segment - 4 * tags
            for step in (0, 1):
                made.append(replace(good, tag_count=tags, frame_length=near + step, mss=0))
                mss = near + step - good.header_length
                made.append(replace(good, tag_count=tags, frame_length=60000, mss=mss))
        made = rng.sample(made, check.bench.count(len(made)))
        seen[name] = await check.compare(made)
    if check.bench.thin == 1:
        # Nothing but offloads can be wrong with a frame of which nothing is asked.
        assert all(codes >= set(range(7)) for codes in seen.values()), seen


def _bases(rng: random.Random, features: tuple[str, ...]) -> dict[str, Descriptor]:
    """A good descriptor of each kind, by name: every tunnel, segmented and not, tags, 802.3."""
    made = {}
    for mss in (0, 300):
        for ip, l4 in ((4, "tcp"), (6, "udp")):
            inner = build(Shape(ip, l4, 0), bytes(700), mss, rng=rng)
            plain = build(Shape(ip, l4), bytes(700), mss, rng=rng)
            name = f"{l4}{ip} mss {mss}"
            made[name] = plain
            if "tunnels" in features:
                for tunnel in list(Tunnel)[1:]:
                    mode = ChecksumMode(rng.randrange(4)) if tunnel >= Tunnel.VXLAN else 0
                    outer = Outer(tunnel, 10 - ip, checksum=ChecksumMode(mode))
                    made[f"{tunnel.name} {name}"] = encapsulated(inner, outer, rng)
    if "length_8023" in features:
        made |= {f"802.3 {name}": with_llc(job, rng) for name, job in made.items()}
    if "tags" in features:
        made |= {f"tags {name}": tagged(job, 1, rng) for name, job in made.items()}
    return {name: job.descriptor for name, job in made.items()}


@cocotb.test
async def lengths(dut):
    """Positions in beats for every header length, and long frames with every mode (D1, D9)."""
    check = _Check(dut, "lengths", "none")
    rng = random.Random(check.bench.seed)
    made = []
    for head in range(42, 257):
        mss = rng.choice((0, 1, 536, 9000))
        size = rng.choice((0, 1, mss, mss + 1, 9000)) + head
        kind = L4Kind.TCP if head >= 54 else L4Kind.UDP
        mode = ChecksumMode(rng.randint(1, 3))
        fields = {"l4_kind": kind, "l4_checksum": mode, "l3_kind": 1, "l3_offset": 14}
        made.append(
            Descriptor(
                frame_length=size, header_length=head, mss=mss, l4_offset=34, ip_id=2, **fields
            )
        )
    for size in (
        65535,
        65536,
        0xFFFE + 54,
        0xFFFF + 54,
        0x10000 + 54,
        0x10001 + 54,
        0x1FFFF + 54,
        0xFFFFFF,
    ):
        for mode in (1, 2, 3):
            for mss in (1, 1448, 9674):
                made.append(
                    Descriptor(
                        frame_length=size,
                        header_length=54,
                        mss=mss,
                        l4_offset=34,
                        l3_offset=14,
                        l3_kind=1,
                        l4_kind=L4Kind.TCP,
                        l4_checksum=ChecksumMode(mode),
                    )
                )
    assert await check.compare(made) == {0}


@cocotb.test
async def limit(dut):
    """Taken while fewer than `frames_under_way` are; each `retire` makes room for one more."""
    check = _Check(dut, "limit", "none", retire=False)
    bench, most = check.bench, check.bench.config.frames_under_way
    await bench.start()
    plain = [Descriptor(frame_length=number, request_id=number) for number in range(1, 61)]
    check.source.send(*(d.pack() for d in plain))
    for extra in range(4):
        await bench.run(100)
        assert check.source.taken == most + extra
        check.retire(1)
        await bench.run(1)
        check.retire(0)
    check.may_retire = True
    await bench.until(lambda: check.sinks["edit"].taken == len(plain))
    assert [got["request_id"] for got in check.sinks["edit"].got] == list(range(1, 61))
