"""The consumers' side: the clocks, power domains, resets, supplies, … that one node uses.

Each function reads one group of properties of one node (Linux ``Bindings/clock``, ``…/power``,
``…/reset``, ``…/regulator``, ``…/thermal``) and gives the uses in it with the operations they need.
"""

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from scmigen.bindings.driver_tables import SUPPLY, Entry
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.identity import has_dvfs, identity_of, key_of, voltage_key
from scmigen.bindings.node_kinds import is_cpu
from scmigen.bindings.opp_tables import only_votes
from scmigen.bindings.references import CELLS, Reference, References
from scmigen.data import replace
from scmigen.devicetree.nodes import Node
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

_STATE_READ = frozenset({Operation.STATE, Operation.READ})
_READ = frozenset({Operation.READ})
_RATE = frozenset({Operation.RATE, Operation.READ})
_PARENT = frozenset({Operation.PARENT, Operation.READ})
_LEVEL = frozenset({Operation.LEVEL, Operation.LIMITS, Operation.READ})
_SUPPLY_LEVEL = frozenset({Operation.STATE, Operation.LEVEL, Operation.READ})

_VOTE = frozenset({Operation.LIMITS, Operation.READ})

#: Entries of lists need `state` and `read`, but for these kinds.
_NEEDS: Mapping[Kind, frozenset[Operation]] = {
    Kind.RESET: frozenset({Operation.RESET}),
    Kind.SENSOR: frozenset({Operation.CONFIG, Operation.READ}),
    Kind.PERFORMANCE: _VOTE,
}

#: The name that an entry of ``power-domains`` has where the domain scales its consumer (Linux
#: ``Bindings/arm/cpus.yaml``).
SCALING_NAME = "perf"

#: Supplies whose consumers switch between voltages as a matter of course (SD cards: 3.3 V, 1.8 V).
_SWITCHED_SUPPLIES = frozenset({"vqmmc-supply"})

#: List of references → the kind of resource that an entry is.
LISTS: Mapping[str, Kind] = {
    "clocks": Kind.CLOCK,
    "power-domains": Kind.POWER,
    "resets": Kind.RESET,
    "performance-domains": Kind.PERFORMANCE,
    "qcom,freq-domain": Kind.PERFORMANCE,
    "thermal-sensors": Kind.SENSOR,
    "io-channels": Kind.SENSOR,
}


def uses_of(references: References, node: Node) -> list[Use]:
    """All direct uses of a node, in the order of its properties."""
    found: list[Use] = []
    for name in node.properties:
        if name == "assigned-clocks":
            found += _assigned_clocks(references, node)
        elif name in LISTS:
            found += _listed(references, node, name)
        elif name.endswith(SUPPLY):
            found += _supply(references, node, name)
    if "clocks" not in node.properties and "compatible" in node.properties:
        found += _borrowed(references, node)
    return found


def _borrowed(references: References, node: Node) -> Iterator[Use]:
    """The clocks of the bus above, which ``clock-ranges`` lends to nodes without their own."""
    above = node.parent
    while above is not None and "clock-ranges" in above:
        if "clocks" in above:
            for use in _listed(references, above, "clocks"):
                yield replace(use, consumer=node, place=use.position or above.position)
            return
        above = above.parent


#: List property → the property with the names of its entries, where they have any.
ENTRY_NAMES = {
    "clocks": "clock-names",
    "power-domains": "power-domain-names",
    "resets": "reset-names",
    "io-channels": "io-channel-names",
}


def _listed(references: References, node: Node, prop: str) -> list[Use]:
    found: list[Use] = []
    names = node.strings(ENTRY_NAMES[prop]) if prop in ENTRY_NAMES else ()
    identity, kind = references.once(identity_of), LISTS[prop]
    for entry in references.of(node, prop):
        key = identity(kind, entry.provider).key(entry.cells)
        name = names[entry.index] if entry.index < len(names) else None
        needs = _NEEDS.get(key.kind, _STATE_READ)
        if needs is _VOTE and is_scaled(references, node, prop, entry, name):
            needs = _LEVEL
        found.append(Use(node, key, prop, entry.index, needs, name, (), None, entry.start))
    return found


def is_scaled(
    references: References, node: Node, prop: str, entry: Reference, name: str | None
) -> bool:
    """Whether a performance domain sets what ``node`` runs at; it may only take votes of it.

    In ``power-domains``, a name tells the two apart, and points that are votes themselves.
    """
    if not has_dvfs(entry.provider):
        return False
    if prop == "power-domains":
        if name not in (None, SCALING_NAME) or only_votes(references, node):
            return False
        if name == SCALING_NAME:
            return True
    return is_cpu(node) or "operating-points-v2" in node or "operating-points" in node


