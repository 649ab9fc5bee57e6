"""A tree that has both sides of SCMI: a description of the server, and nodes that consume it.

What a consumer refers to there (``<&scmi_clk 3>``) is what the description gives that number, so
the two are one resource, not two of one number.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from scmigen.bindings.consumers import uses_of
from scmigen.bindings.facts import ResourceKey, ScmiInstance, Use
from scmigen.bindings.findings import CHANNEL_UNKNOWN, ID_UNSERVED
from scmigen.bindings.references import References
from scmigen.bindings.scmi_nodes import is_registration, server_nodes
from scmigen.bindings.status import Availability
from scmigen.bindings.transports import DESCRIBED_NUMBER, Part, transport_of
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.scmi.protocols import KIND_OF, Kind

#: The resources that an agent is given: kind and number → what they are.
Given = Mapping[tuple[Kind, int], ResourceKey]
_KINDS: Mapping[int | None, Kind] = {int(number): kind for number, kind in KIND_OF.items()}


@dataclass(frozen=True, slots=True)
class _Served:
    """By the path of a protocol node, the agent of its SCMI node and what that agent is given;
    ``unknown`` has the protocol nodes of SCMI nodes whose channel no agent has."""

    given: Mapping[str, tuple[Node, Given]]
    unknown: frozenset[str]


def resolve_served(
    references: References,
    uses: Iterable[Use],
    instances: Iterable[ScmiInstance],
    availability: Availability,
    problems: list[Diagnostic],
) -> tuple[Use, ...]:
    """The uses, with those of SCMI ids turned into uses of what the server of the same tree gives
    these ids.

    Appends an error to ``problems`` for each SCMI node whose channel no agent has, the uses of
    which are left out, and for each id that the agent is not given.
    """
    served = _served(references, instances, availability, problems)
    return tuple(
        _through(references.tree, use, served.given, problems)
        for use in uses
        if use.key.provider not in served.unknown
    )


def _served(
    references: References,
    instances: Iterable[ScmiInstance],
    availability: Availability,
    problems: list[Diagnostic],
) -> _Served:
    given: dict[str, tuple[Node, Given]] = {}
    unknown: set[str] = set()
    tree = references.tree
    for instance in instances:
        paths = [node.path for node in instance.protocols.values()]
        agent = agent_of(tree, instance, availability)
        if agent is not None:
            given.update(dict.fromkeys(paths, (agent, given_to(references, agent, availability))))
            continue
        others = _with_other_channels(tree, instance, availability)
        if others:
            problems.append(_unknown_channel(tree, instance, others))
            unknown.update(paths)
    return _Served(given, frozenset(unknown))


def _agents(tree: DeviceTree, availability: Availability) -> list[Node]:
    return [
        agent
        for server in server_nodes(tree)
        for agent in server.children.values()
        if availability.present(server) and availability.present(agent)
    ]


def _channel_of(agent: Node) -> int | None:
    """The SMC id or the channel number of an agent in a server description."""
    transport = transport_of(agent)
    if transport is None:
        return None
    if Part.NUMBER in transport.distinct:
        return agent.cell(DESCRIBED_NUMBER)
    return agent.cell("arm,smc-id") if Part.SMC_ID in transport.distinct else None


def _channel_in(instance: ScmiInstance) -> int | None:
    """The SMC id or the channel number of an SCMI node."""
    parts, channel = instance.transport.distinct, instance.channel
    if Part.NUMBER in parts:
        return channel.number
    return channel.smc_id if Part.SMC_ID in parts else None


def agent_of(tree: DeviceTree, instance: ScmiInstance, availability: Availability) -> Node | None:
    """The agent of a server description that an SCMI node of the same tree is.

    It is the one with the same transport and channel, or the only one with that transport if the
    channel of either is not known.
    """
    wanted = _channel_in(instance)
    alike = [
        agent
        for agent in _agents(tree, availability)
        if transport_of(agent) in (instance.transport, None)
    ]
    same = [agent for agent in alike if wanted is not None and _channel_of(agent) == wanted]
    open_ = [agent for agent in alike if wanted is None or _channel_of(agent) is None]
    found = same or (open_ if len(alike) == 1 else [])
    return found[0] if len(found) == 1 else None


def _with_other_channels(
    tree: DeviceTree, instance: ScmiInstance, availability: Availability
) -> list[Node]:
    """The agents that an SCMI node might be, if each of them is known to have another channel."""
    wanted = _channel_in(instance)
    agents = [a for a in _agents(tree, availability) if transport_of(a) is instance.transport]
    channels = {_channel_of(agent) for agent in agents}
    return [] if None in {wanted, *channels} or wanted in channels else agents


def _unknown_channel(
    tree: DeviceTree, instance: ScmiInstance, agents: Iterable[Node]
) -> Diagnostic:
    part = instance.transport.distinct[0]
    shown = f"{_channel_in(instance):{'d' if part is Part.NUMBER else '#x'}}"
    return CHANNEL_UNKNOWN.error(
        f"{instance.node.path} has the {part.value} {shown}, which no agent has",
        instance.node.position or Position(tree.file),
        [
            Related(
                f"{agent.name} has {_channel_of(agent):{'d' if part is Part.NUMBER else '#x'}}",
                agent.position,
            )
            for agent in agents
        ],
        "write the channel of the agent that reads this tree",
    )


def given_to(references: References, agent: Node, availability: Availability) -> Given:
    """What a server description gives one of its agents."""
    return dict(_entries(references, agent, availability))


def _entries(
    references: References, agent: Node, availability: Availability
) -> Iterator[tuple[tuple[Kind, int], ResourceKey]]:
    for protocol in agent.children.values():
        kind = _KINDS.get(protocol.cell("reg"))
        for group in protocol.children.values():
            for entry in group.children.values():
                number = entry.cell("reg")
                if kind is None or number is None or not availability.present(entry):
                    continue
                for use in uses_of(references, entry):
                    if use.key.kind is kind:
                        yield (kind, number), use.key


def _through(
    tree: DeviceTree,
    use: Use,
    given: Mapping[str, tuple[Node, Given]],
    problems: list[Diagnostic],
) -> Use:
    if use.key.provider not in given or not use.key.cells:
        return use
    agent, found = given[use.key.provider]
    number = use.key.cells[0]
    key = found.get((use.key.kind, number))
    if key is not None:
        return replace(use, key=key)
    entry = use.consumer.path
    if not is_registration(use):
        entry += f" {use.prop}[{use.index}]"
    problems.append(
        ID_UNSERVED.error(
            f"{entry} is {use.key.kind} {number}, which the server does not give {agent.name}",
            use.position or Position(tree.file),
            [Related("the server's agent", agent.position)],
            "correct the number, or add the resource to the description of the server",
        )
    )
    return use
