"""From what nodes consume to what agents need: through fixed providers, as far as managed ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import attrgetter

from scmigen.assignment.assignment import Agent
from scmigen.bindings.consumers import is_assigned, is_assigned_parent, is_switched_supply
from scmigen.bindings.dependencies import interrupt_root
from scmigen.bindings.describe import stdout_node
from scmigen.bindings.facts import Provider, ProviderClass, ResourceKey, Use
from scmigen.bindings.identity import is_protected, protects
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.node_kinds import is_cpu, is_list, is_psci
from scmigen.bindings.scmi_nodes import is_applied_by_agent
from scmigen.data import Data, replace
from scmigen.devicetree.nodes import Node
from scmigen.model.drivers import Drivers, Withheld, sets_level
from scmigen.model.final_classes import platform_nodes
from scmigen.model.ownership import NOBODYS, Owners, Ownership
from scmigen.model.scaling import Scaling
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

# A member of an enumeration is ten times as far as a name of the module in Python 3.11, and these
# are asked for at each use: an eighth of what the closure takes.
_PARENT, _PERFORMANCE, _MANAGED = Operation.PARENT, Kind.PERFORMANCE, ProviderClass.MANAGED

_PASSED_ON = frozenset({Operation.STATE, Operation.READ})
_SEEN = frozenset({Operation.READ})
#: What a performance domain takes over from the clocks and supplies that it sets for its device.
#: From CPUs it takes all clocks and supplies, which no driver of CPUs has besides a domain.
_TAKEN_OVER = frozenset({Operation.RATE, Operation.PARENT, Operation.LEVEL})


class ForeignUses(Data):
    """Uses of a local provider by devices of agents that do not own it."""

    provider: Provider
    uses: tuple[Use, ...]


class OverOthersNode(Data):
    """A use by an agent of what the SCMI node of other agents names; it grants that agent nothing.

    ``node`` is the path of the SCMI node.
    """

    node: str
    agent: Agent
    use: Use


class Closure(Data):
    """The uses that reach managed resources, and what stood in the way of the others.

    ``needs`` are those of agents' devices, ``own`` those of the platform's devices, ``fed`` those
    of managed providers; ``fed_locally`` what these take from an agent's local provider.
    ``unnamed`` are assigned parents that have no SCMI id, ``disabled`` uses of disabled providers,
    ``native`` uses of a local provider by the agent that owns it, ``protected`` uses of clocks that
    belong to other firmware, ``unowned`` uses of devices without an owner, ``over_others`` uses
    over the SCMI nodes of other agents. ``taken`` are the uses that a performance domain has in
    place of its CPUs, and of what its devices assign. ``firmware`` are the uses of devices that run
    and that no agent has, and ``firmware_native`` their uses of what an agent drives. ``above`` are
    uses of what feeds the clocks of ``needs`` in a running system. ``withheld`` is what drivers may
    do with what is not their agent's alone.
    """

    needs: tuple[Use, ...]
    own: tuple[Use, ...]
    fed: tuple[Use, ...]
    fed_locally: tuple[Use, ...]
    foreign: tuple[ForeignUses, ...]
    unnamed: tuple[Use, ...]
    disabled: tuple[Use, ...]
    native: tuple[Use, ...]
    protected: tuple[Use, ...]
    unowned: tuple[Use, ...]
    over_others: tuple[OverOthersNode, ...]
    taken: tuple[Use, ...] = ()
    firmware: tuple[Use, ...] = ()
    firmware_native: tuple[Use, ...] = ()
    above: tuple[Use, ...] = ()
    withheld: tuple[Withheld, ...] = ()


class _Walk:
    def __init__(
        self,
        inventory: Inventory,
        providers: Mapping[str, Provider],
        owners: Owners,
        inputs: Mapping[str, Sequence[Use]],
    ) -> None:
        self.inventory = inventory
        self.providers = providers
        self.owners = owners
        self.availability = inventory.availability
        self.inputs = inputs
        self.foreign: dict[str, list[Use]] = {}
        self.disabled: list[Use] = []
        self.native: list[Use] = []
        self.protected: list[Use] = []
        self.over_others: list[OverOthersNode] = []
        # Providers of which every use is one of a managed resource: most of them.
        self._served = {path for path, each in providers.items() if self._serves_all(each)}

    def _serves_all(self, provider: Provider) -> bool:
        return (
            provider.category is ProviderClass.MANAGED
            and self.availability.present(provider.node)
            and not protects(provider.node)
        )

    def reach(self, use: Use, owner: Ownership) -> Iterable[Use]:
        """The uses of managed resources that ``use`` comes to."""
        return (use,) if use.key.provider in self._served else self._through(use, owner)

    def _through(self, use: Use, owner: Ownership) -> Iterator[Use]:
        stack = [use]
        while stack:
            at = stack.pop()
            provider = self.providers[at.key.provider]
            if not self.availability.present(provider.node):
                if not self._is_harmless(at, provider):
                    self.disabled.append(at)
            elif is_protected(provider.node, at.key):
                self.protected.append(at)
            elif provider.category is ProviderClass.MANAGED:
                yield at
            elif provider.category is ProviderClass.FIXED:
                stack.extend(self._inputs(at, provider))
            else:
                self._local(at, provider, owner)

    def _is_harmless(self, use: Use, provider: Provider) -> bool:
        """Whether nothing is amiss when the provider is disabled.

        The idle domains of absent firmware are not missed, nor is a sensor in a list of sensors,
        nor one of the clocks that a clock controller may choose from.
        """
        if use.key.kind is Kind.SENSOR and is_list(use.consumer):
            return True
        itself = self.providers.get(use.consumer.path)
        if use.key.kind is Kind.CLOCK and itself is not None and Kind.CLOCK in itself.kinds:
            return True
        return any(map(is_psci, provider.node.ancestors()))

    def _inputs(self, use: Use, provider: Provider) -> Iterator[Use]:
        if any(map(is_psci, provider.node.ancestors())) or provider.node.path in use.via:
            return
        for passed in self.inputs.get(provider.node.path, ()):
            needs = use.needs & passed.needs & _PASSED_ON
            if passed.key.kind is use.key.kind and needs:
                yield replace(use, key=passed.key, needs=needs, via=(*use.via, provider.node.path))

    def _local(self, use: Use, provider: Provider, owner: Ownership) -> None:
        holder = self.owners.of(provider.node)
        if set(owner.all_agents) - set(holder.all_agents):
            self.foreign.setdefault(provider.node.path, []).append(use)
        else:
            self.native.append(use)

    def permitted(self, uses: Iterable[Use], agents: Sequence[Agent]) -> Iterable[Use]:
        """The uses that at least one of the agents may make over an SCMI node of its own."""
        if agents and not self.owners.tell_scmi_nodes_apart:
            return uses
        return self._over_own(uses, agents)

    def _over_own(self, uses: Iterable[Use], agents: Sequence[Agent]) -> Iterator[Use]:
        for use in uses:
            may = False
            for agent in agents:
                node = self.owners.scmi_node_of_others(agent, use.key.provider)
                if node is None:
                    may = True
                else:
                    self.over_others.append(OverOthersNode(node, agent, use))
            if may:
                yield use

    def serves(self, key: ResourceKey) -> bool:
        """Whether the platform serves a resource, to whom it may concern."""
        provider = self.providers.get(key.provider)
        return (
            provider is not None
            and provider.category is ProviderClass.MANAGED
            and self.availability.present(provider.node)
            and not is_protected(provider.node, key)
        )

    def is_present(self, use: Use) -> bool:
        return self.availability.present(self.providers[use.key.provider].node)


def of_devices(uses: Iterable[Use], providers: Mapping[str, Provider]) -> Iterator[Use]:
    """The uses that are an agent's if it has the consumer: what feeds the platform's own nodes, and
    what fixed providers pass on, is nobody's. A provider that nobody uses is a device as others."""
    platform = platform_nodes(providers)
    for use in uses:
        if not _is_fixed(use.consumer.path, providers) and not _is_fed(use, platform):
            yield use