def _assigned_clocks(references: References, node: Node) -> Iterator[Use]:
    entries = references.of(node, "assigned-clocks")
    parents = {entry.index: entry for entry in references.of(node, "assigned-clock-parents")}
    rates = assigned_rates(node)
    identity = references.once(identity_of)
    for entry in entries:
        key = identity(Kind.CLOCK, entry.provider).key(entry.cells)
        if key.kind is not Kind.CLOCK:
            continue
        if entry.index < len(rates) and rates[entry.index]:
            yield Use(node, key, "assigned-clocks", entry.index, _RATE, at=entry.start)
        if entry.index in parents:
            yield Use(node, key, "assigned-clocks", entry.index, _PARENT, at=entry.start)
            named = parents[entry.index]
            parent = key_of(Kind.CLOCK, named)
            if parent.kind is Kind.CLOCK:
                at = named.start
                yield Use(node, parent, "assigned-clock-parents", entry.index, _READ, at=at)


def is_assigned(use: Use) -> bool:
    """Whether a use asks for a rate or a parent of a clock (``assigned-clocks``)."""
    return use.prop == "assigned-clocks"


def is_assigned_parent(use: Use) -> bool:
    """Whether a use names a clock as the parent of another one (``assigned-clock-parents``)."""
    return use.prop == "assigned-clock-parents" and use.key.kind is Kind.CLOCK


def is_switched_supply(use: Use) -> bool:
    """Whether the consumer's own driver switches a supply between voltages, whatever the consumer
    runs at: it is never the supply of operating points."""
    return use.prop in _SWITCHED_SUPPLIES


def is_clock_input(use: Use) -> bool:
    """Whether a use is a clock that the consumer runs on, or that feeds it."""
    return use.prop == "clocks" and use.key.kind is Kind.CLOCK


def driver_entry(use: Use) -> Entry | None:
    """What tables of drivers are asked about a use; None where none of them can tell anything: of
    what a node does not name itself, has without a ``compatible``, or only assigns."""
    node, kind = use.consumer, use.key.kind
    clock = is_clock_input(use)
    if use.via or not (clock or (kind is Kind.VOLTAGE and use.prop.endswith(SUPPLY))):
        return None
    words = node.strings("compatible")
    if not words:
        return None
    if clock:
        named = use.name is not None or ENTRY_NAMES[use.prop] in node
        return Entry(words, kind, use.name, use.index, named)
    return Entry(words, kind, use.prop.removesuffix(SUPPLY), use.index, True)


def passes_on(use: Use) -> bool:
    """Whether the consumer offers clocks itself, so that who sets the rate of one of those may have
    it set the rate of its input: no driver of the consumer's asks for that."""
    return is_clock_input(use) and "#clock-cells" in use.consumer


def specifier_cells(provider: Node, kind: Kind) -> int | None:
    """How many cells a specifier has, for the kinds where all cells are part of the identity."""
    prop = {Kind.CLOCK: "clocks", Kind.RESET: "resets"}.get(kind)
    return None if prop is None else provider.cell(CELLS[prop])


def assigned_rates(node: Node) -> tuple[int, ...]:
    """The rates in Hz of ``assigned-clock-rates`` or ``-rates-u64``; 0 where none is asked for."""
    wide = node.cells("assigned-clock-rates-u64")
    if wide is not None:
        return tuple(
            high << 32 | low for high, low in zip_longest(wide[::2], wide[1::2], fillvalue=0)
        )
    return node.cells("assigned-clock-rates") or ()


def assigned_parents(references: References, node: Node) -> dict[ResourceKey, ResourceKey]:
    """Clock → parent, as ``assigned-clocks`` and ``assigned-clock-parents`` of a node pair them."""
    parents = references.of(node, "assigned-clock-parents")
    by_index = {entry.index: key_of(Kind.CLOCK, entry) for entry in parents}
    return {
        key_of(Kind.CLOCK, entry): by_index[entry.index]
        for entry in references.of(node, "assigned-clocks")
        if entry.index in by_index
    }


def _supply(references: References, node: Node, name: str) -> Iterator[Use]:
    regulator = references.target(node, name)
    if regulator is None:
        return
    switches = name in _SWITCHED_SUPPLIES and can_change_voltage(regulator)
    yield Use(node, voltage_key(regulator), name, 0, _SUPPLY_LEVEL if switches else _STATE_READ)


def can_change_voltage(regulator: Node) -> bool:
    """Whether a regulator has a minimum and a maximum, and they differ."""
    lowest = regulator.cell("regulator-min-microvolt")
    highest = regulator.cell("regulator-max-microvolt")
    return lowest is not None and highest is not None and lowest != highest
