"""How long each output of each board takes, checks included, in a process that has made it before.

    python benchmarks/outputs.py [-I INCLUDE] [--runs N] [--only OUTPUT] BOARD...

Prints a row for each output: of how many boards it makes files, the median and the longest time in
ms of CPU (each the least of N), and the board of the longest. A board is compiled as the output
needs it: with one agent; for what serves guests, with a guest that has all devices beside a host;
for Xen with channels besides. Nothing is asserted.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time

import scmigen
from scmigen import Platform
from scmigen.targets.make import make
from scmigen.targets.registry import BUILT_IN

#: In place of the board's own channels: the smallest that Xen's driver for several agents takes.
_XEN = """domains:
  xen: {id: 1, scmi: {role: hypervisor, transport: {type: smc, smc-id: 0x82000003}}}
  dom0: {id: 2, scmi: {role: ospm, transport: {type: smc, smc-id: 0x82000002}}}
  vm: {id: 3, default: true, scmi: {role: vm}}
outputs: {xen: {dom0: dom0, memory: {xen: 0x47ff1000, dom0: 0x47ff0000, vm: 0x47ff2000}}}
"""
_CHANNEL = "vm: {id: 3, default: true, scmi: {role: vm, transport: {type: smc, smc-id: 0x82000004}"
_GUESTS = """domains:
  host: {id: 1, scmi: {role: hypervisor}}
  vm: {id: 2, default: true, scmi: {role: vm}}
"""
_AGENTS = {"xen": _XEN, "hvisor": _GUESTS, "bpmp": _GUESTS}


def platforms(board: Path, output: str, include: list[Path]) -> tuple[Platform, ...]:
    """The platforms of a board with the agents that an output needs."""
    tree = scmigen.load(board, include=include)
    text = _AGENTS.get(output)
    if text is None:
        return scmigen.compile(tree).platforms
    if output == "xen":
        # A board that has a channel over SMC keeps it: the default agent has that one.
        try:
            with_channel = text.replace(_CHANNEL.partition(", transport")[0], _CHANNEL)
            return scmigen.compile(tree, agents=(scmigen.Text("agents", with_channel),)).platforms
        except scmigen.InputError:
            pass
    return scmigen.compile(tree, agents=(scmigen.Text("agents", text),)).platforms


def once(found: tuple[Platform, ...], output: str) -> tuple[float, bool]:
    """Milliseconds of CPU for all platforms of a board, and whether each has files."""
    # A target keeps what it works out for a platform; this one is another.
    fresh = [replace(platform) for platform in found]
    start = process_time()
    made = [make(platform, output) for platform in fresh]
    return 1000 * (process_time() - start), all(each.files for each in made)


def measured(
    boards: list[Path], output: str, include: list[Path], runs: int
) -> Iterator[tuple[float, bool, str]]:
    """The least time for each board, whether it has files, and its name."""
    for board in boards:
        try:
            found = platforms(board, output, include)
        except scmigen.InputError as problem:
            print(f"  {board.stem}: {problem}")
            continue
        once(found, output)
        times = [once(found, output) for _ in range(runs)]
        yield min(time for time, _ in times), times[0][1], board.stem


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("boards", nargs="+", type=Path)
    parser.add_argument("-I", action="append", type=Path, default=[], dest="include")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=BUILT_IN)
    options = parser.parse_args()
    print(f"{'output':14} {'boards':>8} {'median':>8} {'longest':>8}  of")
    for output in [options.only] if options.only else BUILT_IN:
        rows = list(measured(options.boards, output, options.include, options.runs))
        if rows:
            slowest, _, board = max(rows)
            fit = f"{sum(fits for _, fits, _ in rows)}/{len(rows)}"
            middle = median(time for time, *_ in rows)
            print(f"{output:14} {fit:>8} {middle:8.1f} {slowest:8.1f}  {board}", flush=True)


if __name__ == "__main__":
    main()