def _is_fixed(path: str, providers: Mapping[str, Provider]) -> bool:
    provider = providers.get(path)
    return provider is not None and provider.category is ProviderClass.FIXED


def _inputs_of_fixed(
    inventory: Inventory, providers: Mapping[str, Provider]
) -> Mapping[str, Sequence[Use]]:
    """The uses of fixed providers, by path."""
    found: dict[str, list[Use]] = {}
    for consumer, uses in _by_consumer(inventory.uses):
        if _is_fixed(consumer.path, providers):
            found.setdefault(consumer.path, []).extend(uses)
    return found


def _by_consumer(uses: Iterable[Use]) -> Iterator[tuple[Node, Iterator[Use]]]:
    """The uses of each node: those of one follow each other."""
    return groupby(uses, attrgetter("consumer"))


def _is_fed(use: Use, platform: frozenset[str]) -> bool:
    return use.consumer.path in platform and not is_applied_by_agent(use)


def _of_platform(through: _Walk, use: Use, category: ProviderClass) -> Iterable[Use]:
    """What a use of the platform's own comes to, of what no agent drives."""
    if category is ProviderClass.FIXED:
        return through.reach(use, NOBODYS)
    return (use,) if category is ProviderClass.MANAGED else ()


def close(
    inventory: Inventory,
    providers: Mapping[str, Provider],
    platform: frozenset[str],
    owners: Owners,
    scaling: Scaling,
    drivers: Drivers,
) -> Closure:
    """The needs of devices and of the platform on managed resources."""
    inputs = _inputs_of_fixed(inventory, providers)
    walk = _Walk(inventory, providers, owners, inputs)
    through = _Walk(inventory, providers, owners, inputs)
    parents = _named_parents(inventory, providers)
    kinds = ("needs", "own", "fed", "local", "unnamed", "unowned")
    found: dict[str, list[Use]] = {kind: [] for kind in kinds}
    taken, uses = _taken((*inventory.uses, *scaling.uses), scaling)
    needs, apart = found["needs"], owners.tell_scmi_nodes_apart
    for consumer, of_it in _by_consumer(uses):
        if _is_fixed(consumer.path, providers):
            continue
        owner = walk.owners.of(consumer)
        agents = owner.all_agents
        inside = consumer.path in platform
        for use in of_it:
            key = use.key
            made = key.kind is _PERFORMANCE and key in scaling.domains
            category = _MANAGED if made else providers[key.provider].category
            part = inside and not is_applied_by_agent(use)
            if part or owner.platform:
                if category is ProviderClass.LOCAL and walk.is_present(use):
                    found["local"].append(use)
                found["fed" if part else "own"].extend(_of_platform(through, use, category))
            elif made and agents:
                needs.append(use)
            elif agents:
                nameless = _PARENT in use.needs and (consumer, use.index) not in parents
                if nameless and category is _MANAGED:
                    found["unnamed"].append(use)
                    continue
                wanted = replace(use, needs=use.needs - {Operation.PARENT}) if nameless else use
                reached = walk.reach(wanted, owner)
                if apart:
                    reached = walk.permitted(reached, agents)
                needs.extend(map(drivers.joined, reached))
            elif category is ProviderClass.MANAGED:
                found["unowned"].append(use)
    for use in _registered(inventory, providers, owners, needs):
        needs.extend(walk.permitted([use], owners.of(use.consumer).all_agents))
    others = _Walk(inventory, providers, owners, inputs)
    firmware = [found for use in _of_firmware(others) for found in others.reach(use, NOBODYS)]
    foreign = tuple(
        ForeignUses(providers[path], tuple(uses)) for path, uses in sorted(walk.foreign.items())
    )
    return Closure(
        needs=tuple(needs),
        own=tuple(found["own"]),
        fed=tuple(found["fed"]),
        fed_locally=(*found["local"], *through.native),
        foreign=foreign,
        unnamed=tuple(found["unnamed"]),
        disabled=tuple(walk.disabled),
        native=tuple(walk.native),
        protected=tuple(walk.protected),
        unowned=tuple(found["unowned"]),
        over_others=tuple(walk.over_others),
        taken=tuple(taken),
        firmware=tuple(firmware),
        firmware_native=tuple(others.native),
        above=tuple(_above(walk, needs)),
    )


