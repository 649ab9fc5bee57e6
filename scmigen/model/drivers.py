"""What the drivers of an agent's operating system add to what the tree says of its devices."""

from enum import Enum, auto

from scmigen.assignment.assignment import Agent, Assignment
from scmigen.bindings.consumers import can_change_voltage, driver_entry
from scmigen.bindings.describe import ProviderNodes
from scmigen.bindings.driver_tables import (
    UNKNOWN,
    DriverNeed,
    DriverTable,
    Entry,
    LookedUp,
    look_up,
)
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.inventory import Inventory
from scmigen.data import Data, replace
from scmigen.model.ownership import Owners
from scmigen.runtime import Certainty
from scmigen.scmi.operations import Operation, with_implied
from scmigen.scmi.protocols import Kind

# As in `scmigen.model.closure`.
_PERFORMANCE = Kind.PERFORMANCE


class Withheld(Data):
    """What a driver may do, and is not allowed, since the resource, or something that it feeds, is
    not that of one agent alone.

    ``agents`` are those whose drivers may do it, ``others`` those who use it besides; None is the
    platform. With several ``agents`` and no others, these share the device.
    """

    agents: tuple[Agent, ...]
    use: Use
    need: DriverNeed
    others: tuple[Agent | None, ...]


class Hindrance(Enum):
    """Why a driver has nothing to set, whatever a table says of it."""

    DOMAIN = auto()
    ONE_VOLTAGE = auto()


class Drivers:
    """Asks the tables of drivers of agents about uses, each question once."""

    def __init__(
        self,
        inventory: Inventory,
        assignment: Assignment,
        owners: Owners,
        surrendered: frozenset[tuple[str, ResourceKey]],
    ) -> None:
        self._tables = assignment.drivers
        self._owners = owners
        self._surrendered = surrendered
        self._nodes = ProviderNodes(inventory.tree)
        # A device that has a domain already: over SCMI, its driver sets the domain in place of the
        # first clock, which its operating points are of, and of the supply.
        self._scaled = {use.consumer.path for use in inventory.uses if sets_level(use)}
        self._told: dict[tuple[tuple[DriverTable, ...], Entry], LookedUp] = {}
        tables = iter(self._tables.values())
        first = next(tables, ())
        self._alike = all(other == first for other in tables)

    def look_up(self, agent: Agent, use: Use) -> LookedUp:
        """What the tables of an agent say of a use: by its driver, whatever the tree says."""
        return self.told(self.tables(agent), use)

    def tables(self, agent: Agent) -> tuple[DriverTable, ...]:
        """The tables of an agent, the one that holds first."""
        return self._tables.get(agent.name, ())

    def told(self, tables: tuple[DriverTable, ...], use: Use) -> LookedUp:
        """What some tables say of a use."""
        entry = driver_entry(use) if tables else None
        return UNKNOWN if entry is None else self.answer(tables, entry)

    def answer(self, tables: tuple[DriverTable, ...], entry: Entry) -> LookedUp:
        """What some tables say of an entry of a device."""
        if not tables:
            return UNKNOWN
        question = tables, entry
        if question not in self._told:
            self._told[question] = look_up(tables, entry)
        return self._told[question]

    def joined(self, use: Use) -> Use:
        """The use of an agent's device, with what drivers of any of its agents add.

        What they only may do is not yet among its needs: `settle_possible` decides.
        """
        if not self._tables:
            return use
        found: dict[DriverNeed, None] = {}
        for agent in self._owners.of(use.consumer).all_agents:
            found.update(dict.fromkeys(self._added(agent, use)))
        if not found:
            return use
        sure = [need.operations for need in found if need.certainty is Certainty.SURE]
        needs = with_implied(use.needs.union(*sure))
        return replace(use, needs=needs, drivers=tuple(found))

    def of_agent(self, agent: Agent, use: Use) -> Use:
        """A use as one of its agents has it: without what only the drivers of others do."""
        if self._alike or not use.drivers:
            return use
        tree = replace(use, needs=use.told_by_tree, drivers=())
        own = [need for need in self._added(agent, tree) if need in use.drivers]
        added = (need.operations for need in own)
        return replace(tree, needs=with_implied(tree.needs.union(*added)), drivers=tuple(own))

    def can_set(self, use: Use) -> bool:
        """Whether there is anything for a driver to set."""
        return self.hindrance(use) is None

    def hindrance(self, use: Use) -> Hindrance | None:
        """What leaves a driver nothing to set: the performance domain that sets it in its place,
        or that the supply has one voltage only."""
        path, kind = use.consumer.path, use.key.kind
        if self._surrendered and (path, use.key) in self._surrendered:
            return Hindrance.DOMAIN
        if path in self._scaled and (kind is Kind.VOLTAGE or use.index == 0):
            return Hindrance.DOMAIN
        if kind is Kind.VOLTAGE and not can_change_voltage(self._nodes.node(use.key)):
            return Hindrance.ONE_VOLTAGE
        return None

    def possible(self, tables: tuple[DriverTable, ...], use: Use) -> tuple[DriverNeed, ...]:
        """What drivers of some tables do with a use, and can do."""
        needs = self.told(tables, use).needs
        return needs if needs and self.can_set(use) else ()

    def _added(self, agent: Agent, use: Use) -> list[DriverNeed]:
        """What the drivers of an agent do beyond what the tree says."""
        return [
            need if need.operations.isdisjoint(use.needs) else replace(need, operations=added)
            for need in self.possible(self.tables(agent), use)
            if (added := need.operations - use.needs)
        ]


def sets_level(use: Use) -> bool:
    """Whether a use sets the level of a performance domain."""
    return use.key.kind is _PERFORMANCE and Operation.LEVEL in use.needs
