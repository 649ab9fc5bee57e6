"""An SCMI node belongs to the agent that reads the tree, not to the platform."""

import pytest
from against_build import compare
from support import AGENTS, diagnostics, grants, model_of, numbers, told, tree_of, wrong

from scmigen.assignment.sources import Sources, assign
from scmigen.model.build import build
from scmigen.targets.runtime.configuration import to_runtime

NODE = """
scmi {{ compatible = "arm,scmi-virtio"; {0}
    clk: protocol@14 {{ reg = <0x14>; #clock-cells = <1>; {1} }};
    volt: protocol@17 {{ reg = <0x17>; {2} }}; }};
"""
REGULATORS = """regulators {
    used: regulator@0 { reg = <0>; regulator-name = "used"; };
    regulator@1 { reg = <1>; regulator-name = "held"; regulator-always-on; };
    regulator@2 { reg = <2>; regulator-name = "spare";
        regulator-min-microvolt = <1>; regulator-max-microvolt = <2>; }; };"""
USER = 'd: d { compatible = "acme,d"; vdd-supply = <&used>; };'
TWO = """
domains:
  a: {id: 1, default: true}
  b: {id: 2, scmi: {role: vm}, access: [{dev: "&d"}]}
"""
VOLTAGE = "voltage volt {}"


def node(scmi: str = "", clocks: str = "", voltages: str = "") -> str:
    return NODE.format(scmi, clocks, voltages)


def test_regulators_that_no_device_consumes_are_registered() -> None:
    """An operating system registers every child of ``regulators``, whatever its voltages."""
    model = model_of(tree_of(node(voltages=REGULATORS) + USER))
    assert grants(model, "ospm") == {VOLTAGE.format(n): "state read" for n in (0, 1, 2)}
    assert numbers(model) == {VOLTAGE.format(n): n for n in (0, 1, 2)}
    assert compare(model, to_runtime(model.platforms[0]), "runtime.json") == ()


def test_who_registers_a_regulator_among_several_agents() -> None:
    """The agent of the node, but not what only the device of another one uses."""
    model = model_of(tree_of(node(voltages=REGULATORS) + USER), TWO)
    assert grants(model, "a").keys() == {VOLTAGE.format(n) for n in (1, 2)}
    assert grants(model, "b").keys() == {VOLTAGE.format(0)}
    assert compare(model, to_runtime(model.platforms[0]), "runtime.json") == ()


def test_an_agents_file_may_give_the_node_to_another_agent() -> None:
    agents = TWO.replace('{dev: "&d"}', '{dev: "&d"}, {dev: "/scmi"}')
    model = model_of(tree_of(node(voltages=REGULATORS) + USER), agents)
    assert grants(model, "a") == {}
    assert grants(model, "b").keys() == {VOLTAGE.format(n) for n in (0, 1, 2)}


def test_a_node_without_an_owner_is_registered_by_nobody() -> None:
    agents = 'domains: {b: {id: 1, access: [{dev: "&d"}]}}'
    model = model_of(tree_of(node(voltages=REGULATORS) + USER), agents)
    assert grants(model, "b").keys() == {VOLTAGE.format(0)}
    # What the agents file has an agent drive itself is not registered over SCMI either.
    local = 'domains: {b: {id: 1, default: true}}\nplatform: {local: ["&volt"]}'
    assert grants(model_of(tree_of(node(voltages=REGULATORS)), local), "b") == {}


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(("volt: protocol@17 {", "volt: protocol@17 { %s"), id="the protocol"),
        pytest.param(('"spare";', '"spare"; %s'), id="the regulator"),
    ],
)
def test_what_is_disabled_is_not_registered(status: tuple[str, str]) -> None:
    before, after = status
    body = node(voltages=REGULATORS).replace(before, after % 'status = "disabled";')
    assert VOLTAGE.format(2) not in grants(model_of(tree_of(body)), "ospm")


