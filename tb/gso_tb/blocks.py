# SPDX-License-Identifier: Apache-2.0
"""Single stages as Verilog modules with flat ports, and the runner for their benches.

A bench is one file, `tb/tests/test_block_<name>.py`: pytest finds the function that calls `run`,
the simulator finds the coroutines with `@cocotb.test`.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from amaranth import Const, Value
from amaranth.back import verilog
from amaranth.lib import stream, wiring

from gso_hdl.configuration import Configuration
from gso_sim.verilog import digest, locked, sources_hash
from gso_tb import runner, tools

STAGES = (
    "check",
    "admit",
    "plan",
    "align",
    "split",
    "sum",
    "buffer",
    "store",
    "fetch",
    "capture",
    "slots",
    "edit",
    "finish",
    "egress",
)
# Of the stages that not every core has: whether those that store payload first do.
STORES_FIRST = {"align": False, "buffer": False, "split": True, "store": True, "fetch": True}


def configuration(width: int, changes: Mapping[str, object] | None = None) -> Configuration:
    """The configuration of a stage under test, with `changes` to single values."""
    values = dict(changes or {})
    for name in ("features", "offloads"):
        if name in values:
            values[name] = tuple(values[name])
    return Configuration(data_width=width, **values)


def widths(stage: str) -> tuple[int, ...]:
    """The widths at which the core has the stage."""
    first = STORES_FIRST.get(stage)
    return tuple(
        width for width in tools.WIDTHS if first in (None, configuration(width).stores_first)
    )


def component(stage: str, config: Configuration) -> wiring.Component:
    """A new instance of the stage that is called `stage`."""
    from gso_tb.joined import JOINED

    if stage in JOINED:
        return JOINED[stage](config)
    if stage not in STAGES:
        raise ValueError(f"stage is {stage!r}, expected one of {', '.join(STAGES)}")
    return getattr(import_module(f"gso_hdl.{stage}"), stage.capitalize())(config)


def port_values(part: wiring.Component) -> dict[str, Value]:
    """The ports by flat name: `beat_payload`, `beat_valid`; a stream's constants are left out."""
    found = {}
    for path, _, value in part.signature.flatten(part):
        if not isinstance(Value.cast(value), Const):
            found["_".join(map(str, path))] = Value.cast(value)
    return found


def payload_shape(part: wiring.Component, name: str) -> object:
    """The shape of what the stream `name` carries; `write_0` is the first of an array."""
    member = getattr(part, name, None)
    if member is None and name[-1:].isdigit() and name[-2:-1] == "_":
        member = getattr(part, name[:-2], [])[int(name[-1])]
    if member is None or not isinstance(member.signature, stream.Signature):
        streams = [key for key in part.signature.members if hasattr(getattr(part, key), "payload")]
        raise ValueError(f"{type(part).__name__} has no stream {name!r}; it has {streams}")
    return member.payload.shape()


def verilog_of(stage: str, config: Configuration) -> str:
    """The stage alone as Verilog, module `gso_<stage>`."""
    os.environ["AMARANTH_USE_YOSYS"] = "builtin"
    part = component(stage, config)
    ports = {name: (value, None) for name, value in port_values(part).items()}
    return verilog.convert(
        part, name=f"gso_{stage}", ports=ports, emit_src=False, strip_internal_attrs=True
    )


def generate(stage: str, width: int, changes: Mapping[str, object] | None = None) -> Path:
    """The stage's Verilog of today's sources, generated unless it is there already."""
    arguments = json.dumps([stage, width, dict(changes or {})])
    own = [Path(__file__).with_name(name).read_bytes() for name in ("blocks.py", "joined.py")]
    tag = digest(sources_hash().encode(), arguments.encode(), *own)
    output = tools.BUILD / "sim" / "verilog" / "blocks" / f"{stage}_{width}_{tag}.v"
    with locked(f"verilog_{stage}_{width}_{tag}"):
        if not output.exists():
            output.parent.mkdir(parents=True, exist_ok=True)
            made = output.with_suffix(".new")
            done = subprocess.run(
                [sys.executable, "-m", "gso_tb.blocks", arguments, str(made)],
                env={**os.environ, "PYTHONPATH": tools.python_path(), "PYTHONHASHSEED": "0"},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise runner.RunFailed(f"generating {stage} failed:\n{done.stderr[-3000:]}")
            made.rename(output)
    return output


def run(
    bench: str,
    sim: str,
    width: int,
    *,
    stage: str = "",
    changes: Mapping[str, object] | None = None,
    thin: int = 1,
    seed: int = 1,
    only: str | None = None,
    label: str = "",
) -> dict[str, object]:
    """Runs the bench `test_block_<bench>` on its stage (or on `stage`).

    `changes` go into the configuration; `thin` is by how much a bench divides its counts. Runs of
    one bench that differ in these need a `label` each, for their folders.
    """
    stage = stage or bench
    source = generate(stage, width, changes)
    header = re.search(rf"module gso_{stage}\(([^)]*)\)", source.read_text())
    assert header is not None
    tests = str(tools.ROOT / "tb" / "tests")
    if tests not in sys.path:
        sys.path.append(tests)
    return runner.run(
        f"test_block_{bench}",
        sim=sim,
        width=width,
        parameters={"stage": stage, "changes": dict(changes or {}), "thin": thin, "seed": seed},
        name="_".join(filter(None, ("block", bench, stage * (stage != bench), label, only or ""))),
        verilog=source,
        top=f"gso_{stage}",
        ports=tuple(name.strip() for name in header[1].split(",")),
        only=only,
    )


if __name__ == "__main__":
    which, bits, values = json.loads(sys.argv[1])
    Path(sys.argv[2]).write_text(verilog_of(which, configuration(bits, values)))
