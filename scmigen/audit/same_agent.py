"""Two descriptions of one agent as one: what one leaves open, the other may know, as a dump and a
trace."""

from collections.abc import Iterable, Mapping

from msgspec import structs

from scmigen.runtime import Served, ServedAgent, ServedGrant
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import SHORT_NAME_SIZE, Kind

_Rows = Mapping[int, ServedGrant]


def may_be_one(first: str, second: str) -> bool:
    """Whether two names may be of one resource: one of them may be cut, or not be known."""
    known = min(len(first), len(second))
    return first == second or known == 0 or SHORT_NAME_SIZE - 1 in (len(first), len(second))


def merged(first: ServedAgent, second: ServedAgent) -> ServedAgent:
    """The agent that both describe, at least one of them not completely; the kinds that each is
    about are in it. What one allows and the other denies is not known."""
    both = (first, second)
    about = [frozenset(each.kinds or ()) if each.complete else _with_rows(each) for each in both]
    whole = [kinds for each, kinds in zip(both, about, strict=True) if each.complete]
    kinds = about[0] | about[1]
    grants: dict[Kind, tuple[ServedGrant, ...]] = {}
    for kind in Kind:
        rows = [{row.id: row for row in each.grants.get(kind, ())} for each in both]
        complete = [bool(each.complete) and kind in (each.kinds or ()) for each in both]
        found = _rows(kind, rows[0], rows[1], complete)
        if found:
            grants[kind] = found
    return structs.replace(
        first,
        role=first.role or second.role,
        profile=first.profile or second.profile,
        transport=first.transport or second.transport,
        system_power=first.system_power or second.system_power,
        permissions=first.permissions if first.permissions is not None else second.permissions,
        kinds=tuple(kind for kind in Kind if kind in kinds),
        complete=any(kinds == each for each in whole),
        grants=grants,
    )


def _with_rows(agent: ServedAgent) -> frozenset[Kind]:
    """The kinds that a description which is not complete says anything about."""
    return frozenset(kind for kind, rows in agent.grants.items() if rows)


def _rows(kind: Kind, first: _Rows, second: _Rows, complete: list[bool]) -> tuple[ServedGrant, ...]:
    found = []
    for number in sorted(first.keys() | second.keys()):
        one, other = first.get(number), second.get(number)
        if one is not None and other is not None:
            # What was tried is better to look at than what was shown.
            place = (other if complete[0] and not complete[1] else one).source
            found.append(structs.replace(_row(kind, one, other), source=place or one.source))
            continue
        alone = one or other
        lacking = complete[1] if one is not None else complete[0]
        if alone is not None:
            found.append(_doubted(kind, alone) if lacking else alone)
    return tuple(found)


def _doubted(kind: Kind, row: ServedGrant) -> ServedGrant:
    """A row that the other description would have if it were so."""
    open_ones = {*row.operations, *row.unchecked, *row.unknown}
    return structs.replace(row, operations=(), unchecked=(), unknown=_ordered(kind, open_ones))


def _row(kind: Kind, one: ServedGrant, other: ServedGrant) -> ServedGrant:
    said: dict[str, list[Operation]] = {}
    for operation in OPERATIONS[kind]:
        mine, theirs = _word(one, operation), _word(other, operation)
        if mine == "unknown" or mine == theirs:
            word = theirs
        else:
            word = mine if theirs == "unknown" else "unknown"
        said.setdefault(word, []).append(operation)
    return structs.replace(
        one,
        by_hand=other.by_hand if one.by_hand is None else one.by_hand,
        operations=tuple(said.get("operations", ())),
        unchecked=tuple(said.get("unchecked", ())),
        unknown=tuple(said.get("unknown", ())),
    )


def _word(row: ServedGrant, operation: Operation) -> str:
    """Where a row has an operation: the name of its field, or ``denied``."""
    for word in ("operations", "unchecked", "unknown"):
        if operation in getattr(row, word):
            return word
    return "denied"


def _ordered(kind: Kind, operations: Iterable[Operation]) -> tuple[Operation, ...]:
    having = frozenset(operations)
    return tuple(each for each in OPERATIONS[kind] if each in having)


def names_of(served: Served) -> dict[tuple[Kind, int], str]:
    """The names of a server's resources by kind and number."""
    return {(kind, one.id): one.name for kind, found in served.resources.items() for one in found}