def test_two_regulators_of_one_number() -> None:
    body = node(
        voltages="""regulators { a: vdd-core { reg = <0>; }; b: vdd-gpu { reg = <0>; };
            regulator@1 { reg = <1>; }; c: vdd-top { reg = <0>; }; };"""
    )
    (found,) = diagnostics(model_of(tree_of(body)), "id-duplicate")
    below = "/scmi/protocol@17/regulators"
    assert found.message == f"voltage 0 is {below}/vdd-core, {below}/vdd-gpu and {below}/vdd-top"
    assert [item.message for item in found.related] == [f"{below}/vdd-core", f"{below}/vdd-top"]
    assert found.hint is not None
    assert "lock file" not in found.hint


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param("regulators { vdd { }; };", ["scmi-provider"], id="no reg"),
        pytest.param("regulators { vdd { reg = <65536>; }; };", ["id-range"], id="beyond 65535"),
        pytest.param("regulators { vdd { reg = <65535>; }; };", [], id="65535"),
        pytest.param(
            "vdd: regulator@0 { reg = <0>; };", ["scmi-provider"], id="below the protocol"
        ),
    ],
)
def test_regulators_that_are_wrong_though_unused(body: str, found: list[str]) -> None:
    assert wrong(model_of(tree_of(node(voltages=body)))) == found


def test_a_regulator_directly_below_the_protocol() -> None:
    """One finding, which says where regulators belong."""
    body = node(voltages="vdd: regulator@0 { reg = <0>; };") + "d { x-supply = <&vdd>; };"
    (found,) = diagnostics(model_of(tree_of(body)), "scmi-provider")
    assert found.hint == "move it into a node regulators of protocol@17"


RATE = "assigned-clocks = <&clk 9>; assigned-clock-rates = <702000000>;"
PARENT = "assigned-clocks = <&clk 9>; assigned-clock-parents = <&clk 8>;"


@pytest.mark.parametrize("where", ["scmi", "clocks"])
def test_clocks_that_an_scmi_node_assigns(where: str) -> None:
    """The agent's driver applies them when it registers, the platform never reads them."""
    model = model_of(tree_of(node(**{where: RATE})))
    assert grants(model, "ospm") == {"clock clk 9": "rate read"}
    (clock,) = model.platforms[0].resources["clock"]
    assert clock.facts.rates == (702000000,)
    parent = model_of(tree_of(node(**{where: PARENT})))
    assert grants(parent, "ospm") == {"clock clk 9": "parent read", "clock clk 8": "read"}


def test_a_rate_that_the_node_assigns_under_another_agent() -> None:
    """The node is a's, so a sets the rate of what b uses."""
    body = node(clocks=RATE) + 'd: d { compatible = "acme,d"; clocks = <&clk 9>; };'
    assert wrong(model_of(tree_of(body), TWO)) == ["rate-shared"]


def test_an_scmi_node_is_not_a_device() -> None:
    """It cannot be given to another agent at run time, so its grants stand whatever is."""
    body = node(clocks=RATE, voltages=REGULATORS) + USER
    (platform,) = model_of(tree_of(body)).platforms
    assert [device.node.path for device in platform.devices] == ["/d"]
    runtime = to_runtime(platform)
    (clock,) = runtime.agents[0].grants["clock"]
    assert clock.by_hand == ("rate", "read")


def test_what_an_scmi_regulator_is_fed_from_is_the_platforms() -> None:
    """Linux's driver reads no ``vin-supply`` of it, so the agent needs nothing there."""
    body = node(
        voltages="regulators { a: regulator@0 { reg = <0>; vin-supply = <&b>; };"
        " b: regulator@1 { reg = <1>; }; };"
    )
    model = model_of(tree_of(body))
    (platform,) = model.platforms
    facts = {r.number: r.facts.parent for r in platform.resources["voltage"]}
    assert facts[0] is not None
    assert facts[0].cells == (1,)
    assert grants(model, "ospm") == {VOLTAGE.format(n): "state read" for n in (0, 1)}


CELLS = [
    pytest.param("#clock-cells = <2>;", "#clock-cells = <2>, but an SCMI id is one cell", id="two"),
    pytest.param(
        "#clock-cells = <0>;", "#clock-cells = <0>, but an SCMI id is one cell", id="none"
    ),
]


