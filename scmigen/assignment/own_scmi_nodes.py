"""SCMI nodes in agents' own trees that are not the board's: each is its agent's access to the
platform, also where the board has an SCMI node of another agent at the same path."""

from collections.abc import Hashable, Iterator, Mapping, Sequence

from scmigen.bindings.facts import ScmiInstance, Use
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.scmi_nodes import is_applied_by_agent, server_nodes
from scmigen.bindings.transports import Part
from scmigen.data import replace
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Position


def is_other(theirs: ScmiInstance, mine: ScmiInstance, nodes: Mapping[str, Node]) -> bool:
    """Whether an SCMI node of an agent's tree has another channel than one of the board.

    ``nodes``: path in the agent's tree → node of the board. What one of both does not say, or what
    has no counterpart on the board, tells nothing.
    """
    if theirs.transport is not mine.transport:
        return True
    on_board = {path: node.path for path, node in nodes.items()}
    ours = {node.path: node.path for node in (*mine.channel.shmem, *_controllers(mine))}
    first, second = _parts(theirs, on_board), _parts(mine, ours)
    return any(
        first.get(part) != second.get(part)
        for part in mine.transport.distinct
        if None not in (first.get(part), second.get(part))
    )


def _controllers(instance: ScmiInstance) -> Iterator[Node]:
    return (entry.provider for entry in instance.channel.mailboxes)


def _parts(instance: ScmiInstance, paths: Mapping[str, str]) -> dict[Part, Hashable]:
    channel = instance.channel
    memory = next((paths.get(node.path) for node in channel.shmem), None)
    mailbox = next(
        ((paths[e.provider.path], e.cells) for e in channel.mailboxes if e.provider.path in paths),
        None,
    )
    return {
        Part.SMC_ID: channel.smc_id,
        Part.NUMBER: channel.number,
        Part.MEMORY: memory,
        Part.MAILBOX: mailbox,
    }


def uses_of_own_nodes(
    inventory: Inventory, own: Inventory, nodes: Mapping[str, Node]
) -> tuple[tuple[Use, ...], tuple[Use, ...]]:
    """What an agent does because of SCMI nodes that only its tree has: the clocks that it assigns,
    and the regulators that it registers.

    ``inventory`` is that of the board, ``own`` that of the agent's tree. The ids are those of the
    platform that the board's SCMI node of the same name reaches, or its only one. With a server
    description, the ids are those that it gives the agent, so nothing follows from the node.
    """
    paths = protocols_of_own_nodes(inventory, own, nodes)

    def mapped(uses: Sequence[Use]) -> Iterator[Use]:
        for use in uses:
            if use.key.provider in paths:
                key = use.key._replace(provider=paths[use.key.provider])
                where = use.position or Position(own.tree.file)
                yield replace(use, key=key, place=where)

    assigned = [
        use for use in own.uses if is_applied_by_agent(use) and use.consumer.path not in nodes
    ]
    return tuple(mapped(assigned)), tuple(mapped(own.registered))


def protocols_of_own_nodes(
    inventory: Inventory, own: Inventory, nodes: Mapping[str, Node]
) -> Mapping[str, str]:
    """The protocol nodes of these SCMI nodes, by path, with the one of the board that has the ids.

    Empty with a server description.
    """
    paths: dict[str, str] = {}
    for theirs in () if server_nodes(inventory.tree) else own.instances:
        mine = _of_platform(inventory.instances, theirs)
        if theirs.node.path in nodes or mine is None:
            continue
        for number, protocol in theirs.protocols.items():
            served = mine.protocols.get(number)
            if served is not None and served.path in inventory.providers:
                paths[protocol.path] = served.path
    return paths


def _of_platform(board: Sequence[ScmiInstance], theirs: ScmiInstance) -> ScmiInstance | None:
    named = [instance for instance in board if instance.node.name == theirs.node.name]
    found = named or board
    return found[0] if len(found) == 1 else None
