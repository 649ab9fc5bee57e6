"""Several sources at once: they add up, and where they disagree both places are told."""

import pytest
from assigned import assigned
from support import AGENTS, BOARD, SOC, diagnostics, grants, marked, model_of, soc, wrong

from scmigen.assignment.assignment import Assignment
from scmigen.assignment.sources import Sources, assign
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import InputError
from scmigen.runtime import Role

V1 = 'compatible = "openamp,domain-v1";'
DEVICES = "d: d@1 { clocks = <&cc 1>; };\ne: e@2 { clocks = <&cc 2>; };\n"
SERVER = """scmi { compatible = "optee,scmi-server"; agent@1 { compatible = "linaro,scmi-optee";
    scmi-channel-id = <0>;
    reg = <1>; protocol@14 { reg = <0x14>; clocks { c@0 { reg = <6>; clocks = <&cc 9>; }; }; }; };
};
"""


def domains(text: str) -> str:
    return f"domains {{\n{text}\n}};\n"


def read(body: str, agents: str | None = None) -> Assignment:
    tree = read_source(f"/dts-v1/; / {{\n{body}{SOC} }};\n", BOARD)
    return assign(tree, Sources([] if agents is None else [(AGENTS, agents)]))[1]


def agents(found: Assignment) -> list[tuple[int, str, Role]]:
    return [(agent.id, agent.name, agent.role) for agent in found.agents]


def test_an_agents_file_and_domains_of_the_tree() -> None:
    """The file describes linux, the tree vm; the file's agent is the tree's where names agree."""
    tree = domains(f"linux {{ {V1} id = <1>; }}; vm {{ {V1} id = <2>; access = <&e>; }};")
    file = "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}"
    assert agents(read(DEVICES + tree, file)) == [(1, "linux", Role.OSPM), (2, "vm", Role.OTHER)]
    model = model_of(soc(DEVICES + tree), file)
    assert grants(model, "linux") == {"clock cc 1": "state read"}
    assert grants(model, "vm") == {"clock cc 2": "state read"}


def test_an_agents_file_may_have_nothing_but_the_platform() -> None:
    tree = domains(f"linux {{ {V1} id = <1>; scmigen,default; }};")
    file = 'platform: {owners: [{clock: "&cc 1", agent: linux}]}'
    assert agents(read(DEVICES + tree, file)) == [(1, "linux", Role.OTHER)]


def test_a_file_may_name_an_agent_of_the_tree() -> None:
    tree = domains(f"vm {{ {V1} id = <2>; }};")
    file = 'domains: {a: {id: 1, access: [{dev: "&d", flags: {assignable: [%s]}}]}}'
    assert agents(read(DEVICES + tree, file % "vm"))[1][1] == "vm"
    with pytest.raises(InputError):
        read(DEVICES + tree, file % "vn")


def test_a_server_description_takes_the_names_of_others() -> None:
    found = read(DEVICES + SERVER, "domains: {linux: {id: 1, default: true}}")
    assert agents(found) == [(1, "linux", Role.OTHER)]
    assert [(grant.agent, grant.number) for grant in found.grants] == [("linux", 6)]
    # The transport is what the description has; devices are no longer the platform's alone.
    assert [agent.transport.type for agent in found.agents if agent.transport] == ["optee"]
    model = model_of(soc(DEVICES + SERVER), "domains: {linux: {id: 1, default: true}}")
    assert grants(model, "linux").keys() == {"clock cc 1", "clock cc 2", "clock cc 9"}
    assert wrong(model) == []


DIFFERENT = [
    (
        "^id = <2>;",
        "linux: {id: ^1}, b: {id: 2}",
        "agent linux has the id 2 here and 1 elsewhere",
    ),
    (
        'id = <1>; ^scmigen,role = "vm";',
        "linux: {id: 1, scmi: {role: ^ospm}}",
        "agent linux has the role vm here and ospm elsewhere",
    ),
]