@pytest.mark.parametrize(("cells", "message"), CELLS)
def test_an_scmi_id_is_one_cell(cells: str, message: str) -> None:
    """Two specifiers that begin alike are not two resources of one number."""
    width = int(cells[-3])
    uses = ", ".join(f"<&clk{' 1' * bool(width)}{f' {n}' * (width - 1)}>" for n in (0, 1))
    body = node().replace("#clock-cells = <1>;", cells) + f"d {{ clocks = {uses}; }};"
    model = model_of(tree_of(body))
    assert wrong(model) == ["scmi-provider"]
    (found,) = diagnostics(model, "scmi-provider")
    assert message in found.message


PROTOCOLS = [
    pytest.param("a: protocol@14 { reg = <0x14>; };", "is protocol 0x14, which /scmi/", id="twice"),
    pytest.param("a: protocol@16 { };", "/scmi/protocol@16 has no reg", id="without reg"),
    pytest.param("a: protocol@100 { reg = <0x100>; };", "end at 0xff", id="beyond 8 bits"),
]


@pytest.mark.parametrize(("body", "message"), PROTOCOLS)
def test_protocol_nodes_that_no_driver_reads(body: str, message: str) -> None:
    body = node().replace("volt:", body.replace("@14", "@99") + " volt:")
    (found,) = diagnostics(model_of(tree_of(body)), "scmi-provider")
    assert message in found.message


@pytest.mark.parametrize("number", [0x18, 0x19, 0x80, 0x84])
def test_protocols_that_a_tree_says_nothing_of(number: int) -> None:
    """Power caps, pins, vendors' protocols: no property below such a node is a use."""
    protocol = f"""p: protocol@{number:x} {{ reg = <{number}>; nxp,ctrl-ids = <1 2>;
        a: uart-pins {{ pins = "a", "b"; drive-strength = <24>; }}; }};"""
    body = node().replace("volt:", f"{protocol} volt:").replace("volt: protocol@17", "x: other@17")
    model = model_of(tree_of(body + "d { clocks = <&clk 1>; pinctrl-0 = <&a>; };"))
    assert told(model) == [("note", "protocol-empty")]
    assert grants(model, "ospm") == {"clock clk 1": "state read"}


def test_a_description_in_the_agents_file_is_enough_for_pins() -> None:
    body = node().replace("protocol@17 { reg = <0x17>;", "protocol@19 { reg = <0x19>;")
    extra = 'domains: {a: {id: 1, default: true}}\nplatform: {extra: {pins: {"0": {name: p}}}}'
    model = model_of(tree_of(body + "d { clocks = <&clk 1>; };"), extra)
    assert told(model) == []


def test_each_agent_is_held_against_its_own_node() -> None:
    """b has no clock of the node, and the node says nothing of b."""
    body = node() + 'd: d { compatible = "acme,d"; }; e { clocks = <&clk 1>; };'
    model = model_of(tree_of(body), TWO)
    assert compare(model, to_runtime(model.platforms[0]), "runtime.json") == ()


def test_several_instances_are_compared_each_with_its_own_server() -> None:
    protocol = "protocol@14 { reg = <0x14>; #clock-cells = <1>; };"
    one = f'scmi-0 {{ compatible = "arm,scmi-smc"; a: {protocol} }};'
    two = one.replace("scmi-0", "scmi-1").replace("a:", "b:")
    model = model_of(tree_of(one + two + "d { clocks = <&a 3>, <&b 4>; };"))
    for platform in model.platforms:
        assert compare(model, to_runtime(platform), "runtime.json") == ()


