"""The types of the tables that the entry of a compatible carries."""

from .ir import UNKNOWN, Expr, identifiers
from .matches import Match
from .places import Places, fields_of
from .source import Source

_NESTED = 3
#: Where a structure is defined, and its tag.
Type = tuple[str, str]


def types(source: Source, places: Places, match: Match) -> frozenset[Type]:
    """The types of the variables that the data of an entry names, and of the tables in them."""
    found: set[Type] = set()
    for name in sorted(identifiers(match.data)):
        _of_variable(source, places, match.path, name, found, 0)
    return frozenset(found)


def _of_variable(
    source: Source, places: Places, path: str, name: str, found: set[Type], depth: int
) -> None:
    variable = source.variable(path, name)
    if variable is not None and (not depth or variable.value != UNKNOWN):
        _of_value(source, places, variable.path, variable.type, variable.value, found, depth)


def _of_value(
    source: Source,
    places: Places,
    path: str,
    tag: str,
    value: Expr,
    found: set[Type],
    depth: int,
) -> None:
    known = source.struct(path, tag)
    if known is None:
        return
    found.add((known[0], tag))
    opened = places.opened(value, path)
    if opened[0] != "init" or depth > _NESTED:
        return
    if len(opened[1]) > 1 and all(not isinstance(key, str) for key, _ in opened[1]):
        opened = places.opened(opened[1][0][1], path)  # an array, whose elements are of one type
    for name, item in fields_of(known, opened) if opened[0] == "init" else ():
        inner = known[1].get(name, "")
        if inner and places.opened(item, path)[0] == "init":
            _of_value(source, places, path, inner, item, found, depth + 1)
        elif inner and item[0] in ("id", "addr"):
            for one in sorted(identifiers(item)):
                _of_variable(source, places, path, one, found, depth + 1)
