"""A tree that has both sides of SCMI: a description of the server, and nodes that consume it.

What a consumer names there (``<&scmi_clk 3>``) is what the description gives that number, so the
two are one resource, not two of one number.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from scmigen.bindings.consumers import uses_of
from scmigen.bindings.facts import ResourceKey, ScmiInstance, Use
from scmigen.bindings.findings import ID_UNSERVED
from scmigen.bindings.references import References
from scmigen.bindings.scmi_nodes import server_nodes
from scmigen.bindings.status import Availability
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.scmi.protocols import KIND_OF, Kind

#: The resources that an agent is given: kind and number → what they are.
_Given = Mapping[tuple[Kind, int], ResourceKey]
_KINDS: Mapping[int | None, Kind] = {int(number): kind for number, kind in KIND_OF.items()}


def led_on(
    references: References,
    uses: tuple[Use, ...],
    instances: Iterable[ScmiInstance],
    availability: Availability,
    problems: list[Diagnostic],
) -> tuple[Use, ...]:
    """The uses, where those of an SCMI node are of what the server of the same tree serves there.

    A number that the server does not give the agent is an error in ``problems``.
    """
    given: dict[str, tuple[Node, _Given]] = {}
    for instance in instances:
        agent = agent_of(references.tree, instance, availability)
        if agent is not None:
            found = dict(_entries(references, agent, availability))
            given.update((node.path, (agent, found)) for node in instance.protocols.values())
    return tuple(_through(references.tree, use, given, problems) for use in uses) if given else uses


def agent_of(tree: DeviceTree, instance: ScmiInstance, availability: Availability) -> Node | None:
    """The agent of a server description that an SCMI node of the same tree is.

    It is the only one, or the one with the same channel of OP-TEE.
    """
    agents = [
        agent
        for server in server_nodes(tree)
        for agent in server.children.values()
        if availability.present(server) and availability.present(agent)
    ]
    if len(agents) > 1:
        number = instance.channel.number
        agents = [agent for agent in agents if agent.cell("scmi-channel-id") == number]
    return agents[0] if len(agents) == 1 else None


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
    given: Mapping[str, tuple[Node, _Given]],
    problems: list[Diagnostic],
) -> Use:
    if use.key.provider not in given or not use.key.cells:
        return use
    agent, found = given[use.key.provider]
    number = use.key.cells[0]
    key = found.get((use.key.kind, number))
    if key is not None:
        return replace(use, key=key)
    problems.append(
        ID_UNSERVED.error(
            f"{use.consumer.path} {use.prop}[{use.index}] is {use.key.kind} {number}, "
            f"which the server does not give {agent.name}",
            use.position or Position(tree.file),
            [Related("the server's agent", agent.position)],
            "mend the number, or add the resource to the description of the server",
        )
    )
    return use
