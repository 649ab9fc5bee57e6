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


def test_the_bus_of_a_regulator_that_the_platform_drives_is_the_platforms() -> None:
    body = (
        CC
        + """
    i2c@5000 { compatible = "acme,i2c"; reg = <0x5000>; #address-cells = <1>; #size-cells = <0>;
        clocks = <&cc 5>;
        buck: buck@9 { compatible = "acme,buck"; reg = <9>; regulator-min-microvolt = <700000>;
                       regulator-max-microvolt = <900000>; }; RTC };
    dev@2000 { compatible = "d"; reg = <0x2000>; core-supply = <&buck>; };
    """
    )
    text = AGENTS + 'platform: {managed: ["&buck"]}'
    tree = made(body.replace("RTC", ""), text)
    assert status(tree, "/i2c@5000") == "reserved"
    # A device of linux on the bus keeps it enabled, without what is the platform's.
    tree = made(body.replace("RTC", 'rtc@a { compatible = "acme,rtc"; reg = <10>; };'), text)
    assert status(tree, "/i2c@5000") is None
    node = tree.node("/i2c@5000")
    assert node is not None
    assert "clocks" not in node
    assert status(tree, "/i2c@5000/rtc@a") is None
    assert status(tree, "/i2c@5000/buck@9") == "disabled"