BOARD_OF_TWO = """
cru: cru { compatible = "acme,cru"; #clock-cells = <1>; };
uart: serial@3000 { compatible = "acme,uart"; clocks = <&cru 1>; };
gpu: gpu@4000 { compatible = "acme,gpu"; clocks = <&cru 7>, <&cru 8>;
    clock-names = "bus", "core"; };
"""
VM = """
scmi { compatible = "arm,scmi-virtio"; vc: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
    %s };
gpu@4000 { compatible = "acme,gpu"; %s };
"""
# What the VM's tree says → messages. Clock 0 is linux's, 1 and 2 are the VM's.
OWN_IDS = [
    pytest.param("clocks = <&vc 1>, <&vc 2>;", [], id="right"),
    pytest.param(
        "clocks = <&vc 0>;", ["/gpu@4000 clocks[0] is clock 0, which vm1 does not get"],
        id="another agent's",
    ),
    pytest.param(
        "clocks = <&vc 1>, <&vc 9>;", ["/gpu@4000 clocks[1] is clock 9, which vm1 does not get"],
        id="nobody's",
    ),
    pytest.param(
        "clocks = <&vc 2>, <&vc 1>;",
        [
            "/gpu@4000 clocks[0] is clock 2, which is gpu-4000-core to vm1, not gpu-4000-bus",
            "/gpu@4000 clocks[1] is clock 1, which is gpu-4000-bus to vm1, not gpu-4000-core",
        ],
        id="the wrong way round",
    ),
    pytest.param('clocks = <&vc 2>, <&vc 1>; clock-names = "core", "bus";', [], id="by name"),
]  # fmt: skip


@pytest.mark.parametrize(("clocks", "messages"), OWN_IDS)
def test_ids_in_an_agents_own_tree(clocks: str, messages: list[str]) -> None:
    files = [(AGENTS, "domains: {linux: {id: 1, default: true}, vm1: {id: 2}}")]
    own = {"vm1": tree_of(VM % ("", clocks))}
    model = build(*assign(tree_of(BOARD_OF_TWO), Sources(files, own)))
    assert [item.message for item in diagnostics(model, "tree-id")] == messages


def test_a_regulator_of_an_agents_own_tree_that_the_agent_does_not_get() -> None:
    voltage = "protocol@17 { reg = <0x17>; regulators { regulator@4 { reg = <4>; }; }; };"
    own = {"vm1": tree_of(VM % (voltage, "clocks = <&vc 1>;"))}
    files = [(AGENTS, "domains: {linux: {id: 1, default: true}, vm1: {id: 2}}")]
    model = build(*assign(tree_of(BOARD_OF_TWO), Sources(files, own)))
    (found,) = diagnostics(model, "tree-id")
    assert found.message == (
        "/scmi/protocol@17/regulators/regulator@4 is voltage 4, which vm1 does not get"
    )


def test_an_agents_tree_that_is_a_copy_of_the_board() -> None:
    """The ids are the board's own there."""
    body = node(voltages=REGULATORS) + USER + 'e { compatible = "acme,e"; clocks = <&clk 5>; };'
    model = build(*assign(tree_of(body), Sources((), {"linux": tree_of(body)})))
    assert wrong(model) == []
    assert grants(model, "linux").keys() == {
        "clock clk 5", *(VOLTAGE.format(n) for n in (0, 1, 2))
    }  # fmt: skip


def two_nodes(first: str, second: str, more: str = "") -> str:
    """Two SCMI nodes with clocks and regulators, and what makes them nodes of a transport."""
    clocks = "protocol@14 { reg = <0x14>; #clock-cells = <1>; };"
    volts = """{0}: protocol@17 {{ reg = <0x17>; regulators {{
        {0}4: regulator@4 {{ reg = <4>; }}; }}; }};"""
    return f"""
        memory: m {{ #address-cells = <1>; #size-cells = <1>;
            m0: shm@0 {{ compatible = "arm,scmi-shmem"; reg = <0 0x100>; }};
            m1: shm@100 {{ compatible = "arm,scmi-shmem"; reg = <0x100 0x100>; }}; }};
        scmi-a {{ {first} ca: {clocks} {volts.format("va")} }};
        scmi-b {{ {second} cb: {clocks} {volts.format("vb")} }};
        {more}"""


