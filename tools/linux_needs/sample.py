"""Draw the drivers whose labels are written by hand: by a hash, over all subsystems.

    python tools/linux_needs/sample.py KSRC [--known tests/data/driver-labels-1.csv]

The rule, so that anybody draws the same files from the same kernel source:

1. The population: every ``.c`` file under ``drivers/`` and ``sound/`` (without the clock and
   regulator providers themselves and four large PC graphics drivers) whose text has an
   ``of_device_id`` and takes a clock or a regulator (``TAKES``), and that no earlier label names.
2. The order: sha256 of ``SEED`` and the path.
3. The strata: a subsystem is the first directory below ``drivers/`` (the first two below
   ``gpu/drm`` are one, ``sound/soc/codecs`` stands apart from the rest of ``sound``). ``any``: the
   first file of each subsystem that has at least ``SMALLEST`` files. ``sets``: of the files whose
   text sets a rate, a parent or a voltage (``SETS``) and that ``any`` has not drawn, the first of
   each subsystem, then the next over all subsystems until there are ``SETTERS``. ``parent``: the
   first ``PARENTS`` of what is left whose text sets a parent, the rarest of the operations.
"""

import argparse
import csv
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

SEED = "scmigen-2026-11-30"
SMALLEST = 9
SETTERS = 60
PARENTS = 15
TAKES = re.compile(r"\b(?:devm_)?(?:of_)?(?:clk|regulator)_(?:bulk_)?get\w*\s*\(")
SETS = re.compile(
    r"\bclk_set_(?:rate|parent|min_rate|max_rate|rate_range|rate_exclusive)\s*\("
    r"|\bregulator_set_voltage\w*\s*\("
)
SETS_PARENT = re.compile(r"\bclk_set_parent\s*\(")
APART = (
    "drivers/clk/",
    "drivers/regulator/",
    "drivers/gpu/drm/amd/",
    "drivers/gpu/drm/i915/",
    "drivers/gpu/drm/nouveau/",
    "drivers/gpu/drm/radeon/",
    "drivers/gpu/drm/xe/",
)


def subsystem(path: str) -> str:
    """The stratum of a file: the first directory below ``drivers``, or the half of sound."""
    if path.startswith("sound/"):
        return "sound/soc/codecs" if path.startswith("sound/soc/codecs/") else "sound"
    return "/".join(path.split("/")[1 : 3 if path.startswith("drivers/gpu/") else 2])


def order(path: str) -> str:
    """The place of a file in the draw."""
    return hashlib.sha256(f"{SEED}:{path}".encode()).hexdigest()


def population(source: Path, known: set[str]) -> Iterator[tuple[str, bool, bool]]:
    """The files that can be drawn, in their order, and whether each sets something, a parent."""
    found = []
    for top in ("drivers", "sound"):
        for file in (source / top).rglob("*.c"):
            path = file.relative_to(source).as_posix()
            if path in known or path.startswith(APART):
                continue
            text = file.read_text(encoding="utf-8", errors="replace")
            if "of_device_id" in text and TAKES.search(text):
                sets, parent = SETS.search(text), SETS_PARENT.search(text)
                found.append((order(path), path, bool(sets), bool(parent)))
    for _hash, path, any_of_them, a_parent in sorted(found):
        yield path, any_of_them, a_parent


def draw(files: Iterable[tuple[str, bool, bool]]) -> list[tuple[str, str]]:
    """The drawn files as (stratum, path)."""
    ordered = list(files)
    groups: dict[str, list[str]] = {}
    for path, _sets, _parent in ordered:
        groups.setdefault(subsystem(path), []).append(path)
    anywhere = [group[0] for group in groups.values() if len(group) >= SMALLEST]
    left = [path for path, sets, _parent in ordered if sets and path not in anywhere]
    setters: list[str] = []
    for path in left:
        if subsystem(path) not in {subsystem(other) for other in setters}:
            setters.append(path)
    setters = setters[:SETTERS]
    setters += [path for path in left if path not in setters][: SETTERS - len(setters)]
    parents = [path for path, _sets, parent in ordered if parent]
    parents = [path for path in parents if path not in anywhere and path not in setters]
    strata = {"any": anywhere, "sets": setters, "parent": parents[:PARENTS]}
    return [(name, path) for name, paths in strata.items() for path in paths]


def labelled(files: Iterable[Path]) -> set[str]:
    """The source files that earlier labels name."""
    names: set[str] = set()
    for file in files:
        with file.open(newline="", encoding="utf-8") as stream:
            rows = csv.DictReader(line for line in stream if not line.startswith("#"))
            names.update(row["file"] for row in rows)
    return names


def main() -> int:
    """Print the stratum and the path of every drawn file."""
    parser = argparse.ArgumentParser(description="draw the drivers to be labelled by hand")
    parser.add_argument("source", type=Path, help="the unpacked source of a kernel")
    parser.add_argument("--known", type=Path, action="append", default=[], help="earlier labels")
    args = parser.parse_args()
    for stratum, path in draw(population(args.source, labelled(args.known))):
        print(stratum, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
