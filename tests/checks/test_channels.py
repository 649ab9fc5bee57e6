"""What tells the channels of agents apart, and what an SCMI node needs for one."""

import pytest
from support import AGENTS, diagnostics, model_of, told, tree_of, wrong

from scmigen.assignment.sources import Sources, assign
from scmigen.diagnostics import InputError
from scmigen.model.build import build
from scmigen.model.platform import Model

SRAM = """
sram {{ #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0x10000 0x10000>;
    {} }};
mhu: mhu {{ #mbox-cells = <1>; }};
"""
NODE = 'scmi-{0} {{ compatible = "{1}"; {2} shmem = <&m{0}>; }};'


def memory(*numbers: int) -> str:
    """Nodes ``m0``, ``m1``, … of 128 bytes each."""
    nodes = (
        f'm{n}: shm@{n:x}00 {{ compatible = "arm,scmi-shmem"; reg = <{n * 256} 0x80>; }};'
        for n in numbers
    )
    return SRAM.format(" ".join(nodes))


def nodes(compatible: str, *props: str) -> Model:
    """The model of a tree with an SCMI node, each with shared memory of its own, for ``props``."""
    body = "".join(NODE.format(n, compatible, prop) for n, prop in enumerate(props))
    return model_of(tree_of(memory(*range(len(props))) + body))


SAME = "arm,smc-id = <0xc6008012>;"


def test_the_capability_id_in_shared_memory_tells_instances_apart() -> None:
    """Qualcomm's trees have one SMC id for up to 64 instances."""
    assert told(nodes("qcom,scmi-smc", *[SAME] * 64)) == []


def test_the_address_of_shared_memory_tells_instances_apart() -> None:
    assert told(nodes("arm,scmi-smc-param", *[SAME] * 3)) == []


@pytest.mark.parametrize("compatible", ["qcom,scmi-smc", "arm,scmi-smc-param"])
def test_one_shared_memory_for_two_instances(compatible: str) -> None:
    """One finding, not one for the SMC id and one for the memory."""
    body = memory(0) + "".join(
        f'scmi-{n} {{ compatible = "{compatible}"; {SAME} shmem = <&m0>; }};' for n in (1, 2)
    )
    model = model_of(tree_of(body))
    assert wrong(model) == ["shmem-overlap"]
    (found,) = diagnostics(model, "shmem-overlap")
    assert found.message == "/scmi-1 and /scmi-2 share memory: &m0"


def test_equal_smc_ids_are_one_finding_with_all_places_in_natural_order() -> None:
    model = nodes("arm,scmi-smc", *[SAME] * 11)
    (found,) = diagnostics(model, "smc-id-duplicate")
    assert found.message.startswith("/scmi-0, /scmi-1, /scmi-2, /scmi-3 and 7 more have the same")
    names = [item.message for item in found.related]
    assert names == [f"/scmi-{n}" for n in range(11) if n != 1]
    assert None not in {item.position for item in found.related}
    assert wrong(model) == ["smc-id-duplicate"]


def test_agents_of_one_channel_are_in_natural_order() -> None:
    """agent-2 before agent-10."""
    agents = "".join(
        f"  agent-{n}: {{id: {n}, scmi: {{transport: {{type: optee, channel: 0}}}}}}\n"
        for n in range(1, 12)
    )
    model = model_of(tree_of("d { };"), f"domains:\n{agents}")
    (found,) = diagnostics(model, "channel-duplicate")
    assert found.message == (
        "agent-1, agent-2, agent-3, agent-4 and 7 more have the same channel number 0"
    )
    assert found.related[-1].message == "agent-11"


