"""What a server allows beyond the need of a board, in words: many alike as ranges of ids."""

from collections.abc import Mapping

from scmigen.assignment.words import spans
from scmigen.checks.served_view import Row, View
from scmigen.diagnostics import Related
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind

#: So many resources of one provider with the same operations are each told by name.
_EACH = 8


def beyond_need(
    view: View, needed: Mapping[tuple[Kind, int], frozenset[Operation]]
) -> list[Related]:
    """The operations that an agent has and does not need, by kind, provider and operations, in the
    order of the first id of each."""
    alike: dict[tuple[Kind, str, tuple[Operation, ...]], list[tuple[int, Row]]] = {}
    for (kind, number), row in sorted(view.rows.items()):
        more = row.operations - needed.get((kind, number), frozenset())
        if more:
            key = (kind, row.resource.node, ordered(kind, more))
            alike.setdefault(key, []).append((number, row))
    found = [
        (kind, number, related)
        for (kind, node, operations), rows in alike.items()
        for number, related in _words(kind, node, operations, rows)
    ]
    return [related for _, _, related in sorted(found, key=lambda each: each[:2])]


def _words(
    kind: Kind, node: str, operations: tuple[Operation, ...], rows: list[tuple[int, Row]]
) -> list[tuple[int, Related]]:
    what = ", ".join(operations)
    if len(rows) > _EACH:
        first, row = rows[0]
        of = f" of {node}" if node else ""
        words = f"{what} on {kind} {spans(number for number, _ in rows)} ({len(rows)}{of})"
        return [(first, Related(words, row.position))]
    return [
        (
            number,
            Related(
                f"{what} on {kind} {number}" + (f" ({row.resource.name})" if row.name else ""),
                row.position,
            ),
        )
        for number, row in rows
    ]
