"""A tree that has both sides of SCMI: a description of the server, and nodes that consume it.

What a consumer refers to there (``<&scmi_clk 3>``) is what the description gives that number, so
the two are one resource, not two of one number.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping

from scmigen.bindings.channels import Parts, channel_at, is_same, parts_of
from scmigen.bindings.consumers import uses_of
from scmigen.bindings.facts import ResourceKey, ScmiChannel, ScmiInstance, Use
from scmigen.bindings.findings import CHANNEL_UNKNOWN, ID_UNSERVED
from scmigen.bindings.references import References
from scmigen.bindings.scmi_nodes import id_of, is_registration, server_nodes
from scmigen.bindings.status import Availability
from scmigen.bindings.transports import DESCRIBED_NUMBER, Part, ScmiTransport, transport_of
from scmigen.data import Data, replace
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.scmi.protocols import KIND_OF, Kind

#: The resources that an agent is given: kind and number → what they are.
Given = Mapping[tuple[Kind, int], ResourceKey]
_KINDS: Mapping[int | None, Kind] = {int(number): kind for number, kind in KIND_OF.items()}


class _Served(Data):
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
    for instance in instances:
        paths = [node.path for node in instance.protocols.values()]
        agent = agent_of(references, instance, availability)
        if agent is not None:
            given.update(dict.fromkeys(paths, (agent, given_to(references, agent, availability))))
            continue
        others = _with_other_channels(references, instance, availability)
        if others:
            problems.append(_unknown_channel(references, instance, others))
            unknown.update(paths)
    return _Served(given, frozenset(unknown))


def _agents(tree: DeviceTree, availability: Availability) -> list[Node]:
    return [
        agent
        for server in server_nodes(tree)
        for agent in server.children.values()
        if availability.present(server) and availability.present(agent)
    ]


def described_channels(
    references: References, availability: Availability
) -> dict[int, ScmiChannel]:
    """The channels that a server description gives its agents, by the ids of the agents."""
    return {
        number: channel_at(references, agent, DESCRIBED_NUMBER)
        for agent in _agents(references.tree, availability)
        if (number := id_of(agent)) is not None
    }


def _parts(references: References, agent: Node) -> Parts:
    return parts_of(channel_at(references, agent, DESCRIBED_NUMBER))


def _candidates(
    references: References, instance: ScmiInstance, availability: Availability
) -> dict[Node, bool | None]:
    """The agents that may have the transport of an SCMI node, and whether they have its channel;
    None if that is not known."""
    transport, channel = instance.transport, parts_of(instance.channel)
    return {
        agent: is_same(transport, channel, _parts(references, agent)) if its else None
        for agent in _agents(references.tree, availability)
        if (its := transport_of(agent)) in (transport, None)
    }


def agent_of(
    references: References, instance: ScmiInstance, availability: Availability
) -> Node | None:
    """The agent of a server description that an SCMI node of the same tree is.

    It is the one with the same transport and channel: every part that tells channels of that
    transport apart is equal. If no agent is known to have the channel, it is the only one that may.
    """
    candidates = _candidates(references, instance, availability)
    same = [agent for agent, found in candidates.items() if found]
    found = same or [agent for agent, found in candidates.items() if found is None]
    return found[0] if len(found) == 1 else None


def _with_other_channels(
    references: References, instance: ScmiInstance, availability: Availability
) -> list[Node]:
    """The agents that an SCMI node might be, if each of them is known to have another channel."""
    candidates = _candidates(references, instance, availability)
    return list(candidates) if all(same is False for same in candidates.values()) else []


def _unknown_channel(
    references: References, instance: ScmiInstance, agents: Iterable[Node]
) -> Diagnostic:
    transport, node = instance.transport, instance.node
    said = [
        f"the {part.value} {value}"
        for part, value in _shown(transport, parts_of(instance.channel)).items()
    ]
    has = {agent: _shown(transport, _parts(references, agent)).values() for agent in agents}
    return CHANNEL_UNKNOWN.error(
        f"{node.path} has {' and '.join(said)}, which no agent has",
        node.position or Position(references.tree.file),
        [
            Related(f"{agent.name} has {' and '.join(values)}", agent.position)
            for agent, values in has.items()
        ],
        "write the channel of the agent that reads this tree",
    )


def _shown(transport: ScmiTransport, parts: Parts) -> dict[Part, str]:
    """What is known of the parts that tell channels apart, in words."""
    known = {part: parts.get(part, ()) for part in transport.distinct}
    return {
        part: ", ".join(_word(value, part) for value in values)
        for part, values in known.items()
        if values
    }


def _word(value: Hashable, part: Part) -> str:
    if part is Part.SMC_ID:
        return f"{value:#x}"
    if isinstance(value, tuple):
        path, cells = value
        return f"<{' '.join((path, *map(str, cells)))}>"
    return str(value)


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
