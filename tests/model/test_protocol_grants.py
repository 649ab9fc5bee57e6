"""Rights on whole protocols: changing permissions, and the power of the system."""

import pytest
from support import model_of, soc

from scmigen.model.protocol_grants import Right
from scmigen.scmi.protocols import Protocol
from scmigen.targets.runtime.configuration import to_runtime

AGENT = "domains: {x: {id: 1, default: true, scmi: {role: %s}}}"

BY_ROLE = [
    pytest.param("ospm", ["system-power"], id="ospm"),
    pytest.param("psci", ["system-power"], id="psci"),
    pytest.param("hypervisor", ["permissions", "system-power"], id="hypervisor"),
    pytest.param("secure", [], id="secure"),
    pytest.param("vm", ["system-power"], id="vm"),
    pytest.param("other", [], id="other"),
    pytest.param("vm, permissions: true", ["permissions", "system-power"], id="trusted vm"),
    pytest.param("ospm, system-power: none", [], id="ospm that has nothing"),
    pytest.param("hypervisor, permissions: false", ["system-power"], id="hypervisor that is not"),
]


@pytest.mark.parametrize(("entry", "expected"), BY_ROLE)
def test_the_rights_of_a_role(entry: str, expected: list[str]) -> None:
    (platform,) = model_of(soc(""), AGENT % entry).platforms
    assert [grant.right for grant in platform.protocol_grants] == expected
    (agent,) = platform.agents
    for right in Right:
        assert platform.has_right(agent, right) is (right in expected)


SYSTEM_POWER = [
    pytest.param("ospm", ("state", "read"), "its role is ospm", id="ospm"),
    pytest.param("vm", ("read",), "its role is vm", id="vm"),
    pytest.param(
        "vm, system-power: set", ("state", "read"), "its entry says system-power: set", id="set"
    ),
    pytest.param(
        "ospm, system-power: told", ("read",), "its entry says system-power: told", id="told"
    ),
    pytest.param(
        "other, system-power: told", ("read",), "its entry says system-power: told", id="other"
    ),
]


@pytest.mark.parametrize(("entry", "operations", "because"), SYSTEM_POWER)
def test_to_set_and_to_be_told_of_system_power(
    entry: str, operations: tuple[str, ...], because: str
) -> None:
    (platform,) = model_of(soc(""), AGENT % entry).platforms
    (grant,) = platform.protocol_grants
    assert (grant.operations, grant.because) == (operations, because)
    (agent,) = to_runtime(platform).agents
    assert agent.system_power is ("state" in operations)
    assert agent.system_power_told is (operations == ("read",))


def test_a_right_says_why() -> None:
    entry = "other, permissions: true"
    (grant,) = model_of(soc(""), AGENT % entry).platforms[0].protocol_grants
    assert grant.because == "its entry says permissions: true"
    (grant,) = model_of(soc(""), AGENT % "ospm").platforms[0].protocol_grants
    assert grant.because == "its role is ospm"


def test_rights_open_messages_of_protocols() -> None:
    assert Right.PERMISSIONS.protocol is Protocol.BASE
    assert Right.SYSTEM_POWER.protocol is Protocol.SYSTEM