VIRTIO = 'compatible = "arm,scmi-virtio";'
SMC_1 = 'compatible = "arm,scmi-smc"; arm,smc-id = <0x82000001>; shmem = <&m0>;'
SMC_2 = 'compatible = "arm,scmi-smc"; arm,smc-id = <0x82000002>; shmem = <&m1>;'
DX = 'dx: dx { compatible = "acme,dx"; clocks = <&cb 3>, <&cb 5>; vdd-supply = <&vb4>; };'
STATED = """domains:
  linux: {id: 1, default: true, scmi: {transport: {type: smc, smc-id: 0x82000001}}}
  vm1: {id: 2, scmi: {role: vm, transport: {type: smc, smc-id: 0x82000002}}}
"""
CLAIMED = """domains:
  linux: {id: 1, default: true}
  vm1: {id: 2, scmi: {role: vm}, access: [{dev: /scmi-b}]}
"""
OWNED = [
    pytest.param(SMC_1, SMC_2, STATED, id="by its channel"),
    pytest.param(SMC_1, SMC_2, CLAIMED, id="by an access entry"),
    pytest.param(VIRTIO, VIRTIO, CLAIMED, id="by an access entry, the other by default"),
]


@pytest.mark.parametrize(("first", "second", "agents"), OWNED)
def test_a_device_gets_nothing_over_the_scmi_node_of_another_agent(
    first: str, second: str, agents: str
) -> None:
    """One error per node and agent, with every use; the node's own agent keeps its regulator."""
    model = model_of(tree_of(two_nodes(first, second, DX)), agents)
    (found,) = diagnostics(model, "scmi-foreign")
    assert found.message == (
        "/scmi-b is the channel of vm1, but 3 uses of linux go through it; nothing is granted"
    )
    assert [place.message for place in found.related] == [
        "linux: /dx clocks[0]", "linux: /dx clocks[1]", "linux: /dx vdd-supply[0]"
    ]  # fmt: skip
    assert found.hint == (
        'refer to the ids below /scmi-a; or access: [{dev: "&dx"}] in vm1 gives vm1 the device'
    )
    assert wrong(model).count("scmi-foreign") == 1
    assert grants(model, "linux").keys() == {"voltage va 4"}
    assert grants(model, "vm1").keys() == {"voltage vb 4"}


@pytest.mark.parametrize(("first", "second", "agents"), OWNED)
def test_an_agent_with_a_node_of_its_own_gets_nothing_over_the_others(
    first: str, second: str, agents: str
) -> None:
    """Also where it is the default that gives the other node to the other agent."""
    access = "access: [{dev: /dx}, "
    agents = agents.replace("access: [", access) if "access" in agents else agents.replace(
        "role: vm, transport: {type: smc, smc-id: 0x82000002}}",
        "role: vm, transport: {type: smc, smc-id: 0x82000002}}, access: [{dev: /dx}]",
    )  # fmt: skip
    body = two_nodes(first, second, DX.replace("&cb", "&ca").replace("&vb", "&va"))
    model = model_of(tree_of(body), agents)
    assert wrong(model).count("scmi-foreign") == 1
    assert grants(model, "vm1").keys() == {"voltage vb 4"}


def test_a_shared_device_is_granted_to_the_agent_of_the_node_only() -> None:
    shared = CLAIMED.replace("/scmi-b}", "/scmi-b}, {dev: /dx, flags: {shared: true}}")
    model = model_of(tree_of(two_nodes(VIRTIO, VIRTIO, DX)), shared)
    assert wrong(model).count("scmi-foreign") == 1
    assert grants(model, "linux").keys() == {"voltage va 4"}
    assert grants(model, "vm1").keys() == {"clock cb 3", "clock cb 5", "voltage vb 4"}


ONE_OWNER = [
    pytest.param("{id: 2, access: [{dev: /dx}]}", id="both by default"),
    pytest.param(
        "{id: 2, scmi: {transport: {type: virtio}}, access: [{dev: /dx}]}", id="other transport"
    ),
]


@pytest.mark.parametrize("vm", ONE_OWNER)
@pytest.mark.parametrize("linux", ["", ", scmi: {transport: {type: smc, smc-id: 0x82000001}}"])
def test_what_the_nodes_of_the_only_agent_with_any_name_is_the_platforms(
    vm: str, linux: str
) -> None:
    """Other agents reach it over channels that the tree does not have."""
    agents = f"domains:\n  linux: {{id: 1, default: true{linux}}}\n  vm1: {vm}\n"
    model = model_of(tree_of(two_nodes(SMC_1, SMC_2, DX)), agents)
    assert "scmi-foreign" not in wrong(model)
    assert grants(model, "vm1").keys() == {"clock cb 3", "clock cb 5", "voltage vb 4"}


