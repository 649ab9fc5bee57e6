"""The base protocol, byte by byte."""

import pytest
from scmi_wire import (
    BASE,
    CLOCK,
    DENIED,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    POWER,
    SUCCESS,
    VOLTAGE,
    words,
)


def test_version_byte_by_byte(platform):
    # header: message 0, command, protocol 0x10, token 1 = 0x00044000; reply: status 0, 2.1
    (frame,) = platform.linux.agent.handle(bytes.fromhex("00400400"))
    assert frame == bytes.fromhex("004004000000000001000200")


@pytest.mark.parametrize(
    ("profile", "versions"),
    [
        (
            "platform",
            {0x10: 0x20001, 0x11: 0x30001, 0x12: 0x20001, 0x13: 0x40000, 0x14: 0x30000}
            | {0x15: 0x30001, 0x16: 0x30001, 0x17: 0x20001},
        ),
        (
            "platform_2_0",
            {0x10: 0x20000, 0x11: 0x20000, 0x12: 0x10000, 0x13: 0x20000, 0x14: 0x10000}
            | {0x15: 0x10000, 0x16: 0x10000},
        ),
    ],
    ids=["3.2", "2.0"],
)
def test_each_release_reports_its_protocol_versions(profile, versions, request):
    linux = request.getfixturevalue(profile).linux
    assert {protocol: linux.words(protocol, 0)[0] for protocol in versions} == versions


def test_attributes_count_agents_and_protocols_without_base(platform, platform_2_0):
    assert platform.linux.words(BASE, 1) == [3 << 8 | 7]
    assert platform.vm1.words(BASE, 1) == [3 << 8 | 3]
    assert platform_2_0.linux.words(BASE, 1) == [3 << 8 | 6]  # no voltage in release 2.0


def test_vendor_sub_vendor_and_implementation_are_those_of_the_configuration(platform):
    assert platform.linux.ask(BASE, 3) == (SUCCESS, words("acme"))
    assert platform.linux.ask(BASE, 4) == (SUCCESS, words("lab"))
    assert platform.linux.ask(BASE, 5) == (SUCCESS, words(7))


def test_list_protocols_is_padded_to_words(platform):
    data = bytes([0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0])
    assert platform.linux.ask(BASE, 6, 0) == (SUCCESS, words(7) + data)
    assert platform.linux.ask(BASE, 6, 5) == (SUCCESS, words(2) + bytes([0x16, 0x17, 0, 0]))
    assert platform.vm1.ask(BASE, 6, 0) == (SUCCESS, words(3) + bytes([0x11, 0x13, 0x14, 0]))
    assert platform.hypervisor.ask(BASE, 6, 0) == (SUCCESS, words(1) + bytes([0x14, 0, 0, 0]))


def test_list_protocols_beyond_the_end(platform):
    assert platform.linux.ask(BASE, 6, 7) == (SUCCESS, words(0))
    assert platform.linux.status(BASE, 6, 8) == INVALID_PARAMETERS
    assert platform.linux.status(BASE, 6, 0xFFFF_FFFF) == INVALID_PARAMETERS


@pytest.mark.parametrize("profile", ["platform", "platform_2_0"], ids=["3.2", "2.0"])
def test_agents_are_discovered_by_id_and_an_agent_finds_itself(profile, request):
    vm1 = request.getfixturevalue(profile).vm1
    assert vm1.ask(BASE, 7, 0) == (SUCCESS, words(0, "platform"))
    assert vm1.ask(BASE, 7, 1) == (SUCCESS, words(1, "linux"))
    assert vm1.ask(BASE, 7, 0xFFFF_FFFF) == (SUCCESS, words(2, "vm1"))
    assert vm1.status(BASE, 7, 4) == NOT_FOUND


def test_message_attributes_know_what_is_there(platform, platform_2_0):
    assert platform.linux.words(BASE, 2, 7) == [0]
    assert platform.linux.words(BASE, 2, 8) == [0]
    assert platform.linux.status(BASE, 2, 0xF) == NOT_FOUND
    assert platform.linux.status(BASE, 2, 0x110) == NOT_FOUND  # is not message 0x10
    assert platform.linux.words(POWER, 2, 8) == [0]
    assert platform_2_0.linux.status(POWER, 2, 8) == NOT_FOUND  # names came with 3.1


def test_permission_messages_need_the_permission(platform):
    for message in (9, 0xA, 0xB):
        assert platform.linux.status(BASE, 2, message) == NOT_FOUND
        assert platform.hypervisor.words(BASE, 2, message) == [0]
    assert platform.linux.status(BASE, 9, 1, 0, 1) == DENIED
    assert platform.linux.status(BASE, 0xB, 1, 0) == DENIED
    assert platform.log == [
        "linux: BASE_SET_DEVICE_PERMISSIONS on device 0 (gpu) for agent 1 (linux): DENIED",
        "linux: BASE_RESET_AGENT_CONFIGURATION on agent 1 (linux): DENIED",
    ]


@pytest.mark.parametrize("version", [0x30001, 0x30000, 0x21000, 0x20000])
def test_negotiate_takes_the_versions_of_all_releases(platform, version):
    assert platform.linux.ask(POWER, 0x10, version) == (SUCCESS, b"")
    assert platform.linux.words(POWER, 0) == [0x30001]  # what it could have


@pytest.mark.parametrize("version", [0, 0x10000, 0x20001, 0x30002, 0x40000, 0xFFFF_FFFF])
def test_negotiate_refuses_what_no_release_has(platform, version):
    assert platform.linux.ask(POWER, 0x10, version) == (NOT_SUPPORTED, b"")


def test_negotiate_came_with_release_3_2(platform, platform_2_0):
    assert platform.linux.words(CLOCK, 2, 0x10) == [0]
    assert platform_2_0.linux.status(POWER, 0x10, 0x20000) == NOT_FOUND


def test_protocol_without_grants_is_denied_not_unknown(platform, platform_2_0):
    for number in (0, 1, 2, 3, 0x77):
        assert platform.vm1.status(VOLTAGE, number, 0) == DENIED
    assert platform.vm1.status(0x18, 0) == DENIED
    assert platform.vm1.status(0x80, 0) == NOT_SUPPORTED
    assert platform_2_0.linux.status(VOLTAGE, 0) == NOT_SUPPORTED
