"""The SCMI node of an agent's tree: transports, protocols, regulators; and whose nodes stay."""

import pytest
from consumer_trees import AGENTS, cells_of, emitted, made, refers, status, told

from scmigen.devicetree.blob import read_blob
from scmigen.diagnostics import Severity

CC = 'cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };'
DEV = 'dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 1>; };'
SHMEM = """
    reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges;
        shm: shm@80000000 { compatible = "arm,scmi-shmem"; reg = <0x80000000 0x1000>; }; };
"""


def agents(transport: str) -> str:
    return (
        "domains:\n  linux: {id: 1, default: true, scmi: {role: ospm, transport: {"
        + transport
        + "}}}\n"
    )


@pytest.mark.parametrize(
    ("transport", "compatible", "cells"),
    [
        ("type: virtio", "arm,scmi-virtio", {"arm,max-rx-timeout-ms": 2000}),
        ("type: smc, smc-id: 0x82000010, shmem: shm", "arm,scmi-smc", {"arm,smc-id": 0x82000010}),
        (
            "type: qcom-smc, smc-id: 0xc3000001, shmem: shm",
            "qcom,scmi-smc",
            {"arm,smc-id": 0xC3000001},
        ),
        ("type: optee, channel: 4", "linaro,scmi-optee", {"linaro,optee-channel-id": 4}),
    ],
    ids=["virtio", "smc", "qcom-smc", "optee"],
)
def test_the_node_has_what_its_transport_needs(
    transport: str, compatible: str, cells: dict[str, int]
) -> None:
    tree = made(SHMEM + CC + DEV, agents(transport))
    node = tree.node("/firmware/scmi")
    assert node is not None
    assert node.strings("compatible") == (compatible,)
    assert {name: node.cell(name) for name in cells} == cells
    assert (node.cell("#address-cells"), node.cell("#size-cells")) == (1, 0)
    if "shm" in transport:
        assert refers(tree, "/firmware/scmi", "shmem", 0) == [("/reserved-memory/shm@80000000",)]
    else:
        assert "shmem" not in node


def test_a_channel_that_nobody_describes_is_an_error_and_no_tree() -> None:
    found = emitted(CC + DEV, agents("type: smc, smc-id: 0x82000010"))
    assert not found.files
    (error,) = [item for item in found.diagnostics if item.id == "consumer-channel"]
    assert error.message == "the smc channel of linux needs shmem, which no source says"
    assert error.hint is not None
    assert (
        'linux: {scmi: {transport: {type: smc, smc-id: 0x82000010, shmem: "&scmi_shmem"}}}'
        in error.hint
    )


def test_mailboxes_are_not_to_be_said_in_an_agents_file_which_has_none() -> None:
    found = emitted(CC + DEV, agents("type: mailbox"))
    (error,) = [item for item in found.diagnostics if item.id == "consumer-channel"]
    assert error.message.endswith("needs mboxes and shmem, which no source says")
    assert error.hint is not None
    assert error.hint.startswith("an agents file has no mailboxes: write mboxes and shmem in the")


def test_a_transport_that_nobody_says_is_virtio_and_told_of() -> None:
    text = "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}"
    tree = made(CC + DEV, text)
    node = tree.node("/firmware/scmi")
    assert node is not None
    assert node.string("compatible") == "arm,scmi-virtio"
    (warning,) = [item for item in told(CC + DEV, text) if item.id == "consumer-transport"]
    assert warning.message.startswith("no source says how linux reaches the platform")


def test_the_secure_world_is_not_taken_to_speak_virtio() -> None:
    """A partition of which there is a manifest is such an agent; SCMI over FF-A has no format."""
    text = AGENTS + "  sp: {id: 3, scmi: {role: secure}, access: [{dev: /dev@2000}]}\n"
    found = emitted(CC + DEV, text)
    assert not [file.path for file in found.files if "sp." in str(file.path)]
    (note,) = [item for item in found.diagnostics if item.id == "consumer-transport"]
    assert note.severity is Severity.NOTE
    assert note.message == (
        "no source says how sp of the secure world reaches the platform: it gets no tree"
    )


def test_a_transport_that_no_tree_can_have_is_not_called_unsaid() -> None:
    found = told(CC + DEV, agents("type: unix"))
    (warning,) = [item for item in found if item.id == "consumer-transport"]
    assert warning.message == (
        "no device tree can have the transport unix of linux: its tree has arm,scmi-virtio"
    )
    assert warning.hint is not None
    assert warning.hint.startswith("domains: {linux: {scmi: {transport: {type: virtio}}}}")


