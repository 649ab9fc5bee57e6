"""The clocks of a running system joined with the resources of a tree, by number or by name.

A tree ends at the controllers of a SoC; what feeds what inside of them only a running system tells.
Its clocks are those of the tree

- whose number the provider has: of a listing of the BPMP or of an SCMI server,
- which the provider names itself (``clock-output-names``, the name of a node of one clock),
- which the lock file names,
- whose name the tree's headers have as a macro: ``pllp_out0`` is ``TEGRA234_CLK_PLLP_OUT0``,
- which a device has in the running system that takes it in the tree, under the same name.

A name that means several resources joins none of them, and neither do two clocks that would be one
resource. Where providers share a header, each macro may be of any of them: then the devices that
have the clock decide, then where the tree writes that macro, then how a provider's macros begin.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from scmigen.bindings.addresses import regions
from scmigen.bindings.consumers import specifier_cells
from scmigen.bindings.describe import clock_output_names, names_of
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.identity import is_performance_provider, scmi_protocol
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.node_kinds import is_bpmp
from scmigen.bindings.running import NO_TOPOLOGY, RunningClock, Topology
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.patterns import pattern
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.topology.listing import Clock, Listing, Origin

_Keys = dict[str, set[ResourceKey]]
#: Name → what it may be, with the macro that says so.
_Written = dict[str, dict[ResourceKey, str]]


def join(
    inventory: Inventory, listings: Sequence[Listing], given: Mapping[str, ResourceKey]
) -> Topology:
    """The topology of a tree. ``given``: names that its clocks have besides, from a lock file."""
    if not listings:
        return NO_TOPOLOGY
    names = _Names(inventory, given)
    clocks: list[RunningClock] = []
    for listing in listings:
        provider = _numbered_provider(inventory, listing.origin)
        served = listing.origin is Origin.SCMI
        choices = [names.of(clock, served) for clock in listing.clocks]
        if provider is not None:
            numbered = ((provider, clock.number) for clock in listing.clocks)
            choices = [
                by_name if number is None else (ResourceKey(Kind.CLOCK, path, (number,)),)
                for by_name, (path, number) in zip(choices, numbered, strict=True)
            ]
        clocks.extend(_joined(listing, choices, len(clocks)))
    return Topology(tuple(listings), tuple(clocks))


def _joined(
    listing: Listing, choices: Sequence[tuple[ResourceKey, ...]], first: int
) -> Iterator[RunningClock]:
    """The clocks of a listing; what two of them would be is neither."""
    counts: dict[ResourceKey, int] = {}
    for keys in choices:
        for key in keys if len(keys) == 1 else ():
            counts[key] = counts.get(key, 0) + 1
    for index, (clock, keys) in enumerate(zip(listing.clocks, choices, strict=True)):
        alone = len(keys) == 1 and counts[keys[0]] == 1
        yield RunningClock(
            clock.name,
            listing.position(index),
            None if clock.parent is None else clock.parent + first,
            tuple(other + first for other in clock.possible),
            clock.enabled,
            keys[0] if alone else None,
            () if alone else keys,
        )


def _numbered_provider(inventory: Inventory, origin: Origin) -> str | None:
    """The path of the only node whose numbers a listing has."""
    if origin is Origin.BPMP:
        nodes = [node for node in _clock_providers(inventory) if is_bpmp(node)]
    elif origin is Origin.SCMI:
        having = [instance.protocols.get(Protocol.CLOCK) for instance in inventory.instances]
        nodes = [node for node in having if node is not None]
    else:
        nodes = []
    return nodes[0].path if len(nodes) == 1 else None


def _clock_providers(inventory: Inventory) -> Iterator[Node]:
    """The nodes that provide clocks and are there."""
    for provider in inventory.providers.values():
        node = provider.node
        of_clocks = Kind.CLOCK in provider.kinds and not is_performance_provider(node)
        if of_clocks and inventory.availability.present(node):
            yield node


class _Names(Data, frozen=False, slots=False):
    """The names that the clocks of a tree have."""

    inventory: Inventory
    given: Mapping[str, ResourceKey]
    _beginnings: dict[str, str] = field(default_factory=dict)

    def of(self, clock: Clock, served: bool) -> tuple[ResourceKey, ...]:
        """The resources that a clock may be; ``served``: its name is an SCMI server's."""
        name = clock.name
        given = (self.given[name],) if name in self.given else ()
        if served and given:
            return given
        used = self._used_by(clock)
        named = self._stated.get(name) or self._by_macro(_folded(name), used)
        return tuple(sorted((named & used or named) if named else used or given))

    def _by_macro(self, name: str, used: set[ResourceKey]) -> set[ResourceKey]:
        """What a macro says that a clock is; ``used``: what the devices that have it take."""
        macros = self._macros.get(name, {})
        every = set(macros)
        if len(every) < 2 or every & used:
            return every
        written = {key for key in every if macros[key] in self.inventory.macros.cells(key)}
        fit = {key for key in every if macros[key].startswith(self._beginning(key.provider))}
        return written or fit or every

    def _beginning(self, provider: str) -> str:
        """What all macros begin with that the tree writes for a provider."""
        if provider not in self._beginnings:
            written = self.inventory.macros.written({provider}, Kind.CLOCK)
            self._beginnings[provider] = _common(written)
        return self._beginnings[provider]

    def _used_by(self, clock: Clock) -> set[ResourceKey]:
        """What the devices that have a clock take under the names that they have for it."""
        return {key for user in clock.users for key in self._users.get(user, ())}

    @cached_property
    def _users(self) -> Mapping[tuple[str, str], set[ResourceKey]]:
        """(device, its name for a clock; none: its first) → the clock; devices as Linux names them:
        ``31040000.ethernet``."""
        found: dict[tuple[str, str], set[ResourceKey]] = {}
        for use in self.inventory.uses:
            if use.prop != "clocks" or use.key.kind is not Kind.CLOCK:
                continue
            for region in regions(use.consumer)[:1]:
                device = f"{region.start:x}.{use.consumer.base_name}"
                names = {use.name or "", *([""] if use.index == 0 else [])}
                for name in names if use.name or use.index == 0 else ():
                    found.setdefault((device, name), set()).add(use.key)
        return found

    @cached_property
    def _stated(self) -> _Keys:
        """Those that a provider itself gives its clocks."""
        found: _Keys = {}
        for node in _clock_providers(self.inventory):
            for name, key in _stated(self.inventory, node):
                found.setdefault(name, set()).add(key)
        return found

    @cached_property
    def _macros(self) -> _Written:
        """The macros of the headers that references to a provider are written with."""
        found: _Written = {}
        for node in _clock_providers(self.inventory):
            if specifier_cells(node, Kind.CLOCK) != 1 or scmi_protocol(node) is not None:
                continue
            family = self.inventory.macros.family(Kind.CLOCK, node.path)
            for word, macro in _shorter(family):
                key = ResourceKey(Kind.CLOCK, node.path, (family[macro],))
                found.setdefault(word, {}).setdefault(key, macro)
        return found