def _above(walk: _Walk, needs: Iterable[Use]) -> list[Use]:
    """What feeds the clocks that agents need, as a running system tells it, and what may, where the
    parent is to be set: to be read, since a driver asks for the parents of its clocks, and no more,
    since it is not the device's to set.

    Once per device, by the first entry that comes to it; not what the device names itself.
    """
    topology = walk.inventory.topology
    if not topology.clocks:
        return []
    named = {(use.consumer, use.key) for use in needs}
    found: dict[tuple[Node, ResourceKey], Use] = {}
    for use in needs:
        choices = topology.possible(use.key) if Operation.PARENT in use.needs else ()
        for first in (topology.parent(use.key), *choices):
            through, below = use.via, use.key
            for key in (first, *topology.above(first)) if first is not None else ():
                through, below = (*through, below.provider), key
                place = use.consumer, key
                if place not in named and place not in found and walk.serves(key):
                    via = tuple(dict.fromkeys(through))
                    found[place] = replace(use, key=key, needs=_SEEN, via=via)
    every = [(use, walk.owners.of(use.consumer).all_agents) for use in found.values()]
    return [one for use, agents in every for one in walk.permitted([use], agents)]


def _of_firmware(walk: _Walk) -> Iterator[Use]:
    """The uses of devices that run without an agent: those that are reserved or the secure world's,
    the console, CPUs and the interrupt controller, where no agent and no platform has them."""
    inventory, tree = walk.inventory, walk.inventory.tree
    running = {stdout_node(tree), interrupt_root(tree)}
    for node, uses in _by_consumer(chain(inventory.reserved, inventory.uses)):
        owner = walk.owners.of(node)
        nobodys = not owner.all_agents and not owner.platform
        runs = nobodys and (node in running or is_cpu(node) or node.path in inventory.secure_only)
        if runs or inventory.availability.left_to_others(node):
            for use in uses:
                if use.key.provider in walk.providers and not is_assigned(use):
                    yield use


