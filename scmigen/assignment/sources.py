"""Every source that says whose what is on a board, read and put together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from scmigen.assignment.assignment import Assignment
from scmigen.assignment.combine import combine
from scmigen.assignment.default import default_assignment
from scmigen.assignment.domains import domain_nodes, read_domains
from scmigen.assignment.optee import agent_ids, read_server
from scmigen.bindings.facts import Inventory
from scmigen.bindings.inventory import take_inventory
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError
from scmigen.runtime import Role


@dataclass(frozen=True, slots=True)
class Sources:
    """What the user gives besides the board: agents files (name, text), agents' trees by name."""

    files: Sequence[tuple[str, str]] = ()
    trees: Mapping[str, DeviceTree] = field(default_factory=dict)


class _Reading:
    """Reads one source after the other, and keeps what was wrong with each."""

    def __init__(self) -> None:
        self.found: list[Assignment] = []
        self.problems: list[Diagnostic] = []

    def read(self, reader: Callable[[], Assignment]) -> None:
        try:
            self.found.append(reader())
        except InputError as problem:
            self.problems.extend(problem.diagnostics)


def assign(board: DeviceTree, sources: Sources) -> tuple[Inventory, Assignment]:
    """The inventory of a board and who owns what on it.

    Where nobody says anything, one operating system has everything. Raises `InputError` with what
    is wrong in any of the sources.
    """
    domains, servers = domain_nodes(board), agent_ids(board)
    count = bool(sources.files) + bool(sources.trees) + bool(domains) + bool(servers)
    alone = count == 1
    reading = _Reading()
    if sources.files:
        # YAML is read only where there is some.
        from scmigen.assignment.agents_file import read_agents

        others = [*sources.trees, *(node.base_name for node in domains)]
        others.extend(f"agent-{number}" for number in servers)
        reading.read(lambda: read_agents(sources.files, board, None if alone else others))
    inventory, trees = _inventory(board, sources, reading)
    if domains:
        reading.read(lambda: read_domains(board, alone))
    if servers:
        names = {agent.id: agent.name for found in reading.found for agent in found.agents}
        reading.read(lambda: read_server(board, names, alone))
    if reading.problems:
        raise InputError(reading.problems)
    if not count:
        return inventory, default_assignment(inventory)
    return inventory, combine(reading.found, trees)


def _inventory(
    board: DeviceTree, sources: Sources, reading: _Reading
) -> tuple[Inventory, list[Assignment]]:
    """The inventory of the board, with what agents' trees enable and say."""
    if not sources.trees:
        return take_inventory(board), []
    from scmigen.assignment.trees import enable, match, with_trees

    secure = {
        agent.name for found in reading.found for agent in found.agents if agent.role is Role.SECURE
    }
    matched = [match(board, name, tree, name in secure) for name, tree in sources.trees.items()]
    enable(matched)
    inventory, assignment = with_trees(take_inventory(board), matched)
    reading.found.append(assignment)
    return inventory, [assignment]