def test_overlapping_memories_are_one_finding_for_each_stretch() -> None:
    body = SRAM.format(
        'a: shm@0 { compatible = "arm,scmi-shmem"; reg = <0 0x200>; };'
        'b: shm@100 { compatible = "arm,scmi-shmem"; reg = <0x100 0x200>; };'
        'c: shm@280 { compatible = "arm,scmi-shmem"; reg = <0x280 0x80>; };'
        'd: shm@300 { compatible = "arm,scmi-shmem"; reg = <0x300 0x80>; };'
    ) + "".join(
        f'scmi-{n} {{ compatible = "arm,scmi-smc"; arm,smc-id = <{n}>; shmem = <&{label}>; }};'
        for n, label in enumerate("abcd")
    )
    (found,) = diagnostics(model_of(tree_of(body)), "shmem-overlap")
    assert found.message == "/scmi-0, /scmi-1 and /scmi-2 share memory: &a, &b and &c"


BOXES = ("<&mhu 0>, <&mhu 1>", "<&mhu 1>")
SERVER = """
rcc: rcc {{ #clock-cells = <1>; }};
server {{ compatible = "optee,scmi-server";
    agent@1 {{ compatible = "{0}"; reg = <1>; {1} protocol@14 {{ reg = <0x14>;
        clocks {{ c@0 {{ reg = <0>; clocks = <&rcc 10>; }}; }}; }}; }};
    agent@2 {{ compatible = "{0}"; reg = <2>; {2} protocol@14 {{ reg = <0x14>;
        clocks {{ c@0 {{ reg = <0>; clocks = <&rcc 10>; }}; }}; }}; }};
}};
"""


@pytest.mark.parametrize(
    ("compatible", "first", "second", "found"),
    [
        pytest.param(
            "linaro,scmi-optee", "scmi-channel-id = <0>;", "scmi-channel-id = <0>;",
            ["channel-duplicate"], id="one channel of OP-TEE",
        ),
        pytest.param(
            "linaro,scmi-optee", "scmi-channel-id = <0>;", "scmi-channel-id = <1>;", [],
            id="two channels of OP-TEE",
        ),
        pytest.param(
            "arm,scmi-smc", "arm,smc-id = <2>;", "arm,smc-id = <2>;", ["smc-id-duplicate"],
            id="one SMC id",
        ),
        pytest.param("arm,scmi-smc", "arm,smc-id = <2>;", "arm,smc-id = <3>;", [], id="SMC ids"),
        pytest.param("qcom,scmi-smc", "arm,smc-id = <2>;", "arm,smc-id = <2>;", [], id="qcom"),
        pytest.param(
            "arm,scmi", "mboxes = <&mhu 1>; shmem = <&m0>;", "mboxes = <&mhu 1>; shmem = <&m1>;",
            ["channel-duplicate"], id="one mailbox",
        ),
        pytest.param(
            "arm,scmi", "mboxes = <&mhu 0>; shmem = <&m0>;", "mboxes = <&mhu 1>; shmem = <&m1>;",
            [], id="two mailboxes",
        ),
    ],
)  # fmt: skip
def test_agents_of_a_server_description(
    compatible: str, first: str, second: str, found: list[str]
) -> None:
    body = memory(0, 1) + SERVER.format(compatible, first, second)
    assert wrong(model_of(tree_of(body))) == found


def test_agents_of_a_server_description_with_one_mailbox_are_named() -> None:
    """Also where one of them has it for one direction only."""
    channels = (f"mboxes = {boxes}; shmem = <&m{n}>;" for n, boxes in enumerate(BOXES))
    body = memory(0, 1) + SERVER.format("arm,scmi", *channels)
    (found,) = diagnostics(model_of(tree_of(body)), "channel-duplicate")
    assert found.message == "agent-1 and agent-2 have the same mailbox <&mhu 1>"


def test_a_mailbox_of_a_server_description_that_does_not_exist() -> None:
    body = memory(0, 1) + SERVER.format(
        "arm,scmi", "mboxes = <0x77 0>; shmem = <&m0>;", "mboxes = <&mhu 1>; shmem = <&m1>;"
    )
    with pytest.raises(InputError) as raised:
        model_of(tree_of(body))
    (found,) = raised.value.diagnostics
    assert found.id == "phandle-dangling"
    assert "/server/agent@1" in found.message


