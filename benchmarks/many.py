"""Many boards: in one process, beside cpp and dtc in a loop, and through ninja."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import product_line
from bench import Bench
from boards import Taken, checked, compiled, measured
from figures import PARTS, Figure, value
from processes import processors

#: Processor time of a board with which two processors check 40 in a second.
GOAL = 50
#: Of the boards of Linux, one in so many.
EVERY = 18


def many(bench: Bench) -> Iterator[Figure]:
    """Processor time of a board, boards a second, and memory."""
    folder = bench.folder / "line"
    shutil.rmtree(folder, ignore_errors=True)
    counts = (10, 40) if bench.quick else (10, 100, 1000)
    boards = product_line.make(folder, counts[-1])
    of = "boards of a product line"
    for count in counts[:-1]:
        taken = checked([bench.installed.scmigen], boards[:count], processors(), [])
        yield _memory("line", f"{count} {of}", count, taken)
    yield from _checked(bench, "line", of, boards, [])
    yield from _ninja(bench, folder, boards[: 10 if bench.quick else 20])
    if bench.linux is None:
        bench.skipped["boards of Linux"] = "no folder with src and include of them (--linux)"
        return
    linux = sorted((bench.linux / "src").rglob("*.dts"))[:: EVERY * (10 if bench.quick else 1)]
    include = [f"-I{bench.linux / name}" for name in ("include", "src")]
    yield from _checked(bench, "linux", "boards of Linux", linux, include)


def _checked(
    bench: Bench, key: str, of: str, boards: Sequence[Path], include: list[str]
) -> Iterator[Figure]:
    """Boards in thirds, so that their spread is known; with dtc in turns."""
    parts = [boards[part::PARTS] for part in range(PARTS)]
    jobs = processors()
    ours = [checked([bench.installed.scmigen], part, jobs, include) for part in parts]
    of = f"{len(boards)} {of}"
    each = [1000 * taken.cpu / len(part) for taken, part in zip(ours, parts, strict=True)]
    middle = sum(taken.cpu for taken in ours) * 1000 / len(boards)
    spread = (max(each) - min(each)) / middle
    yield Figure(
        f"many/{key}/cpu", f"check of {of}", middle, "CPU ms a board", spread, GOAL, timed=True
    )
    rate = len(boards) / sum(taken.wall for taken in ours)
    found = f"check of {of}, {jobs} at once, load {os.getloadavg()[0]:.1f}"
    yield Figure(f"many/{key}/rate", found, rate, "boards a second", 0, 40, more=True, wall=True)
    yield _memory(key, of, len(boards), max(ours, key=lambda taken: taken.peak))
    if not (shutil.which("dtc") and shutil.which("cpp")):
        bench.skipped["cpp and dtc in a loop"] = "not both are installed"
        return
    theirs = [compiled(part, jobs, include) for part in parts]
    ratios = [mine.cpu / other.cpu for mine, other in zip(ours, theirs, strict=True)]
    whole = sum(taken.cpu for taken in ours) / sum(taken.cpu for taken in theirs)
    spread = (max(ratios) - min(ratios)) / whole
    yield Figure(f"many/{key}/dtc", f"check of {of}", whole, "times cpp and dtc -@", spread)


def _memory(key: str, of: str, count: int, taken: Taken) -> Figure:
    of = f"memory of all processes, check of {of}"
    return Figure(f"many/{key}/memory/{count}", of, taken.peak / 1024, "MiB", 0.1)


def _ninja(bench: Bench, folder: Path, boards: list[Path]) -> Iterator[Figure]:
    """Each board an edge of its own: all of them, and none."""
    program = shutil.which("ninja")
    if program is None:
        bench.skipped["ninja"] = "it is not installed"
        return
    for emit, named in (("headers", "headers"), ("", "all default outputs")):
        product_line.ninja(folder, boards, bench.installed.scmigen, emit)
        key, of = f"ninja/{emit or 'all'}", f"ninja, {len(boards)} boards, {named}"
        whole = _edges(program, folder, boards, _clean)
        yield _figure(f"{key}/all", f"{of}: all are built", whole)
        nothing = _edges(program, folder, boards, lambda _: None)
        yield _figure(f"{key}/nothing", f"{of}: nothing to do", nothing)


def _clean(folder: Path) -> None:
    shutil.rmtree(folder / "build", ignore_errors=True)


def _edges(
    ninja: str, folder: Path, boards: Sequence[Path], before: Callable[[Path], None]
) -> list[float]:
    """Milliseconds of processor time of a board, three times."""
    found = []
    for _ in range(PARTS):
        before(folder)
        taken = measured([ninja, "-j", str(processors())], folder=folder)
        if "FAILED" in taken.text:
            raise SystemExit(taken.text)
        found.append(1000 * taken.cpu / len(boards))
    return found


def _figure(key: str, of: str, each: list[float]) -> Figure:
    least, spread = value({"": each})
    return Figure(f"many/{key}", of, least, "CPU ms a board", spread, timed=True)
