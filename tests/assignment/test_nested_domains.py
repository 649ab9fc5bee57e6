"""Domains inside domains, default domains and default flags: as nodes and as YAML alike."""

import pytest
from assigned import assigned
from support import AGENTS, BOARD, grants, marked, model_of, soc, source, tree_of

from scmigen.assignment.assignment import Assignment
from scmigen.devicetree.source import read_source
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import InputError

V1 = 'compatible = "openamp,domain-v1";'
DEVICES = (
    "bus: bus@1 { gpu: gpu@2 { clocks = <&cc 2>; }; };"
    " uart: serial@3 { clocks = <&cc 3>; }; can: can@4 { clocks = <&cc 4>; };"
)

# The same three domains in both forms: xen has the bus and the UART, vm takes the GPU from it.
AS_NODES = f"""{DEVICES} domains {{
    xen {{ {V1} id = <1>; access = <&bus>, <&uart>; domains {{
        vm {{ {V1} id = <2>; access = <&gpu>; }};
        rt {{ {V1} id = <3>; access = <&uart>; }}; }}; }}; }};"""
AS_YAML = """
domains:
  xen:
    compatible: openamp,domain-v1
    id: 1
    cpus: [{cluster: cpus_a72, cpumask: 0x3, mode: {secure: false, el: 0x2}}]
    memory: [{start: 0x500000, size: 0x7fb00000}]
    access: [{dev: "&bus"}, {dev: "&uart"}]
    domains:
      vm: {id: 2, access: [{dev: "&gpu"}]}
      rt: {id: 3, access: [{dev: "&uart"}]}
"""


def yaml(text: str, tree: DeviceTree) -> Assignment:
    return assigned(tree, text)


def claimed(found: Assignment) -> list[tuple[str | None, str]]:
    return sorted((claim.agent, claim.node.name) for claim in found.claims if claim.agent)


def both() -> list[Assignment]:
    return [assigned(soc(AS_NODES)), yaml(AS_YAML, soc(DEVICES))]


@pytest.mark.parametrize("found", both(), ids=["nodes", "yaml"])
def test_a_child_takes_from_its_parent(found: Assignment) -> None:
    """The UART that rt names is not xen's any more; the GPU is a deeper node than the bus."""
    assert claimed(found) == [("rt", "serial@3"), ("vm", "gpu@2"), ("xen", "bus@1")]
    assert [(agent.name, agent.id, agent.parent) for agent in found.agents] == [
        ("xen", 1, None),
        ("vm", 2, "xen"),
        ("rt", 3, "xen"),
    ]


def test_what_that_grants() -> None:
    model = model_of(soc(AS_NODES))
    assert grants(model, "vm") == {"clock cc 2": "state read"}
    assert grants(model, "rt") == {"clock cc 3": "state read"}
    assert grants(model, "xen") == {}


# A ^ stands where the error points, a second text is where the related place is.
BEYOND_YAML = """
domains:
  xen:
    id: 1
    access: [{dev: "&bus"}]
    domains:
      vm: {id: 2, access: [{dev: ^"&can"}]}
"""
BEYOND_NODES = (
    f"xen {{ {V1} id = <1>; access = <&bus>; vm {{ {V1} id = <2>; ^access = <&can>; }}; }};"
)


def test_what_the_parent_does_not_have_in_yaml() -> None:
    text, where = marked(BEYOND_YAML, AGENTS)
    with pytest.raises(InputError) as raised:
        yaml(text, soc(DEVICES))
    (found,) = raised.value.diagnostics
    assert (found.id, found.position) == ("access-beyond-parent", where)
    assert "vm is inside xen, which does not have /can@4" in found.message
    # The parent, where its value begins.
    assert [str(item.position) for item in found.related] == ["agents.yaml:4:5"]


def test_nodes_may_go_beyond_their_parent_with_a_warning() -> None:
    """The specification's own tree has such domains."""
    text, where = marked(source(f"{DEVICES} cc: cc {{ }}; domains {{ {BEYOND_NODES} }};"), BOARD)
    made = assigned(read_source(text, BOARD))
    (found,) = made.diagnostics
    assert (found.id, found.severity.word, found.position) == (
        "access-beyond-parent",
        "warning",
        where,
    )
    assert claimed(made) == [("vm", "can@4"), ("xen", "bus@1")]
    assert all(item.position and item.position.line == 1 for item in found.related)


