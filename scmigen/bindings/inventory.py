"""The inventory of a tree: every provider, every use, and facts about each resource."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import chain

from scmigen.bindings.classify import BY_DEFAULT, SWITCHED_BY_BOARD, classify, context
from scmigen.bindings.consumers import uses_of
from scmigen.bindings.describe import facts_of
from scmigen.bindings.facts import (
    OppTable,
    Provider,
    ResourceFacts,
    ResourceKey,
    ScmiInstance,
    Use,
)
from scmigen.bindings.identity import is_performance_provider
from scmigen.bindings.node_kinds import lists_for_guests
from scmigen.bindings.opp_tables import tables_of
from scmigen.bindings.references import References
from scmigen.bindings.running import NO_TOPOLOGY, Topology
from scmigen.bindings.scmi_nodes import (
    device_ids,
    instances_of,
    is_registration,
    registered_uses,
    server_paths,
)
from scmigen.bindings.served import resolve_served
from scmigen.bindings.status import Availability
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic
from scmigen.hints import TYPE_CHECKING
from scmigen.scmi.protocols import Kind

if TYPE_CHECKING:
    from scmigen.bindings.macros import Macros

_CELLS = {
    "#clock-cells": Kind.CLOCK,
    "#power-domain-cells": Kind.POWER,
    "#reset-cells": Kind.RESET,
    "#performance-domain-cells": Kind.PERFORMANCE,
    "#freq-domain-cells": Kind.PERFORMANCE,
    "#thermal-sensor-cells": Kind.SENSOR,
    "#io-channel-cells": Kind.SENSOR,
}

#: Nodes that describe the tree itself; nothing in them is a device.
_NOT_HARDWARE = frozenset({"aliases", "chosen", "__symbols__", "__fixups__", "__local_fixups__"})


class Inventory(Data, slots=False):
    """A tree seen through the bindings. ``providers`` and ``facts`` are keyed by path and key.

    ``availability`` says which nodes are available, agents' own trees taken into account.
    ``device_ids`` are the SCMI device ids that the tree fixes, by path of the device.
    ``registered`` are the uses that an operating system makes of an SCMI node because the node
    lists the resource, whether or not a device needs it; ``reserved`` are those of devices that are
    left to other firmware. ``topology`` is what a running system says of what feeds what.
    """

    tree: DeviceTree
    availability: Availability
    references: References
    providers: Mapping[str, Provider]
    uses: tuple[Use, ...]
    facts: Mapping[ResourceKey, ResourceFacts]
    tables: tuple[OppTable, ...]
    instances: tuple[ScmiInstance, ...]
    secure_only: frozenset[str]
    diagnostics: tuple[Diagnostic, ...] = field(default=())
    device_ids: Mapping[str, int] = field(default_factory=dict)
    registered: tuple[Use, ...] = ()
    reserved: tuple[Use, ...] = ()
    topology: Topology = NO_TOPOLOGY

    @cached_property
    def macros(self) -> "Macros":
        """The names that the tree's source has for its resources."""
        from scmigen.bindings.macros import Macros  # only what is written has names

        return Macros(self.references)

    def is_scaled(self, use: Use) -> bool:
        """Whether a use comes from an OPP table of its consumer, not from a reference."""
        return any(use.prop == table.prop for table in self.tables)


def take_inventory(tree: DeviceTree, availability: Availability | None = None) -> Inventory:
    """Take the inventory of a tree. Problems of references are in its ``diagnostics``.

    ``availability`` says which nodes are available, where that is not up to the tree alone.
    """
    availability = availability or Availability()
    references = References(tree)
    served = server_paths(tree)
    present = [
        node
        for node in tree.nodes
        if availability.present(node)
        and node.path.split("/", 2)[1] not in _NOT_HARDWARE
        and node.path not in served
        and not lists_for_guests(node)
    ]
    instances = instances_of(references, availability)
    uses = tuple(use for node in present for use in uses_of(references, node))
    registered = tuple(registered_uses(instances, availability))
    unserved: list[Diagnostic] = []
    if served:
        both = resolve_served(references, (*uses, *registered), instances, availability, unserved)
        uses = tuple(use for use in both if not is_registration(use))
        registered = tuple(filter(is_registration, both))
    used = dict.fromkeys(use.key for use in chain(uses, registered))
    ids = device_ids(references, present)
    tables = tables_of(references, present)
    secure_only = frozenset(node.path for node in present if availability.secure_only(node))
    return Inventory(
        tree=tree,
        availability=availability,
        references=references,
        providers=_providers(tree, availability, uses, used),
        uses=uses,
        facts=facts_of(references, used, uses),
        tables=tables,
        instances=instances,
        secure_only=secure_only,
        diagnostics=(*references.problems(frozenset(present)), *unserved),
        device_ids=ids,
        registered=registered,
        reserved=tuple(
            use
            for node in tree.nodes
            if availability.left_to_others(node)
            for use in uses_of(references, node)
        ),
    )


def _kinds(node: Node) -> set[Kind]:
    kinds = set()
    if not _CELLS.keys().isdisjoint(node.properties):
        kinds = {kind for name, kind in _CELLS.items() if name in node}
    if "regulator-fixed" in node.strings("compatible"):
        kinds.add(Kind.VOLTAGE)
    if Kind.PERFORMANCE in kinds or is_performance_provider(node):
        return (kinds | {Kind.PERFORMANCE}) - {Kind.CLOCK, Kind.POWER}
    return kinds


def _providers(
    tree: DeviceTree,
    availability: Availability,
    uses: Iterable[Use],
    used: Iterable[ResourceKey],
) -> dict[str, Provider]:
    """Every node that provides something, and every node that a use names as a provider."""
    kinds = {node.path: found for node in tree.nodes if (found := _kinds(node))}
    for key in used:
        kinds.setdefault(key.provider, set()).add(key.kind)
    consumers: dict[str, set[Node]] = {path: set() for path in kinds}
    for use in uses:
        consumers[use.key.provider].add(use.consumer)
    providers = {}
    rules = context(tree, availability)
    for path in sorted(kinds):
        node = tree.node(path)
        assert node is not None
        offered = frozenset(kinds[path])
        rule, beside = classify(rules, node, offered)
        providers[path] = Provider(
            node,
            offered,
            rule.category,
            rule.name,
            rule.reason,
            consumers=len(consumers[path] - {node}),
            beside_scmi=beside,
            switched_by_board=rule is SWITCHED_BY_BOARD,
            by_default=rule is BY_DEFAULT,
        )
    return providers
