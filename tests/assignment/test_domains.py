"""``/domains`` of the tree itself, and what holds where nobody says anything."""

import pytest
from assigned import assigned
from support import BOARD, marked, source, tree_of

from scmigen.assignment.assignment import Assignment
from scmigen.assignment.domains import domain_nodes
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import InputError, Severity
from scmigen.runtime import Role

OPENAMP = 'compatible = "openamp,domain-v1";'
DOMAINS = f"""
    gpu: gpu@1 {{ }}; uart: serial@2 {{ }};
    domains {{
        vm@2 {{ {OPENAMP} id = <2>; scmigen,role = "vm"; #access-flags-cells = <1>;
                access = <&gpu 0>, <&uart 3>; }};
        linux {{ {OPENAMP} id = <1>; scmigen,role = "ospm"; scmigen,default; access = <&uart>; }};
        hyp {{ {OPENAMP} id = <3>; scmigen,role = "hypervisor"; }};
        other {{ compatible = "openamp,bus-v1"; }};
        nest {{ inner {{ {OPENAMP} id = <4>; scmigen,permissions; }}; }};
    }};
"""


def test_domain_nodes() -> None:
    names = [node.name for node in domain_nodes(tree_of(DOMAINS))]
    assert names == ["vm@2", "linux", "hyp", "inner"]
    assert domain_nodes(tree_of("other { };")) == ()


def test_agents() -> None:
    found = assigned(tree_of(DOMAINS))
    assert [(a.id, a.name, a.role, a.default, a.permissions) for a in found.agents] == [
        (1, "linux", Role.OSPM, True, False),
        (2, "vm", Role.VM, False, False),
        (3, "hyp", Role.HYPERVISOR, False, True),
        (4, "inner", Role.OTHER, False, True),
    ]


def test_claims() -> None:
    """Bit 0 of the first flags cell: shared. Without flags cells there are none."""
    found = assigned(tree_of(DOMAINS))
    assert [(c.agent, c.node.path, c.exact, c.shared) for c in found.claims] == [
        ("vm", "/gpu@1", True, False),
        ("vm", "/serial@2", True, True),
        ("linux", "/serial@2", True, False),
    ]
    assert all(c.position and c.position.line for c in found.claims)


WRONG = [
    ("a { %s ^scmigen,id = <0>; };", "agent-id", "scmigen,id must be <1> to <255>"),
    ("a { %s ^scmigen,id = <256>; };", "agent-id", "scmigen,id must be <1> to <255>"),
    ("^a { %s scmigen,id = <2>; };", "agent-id", "no agent has id 1"),
    ('a { %s id = <1>; ^scmigen,role = "x"; };', "agent-role", "scmigen,role cannot be 'x'"),
    (
        'a { %s id = <1>; ^scmigen,system-power = "yes"; };',
        "domain-property",
        "scmigen,system-power cannot be 'yes'",
    ),
    (
        'a { %s id = <1>; ^scmigen,profile = "linux-x"; };',
        "agent-profile",
        "scmigen,profile cannot be 'linux-x'",
    ),
    (
        'a { %s id = <1>; ^scmigen,rol = "vm"; };',
        "domain-property",
        "/domains/a: there is no property scmigen,rol",
    ),
    ('a { ^scmigen,role = "vm"; };', "domain-property", "scmigen,role but is not a domain"),
    ("a { %s id = <1>; }; ^b { %s id = <1>; };", "agent-duplicate", "agent id 1 is given twice"),
    (
        "a { %s id = <1>; scmigen,default; }; ^b { %s id = <2>; scmigen,default; };",
        "agent-duplicate",
        "default: true is given twice",
    ),
    (f"^{'x' * 64} {{ %s id = <1>; }};", "agents-file", "1 to 63 printable"),
    *(
        (f"a {{ %s ^{prop}; access = <&gpu>; }};", "domain-property", message)
        for prop, message in (
            ("scmigen,permissions = <0>", "scmigen,permissions is a flag"),
            ("scmigen,permissions = <1>", "scmigen,permissions is a flag"),
            ('scmigen,default = "false"', "scmigen,default is a flag"),
            ('id = "2"', "/domains/a: id must be one cell"),
            ("id = <0 2>", "/domains/a: id must be one cell"),
            ('scmigen,id = "2"', "scmigen,id must be one cell"),
            ("scmigen,id = [02]", "scmigen,id must be one cell"),
            ("scmigen,id = <1 2>", "scmigen,id must be one cell"),
            ("scmigen,id", "scmigen,id must be one cell"),
            ("scmigen,role", "scmigen,role must be one string"),
            ('scmigen,role = "vm", "secure"', "scmigen,role must be one string"),
            ("scmigen,role = [76 6d]", "scmigen,role must be one string"),
            ("#access-flags-cells = [01]", "#access-flags-cells must be one cell"),
            ("#access-flags-cells = <0 1>", "#access-flags-cells must be one cell"),
            ('access-implicit-default = "x"', "access-implicit-default must be cells"),
            ("access-implicit-default", "access-implicit-default must be cells"),
            ("cpus = [01]", "cpus must be cells"),
        )
    ),
    ("a { %s id = <1>; access = <^99>; };", "phandle-dangling", "cell 0 of access is 0x63"),
    (
        "a { %s id = <1>; #access-flags-cells = <2>; access = <^&gpu 1>; };",
        "specifier-short",
        "specifiers have 2 cells, but 1 follows",
    ),
]


