"""How fast sources are read: beside dtc and beside dtlib, the Python reader of Zephyr.

    python benchmarks/frontend.py FOLDER [--dtc PROGRAM] [--runs N]

FOLDER has preprocessed boards (``*.dts``). All figures are CPU time (user and system) on one
machine in one run, the median of N runs (5); wall time where it says so. Nothing is asserted.

In process: from text to tree, values and DTB bytes, after one warm-up; dtlib reads the same text
and writes no DTB. dtc is a whole process each time. Then whole processes of ``scmigen convert`` on
a board of usual size and on the largest, with the grammars' tables kept from an earlier run.
Last, what our driver of Lark's tables is worth: the boards' statements parsed with it, with Lark
itself and with lark-cython, from the same grammar.
Peers that are not installed (``dtc``; PyPI ``devicetree`` for dtlib; lark-cython) are left out.
"""

import argparse
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from scmigen.devicetree.compile_grammar import lark_of
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.grammars import grammar_text, structure
from scmigen.devicetree.source import read_source
from scmigen.devicetree.sourcetext import SourceText

try:
    from devicetree.dtlib import DT
except ImportError:
    DT = None
try:
    import lark_cython
except ImportError:
    lark_cython = None


def cpu(work: Callable[[], object]) -> float:
    """Milliseconds of CPU time of this process."""
    gc.collect()
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


#: The median size of a preprocessed board of Linux, in bytes.
MEDIAN = 46_600

#: Runs a command and prints its CPU and wall time in seconds and its peak memory in kB. A process
#: inherits the peak of the one that starts it, so that one has to be small.
PROBE = """
import os, resource, sys, time
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
start = time.perf_counter()
status = os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:])
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(status, used.ru_utime + used.ru_stime, wall, used.ru_maxrss)
"""


def process(command: list[str]) -> tuple[float, float, float]:
    """Of a process: milliseconds of CPU and of wall time, and its peak memory in MB."""
    probe = [sys.executable, "-I", "-S", "-c", PROBE, *command]
    done = subprocess.run(probe, capture_output=True, text=True, check=True)
    status, spent, wall, peak = done.stdout.splitlines()[-1].split()
    if status != "0":
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    return 1000 * float(spent), 1000 * float(wall), int(peak) / 1024


def read(path: Path, text: str) -> bytes:
    """All that ``scmigen convert`` does with a text."""
    return flatten(read_source(text, str(path), [path.parent]), boot_cpu=0)


def measure(path: Path, dtc: str | None, runs: int) -> dict[str, float]:
    """Milliseconds of each reader for one board."""
    text = path.read_text()
    read(path, text)
    times: dict[str, list[float]] = {}
    for _ in range(runs):
        times.setdefault("scmigen", []).append(cpu(lambda: read(path, text)))
        if dtc:
            command = [dtc, "-q", "-O", "dtb", "-b", "0", "-o", os.devnull, str(path)]
            times.setdefault("dtc", []).append(process(command)[0])
        if DT:
            times.setdefault("dtlib", []).append(cpu(lambda: DT(str(path), force=True)))
    return {name: median(found) for name, found in times.items()}


def print_table(boards: list[Path], dtc: str | None, runs: int) -> None:
    """A line a board, then the sums and their ratios."""
    total: dict[str, float] = {}
    print(f"{'board':40}{'kB':>7}  CPU ms")
    for path in boards:
        found = measure(path, dtc, runs)
        for name, spent in found.items():
            total[name] = total.get(name, 0) + spent
        columns = "".join(f"{name:>10} {spent:7.1f}" for name, spent in found.items())
        print(f"{path.stem[:39]:40}{path.stat().st_size / 1000:7.0f}{columns}")
    print(f"{'all':47}" + "".join(f"{name:>10} {spent:7.1f}" for name, spent in total.items()))
    for name in total.keys() - {"scmigen"}:
        print(f"scmigen / {name}: {total['scmigen'] / total[name]:.2f}")


def print_processes(boards: list[Path], runs: int) -> None:
    """The whole command for a board of usual size and for the largest."""
    largest = max(boards, key=lambda path: path.stat().st_size)
    usual = min(boards, key=lambda path: abs(path.stat().st_size - MEDIAN))
    scmigen = [str(Path(sys.executable).with_name("scmigen"))]
    print(f"\n{'whole process':40}{'kB':>7}   CPU ms  wall ms  peak MB")
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "out.dtb")
        commands = [("scmigen --version", 0.0, [*scmigen, "--version"])]
        for path in (usual, largest):
            size = path.stat().st_size / 1000
            commands.append((f"convert {path.name}", size, [*scmigen, "convert", str(path), out]))
        for name, size, command in commands:
            process(command)
            figures = zip(*(process(command) for _ in range(runs)), strict=True)
            spent, wall, memory = (median(column) for column in figures)
            print(f"{name[:39]:40}{size:7.0f} {spent:8.1f} {wall:8.1f} {memory:8.1f}")


def print_parsers(boards: list[Path], runs: int) -> None:
    """The statements of all boards: our driver, Lark, lark-cython; nothing made of the tokens."""
    grammar = grammar_text("dts")
    lark = lark_of(grammar, ["source"], possessive=True)
    parsers: dict[str, Callable[[str], object]] = {
        "our driver of Lark's tables": lambda text: list(structure().accept(text, "source")),
        "Lark": lark.parse,
    }
    if lark_cython:
        parsers["lark-cython"] = lark_of(grammar, ["source"], True, lark_cython.plugins).parse
    texts = [SourceText(path.read_text(), str(path)).text for path in boards]
    print(f"\n{'statements of all boards':40}   CPU ms")
    for name, parse in parsers.items():
        times = [cpu(lambda parse=parse: [parse(text) for text in texts]) for _ in range(runs)]
        print(f"{name:40}{median(times):9.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dtc", default=shutil.which("dtc"), help="its full path")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    boards = sorted(given.folder.glob("*.dts"))
    if not boards:
        raise SystemExit(f"{given.folder} has no .dts files")
    if not given.dtc:
        print("dtc is not installed: left out")
    if not lark_cython:
        print("lark-cython is not installed: left out")
    if not DT:
        print("the package devicetree (dtlib) is not installed: left out")
    print_table(boards, given.dtc, given.runs)
    print_processes(boards, given.runs)
    print_parsers(boards, given.runs)


if __name__ == "__main__":
    main()
