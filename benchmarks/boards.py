"""Many boards: ``scmigen check --each`` beside ``dtc -@`` in a shell loop, on the same files.

    python benchmarks/boards.py -I INCLUDE [-j N] DIRECTORY...

The directories have the boards; for a Linux tree, INCLUDE is its ``include`` and its ``src``.
Prints for each the boards per second, the CPU seconds, and the peak of the memory of all processes
(the sum of their proportional set sizes, sampled). The loop runs cpp before dtc, as the makefiles
of the kernel do, for N boards at once. Nothing is asserted. Linux only.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

LOOP = """
one() {
    cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp $1 "$2" 2>/dev/null |
        dtc -q -@ -I dts -O dtb -i "${2%/*}" -o /dev/null - 2>/dev/null || echo "$2"
}
export -f one
xargs -P "$1" -n 1 bash -c 'one "$0" "$1"' "$2"
"""


def _memory(pid: int) -> int:
    """Proportional set size of a process and all below it, in KiB."""
    total = 0
    waiting = [pid]
    while waiting:
        at = waiting.pop()
        try:
            rollup = Path(f"/proc/{at}/smaps_rollup").read_text()
            children = Path(f"/proc/{at}/task/{at}/children").read_text()
        except OSError:  # it has ended
            continue
        total += int(rollup.partition("\nPss:")[2].split()[0])
        waiting.extend(map(int, children.split()))
    return total


def measured(command: list[str], given: bytes) -> tuple[float, float, int, str]:
    """Wall and CPU seconds, the peak of the memory in KiB, and what was printed."""
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
        with subprocess.Popen(command, stdin=names, stdout=told, stderr=told) as running:

            def watch() -> None:
                while not over.wait(0.05):
                    peaks[0] = max(peaks[0], _memory(running.pid))

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
    return wall, cpu, peaks[0], text


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-I", dest="include", action="append", default=[])
    parser.add_argument("directories", type=Path, nargs="+")
    parser.add_argument("-j", type=int, default=len(os.sched_getaffinity(0)))
    given = parser.parse_args()
    boards = [str(path) for each in given.directories for path in sorted(each.rglob("*.dts"))]
    print(f"{len(boards)} boards, {given.j} at once")
    include = [f"-I{path}" for path in given.include]
    check = [sys.executable, "-m", "scmigen", "check", "--each", "-q", "-j", str(given.j), *include]
    runs = {
        "scmigen check --each": ([*check, *boards], b""),
        "cpp and dtc -@, a loop": (
            ["bash", "-c", LOOP, "loop", str(given.j), " ".join(include)],
            "\n".join(boards).encode(),
        ),
    }
    for name, (command, names) in runs.items():
        wall, cpu, peak, text = measured(command, names)
        rate = len(boards) / wall
        print(f"{name:24} {rate:7.1f} boards/s {wall:8.1f} s {cpu:8.1f} CPU s {peak >> 10:6} MiB")
        lines = text.splitlines()
        print(f"{'':24} {lines[-1] if 'scmigen' in name else f'{len(lines)} failed'}")


if __name__ == "__main__":
    main()
