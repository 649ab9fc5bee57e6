"""A file of platform, outputs, checks or waivers is not about agents: those of the board stay."""

import pytest
from assigned import assigned
from support import SOC, model_of, soc, tree_of

from scmigen.assignment.assignment import Assignment
from scmigen.bindings.facts import ResourceKey
from scmigen.runtime import Role
from scmigen.scmi.protocols import Kind

UART = 'uart: serial@1 { compatible = "acme,uart"; clocks = <&cc 1>; };'
#: A device that only the secure world reaches.
SECURE = 'rng: rng { clocks = <&cc 2>; status = "disabled"; secure-status = "okay"; };'
FILES = [
    "platform: {vendor: acme}",
    "platform: {}",
    "outputs: {consumer: {os: {ospm: u-boot}}}",
    "checks: {console-missing: {severity: off, reason: none there}}",
    "waivers: [{check: console-missing, message: x, reason: none there}]",
    "format: scmigen-agents-1\nplatform: {vendor: acme}",
]


def agents(found: Assignment) -> list[tuple[int, str, Role, bool]]:
    return [(agent.id, agent.name, agent.role, agent.default) for agent in found.agents]


@pytest.mark.parametrize("text", FILES)
def test_one_operating_system_has_every_device(text: str) -> None:
    assert agents(assigned(soc(UART), text)) == [(1, "ospm", Role.OSPM, True)]
    both = [(1, "ospm", Role.OSPM, True), (2, "secure", Role.SECURE, False)]
    assert agents(assigned(soc(UART + SECURE), text)) == both


def test_what_the_file_says_holds() -> None:
    text = """platform:
  vendor: acme
  always-on: [{clock: '&cc 1'}]
  owners: [{clock: '&cc 1', agent: ospm}]
  devices: ['&uart']
outputs: {consumer: {os: {ospm: u-boot}}}
checks: {console-missing: {severity: error, reason: it has one}}
"""
    found = assigned(soc(UART), text)
    key = ResourceKey(Kind.CLOCK, "/clock-controller@1000", (1,))
    assert [item.key for item in found.options.always_on] == [key]
    assert [(owner.agent, owner.key) for owner in found.options.owners] == [("ospm", key)]
    assert [(claim.agent, claim.node.path) for claim in found.claims] == [(None, "/serial@1")]
    assert [(item.word, item.severity) for item in found.switches] == [("console-missing", "error")]
    assert found.options.vendor == "acme"
    assert found.options.outputs.given


def test_another_source_may_describe_the_agents() -> None:
    """A second file, and the domains of the tree."""
    found = assigned(soc(UART), FILES[0], "domains: {linux: {id: 1, default: true}}")
    assert agents(found) == [(1, "linux", Role.OTHER, True)]
    domain = """domains { vm: vm { compatible = "openamp,domain-v1"; id = <1>; access = <&uart 0>;
        #access-flags-cells = <1>; }; };"""
    assert [agent.name for agent in assigned(soc(UART + domain), FILES[0]).agents] == ["vm"]


SERVER = """scmi { compatible = "optee,scmi-server"; #address-cells = <1>; #size-cells = <0>;
    agent@1 { compatible = "linaro,scmi-optee"; reg = <1>; scmi-channel-id = <0>;
      #address-cells = <1>; #size-cells = <0>;
      protocol@14 { reg = <0x14>; clocks { #address-cells = <1>; #size-cells = <0>;
        clock@3 { reg = <3>; domain-name = "ck_a"; clocks = <&cc 7>; }; }; }; }; };"""


def test_a_server_description_stays_the_only_one_of_agents() -> None:
    """OP-TEE's tree has the devices of the platform, with a file of the platform as without."""
    for texts in ((), FILES[:1]):
        found = assigned(soc(UART + SERVER), *texts)
        assert [agent.name for agent in found.agents] == ["agent-1"]
        assert [(claim.agent, claim.node.path) for claim in found.claims] == [(None, "/")]


#: A regulator on a bus of the secure world, which a device of the other one uses.
PMIC = """bus: i2c@9 { compatible = "acme,i2c"; reg = <9>; clocks = <&cc 3>; status = "disabled";
    secure-status = "okay"; #address-cells = <1>; #size-cells = <0>;
    pmic: pmic@1 { compatible = "acme,pmic"; reg = <1>;
      buck: buck { regulator-name = "buck"; }; }; };
    d { compatible = "acme,d"; x-supply = <&buck>; };"""


@pytest.mark.parametrize("word", ["managed", "local"])
def test_what_the_file_says_of_a_provider_of_the_secure_world_holds(word: str) -> None:
    tree = tree_of(PMIC + SOC)
    buck = "/i2c@9/pmic@1/buck"
    assert model_of(tree).providers[buck].category == "managed"
    assert [item.id for item in assigned(tree).diagnostics] == ["provider-secure"]
    text = f"platform: {{{word}: ['&pmic']}}"
    assert assigned(tree, text).diagnostics == ()
    assert model_of(tree, text).providers[buck].category == word
