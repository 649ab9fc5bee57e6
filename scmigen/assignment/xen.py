"""A host's tree for Xen as a source: the agents of its domains, and what is passed through to them.

``xen,dom0-sci-agent-id``, ``scmi-secondary-agents`` and ``xen,sci-agent-id`` know agents by their
ids, so that agents files may name them. The channel of Xen itself is the hypervisor's. With the
driver for one agent (``xen,sci_type = "scmi_smc"``) there is one, of one domain.
"""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.assignment.findings import XEN_AGENT_ID, XEN_PASSTHROUGH, XEN_PATH
from scmigen.assignment.properties import Properties
from scmigen.assignment.said import AgentSaid, ClaimSaid, Said, SharedMemory, SourceSaid
from scmigen.bindings.references import position_of
from scmigen.bindings.xen import (
    DOM0_AGENT,
    DOMAIN_AGENT,
    PASSTHROUGH,
    PATH,
    SCI_TYPE,
    SINGLE,
    Sci,
    SciEntry,
    domains_of,
    named_paths,
    nodes_over_smc,
    passed_through,
    same_memories,
    sci_of,
)
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related, counted
from scmigen.runtime import MAX_AGENTS, Role

#: Names where no other source gives the agent one.
XEN, DOM0 = "xen", "dom0"
_SMC = "smc"


def read_xen(
    tree: DeviceTree, others: Sequence[SourceSaid]
) -> tuple[tuple[SourceSaid, ...], tuple[Diagnostic, ...]]:
    """What a host's tree says for Xen, and what is wrong with that. ``others``: what other sources
    say, whose claims come first."""
    sci, domains = sci_of(tree), domains_of(tree)
    if sci is None and not domains:
        return (), ()
    reader = _Reader(tree, sci, others)
    known = [*reader.dom0(), *(agent for node in domains for agent in reader.domain(node))]
    known += reader.others([agent.id.value for agent in known if agent.id is not None])
    claims = tuple(reader.claims(domains))
    found = []
    if known or claims:
        roles = {agent.name: Role.VM for agent in known if agent.name != DOM0}
        default = next((agent.name for agent in known if agent.name == DOM0), None)
        found.append(
            SourceSaid(
                tuple(known),
                claims,
                roles={**roles, DOM0: Role.OSPM},
                default=default,
                numbered=True,
                position=sci.node.position if sci is not None else domains[0].position,
            )
        )
    found += reader.xen() if known else []
    return tuple(found), tuple(reader.problems)


