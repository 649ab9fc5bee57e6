"""What is known of the resources of a platform: from nodes, from OPP tables, from the user."""

from collections.abc import Iterable

from scmigen.bindings.describe import facts_of
from scmigen.bindings.facts import ResourceFacts, ResourceKey
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.opp_tables import points_of, power_coefficient, table_of, with_power
from scmigen.data import replace
from scmigen.devicetree.nodes import Node
from scmigen.model.assumed import assumption_for, with_assumed
from scmigen.model.decisions import Decisions
from scmigen.model.scaling import Scaling
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

# As in `scmigen.model.closure`.
_CLOCK, _VOLTAGE, _PERFORMANCE = Kind.CLOCK, Kind.VOLTAGE, Kind.PERFORMANCE


class Known(NamedTuple):
    """Facts about a resource, and words for those that the tree does not have."""

    facts: ResourceFacts
    assumed: tuple[str, ...]


def known_facts(decided: Decisions, keys: Iterable[ResourceKey]) -> dict[ResourceKey, Known]:
    """What is known of each resource."""
    wanted = list(keys)
    scaling, known = decided.scaling, dict(decided.inventory.facts)
    declared = {element.key for element in decided.assignment.options.elements}
    for element in decided.assignment.options.elements:
        if not element.known:
            # What is below its node in the tree is not about it.
            known[element.key] = ResourceFacts(where=element.position)
    missing = [key for key in wanted if key not in known and key not in scaling.domains]
    if missing:
        known.update(facts_of(decided.inventory.references, missing, decided.inventory.uses))
    options = decided.assignment.options
    coefficients = _coefficients(decided)
    running = bool(decided.inventory.topology.clocks)
    switched = {use.key for use in decided.closure.needs if Operation.PARENT in use.needs}
    found = {}
    for key in wanted:
        if key.kind is _PERFORMANCE:
            facts = _domain(scaling, key) or _binned(decided, key, known[key])
        else:
            facts = _asked(scaling, key, known[key])
        if running:
            facts = _running(decided.inventory, key, facts, key in switched)
        words = _lacking(key.kind, facts)
        assumptions = options.assumptions
        assumption = assumption_for(assumptions, key) if assumptions else None
        if assumption is not None:
            asked = scaling.voltages.get(key, frozenset())
            before, facts = facts, with_assumed(assumption, facts, asked, options.clock_rate)
            if key in declared:
                words = ()
            elif facts is not before:
                words = (*(word for word in words if word == "rate"), _SAID[key.kind])
        if key in coefficients:
            facts = replace(facts, points=with_power(facts.points, coefficients[key]))
        found[key] = Known(facts, words)
    return found


#: What an assumption says, by kind.
_SAID = {Kind.CLOCK: "rates", Kind.VOLTAGE: "levels", Kind.PERFORMANCE: "levels"}


def _lacking(kind: Kind, facts: ResourceFacts) -> tuple[str, ...]:
    """What the tree does not say: the rate at boot, any level of a supply, any operating point."""
    if kind is _CLOCK and len(facts.rates) != 1:
        return ("rate",)
    if kind is _VOLTAGE and not facts.voltages:
        return ("level",)
    return ("levels",) if kind is _PERFORMANCE and not facts.points else ()


def _domain(scaling: Scaling, key: ResourceKey) -> ResourceFacts | None:
    """The facts of a performance domain that an OPP table makes."""
    table = scaling.domains.get(key)
    if table is None:
        return None
    driven = scaling.driven.get(key, {})
    return ResourceFacts(
        points=table.points,
        where=table.node,
        supply=driven.get(Kind.VOLTAGE),
        clock=driven.get(Kind.CLOCK),
    )


def _binned(decided: Decisions, key: ResourceKey, facts: ResourceFacts) -> ResourceFacts:
    """The facts of a performance domain of the tree, with the points of the chip that is there."""
    table = own_table(decided.inventory, key)
    chosen = decided.assignment.options.bins.get(table.path) if table is not None else None
    if table is None or chosen is None:
        return facts
    return replace(facts, points=points_of(table, chosen))


def own_table(inventory: Inventory, key: ResourceKey) -> Node | None:
    """The OPP table that a performance domain's own node names."""
    node = inventory.tree.node(key.provider)
    return None if node is None else table_of(inventory.references, node)


def _coefficients(decided: Decisions) -> dict[ResourceKey, int]:
    """Performance domain → the power coefficient of the first of its devices that has one."""
    found: dict[ResourceKey, int] = {}
    for use in decided.closure.needs:
        if use.key.kind is _PERFORMANCE and use.key not in found:
            coefficient = power_coefficient(use.consumer)
            if coefficient is not None:
                found[use.key] = coefficient
    return found


def _running(
    inventory: Inventory, key: ResourceKey, facts: ResourceFacts, switched: bool
) -> ResourceFacts:
    """Facts with the parent that a clock has in a running system, where the tree does not say it,
    and with its name there, where nothing in the tree uses it. If a device may set its parent
    (``switched``), also with all that the running system can switch it to."""
    clock, parent = inventory.topology.clock(key), inventory.topology.parent(key)
    if clock is None:
        return facts
    parents = facts.parents or (() if parent is None else (parent,))
    if switched:
        parents = tuple(dict.fromkeys((*parents, *inventory.topology.possible(key))))
    names = facts.names if key in inventory.facts else (*facts.names, clock.name)
    return replace(facts, names=names, parents=parents)


def _asked(scaling: Scaling, key: ResourceKey, facts: ResourceFacts) -> ResourceFacts:
    """Facts with the rates and voltages that OPP tables ask for."""
    rates, voltages = scaling.rates.get(key), scaling.voltages.get(key)
    if rates:
        facts = replace(facts, rates=tuple(sorted(rates.union(facts.rates))))
    if voltages:
        facts = replace(facts, voltages=tuple(sorted(voltages.union(facts.voltages))))
    return facts
