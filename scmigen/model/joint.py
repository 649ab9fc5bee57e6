"""A board of many SCMI instances as one platform, for those who serve it and for those who read.

Some boards have an instance for each device. Whoever serves them is one program, for which an
instance is a channel with numbers of its own, as an agent is: ``ospm@scmi-3`` is the agent ``ospm``
at the instance ``scmi-3``. It knows a resource by the number that its instance gives; the platform
numbers the resources of all instances one after another. For people, the agents stay what they are.
"""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.assignment.assignment import Agent, PlatformOptions
from scmigen.bindings.facts import ResourceKey
from scmigen.data import replace
from scmigen.model.naming import unique
from scmigen.model.order import natural
from scmigen.model.platform import MANY, Device, Grant, Model, Platform, Resource
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind

_Agents = Mapping[tuple[str, str], Agent]


def platforms_of(model: Model) -> tuple[Platform, ...]:
    """What the outputs of a board are about: its platforms, many of them as one."""
    return (joint(model),) if len(model.platforms) >= MANY else model.platforms


def joint(model: Model, apart: bool = True) -> Platform:
    """All platforms of a board as one. ``apart``: an agent is one for each instance that serves it,
    as a server has it; else it is one, which may have one id several times."""
    platforms = sorted(model.platforms, key=lambda platform: natural(platform.name))
    agents = _agents(platforms, apart)
    resources = {kind: _resources(kind, platforms) for kind in Kind}
    by_key = {item.key: item for found in resources.values() for item in found}
    grants = tuple(
        replace(grant, agent=agents[platform.name, grant.agent.name], resource=by_key[key])
        for platform in platforms
        for grant in platform.all_grants
        for key in (grant.resource.key,)
    )
    return replace(
        platforms[0],
        name=f"{len(platforms)} instances",
        numbering=Numbering.PER_AGENT,
        options=_options(platforms[0].options, by_key, platforms, agents),
        agents=tuple(agents.values()) if apart else model.assignment.agents,
        resources=resources,
        all_grants=tuple(sorted(grants, key=_place)),
        devices=tuple(_devices(platforms, agents)),
        reserved={},
        instance=None,
    )


def at_instance(agent: str, platform: Platform) -> str:
    """What an agent is called at one of many instances."""
    return f"{agent}@{platform.name}"


def _place(grant: Grant) -> tuple[int, Kind, int]:
    return grant.agent.id, grant.kind, grant.id


def _agents(platforms: Iterable[Platform], apart: bool) -> dict[tuple[str, str], Agent]:
    """By the names of platform and agent: the agents that a platform serves."""
    found: dict[tuple[str, str], Agent] = {}
    for platform in platforms:
        served = {grant.agent.name for grant in platform.all_grants}
        for agent in platform.agents:
            if agent.name in served:
                name, number = at_instance(agent.name, platform), len(found) + 1
                here = replace(agent, id=number, name=name) if apart else agent
                found[platform.name, agent.name] = here
    return found


def _resources(kind: Kind, platforms: Iterable[Platform]) -> tuple[Resource, ...]:
    """The resources of one kind, numbered through; what has the name of another gets a number."""
    every = [item for platform in platforms for item in platform.resources.get(kind, ())]
    names = unique(((number, item.name) for number, item in enumerate(every)), {})
    found = []
    for number, item in enumerate(every):
        name, short = names[number]
        found.append(replace(item, number=number, name=name, short_name=short))
    return tuple(found)


def _options(
    options: PlatformOptions,
    by_key: Mapping[ResourceKey, Resource],
    platforms: Iterable[Platform],
    agents: _Agents,
) -> PlatformOptions:
    """The options, with the owners as the agents that they are here."""
    home = {r.key: p.name for p in platforms for found in p.resources.values() for r in found}
    owners = (
        replace(owner, agent=agents[home[owner.key], owner.agent].name)
        for owner in options.owners
        if owner.key in by_key and (home[owner.key], owner.agent) in agents
    )
    return replace(options, owners=tuple(owners))


def _devices(platforms: Iterable[Platform], agents: _Agents) -> Iterator[Device]:
    """The devices, each once, with the agents at the instances that serve it."""
    found: dict[str, list[tuple[Platform, Device]]] = {}
    for platform in platforms:
        for device in platform.devices:
            found.setdefault(device.node.path, []).append((platform, device))
    number = 0
    for parts in found.values():
        _, first = parts[0]
        yield replace(
            first,
            number=None if first.number is None else number,
            agents=_here(agents, ((p, agent) for p, d in parts for agent in d.agents)),
            assignable=_here(agents, ((p, agent) for p, d in parts for agent in d.assignable)),
            uses=tuple(use for _, device in parts for use in device.uses),
        )
        number += first.number is not None


def _here(agents: _Agents, pairs: Iterable[tuple[Platform, Agent]]) -> tuple[Agent, ...]:
    places = ((platform.name, agent.name) for platform, agent in pairs)
    return tuple(dict.fromkeys(agents[place] for place in places if place in agents))
