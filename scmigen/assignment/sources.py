"""Every source that says which device belongs to which agent, read and settled."""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.assignment.assignment import Assignment
from scmigen.assignment.channels import Channel, read_channels
from scmigen.assignment.default import default_source
from scmigen.assignment.domains import domain_nodes, read_domains
from scmigen.assignment.elements import numbers_of
from scmigen.assignment.optee import describes_server, read_server
from scmigen.assignment.partitions import read_partitions, said_by, statuses_with
from scmigen.assignment.said import SourceSaid
from scmigen.assignment.settle import Sayings, settle
from scmigen.assignment.xen import read_xen
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.inventory import Inventory, take_inventory
from scmigen.bindings.partitions import is_manifest
from scmigen.bindings.status import Availability, Status
from scmigen.data import Data, field, replace
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError
from scmigen.runtime import Role
from scmigen.topology.listing import Listing


class Sources(Data):
    """What the user gives besides the board: agents files (name, text), agents' trees by name,
    clocks of running systems, and names that the board's resources were given before."""

    files: Sequence[tuple[str, str]] = ()
    trees: Mapping[str, DeviceTree] = field(default_factory=dict)
    topology: Sequence[Listing] = ()
    names: Mapping[str, ResourceKey] = field(default_factory=dict)


#: Nothing besides the board.
NO_SOURCES = Sources()


def assign(board: DeviceTree, sources: Sources) -> tuple[Inventory, Assignment]:
    """The inventory of a board, and its devices assigned to agents.

    Without any source that is about agents, one operating system has everything. Raises
    `InputError` with everything that is wrong in any of the sources.
    """
    found: list[SourceSaid] = []
    problems: list[Diagnostic] = []
    domains, server = bool(domain_nodes(board)), describes_server(board)
    if sources.files:
        # The YAML reader is imported only where there is some YAML.
        from scmigen.assignment.agents_file import read_files

        files, wrong = read_files(sources.files, board)
        found.extend(files)
        problems.extend(wrong)
    in_tree, wrong = read_domains(board)
    problems.extend(wrong)
    manifests = {name: tree for name, tree in sources.trees.items() if is_manifest(tree)}
    own_trees = {name: tree for name, tree in sources.trees.items() if name not in manifests}
    partitions = read_partitions(board, manifests)
    statuses = statuses_with(partitions)
    inventory, trees, own, reported = _with_trees(board, own_trees, (*found, in_tree), statuses)
    if sources.topology:
        # The running system is joined only where there is one.
        from scmigen.bindings.topology import join

        inventory = replace(inventory, topology=join(inventory, sources.topology, sources.names))
    found.extend(trees)
    if partitions:
        said, wrong = said_by(partitions)
        found.append(said)
        problems.extend(wrong)
    of_xen, wrong = read_xen(board, (*found, in_tree))
    problems.extend(wrong)
    if domains:
        found.append(in_tree)
    if server:
        alone = not any(source.of_agents for source in found)
        described, wrong = read_server(board, alone, inventory.availability)
        found.append(described)
        problems.extend(wrong)
    stated = bool(own_trees) + bool(partitions) + domains + server
    if len(found) < len(sources.files) + stated:
        # A file that cannot be read may describe what the others lack.
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


def _with_trees(
    board: DeviceTree,
    trees: Mapping[str, DeviceTree],
    said: Sequence[SourceSaid],
    statuses: Mapping[Node, Status],
) -> tuple[
    Inventory, tuple[SourceSaid, ...], Mapping[str, Sequence[Channel]], tuple[Diagnostic, ...]
]:
    """The inventory of the board with what agents' trees enable, and what the trees say.
    ``statuses``: what else is enabled."""
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
