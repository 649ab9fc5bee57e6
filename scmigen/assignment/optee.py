"""``optee,scmi-server``: OP-TEE's description of its SCMI server, as nodes of its own tree.

The node has an ``agent@N`` per agent (``reg`` is its id), that a ``protocol@P`` per protocol
(``reg`` is the protocol's id), that a node with any name (``clocks``, ``resets``, …), and that a
child per resource: ``reg`` is its number, ``domain-name`` its name, one reference identifies it,
and ``flags`` of a clock tell whether it is on at boot and whether its rate may be set (OP-TEE
``core/lib/scmi-server``, ``dt-bindings/scmi/scmi-clock.h``). OP-TEE itself reads clocks and resets
only; power, performance, sensors and voltages are read here in the same form.

This assigns resources, not devices: each entry is a grant that fixes a number and a name, and its
provider is managed by the platform. The tree is OP-TEE's, so unless another source assigns its
devices they are the platform's; if it also has the SCMI node of one of the agents, they are that
agent's.
"""

from collections.abc import Iterator, Mapping

from scmigen.assignment.assignment import HandGrant
from scmigen.assignment.findings import SCMI_SERVER
from scmigen.assignment.properties import Properties
from scmigen.assignment.said import (
    AgentSaid,
    ClaimSaid,
    PlatformSaid,
    Said,
    SharedMemory,
    SourceSaid,
)
from scmigen.bindings.consumers import can_change_voltage, uses_of
from scmigen.bindings.facts import ProviderClass, Use
from scmigen.bindings.optee_server import ClockFlag
from scmigen.bindings.references import References, position_of
from scmigen.bindings.scmi_nodes import instances_of, server_nodes
from scmigen.bindings.served import agent_of
from scmigen.bindings.status import Availability
from scmigen.bindings.transports import BY_COMPATIBLE, DESCRIBED_NUMBER, transport_of
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.runtime import MAX_AGENTS, MAX_RESOURCES
from scmigen.scmi.operations import Operation, with_implied
from scmigen.scmi.protocols import Kind, Protocol

_KINDS: Mapping[int, Kind] = {
    Protocol.POWER: Kind.POWER,
    Protocol.PERFORMANCE: Kind.PERFORMANCE,
    Protocol.CLOCK: Kind.CLOCK,
    Protocol.SENSOR: Kind.SENSOR,
    Protocol.RESET: Kind.RESET,
    Protocol.VOLTAGE: Kind.VOLTAGE,
}
#: The operations that an entry grants.
_OPERATIONS: Mapping[Kind, tuple[Operation, ...]] = {
    Kind.POWER: (Operation.STATE, Operation.READ),
    Kind.PERFORMANCE: (Operation.LEVEL, Operation.LIMITS, Operation.READ),
    Kind.CLOCK: (Operation.STATE, Operation.READ),
    Kind.SENSOR: (Operation.CONFIG, Operation.READ),
    Kind.RESET: (Operation.RESET,),
    Kind.VOLTAGE: (Operation.STATE, Operation.READ),
}
#: The right form of an entry.
_REFERENCE: Mapping[Kind, str] = {
    Kind.POWER: "power-domains = <&provider 1>",
    Kind.PERFORMANCE: "performance-domains = <&provider 1>",
    Kind.CLOCK: "clocks = <&provider 1>",
    Kind.SENSOR: "thermal-sensors = <&provider 1>",
    Kind.RESET: "resets = <&provider 1>",
    Kind.VOLTAGE: "voltd-supply = <&regulator>",
}


