"""Which resources are on at boot, and which are never turned off."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from scmigen.bindings.dependencies import interrupt_root
from scmigen.bindings.describe import stdout_node
from scmigen.bindings.facts import ResourceFacts, ResourceKey, Use
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.node_kinds import is_cpu
from scmigen.model.closure import Closure
from scmigen.model.decisions import Decisions
from scmigen.scmi.operations import Operation


@dataclass(frozen=True, slots=True)
class BootState:
    """``on``: on at boot besides what the tree says. ``held``: on for good, for the platform."""

    on: frozenset[ResourceKey]
    held: frozenset[ResourceKey]

    def of(self, key: ResourceKey, facts: ResourceFacts) -> ResourceFacts:
        """The facts of a resource with its state at boot."""
        on, always_on = facts.on or key in self.on, facts.always_on or key in self.held
        if (on, always_on) == (facts.on, facts.always_on):
            return facts
        return replace(facts, on=on, always_on=always_on)


def boot_state(decided: Decisions, facts: Mapping[ResourceKey, ResourceFacts]) -> BootState:
    """The state at boot of a board's resources.

    The platform's own devices keep on what they use, and what the user says is always on stays on.
    What the console and everything that runs before the agents need is on, and what a grant says is
    on. So is all that these depend on, as far as ``facts`` knows it.
    """
    kept = [item.key for item in decided.assignment.options.always_on]
    held = with_dependencies((*kept, *(use.key for use in decided.closure.own)), facts)
    wanted = {grant.key for grant in decided.assignment.grants if grant.on}
    wanted.update(use.key for use in running(decided.inventory, decided.closure))
    return BootState(with_dependencies(wanted | _console(decided), facts) | held, held)


def running(inventory: Inventory, closure: Closure) -> Iterator[Use]:
    """The uses of what runs before any agent does: CPUs, the interrupt controller, and the devices
    of other firmware. No operating system has a driver that keeps on what these need."""
    interrupts = interrupt_root(inventory.tree)
    here = (
        use
        for use in (*closure.needs, *closure.taken)
        if is_cpu(use.consumer) or use.consumer is interrupts
    )
    for use in (*here, *closure.firmware):
        if Operation.STATE in use.needs:
            yield use


def _console(decided: Decisions) -> set[ResourceKey]:
    """The resources that the device at ``stdout-path`` needs."""
    console = stdout_node(decided.inventory.tree)
    path = console.path if console is not None else None
    return {use.key for use in decided.closure.needs if use.consumer.path == path}


def with_dependencies(
    keys: Iterable[ResourceKey], facts: Mapping[ResourceKey, ResourceFacts]
) -> frozenset[ResourceKey]:
    """``keys`` and the power domains and supplies that must be on for them."""
    found = set(keys)
    stack = list(found)
    while stack:
        known = facts.get(stack.pop())
        for above in (known.parent, known.power, known.supply) if known is not None else ():
            if above is not None and above not in found:
                found.add(above)
                stack.append(above)
    return frozenset(found)
