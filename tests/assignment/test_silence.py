"""What is said beats what follows from a role or from the tree; silence is never an answer."""

import pytest
from assigned import assigned
from support import AGENTS, BOARD, marked, soc, tree_of

from scmigen.assignment.assignment import Agent
from scmigen.assignment.roles import ROLES
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import InputError
from scmigen.runtime import Role

V1 = 'compatible = "openamp,domain-v1";'
HYPERVISOR = (
    f'domains {{ hv {{ {V1} id = <1>; scmigen,default; scmigen,role = "hypervisor"; }}; }};'
)
ON_CPUS = (
    "cpus: cpus { }; u: uart { };"
    f"domains {{ hv {{ {V1} id = <1>; cpus = <&cpus 1 2>; access = <&u>; }}; }};"
)


def only(body: str, *files: str) -> Agent:
    (agent,) = assigned(tree_of(body), *files).agents
    return agent


@pytest.mark.parametrize("role", list(Role))
def test_only_a_hypervisor_may_change_permissions_by_default(role: Role) -> None:
    agent = only("", f"domains: {{a: {{id: 1, scmi: {{role: {role}}}}}}}")
    assert agent.permissions is ROLES[role].permissions is (role is Role.HYPERVISOR)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("said", [True, False])
def test_permissions_that_are_said_beat_the_role(role: Role, said: bool) -> None:
    text = f"domains: {{a: {{id: 1, scmi: {{role: {role}, permissions: {str(said).lower()}}}}}}}"
    assert only("", text).permissions is said


@pytest.mark.parametrize("role", ["role: hypervisor, ", ""], ids=["role-in-both", "role-in-tree"])
def test_permissions_false_holds_beside_a_hypervisor_of_the_tree(role: str) -> None:
    agent = only(HYPERVISOR, f"domains: {{hv: {{id: 1, scmi: {{{role}permissions: false}}}}}}")
    assert (agent.role, agent.permissions) == (Role.HYPERVISOR, False)


def test_default_false_contradicts_a_default_in_the_tree() -> None:
    body, there = marked(
        f"/dts-v1/; / {{ {HYPERVISOR} }};".replace("scmigen,d", "^scmigen,d"), BOARD
    )
    text, here = marked("domains: {hv: {id: 1, default: ^false}}", AGENTS)
    with pytest.raises(InputError) as raised:
        assigned(read_source(body, BOARD), text)
    (found,) = raised.value.diagnostics
    assert (found.id, found.position) == ("agent-differs", there)
    assert [item.position for item in found.related] == [here]


def test_the_domain_on_cpus_is_the_default_unless_something_else_is_said() -> None:
    assert only(ON_CPUS).default
    assert not only(ON_CPUS, "domains: {hv: {default: false}}").default
    agents = assigned(tree_of(ON_CPUS), "domains: {vm: {id: 2, default: true}}").agents
    assert [(agent.name, agent.default) for agent in agents] == [("hv", False), ("vm", True)]


def test_a_role_that_is_said_beats_what_is_assumed_of_trees() -> None:
    trees = {"one": tree_of("a { };"), "two": tree_of("a { };")}
    assert [agent.role for agent in assigned(tree_of(""), trees=trees).agents] == ["ospm", "vm"]
    said = assigned(tree_of(""), "domains: {two: {scmi: {role: other}}}", trees=trees)
    assert {agent.name: agent.role for agent in said.agents} == {"one": "ospm", "two": "other"}


def test_two_smc_ids_of_one_agent_are_an_error() -> None:
    server = """server { compatible = "optee,scmi-server"; agent@1 { reg = <1>;
        compatible = "arm,scmi-smc"; arm,smc-id = <2>; }; };"""
    file = "domains: {agent-1: {id: 1, scmi: {transport: {type: smc, smc-id: 1}}}}"
    with pytest.raises(InputError) as raised:
        assigned(soc(server), file)
    (found,) = raised.value.diagnostics
    assert (found.id, found.message) == (
        "agent-differs",
        "agent agent-1 has the SMC id 0x2 here and 0x1 elsewhere",
    )


NODES = """m: shm { }; firmware {
    a { compatible = "arm,scmi-smc"; arm,smc-id = <1>; shmem = <&m>; };
    b { compatible = "arm,scmi-smc"; arm,smc-id = <2>; shmem = <&m>; }; };"""
FILE = "domains: {a: {id: 1, scmi: {transport: {type: smc, smc-id: %s}}}}"


def test_of_several_scmi_nodes_one_must_agree() -> None:
    """Each is a platform of its own, so none of them alone describes the agent's channel."""
    assert only(NODES).transport is None
    agent = only(NODES, FILE % 2)
    assert agent.transport is not None
    assert (agent.transport.smc_id, agent.transport.shmem) == (2, "/shm")
    with pytest.raises(InputError) as raised:
        assigned(tree_of(NODES), FILE % 3)
    assert [item.id for item in raised.value.diagnostics] == ["agent-differs"]


def test_an_scmi_node_belongs_to_the_agent_that_names_it() -> None:
    one = NODES.replace("b {", 'b { status = "disabled";')
    file = """domains:
      linux: {id: 1, default: true, scmi: {role: ospm}}
      vm: {id: 2, scmi: {role: vm}, access: [{dev: /firmware}]}
    """
    linux, vm = assigned(tree_of(one), file).agents
    assert (linux.transport, vm.transport and vm.transport.smc_id) == (None, 1)
    linux, vm = assigned(tree_of(one), file.replace("/firmware", "/shm")).agents
    assert (linux.transport and linux.transport.smc_id, vm.transport) == (1, None)