class _Server:
    """Reads the server descriptions of one tree and collects ``problems``."""

    def __init__(self, tree: DeviceTree, availability: Availability) -> None:
        self.tree = tree
        self.references = References(tree)
        self.availability = availability
        self.problems: list[Diagnostic] = []
        self.properties = Properties(tree, SCMI_SERVER, self.problems)
        self.agents: list[AgentSaid] = []
        self.grants: list[HandGrant] = []

    def wrong(self, message: str, node: Node, hint: str, first: Node | None = None) -> None:
        related = [Related(f"the first is {first.path}", self._at(first))] if first else []
        found = SCMI_SERVER.error(f"{node.path} {message}", self._at(node), related, hint)
        self.problems.append(found)

    def _at(self, node: Node) -> Position:
        return node.position or Position(self.tree.file)

    def numbered(self, parent: Node, what: str, highest: int) -> Iterator[tuple[int, Node]]:
        """The enabled children of a node with their ``reg``, which must be unique."""
        firsts: dict[int, Node] = {}
        for child in parent.children.values():
            if not self.availability.present(child):
                continue
            reg = self.properties.number(child, "reg")
            if reg is None and "reg" in child:
                continue
            if reg is None or reg.value > highest:
                self.wrong(f"needs reg = <{what}>", child, f"{what}: a number up to {highest}")
            elif firsts.setdefault(reg.value, child) is not child:
                message = f"has the {what} {reg.value}, which is taken"
                self.wrong(message, child, "give each its own reg", firsts[reg.value])
            else:
                yield reg.value, child

    def agent(self, number: int, node: Node) -> None:
        if number == 0:
            self.wrong("is agent 0, which is the platform", node, "agents are 1, 2, 3, …")
            return
        name = f"{node.base_name}-{number}"
        self.agents.append(self._said(number, name, node))
        for protocol, child in self.numbered(node, "protocol", 0xFF):
            if protocol == Protocol.BASE or protocol == Protocol.SYSTEM:
                continue
            kind = _KINDS.get(protocol)
            if kind is None:
                known = ", ".join(f"{value:#x}" for value in _KINDS)
                self.wrong(
                    f"has the unsupported protocol {protocol:#x}", child, f"supported: {known}"
                )
            else:
                self._protocol(name, kind, child)

    def _said(self, number: int, name: str, node: Node) -> AgentSaid:
        """The agent with its channel; each field has the position of its property."""
        transport = transport_of(node)
        if transport is None:
            known = ", ".join(BY_COMPATIBLE)
            self.wrong("has no transport", node, f'write compatible = "…", one of: {known}')
        for prop in transport.described if transport is not None else ():
            if prop not in node:
                self.wrong(f"has no {prop}", node, f"write {prop} = <N>, the channel of the agent")
        memories, mailboxes = self._targets(node, "shmem"), self._targets(node, "mboxes")
        return AgentSaid(
            name,
            self._at(node),
            id=Said(number, self._place(node, "reg")),
            transport=Said(transport.word, self._place(node, "compatible")) if transport else None,
            smc_id=self.properties.number(node, "arm,smc-id"),
            channel=self.properties.number(node, DESCRIBED_NUMBER),
            shmem=Said(SharedMemory(memories[0], memories), self._place(node, "shmem"))
            if memories
            else None,
            mailboxes=Said(mailboxes, self._place(node, "mboxes")) if mailboxes else None,
        )

    def _targets(self, node: Node, name: str) -> tuple[str, ...]:
        """The paths of the nodes that a list refers to; a dangling reference is an error."""
        found = self.references.list_of(node, name)
        if found.problem is not None:
            self.problems.append(found.problem)
        return tuple(entry.provider.path for entry in found.entries)

    def _place(self, node: Node, name: str) -> Position:
        prop = node.get(name)
        return position_of(self.tree, prop) if prop is not None else self._at(node)

    def _protocol(self, agent: str, kind: Kind, protocol: Node) -> None:
        firsts: dict[int, Node] = {}
        for group in protocol.children.values():
            if not self.availability.present(group):
                continue
            for number, entry in self.numbered(group, "id", MAX_RESOURCES):
                if firsts.setdefault(number, entry) is not entry:
                    message = f"has the id {number}, which is taken"
                    self.wrong(message, entry, "give each its own reg", firsts[number])
                    continue
                self._entry(agent, kind, number, entry)

    def _entry(self, agent: str, kind: Kind, number: int, entry: Node) -> None:
        use = self._use(kind, entry)
        if use is None:
            return
        stated = self.properties.number(entry, "flags") if kind is Kind.CLOCK else None
        flags = stated.value if stated is not None else 0
        names = [self.properties.text(entry, prop) for prop in ("domain-name", "regulator-name")]
        operations = set(_OPERATIONS[kind])
        if flags & ClockFlag.SCMI_CLOCK_ALLOW_SET_RATE:
            operations.add(Operation.RATE)
        regulator = self.tree.node(use.key.provider) if kind is Kind.VOLTAGE else None
        if regulator is not None and can_change_voltage(regulator):
            operations.add(Operation.LEVEL)
        self.grants.append(
            HandGrant(
                agent,
                use.key,
                with_implied(operations),
                self._at(entry),
                number,
                next((name.value for name in names if name is not None), None),
                bool(flags & ClockFlag.SCMI_CLOCK_DEFAULT_ENABLED),
            )
        )

    def _use(self, kind: Kind, entry: Node) -> Use | None:
        """The one resource that an entry refers to; a dangling reference is an error."""
        uses = [use for use in uses_of(self.references, entry) if use.key.kind is kind]
        unreadable = tuple(self.references.problems((entry,)))
        self.problems.extend(unreadable)
        if len({use.key for use in uses}) == 1:
            return uses[0]
        if not unreadable:
            count = "no" if not uses else "more than one"
            self.wrong(f"refers to {count} {kind}", entry, f"write {_REFERENCE[kind]};")
        return None


def _consumer(server: _Server) -> int | None:
    """The id of the agent whose SCMI node the tree has, if there is exactly one."""
    found = {
        node.cell("reg")
        for instance in instances_of(server.references, server.availability)
        if (node := agent_of(server.references, instance, server.availability)) is not None
    }
    return found.pop() if len(found) == 1 else None


def read_server(
    tree: DeviceTree, alone: bool, availability: Availability | None = None
) -> tuple[SourceSaid, tuple[Diagnostic, ...]]:
    """Read the server descriptions of a tree: the source, and its problems. Never raises.

    Agents are called ``agent-1`` until another source names the one with that id. If the
    description is ``alone``, the devices of the tree are the consumer's whose SCMI node the tree
    has, or else the platform's. ``availability`` is that of the tree alone unless given.
    """
    server = _Server(tree, availability or Availability())
    for node in server_nodes(tree):
        if server.availability.present(node):
            for number, agent in server.numbered(node, "agent id", MAX_AGENTS):
                server.agent(number, agent)
    consumer = _consumer(server) if alone else None
    kept = alone and consumer is None
    rest = ClaimSaid(None, tree.root, exact=False, position=Position(tree.file))
    default = (agent.name for agent in server.agents if agent.id and agent.id.value == consumer)
    served: dict[str, Said[str]] = {}
    for grant in server.grants:
        served.setdefault(grant.key.provider, Said(ProviderClass.MANAGED.value, grant.position))
    found = SourceSaid(
        tuple(server.agents),
        (rest,) if kept else (),
        tuple(server.grants),
        PlatformSaid(served),
        default=next(default, None),
        numbered=True,
    )
    return found, tuple(server.problems)