def _taken(uses: Sequence[Use], scaling: Scaling) -> tuple[list[Use], list[Use]]:
    """The uses that performance domains have in place of CPUs and of assigned-clocks, and the
    others, without what domains do for other devices."""
    scaled = {path for path, _ in scaling.surrendered}
    scaled.update(use.consumer.path for use in uses if sets_level(use))
    if not scaled:
        return [], [*uses]
    parents = set()
    taken, others = [], []
    for use in uses:
        path, kind = use.consumer.path, use.key.kind
        surrendered = (path, use.key) in scaling.surrendered
        if path in scaled and is_cpu(use.consumer) and kind in (Kind.CLOCK, Kind.VOLTAGE):
            taken.append(use)
        elif surrendered and is_assigned(use):
            taken.append(use)
            if Operation.PARENT in use.needs:
                parents.add((use.consumer, use.index))
        elif is_assigned_parent(use) and (use.consumer, use.index) in parents:
            taken.append(use)
        else:
            if surrendered and not is_switched_supply(use):
                use = replace(use, needs=use.needs - _TAKEN_OVER)
            others.append(use)
    return taken, others


def _registered(
    inventory: Inventory,
    providers: Mapping[str, Provider],
    owners: Owners,
    needs: Iterable[Use],
) -> list[Use]:
    """What is used only because an agent's SCMI node lists it.

    Of the board's own nodes, what a device needs is left out.
    """
    needed = {use.key for use in needs}
    on_board = inventory.tree.node
    return [
        use
        for use in inventory.registered
        if (use.key not in needed or on_board(use.consumer.path) is not use.consumer)
        and providers[use.key.provider].category is ProviderClass.MANAGED
        and owners.of(use.consumer).all_agents
    ]


def _named_parents(
    inventory: Inventory, providers: Mapping[str, Provider]
) -> set[tuple[Node, int]]:
    """(consumer, index) of the ``assigned-clock-parents`` entries that name a managed clock."""
    return {
        (use.consumer, use.index)
        for use in inventory.uses
        if is_assigned_parent(use) and providers[use.key.provider].category is ProviderClass.MANAGED
    }
