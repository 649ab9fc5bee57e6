"""Rows of a table that name something else than all other rows would: a copied line.

In most tables the enumerators of a row have the words of its name: ``CK_HSE`` and ``"ck_hse"``.
Where all rows but one or two do, these are told.
"""

from collections.abc import Iterator, Mapping

from scmigen.audit.scp_findings import SCP_NAME, Found
from scmigen.audit.scp_product import Element
from scmigen.audit.scp_views import View
from scmigen.csource.tree import Initialiser, Member
from scmigen.csource.unit import Unit
from scmigen.csource.values import Cells, Key, Later
from scmigen.csource.words import names_in
from scmigen.diagnostics import Position
from scmigen.patterns import pattern
from scmigen.scmi.protocols import Kind

#: How many rows make a rule, and how many may differ from it.
_LEAST, _MOST_ODD = 8, 2
_NOT_PLAIN = pattern(r"[^a-z0-9]+")


def check_rows(views: Mapping[Kind, View], found: Found) -> None:
    """Rows whose name is at odds with what they name."""
    for kind, view in views.items():
        if view.unit is None:
            continue
        columns: dict[Key, list[tuple[Element, str, Position | None]]] = {}
        for element in view.elements:
            for key, word, at in _words(view.unit, element):
                columns.setdefault(key, []).append((element, word, at))
        for rows in columns.values():
            odd = [row for row in rows if not _alike(row[0].name, row[1])]
            if len(rows) >= _LEAST and 0 < len(odd) <= _MOST_ODD:
                for element, word, at in odd:
                    found.add(
                        SCP_NAME,
                        f"{kind} {element.name} is {word}; the names of the other "
                        f"{len(rows) - len(odd)} rows are those of what they name",
                        at or element.position,
                    )


def _words(unit: Unit, element: Element) -> Iterator[tuple[Key, str, Position | None]]:
    """The enumerators of a row, by member: of the row that the name is from, or of its data."""
    row = element.row
    origin = row.origins.get("name") if isinstance(row, Cells) else None
    told = unit.evaluator.value(origin.of) if isinstance(origin, Member) else element.data
    if not isinstance(told, Cells):
        return
    for key in told.places:
        value = _written(told, key)
        names = [] if value is None else [n for n in names_in(value) if "FWK_" not in n]
        if names and key != "name":
            yield key, names[-1], told.places[key].position


def _written(cells: Cells, key: Key) -> Initialiser | None:
    value = cells.values.get(key)
    return value.value if isinstance(value, Later) else cells.origins.get(key)


def _alike(name: str, word: str) -> bool:
    # Behind a ~ is what tells names apart that are cut.
    name = name.partition("~")[0]
    one, other = (_NOT_PLAIN.sub("", text.lower()) for text in (name, word))
    short, long = sorted((one, other), key=len)
    return bool(short) and short in long