def test_a_protocol_on_the_mailbox_of_its_node_below_a_server_description() -> None:
    """That the agent is described elsewhere does not make its two channels one."""
    body = memory(0, 1, 2) + SERVER.format(
        "arm,scmi", "mboxes = <&mhu 0>; shmem = <&m0>;", "mboxes = <&mhu 1>; shmem = <&m1>;"
    )
    node = """scmi { compatible = "arm,scmi"; mboxes = <&mhu 0>; shmem = <&m0>;
        protocol@14 { reg = <0x14>; mboxes = <&mhu 0>; shmem = <&m2>; }; };"""
    (found,) = diagnostics(model_of(tree_of(body + node)), "channel-duplicate")
    assert found.message == "/scmi and /scmi/protocol@14 have the same mailbox <&mhu 0>"


@pytest.mark.parametrize("parameter", ["smc-param", "qcom-smc"])
@pytest.mark.parametrize("order", ["smc first", "smc last"])
def test_an_smc_without_parameters_shares_its_id_with_no_other(parameter: str, order: str) -> None:
    """The handler of the id cannot tell whether a parameter was meant."""
    words = ("smc", parameter) if order == "smc first" else (parameter, "smc")
    domains = "".join(
        f"  {name}: {{scmi: {{transport: {{type: {word}, smc-id: 7, shmem: m{n}}}}}}}\n"
        for n, (name, word) in enumerate(zip("ab", words, strict=True))
    )
    model = model_of(tree_of(memory(0, 1)), f"domains:\n{domains}")
    assert wrong(model) == ["smc-id-duplicate"]
    (found,) = diagnostics(model, "smc-id-duplicate")
    assert found.message == "a and b have the same SMC id 0x7"


def test_many_instances_of_one_smc_id_beside_an_smc_without_parameters() -> None:
    """All are told once, and two agents with other ids are not."""
    body = memory(*range(5)) + "".join(
        NODE.format(n, compatible, f"arm,smc-id = <{number}>;")
        for n, (compatible, number) in enumerate(
            [*[("qcom,scmi-smc", 7)] * 2, ("arm,scmi-smc", 7), ("qcom,scmi-smc", 8),
             ("arm,scmi-smc", 9)]
        )
    )  # fmt: skip
    (found,) = diagnostics(model_of(tree_of(body)), "smc-id-duplicate")
    assert found.message == "/scmi-0, /scmi-1 and /scmi-2 have the same SMC id 0x7"


def test_an_agent_of_a_server_description_has_a_channel() -> None:
    with pytest.raises(InputError) as raised:
        model_of(tree_of(SERVER.format("linaro,scmi-optee", "", "scmi-channel-id = <7>;")))
    (found,) = raised.value.diagnostics
    assert found.id == "scmi-server"
    assert found.message == "/server/agent@1 has no scmi-channel-id"


def test_a_channel_that_no_agent_has() -> None:
    """One error at the SCMI node, and none about what follows from it."""
    body = SERVER.format("linaro,scmi-optee", "scmi-channel-id = <0>;", "scmi-channel-id = <1>;")
    node = """scmi { compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <9>;
        clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
    d { compatible = "acme,d"; clocks = <&clk 0>, <&clk 77>; };"""
    model = model_of(tree_of(body + node))
    assert wrong(model) == ["channel-unknown"]
    (found,) = diagnostics(model, "channel-unknown")
    assert found.message == "/scmi has the channel number 9, which no agent has"
    assert [item.message for item in found.related] == ["agent@1 has 0", "agent@2 has 1"]
    # The node's server may be another one.
    other = node.replace("linaro,scmi-optee", "arm,scmi-virtio").replace("linaro,optee", "x,optee")
    assert "channel-unknown" not in wrong(model_of(tree_of(body + other)))


@pytest.mark.parametrize("number", [0, 1])
def test_which_agent_an_scmi_node_belongs_to(number: int) -> None:
    """The one with its channel has what the node alone uses."""
    agents = """
domains:
  a: {id: 1, scmi: {transport: {type: optee, channel: 0}}}
  b: {id: 2, scmi: {transport: {type: optee, channel: 1}}}
"""
    body = f"""scmi {{ compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <{number}>;
        protocol@17 {{ reg = <0x17>; regulators {{ regulator@3 {{ reg = <3>; }}; }}; }}; }};"""
    (grant,) = model_of(tree_of(body), agents).platforms[0].all_grants
    assert grant.agent.name == "ab"[number]


