"""Nodes in an agent's tree that are not the agent's: what it runs on, what its devices are below,
and fixed providers in between."""

from pathlib import Path

import pytest
from consumer_oracle import emitted as of_platform
from consumer_oracle import judge
from consumer_trees import AGENTS, made, refers, status, told
from support import tree_of

import scmigen

CC = 'cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };'
#: A fixed factor between the clock and a device of the VM.
HALF = """
    half: half { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&cc 3>;
                 clock-div = <2>; clock-mult = <1>; };
"""


def test_a_fixed_provider_stays_for_who_uses_what_is_behind_it() -> None:
    body = CC + HALF + 'their@2000 { compatible = "d"; reg = <0x2000>; clocks = <&half>; };'
    tree = made(body, agent="vm")
    assert status(tree, "/half") is None
    assert refers(tree, "/half", "clocks", 1) == [("/firmware/scmi/protocol@14", 0)]
    assert refers(tree, "/their@2000", "clocks", 0) == [("/half",)]


#: A node of linux in the VM's tree, which names a clock that the VM has, too → its path.
ABOVE = """
    bus: bus@3000 { compatible = "acme,bus"; reg = <0x3000>; clocks = <&cc 3>, <&cc 4>;
        #address-cells = <1>; #size-cells = <0>;
        their@0 { compatible = "d"; reg = <0>; clocks = <&cc 3>; }; };
"""
CPU = """
    cpus { #address-cells = <1>; #size-cells = <0>;
        cpu@0 { device_type = "cpu"; compatible = "c"; reg = <0>; clocks = <&cc 3>, <&cc 4>; }; };
    their@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 3>; };
"""


@pytest.mark.parametrize(
    ("body", "path"),
    [
        pytest.param(ABOVE, "/bus@3000", id="the bus above a device"),
        pytest.param(CPU, "/cpus/cpu@0", id="a CPU that it runs on"),
    ],
)
def test_others_nodes_that_stay_ask_the_platform_for_nothing(body: str, path: str) -> None:
    tree = made(CC + body, agent="vm")
    node = tree.node(path)
    assert node is not None
    assert status(tree, path) is None
    assert "clocks" not in node
    # Nobody misses it there.
    assert [item.id for item in told(CC + body)] == []


def test_cpus_of_others_have_failed_for_an_agent_with_cpus_of_its_own() -> None:
    """Linux starts every other CPU, also one that is reserved."""
    body = """
    cpus { #address-cells = <1>; #size-cells = <0>;
        cpu@0 { device_type = "cpu"; compatible = "c"; reg = <0>; clocks = <&cc 3>; };
        their: cpu@1 { device_type = "cpu"; compatible = "c"; reg = <1>; clocks = <&cc 4>; }; };
    """
    agents = AGENTS.replace("*their*", "&their")
    for agent, other in (("linux", "/cpus/cpu@1"), ("vm", "/cpus/cpu@0")):
        assert status(made(CC + body, agents, agent), other) == "fail"


def test_a_shared_device_brings_an_agent_what_it_has_of_it(tmp_path: Path) -> None:
    """The server's table has the device with the reset, which one of its agents owns."""
    body = CC + 'rc: rc@1800 { compatible = "acme,rc"; reg = <0x1800>; #reset-cells = <1>; };'
    body += (
        'both: b@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 3>; resets = <&rc 5>; };'
    )
    agents = AGENTS.replace('{dev: "*their*"}', '{dev: "&both", flags: {shared: true}}')
    agents += 'platform: {owners: [{reset: "&rc 5", agent: vm}]}\n'
    result = scmigen.compile(tree_of(body), agents=scmigen.Text("agents.yaml", agents))
    assert result.ok
    (platform,) = result.platforms
    for agent in ("linux", "vm"):
        assert judge(platform, agent, of_platform(platform)[0], tmp_path).faults == []


#: GPIOs that linux drives natively, for what uses nothing of the platform.
GPIO = """
    gpio: gpio@7000 { compatible = "acme,gpio"; reg = <0x7000>; gpio-controller;
                      #gpio-cells = <2>; };
"""
THEIR = 'their: their@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 3>; };'


def test_what_works_through_something_that_works_through_a_reserved_node_is_reserved() -> None:
    body = (
        CC
        + THEIR
        + GPIO
        + """
    light: backlight { compatible = "gpio-backlight"; gpios = <&gpio 1 0>; };
    panel { compatible = "acme,panel"; backlight = <&light>;
            port { far: endpoint { remote-endpoint = <&near>; }; }; };
    hdmi { compatible = "hdmi-connector";
           port { near: endpoint { remote-endpoint = <&far>; }; }; };
    """
    )
    vm, linux = made(body, agent="vm"), made(body)
    for path, word in (("/backlight", "reserved"), ("/panel", "reserved"), ("/hdmi", None)):
        assert status(vm, path) == word
        assert status(linux, path) is None