def test_a_provider_that_stays_is_told_of_with_the_trees_that_have_it() -> None:
    body = CC.replace("reg", "interrupt-controller; #interrupt-cells = <1>; reg", 1) + DEV
    body += 'their@3000 { compatible = "d"; reg = <0x3000>; clocks = <&cc 2>; };'
    assert (
        made(body, AGENTS + "outputs: {consumer: {for: {vm: guest}}}\n", "vm").node("/cc@1000")
        is None
    )
    found = told(body, AGENTS + "outputs: {consumer: {for: {vm: guest}}}\n")
    (note,) = [item for item in found if item.id == "consumer-provider"]
    assert note.message.startswith("/cc@1000 stays enabled in the tree of linux, though")


def test_protocols_are_those_that_the_agent_has_something_of() -> None:
    body = CC + DEV + 'their@3000 { compatible = "d"; reg = <0x3000>; resets = <&rc 1>; };'
    body += 'rc: rc@4000 { compatible = "acme,rc"; reg = <0x4000>; #reset-cells = <1>; };'
    wanted = {
        # An operating system may shut the system down (0x12); a VM is told of it.
        "linux": {"protocol@12": (), "protocol@14": ("#clock-cells",)},
        "vm": {"protocol@12": (), "protocol@16": ("#reset-cells",)},
    }
    for agent, protocols in wanted.items():
        node = made(body, agent=agent).node("/firmware/scmi")
        assert node is not None
        assert list(node.children) == list(protocols)
        for name, provides in protocols.items():
            child = node.children[name]
            assert child.cell("reg") == int(name.partition("@")[2], 16)
            assert [prop for prop in child.properties if prop[0] == "#"] == list(provides)
            assert all(child.cell(prop) == 1 for prop in provides)


def test_the_timeout_of_the_options_holds() -> None:
    text = AGENTS + "outputs: {consumer: {max-rx-timeout-ms: 50}}"
    assert cells_of(made(CC + DEV, text), "/firmware/scmi", "arm,max-rx-timeout-ms") == (50,)


OWN = (
    SHMEM
    + """
    mbox: mbox@5000 { compatible = "arm,mhu"; reg = <0x5000>; #mbox-cells = <1>; };
    firmware { scmi: scmi { compatible = "arm,scmi"; mboxes = <&mbox 0>; mbox-names = "tx";
        shmem = <&shm>; #address-cells = <1>; #size-cells = <0>;
        clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
        rst: protocol@16 { reg = <0x16>; #reset-cells = <1>; };
        vendor: protocol@80 { reg = <0x80>; };
    }; };
    dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <&clk 12>; resets = <&rst 3>; };
    their@3000 { compatible = "d"; reg = <0x3000>; clocks = <&clk 40>; };
"""
)
BOTH = AGENTS.replace("transport: {type: virtio}}, default", "transport: {type: mailbox}}, default")


def test_the_node_of_the_board_stays_as_it_is_for_its_agent() -> None:
    tree = made(OWN, BOTH)
    node = tree.node("/firmware/scmi")
    assert node is not None
    assert node.string("compatible") == "arm,scmi"
    assert refers(tree, "/firmware/scmi", "mboxes", 1) == [("/mbox@5000", 0)]
    assert refers(tree, "/dev@2000", "clocks", 1) == [("/firmware/scmi/protocol@14", 12)]
    # Only system power is new, which an operating system has by its role.
    assert {name: status(tree, each.path) for name, each in node.children.items()} == {
        f"protocol@{number}": None for number in (14, 16, 80, 12)
    }
    assert status(tree, "/their@3000") == "reserved"


def test_the_node_of_the_board_becomes_the_other_agents() -> None:
    tree = made(OWN, BOTH, "vm")
    node = tree.node("/firmware/scmi")
    assert node is not None
    assert node.string("compatible") == "arm,scmi-virtio"
    assert not {"mboxes", "mbox-names", "shmem"} & set(node.properties)
    assert refers(tree, "/their@3000", "clocks", 1) == [("/firmware/scmi/protocol@14", 40)]
    assert status(tree, "/firmware/scmi/protocol@14") is None
    assert status(tree, "/firmware/scmi/protocol@16") == "disabled"
    assert status(tree, "/firmware/scmi/protocol@80") == "disabled"
    assert status(tree, "/dev@2000") == "reserved"