def test_memory_of_an_agent_that_is_the_scmi_nodes_of_another() -> None:
    """The default agent has the SCMI node; the agents file gives its memory to the other one."""
    agents = """
domains:
  a: {id: 1, default: true}
  b: {id: 2, scmi: {transport: {type: smc, smc-id: 1, shmem: m0}}}
"""
    body = memory(0) + NODE.format(0, "arm,scmi-smc", "arm,smc-id = <2>;")
    (found,) = diagnostics(model_of(tree_of(body), agents), "shmem-overlap")
    assert found.message == "a and b share memory: &m0"
    # The node's own agent may be described twice.
    same = """
domains:
  a: {id: 1, default: true, scmi: {transport: {type: smc, smc-id: 2, shmem: m0}}}
  b: {id: 2, scmi: {role: other}}
"""
    assert wrong(model_of(tree_of(body), same)) == []


TWO_TREES = """
scmi { compatible = "arm,scmi-smc"; arm,smc-id = <%d>; shmem = <&m>; };
m: shm@1000 { compatible = "arm,scmi-shmem"; reg = <0 0x1000 0x80>; };
"""


def test_smc_ids_in_the_trees_of_two_agents() -> None:
    """Their addresses may well be the same: each sees its own."""
    board = tree_of("d { };")
    for second, found in ((5, ["smc-id-duplicate"]), (6, [])):
        trees = {"a": tree_of(TWO_TREES % 5), "b": tree_of(TWO_TREES % second)}
        assert wrong(build(*assign(board, Sources((), trees)))) == found


MAILBOX = 'compatible = "arm,scmi"; '

# What an SCMI node has → a part of the message; none where it is right.
NEEDS = [
    pytest.param('compatible = "arm,scmi-smc"; arm,smc-id = <1>;', "no shmem", id="no shmem"),
    pytest.param('compatible = "arm,scmi-smc"; shmem = <&m0>;', "no arm,smc-id", id="no SMC id"),
    pytest.param('compatible = "qcom,scmi-smc";', "no arm,smc-id and no shmem", id="neither"),
    pytest.param(MAILBOX + "shmem = <&m0>;", "no mboxes", id="no mailbox"),
    pytest.param(MAILBOX + "mboxes = <&mhu 0>;", "no shmem", id="mailbox without memory"),
    pytest.param('compatible = "linaro,scmi-optee";', "no linaro,optee-channel-id", id="OP-TEE"),
    pytest.param('compatible = "arm,scmi-virtio";', None, id="virtio needs nothing"),
    pytest.param(
        'compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <0>;', None,
        id="OP-TEE without shared memory",
    ),
    pytest.param(MAILBOX + "mboxes = <&mhu 0>; shmem = <&m0>;", None, id="1 and 1"),
    pytest.param(MAILBOX + "mboxes = <&mhu 0>, <&mhu 1>; shmem = <&m0>;", None, id="2 and 1"),
    pytest.param(
        MAILBOX + "mboxes = <&mhu 0>, <&mhu 1>, <&mhu 2>; shmem = <&m0>, <&m1>;", None,
        id="3 and 2",
    ),
    pytest.param(
        MAILBOX + "mboxes = <&mhu 0>; shmem = <&m0>, <&m1>;", "has 1 mboxes and 2 shmem",
        id="1 and 2",
    ),
    pytest.param(
        MAILBOX + "mboxes = <&mhu 0>, <&mhu 1>, <&mhu 2>; shmem = <&m0>;",
        "has 3 mboxes and 1 shmem", id="3 and 1",
    ),
    pytest.param(
        MAILBOX + "mboxes = <&mhu 0>, <&mhu 1>; shmem = <&m0>, <&m0>;",
        "sends and receives in the same shared memory", id="one memory twice",
    ),
    pytest.param(
        MAILBOX + "mboxes = <&mhu 0>; shmem = <&plain>;",
        '/plain@20000 is the shared memory of /scmi, but its compatible is not "arm,scmi-shmem"',
        id="memory that is no shared memory",
    ),
]  # fmt: skip
PLAIN = "plain: plain@20000 { reg = <0 0x20000 0x80>; };"


