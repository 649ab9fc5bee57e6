"""How fast sources are read: beside dtc and beside dtlib, the Python reader of Zephyr.

    python benchmarks/frontend.py FOLDER [--runs N] [--json FILE]

FOLDER has preprocessed boards (``*.dts``). All figures are of processor time, and the least of N
runs (5), in which all take turns. Nothing is asserted.

In process: from text to tree, values and DTB bytes; dtlib reads the same text and writes no DTB.
dtc is a whole process each time. Last, what our driver of Lark's tables is worth: the boards'
statements parsed with it, with Lark itself and with lark-cython, from the same grammar. Peers that
are not installed (``dtc``; PyPI ``devicetree`` for dtlib; lark; lark-cython) are left out.
``benchmarks/run.py`` installs them, and measures whole processes of ``scmigen convert``.
"""

import argparse
import gc
import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from figures import total
from processes import Command, cpu, run

from scmigen import devicetree
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.grammars import structure
from scmigen.devicetree.source import read_source
from scmigen.devicetree.sourcetext import SourceText

try:
    from devicetree.dtlib import DT
except ImportError:
    DT = None
ROOT = Path(__file__).resolve().parents[1]
# A wheel has no compiler of grammars.
devicetree.__path__.append(str(ROOT / "scmigen" / "devicetree"))
try:
    from scmigen.devicetree.compile_grammar import lark_of
except ImportError:
    HAS_LARK = False
else:
    HAS_LARK = True
try:
    import lark_cython
except ImportError:
    lark_cython = None

#: Reader → board → milliseconds.
Found = dict[str, dict[str, list[float]]]


def read(path: Path, text: str) -> bytes:
    """All that ``scmigen convert`` does with a text."""
    return flatten(read_source(text, str(path), [path.parent]), boot_cpu=0)


def measure(path: Path, runs: int) -> dict[str, list[float]]:
    """Milliseconds of each reader for one board."""
    text = path.read_text()
    command = Command(["dtc", "-q", "-O", "dtb", "-b", "0", "-o", os.devnull, str(path)])
    readers: dict[str, Callable[[], float]] = {"scmigen": lambda: cpu(lambda: read(path, text))}
    if shutil.which("dtc"):
        readers["dtc"] = lambda: run(command).cpu
    if DT:
        readers["dtlib"] = lambda: cpu(lambda: DT(str(path), force=True))
    found: dict[str, list[float]] = {name: [] for name in readers}
    for number in range(runs + 1):
        for name, reader in readers.items():
            gc.collect()
            took = reader()
            if number:
                found[name].append(took)
    return found


def readers(boards: list[Path], runs: int) -> Found:
    """All boards; prints a line for each, then the sums and their ratios."""
    found: Found = {}
    print(f"{'board':40}{'kB':>7}  CPU ms")
    for path in boards:
        columns = ""
        for name, times in measure(path, runs).items():
            found.setdefault(name, {})[path.name] = times
            columns += f"{name:>10} {min(times):7.1f}"
        print(f"{path.stem[:39]:40}{path.stat().st_size / 1000:7.0f}{columns}")
    sums = {name: total(samples) for name, samples in found.items()}
    print(f"{'all':47}" + "".join(f"{name:>10} {spent:7.1f}" for name, spent in sums.items()))
    for name in sums.keys() - {"scmigen"}:
        print(f"scmigen / {name}: {sums['scmigen'] / sums[name]:.2f}")
    return found


def parsers(boards: list[Path], runs: int) -> Found:
    """The statements of all boards: our driver, Lark, lark-cython; nothing made of the tokens."""
    grammar = (ROOT / "grammars" / "dts.lark").read_text()
    lark = lark_of(grammar, ["source"], possessive=True)
    parse: dict[str, Callable[[str], object]] = {
        "our driver of Lark's tables": lambda text: list(structure().accept(text, "source")),
        "Lark": lark.parse,
    }
    if lark_cython:
        parse["lark-cython"] = lark_of(grammar, ["source"], True, lark_cython.plugins).parse
    texts = [SourceText(path.read_text(), str(path)).text for path in boards]
    found: dict[str, list[float]] = {name: [] for name in parse}
    for _ in range(runs):
        for name, one in parse.items():
            gc.collect()
            found[name].append(cpu(partial(list, map(one, texts))))
    print(f"\n{'statements of all boards':40}   CPU ms")
    for name, times in found.items():
        print(f"{name:40}{min(times):9.1f}")
    return {name: {"": times} for name, times in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, help="where the samples go")
    given = parser.parse_args()
    boards = sorted(given.folder.glob("*.dts"))
    if not boards:
        raise SystemExit(f"{given.folder} has no .dts files")
    if not shutil.which("dtc"):
        print("dtc is not installed: left out")
    if not HAS_LARK:
        print("lark is not installed: left out")
    if not lark_cython:
        print("lark-cython is not installed: left out")
    if not DT:
        print("the package devicetree (dtlib) is not installed: left out")
    found = readers(boards, given.runs) | (parsers(boards, given.runs) if HAS_LARK else {})
    if given.json:
        given.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