def test_the_channel_of_others_to_another_server_is_reserved() -> None:
    memory = 'shm2: shm2@80002000 { compatible = "arm,scmi-shmem"; reg = <0x80002000 0x1000>; };'
    second = """
        scmi2: scmi-2 { compatible = "arm,scmi-smc"; arm,smc-id = <5>; shmem = <&shm2>;
            #address-cells = <1>; #size-cells = <0>;
            clk2: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
    """
    body = OWN.replace("ranges;", f"ranges; {memory}").replace("firmware {", f"firmware {{{second}")
    body = body.replace("clocks = <&clk 40>", "clocks = <&clk2 40>")
    text = BOTH.replace('[{dev: "*their*"}]', '[{dev: "*their*"}, {dev: "&scmi2"}]').replace(
        "{role: vm, transport: {type: virtio}}", "{role: vm}"
    )
    trees = {file.path: file.content for file in emitted(body, text).files}
    vm = read_blob(trees["scmi-2/consumer/vm.dtb"], "vm.dtb")
    linux = read_blob(trees["scmi/consumer/linux.dtb"], "linux.dtb")
    nodes = ("/firmware/scmi", "/firmware/scmi-2")
    assert [status(vm, node) for node in nodes] == ["reserved", None]
    assert [status(linux, node) for node in nodes] == [None, "reserved"]


def test_labels_of_the_board_are_not_taken_twice() -> None:
    body = CC.replace("cc:", "scmi_clk: cc:") + DEV
    tree = made(body)
    found = refers(tree, "/dev@2000", "clocks", 1)
    assert found == [("/firmware/scmi/protocol@14", 0)]


@pytest.mark.parametrize(
    ("role", "user"),
    [
        ("interrupt-controller; #interrupt-cells = <1>;", ""),
        ("gpio-controller; #gpio-cells = <2>;", ""),
        ("port { ep: endpoint { remote-endpoint = <&far>; }; };", ""),
        ("child@0 { compatible = 'acme,watchdog'; };", ""),
        ("", "user@7000 { compatible = 'u'; reg = <0x7000>; acme,control = <&cc 0x10>; };"),
        ("#dma-cells = <1>;", "user@7000 { compatible = 'u'; reg = <0x7000>; dmas = <&cc 1>; };"),
    ],
    ids=["interrupts", "gpios", "graph", "child", "syscon", "dma"],
)
def test_a_provider_with_another_role_stays_enabled_and_is_told_of(role: str, user: str) -> None:
    body = f"""
    cc: cc@1000 {{ compatible = "acme,cc", "syscon"; reg = <0x1000>; #clock-cells = <1>; {role} }};
    far@8000 {{ reg = <0x8000>; port {{ far: endpoint {{ }}; }}; }};
    {DEV} {user}
    """.replace("'", '"')
    assert status(made(body), "/cc@1000") is None
    (note,) = [item for item in told(body) if item.id == "consumer-provider"]
    assert note.message.startswith("/cc@1000 stays enabled in every agent's tree")


def test_a_provider_with_another_role_refers_to_nothing_that_the_platform_drives() -> None:
    # Linux' syscon takes the first of the clocks of a node, and waits for a disabled one for ever.
    body = """
    up: up@4000 { compatible = "acme,up"; reg = <0x4000>; #clock-cells = <1>; #reset-cells = <1>; };
    xtal: xtal { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };
    cc: cc@1000 { compatible = "acme,cc", "syscon"; reg = <0x1000>; #clock-cells = <1>;
        clocks = <&up 1>, <&xtal>; clock-names = "up", "xtal"; resets = <&up 2>;
        assigned-clocks = <&cc 4>; assigned-clock-rates = <1000000>; };
    dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 1>; acme,regs = <&cc 4>; };
    """
    node = made(body).node("/cc@1000")
    assert node is not None
    assert list(node.properties) == ["compatible", "reg", "#clock-cells", "phandle"]


def test_cpus_of_another_agent_refer_to_nothing_that_it_drives() -> None:
    body = """
    cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
    psci { compatible = "arm,psci-1.0"; method = "smc"; idle: pd { #power-domain-cells = <0>; }; };
    table: table { compatible = "operating-points-v2"; slow { opp-hz = /bits/ 64 <100000000>; }; };
    i2c@5000 { compatible = "acme,i2c"; reg = <0x5000>; #address-cells = <1>; #size-cells = <0>;
        pmic@9 { compatible = "acme,pmic"; reg = <9>; vdd: vdd { regulator-min-microvolt = <700000>;
            regulator-max-microvolt = <900000>; }; }; };
    cpus { #address-cells = <1>; #size-cells = <0>;
        cpu@0 { device_type = "cpu"; reg = <0>; compatible = "arm,cortex-a55"; clocks = <&cc 1>;
            power-domains = <&idle>; cpu-supply = <&vdd>; operating-points-v2 = <&table>; }; };
    their@3000 { compatible = "d"; reg = <0x3000>; clocks = <&cc 2>; };
    """
    node = made(body, agent="vm").node("/cpus/cpu@0")
    assert node is not None
    assert list(node.properties) == ["device_type", "reg", "compatible", "power-domains"]