class _Reader:
    def __init__(self, tree: DeviceTree, sci: Sci | None, others: Sequence[SourceSaid]) -> None:
        self._tree = tree
        self._sci = sci
        self._others = others
        self._names: dict[str, str] = {}
        self.problems: list[Diagnostic] = []
        self._properties = Properties(tree, XEN_AGENT_ID, self.problems)

    def dom0(self) -> Iterator[AgentSaid]:
        """The agent of dom0."""
        if self._sci is not None:
            yield from self._agent(self._sci.node, DOM0_AGENT, DOM0)

    def domain(self, node: Node) -> Iterator[AgentSaid]:
        """The agent of a domain that Xen starts itself."""
        name = node.name if node.base_name in self._names.values() else node.base_name
        for agent in (*self._agent(node, DOMAIN_AGENT, name), *self._only(node, name)):
            self._names[node.path] = agent.name
            yield agent

    def _only(self, node: Node, name: str) -> Iterator[AgentSaid]:
        """The domain that Xen's driver for one agent (``xen,sci_type = "scmi_smc"``) lets use the
        channel: that of the last SCMI node over SMC."""
        if DOMAIN_AGENT in node or SINGLE not in node.strings(SCI_TYPE):
            return
        where = self._at(node, SCI_TYPE)
        if self._names:
            first = next(iter(self._names.values()))
            self.problems.append(
                XEN_AGENT_ID.error(
                    f'{node.path}: {SCI_TYPE} is "{SINGLE}", and {first} has that agent already',
                    where,
                    hint=f"leave {SCI_TYPE} out of all domains but the one that has SCMI",
                )
            )
            return
        agent = AgentSaid(name, node.position, id=Said(1, where))
        for scmi in nodes_over_smc(self._tree)[-1:]:
            number, memory = scmi.cell("arm,smc-id"), scmi.cell("shmem")
            if number is not None:
                shmem = None if memory is None else self._tree.by_phandle(memory)
                place = scmi.position or Position(self._tree.file)
                agent = self._channel(agent, SciEntry(number, shmem, None, place))
        yield agent

    def others(self, known: Sequence[int]) -> Iterator[AgentSaid]:
        """The agents of the list whose domains the tree does not have: ``xl`` makes these."""
        seen = {*known}
        for entry in self._sci.entries if self._sci is not None else ():
            number = entry.agent
            if number is not None and 1 <= number <= MAX_AGENTS and number not in seen:
                seen.add(number)
                agent = AgentSaid(
                    f"agent-{number}", entry.position, id=Said(number, entry.position)
                )
                yield self._channel(agent, entry)

    def _agent(self, node: Node, prop: str, name: str) -> Iterator[AgentSaid]:
        number = self._properties.number(node, prop)
        if number is None:
            return
        if not 1 <= number.value <= MAX_AGENTS:
            self.problems.append(
                XEN_AGENT_ID.error(
                    f"{node.path}: {prop} is <{number.value}>; agents are 1 to {MAX_AGENTS}, 0 is"
                    " the platform",
                    number.position,
                    hint="write the id that the firmware has for the domain's agent",
                )
            )
            return
        yield self._with_channel(AgentSaid(name, node.position, id=number), number.value)

    def _with_channel(self, agent: AgentSaid, number: int) -> AgentSaid:
        entries = self._sci.entries if self._sci is not None else ()
        found = [entry for entry in entries if entry.agent == number]
        return agent if not found else self._channel(agent, found[0])

    def xen(self) -> Iterator[SourceSaid]:
        """Xen's own agent, by the name that another source has for the hypervisor."""
        sci = self._sci
        if sci is None or sci.scmi is None or sci.smc_id is None:
            return
        monitors = [
            agent.name
            for source in self._others
            for agent in source.agents
            if agent.role is not None and agent.role.value is Role.HYPERVISOR
        ]
        where = sci.scmi.position or Position(self._tree.file)
        entry = SciEntry(sci.smc_id, sci.memory, None, where)
        name = monitors[0] if monitors else XEN
        role = None if monitors else Said(Role.HYPERVISOR, where)
        agent = self._channel(AgentSaid(name, where, role=role), entry)
        yield SourceSaid((agent,), position=where)

    def claims(self, domains: Sequence[Node]) -> Iterator[ClaimSaid]:
        """What domains name, and what is passed through to the only one that there is."""
        taken = {claim.node.path for source in self._others for claim in source.claims}
        for domain in domains:
            for node in named_paths(domain) if domain.path in self._names else ():
                claim = self._named(node, self._names[domain.path])
                if claim is not None:
                    taken.add(claim.node.path)
                    yield claim
        left = [node for node in passed_through(self._tree) if node.path not in taken]
        if len(self._names) == 1:
            (name,) = self._names.values()
            for node in left:
                yield ClaimSaid(name, node, True, self._at(node, PASSTHROUGH))
        elif left and self._names:
            self.problems.append(self._whose(left, self._names))

    def _named(self, node: Node, agent: str) -> ClaimSaid | None:
        path = self._properties.text(node, PATH)
        if path is None:
            return None
        found = self._tree.node(path.value)
        if found is not None:
            return ClaimSaid(agent, found, True, path.position)
        self.problems.append(
            XEN_PATH.error(
                f"{node.path}: the board has no node {path.value}, which {PATH} names",
                path.position,
                hint="write the full path of a node of the board",
            )
        )
        return None

    def _whose(self, left: Sequence[Node], names: Mapping[str, str]) -> Diagnostic:
        first, *more = left
        return XEN_PASSTHROUGH.warning(
            f"{counted(len(left), 'device')} with {PASSTHROUGH}, and no source says to which of"
            f" {', '.join(names.values())}",
            self._at(first, PASSTHROUGH),
            [Related(node.path, self._at(node, PASSTHROUGH)) for node in more],
            "give the partial tree of each domain (--tree NAME=FILE), or name the devices under"
            " access in an agents file",
        ).about(nodes=[node.path for node in left])

    def _at(self, node: Node, name: str) -> Position:
        found = node.get(name)
        return Position(self._tree.file) if found is None else position_of(self._tree, found)

    def _channel(self, agent: AgentSaid, entry: SciEntry) -> AgentSaid:
        """An agent with the channel of an entry. Its memory may have a node elsewhere as well: dom0
        has no container."""
        memory = entry.memory
        paths = () if memory is None else same_memories(self._tree, memory)
        return AgentSaid(
            agent.name,
            agent.position,
            id=agent.id,
            role=agent.role,
            transport=Said(_SMC, entry.position),
            smc_id=Said(entry.smc_id, entry.position),
            shmem=Said(SharedMemory(paths[0], paths), entry.position) if paths else None,
        )
