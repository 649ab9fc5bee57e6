"""All benchmarks, beside their peers: ratios, JSON, and what has changed since the figures kept.

    python3 benchmarks/run.py [SUITE]... [--quick] [--json FILE] [--keep]

Builds a wheel of this checkout and installs it in an environment of its own (below build/), so it
needs nothing but a Python with venv and pip. Peers that are not there are left out, and it says
why. Prints each figure with its spread (how far it is off if measured a third as often) and its
goal, then what differs from ``benchmarks/figures/KIND.json`` by more than both runs vary, KIND
being that of this machine and Python; ``--keep`` writes that file, of which the table in
docs/reference/speed.md is made (``python docs/gen/tables.py``). ``--quick`` takes two minutes in
place of fifteen, and finds only large changes. The exit status is 1 where a figure is worse than
before.

Times are of the processor (user and system): other programs disturb them little, but not never.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench import Bench
from converting import converting
from figures import Figure, Run, changes, read, with_others
from growth import growth
from installed import ROOT, install
from machine import kind, machine
from many import many
from processes import Command, in_turns
from proving import proving
from serving import serving
from start_up import start_up

KEPT = Path(__file__).parent / "figures"
CORPUS = ROOT.parent / "shared" / "corpus"

SUITES: Mapping[str, Callable[[Bench], Iterator[Figure]]] = {
    "start": start_up,
    "convert": converting,
    "growth": growth,
    "server": serving,
    "many": many,
    "proof": proving,
}


def main() -> None:
    """Run it."""
    given = arguments()
    # What is measured must not depend on who measures.
    for name in [name for name in os.environ if name.startswith("PYTHON")]:
        del os.environ[name]
    folder = ROOT / "build" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    found = measure(
        Bench(install(folder), folder, given.quick, given.corpus, given.linux), given.suites
    )
    if given.json:
        given.json.write_text(found.json(), encoding="utf-8")
    kept = KEPT / f"{kind(dict(found.machine))}.json"
    worse = kept.exists() and compare(found, read(kept))
    if given.keep:
        kept.parent.mkdir(exist_ok=True)
        whole = with_others(found, read(kept)) if kept.exists() else found
        kept.write_text(whole.json(), encoding="utf-8")
        print(f"kept: {kept.relative_to(ROOT)}")
    elif not kept.exists():
        print(f"no figures of this kind of machine are kept: {kept.name}")
    raise SystemExit(int(worse))


def arguments() -> argparse.Namespace:
    """The command line."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--corpus", type=Path, help="folder of preprocessed real boards")
    parser.add_argument("--linux", type=Path, help="folder with src and include of Linux' boards")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--keep", action="store_true", help="replace the figures that are kept")
    given = parser.parse_args()
    for name in given.suites:
        if name not in SUITES:
            parser.error(f"no suite {name}; there are {', '.join(SUITES)}")
    if given.keep and given.quick:
        parser.error("figures of --quick are not kept")
    if given.corpus is None and CORPUS.is_dir():
        given.corpus = CORPUS
    return given


def measure(bench: Bench, suites: list[str]) -> Run:
    """Run suites, and print what they find."""
    load = os.getloadavg()[0]
    python = bench.installed.python
    (starts,) = in_turns({"": Command([python, "-c", "pass"])}, bench.rounds(24)).values()
    unit = min(used.cpu for used in starts)
    where = machine(bench.installed.says("import platform; print(platform.python_version())"))
    print(f"{kind(where)}, load {load:.1f}, Python's start {unit:.1f} ms")
    figures = []
    for name in suites or SUITES:
        for figure in SUITES[name](bench):
            print(line(figure), flush=True)
            figures.append(figure)
    for what, why in bench.skipped.items():
        print(f"left out: {what}: {why}")
    return Run(where, unit, load, tuple(figures), bench.skipped)


def line(figure: Figure) -> str:
    """A figure as it is printed."""
    goal = ""
    if figure.goal is not None:
        sign = "≥" if figure.more else "≤"
        goal = f"{'' if figure.met else 'NOT '}{sign} {figure.goal:g}"
    shown = f"{figure.value:10.4g} {figure.unit:18} ±{100 * figure.spread:3.0f} %"
    return f"{figure.of:70} {shown}  {goal}".rstrip()


def compare(new: Run, old: Run) -> bool:
    """Print what has changed; whether anything is for worse."""
    found = list(changes(new, old))
    for figure, change, worse in found:
        word = "worse" if worse else "better"
        print(f"{word}: {figure.of}, {figure.unit}: {100 * change:+.0f} %")
    if not found:
        print("as the figures that are kept")
    return any(worse for *_, worse in found)


if __name__ == "__main__":
    main()
