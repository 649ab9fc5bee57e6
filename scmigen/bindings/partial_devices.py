"""The devices of a domain's partial tree for Xen, each with all that is below it.

A device keeps its properties. Registers are as the CPU sees them, interrupts are those of the GIC,
what SCMI serves is SCMI's, and what leads to nodes that the domain has not is left out and told.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set

from scmigen.bindings.addresses import Region
from scmigen.bindings.consumers import ENTRY_NAMES
from scmigen.bindings.dependencies import interrupt_parent
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.passthrough import Passed, Passing, paged
from scmigen.bindings.pruning import pointers
from scmigen.bindings.references import CELLS, References
from scmigen.bindings.repointing import Answer, Served, Serving, repointed
from scmigen.bindings.stand_ins import stand_in
from scmigen.bindings.xen import PATH
from scmigen.data import Data, field
from scmigen.devicetree.edits import (
    AddNode,
    DeleteNode,
    Edit,
    Entry,
    Raw,
    SetProperty,
    Strings,
    Value,
    cells,
)
from scmigen.devicetree.nodes import Node, Property
from scmigen.patterns import pattern

TOP = "/passthrough"
FORCED = "xen,force-assign-without-iommu"
#: What no device of the board may be called here.
_TAKEN = pattern(r"fixed-(clock|rail)-\d+")
_WIDTHS = ("#address-cells", "#size-cells")
_RANGES = ("ranges", "dma-ranges")
_INTERRUPTS = ("interrupts", "interrupts-extended")
#: What a domain has of its own, or Xen does for it.
_OWN = frozenset(
    {
        *("phandle", "linux,phandle", "status", "secure-status", "reg", "interrupt-parent"),
        *("iommus", "iommu-map", "iommu-map-mask", "access-controllers", "interrupt-names"),
        *_INTERRUPTS,
    }
)
#: The lists of resources and of their names, in the order in which they are written; what is
#: written before or beside other properties.
_WANTED = (*CELLS, *ENTRY_NAMES.values(), "assigned-clock-rates")
_DONE = _OWN | {*CELLS, *ENTRY_NAMES.values(), "compatible"}
#: Lists of references → the names of their entries, besides those that SCMI serves.
_NAMES = {
    **{f"{word}s": f"{word}-names" for word in ("dma", "phy", "pwm", "mbox", "hwlock")},
    **{f"{word}s": f"{word}-names" for word in ("interconnect", "mux-control", "mux-state")},
    "mboxes": "mbox-names",
    "nvmem-cells": "nvmem-cell-names",
    "io-channels": "io-channel-names",
}


class Left(Data, frozen=False):
    """What a device of the board has and that of the domain has not: device → properties."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, node: Node, name: str) -> None:
        """One property of a device."""
        self.found.setdefault(node.path, []).append(name)


class DomainDevices(Data):
    """The devices of a domain, whether it has a node below one, what became of resources, and what
    is passed of devices."""

    nodes: Sequence[Node]
    has: Callable[[Node], bool]
    ask: Callable[[ResourceKey], Answer]
    domain: Callable[[Node], Served | None]
    passing: Passing

    @property
    def tops(self) -> list[Node]:
        """Those that are below no other one."""
        every = set(self.nodes)
        return [node for node in self.nodes if every.isdisjoint(node.ancestors())]

    def below(self, node: Node) -> Iterator[Node]:
        """A device and what the domain has below it."""
        yield node
        for child in node.children.values():
            if self.has(child):
                yield from self.below(child)


def device_edits(
    references: References,
    devices: DomainDevices,
    served: set[str],
    names: set[str],
    left: Left,
) -> Iterator[Edit]:
    """The devices below `TOP`.

    ``served`` are the nodes there that SCMI resources lead to, ``names`` those of others there.
    """
    work = _Devices(references, devices, served, names, left)
    for node in devices.tops:
        yield from work.device(node)


def registers(path: str, places: Sequence[tuple[Region, int]]) -> Iterator[Edit]:
    """Registers as the domain sees them, and for Xen the pages that they are in and where it maps
    these."""
    guest = tuple(Entry(None, (*_wide(at), *_wide(region.size))) for region, at in places)
    yield SetProperty(path, "reg", guest)
    host = tuple(
        Entry(None, (*_wide(page.start), *_wide(page.size), *_wide(at - region.start + page.start)))
        for region, at in places
        if region.size and (page := paged(region))
    )
    if host:
        yield SetProperty(path, "xen,reg", host)


def _wide(number: int) -> tuple[int, int]:
    return number >> 32 & 0xFFFFFFFF, number & 0xFFFFFFFF


