"""Whole commands, as ratios to Python's own start, and their memory."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import EXAMPLES, GOAL_BOARD, Bench, cpu, peak
from figures import Figure, ratio
from processes import Command, in_turns

PYTHON = "python -c pass"


class Row(NamedTuple):
    """A command; its goal, in starts of Python, and that of its memory, in MiB."""

    words: Sequence[str]
    goal: float | None = None
    memory: float | None = None
    statuses: frozenset[int] = frozenset({0})


def rows(board: str, more: Sequence[str], out: str, url: str, agent: str) -> dict[str, Row]:
    """What is measured of a board. ``more`` are options that the board needs; the goals are those
    of the real one."""

    def goal(value: float) -> float | None:
        return None if more else value

    of = [board, *more]
    return {
        "check": Row(["check", *of], goal(8)),
        "build": Row(["build", *of, "-o", out], goal(13), goal(28)),
        "build --emit headers": Row(["build", *of, "-o", f"{out}-h", "--emit", "headers"], goal(8)),
        "convert": Row(["convert", board, f"{out}.dtb"]),
        "show resources": Row(["show", "resources", *of]),
        "why": Row(["why", agent, "clock:2", *of]),
        "diff": Row(["diff", out, out]),
        "audit": Row(["audit", out]),
        "client clock list": Row(["client", url, "clock", "list"], goal(6)),
    }


ALONE = {
    "--version": Row(["--version"], 2.2),
    "--help": Row(["--help"]),
    "explain --list": Row(["explain", "--list"]),
    "schema runtime": Row(["schema", "runtime"]),
}


def start_up(bench: Bench) -> Iterator[Figure]:
    """Figures of a small example and of a real board."""
    yield from _measured(bench, "", ALONE, bench.rounds(24))
    boards: dict[str, tuple[Path, Path | None]] = {
        "orrery-board": (EXAMPLES / "orrery-board.dts", EXAMPLES / "agents.yaml")
    }
    if bench.corpus:
        boards[Path(GOAL_BOARD).stem] = (bench.corpus / GOAL_BOARD, None)
    else:
        bench.skipped[f"commands on {GOAL_BOARD}"] = "no folder of real boards (--corpus)"
    for name, (board, agents) in boards.items():
        more = ["-a", str(agents)] if agents else []
        out = bench.folder / name
        build = [bench.installed.scmigen, "build", str(board), *more, "-q", "-o", str(out)]
        in_turns({"build": Command(build)}, 0)
        with bench.serving(out / "runtime" / "runtime.json") as url:
            found = rows(str(board), more, str(out), url, "linux" if agents else "ospm")
            yield from _measured(bench, name, found, bench.rounds(16))


def _measured(bench: Bench, board: str, rows: dict[str, Row], rounds: int) -> Iterator[Figure]:
    commands = {
        name: Command([bench.installed.scmigen, *row.words], bench.folder, row.statuses)
        for name, row in rows.items()
    }
    commands[PYTHON] = Command([bench.installed.python, "-c", "pass"], bench.folder)
    found = in_turns(commands, rounds)
    for name, row in rows.items():
        of = f"`{name}`" + (f" of {board}" if board else "")
        key = f"start/{board}/{name}" if board else f"start/{name}"
        against = ratio(cpu(found[name]), cpu(found[PYTHON]))
        yield Figure(key, of, against[0], "times Python's start", against[1], row.goal)
        yield peak(key.replace("start", "memory", 1), of, found[name], row.memory)
