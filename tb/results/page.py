# SPDX-License-Identifier: Apache-2.0
"""The text of `docs/results.md` around its tables."""

from gso_tb import targets

from . import tables

_PAGE = """\
# Results

Made by `make results` from `docs/results.json`, `docs/bench.json` and `docs/peers.json`; edits here
are lost.

## Clock and area

![clock and area by width](results-width.svg)

{implementation}

Yosys `synth_ecp5` and nextpnr-ecp5 (static placer; at 512 bits the store's memories have places of
ours), LFE5UM-85, speed grade 8, CABGA756, asked for 250 MHz, the median of the seeds. Every input
of the core is driven by a flip-flop and every output captured in one, inside the timed design. Area
is of the core without that harness; LUT4-eq = LUT4 + 2 CCU2C + 4 DPR16X4, wide multiplexers (PFUMX)
are not counted. UltraScale+ (US+) is `synth_xilinx -family xcup`, area only, LUT RAM included in
LUT. Gb/s = width × Fmax. A commit with `+` had changes on top. `make implement WIDTH=512
PRESET=basic` repeats a row.

{paths}

## Bus use and latency

![bus use by segment size](results-use.svg)
![latency by segment size](results-latency.svg)

{bus_use}

Per cent of the floor (in brackets output beats ÷ cycles where that differs), then latency in
cycles. The floor is what a design that stores a segment until its checksum is known takes at least
(`tb/gso_tb/floor.py`). Latency is from the first input beat, its descriptor there, to the first
output beat: the input beats up to the first segment's last byte + the rest. The targets: 100.0 %
and at most + {latency_long} from segments of {long_segment} bytes on, 100.0 % for the mix, at most
+ {latency_short} for shorter segments; **bold** is what misses them. 64K: super-frames of 64 KB
with that MSS; fits: the MSS with which header and payload fill their beats exactly. Every output
frame was compared with the golden model. `make bench`, commit `{commit}`.

## Peers

{peers}

{note}

{described}
{speed}
## History

![clock and area over commits](results-commits.svg)

{history}

{bench_history}
"""

_SPEED = """
## Speed of model and simulation

{speeds}

One core of the machine that ran the bench, commit `{commit}`; the ratios are what travels.
"""


def text(records: list[dict], bench: dict, peers: dict) -> str:
    """The whole page."""
    speeds = tables.speeds(bench)
    described = ([item[key] for key in ("design", "does", "lacks")] for item in peers["described"])
    return _PAGE.format(
        implementation=tables.implementation(records),
        paths=tables.paths(records),
        bus_use=tables.bus_use(bench),
        latency_long=targets.LATENCY_LONG,
        latency_short=targets.LATENCY_SHORT,
        long_segment=targets.LONG_SEGMENT,
        commit=bench["commit"],
        peers=tables.peers(records, bench, peers["measured"]),
        note=peers["note"],
        described=tables.markdown(["peer", "what it does", "what it does not"], described),
        speed=_SPEED.format(speeds=speeds, commit=bench.get("speed_commit", bench["commit"]))
        if speeds
        else "",
        history=tables.history(records),
        bench_history=tables.bench_history(records),
    )
