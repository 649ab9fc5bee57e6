"""Through which SCMI nodes of the board an agent speaks to its platforms."""

from scmigen.assignment.assignment import Agent
from scmigen.bindings.facts import ResourceKey, ScmiInstance
from scmigen.bindings.scmi_nodes import is_in_scmi
from scmigen.bindings.transports import BY_WORD
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.model.platform import Platform
from scmigen.runtime import Role


class Reach(Data):
    """``native``: the SCMI nodes whose channel is the agent's already. ``given``: those that would
    get the channel that sources say of the agent, one at most. ``beyond``: those whose platforms
    grant it something, and to which it has no channel beside its own SCMI nodes.
    """

    native: tuple[ScmiInstance, ...]
    given: tuple[ScmiInstance, ...]
    beyond: tuple[ScmiInstance, ...] = ()

    @property
    def nodes(self) -> tuple[ScmiInstance, ...]:
        """The SCMI nodes that stay for the agent."""
        return (*self.native, *self.given)

    @property
    def short(self) -> tuple[ScmiInstance, ...]:
        """The SCMI nodes that the agent has not a channel for each; none if it has."""
        enough = len(self.given) < 2 and not self.beyond
        return () if enough else (*self.nodes, *self.beyond)


def own_nodes(platform: Platform, agent: Agent) -> tuple[ScmiInstance, ...]:
    """The SCMI nodes of the board that are the agent's."""
    owned = platform.owners.of
    return tuple(it for it in platform.inventory.instances if agent in owned(it.node).agents)


def reach_of(platform: Platform, agent: Agent) -> Reach:
    """Through which SCMI nodes of the board an agent speaks to its platforms.

    One that has SCMI nodes speaks through these; with another transport than theirs, what sources
    say replaces the channel of the only one. Another agent has one channel, of which no source says
    where it leads: it is to the platform that grants the agent something.
    """
    granted, own = platform.reached.get(agent.id, ()), own_nodes(platform, agent)
    if not own:
        return Reach((), granted or platform.inventory.instances[:1])
    transport = None if agent.transport is None else BY_WORD.get(agent.transport.type)
    is_kept = transport is None or any(each.transport is transport for each in own)
    beyond = tuple(each for each in granted if each not in own)
    return Reach(own, (), beyond) if is_kept else Reach((), own, beyond)


def others_channels(platform: Platform, agent: Agent) -> frozenset[Node]:
    """The SCMI nodes of the board that the agent must not use."""
    reach = reach_of(platform, agent)
    return frozenset(each.node for each in platform.inventory.instances if each not in reach.nodes)


def is_elsewhere(platform: Platform, agent: Agent, path: str) -> bool:
    """Whether what is at a path is in an SCMI node of the agent that leads to another platform."""
    return any(
        path.startswith(f"{each.node.path}/")
        for each in reach_of(platform, agent).nodes
        if each is not platform.instance
    )


def served_elsewhere(platform: Platform, agent: Agent, key: ResourceKey) -> ScmiInstance | None:
    """The SCMI node of an agent whose platform, not this one, serves a resource outside of SCMI
    nodes: such are all the first one's."""
    first, *others = platform.inventory.instances or (None,)
    provider = platform.providers.get(key.provider)
    if provider is None or platform.instance not in others or is_in_scmi(provider.node):
        return None
    return first if first in platform.reached.get(agent.id, ()) else None


def speaks(platform: Platform, agent: Agent) -> bool:
    """Whether an agent has a tree with which it reaches a platform, or should have one."""
    reach = reach_of(platform, agent)
    if platform.instance is None:
        return True
    return platform.instance in (reach.short[:1] or reach.nodes)


def is_out_of_reach(platform: Platform, agent: Agent) -> bool:
    """Whether it is in the secure world, as a partition of which there is a manifest, and nothing
    says how it reaches a platform: what other agents are taken for to speak, it does not."""
    said = agent.transport is not None or own_nodes(platform, agent)
    return agent.role is Role.SECURE and not said
