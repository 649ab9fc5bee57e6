"""``scmigen convert`` beside dtc and dtlib: whole processes, and in process."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from bench import Bench
from figures import Figure, Samples, ratio
from installed import PEERS
from processes import Command, in_turns

#: What dtlib does for the same; it writes no blob.
DTLIB = "import sys; from devicetree.dtlib import DT; DT(sys.argv[1], force=True)"


def converting(bench: Bench) -> Iterator[Figure]:
    """Ratios over all boards, of processor time."""
    boards = bench.boards()
    name = f"{len(boards)} boards" if bench.corpus else "the example"
    of = f"`convert` of {name}"
    dtlib = bench.peer("devicetree")
    commands: dict[str, list[str]] = {
        "scmigen": [bench.installed.scmigen, "convert", "BOARD", str(bench.folder / "out.dtb")]
    }
    if shutil.which("dtc"):
        out = str(bench.folder / "dtc.dtb")
        commands["dtc"] = ["dtc", "-q", "-O", "dtb", "-o", out, "BOARD"]
    else:
        bench.skipped["dtc"] = "it is not installed (Debian: device-tree-compiler)"
    if dtlib:
        commands["dtlib"] = [dtlib.python, "-c", DTLIB, "BOARD"]
    found = _processes(commands, boards, bench.rounds(6))
    goals = {"dtc": 4.5, "dtlib": 1.0}
    for peer in list(commands)[1:]:
        against = ratio(found["scmigen"], found[peer])
        unit = f"times {peer}"
        yield Figure(f"convert/{peer}", of, against[0], unit, against[1], goals[peer])
    yield from _in_process(bench, boards, name)


def _processes(
    commands: dict[str, list[str]], boards: list[Path], rounds: int
) -> dict[str, Samples]:
    """Of each program, the processor time of each board."""
    found: dict[str, dict[str, list[float]]] = {name: {} for name in commands}
    for board in boards:
        words = {
            name: Command([str(board) if word == "BOARD" else word for word in command])
            for name, command in commands.items()
        }
        for name, used in in_turns(words, rounds).items():
            found[name][board.name] = [each.cpu for each in used]
    return dict(found)


def _in_process(bench: Bench, boards: list[Path], name: str) -> Iterator[Figure]:
    """In process; and what our driver of Lark's tables takes of the time of other drivers."""
    peers = [found for found in map(bench.peer, PEERS) if found]
    words = [str(boards[0].parent), "--runs", str(bench.rounds(6))]
    found = bench.script("frontend", *words, peers=peers)
    rows = {
        "text to tree to bytes in process": ("scmigen", ("dtc", "dtlib"), 1.0),
        "statements of the grammar": ("our driver of Lark's tables", ("Lark", "lark-cython"), None),
    }
    for of, (ours, others, goal) in rows.items():
        for other in (name for name in others if name in found):
            key, unit = f"in-process/{other}", f"times {other}"
            least, spread = ratio(found[ours], found[other])
            yield Figure(key, f"{of}, {name}", least, unit, spread, goal)
