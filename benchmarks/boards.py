"""Many boards: ``scmigen check --each`` beside ``dtc -@`` in a shell loop, on the same files.

    python benchmarks/boards.py -I INCLUDE [-j N] [--every N] DIRECTORY...

The directories have the boards; for a Linux tree, INCLUDE is its ``include`` and its ``src``.
Prints for each the boards per second, the CPU seconds, and the peak of the memory of all processes
(the sum of their proportional set sizes, sampled). The loop runs cpp before dtc, as the makefiles
of the kernel do, for N boards at once. Nothing is asserted. Linux only.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import NamedTuple

from processes import processors, pss

LOOP = """
one() {
    cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp $1 "$2" 2>/dev/null |
        dtc -q -@ -I dts -O dtb -i "${2%/*}" -o /dev/null - 2>/dev/null || echo "$2"
}
export -f one
xargs -P "$1" -n 1 bash -c 'one "$0" "$1"' "$2"
"""


class Taken(NamedTuple):
    """Wall and CPU seconds, the peak of the memory in KiB, and what was printed."""

    wall: float
    cpu: float
    peak: int
    text: str


def measured(command: Sequence[str], given: bytes = b"", folder: Path | None = None) -> Taken:
    """What a command and all below it take; ``given`` is its standard input."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = perf_counter()
    peaks = [0]
    over = Event()
    with (
        tempfile.TemporaryFile() as told,
        tempfile.TemporaryFile() as names,
    ):
        names.write(given)
        names.seek(0)
        with subprocess.Popen(
            command, stdin=names, stdout=told, stderr=told, cwd=folder
        ) as running:

            def watch() -> None:
                while not over.wait(0.05):
                    peaks[0] = max(peaks[0], pss(running.pid))

            watcher = Thread(target=watch)
            watcher.start()
            running.wait()
            over.set()
            watcher.join()
        wall = perf_counter() - start
        told.seek(0)
        text = told.read().decode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(wall, cpu, peaks[0], text)


def checked(scmigen: Sequence[str], boards: Sequence[Path], jobs: int, include: list[str]) -> Taken:
    """``scmigen check --each`` of boards."""
    words = [*scmigen, "check", "--each", "-q", "-j", str(jobs), *include]
    return measured([*words, *map(str, boards)])


def compiled(boards: Sequence[Path], jobs: int, include: list[str]) -> Taken:
    """cpp and ``dtc -@`` in a loop; prints the boards that failed."""
    names = "\n".join(map(str, boards)).encode()
    return measured(["bash", "-c", LOOP, "loop", str(jobs), " ".join(include)], names)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-I", dest="include", action="append", default=[])
    parser.add_argument("directories", type=Path, nargs="+")
    parser.add_argument("-j", type=int, default=processors())
    parser.add_argument("--every", type=int, default=1, help="take every N-th board")
    given = parser.parse_args()
    boards = [path for each in given.directories for path in sorted(each.rglob("*.dts"))]
    boards = boards[:: given.every]
    print(f"{len(boards)} boards, {given.j} at once")
    include = [f"-I{path}" for path in given.include]
    runs = {
        "scmigen check --each": checked(
            [sys.executable, "-m", "scmigen"], boards, given.j, include
        ),
        "cpp and dtc -@, a loop": compiled(boards, given.j, include),
    }
    for name, taken in runs.items():
        rate = len(boards) / taken.wall
        each = 1000 * taken.cpu / len(boards)
        figures = f"{rate:7.1f} boards/s {taken.cpu:8.1f} CPU s {each:6.1f} CPU ms a board"
        print(f"{name:24} {figures} {taken.peak >> 10:6} MiB")
        lines = taken.text.splitlines()
        print(f"{'':24} {lines[-1] if 'scmigen' in name else f'{len(lines)} failed'}")


if __name__ == "__main__":
    main()
