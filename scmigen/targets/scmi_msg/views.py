"""What each agent has: its number, its shared memory, and a table of its ids for every kind."""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.assignment.select import Selector
from scmigen.bindings.addresses import regions
from scmigen.bindings.facts import ScmiChannel
from scmigen.bindings.transports import OPTEE as OVER_OPTEE
from scmigen.data import Data
from scmigen.model.platform import Grant, Platform
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.ctext import Enumerators
from scmigen.targets.common.names import by_drivers
from scmigen.targets.scmi_msg.elements import SWITCHED, Elements
from scmigen.targets.scmi_msg.variant import Variant

#: Bytes of shared memory that both drivers expect (``SMT_BUF_SLOT_SIZE``); they do not look.
LEAST_MEMORY = 128


class Row(Data):
    """An id of an agent: the resource's index in C, what the agent may do with it at boot, and
    whether it counts as a vote for on until it votes. ``drivers``: which of that only drivers ask
    for, and their files; empty if none."""

    id: int
    element: str
    operations: tuple[Operation, ...]
    vote: bool
    drivers: str = ""


class Memory(Data):
    """The shared memory of an agent."""

    start: int
    size: int


class View(Data):
    """An agent. ``number`` is what the firmware knows it by, ``symbol`` its name in C."""

    agent: Agent
    number: int
    symbol: str
    memory: Memory | None
    smc_id: int | None
    tables: Mapping[Kind, tuple[Row, ...]]

    @property
    def over_optee(self) -> bool:
        """Whether its messages come by calls into OP-TEE, which may bring their own memory; so do
        those of an agent of which nothing says how it reaches the platform."""
        said = self.agent.transport
        return said is None or said.type == OVER_OPTEE.word


def views_of(platform: Platform, variant: Variant, elements: Elements) -> Sequence[View]:
    """The agents, ascending by the numbers that the firmware knows them by."""
    names, numbers = Enumerators("", reserved=("COUNT",)), variant.numbers(platform)
    found = [
        View(
            agent,
            numbers[agent.id],
            names.part(agent.id, agent.name),
            memory_of(platform, agent),
            _smc_id(platform, agent),
            {
                kind: rows
                for kind in elements.kinds
                if (rows := tuple(_rows(platform, variant, elements, agent, kind)))
            },
        )
        for agent in platform.agents
    ]
    return sorted(found, key=lambda view: view.number)


def _of_node(platform: Platform, agent: Agent) -> ScmiChannel | None:
    """The channel of a platform's SCMI node, where the only agent there has none of its own: that
    of several nodes has a channel for each."""
    users = {grant.agent.id for grant in platform.all_grants}
    if platform.instance is None or agent.transport is not None or users != {agent.id}:
        return None
    return platform.instance.channel


def _smc_id(platform: Platform, agent: Agent) -> int | None:
    channel = _of_node(platform, agent)
    if channel is not None:
        return channel.smc_id
    return None if agent.transport is None else agent.transport.smc_id


def memory_of(platform: Platform, agent: Agent) -> Memory | None:
    """The shared memory that a transport names, if the CPU can reach it and it is enough."""
    text = agent.transport.shmem if agent.transport is not None else None
    channel = _of_node(platform, agent)
    if text is not None:
        nodes = tuple(Selector(platform.inventory.tree).select(text).nodes)
    else:
        nodes = () if channel is None else channel.shmem
    region = next((region for node in nodes[:1] for region in regions(node)), None)
    if region is None or region.size < LEAST_MEMORY or region.end > 1 << 64:
        return None
    return Memory(region.start, region.size)


def served(variant: Variant, grant: Grant) -> tuple[Operation, ...]:
    """The operations of a grant at boot that the firmware has."""
    lacking = variant.limits.operations
    kept = [each for each in grant.boot if (grant.kind, each) not in lacking]
    return ordered(grant.kind, kept)


def _rows(
    platform: Platform, variant: Variant, elements: Elements, agent: Agent, kind: Kind
) -> Iterator[Row]:
    for grant in platform.grants_of(agent, kind):
        operations = served(variant, grant)
        if operations:
            votes = kind in SWITCHED and Operation.STATE in operations
            on = votes and grant.resource.facts.on
            drivers = by_drivers(grant, operations).removeprefix("; ")
            yield Row(grant.id, elements.enum(grant.resource), operations, on, drivers)