class _Devices:
    """Writes devices one after the other; nodes and labels of a tree are distinct."""

    def __init__(
        self,
        references: References,
        devices: DomainDevices,
        served: set[str],
        names: set[str],
        left: Left,
    ) -> None:
        self._references = references
        self._tree = references.tree
        self._devices = devices
        self._serving = Serving(devices.ask, devices.domain)
        self._left = left
        self._names = names
        #: Clock or rail of the board that never changes → the domain's own.
        self._fixtures: dict[str, str] = {}
        self._served = served
        self._numbered = set(devices.nodes)
        #: Node of the board → node of the partial tree.
        self._paths: dict[str, str] = {}
        for top in devices.tops:
            name = self._name(top)
            for node in devices.below(top):
                self._paths[node.path] = f"{TOP}/{name}{node.path[len(top.path) :]}"

    def device(self, top: Node) -> Iterator[Edit]:
        """The edits for one device, and for fixed clocks that it is the first to need."""
        for node in self._devices.below(top):
            yield from self._node(node, is_top=node is top)

    def _node(self, node: Node, *, is_top: bool) -> Iterator[Edit]:
        changed = self._changed(node)
        lists = self._lists_of(node, changed)
        for value in lists.values():
            yield from self._fixed(value)
        path, it = self._paths[node.path], self._devices.passing.of(node)
        yield AddNode(path)
        if "compatible" in node:
            yield SetProperty(path, "compatible", Strings(node.strings("compatible")))
        yield from self._registers(node, path, it, is_top=is_top)
        yield from self._interrupts(node, path, it)
        for name, value in lists.items():
            yield SetProperty(path, name, self._moved(value))
        yield from self._others(node, path, lists.keys(), changed.keys())

    def _registers(self, node: Node, path: str, it: Passed, *, is_top: bool) -> Iterator[Edit]:
        if it.regions:
            yield from registers(path, [(each, each.start) for each in it.regions])
            if it.pages:
                if not it.is_confined:
                    yield SetProperty(path, FORCED, ())
                yield SetProperty(path, PATH, Strings((node.path,)))
        elif "reg" in node and not is_top:
            yield SetProperty(path, "reg", Raw(node.properties["reg"].value))
        elif "reg" in node:
            self._left.add(node, "reg")
        if node in self._numbered and not it.pages:
            self._left.add(node, PATH)

    def _interrupts(self, node: Node, path: str, it: Passed) -> Iterator[Edit]:
        names = node.strings("interrupt-names")
        parent = interrupt_parent(self._tree, node) if "interrupts" in node else None
        if parent is not None and parent.path in self._paths and _INTERRUPTS[1] not in node:
            yield SetProperty(path, "interrupt-parent", (Entry(self._paths[parent.path]),))
            yield SetProperty(path, "interrupts", Raw(node.properties["interrupts"].value))
            if names:
                yield SetProperty(path, "interrupt-names", Strings(names))
            return
        if it.interrupts:
            lines = tuple(Entry(None, line) for line in it.interrupts)
            yield SetProperty(path, "interrupts", lines)
            found = tuple(names[index] for index in it.kept if index < len(names))
            if found:
                yield SetProperty(path, "interrupt-names", Strings(found))
        if not it.whole:
            self._left.add(node, next(name for name in reversed(_INTERRUPTS) if name in node))

    def _lists_of(self, node: Node, changed: Mapping[str, Value | None]) -> dict[str, Value]:
        """The lists of resources and supplies, as SCMI has them."""
        lists: dict[str, Value] = {}
        for name, value in self._lists(node, changed):
            entries = () if isinstance(value, Strings | Raw) else value
            if all(self._is_here(entry) for entry in entries):
                lists[name] = value
            else:
                self._left.add(node, name)
        for prop, names in ENTRY_NAMES.items():
            if prop in node and prop not in lists:
                lists.pop(names, None)
        return lists

    def _changed(self, node: Node) -> dict[str, Value | None]:
        """The properties that SCMI changes; None for those that go."""
        edits, _ = repointed(self._references, [node], self._serving)
        return {
            edit.name: edit.value if isinstance(edit, SetProperty) else None
            for edit in edits
            if not isinstance(edit, AddNode | DeleteNode) and edit.path == node.path
        }

    def _lists(
        self, node: Node, changed: Mapping[str, Value | None]
    ) -> Iterator[tuple[str, Value]]:
        wanted = [name for name in _WANTED if name in changed or name in node]
        wanted += [name for name in node.properties if name.endswith("-supply")]
        wanted += [name for name in changed if name not in wanted]
        for name in wanted:
            if name in _OWN:
                continue
            if name in changed:
                value = changed[name]
                if value is not None:
                    yield name, value
            else:
                yield name, self._as_it_is(node, name)

    def _as_it_is(self, node: Node, name: str) -> Value:
        if name in ENTRY_NAMES.values():
            return Strings(node.strings(name))
        if name == "assigned-clock-rates":
            return cells(*(node.cells(name) or ()))
        found = self._references.list_of(node, name)
        entries = [Entry(None, (0,))] * found.count
        for entry in found.entries:
            entries[entry.index] = Entry(entry.provider.path, entry.cells)
        return tuple(entries)

    def _others(self, node: Node, path: str, lists: Set[str], changed: Set[str]) -> Iterator[Edit]:
        """The properties that are no resources."""
        done = {*_DONE, *lists, *changed}
        mapped = self._is_mapped_bus(node)
        if mapped:
            yield from (SetProperty(path, name, cells(2)) for name in _WIDTHS)
            yield SetProperty(path, "ranges", ())
            done |= {*_WIDTHS, *_RANGES}
        kept = {}
        for name, item in node.properties.items():
            if name in done or name.startswith("xen,") or name.endswith("-supply"):
                continue
            value = self._copied(node, item)
            if value is None or (name in _RANGES and item.value):
                self._left.add(node, name)
            else:
                kept[name] = value
        for prop, names in _NAMES.items():
            if prop in node and prop not in kept and prop not in lists:
                kept.pop(names, None)
        pins = [name for name in node.properties if name.startswith("pinctrl-")]
        if any(name not in kept for name in pins):
            for name in pins:
                kept.pop(name, None)
        for name, value in kept.items():
            yield SetProperty(path, name, value)

    def _is_mapped_bus(self, node: Node) -> bool:
        children = (child for child in node.children.values() if child.path in self._paths)
        passed = map(self._devices.passing.of, children)
        return "ranges" in node and any(each.regions for each in passed)

    def _copied(self, node: Node, item: Property) -> Value | None:
        """A property as it is, with references within the partial tree; None: it leads out."""
        found = list(pointers(self._tree, node, item))
        if len(found) < len(item.references):
            return None
        if not found:
            return Raw(item.value)
        at = 0
        entries: list[Entry] = []
        for offset, target in sorted(found, key=lambda one: one[0] or 0):
            if (
                offset is None
                or offset % 4
                or len(item.value) % 4
                or target.path not in self._paths
            ):
                return None
            number = offset // 4
            _extend(entries, item.cells()[at:number])
            entries.append(Entry(self._paths[target.path]))
            at = number + 1
        _extend(entries, item.cells()[at:])
        return tuple(entries)

    def _is_here(self, entry: Entry) -> bool:
        target = entry.target
        return (
            target is None
            or target in self._served
            or target in self._paths
            or self._stand_in(target) is not None
        )

    def _stand_in(self, path: str) -> tuple[str, Mapping[str, Value]] | None:
        node = self._tree.node(path)
        return None if node is None else stand_in(node)

    def _fixed(self, value: Value) -> Iterator[Edit]:
        for entry in () if isinstance(value, Strings | Raw) else value:
            target = entry.target
            if target is None or target in self._served or target in self._fixtures:
                continue
            found = self._stand_in(target)
            if target in self._paths or found is None:
                continue
            kind, properties = found
            number = sum(path.startswith(f"{TOP}/{kind}") for path in self._fixtures.values())
            name = f"{kind}-{number}"
            path = self._fixtures[target] = f"{TOP}/{name}"
            yield AddNode(path, name.replace("-", "_"), target)
            for prop, each in properties.items():
                yield SetProperty(path, prop, each)

    def _moved(self, value: Value) -> Value:
        if isinstance(value, Strings | Raw):
            return value
        return tuple(
            Entry(self._at(entry.target), *entry[1:]) if entry.target is not None else entry
            for entry in value
        )

    def _at(self, path: str) -> str:
        """Where the partial tree has what a reference leads to."""
        return self._fixtures.get(path) or self._paths.get(path, path)

    def _name(self, node: Node) -> str:
        name, number = node.name, 0
        while name in self._names or _TAKEN.fullmatch(name):
            number += 1
            name = f"{node.base_name}-{number}{node.name[len(node.base_name) :]}"
        self._names.add(name)
        return name


def _extend(entries: list[Entry], rest: tuple[int, ...]) -> None:
    """Cells behind the last entry."""
    if not rest:
        return
    if entries and entries[-1].target is not None:
        entries[-1] = entries[-1]._replace(cells=rest)
    else:
        entries.append(Entry(None, rest))
