"""A product line: boards that share nearly everything, and the ninja file that builds them.

    python benchmarks/product_line.py FOLDER BOARDS [--scmigen COMMAND] [--emit OUTPUTS]

Each board is the example with five agents, with a name of its own and one device less or more;
all read the same sources, agents file and headers. ``ninja`` in FOLDER builds each board as an edge
of its own, with a depfile.
"""

import argparse
import shutil
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "dts"
SHARED = ("orrery.dtsi", "orrery-board.dts", "agents.yaml")

BOARD = """#include "orrery-board.dts"

/ {{
	model = "Orrery, variant {number}";
	serial-number = "{number:05}";
}};
"""

NINJA = """ninja_required_version = 1.7
builddir = build

rule scmigen
  command = {scmigen} build $in -a agents.yaml -q {emit}-o build/$name --stamp $out --depfile $out.d
  depfile = $out.d
  deps = gcc
  description = scmigen $in

"""


def make(folder: Path, boards: int) -> list[Path]:
    """The sources of so many boards."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*SHARED, *(path.name for path in EXAMPLES.glob("*.h"))):
        shutil.copy(EXAMPLES / name, folder)
    found = [folder / f"variant-{number:05}.dts" for number in range(boards)]
    for number, path in enumerate(found):
        path.write_text(BOARD.format(number=number))
    return found


def ninja(folder: Path, boards: list[Path], scmigen: str, emit: str) -> None:
    """The file that builds them."""
    text = NINJA.format(scmigen=scmigen, emit=f"--emit {emit} " if emit else "")
    for board in boards:
        text += f"build build/{board.stem}.stamp: scmigen {board.name}\n  name = {board.stem}\n"
    (folder / "build.ninja").write_text(text)


def main() -> None:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("boards", type=int)
    parser.add_argument("--scmigen", default="scmigen")
    parser.add_argument("--emit", default="", help="as for scmigen build")
    given = parser.parse_args()
    ninja(given.folder, make(given.folder, given.boards), given.scmigen, given.emit)


if __name__ == "__main__":
    main()