def one_node(channel: str, clock: int, more: str = "") -> str:
    """A node with a clock that it assigns and a regulator, the same path whatever the channel."""
    return f"""
        scmi {{ {channel}
            clk: protocol@14 {{ reg = <0x14>; #clock-cells = <1>;
                assigned-clocks = <&clk {clock}>; assigned-clock-rates = <5>; }};
            volt: protocol@17 {{ reg = <0x17>;
                regulators {{ r4: regulator@4 {{ reg = <4>; }}; }}; }};
        }};
        {more}"""


OPTEE_0 = 'compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <0>;'
OPTEE_1 = 'compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <1>;'
LINUX_AND_VM = """domains:
  linux: {id: 1, default: true}
  vm1: {id: 2, scmi: {role: vm}}
"""


@pytest.mark.parametrize(
    "channel",
    [
        pytest.param(OPTEE_1, id="another channel number"),
        pytest.param(VIRTIO, id="another transport"),
    ],
)
@pytest.mark.parametrize("own_of_linux", [False, True])
def test_the_scmi_node_of_an_own_tree_is_not_the_boards_of_the_same_path(
    channel: str, own_of_linux: bool
) -> None:
    """Each agent has what its own node assigns and lists, and no more."""
    own = {"linux": tree_of(one_node(OPTEE_0, 7))} if own_of_linux else {}
    own["vm1"] = tree_of(one_node(channel, 9))
    sources = Sources([(AGENTS, LINUX_AND_VM)], own)
    model = build(*assign(tree_of(one_node(OPTEE_0, 7)), sources))
    assert wrong(model) == []
    assert grants(model, "linux") == {"clock clk 7": "rate read", "voltage volt 4": "state read"}
    assert grants(model, "vm1") == {"clock clk 9": "rate read", "voltage volt 4": "state read"}
    # What the platform is told to serve is what the board needs.
    assert compare(model, to_runtime(model.platforms[0]), "runtime.json") == ()


def test_a_parent_that_two_nodes_of_one_path_assign() -> None:
    """Whether a parent has an SCMI id is decided for each entry by itself."""
    parent = PARENT.replace("&clk 8", "&osc")
    osc = "osc: osc { #clock-cells = <0>; };"
    board = two_clocks(OPTEE_0, parent, osc)
    own = two_clocks(OPTEE_1, PARENT.replace("&clk 9", "&clk 5"), osc)
    sources = Sources([(AGENTS, LINUX_AND_VM)], {"vm1": tree_of(own)})
    model = build(*assign(tree_of(board), sources))
    assert "clock clk 9" not in grants(model, "linux")
    assert grants(model, "vm1") == {
        "clock clk 5": "parent read", "clock clk 8": "read", "voltage volt 4": "state read"
    }  # fmt: skip


def two_clocks(channel: str, assigned: str, more: str) -> str:
    return one_node(channel, 0, more).replace(
        "assigned-clocks = <&clk 0>; assigned-clock-rates = <5>;", assigned
    )


def test_the_ids_of_devices_below_a_node_of_an_own_tree_are_held_against_the_boards() -> None:
    dx = 'dx {{ compatible = "acme,dx"; clocks = <&clk {}>; }};'
    own = tree_of(one_node(OPTEE_1, 9, dx.format(5)))
    sources = Sources([(AGENTS, LINUX_AND_VM)], {"vm1": own})
    model = build(*assign(tree_of(one_node(OPTEE_0, 7, dx.format(3))), sources))
    (found,) = diagnostics(model, "tree-id")
    assert found.message == "/dx clocks[0] is clock 5, which vm1 does not get"
    assert grants(model, "vm1").keys() == {"clock clk 3", "clock clk 9", "voltage volt 4"}
