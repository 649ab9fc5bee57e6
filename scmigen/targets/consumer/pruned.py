"""What leaves an agent's tree: nodes of others, or in a VM's tree all that the VM does not have."""

from collections.abc import Container, Iterator, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.bindings.facts import Use
from scmigen.bindings.pruning import dangling, left_over, removable, unaddressed, unnamed
from scmigen.devicetree.edits import DeleteNode, Edit, SetProperty, apply
from scmigen.devicetree.nodes import Node
from scmigen.model.platform import Platform
from scmigen.targets.consumer.board import Sides
from scmigen.targets.consumer.options import ConsumerOptions


def pruned(
    platform: Platform,
    agent: Agent,
    parts: Sides,
    edits: Sequence[Edit],
    scmi: str,
    options: ConsumerOptions,
) -> tuple[Edit, ...]:
    """The edits with those that take nodes away; ``scmi`` is where the SCMI node is."""
    guest = options.is_guest(agent.name)
    if not guest and options.others == "reserved":
        return tuple(edits)
    tree = apply(platform.inventory.tree, edits)
    if guest:
        wanted = [scmi, *(node.path for node in _its(platform, agent, parts))]
        tops = [node for path in wanted if (node := tree.node(path)) is not None]
        whole = [below for node in tops for below in (node.walk() if node is tops[0] else (node,))]
        gone = left_over(tree, whole)
    else:
        gone = removable(tree, [node.path for node in parts.others])
    board = platform.inventory.tree
    paths = frozenset(gone)
    lost = [*dangling(tree, gone), *unnamed(tree, gone), *unaddressed(tree, paths)]
    taken = {(edit.path, edit.name) for edit in lost}
    return (
        *(edit for edit in edits if not _is_undone(edit, paths, taken)),
        *(edit for edit in lost if edit.name in (board.node(edit.path) or ())),
        *(DeleteNode(path) for path in gone if board.node(path) is not None),
    )


def _is_undone(edit: Edit, gone: Container[str], taken: Container[tuple[str, str]]) -> bool:
    """Whether an edit is of something that goes again."""
    is_set = isinstance(edit, SetProperty) and (edit.path, edit.name) in taken
    return is_set or _is_below(edit.path, gone)


def _its(platform: Platform, agent: Agent, parts: Sides) -> Iterator[Node]:
    """The nodes that are the agent's in its own right, and not for want of another owner."""
    own: set[Node | None] = {
        device.node
        for device in platform.devices
        if agent in device.agents or agent in device.assignable
    }
    own |= {
        why.consumer
        for grant in platform.grants(agent.name)
        for why in grant.because
        if isinstance(why, Use)
    }
    for node in parts.kept:
        owner = platform.owners.of(node)
        around = node.upwards()
        # What a shared controller switches is claimed with that, and not for itself.
        claimed = any(claim.node in around for claim in owner.claims)
        if agent in owner.all_agents and (claimed or node in own or node.parent in own):
            own.add(node)
            yield node


def _is_below(path: str, tops: Container[str]) -> bool:
    """Whether a path is one of ``tops`` or below one."""
    while len(path) > 1:
        if path in tops:
            return True
        path = path.rpartition("/")[0]
    return False
