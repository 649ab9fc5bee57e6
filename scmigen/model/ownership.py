"""Who owns each node: the nearest claim above it, or the default agent.

An exact claim on a node beats a glob on it; a claim on a deeper node beats one above. A board part
that no entry claims belongs to the owner of its switch, the GPIO or PWM controller. An SCMI node
that nobody claims belongs to the agent whose channel it has. What only the secure world may use
goes to agents of the role `secure`.
"""

from collections.abc import Iterable, Iterator

from scmigen.assignment.assignment import Agent, Assignment, Claim
from scmigen.bindings.classify import switch_of
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.node_kinds import has_driver
from scmigen.bindings.scmi_nodes import is_in_scmi
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.model.channels import speakers
from scmigen.runtime import Role


class Ownership(Data):
    """The agents that have a node at boot, those it may be given to, and the claims behind it; all
    agents in the order of their ids.

    ``platform``: the platform keeps the node for itself. ``claims`` is empty if no entry names
    the node.
    """

    agents: tuple[Agent, ...]
    assignable: tuple[Agent, ...] = ()
    platform: bool = False
    claims: tuple[Claim, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether several agents have the node at once."""
        return len(self.agents) > 1

    @property
    def all_agents(self) -> tuple[Agent, ...]:
        """The agents that have the node or may be given it."""
        if not self.assignable:
            return self.agents
        return _by_id({*self.agents, *self.assignable})


#: What no agent has, and the platform neither.
NOBODYS = Ownership(())


class ClaimConflict(Data):
    """Claims of one rank on one node that cannot all be true."""

    node: Node
    claims: tuple[Claim, ...]


class Owners:
    """Answers who owns a node; built once for a tree and an assignment."""

    def __init__(self, assignment: Assignment, inventory: Inventory) -> None:
        self._agents = {agent.name: agent for agent in assignment.agents}
        default = tuple(agent for agent in assignment.agents if agent.default)[:1]
        self._default = Ownership(default)
        # Of the board's nodes, those that were asked about.
        self._known: dict[Node, Ownership] = {
            node: Ownership((self._agents[own.agent],))
            for own in assignment.trees
            for instance in own.inventory.instances
            if instance.node.path not in own.nodes and own.agent in self._agents
            for node in instance.node.walk()
        }
        self._secure = tuple(a for a in assignment.agents if a.role is Role.SECURE)
        self._secure_only = inventory.secure_only
        self.conflicts: list[ClaimConflict] = []
        self._at: dict[str, Ownership] = {}
        self._switch = dict(_switched(inventory))
        self._speakers = speakers(assignment, inventory)
        by_node: dict[str, list[Claim]] = {}
        for claim in assignment.claims:
            by_node.setdefault(claim.node.path, []).append(claim)
        for path, claims in by_node.items():
            self._at[path] = self._resolve(claims)
        self._scmi_nodes = self._of_scmi_nodes([i.node for i in inventory.instances])
        told = (agents for agents, stated in self._scmi_nodes.values() if stated)
        self._with_node = {agent for agents in told for agent in agents}

    def _of_scmi_nodes(self, nodes: Iterable[Node]) -> dict[str, tuple[tuple[Agent, ...], bool]]:
        """The agents of each SCMI node, and whether more than the default gives it to them.

        Empty unless several agents have SCMI nodes: what a node of the only such agent names is
        the platform's, and other agents reach it through channels that the tree does not have.
        """
        found = {}
        for node in nodes:
            here = self.of(node)
            stated = bool(here.claims) or node.path in self._speakers
            if here.agents:
                found[node.path] = (here.agents, stated)
        return found if len({a for agents, _ in found.values() for a in agents}) > 1 else {}

    def _resolve(self, claims: list[Claim]) -> Ownership:
        best = [claim for claim in claims if claim.exact] or claims
        names = {claim.agent for claim in best}
        if len(names) > 1 and not all(claim.shared for claim in best):
            self.conflicts.append(ClaimConflict(best[0].node, tuple(best)))
        if None in names:
            return Ownership((), platform=True, claims=tuple(best))
        agents = {self._agents[name] for name in names if name is not None}
        if len(agents) == 1 and any(claim.shared for claim in best):
            agents.update(self._default.agents)
        wanted = {name for claim in best for name in claim.assignable}
        return Ownership(
            _by_id(agents), _by_id(self._agents[name] for name in wanted), claims=tuple(best)
        )

    def names(self, path: str) -> bool:
        """Whether the user names this very node, exactly or by a pattern."""
        return path in self._at

    def claimed_exactly(self, path: str) -> bool:
        """Whether an agent names this very node, as one that it drives itself."""
        found = self._at.get(path)
        claims = found.claims if found is not None else ()
        return any(c.exact and c.below and c.agent is not None for c in claims)

    def of(self, node: Node) -> Ownership:
        """The ownership of a node of the board, or of an SCMI node that only an own tree has."""
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._find(node)
        return known

    @property
    def tell_scmi_nodes_apart(self) -> bool:
        """Whether some SCMI node may be that of other agents."""
        return bool(self._scmi_nodes)

    def scmi_node_of_others(self, agent: Agent, path: str) -> str | None:
        """The path of the SCMI node that the provider at ``path`` is part of, if that node is the
        channel of other agents only; None if it is known of neither whose node it is."""
        for node, (agents, stated) in self._scmi_nodes.items():
            if path.startswith(node + "/"):
                known = stated or agent in self._with_node
                return node if known and agent not in agents else None
        return None

    def _nearest(self, node: Node) -> Ownership:
        found = self._at.get(node.path)
        above = node.parent
        while found is None and above is not None:
            covers = self._at.get(above.path)
            if covers is not None and any(claim.below for claim in covers.claims):
                found = covers
            above = above.parent
        return found or self._default

    def _speaker(self, node: Node) -> Ownership | None:
        """The agent that an SCMI node, or the one above, belongs to by its channel."""
        if self._speakers:
            for item in node.upwards():
                if item.path in self._speakers:
                    return Ownership((self._speakers[item.path],))
        return None

    def _find(self, node: Node) -> Ownership:
        found = self._nearest(node)
        if not found.claims and (self._switch or self._speakers):
            switches = (self._switch.get(item.path) for item in node.upwards())
            switch = next(filter(None, switches), None)
            found = found if switch is None else self._nearest(switch)
            found = self._speaker(node) or found
        if node.path not in self._secure_only or found.platform:
            return found
        agents = tuple(a for a in found.agents if a.role is Role.SECURE)
        assignable = tuple(a for a in found.assignable if a.role is Role.SECURE)
        if not agents and not found.claims:
            agents = self._secure[:1]
        return Ownership(agents, assignable, claims=found.claims)


def device_of(owners: Owners, node: Node) -> Node | None:
    """The device a consumer is part of: itself, or the nearest node above that has a driver.

    An SCMI node is not a device: it is an agent's access to the platform and stays with the agent.
    A part that the device's owners do not own is a device of its own, from where it is named.
    """
    if is_in_scmi(node):
        return None
    if has_driver(node) and node.parent is not None:
        return node
    parts = [part for part in node.upwards() if part.parent is not None]
    whole = next(filter(has_driver, parts), None)
    if whole is not None:
        ours, others = owners.of(node), owners.of(whole)
        if (ours.agents, ours.assignable) == (others.agents, others.assignable):
            return whole
        parts = parts[: parts.index(whole)] or [whole]
    named = next((part for part in parts if owners.names(part.path)), None)
    return named or (node if whole is not None else None)


def moving(owners: Owners, node: Node) -> Node | None:
    """The device that a consumer is part of, if that is one agent's after another's."""
    return device_of(owners, node) if owners.of(node).assignable else None


def _switched(inventory: Inventory) -> Iterator[tuple[str, Node]]:
    """The paths of board parts that a GPIO or PWM switches, with its controller."""
    for provider in inventory.providers.values():
        switched = provider.switched_by_board
        found = switch_of(inventory.tree, provider.node) if switched else None
        if found is not None:
            part, controller = found
            yield part.path, controller


def _by_id(agents: Iterable[Agent]) -> tuple[Agent, ...]:
    return tuple(sorted(agents, key=lambda agent: agent.id))
