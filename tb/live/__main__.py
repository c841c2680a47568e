# SPDX-License-Identifier: Apache-2.0
"""`make live`: real TCP and UDP connections through the core.

Two network namespaces, each with a TAP device that hands out super-frames; between them every
frame goes through the compiled RTL. Exit code: 0 all arrived and no kernel complained, 1 where
not, 2 bad input or something that is not there.
"""

import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / root) for root in ("hdl", "model", "tb")]
from gso_model.cli.engines import Engine, engine  # noqa: E402
from gso_tb import tools  # noqa: E402
from live import tap  # noqa: E402
from live.modes import MODES, Mode, missing, setup  # noqa: E402
from live.namespace import Host, HostError, refusal  # noqa: E402
from live.report import details, good, table  # noqa: E402
from live.transfer import Result, transfer  # noqa: E402

_EVERY = 50  # of the segments that --corrupt spoils one


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = tools.Parser(prog="live", description=__doc__.partition("\n")[0])
    parser.add_argument("--modes", default="", help=f"of {','.join(MODES)}; all without it")
    parser.add_argument("--width", default="512", help="64, 128, 256 or 512 bits")
    parser.add_argument("--preset", default="full", help="basic or full")
    parser.add_argument("--engine", default="both", help="rtl, model, or both one by one")
    parser.add_argument("--mbytes", default="32", help="millions of bytes each way")
    parser.add_argument("--seed", default="1", help="of the random bytes")
    parser.add_argument(
        "--corrupt", action="store_true", help=f"a wrong checksum bit in every {_EVERY}th segment"
    )
    options = parser.parse_args(arguments)
    width = int(tools.choice("WIDTH", options.width, tools.WIDTHS))
    preset = tools.choice("PRESET", options.preset, tools.PRESETS)
    which = tools.choice("ENGINE", options.engine, ("rtl", "model", "both"))
    size = 1_000_000 * tools.number("MBYTES", options.mbytes, 1)
    seed = tools.number("SEED", options.seed)
    names = options.modes.split(",") if options.modes else list(MODES)
    modes = [MODES[tools.choice("MODES", name, tuple(MODES))] for name in names]
    if reason := refusal():
        tools.fail(f"live: {reason}")
    # A shell starts what runs in its background with SIGINT ignored, a CI's among them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Ends the hosts as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        engines = [engine(one, width, preset) for one in ("rtl", "model") if which in (one, "both")]
        results = _all(modes, engines, preset, size, seed, _EVERY if options.corrupt else 0)
    except (HostError, ValueError, OSError) as error:
        tools.fail(f"live: {' '.join(str(error).split())}")
    except KeyboardInterrupt:
        print("\ninterrupted; the namespaces are gone", file=sys.stderr)
        return 130
    if len(results) > 1:
        print("\n".join(["", *table(results)]))
    if not results:
        tools.fail("live: none of these modes can be run here")
    return 0 if all(map(good, results)) else 1


def _all(
    modes: list[Mode], engines: list[Engine], preset: str, size: int, seed: int, corrupt: int
) -> list[Result]:
    """All transfers, one by one, each printed when it is done."""
    results: list[Result] = []
    # A core without tunnels is not given any: the kernel then segments inside them itself.
    offloads = tap.PLAIN | (tap.TUNNELS if preset == "full" else 0)
    try:
        first = Host("host 1", offloads, setup(0))
    except HostError as error:
        if preset != "full" or "Invalid argument" not in str(error):
            raise
        print("this kernel is older than 6.17 and segments inside UDP tunnels itself")
        offloads = tap.PLAIN
        first = Host("host 1", offloads, setup(0))
    with first, Host("host 2", offloads, setup(1)) as second:
        for mode in modes:
            if reason := missing(mode):
                print(f"{mode.words}: skipped, {reason}")
                continue
            for works in engines:
                result = transfer(mode, (first, second), works, size, seed, corrupt)
                print("\n".join(details(result)), flush=True)
                results.append(result)
    return results


if __name__ == "__main__":
    sys.exit(main())
