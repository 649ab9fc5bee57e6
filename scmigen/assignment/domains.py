"""``/domains`` of the tree itself: system-device-tree execution domains as nodes.

System Device Tree specification, chapter 3: ``compatible = "openamp,domain-v1"``, ``id``,
``access`` with ``#access-flags-cells`` flags an entry. What SCMI needs beyond that stands in the
same node under the prefix ``scmigen,``: ``scmigen,role``, ``scmigen,default``,
``scmigen,permissions``. Flag bit 0 of the first flags cell means that the device is shared.
"""

from scmigen.assignment.agents import check_agents
from scmigen.assignment.assignment import COMPATIBLE, Agent, Assignment, Claim, PlatformOptions
from scmigen.bindings.references import position_of, references
from scmigen.devicetree.tree import DeviceTree, Node
from scmigen.diagnostics import Diagnostic, InputError, error, has_errors
from scmigen.runtime import MAX_AGENTS, Role

_SHARED = 1


def domain_nodes(tree: DeviceTree) -> tuple[Node, ...]:
    """The execution domains of a tree, in the order of the tree."""
    top = tree.node("/domains")
    if top is None:
        return ()
    return tuple(node for node in top.walk() if COMPATIBLE in node.strings("compatible"))


def read_domains(tree: DeviceTree) -> Assignment:
    """The assignment that ``/domains`` makes. Raises `InputError` with all that is wrong in it."""
    problems: list[Diagnostic] = []
    agents: list[Agent] = []
    claims: list[Claim] = []
    nodes = domain_nodes(tree)
    for node in nodes:
        agent = _agent(node, problems)
        if agent is not None:
            agents.append(agent)
            claims.extend(_claims(tree, node, agent.name, problems))
    if len(agents) == len(nodes):
        problems.extend(check_agents(agents))
    if has_errors(problems):
        raise InputError(problems)
    agents.sort(key=lambda agent: agent.id)
    return Assignment(tuple(agents), tuple(claims), (), PlatformOptions({}, {}, {}))


def _agent(node: Node, problems: list[Diagnostic]) -> Agent | None:
    number = node.cell("id")
    if number is None or not 1 <= number <= MAX_AGENTS:
        problems.append(
            error("agent-id", f"{node.path} needs id = <1> to <{MAX_AGENTS}>", node.position)
        )
        return None
    word = node.string("scmigen,role") or Role.OTHER.value
    if word not in tuple(Role):
        problems.append(
            error(
                "agent-role",
                f"{node.path}: scmigen,role cannot be {word!r}",
                node.position,
                hint="one of: " + ", ".join(Role),
            )
        )
        return None
    role = Role(word)
    permissions = role is Role.HYPERVISOR or "scmigen,permissions" in node
    default = "scmigen,default" in node
    return Agent(number, node.base_name, role, None, permissions, default, node.position)


def _claims(tree: DeviceTree, node: Node, agent: str, problems: list[Diagnostic]) -> list[Claim]:
    flags = node.cell("#access-flags-cells") or 0
    prop = node.get("access")
    if prop is None:
        return []
    return [
        Claim(
            agent,
            entry.provider,
            exact=True,
            position=position_of(tree, prop),
            shared=bool(entry.cells and entry.cells[0] & _SHARED),
        )
        for entry in references(tree, node, "access", lambda _: flags, problems)
    ]
