"""The macros that a tree's source has for the specifier cells of resources.

``<&rcc CK_BUS_UART4>`` names the clock that a DTB knows as cell 165 of ``rcc``. Only people read
these names: no number and no SCMI name depends on them, because a blob has none. The sources are
read on demand, and then only the properties that refer to the resource.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

from scmigen.bindings.consumers import LISTS
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.identity import domain_controller, identity_of, voltage_key
from scmigen.bindings.references import References
from scmigen.devicetree.nodes import Node, Property
from scmigen.scmi.protocols import Kind

_ASSIGNED = ("assigned-clocks", "assigned-clock-parents")
_LISTS = {**LISTS, **dict.fromkeys(_ASSIGNED, Kind.CLOCK)}

#: A property that names a resource, and the index of the first cell that does.
_Site = tuple[Property, int]


class Macros:
    """The macros of one tree's resources (memoised)."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._tree = references.tree
        self._found: dict[ResourceKey, tuple[str | None, ...]] = {}

    def cells(self, key: ResourceKey) -> tuple[str | None, ...]:
        """For each cell of a resource the macro it was written as, or none.

        Where several macros were used, those of the first place count: by the consumer's path, then
        by the order of its properties.
        """
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._read(key, len(key.cells))
        return found

    def name(self, key: ResourceKey) -> str | None:
        """The specifier with its macros, other cells as numbers: ``CPG_MOD 702``.

        For a nested power domain without cells the macro in its ``reg``. None where no cell is
        known as a macro.
        """
        named = self.cells(key) if key.cells else self._read(key, 1)
        if not any(named):
            return None
        return " ".join(
            name or str(cell) for name, cell in zip(named, key.cells or (0,), strict=True)
        )

    def written(self, providers: Collection[str], kind: Kind | None = None) -> dict[str, int]:
        """All macros in specifiers of the providers at some paths, with their cells; ``kind``: of
        resources of that kind alone.

        Macros with several values are left out.
        """
        found: dict[str, set[int]] = {}
        for key in sorted(key for key in self._sites if key.provider in providers):
            if kind not in (None, key.kind):
                continue
            for name, cell in zip(self.cells(key), key.cells, strict=True):
                if name is not None:
                    found.setdefault(name, set()).add(cell)
        return {name: cells.pop() for name, cells in found.items() if len(cells) == 1}

    def family(self, kind: Kind, provider: str) -> dict[str, int]:
        """The macros that are written for the resources of one kind of a provider, and all others
        of the same files that are numbers."""
        used = {
            name
            for key in self._sites
            if (key.kind, key.provider) == (kind, provider)
            for name in filter(None, self.cells(key))
        }
        names = self._tree.names
        files = {names.macros[name].file for name in used if name in names.macros}
        found = {
            name: names.value(name) for name, macro in names.macros.items() if macro.file in files
        }
        return {name: value for name, value in found.items() if value is not None}

    def kinds(self, name: str) -> frozenset[Kind]:
        """The kinds of resource that a macro is written for, or else others of its file are.

        Empty where that is not known.
        """
        macros = self._tree.names.macros
        file = macros[name].file if name in macros else None
        own: set[Kind] = set()
        alike: set[Kind] = set()
        for key in self._sites:
            for word in filter(None, self.cells(key)):
                if word == name:
                    own.add(key.kind)
                elif word in macros and macros[word].file == file:
                    alike.add(key.kind)
        return frozenset(own or alike)

    def _read(self, key: ResourceKey, size: int) -> tuple[str | None, ...]:
        for prop, at in self._sites.get(key, ()):
            named = self._tree.names.cells(prop)[at : at + size]
            if any(named):
                return named
        return (None,) * size

    @cached_property
    def _sites(self) -> Mapping[ResourceKey, list[_Site]]:
        found: dict[ResourceKey, list[_Site]] = {}
        if self._tree.root.position is None:
            return found  # a blob
        for node in sorted(self._tree.nodes, key=lambda node: node.path):
            for key, site in (*_referred(self._references, node), *_numbers(node)):
                found.setdefault(key, []).append(site)
        return found


def _referred(references: References, node: Node) -> Iterator[tuple[ResourceKey, _Site]]:
    """The resources that a node refers to, enabled or not."""
    identity = references.once(identity_of)
    for name, prop in node.properties.items():
        if name not in _LISTS:
            continue
        for entry in references.of(node, name):
            key = identity(_LISTS[name], entry.provider).key(entry.cells)
            if key.cells and entry.cells[: len(key.cells)] == key.cells:
                yield key, (prop, entry.at)


def _numbers(node: Node) -> Iterator[tuple[ResourceKey, _Site]]:
    """The resource that a node itself is by the number in its ``reg``."""
    number = node.get("reg")
    if number is None:
        return
    if node.base_name == "power-domain":
        controller = domain_controller(node)
        cells = (node.cell("reg") or 0,) if controller is not node else ()
        yield ResourceKey(Kind.POWER, controller.path, cells), (number, 0)
    else:
        key = voltage_key(node)
        if key.cells:
            yield key, (number, 0)
