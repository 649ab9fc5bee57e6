"""Where the time goes from a board's source to all default outputs.

    python benchmarks/board.py BOARD.dts [RUNS]

Prints the wall time of the whole command (a process of its own, median of RUNS) beside dtc's on the
same file where dtc is installed, and the stages of one process, each the median of RUNS after one
warm-up. Nothing is asserted.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import scmigen
from scmigen.bindings.inventory import take_inventory
from scmigen.checks.registry import run_checks
from scmigen.devicetree.load import load
from scmigen.model.build import build
from scmigen.pipeline import DEFAULT_OUTPUTS, emit_outputs
from scmigen.targets.common.write import write


def process(command: list[str], runs: int) -> float:
    """Milliseconds of wall time, the median of ``runs``."""
    times = []
    for _ in range(runs):
        start = perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(perf_counter() - start)
    return 1000 * median(times)


def stages(board: Path) -> dict[str, float]:
    """Milliseconds of each stage, once."""
    found: dict[str, float] = {}
    last = perf_counter()

    def lap(name: str) -> None:
        nonlocal last
        now = perf_counter()
        found[name] = 1000 * (now - last)
        last = now

    tree = load(board)
    lap("parse")
    inventory = take_inventory(tree)
    lap("inventory")
    assignment = scmigen.compile(board).model.assignment
    last = perf_counter()
    model = build(inventory, assignment)
    lap("model")
    run_checks(model)
    lap("checks")
    files, *_ = emit_outputs(model, DEFAULT_OUTPUTS, explicit=False)
    lap("emit")
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), files)
        lap("write")
    return found


def main() -> None:
    board = Path(sys.argv[1])
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "scmigen"]
        whole = process([*command, "build", str(board), "-o", folder], runs)
        print(f"{'whole command':24} {whole:8.1f} ms")
    print(f"{'start-up (--version)':24} {process([*command, '--version'], runs):8.1f} ms")
    print(f"{'python alone':24} {process([sys.executable, '-c', 'pass'], runs):8.1f} ms")
    if shutil.which("dtc"):
        command = ["dtc", "-q", "-O", "dtb", "-o", "/dev/null", str(board)]
        print(f"{'dtc, DTB only':24} {process(command, runs):8.1f} ms")
    stages(board)
    laps = [stages(board) for _ in range(runs)]
    for name in laps[0]:
        print(f"  {name:22} {median(lap[name] for lap in laps):8.1f} ms")


if __name__ == "__main__":
    main()