def test_devices_of_others_that_use_nothing_of_the_platform_are_reserved() -> None:
    body = (
        OTHERS.replace("clocks = <&cc 4>;", "clocks = <&cc 4>; pinctrl-0 = <&uart>;")
        + """
    wd: watchdog@7000 { compatible = "arm,sp805"; reg = <0x7000>; };
    gpio: gpio@8000 { compatible = "acme,gpio"; reg = <0x8000>; gpio-controller;
                      #gpio-cells = <2>; };
    leds { compatible = "gpio-leds"; led { gpios = <&gpio 1 0>; }; };
    beep { compatible = "gpio-beeper"; gpios = <&gpio 2 0>; };
    pins: pinctrl@9000 { compatible = "acme,pins"; reg = <0x9000>; uart: uart { }; };
    timer { compatible = "arm,armv8-timer"; };
    psci { compatible = "arm,psci-1.0"; method = "smc"; };
    xtal: clock@a { compatible = "fixed-clock"; reg = <0xa>; #clock-cells = <0>;
                    clock-frequency = <1>; };
    """
    )
    paths = ("/watchdog@7000", "/gpio@8000", "/beep", "/leds")
    kept = ("/timer", "/psci", "/clock@a", "/pinctrl@9000")
    linux, vm = made(body), made(body, agent="vm")
    assert {status(vm, path) for path in paths} == {"reserved"}
    assert {status(vm, path) for path in kept} == {None}
    assert {status(linux, path) for path in (*paths, *kept)} == {None}


def test_what_only_the_secure_world_uses_is_in_no_other_agents_tree() -> None:
    body = (
        OTHERS
        + """
    wdt@7000 { compatible = "w"; reg = <0x7000>; clocks = <&cc 8>; status = "disabled";
               secure-status = "okay"; };
    """
    )
    text = AGENTS + "  tee: {id: 3, scmi: {role: secure, transport: {type: optee, channel: 0}}}\n"
    for agent, wanted in (("linux", "disabled"), ("vm", "disabled"), ("tee", "okay")):
        node = made(body, text, agent).node("/wdt@7000")
        assert node is not None
        assert node.string("secure-status") == wanted
        assert node.string("status") == "disabled"
    assert status(made(body, text, "tee"), "/dev@2000") == "reserved"


def test_what_another_agent_drives_natively_is_reserved() -> None:
    body = (
        OTHERS
        + """
    gpio: gpio@7000 { compatible = "acme,gpio"; reg = <0x7000>; gpio-controller;
                      #gpio-cells = <2>; };
    rail: rail { compatible = "regulator-fixed"; gpio = <&gpio 1 0>; };
    user2@8000 { compatible = "u"; reg = <0x8000>; vdd-supply = <&rail>; };
    """
    )
    assert status(made(body, agent="vm"), "/rail") == "reserved"
    assert status(made(body), "/rail") is None


def test_a_device_that_is_the_platforms_by_what_is_below_it_is_disabled() -> None:
    body = """
    cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
    dsi@4000 { compatible = "acme,dsi"; reg = <0x4000>; clocks = <&cc 3>; #address-cells = <1>;
        #size-cells = <0>; panel: panel@0 { compatible = "acme,panel"; reg = <0>;
            regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>; }; };
    dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 1>; vdd-supply = <&panel>; };
    """
    tree = made(body, AGENTS + 'platform: {managed: ["&panel"]}')
    assert status(tree, "/dsi@4000") == "disabled"
    assert refers(tree, "/dsi@4000", "clocks", 1) == [("/cc@1000", 3)]


def test_a_provider_without_another_role_is_disabled() -> None:
    body = CC.replace('"acme,cc"', '"acme,cc", "syscon"') + DEV
    assert status(made(body), "/cc@1000") == "disabled"
    assert not [item for item in told(body) if item.id == "consumer-provider"]


def test_rails_of_a_chip_with_other_devices_are_disabled_one_by_one() -> None:
    body = """
    chip@1000 { compatible = "acme,pmic"; reg = <0x1000>;
        rtc { compatible = "acme,rtc"; };
        regulators { vdd: vdd { regulator-min-microvolt = <700000>;
                                regulator-max-microvolt = <900000>; }; };
    };
    dev@2000 { compatible = "d"; reg = <0x2000>; core-supply = <&vdd>; };
    """
    tree = made(body, AGENTS + 'platform: {managed: ["/chip@1000/regulators"]}')
    assert status(tree, "/chip@1000") is None
    assert status(tree, "/chip@1000/rtc") is None
    assert status(tree, "/chip@1000/regulators/vdd") == "disabled"


