"""Writes the data file of drivers' needs from a kernel's source."""

import argparse
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path

from .dts import compatibles, names
from .matches import Match, bus_matches, matches
from .needs import Need, changes, needs
from .never import Never
from .nodes import clocked
from .reach import Reach
from .rows import Row, blocks, by_hand, merged, nothing, overridden
from .source import Source

HAND = Path(__file__).with_name("hand.txt")
AMBA = Path(__file__).with_name("amba.txt")


def extract(
    source: Source, only: set[str] | None = None, loud: bool = False, never: Never | None = None
) -> tuple[list[Need], set[str]]:
    """All needs, and the compatibles of all drivers; ``never`` sees each of these."""
    groups: dict[object, list[Match]] = defaultdict(list)
    known: set[str] = set()
    for match in (*matches(source, only), *bus_matches(source, AMBA)):
        if only is None or match.compatible in only:
            known.add(match.compatible)
            groups[match.path, match.roots, match.data].append(match)
    found: list[Need] = []
    started = time.monotonic()
    for number, group in enumerate(groups.values()):
        if loud and number % 500 == 0:
            used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            print(
                f"{number}/{len(groups)} {time.monotonic() - started:.0f} s, {used} MB",
                file=sys.stderr,
            )
        source.forget()
        reach = Reach(source, group[0])
        if never is not None:
            never.see(group, reach)
        if not changes(reach):
            continue
        began = time.monotonic()
        for match in group:
            found.extend(needs(source, match, reach))
        if loud and time.monotonic() - began > 10:
            print(
                group[0].path,
                group[0].compatible,
                len(reach.functions),
                time.monotonic() - began,
                file=sys.stderr,
            )
    return found, known


def named(only: list[str]) -> set[str]:
    """The compatibles that are named, also in files."""
    found: set[str] = set()
    for one in only:
        found.update(Path(one[1:]).read_text("ascii").split() if one[0] == "@" else [one])
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="linux_needs", description=__doc__)
    parser.add_argument("source", type=Path, help="an unpacked kernel source")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="a folder for what was parsed")
    parser.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="KEY: VALUE",
        help="a further line of the head",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="all compatibles, not only those of the kernel's own trees",
    )
    parser.add_argument("--only", action="append", help="this compatible only; @FILE has several")
    parser.add_argument("--hand", type=Path, default=HAND, help="rows that win over what is found")
    parser.add_argument("-v", "--verbose", action="store_true")
    given = parser.parse_args()
    try:
        hand = by_hand(given.hand)
    except ValueError as error:
        sys.exit(f"error: {error}")
    source = Source(given.source, given.cache)
    source.names = names(given.source)
    used = compatibles(given.source)
    only = named(given.only) if given.only else None if given.all else used
    # A clock is never taken only if no driver of any compatible of its node takes it.
    never = None if given.only else Never(source, clocked(given.source))
    found, known = extract(source, only, given.verbose, never)
    found_never = () if never is None else never.rows()
    rows: list[Row] = overridden((*merged(found), *found_never), hand)
    rows += nothing(known & used, rows)
    head = ["scmigen-driver-needs: 2", *given.head, "tool: tools/linux_needs 1"]
    lines = [*(f"# {one}" for one in head), *blocks(rows)]
    given.output.write_text("".join(f"{line}\n" for line in lines), "ascii")
    print(f"{len(rows)} rows, {len({row.compatible for row in rows})} compatibles", file=sys.stderr)


if __name__ == "__main__":
    main()
