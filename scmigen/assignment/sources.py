"""Every source that says which device belongs to which agent, read and settled.

What reads a source is imported where there is such a source: most boards have none.
"""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.assignment.assignment import Assignment
from scmigen.assignment.channels import Channel, read_channels
from scmigen.assignment.default import default_source
from scmigen.assignment.elements import numbers_of
from scmigen.assignment.said import SourceSaid
from scmigen.assignment.settle import Sayings, settle
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.inventory import Inventory, take_inventory
from scmigen.bindings.scmi_nodes import describes_server
from scmigen.bindings.status import Availability, Status
from scmigen.bindings.xen import domains_of, sci_of
from scmigen.data import Data, field, replace
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError
from scmigen.hints import TYPE_CHECKING
from scmigen.runtime import Role

if TYPE_CHECKING:
    from scmigen.assignment.partitions import Partition
    from scmigen.topology.listing import Listing


class Sources(Data):
    """What the user gives besides the board: agents files (name, text), agents' trees by name,
    clocks of running systems, and names that the board's resources were given before."""

    files: Sequence[tuple[str, str]] = ()
    trees: Mapping[str, DeviceTree] = field(default_factory=dict)
    topology: "Sequence[Listing]" = ()
    names: Mapping[str, ResourceKey] = field(default_factory=dict)


#: What sources say, and what is wrong with that.
_Said = tuple[tuple[SourceSaid, ...], tuple[Diagnostic, ...]]

#: Nothing besides the board.
NO_SOURCES = Sources()


def assign(board: DeviceTree, sources: Sources) -> tuple[Inventory, Assignment]:
    """The inventory of a board, and its devices assigned to agents.

    Without any source that is about agents, one operating system has everything. Raises
    `InputError` with everything that is wrong in any of the sources.
    """
    found, problems = _in_files(sources.files, board)
    # A file that cannot be read may describe what the others lack.
    lacks = len(found) < len(sources.files)
    in_tree, wrong = _in_domains(board)
    problems.extend(wrong)
    partitions, own_trees = _partitions(board, sources.trees)
    inventory, trees, own, reported = _with_trees(board, own_trees, (*found, *in_tree), partitions)
    if sources.topology:
        from scmigen.bindings.topology import join

        inventory = replace(inventory, topology=join(inventory, sources.topology, sources.names))
    found.extend(trees)
    if partitions:
        from scmigen.assignment.partitions import said_by

        said, wrong = said_by(partitions)
        found.append(said)
        problems.extend(wrong)
    of_xen, wrong = _of_xen(board, (*found, *in_tree))
    problems.extend(wrong)
    found.extend(in_tree)
    if describes_server(board):
        from scmigen.assignment.optee import read_server

        alone = not any(source.of_agents for source in found)
        described, wrong = read_server(board, alone, inventory.availability)
        found.append(described)
        problems.extend(wrong)
    if lacks:
        raise InputError(problems)
    found.extend(of_xen)
    fallback = default_source(inventory, _classes(found).keys())
    return inventory, settle(
        Sayings(
            found if any(source.of_agents for source in found) else [*found, fallback],
            read_channels(inventory.references, inventory.instances, inventory.availability),
            own,
            problems,
            reported,
            fallback,
            numbers_of(inventory),
        )
    )


def _in_files(
    files: Sequence[tuple[str, str]], board: DeviceTree
) -> tuple[list[SourceSaid], list[Diagnostic]]:
    """What agents files say, those that can be read, and what is wrong with them."""
    if not files:
        return [], []
    from scmigen.assignment.agents_file import read_files

    said, wrong = read_files(files, board)
    return [*said], [*wrong]


def _in_domains(board: DeviceTree) -> _Said:
    """What ``/domains`` says, if there are any."""
    if board.node("/domains") is None:
        return (), ()
    from scmigen.assignment.domains import read_domains

    said, wrong = read_domains(board)
    return (said,) if said.domains else (), wrong


def _partitions(
    board: DeviceTree, trees: Mapping[str, DeviceTree]
) -> "tuple[list[Partition], Mapping[str, DeviceTree]]":
    """What those of ``trees`` say that are manifests of partitions, and the others."""
    if not trees:
        return [], trees
    from scmigen.assignment.partitions import read_partitions
    from scmigen.bindings.partitions import is_manifest

    manifests = {name: tree for name, tree in trees.items() if is_manifest(tree)}
    others = {name: tree for name, tree in trees.items() if name not in manifests}
    return read_partitions(board, manifests), others


def _of_xen(board: DeviceTree, others: Sequence[SourceSaid]) -> _Said:
    """What a host's tree says for Xen, if it does."""
    if sci_of(board) is None and not domains_of(board):
        return (), ()
    from scmigen.assignment.xen import read_xen

    return read_xen(board, others)


def _with_trees(
    board: DeviceTree,
    trees: Mapping[str, DeviceTree],
    said: Sequence[SourceSaid],
    partitions: "Sequence[Partition]",
) -> tuple[
    Inventory, tuple[SourceSaid, ...], Mapping[str, Sequence[Channel]], tuple[Diagnostic, ...]
]:
    """The inventory of the board with what agents' trees enable, and what the trees say.
    ``partitions`` enable devices, too."""
    statuses: Mapping[Node, Status] = {}
    if partitions:
        from scmigen.assignment.partitions import statuses_with

        statuses = statuses_with(partitions)
    if not trees:
        return take_inventory(board, Availability(statuses)), (), {}, ()
    from scmigen.assignment.trees import availability_with, channels_of, match, with_trees

    secure = set(_secure(said))
    matched = [match(board, name, tree, name in secure) for name, tree in trees.items()]
    availability = Availability({**statuses, **availability_with(matched).statuses})
    inventory = take_inventory(board, availability)
    inventory, found, problems = with_trees(inventory, matched, _classes(said))
    return inventory, (found,), {tree.agent: channels_of(tree) for tree in matched}, problems


def _classes(sources: Sequence[SourceSaid]) -> dict[str, str]:
    """The classes of providers that the sources state, by path; the first one holds."""
    found: dict[str, str] = {}
    for source in sources:
        for path, word in source.platform.classes.items():
            found.setdefault(path, word.value)
    return found


def _secure(sources: Sequence[SourceSaid]) -> Iterator[str]:
    for source in sources:
        for agent in source.agents:
            if agent.role is not None and agent.role.value is Role.SECURE:
                yield agent.name
