"""What an OPP table means: a performance domain of the platform, or rates and levels of the agent.

A table with frequencies makes a performance domain where the platform reaches both the clock and
the supply. Where an SCMI clock or supply stands in the tree already, or the agent has the supply
itself, the device scales its clock: `rate` on the clock, `level` on the supply.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scmigen.bindings.consumers import (
    assigned_rates,
    can_change_voltage,
    is_assigned,
    is_clock_input,
)
from scmigen.bindings.facts import (
    Inventory,
    OppTable,
    Provider,
    ProviderClass,
    ResourceKey,
    Use,
)
from scmigen.bindings.identity import has_dvfs, scmi_protocol
from scmigen.bindings.node_kinds import is_pci
from scmigen.devicetree.nodes import Node
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

_RATE = frozenset({Operation.RATE, Operation.READ})
_LEVEL = frozenset({Operation.LEVEL, Operation.READ})
_PERFORMANCE = frozenset({Operation.LEVEL, Operation.LIMITS, Operation.READ})

#: The property that stands behind every use an OPP table makes.
TABLE = "operating-points-v2"


@dataclass(frozen=True, slots=True)
class Scaling:
    """``uses``: what tables add. ``domains``: performance domain → its table. ``surrendered``:
    (consumer, resource) whose `rate`, `parent` and `level` the domain takes over. ``undriven``:
    tables whose clock the platform does not manage. ``rates``: clock → the rates in Hz its tables
    ask for. ``driven``: performance domain → the clock and the supply that it alone sets, where
    there is one of each kind."""

    uses: tuple[Use, ...]
    domains: Mapping[ResourceKey, OppTable]
    surrendered: frozenset[tuple[str, ResourceKey]]
    undriven: tuple[OppTable, ...]
    rates: Mapping[ResourceKey, frozenset[int]]
    driven: Mapping[ResourceKey, Mapping[Kind, ResourceKey]]


@dataclass(frozen=True, slots=True)
class _Device:
    node: Node
    clocks: tuple[Use, ...]
    supplies: tuple[Use, ...]


def scale(
    inventory: Inventory, providers: Mapping[str, Provider], platform: frozenset[str]
) -> Scaling:
    """What the OPP tables of a tree add to its uses."""
    by_consumer: dict[str, list[Use]] = {}
    for use in inventory.uses:
        by_consumer.setdefault(use.consumer.path, []).append(use)
    uses: list[Use] = []
    domains: dict[ResourceKey, OppTable] = {}
    surrendered: set[tuple[str, ResourceKey]] = set()
    undriven: list[OppTable] = []
    rates: dict[ResourceKey, frozenset[int]] = {}
    sets: dict[ResourceKey, dict[ResourceKey, None]] = {}
    for table in inventory.tables:
        devices = [
            _device(node, table, by_consumer.get(node.path, ()))
            for node in table.consumers
            if node.path not in platform and _scales(node, by_consumer, inventory)
        ]
        if not devices or not _has_rates(table):
            continue
        if not table.requires and _reached(devices, providers):
            for device in devices:
                key = _domain_key(table, device.node)
                domains[key] = table
                uses.append(Use(device.node, key, TABLE, 0, _PERFORMANCE))
                taken = (*device.clocks, *device.supplies)
                surrendered.update((device.node.path, use.key) for use in taken)
                sets.setdefault(key, {}).update(dict.fromkeys(use.key for use in taken))
            continue
        added = [use for device in devices for use in _native(device, table, providers)]
        uses.extend(added)
        for use in added:
            rates[use.key] = rates.get(use.key, frozenset()) | _rates(table, use)
        if not added:
            undriven.append(table)
    return Scaling(
        tuple(uses), domains, frozenset(surrendered), tuple(undriven), rates, _driven(sets)
    )


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


def _rates(table: OppTable, use: Use) -> frozenset[int]:
    """The rates that the table asks of the clock at the use's place in ``clocks``."""
    if use.key.kind is not Kind.CLOCK:
        return frozenset()
    found = (point.rates[use.index] for point in table.points if use.index < len(point.rates))
    return frozenset(rate for rate in found if rate)


def _has_rates(table: OppTable) -> bool:
    """Frequencies that the device sets; levels without voltages are votes on another domain."""
    votes = any(point.level is not None for point in table.points)
    voltages = any(point.voltage is not None for point in table.points)
    return any(point.rates for point in table.points) and not (votes and not voltages)


def _scales(node: Node, uses: Mapping[str, Iterable[Use]], inventory: Inventory) -> bool:
    """Neither a PCIe link, whose table holds link speeds, nor served by DVFS hardware already."""
    if is_pci(node):
        return False
    for use in uses.get(node.path, ()):
        provider = inventory.tree.node(use.key.provider)
        if use.key.kind is Kind.PERFORMANCE and provider is not None and has_dvfs(provider):
            return False
    return True


def _device(node: Node, table: OppTable, uses: Iterable[Use]) -> _Device:
    scaled = {index for point in table.points for index, rate in enumerate(point.rates) if rate}
    rates = assigned_rates(node)
    clocks: dict[ResourceKey, Use] = {}
    supplies: dict[ResourceKey, Use] = {}
    for use in uses:
        # An index counts in the device's own list, not in that of another tree or of the bus above.
        own = use.place is None
        asked = is_assigned(use) and use.index < len(rates) and rates[use.index]
        if own and ((is_clock_input(use) and use.index in scaled) or asked):
            clocks.setdefault(use.key, use)
        elif use.key.kind is Kind.VOLTAGE:
            supplies.setdefault(use.key, use)
    return _Device(node, tuple(clocks.values()), tuple(supplies.values()))


def _reached(devices: Iterable[_Device], providers: Mapping[str, Provider]) -> bool:
    """Whether the platform has the clocks and every supply, and no SCMI is named already."""
    for device in devices:
        if not device.clocks:
            return False
        for use in (*device.clocks, *device.supplies):
            provider = providers[use.key.provider]
            if scmi_protocol(provider.node) is not None:
                return False
            wanted = {ProviderClass.MANAGED}
            if use.key.kind is Kind.VOLTAGE:
                wanted.add(ProviderClass.FIXED)
            if provider.category not in wanted:
                return False
    return True


def _domain_key(table: OppTable, device: Node) -> ResourceKey:
    """One domain a table where its devices scale together, else one a device."""
    first = table.consumers[0] if table.shared else device
    return ResourceKey(Kind.PERFORMANCE, first.path, ())


def _native(device: _Device, table: OppTable, providers: Mapping[str, Provider]) -> Iterator[Use]:
    """`rate` on the managed clocks, `level` on the managed supplies that can change."""
    for use in device.clocks:
        if providers[use.key.provider].category is ProviderClass.MANAGED:
            yield Use(device.node, use.key, TABLE, use.index, _RATE)
    if not any(point.voltage is not None for point in table.points):
        return
    for use in device.supplies:
        provider = providers[use.key.provider]
        if provider.category is ProviderClass.MANAGED and _adjustable(use, provider):
            yield Use(device.node, use.key, TABLE, use.index, _LEVEL)


def _adjustable(use: Use, provider: Provider) -> bool:
    if not use.key.cells:
        return can_change_voltage(provider.node)
    regulators = provider.node.children.get("regulators")
    below = regulators.children.values() if regulators else ()
    return any(n.cell("reg") == use.key.cells[0] and can_change_voltage(n) for n in below)