@pytest.mark.parametrize(("body", "message"), NEEDS)
def test_what_a_transport_needs(body: str, message: str | None) -> None:
    found = diagnostics(
        model_of(tree_of(f"{memory(0, 1)} {PLAIN} scmi {{ {body} }};")), "scmi-transport"
    )
    if message is None:
        assert found == []
    else:
        (one,) = found
        assert message in one.message
        assert one.hint is not None


OWN = [
    pytest.param("arm,scmi-smc", "shmem = <&m1>;", None, id="SMC: memory is enough"),
    pytest.param(
        "arm,scmi-smc", "arm,smc-id = <2>;", "has arm,smc-id, but it has no shmem", id="SMC id"
    ),
    pytest.param("arm,scmi", "mboxes = <&mhu 2>; shmem = <&m1>;", None, id="mailbox and memory"),
    pytest.param("arm,scmi", "mboxes = <&mhu 2>;", "has mboxes, but it has no shmem", id="mailbox"),
    pytest.param("arm,scmi", "shmem = <&m1>;", "has shmem, but it has no mboxes", id="memory"),
    pytest.param("linaro,scmi-optee", "linaro,optee-channel-id = <3>;", None, id="OP-TEE"),
    pytest.param(
        "arm,scmi-virtio", "shmem = <&m1>;", "arm,scmi-virtio has one channel for all protocols",
        id="virtio",
    ),
]  # fmt: skip
BASE = {
    "arm,scmi-smc": "arm,smc-id = <1>; shmem = <&m0>;",
    "arm,scmi": "mboxes = <&mhu 0>; shmem = <&m0>;",
    "linaro,scmi-optee": "linaro,optee-channel-id = <0>;",
    "arm,scmi-virtio": "",
}


@pytest.mark.parametrize(("compatible", "body", "message"), OWN)
def test_the_own_channel_of_a_protocol(compatible: str, body: str, message: str | None) -> None:
    scmi = f'scmi {{ compatible = "{compatible}"; {BASE[compatible]}'
    scmi += f"p: protocol@13 {{ reg = <0x13>; {body} }}; }};"
    model = model_of(tree_of(memory(0, 1) + scmi))
    if message is None:
        assert wrong(model) == []
    else:
        (found,) = diagnostics(model, "scmi-transport")
        assert message in found.message
        assert found.message.startswith("/scmi/protocol@13 ")


def test_a_mailbox_has_one_client() -> None:
    """Linux refuses a second one, also for a protocol of the same node."""
    body = (
        f'scmi {{ compatible = "arm,scmi"; {BASE["arm,scmi"]}'
        "protocol@13 { reg = <0x13>; mboxes = <&mhu 0>; shmem = <&m1>; }; };"
    )
    (found,) = diagnostics(model_of(tree_of(memory(0, 1) + body)), "channel-duplicate")
    assert found.message == "/scmi and /scmi/protocol@13 have the same mailbox <&mhu 0>"


def test_one_virtio_device_for_two_nodes() -> None:
    body = "".join(f'scmi-{n} {{ compatible = "arm,scmi-virtio"; }};' for n in (1, 2))
    model = model_of(tree_of(body))
    (found,) = diagnostics(model, "channel-duplicate")
    assert found.message == "/scmi-1 and /scmi-2 have the same virtio device"
    # Each guest has a device of its own.
    agents = (
        "domains: {a: {id: 1, default: true, scmi: {transport: {type: virtio}}},"
        " b: {id: 2, scmi: {transport: {type: virtio}}}}"
    )
    assert told(model_of(tree_of("d { };"), agents)) == []


