"""``/domains`` of the tree itself: system-device-tree execution domains as nodes.

System Device Tree specification, chapter 3: ``compatible = "openamp,domain-v1"``, ``id``,
``access`` with ``#access-flags-cells`` flags an entry, else with the flags of
``access-implicit-default``. Domains may be nested (`scmigen.assignment.nesting`). The default
domain is the outermost one that runs on ``/cpus``, where there is one. What SCMI needs beyond that
stands in the same node under the prefix ``scmigen,``: ``scmigen,role``, ``scmigen,default``,
``scmigen,permissions``. Flag bit 0 of the first flags cell means that the device is shared.
"""

from dataclasses import replace

from scmigen.assignment.agents import check_agents
from scmigen.assignment.assignment import COMPATIBLE, Agent, Assignment, Claim, PlatformOptions
from scmigen.assignment.findings import AGENT_ID, AGENT_ROLE
from scmigen.assignment.nesting import within_parents
from scmigen.bindings.references import position_of, references
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError, has_errors
from scmigen.runtime import MAX_AGENTS, Role

_SHARED = 1


def domain_nodes(tree: DeviceTree) -> tuple[Node, ...]:
    """The execution domains of a tree, in the order of the tree."""
    top = tree.node("/domains")
    if top is None:
        return ()
    return tuple(node for node in top.walk() if _is_domain(node))


def _is_domain(node: Node) -> bool:
    return COMPATIBLE in node.strings("compatible")


def read_domains(tree: DeviceTree, alone: bool = True) -> Assignment:
    """The assignment that ``/domains`` makes. Raises `InputError` with all that is wrong in it.

    Unless ``alone``, other sources may describe the agents that are missing here.
    """
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
        agents = _with_default(tree, nodes, agents)
        problems.extend(check_agents(agents, alone))
        claims = list(within_parents(agents, claims, problems))
    if has_errors(problems):
        raise InputError(problems)
    agents.sort(key=lambda agent: agent.id)
    return Assignment(
        tuple(agents), tuple(claims), (), PlatformOptions({}, {}, {}), tuple(problems)
    )


def _agent(node: Node, problems: list[Diagnostic]) -> Agent | None:
    number = node.cell("id")
    if number is None or not 1 <= number <= MAX_AGENTS:
        problems.append(
            AGENT_ID.error(f"{node.path} needs id = <1> to <{MAX_AGENTS}>", node.position)
        )
        return None
    word = node.string("scmigen,role") or Role.OTHER.value
    if word not in tuple(Role):
        problems.append(
            AGENT_ROLE.error(
                f"{node.path}: scmigen,role cannot be {word!r}",
                node.position,
                hint="one of: " + ", ".join(Role),
            )
        )
        return None
    role = Role(word)
    permissions = role is Role.HYPERVISOR or "scmigen,permissions" in node
    default = "scmigen,default" in node
    around = next((above.base_name for above in node.ancestors() if _is_domain(above)), None)
    return Agent(number, node.base_name, role, None, permissions, default, node.position, around)


def _with_default(tree: DeviceTree, nodes: tuple[Node, ...], agents: list[Agent]) -> list[Agent]:
    """The agents with the default one marked: where none says it, that of the default cluster."""
    if any(agent.default for agent in agents):
        return agents
    on_cpus = {
        node.path
        for node in nodes
        if (cluster := tree.by_phandle(node.cell("cpus") or 0)) is not None
        and cluster.path == "/cpus"
    }
    outer = [
        place
        for place, node in enumerate(nodes)
        if node.path in on_cpus and not any(above.path in on_cpus for above in node.ancestors())
    ]
    if len(outer) != 1:
        return agents
    return [
        replace(agent, default=True) if place == outer[0] else agent
        for place, agent in enumerate(agents)
    ]


def _claims(tree: DeviceTree, node: Node, agent: str, problems: list[Diagnostic]) -> list[Claim]:
    flags = node.cell("#access-flags-cells") or 0
    prop = node.get("access")
    if prop is None:
        return []
    implicit = node.cells("access-implicit-default") or ()
    return [
        Claim(
            agent,
            entry.provider,
            exact=True,
            position=position_of(tree, prop),
            shared=_is_shared(entry.cells or implicit),
        )
        for entry in references(tree, node, "access", lambda _: flags, problems)
    ]


def _is_shared(flags: tuple[int, ...]) -> bool:
    return bool(flags and flags[0] & _SHARED)