@pytest.mark.parametrize(
    ("body", "identifier", "message"),
    [pytest.param(*row, id=f"{place}-{row[2]}") for place, row in enumerate(WRONG)],
)
def test_each_mistake_is_one_error_at_its_place(body: str, identifier: str, message: str) -> None:
    text = source(f"gpu: gpu {{ }}; domains {{ {body.replace('%s', OPENAMP)} }};")
    text, where = marked(text, BOARD)
    with pytest.raises(InputError) as raised:
        assigned(read_source(text, BOARD))
    (found,) = raised.value.diagnostics
    assert (found.id, found.position) == (identifier, where)
    assert message in found.message


def test_an_agents_file_denies_what_a_tree_can_only_leave_out() -> None:
    """A tree cannot say false; the role alone would grant the permission."""
    tree = tree_of(f'domains {{ a {{ {OPENAMP} scmigen,role = "hypervisor"; }}; }};')
    assert assigned(tree).agents[0].permissions
    denied = assigned(tree, "domains: {a: {scmi: {permissions: false}}}")
    assert not denied.agents[0].permissions


TRUSTED = 'status = "disabled"; secure-status = "okay";'


def default(body: str) -> Assignment:
    return assigned(tree_of("c: c { #clock-cells = <0>; };" + body))


def test_one_operating_system_where_nobody_says_anything() -> None:
    (agent,) = default("d { clocks = <&c>; };").agents
    assert (agent.id, agent.name, agent.role, agent.default) == (1, "ospm", Role.OSPM, True)


def test_an_agent_for_the_secure_world_where_it_has_a_device() -> None:
    names = [(a.id, a.name, a.role) for a in default(f"d {{ clocks = <&c>; {TRUSTED} }};").agents]
    assert names == [(1, "ospm", Role.OSPM), (2, "secure", Role.SECURE)]
    # A node that needs no resource makes no agent.
    assert len(default(f"d {{ {TRUSTED} }};").agents) == 1


def test_a_later_version_of_a_program_than_is_known_gets_a_note() -> None:
    """In a tree and in an agents file alike."""
    said = f'domains {{ a {{ {OPENAMP} scmigen,id = <1>; scmigen,profile = "linux-7.9"; }}; }};'
    plain = f"domains {{ a {{ {OPENAMP} scmigen,id = <1>; }}; }};"
    for found in (
        assigned(tree_of(said)),
        assigned(tree_of(plain), "domains: {a: {scmi: {profile: linux-7.9}}}"),
    ):
        assert found.agents[0].profile == "3.2"
        (note,) = (item for item in found.diagnostics if item.id == "agent-profile")
        assert note.severity is Severity.NOTE
        assert "linux-7.9 is later than what is known" in note.message