SIZES = [
    pytest.param("", 0x80, True, id="128 bytes"),
    pytest.param("", 0x7C, False, id="124 bytes"),
    pytest.param("", 0, False, id="no byte"),
    pytest.param("arm,max-msg-size = <256>;", 280, True, id="256 of payload fit"),
    pytest.param("arm,max-msg-size = <256>;", 276, False, id="256 of payload do not"),
    pytest.param("arm,max-msg-size = <32>;", 56, True, id="32 of payload fit"),
]


@pytest.mark.parametrize(("prop", "size", "fits"), SIZES)
@pytest.mark.parametrize("compatible", ["arm,scmi-smc", "arm,scmi"])
def test_the_size_of_shared_memory(compatible: str, prop: str, size: int, fits: bool) -> None:
    shm = f'm0: shm@1000 {{ compatible = "arm,scmi-shmem"; reg = <0 0x1000 {size}>; }};'
    node = f'scmi {{ compatible = "{compatible}"; {prop} {BASE[compatible]} }};'
    body = f"{shm} mhu: mhu {{ #mbox-cells = <1>; }}; {node}"
    assert wrong(model_of(tree_of(body))) == ([] if fits else ["shmem-size"])


def test_the_size_of_a_protocols_own_memory() -> None:
    body = (
        memory(0) + PLAIN.replace("reg", 'compatible = "arm,scmi-shmem"; reg').replace("0x80", "8")
    ) + (
        'scmi { compatible = "arm,scmi-smc"; arm,smc-id = <1>; shmem = <&m0>;'
        " protocol@13 { reg = <0x13>; shmem = <&plain>; }; };"
    )
    (found,) = diagnostics(model_of(tree_of(body)), "shmem-size")
    assert "/plain@20000" in found.message


def test_shared_memory_that_the_cpu_cannot_reach() -> None:
    body = (
        'i2c { #address-cells = <1>; #size-cells = <1>; m: m@5 { compatible = "arm,scmi-shmem";'
        ' reg = <5 0x80>; }; }; scmi { compatible = "arm,scmi-smc"; arm,smc-id = <1>;'
        " shmem = <&m>; };"
    )
    assert wrong(model_of(tree_of(body))) == ["shmem-unresolved"]


def test_the_scmi_node_of_an_agents_own_tree_needs_the_same() -> None:
    own = tree_of('scmi { compatible = "arm,scmi-smc"; };')
    model = build(*assign(tree_of("d { };"), Sources([(AGENTS, "")], {"vm": own})))
    assert wrong(model) == ["scmi-transport"]


@pytest.mark.parametrize("first", ["linux", "vm1"])
def test_an_scmi_node_is_the_channel_of_one_agent_only(first: str) -> None:
    """Whichever comes first, neither gets the channel of a node that both share."""
    second = {"linux": "vm1", "vm1": "linux"}[first]
    access = "access: [{dev: /scmi-0, flags: {shared: true}}]"
    domains = (f"{name}: {{id: {n}, {access}}}" for n, name in enumerate((first, second), 1))
    agents = f"domains: {{{', '.join(domains)}}}"
    tree = tree_of(memory(0) + NODE.format(0, "arm,scmi-smc", SAME))
    model = model_of(tree, agents)
    (found,) = diagnostics(model, "channel-duplicate")
    assert found.message == (
        f"/scmi-0 belongs to {first} and {second}, but an SCMI node is the channel of one agent"
    )
    assert [agent.transport for agent in model.assignment.agents] == [None, None]


def test_shared_memory_without_an_address_is_reported_at_its_node() -> None:
    body = 'shm: shm { compatible = "arm,scmi-shmem"; };\n' + SAME_NODE
    (found,) = diagnostics(model_of(tree_of(body)), "shmem-unresolved")
    assert found.position is not None
    assert (found.position.file, found.position.line) == ("board.dts", 1)


SAME_NODE = 'scmi { compatible = "arm,scmi-smc"; arm,smc-id = <1>; shmem = <&shm>; };'