@pytest.mark.parametrize(
    ("parent", "message"),
    [
        ("/domains", "agent vm has the parent /domains here and xen elsewhere"),
        ("/", "agent vm has the parent /domains here and xen elsewhere"),
        ("rt", "agent vm has the parent rt here and xen elsewhere"),
        ("/domains/rt", "agent vm has the parent rt here and xen elsewhere"),
    ],
    ids=["outermost", "root", "name", "path"],
)
@pytest.mark.parametrize("foreign", ["", "compatible: acme,v1, "], ids=["domain", "foreign"])
def test_a_parent_beside_another_around_it(parent: str, message: str, foreign: str) -> None:
    text = f"""
domains:
  rt: {{id: 1, access: [{{dev: "&uart"}}]}}
  xen: {{id: 2, access: [{{dev: "&bus"}}], domains: {{
    vm: {{{foreign}parent: ^{parent}}}}}}}
"""
    text, where = marked(text, AGENTS)
    with pytest.raises(InputError) as raised:
        yaml(text, soc(DEVICES))
    (found,) = [item for item in raised.value.diagnostics if item.severity.word == "error"]
    assert (found.id, found.position, found.message) == ("agent-differs", where, message)
    assert [str(item.position) for item in found.related] == ["agents.yaml:5:9"]


@pytest.mark.parametrize("parent", ["xen", "/domains/xen"])
def test_a_parent_that_is_the_domain_around_it(parent: str) -> None:
    text = AS_YAML.replace("vm: {", f"vm: {{parent: {parent}, ")
    assert [agent.parent for agent in yaml(text, soc(DEVICES)).agents] == [None, "xen", "xen"]


def test_a_grandchild_is_bounded_by_its_parent_not_by_the_whole() -> None:
    text = """
domains:
  top: {id: 1, access: [{dev: "&bus"}, {dev: "&can"}], domains: {
    mid: {id: 2, access: [{dev: "&bus"}], domains: {
      low: {id: 3, access: [{dev: "&can"}]}}}}}
"""
    with pytest.raises(InputError) as raised:
        yaml(text, soc(DEVICES))
    (found,) = raised.value.diagnostics
    assert "low is inside mid, which does not have /can@4" in found.message


def test_the_default_domain_has_everything() -> None:
    text = 'domains: {a: {id: 1, default: true, domains: {b: {id: 2, access: [{dev: "&can"}]}}}}'
    assert claimed(yaml(text, soc(DEVICES))) == [("b", "can@4")]


def test_a_pattern_of_a_child_means_what_it_matches_of_its_parents() -> None:
    text = 'domains: {a: {id: 1, access: [%s], domains: {b: {id: 2, access: [{dev: "*@*"}]}}}}'
    found = yaml(text % '{dev: "&uart"}, {dev: "&gpu"}', soc(DEVICES))
    # An exact entry would beat a pattern on the same node: what the child takes is not a's.
    assert claimed(found) == [("b", "gpu@2"), ("b", "serial@3")]
    nothing = yaml(text % "", soc(DEVICES))
    assert claimed(nothing) == []
    assert [item.id for item in nothing.diagnostics] == ["glob-unmatched"]


def test_parent_and_child_may_share() -> None:
    flags = "flags: {shared: true}"
    text = (
        f'domains: {{a: {{id: 1, access: [{{dev: "&can", {flags}}}], '
        f'domains: {{b: {{id: 2, access: [{{dev: "&can", {flags}}}]}}}}}}}}'
    )
    assert claimed(yaml(text, soc(DEVICES))) == [("a", "can@4"), ("b", "can@4")]


def shared(found: Assignment) -> list[tuple[str, bool]]:
    return [(claim.node.name, claim.shared) for claim in found.claims]


def test_default_flags() -> None:
    """Where the list carries none; bit 0 is shared. In YAML where an entry has none."""
    body = f"""{DEVICES} domains {{ a {{ {V1} id = <1>; #access-implicit-default-cells = <1>;
        access-implicit-default = <0x1>; %s }}; }};"""
    without = assigned(soc(body % "#access-flags-cells = <0>; access = <&can>;"))
    assert shared(without) == [("can@4", True)]
    own = assigned(soc(body % "#access-flags-cells = <1>; access = <&can 2>, <&uart 5>;"))
    assert shared(own) == [("can@4", False), ("serial@3", True)]
    found = yaml(
        "domains: {a: {id: 1, access-implicit-default: {shared: true}, "
        'access: [{dev: "&can"}, {dev: "&uart", flags: {}}]}}',
        soc(DEVICES),
    )
    assert shared(found) == [("can@4", True), ("serial@3", False)]


DEVICE = f"z {{ {V1} id = <9>; access = <&other>; }};"
CPUS = f"cpus: cpus {{ }}; other: other {{ }}; domains {{ {DEVICE} %s }};"


def defaults(body: str) -> list[str]:
    return [agent.name for agent in assigned(tree_of(CPUS % body)).agents if agent.default]


def test_the_default_domain_runs_on_the_default_cluster() -> None:
    a = f"a {{ {V1} id = <1>; cpus = <&other 1 0>; }};"
    b = f"b {{ {V1} id = <2>; cpus = <&cpus 3 2>; c {{ {V1} id = <3>; cpus = <&cpus 1 1>; }}; }};"
    assert defaults(a + b) == ["b"]
    assert defaults(a) == []
    # Two on one level: neither; what is said wins.
    d = f"d {{ {V1} id = <4>; cpus = <&cpus 1 0>; }};"
    assert defaults(a + b + d) == []
    assert defaults(a.replace("id", "scmigen,default; id", 1) + b) == ["a"]