OTHERS = (
    CC
    + DEV
    + """
    aliases { mine = "/dev@2000"; theirs = "/their@3000"; };
    their: their@3000 { compatible = "d"; reg = <0x3000>; clocks = <&cc 4>; };
    their2@4000 { compatible = "d"; reg = <0x4000>; clocks = <&cc 5>; };
    user@5000 { compatible = "u"; reg = <0x5000>; clocks = <&cc 6>; phy = <&their>; };
    """
)


def test_nodes_of_others_are_reserved() -> None:
    linux, vm = made(OTHERS), made(OTHERS, agent="vm")
    assert [status(linux, path) for path in ("/their@3000", "/dev@2000")] == ["reserved", None]
    assert [status(vm, path) for path in ("/their@3000", "/dev@2000")] == [None, "reserved"]


def test_nodes_of_others_are_removed_unless_what_stays_refers_to_them() -> None:
    text = AGENTS + "outputs: {consumer: {others: removed}}"
    linux, vm = made(OTHERS, text), made(OTHERS, text, "vm")
    # user@5000 of linux works through their@3000.
    assert status(linux, "/their@3000") == "reserved"
    assert linux.node("/their2@4000") is None
    assert vm.node("/dev@2000") is None
    assert vm.node("/user@5000") is None
    names = vm.node("/aliases")
    assert names is not None
    assert list(names.properties) == ["theirs"]


def test_what_is_made_for_nodes_that_go_goes_with_them() -> None:
    # The rail is made for user@9000 alone, which is of nobody and so not the guest's.
    body = (
        OTHERS
        + """
    spi: spi@7000 { compatible = "acme,spi"; reg = <0x7000>; #address-cells = <1>;
        #size-cells = <0>; pmic@0 { compatible = "acme,pmic"; reg = <0>;
            s3: s3 { regulator-always-on; regulator-min-microvolt = <3300000>;
                     regulator-max-microvolt = <3300000>; }; }; };
    user@9000 { compatible = "u"; reg = <0x9000>; vdd-supply = <&s3>; };
    """
    )
    text = AGENTS + 'platform: {devices: ["&spi"]}\noutputs: {consumer: {for: guest}}'
    tree = made(body, text, "vm")
    assert [node.name for node in tree.root.children.values()] == [
        *("aliases", "their@3000", "their2@4000", "firmware"),
    ]


def test_what_a_shared_controller_switches_is_a_guests_only_if_it_uses_it() -> None:
    body = (
        OTHERS.replace("clocks = <&cc 4>;", "clocks = <&cc 4>; vdd-supply = <&used>;")
        + """
    gpio: gpio@7000 { compatible = "acme,gpio"; reg = <0x7000>; gpio-controller;
                      #gpio-cells = <2>; clocks = <&cc 7>; };
    used: used { compatible = "regulator-fixed"; gpio = <&gpio 1 0>; };
    unused: unused { compatible = "regulator-fixed"; gpio = <&gpio 2 0>; };
    """
    )
    shared = '[{dev: "*their*"}, {dev: "&gpio", flags: {shared: true}}]'
    text = AGENTS.replace('[{dev: "*their*"}]', shared) + "outputs: {consumer: {for: guest}}"
    tree = made(body, text, "vm")
    assert status(tree, "/used") is None
    assert tree.node("/unused") is None


def test_the_tree_of_a_guest_has_its_devices_and_what_they_refer_to() -> None:
    body = (
        OTHERS.replace("clocks = <&cc 4>;", "clocks = <&cc 4>; phys = <&phy>;")
        + """
    phy: phy@6000 { compatible = "acme,phy"; reg = <0x6000>; #phy-cells = <0>;
                    vdd-supply = <&rail>; };
    rail: rail { compatible = "regulator-fixed"; };
    unused: unused { compatible = "regulator-fixed"; };
    cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = "cpu"; reg = <0>; }; };
    memory@80000000 { device_type = "memory"; reg = <0x80000000 0x1000>; };
    """
    )
    tree = made(body, AGENTS + "outputs: {consumer: {for: guest}}", "vm")
    tops = [node.name for node in tree.root.children.values()]
    assert tops == ["aliases", "their@3000", "their2@4000", "phy@6000", "rail", "firmware"]