@pytest.mark.parametrize(("node", "file", "message"), DIFFERENT)
def test_two_sources_describe_one_agent_differently(node: str, file: str, message: str) -> None:
    tree, there = marked(f"/dts-v1/; / {{ domains {{ linux {{ {V1} {node} }}; }}; }};", BOARD)
    text, here = marked(f"domains: {{{file}}}", AGENTS)
    with pytest.raises(InputError) as raised:
        assigned(read_source(tree, BOARD), text)
    (found, *_) = raised.value.diagnostics
    assert found.id == "agent-differs"
    assert found.message == message
    assert found.position == there
    assert [item.position for item in found.related] == [here]


def test_two_agents_of_two_sources_have_one_id() -> None:
    with pytest.raises(InputError) as raised:
        read(DEVICES + domains(f"vm {{ {V1} id = <1>; }};"), "domains: {linux: {id: 1}}")
    (found,) = raised.value.diagnostics
    assert found.id == "agent-duplicate"
    places = {str(found.position), *(str(item.position) for item in found.related)}
    assert places == {"board.dts:5:1", "agents.yaml:1:18"}


def test_two_sources_give_one_device_away() -> None:
    tree = read_source(
        f"/dts-v1/; / {{\n{DEVICES}"
        + domains(f"vm {{ {V1} id = <2>;\naccess = <&e>; }};")
        + f"{SOC} }};\n",
        BOARD,
    )
    file, where = marked('domains: {linux: {id: 1, access: [{dev: ^"&e"}]}}', AGENTS)
    model = model_of(tree, file)
    (found,) = diagnostics(model, "device-conflict")
    places = {str(found.position), *(str(item.position) for item in found.related)}
    assert places == {"board.dts:6:1", str(where)}


def test_what_both_say_alike_is_no_conflict() -> None:
    tree = domains(f"vm {{ {V1} id = <2>; access = <&e>; }};")
    file = 'domains: {a: {id: 1}, vm: {id: 2, access: [{dev: "&e"}]}}'
    found = read(DEVICES + tree, file)
    assert [(claim.agent, claim.node.name) for claim in found.claims] == [("vm", "e@2")]


def test_errors_of_all_sources_at_once() -> None:
    tree = domains(f'x {{ {V1} id = <1>; scmigen,role = "nobody"; }};')
    with pytest.raises(InputError) as raised:
        read(DEVICES + tree, "domains: {linux: {id: 1, defult: true}}")
    assert {item.id for item in raised.value.diagnostics} == {"agents-file", "agent-role"}


def test_where_nobody_says_anything_one_operating_system_has_it() -> None:
    assert agents(read(DEVICES)) == [(1, "ospm", Role.OSPM)]


PMIC = """i2c@9 { compatible = "acme,i2c"; pmic@1 { reg = <1>;
    buck: buck { regulator-min-microvolt = <1>; regulator-max-microvolt = <2>; }; }; };
server { compatible = "optee,scmi-server"; agent@1 { compatible = "linaro,scmi-optee";
    reg = <1>; scmi-channel-id = <0>;
    protocol@17 { reg = <0x17>; regulators { r { reg = <3>; x-supply = <&buck>; }; }; }; }; };
f: f { compatible = "acme,f"; x-supply = <&buck>; };
"""
LINUX = "domains: {linux: {id: 1, default: true}}\n"


def test_what_a_server_description_serves_is_managed() -> None:
    """A PMIC behind a bus would be linux's own."""
    model = model_of(soc(PMIC), LINUX)
    assert model.providers["/i2c@9/pmic@1/buck"].category == "managed"
    assert grants(model, "linux") == {"voltage buck": "state level read"}
    assert wrong(model) == []


def test_a_server_description_and_a_file_disagree_about_a_provider() -> None:
    file, where = marked(LINUX + 'platform: {local: [^"&buck"]}', AGENTS)
    with pytest.raises(InputError) as raised:
        read(PMIC, file)
    (found,) = raised.value.diagnostics
    assert (found.id, str(found.position)) == ("provider-differs", "board.dts:6:46")
    assert [item.position for item in found.related] == [where]
