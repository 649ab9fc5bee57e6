"""The table from the numbers that device trees have to those of the firmware, for a driver in C."""

from collections.abc import Iterator, Sequence

from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity, counted
from scmigen.model.naming import unique
from scmigen.model.remap import Numbered, Remap, Row
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.ctext import Enumerators, plain
from scmigen.targets.common.files import File
from scmigen.targets.common.names import INFIX, LONGEST_DEFINE
from scmigen.targets.common.templates import render

REMAP_AMBIGUOUS = Finding(
    "remap-ambiguous",
    "Several resources of a release have one name, or none, and nothing else tells them apart.",
    "Compare builds, which have providers and cells, or give the firmware names of their own.",
    Severity.WARNING,
    switchable=False,
)
REMAP_VANISHED = Finding(
    "remap-vanished",
    "A release does not have a resource that the other one had.",
    "See that no device tree refers to it, or that the agent is granted it in both.",
    Severity.WARNING,
    switchable=False,
)


class Table(Data):
    """A kind: the names and numbers of all that device trees can have, and the rows."""

    kind: Kind
    infix: str
    ids: tuple[tuple[str, Numbered], ...]
    rows: tuple[tuple[str, Row], ...]


def remap_files(
    remaps: Sequence[Remap], release: str, version: int | None, sides: tuple[str, str]
) -> Iterator[File]:
    """The header for device trees, and the tables of a release, which is part of their names."""
    tables = tuple(map(_table, remaps))
    old, new = map(plain, sides)
    yield File("scmi-ids.h", render("remap/scmi-ids.h.j2", tables=tables, old=old, plain=plain))
    text = render(
        "remap/scmi-remap.h.j2",
        tables=tables,
        release=release,
        version=version,
        old=old,
        new=new,
        plain=plain,
    )
    yield File(f"scmi-remap-{release}.h", text)


def _table(remap: Remap) -> Table:
    """The names are those that the output ``headers`` of the old release has."""
    short = unique((), {each.number: each.name for each in remap.every})
    given = Enumerators("", longest=LONGEST_DEFINE)
    names = {
        each.number: f"SCMI_{INFIX[remap.kind]}_{given.part(each.number, *short[each.number])}"
        for each in remap.every
    }
    return Table(
        remap.kind,
        INFIX[remap.kind],
        tuple((names[each.number], each) for each in remap.every),
        tuple((names[row.was], row) for row in remap.rows),
    )


def remap_problems(remaps: Sequence[Remap], new: str) -> Iterator[Diagnostic]:
    """What the tables lack, a diagnostic for each kind."""
    for remap in remaps:
        for finding, found, what in (
            (REMAP_AMBIGUOUS, remap.ambiguous, "cannot be told from others by name"),
            (REMAP_VANISHED, remap.vanished, "not there any more"),
        ):
            if found:
                yield finding.warning(
                    f"{counted(len(found), f'{remap.kind} resource')} {what}; the table does not "
                    f"have {'it' if len(found) == 1 else 'them'}",
                    Position(new),
                    [Related(f"{remap.kind} {each.number} {each.name}") for each in found],
                )
