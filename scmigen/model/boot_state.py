"""Which resources are on at boot, and which are never turned off."""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.bindings.dependencies import interrupt_root
from scmigen.bindings.describe import stdout_node
from scmigen.bindings.facts import ResourceFacts, ResourceKey, Use
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.node_kinds import is_cpu
from scmigen.bindings.running import NO_TOPOLOGY, Topology
from scmigen.data import Data, field, replace
from scmigen.model.closure import Closure
from scmigen.model.decisions import Decisions
from scmigen.model.ownership import Owners
from scmigen.model.sharing import places
from scmigen.scmi.operations import Operation


class BootState(Data):
    """``on``: on at boot besides what the tree says. ``held``: those of them that are on for good,
    for the platform."""

    on: frozenset[ResourceKey]
    held: frozenset[ResourceKey]

    def of(self, key: ResourceKey, facts: ResourceFacts) -> ResourceFacts:
        """The facts of a resource with its state at boot."""
        if key not in self.on:
            return facts
        always_on = facts.always_on or key in self.held
        if facts.on and always_on == facts.always_on:
            return facts
        return replace(facts, on=True, always_on=always_on)


def boot_state(
    decided: Decisions,
    facts: Mapping[ResourceKey, ResourceFacts],
    served: Iterable[ResourceKey],
) -> BootState:
    """The state at boot of a board's resources, of which the platform serves some.

    The platform's own devices keep on what they use, and what the tree or the user says is always
    on stays on. What the console and everything that runs before the agents need is on, and what a
    grant says is on. So is all that these depend on, as far as ``facts`` knows it.
    """
    kept = [item.key for item in decided.assignment.options.always_on]
    own = own_uses(decided.closure, decided.owners)
    needed = dependencies(decided.inventory, decided.closure, facts)
    always = (key for key in served if facts[key].always_on)
    held = needed.of((*always, *kept, *(use.key for use in own)))
    wanted = {grant.key for grant in decided.assignment.grants if grant.on}
    wanted.update(use.key for use in running(decided.inventory, decided.closure))
    on = Dependencies(facts).of(wanted | _console(decided))
    return BootState(on | held, held)


def own_uses(closure: Closure, owners: Owners) -> Iterator[Use]:
    """What the devices of the platform use, those among them that provide something, too."""
    yield from closure.own
    for use in closure.fed:
        if Operation.STATE in use.needs and owners.of(use.consumer).platform:
            yield use


def running(inventory: Inventory, closure: Closure) -> Iterator[Use]:
    """The uses of what runs before any agent does: CPUs, the interrupt controller, and the devices
    of other firmware. No operating system has a driver that keeps on what these need."""
    nodes = {interrupt_root(inventory.tree), *filter(is_cpu, inventory.tree.nodes)}
    here = (use for use in (*closure.needs, *closure.taken) if use.consumer in nodes)
    for use in (*here, *closure.firmware):
        if Operation.STATE in use.needs:
            yield use


def _console(decided: Decisions) -> set[ResourceKey]:
    """The resources that the device at ``stdout-path`` needs."""
    console = stdout_node(decided.inventory.tree)
    path = console.path if console is not None else None
    return {use.key for use in decided.closure.needs if use.consumer.path == path}


class Dependencies(Data):
    """What must be on for a resource, as far as ``facts`` and a running system know it.

    ``fed``: what a provider as a whole takes. Which of its clocks feeds one that it provides need
    not be known; then it may be any.
    """

    facts: Mapping[ResourceKey, ResourceFacts]
    topology: Topology = NO_TOPOLOGY
    fed: Mapping[str, tuple[ResourceKey, ...]] = field(default_factory=dict)

    def of(self, keys: Iterable[ResourceKey]) -> frozenset[ResourceKey]:
        """``keys`` and all that must be on for them."""
        found = set(keys)
        stack = list(found)
        while stack:
            for above in self.above(stack.pop()):
                if above not in found:
                    found.add(above)
                    stack.append(above)
        return frozenset(found)

    def above(self, key: ResourceKey) -> Iterator[ResourceKey]:
        """What must be on for ``key``, as far as nothing is between them."""
        known, running = self.facts.get(key), self.topology.parent(key)
        stated = () if known is None else (known.parent, known.power, known.supply)
        yield from (above for above in (running, *stated) if above is not None)
        is_parent_known = running is not None or (known is not None and known.parent is not None)
        for path in self.places(key):
            for above in self.fed.get(path, ()):
                if not (is_parent_known and above.kind is key.kind):
                    yield above

    def places(self, key: ResourceKey) -> tuple[str, ...]:
        """The provider of a resource, and the nested node that it is, if it is one."""
        return places(key, self.facts.get(key))


def dependencies(
    inventory: Inventory, closure: Closure, facts: Mapping[ResourceKey, ResourceFacts]
) -> Dependencies:
    """The dependencies of the resources of a board."""
    fed = _by_consumer(use for use in closure.fed if Operation.STATE in use.needs)
    return Dependencies(facts, inventory.topology, fed)


def _by_consumer(uses: Iterable[Use]) -> Mapping[str, tuple[ResourceKey, ...]]:
    found: dict[str, dict[ResourceKey, None]] = {}
    for use in uses:
        found.setdefault(use.consumer.path, {})[use.key] = None
    return {path: tuple(keys) for path, keys in found.items()}