def _stated(inventory: Inventory, node: Node) -> Iterator[tuple[str, ResourceKey]]:
    cells = specifier_cells(node, Kind.CLOCK)
    if cells == 0:
        key = ResourceKey(Kind.CLOCK, node.path, ())
        yield from ((name, key) for name in names_of(inventory.tree, key)[:1])
    elif cells == 1:
        for number, name in clock_output_names(node).items():
            yield name, ResourceKey(Kind.CLOCK, node.path, (number,))


#: Words after the common beginning of a family that names of clocks do not have.
_WORD = pattern(r"^(CLK|CLOCK)_(?=.)")


def _shorter(family: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names → macros: each as it is, and without what all have in common: ``TEGRA234_CLK_SDMMC1``,
    ``SDMMC1``; of ``IMX8MP_CLK_UART1`` beside ``IMX8MP_SYS_PLL1``, ``UART1``, too. Where they have
    nothing in common, a part of a name says nothing."""
    common = _common(family)
    further = common and not common.endswith(("_CLK_", "_CLOCK_"))
    for name in family:
        rest = name[len(common) :]
        for each in dict.fromkeys((name, rest, _WORD.sub("", rest) if further else rest)):
            yield _folded(each), name


def _common(names: Iterable[str]) -> str:
    """What all names begin with, whole words alone."""
    every = list(names)
    if len(every) < 2:
        return ""
    first, last = min(every), max(every)
    size = next((i for i, c in enumerate(first) if i >= len(last) or last[i] != c), len(first))
    return first[: first.rfind("_", 0, size) + 1]


_OTHER = pattern(r"[^A-Z0-9]+")


def _folded(name: str) -> str:
    """A name as macros are spelt."""
    return _OTHER.sub("_", name.upper())
