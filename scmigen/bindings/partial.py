"""A domain's partial tree for Xen, as edits of an empty tree.

Xen copies what is below ``/passthrough``: the domain's SCMI node with its shared memory, and the
devices, each with its registers, interrupts and SCMI resources. Other properties lead to nodes that
are not there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scmigen.bindings.addresses import Region
from scmigen.bindings.consumers import ENTRY_NAMES
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.references import CELLS, References
from scmigen.bindings.repointing import Answer, Served, Serving, repointed
from scmigen.bindings.scmi_emission import LABELS
from scmigen.bindings.scmi_nodes import PROVIDES, REGULATORS
from scmigen.bindings.transports import BY_WORD, SHARED_MEMORY
from scmigen.bindings.xen import PATH
from scmigen.bindings.xen_emission import XenChannel, passed
from scmigen.devicetree.edits import AddNode, Edit, Entry, SetProperty, Strings, Value, cells
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.scmi.protocols import Protocol

_TOP = "/passthrough"
_SCMI = f"{_TOP}/firmware/scmi"
_MEMORY = "scmi_shm"
_BUS = "simple-bus"
_FIXED = "fixed-clock"
_SMC = BY_WORD["smc"].compatible


def protocol_path(protocol: int) -> str:
    """Where a protocol is in a partial tree."""
    return f"{_SCMI}/protocol@{protocol:x}"


def regulator_path(number: int) -> str:
    """Where the regulator of a voltage domain is in a partial tree."""
    return f"{protocol_path(Protocol.VOLTAGE)}/{REGULATORS}/regulator@{number:x}"


@dataclass(slots=True)
class Left:
    """What a device of the board has and that of the domain has not: device → properties."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, node: Node, name: str) -> None:
        """One property of a device."""
        self.found.setdefault(node.path, []).append(name)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a domain has: its channel, where it sees the shared memory, its protocols, the names of
    its voltage domains by id, its devices, and what became of resources."""

    channel: XenChannel
    memory: int
    protocols: Sequence[int]
    regulators: Mapping[int, str]
    devices: Sequence[Node]
    ask: Callable[[ResourceKey], Answer]
    domain: Callable[[Node], Served | None]


def partial_edits(references: References, wanted: Wanted, left: Left) -> Iterator[Edit]:
    """The partial tree; ``left`` gets what it lacks."""
    yield from _bus("/", None)
    yield AddNode(_TOP)
    yield from _bus(_TOP, _BUS)
    yield from _channel(wanted)
    work = _Devices(references, wanted, left)
    for node in wanted.devices:
        yield from work.device(node)


def _bus(path: str, compatible: str | None) -> Iterator[Edit]:
    if compatible is not None:
        yield SetProperty(path, "compatible", Strings((compatible,)))
        yield SetProperty(path, "ranges", ())
    yield SetProperty(path, "#address-cells", cells(2))
    yield SetProperty(path, "#size-cells", cells(2))


def _channel(wanted: Wanted) -> Iterator[Edit]:
    channel = wanted.channel
    memory = f"{_TOP}/sram@{wanted.memory:x}"
    yield AddNode(memory, _MEMORY)
    yield SetProperty(memory, "compatible", Strings((SHARED_MEMORY,)))
    yield from _registers(memory, [(channel.memory, wanted.memory)])
    yield AddNode(f"{_TOP}/firmware")
    yield SetProperty(f"{_TOP}/firmware", "compatible", Strings((_BUS,)))
    yield AddNode(_SCMI, "scmi", f"agent {channel.agent}")
    yield SetProperty(_SCMI, "compatible", Strings((_SMC,)))
    yield SetProperty(_SCMI, "arm,smc-id", cells(channel.smc_id))
    yield SetProperty(_SCMI, "#address-cells", cells(1))
    yield SetProperty(_SCMI, "#size-cells", cells(0))
    yield SetProperty(_SCMI, "shmem", (Entry(memory),))
    for number in wanted.protocols:
        yield from _protocol(number, wanted.regulators)


def _protocol(number: int, regulators: Mapping[int, str]) -> Iterator[Edit]:
    path = protocol_path(number)
    yield AddNode(path, LABELS.get(number, f"scmi_{number:x}"))
    yield SetProperty(path, "reg", cells(number))
    names = PROVIDES.get(number, ())
    if number == Protocol.PERFORMANCE:
        names = ("#power-domain-cells",)
    for name in names:
        yield SetProperty(path, name, cells(1))
    if number == Protocol.VOLTAGE and regulators:
        holder = f"{path}/{REGULATORS}"
        yield AddNode(holder)
        yield SetProperty(holder, "#address-cells", cells(1))
        yield SetProperty(holder, "#size-cells", cells(0))
        for identifier, name in regulators.items():
            each = regulator_path(identifier)
            yield AddNode(each, f"scmi_reg_{identifier}")
            yield SetProperty(each, "reg", cells(identifier))
            yield SetProperty(each, "regulator-name", Strings((name,)))


def _wide(number: int) -> tuple[int, int]:
    return number >> 32, number & 0xFFFFFFFF


def _registers(path: str, places: Sequence[tuple[Region, int]]) -> Iterator[Edit]:
    """Registers: for the domain, and for Xen where they are and where it maps them."""
    guest = tuple(Entry(None, (*_wide(at), *_wide(region.size))) for region, at in places)
    host = tuple(
        Entry(None, (*_wide(region.start), *_wide(region.size), *_wide(at)))
        for region, at in places
    )
    yield SetProperty(path, "reg", guest)
    yield SetProperty(path, "xen,reg", host)
    yield SetProperty(path, "xen,force-assign-without-iommu", ())


class _Devices:
    """Writes devices one after the other; nodes and labels of a tree are distinct."""

    def __init__(self, references: References, wanted: Wanted, left: Left) -> None:
        self._references = references
        self._tree: DeviceTree = references.tree
        self._serving = Serving(wanted.ask, wanted.domain)
        self._left = left
        self._names: set[str] = {"firmware", f"sram@{wanted.memory:x}"}
        self._clocks: dict[str, str] = {}
        self._served = {
            *(protocol_path(number) for number in wanted.protocols),
            *(regulator_path(number) for number in wanted.regulators),
        }

    def device(self, node: Node) -> Iterator[Edit]:
        """The edits for one device, and for fixed clocks that it is the first to need."""
        changed = self._changed(node)
        lists: dict[str, Value] = {}
        for name, value in self._lists(node, changed):
            if isinstance(value, Strings) or all(self._is_here(entry) for entry in value):
                lists[name] = value
            else:
                self._left.add(node, name)
        for prop, names in ENTRY_NAMES.items():
            if prop in node and prop not in lists:
                lists.pop(names, None)
        for value in lists.values():
            yield from self._fixed(value)
        path = f"{_TOP}/{self._name(node)}"
        it = passed(self._tree, node)
        yield AddNode(path)
        if it.compatibles:
            yield SetProperty(path, "compatible", Strings(it.compatibles))
        if it.regions:
            yield from _registers(path, [(region, region.start) for region in it.regions])
        if it.interrupts:
            yield SetProperty(path, "interrupts", cells(*it.interrupts))
        yield SetProperty(path, PATH, Strings((node.path,)))
        for name, value in lists.items():
            yield SetProperty(path, name, self._moved(value))

    def _changed(self, node: Node) -> dict[str, Value | None]:
        """The properties that SCMI changes; None for those that go."""
        edits, _ = repointed(self._references, [node], self._serving)
        return {
            edit.name: edit.value if isinstance(edit, SetProperty) else None
            for edit in edits
            if not isinstance(edit, AddNode) and edit.path == node.path and hasattr(edit, "name")
        }

    def _lists(
        self, node: Node, changed: Mapping[str, Value | None]
    ) -> Iterator[tuple[str, Value]]:
        wanted = [*CELLS, *ENTRY_NAMES.values(), "assigned-clock-rates"]
        wanted += [name for name in node.properties if name.endswith("-supply")]
        wanted += [name for name in changed if name not in wanted]
        for name in wanted:
            if name in ("access-controllers", "thermal-sensors", "io-channels", "mboxes"):
                continue
            if name in changed:
                value = changed[name]
                if value is not None:
                    yield name, value
            elif name in node:
                yield name, self._as_it_is(node, name)

    def _as_it_is(self, node: Node, name: str) -> Value:
        if name in ENTRY_NAMES.values():
            return Strings(node.strings(name))
        if name == "assigned-clock-rates":
            return cells(*(node.cells(name) or ()))
        found = self._references.of(node, name)
        return tuple(Entry(entry.provider.path, entry.cells) for entry in found)

    def _is_here(self, entry: Entry) -> bool:
        target = entry.target
        return target is None or target in self._served or self._rate(target) is not None

    def _rate(self, path: str) -> int | None:
        """The rate of a clock that a partial tree can have for itself."""
        node = self._tree.node(path)
        if node is None or _FIXED not in node.strings("compatible"):
            return None
        return node.cell("clock-frequency")

    def _fixed(self, value: Value) -> Iterator[Edit]:
        for entry in () if isinstance(value, Strings) else value:
            target = entry.target
            if target is None or target in self._served or target in self._clocks:
                continue
            name = f"fixed-clock-{len(self._clocks)}"
            path = self._clocks[target] = f"{_TOP}/{name}"
            self._names.add(name)
            yield AddNode(path, f"fixed_clock_{len(self._clocks) - 1}", target)
            yield SetProperty(path, "compatible", Strings((_FIXED,)))
            yield SetProperty(path, "#clock-cells", cells(0))
            yield SetProperty(path, "clock-frequency", cells(self._rate(target) or 0))

    def _moved(self, value: Value) -> Value:
        if isinstance(value, Strings):
            return value
        return tuple(
            entry._replace(target=self._clocks.get(entry.target, entry.target))
            if entry.target is not None
            else entry
            for entry in value
        )

    def _name(self, node: Node) -> str:
        name, number = node.name, 0
        while name in self._names:
            number += 1
            name = f"{node.base_name}-{number}{node.name[len(node.base_name) :]}"
        self._names.add(name)
        return name