def test_a_zone_whose_sensor_another_agent_drives_is_disabled_and_told_of() -> None:
    body = (
        CC
        + """
    their@3000 { compatible = "acme,ts"; reg = <0x3000>; clocks = <&cc 3>;
                 ts: sensor { #thermal-sensor-cells = <1>; }; };
    own: own@4000 { compatible = "acme,ts"; reg = <0x4000>; #thermal-sensor-cells = <1>; };
    thermal-zones { hot { thermal-sensors = <&ts 1>; }; cool { thermal-sensors = <&own 0>; }; };
    """
    )
    text = AGENTS + 'platform: {local: ["/their@3000/sensor", "&own"]}'
    tree = made(body, text)
    assert status(tree, "/thermal-zones/hot") == "disabled"
    assert status(tree, "/thermal-zones/cool") is None
    (lost,) = [item for item in told(body, text) if item.id == "consumer-lost"]
    assert lost.message.startswith("/thermal-zones/hot thermal-sensors[0] is sensor")
    assert lost.message.endswith("to which linux has no access")


def test_the_bus_of_a_regulator_of_the_platform_stays_for_others_on_it_and_uses_nothing() -> None:
    body = (
        CC
        + """
    i2c@5000 { compatible = "acme,i2c"; reg = <0x5000>; #address-cells = <1>; #size-cells = <0>;
        clocks = <&cc 5>;
        buck: buck@9 { compatible = "acme,buck"; reg = <9>; regulator-min-microvolt = <700000>;
                       regulator-max-microvolt = <900000>; };
        rtc@a { compatible = "acme,rtc"; reg = <10>; }; };
    dev@2000 { compatible = "d"; reg = <0x2000>; core-supply = <&buck>; };
    """
    )
    text = AGENTS + 'platform: {managed: ["&buck"]}'
    # A device of linux on the bus keeps it enabled there, without what is the platform's.
    tree = made(body, text)
    assert status(tree, "/i2c@5000") is None
    node = tree.node("/i2c@5000")
    assert node is not None
    assert "clocks" not in node
    assert status(tree, "/i2c@5000/rtc@a") is None
    assert status(tree, "/i2c@5000/buck@9") == "disabled"
    assert status(made(body, text, "vm"), "/i2c@5000") == "reserved"


#: The VM's device switches a card by linux's GPIOs, through a part of its own and one of nobody.
CARD = (
    CC
    + THEIR.replace(
        "clocks = <&cc 3>;", "clocks = <&cc 3>; cd-gpios = <&gpio 1 0>; mmc-pwrseq = <&seq>;"
    )
    + GPIO
    + """
    their-rail { compatible = "regulator-fixed"; gpio = <&gpio 2 0>; };
    seq: seq { compatible = "mmc-pwrseq-simple"; reset-gpios = <&gpio 3 0>; };
    """
).replace("gpio-controller;", "gpio-controller; clocks = <&cc 6>;")


def test_what_waits_for_a_reserved_controller_is_told_once_for_each() -> None:
    (found,) = [item for item in told(CARD) if item.id == "consumer-foreign"]
    assert found.message == (
        "vm: /their@2000 and 2 other nodes refer to &gpio (cd-gpios, gpio and reset-gpios), which "
        "is linux's and so reserved in this tree"
    )
    assert [item.message for item in found.related] == [
        "/their-rail gpio[0]",
        "/seq reset-gpios[0]",
    ]
    assert found.hint == (
        'access: [{dev: "&gpio", flags: {shared: true}}] in vm shares it; or give &gpio and what '
        "works through it to one agent"
    )


def test_nothing_waits_for_a_controller_that_is_shared_as_the_hint_says() -> None:
    text = AGENTS.replace("access: [", 'access: [{dev: "&gpio", flags: {shared: true}}, ')
    assert status(made(CARD, text, "vm"), "/gpio@7000") is None
    assert "consumer-foreign" not in {item.id for item in told(CARD, text)}


@pytest.mark.parametrize(
    ("cells", "use", "is_told"),
    [
        ("#dma-cells = <1>;", "dmas = <&x 1>;", True),
        ("#phy-cells = <0>;", "phys = <&x>;", True),
        ("#iommu-cells = <0>;", "iommus = <&x>;", False),
        ("", "syscon = <&x>;", False),
    ],
    ids=["dma", "phy", "iommu", "syscon"],
)
def test_only_what_a_driver_waits_for_is_told(cells: str, use: str, is_told: bool) -> None:
    body = (
        CC
        + THEIR.replace("clocks = <&cc 3>;", f"clocks = <&cc 3>; {use}")
        + 'x: x@6000 { compatible = "acme,x"; reg = <0x6000>; clocks = <&cc 4>; '
        + cells
        + " };"
    )
    assert status(made(body, agent="vm"), "/x@6000") == "reserved"
    assert ("consumer-foreign" in {item.id for item in told(body)}) is is_told


def test_a_node_with_a_child_called_status_is_left_to_others_by_its_children() -> None:
    leds = 'leds { compatible = "gpio-leds"; status { gpios = <&gpio 1 0>; }; LED };'
    tree = made(
        CC + THEIR + GPIO + leds.replace("LED", "power { gpios = <&gpio 2 0>; };"), agent="vm"
    )
    assert status(tree, "/leds") is None
    assert [status(tree, f"/leds/{name}") for name in ("status", "power")] == ["reserved"] * 2
