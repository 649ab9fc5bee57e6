"""Two boards with SCMI nodes go by number, and so do device trees; names may say otherwise."""

from collections.abc import Iterator

from scmigen.bindings.scmi_nodes import is_in_protocol
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.model.remap import Remap, Row, WhoseError, remaps
from scmigen.runtime import Served

NAMES_MOVED = Finding(
    "names-moved",
    "By their names, resources behind an SCMI node have other numbers than before.",
    "Look which of the two is right: diff --remap has the numbers by name.",
    severity=Severity.NOTE,
    switchable=False,
)


def names_moved(old: Served, new: Served, file: str) -> Iterator[Diagnostic]:
    """One note for each kind of which both sides have SCMI nodes, where a name has another number.

    ``file`` is the new one. Below an SCMI node the cells are the numbers themselves, so that a
    comparison by provider and cells finds nothing moved.
    """
    try:
        found = remaps(old, new)
    except WhoseError:
        return
    for each in found:
        behind = (
            any(is_in_protocol(one.node) for one in side.resources.get(each.kind, ()))
            for side in (old, new)
        )
        moved = [row for row in each.rows if row.was != row.now]
        if moved and all(behind):
            first, *others = moved
            yield NAMES_MOVED.note(
                f"they are compared by number; by its name, {_words(each, first)}",
                Position(file),
                [Related(_words(each, row)) for row in others],
                "if the names are right, what was built against OLD reaches something else: "
                "--remap has the numbers by name",
            )


def _words(found: Remap, row: Row) -> str:
    return f"{found.kind} {row.was} ({row.name}) is {row.now} now"
