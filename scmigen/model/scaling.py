"""The meaning of OPP tables: performance domains of the platform, or rates and levels of agents.

A table with frequencies makes a performance domain where the platform reaches both the clock and
the supply. Where the tree already names an SCMI clock or supply, the agent has the supply itself,
or the points vote on a power domain, the device scales its clock: `rate` on the clock, `level` on
the supply.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from scmigen.bindings.consumers import (
    assigned_rates,
    can_change_voltage,
    is_assigned,
    is_clock_input,
    is_switched_supply,
)
from scmigen.bindings.describe import ProviderNodes
from scmigen.bindings.facts import Asked, OppTable, Provider, ProviderClass, ResourceKey, Use
from scmigen.bindings.identity import scmi_protocol
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.node_kinds import is_pci
from scmigen.bindings.opp_bins import ANY, OppBin
from scmigen.bindings.opp_tables import voltages_of, with_bin
from scmigen.bindings.regulators import Supply, supply_of
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

_RATE = frozenset({Operation.RATE, Operation.READ})
_LEVEL = frozenset({Operation.LEVEL, Operation.READ})
_PERFORMANCE = frozenset({Operation.LEVEL, Operation.LIMITS, Operation.READ})


class Scaling(Data):
    """``uses``: what tables add. ``domains``: performance domain → its table. ``surrendered``:
    (consumer, resource) whose `rate`, `parent` and `level` the domain takes over. ``undriven``:
    tables whose clock the platform does not manage. ``rates``: clock → the rates in Hz its tables
    ask for. ``voltages``: supply → the voltages in µV within its limits that its tables ask for.
    ``unreached``: what no supply of a table's devices can give. ``driven``: performance domain →
    the clock and the supply that it alone sets, where there is one of each kind. ``together``:
    clock or supply → the others that the same devices change with it. ``setters``: clock, or
    supply whose voltage a table asks for → the performance domains that set it."""

    uses: tuple[Use, ...]
    domains: Mapping[ResourceKey, OppTable]
    surrendered: frozenset[tuple[str, ResourceKey]]
    undriven: tuple[OppTable, ...]
    rates: Mapping[ResourceKey, frozenset[int]]
    voltages: Mapping[ResourceKey, frozenset[int]]
    unreached: tuple["Unreached", ...]
    driven: Mapping[ResourceKey, Mapping[Kind, ResourceKey]]
    together: Mapping[ResourceKey, frozenset[ResourceKey]]
    setters: Mapping[ResourceKey, tuple[ResourceKey, ...]]


class Unreached(Data):
    """Voltages that OPPs of ``table`` ask for and none of ``supplies`` can give."""

    table: OppTable
    asked: tuple[Asked, ...]
    supplies: Mapping[ResourceKey, Supply]


class _Device(Data):
    """A consumer of a table; ``hardware`` are its uses of performance domains the tree names, and
    ``votes`` whether it names some that only take its votes."""

    node: Node
    clocks: tuple[Use, ...]
    supplies: tuple[Use, ...]
    hardware: tuple[Use, ...]
    votes: bool


class _Group(Data):
    """Devices that change together, and all that any of them names, each resource once."""

    table: OppTable
    devices: tuple[_Device, ...]
    clocks: tuple[Use, ...]
    supplies: tuple[Use, ...]

    @property
    def votes(self) -> bool:
        """Whether any of its devices names a domain that takes votes."""
        return any(device.votes for device in self.devices)

    @property
    def domain(self) -> ResourceKey:
        """The performance domain the group would be: named after the first device."""
        first = self.table.consumers[0] if self.table.shared else self.devices[0].node
        return ResourceKey(Kind.PERFORMANCE, first.path, ())


def scale(
    inventory: Inventory,
    providers: Mapping[str, Provider],
    platform: frozenset[str],
    bins: Mapping[str, OppBin],
) -> Scaling:
    """The uses and performance domains that the OPP tables of a tree add.

    ``bins``: path of a table → the chip that is there.
    """
    by_consumer: dict[str, list[Use]] = {
        node.path: [] for table in inventory.tables for node in table.consumers
    }
    for use in inventory.uses if by_consumer else ():
        if use.consumer.path in by_consumer:
            by_consumer[use.consumer.path].append(use)
    found = _Found(providers, ProviderNodes(inventory.tree))
    for table in (with_bin(it, bins.get(it.node.path, ANY)) for it in inventory.tables):
        devices = [
            _device(node, table, by_consumer.get(node.path, ()))
            for node in table.consumers
            if node.path not in platform and not is_pci(node)
        ]
        found.add(table, devices)
    return found.scaling()


class _Found:
    """Accumulates the meaning of one table after another."""

    def __init__(self, providers: Mapping[str, Provider], nodes: ProviderNodes) -> None:
        self._providers = providers
        self._nodes = nodes
        self._uses: list[Use] = []
        self._domains: dict[ResourceKey, OppTable] = {}
        self._surrendered: set[tuple[str, ResourceKey]] = set()
        self._undriven: list[OppTable] = []
        self._rates: dict[ResourceKey, frozenset[int]] = {}
        self._voltages: dict[ResourceKey, set[int]] = {}
        self._unreached: list[Unreached] = []
        self._sets: dict[ResourceKey, tuple[ResourceKey, ...]] = {}
        self._changes: dict[ResourceKey, tuple[ResourceKey, ...]] = {}
        self._together: list[set[ResourceKey]] = []

    def add(self, table: OppTable, devices: Sequence[_Device]) -> None:
        """Add what a table means to the devices that use it."""
        asked = tuple(voltages_of(table))
        if asked:
            self._supply(table, asked, _groups(table, devices))
        devices = self._without_hardware(table, devices)
        # Levels are votes on a domain that the device names, or, without voltages, on another's.
        levels = any(point.level is not None for point in table.offered)
        groups = _groups(table, devices)
        if levels and not asked:
            groups = [group for group in groups if group.votes]
        votes = levels and any(group.votes for group in groups)
        if not any(group.devices for group in groups) or not any(
            point.rates for point in table.offered
        ):
            return
        if not votes and not table.requires and all(map(self._is_reached, groups)):
            for group in groups:
                self._make_domain(group, bool(asked))
            return
        added = [use for group in groups for use in self._native(group, bool(asked))]
        for group in groups:
            self._together.extend(
                ({use.key for use in group.clocks}, {use.key for use in group.supplies})
            )
        self._uses.extend(added)
        for use in added:
            self._rates[use.key] = self._rates.get(use.key, frozenset()) | _rates(table, use)
        if not added and not levels:
            self._undriven.append(table)

    def _supply(self, table: OppTable, asked: Iterable[Asked], groups: Iterable[_Group]) -> None:
        """Note the voltages that supplies must have, and what none of them can give."""
        for group in groups:
            known = {use.key: supply_of(self._nodes.node(use.key)) for use in group.supplies}
            for key, supply in known.items():
                if len(known) == 1 or supply.named:
                    found = {item.wanted for item in asked if supply.may_vary_to(item.wanted)}
                    self._voltages.setdefault(key, set()).update(found)
            # With required-opps, voltages are those of the power domain, whatever the supplies are.
            lost = () if table.requires or not known else _lost(asked, known.values())
            if lost:
                self._unreached.append(Unreached(table, lost, known))

    def _without_hardware(self, table: OppTable, devices: Sequence[_Device]) -> list[_Device]:
        """The devices that no performance domain of the tree serves.

        Where one serves a device, it serves those too that share the table and name nothing.
        """
        served = _once(use for device in devices for use in device.hardware)
        rest = [device for device in devices if not device.hardware]
        if not table.shared or not served:
            return rest
        for device in rest:
            if not device.clocks:
                uses = (Use(device.node, use.key, table.prop, 0, use.needs) for use in served)
                self._uses.extend(uses)
        return [device for device in rest if device.clocks]

    def _is_reached(self, group: _Group) -> bool:
        """Whether the platform has the clocks and every supply, and the tree names no SCMI."""
        for use in (*group.clocks, *group.supplies):
            provider = self._providers[use.key.provider]
            if scmi_protocol(provider.node) is not None:
                return False
            wanted = {ProviderClass.MANAGED}
            if use.key.kind is Kind.VOLTAGE:
                wanted.add(ProviderClass.FIXED)
            if provider.category not in wanted:
                return False
        return bool(group.clocks)

    def _make_domain(self, group: _Group, votes: bool) -> None:
        """A domain of all that a group names; with ``votes`` it changes the supplies that can."""
        key = group.domain
        self._domains[key] = group.table
        supplies = (use.key for use in group.supplies if votes and self._can_change(use))
        self._changes[key] = (*(use.key for use in group.clocks), *supplies)
        self._sets[key] = tuple(use.key for use in (*group.clocks, *group.supplies))
        for device in group.devices:
            self._uses.append(Use(device.node, key, group.table.prop, 0, _PERFORMANCE))
            taken = (*device.clocks, *device.supplies)
            self._surrendered.update((device.node.path, use.key) for use in taken)

    def _native(self, group: _Group, votes: bool) -> Iterator[Use]:
        """`rate` on the managed clocks, with ``votes`` `level` on the managed supplies that can
        change.

        A device that names none sets those of its group.
        """
        prop = group.table.prop
        for device in group.devices:
            for use in device.clocks or group.clocks:
                if self._is_managed(use):
                    yield Use(device.node, use.key, prop, use.index, _RATE)
            for use in (device.supplies or group.supplies) if votes else ():
                if self._is_managed(use) and self._can_change(use):
                    yield Use(device.node, use.key, prop, use.index, _LEVEL)

    def _can_change(self, use: Use) -> bool:
        return can_change_voltage(self._nodes.node(use.key))

    def _is_managed(self, use: Use) -> bool:
        return self._providers[use.key.provider].category is ProviderClass.MANAGED

    def scaling(self) -> Scaling:
        """The result for all tables."""
        return Scaling(
            tuple(self._uses),
            self._domains,
            frozenset(self._surrendered),
            tuple(self._undriven),
            self._rates,
            {key: frozenset(found) for key, found in self._voltages.items()},
            tuple(self._unreached),
            _driven(self._sets),
            _together(self._together),
            _setters(self._changes),
        )


def _once(uses: Iterable[Use]) -> tuple[Use, ...]:
    """The first use of each resource."""
    found: dict[ResourceKey, Use] = {}
    for use in uses:
        found.setdefault(use.key, use)
    return tuple(found.values())


def _groups(table: OppTable, devices: Sequence[_Device]) -> list[_Group]:
    """All devices of a table whose devices change together, else each by itself."""
    parts = [devices] if table.shared else [[device] for device in devices]
    return [
        _Group(
            table,
            tuple(part),
            _once(use for device in part for use in device.clocks),
            _once(use for device in part for use in device.supplies),
        )
        for part in parts
    ]


def _driven(
    sets: Mapping[ResourceKey, Iterable[ResourceKey]],
) -> dict[ResourceKey, dict[Kind, ResourceKey]]:
    """Of what the domains set, the one clock and the one supply that no other domain sets."""
    users: dict[ResourceKey, int] = {}
    for keys in sets.values():
        for key in keys:
            users[key] = users.get(key, 0) + 1
    found: dict[ResourceKey, dict[Kind, ResourceKey]] = {}
    for domain, keys in sets.items():
        for kind in (Kind.CLOCK, Kind.VOLTAGE):
            own = [key for key in keys if key.kind is kind]
            if len(own) == 1 and users[own[0]] == 1:
                found.setdefault(domain, {})[kind] = own[0]
    return found


def _setters(
    sets: Mapping[ResourceKey, Iterable[ResourceKey]],
) -> dict[ResourceKey, tuple[ResourceKey, ...]]:
    """Clock or supply → the domains that set it."""
    found: dict[ResourceKey, tuple[ResourceKey, ...]] = {}
    for domain, keys in sets.items():
        for key in keys:
            found[key] = (*found.get(key, ()), domain)
    return found


def _together(groups: Iterable[set[ResourceKey]]) -> dict[ResourceKey, frozenset[ResourceKey]]:
    """For each resource the others of its groups: whoever sets one sets these too."""
    found: dict[ResourceKey, frozenset[ResourceKey]] = {}
    for group in groups:
        for key in group if len(group) > 1 else ():
            found[key] = found.get(key, frozenset()) | (group - {key})
    return found


def _lost(asked: Iterable[Asked], supplies: Collection[Supply]) -> tuple[Asked, ...]:
    """What none of the supplies can give, of OPPs none of whose variants they can."""
    lost, given = [], set()
    for item in asked:
        given.add((item.opp, item.variant))
        if not any(supply.can_supply(item.lowest, item.highest) for supply in supplies):
            lost.append(item)
    given -= {(item.opp, item.variant) for item in lost}
    reached = {opp for opp, _ in given}
    return tuple(item for item in lost if item.opp not in reached)


def _rates(table: OppTable, use: Use) -> frozenset[int]:
    """The rates that the table asks of the clock at the use's place in ``clocks``."""
    if use.key.kind is not Kind.CLOCK:
        return frozenset()
    found = (point.rates[use.index] for point in table.offered if use.index < len(point.rates))
    return frozenset(rate for rate in found if rate)


def _device(node: Node, table: OppTable, uses: Iterable[Use]) -> _Device:
    scaled = {index for point in table.offered for index, rate in enumerate(point.rates) if rate}
    rates = assigned_rates(node)
    clocks: list[Use] = []
    supplies: list[Use] = []
    hardware: list[Use] = []
    votes = False
    for use in uses:
        # An index counts in the device's own list, not in that of another tree or of the bus above.
        own = use.place is None
        asked = is_assigned(use) and use.index < len(rates) and rates[use.index]
        if own and ((is_clock_input(use) and use.index in scaled) or asked):
            clocks.append(use)
        elif use.key.kind is Kind.VOLTAGE and not is_switched_supply(use):
            supplies.append(use)
        elif use.key.kind is Kind.PERFORMANCE and Operation.LEVEL in use.needs:
            hardware.append(use)
        elif use.key.kind is Kind.PERFORMANCE:
            votes = True
    return _Device(node, _once(clocks), _once(supplies), _once(hardware), votes)
