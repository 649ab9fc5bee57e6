"""Base messages 0x9 to 0xB: what a trusted agent opens and closes for the others.

Devices: gpu (0) is vm1's, and linux may be given it; uart (1) with clocks 0 and 1 and reset 0,
spi (2) with clock 1 and thermal (3) with sensor 1 are linux's.
"""

import json
from pathlib import Path

import msgspec
import pytest
from scmi_wire import (
    BASE,
    CLOCK,
    DENIED,
    INVALID_PARAMETERS,
    NOT_FOUND,
    OFF,
    ON,
    POWER,
    RESET,
    SENSOR,
    SUCCESS,
    VOLTAGE,
)

from scmigen import runtime

LINUX, VM1 = 1, 2
GPU, UART, SPI, THERMAL = range(4)
DENY, ALLOW = 0, 1


def set_device(platform, agent, device, flags):
    return platform.hypervisor.status(BASE, 9, agent, device, flags)


def test_wrong_agents_devices_and_flags_are_refused(platform):
    assert set_device(platform, 4, GPU, ALLOW) == NOT_FOUND
    assert set_device(platform, LINUX, 99, ALLOW) == NOT_FOUND
    assert set_device(platform, LINUX, GPU, 0xF) == INVALID_PARAMETERS
    assert set_device(platform, 0, GPU, DENY) == DENIED  # the platform's own
    assert set_device(platform, VM1, UART, ALLOW) == DENIED  # not assignable to vm1
    hypervisor = platform.hypervisor
    assert hypervisor.status(BASE, 0xA, LINUX, UART, BASE, DENY) == NOT_FOUND
    assert hypervisor.status(BASE, 0xA, LINUX, UART, POWER, DENY) == NOT_FOUND
    assert hypervisor.status(BASE, 0xA, LINUX, UART, 0x14, 0xF) == INVALID_PARAMETERS
    assert hypervisor.status(BASE, 0xB, 4, 0) == NOT_FOUND
    assert hypervisor.status(BASE, 0xB, LINUX, 2) == INVALID_PARAMETERS


def test_an_assignable_device_can_be_seen_before_it_is_given(platform):
    linux = platform.linux
    assert linux.status(CLOCK, 3, 2) == SUCCESS
    assert linux.words(CLOCK, 4, 2, 17) == [1, 18000, 0]
    for message, values in ((5, (0, 2, 1000, 0)), (6, (2,)), (7, (2, 1, 0))):
        assert linux.status(CLOCK, message, *values) == DENIED
    assert linux.status(POWER, 4, 0, 2, ON) == DENIED


def test_permissions_of_a_clock_are_those_of_its_holder_before_it_is_given(platform):
    """Linux asks once, and never switches a clock that it may not switch by CLOCK_GET_PERMISSIONS
    (drivers/clk/clk-scmi.c): a device that came later would be without it."""
    linux, vm1 = platform.linux, platform.vm1
    state_and_rate = 1 << 31 | 1 << 29
    before = linux.words(CLOCK, 0xF, 2), linux.words(CLOCK, 3, 2)[0]
    assert before == ([state_and_rate], vm1.words(CLOCK, 3, 2)[0])
    set_device(platform, VM1, GPU, DENY)
    set_device(platform, LINUX, GPU, ALLOW)
    assert (linux.words(CLOCK, 0xF, 2), linux.words(CLOCK, 3, 2)[0]) == before
    assert vm1.words(CLOCK, 0xF, 2) == [state_and_rate]


def test_the_state_at_boot_is_told_before_a_device_is_given(full_with):
    """Linux asks once, and has no power domain without POWER_STATE_GET, no regulator without
    VOLTAGE_LEVEL_GET (drivers/pmdomain/arm/scmi_pm_domain.c, drivers/regulator/core.c)."""
    board = json.loads((Path(__file__).parent / "full.json").read_text())
    board["devices"][0]["resources"] += [{"kind": "power", "id": 1}, {"kind": "voltage", "id": 1}]
    grant = {"id": 1, "resource": 1, "operations": ["state", "level", "read"]}
    board["agents"][1]["grants"]["voltage"] = [grant]
    full = full_with(board=runtime.decode(json.dumps(board).encode()))
    linux, vm1 = full.linux, full.vm1
    changes = (POWER, 4, 0, 1, ON), (VOLTAGE, 5, 1, 7), (VOLTAGE, 7, 1, 0, 900_000)
    assert [linux.status(*change) for change in changes] == [SUCCESS] * 3
    reads = (POWER, 5, 1), (VOLTAGE, 6, 1), (VOLTAGE, 8, 1)
    assert [vm1.words(*read) for read in reads] == [[OFF], [0], [600_000]]
    assert [vm1.status(*change) for change in changes] == [DENIED] * 3
    assert linux.status(BASE, 9, LINUX, 0, DENY) == SUCCESS
    assert [linux.words(*read) for read in reads] == [[OFF], [0], [600_000]]
    assert [linux.status(*change) for change in changes] == [DENIED] * 3
    assert linux.status(BASE, 9, VM1, 0, ALLOW) == SUCCESS
    assert [vm1.words(*read) for read in reads] == [[OFF], [0], [900_000]]
    assert [vm1.status(*change) for change in changes] == [SUCCESS] * 3


def test_a_device_moves_with_its_votes_and_grants(platform):
    linux, vm1 = platform.linux, platform.vm1
    vm1.status(POWER, 4, 0, 2, ON)
    assert set_device(platform, VM1, GPU, DENY) == SUCCESS
    assert linux.words(POWER, 5, 0) == [OFF]  # vm1's vote went with the device
    assert vm1.status(POWER, 4, 0, 2, ON) == DENIED
    assert vm1.status(CLOCK, 5, 0, 2, 5000, 0) == DENIED
    assert set_device(platform, LINUX, GPU, ALLOW) == SUCCESS
    assert linux.status(POWER, 4, 0, 2, ON) == SUCCESS
    assert linux.status(CLOCK, 5, 0, 2, 5000, 0) == SUCCESS
    assert linux.words(CLOCK, 6, 2) == [5000, 0]


def test_allow_opens_what_is_granted_and_no_more(platform):
    assert set_device(platform, LINUX, UART, DENY) == SUCCESS
    assert set_device(platform, LINUX, UART, ALLOW) == SUCCESS
    assert platform.linux.status(CLOCK, 7, 1, 1, 0) == SUCCESS
    assert platform.linux.status(CLOCK, 5, 0, 1, 200_000_000, 0) == DENIED


def test_a_resource_of_two_devices_needs_one_of_them(platform):
    linux = platform.linux
    set_device(platform, LINUX, UART, DENY)
    assert linux.status(CLOCK, 6, 0) == NOT_FOUND  # gone, and hidden
    assert linux.status(RESET, 4, 0, 1, 0) == NOT_FOUND
    assert linux.status(CLOCK, 7, 1, 1, 0) == SUCCESS  # still the spi's
    set_device(platform, LINUX, SPI, DENY)
    assert linux.status(CLOCK, 6, 1) == NOT_FOUND
    assert linux.words(CLOCK, 1) == [6]  # ids stay as they were
    set_device(platform, LINUX, SPI, ALLOW)
    assert linux.status(CLOCK, 6, 1) == SUCCESS


def test_the_last_device_takes_its_protocol_along(platform):
    linux = platform.linux
    assert linux.words(BASE, 1) == [3 << 8 | 7]
    set_device(platform, LINUX, THERMAL, DENY)
    assert linux.status(SENSOR, 0) == DENIED
    assert linux.words(BASE, 1) == [3 << 8 | 6]
    set_device(platform, LINUX, THERMAL, ALLOW)
    assert linux.status(SENSOR, 0) == SUCCESS


def test_resources_of_no_device_are_not_affected(platform):
    for device in (UART, SPI, THERMAL, GPU):
        set_device(platform, LINUX, device, DENY)
    assert platform.linux.status(VOLTAGE, 8, 0) == SUCCESS
    assert platform.linux.status(CLOCK, 6, 4) == SUCCESS


def test_explicit_grants_are_not_affected(serve, board):
    linux, *others = board.agents
    grants = dict(linux.grants)
    grants["clock"] = tuple(
        msgspec.structs.replace(grant, by_hand=("read",)) if grant.id == 0 else grant
        for grant in grants["clock"]
    )
    board = msgspec.structs.replace(
        board, agents=(msgspec.structs.replace(linux, grants=grants), *others)
    )
    platform = serve(board)
    set_device(platform, LINUX, UART, DENY)
    assert platform.linux.status(CLOCK, 6, 0) == SUCCESS
    assert platform.linux.status(CLOCK, 7, 0, 0, 0) == DENIED


def test_a_device_opens_what_it_needs_and_no_more(serve, board):
    """linux has uart and is granted rate on clock 0, but only the gpu, once given, needs that."""
    gpu, uart, *others = board.devices
    reads = runtime.DeviceResource("clock", 0, ("state", "read"))
    sets = runtime.DeviceResource("clock", 0, ("rate", "read"))
    gpu = msgspec.structs.replace(gpu, resources=(*gpu.resources, sets))
    uart = msgspec.structs.replace(uart, resources=(reads, *uart.resources[1:]))
    platform = serve(msgspec.structs.replace(board, devices=(gpu, uart, *others)))
    set_device(platform, VM1, GPU, DENY)
    rate_set = (CLOCK, 5, 0, 0, 48_000_000, 0)
    assert platform.linux.status(CLOCK, 7, 0, 1, 0) == SUCCESS
    assert platform.linux.status(*rate_set) == DENIED
    assert set_device(platform, LINUX, GPU, ALLOW) == SUCCESS
    assert platform.linux.status(*rate_set) == SUCCESS
    assert set_device(platform, LINUX, GPU, DENY) == SUCCESS
    assert platform.linux.status(*rate_set) == DENIED
    assert platform.linux.status(CLOCK, 7, 0, 0, 0) == SUCCESS


def test_an_assignable_device_has_one_holder_at_a_time(platform):
    hypervisor = platform.hypervisor
    assert set_device(platform, LINUX, GPU, ALLOW) == DENIED  # it is vm1's
    assert hypervisor.status(BASE, 0xA, LINUX, GPU, CLOCK, ALLOW) == DENIED
    assert platform.log[-1] == (
        "hypervisor: BASE_SET_PROTOCOL_PERMISSIONS on device 0 for linux, which another agent has: "
        "DENIED"
    )
    assert platform.linux.status(CLOCK, 6, 2) == DENIED
    assert set_device(platform, VM1, GPU, ALLOW) == SUCCESS  # it has it already
    assert hypervisor.status(BASE, 0xA, VM1, GPU, CLOCK, DENY) == SUCCESS
    assert set_device(platform, LINUX, GPU, ALLOW) == DENIED  # vm1 still has the power domain
    assert hypervisor.status(BASE, 0xA, LINUX, GPU, CLOCK, ALLOW) == SUCCESS
    assert hypervisor.status(BASE, 0xA, VM1, GPU, CLOCK, ALLOW) == DENIED


def test_agents_that_share_a_device_at_boot_go_on_sharing_it(serve, board):
    gpu, *others = board.devices
    gpu = msgspec.structs.replace(gpu, agents=(LINUX, VM1), assignable=(3,))
    hypervisor_clock = runtime.Grant(2, 2, ("read",))
    *agents, trusted = board.agents
    grants = {**trusted.grants, "clock": (*trusted.grants["clock"], hypervisor_clock)}
    agents.append(msgspec.structs.replace(trusted, grants=grants))
    platform = serve(msgspec.structs.replace(board, agents=agents, devices=(gpu, *others)))
    for _ in range(2):
        assert set_device(platform, 3, GPU, ALLOW) == DENIED
        assert set_device(platform, LINUX, GPU, DENY) == SUCCESS
        assert set_device(platform, 3, GPU, ALLOW) == DENIED  # vm1 has it
        assert set_device(platform, LINUX, GPU, ALLOW) == SUCCESS


def test_a_reset_agent_does_not_get_back_what_another_one_has(platform):
    assert set_device(platform, VM1, GPU, DENY) == SUCCESS
    assert set_device(platform, LINUX, GPU, ALLOW) == SUCCESS
    assert platform.hypervisor.status(BASE, 0xB, VM1, 1) == SUCCESS
    assert platform.vm1.status(CLOCK, 6, 2) == DENIED
    assert platform.linux.status(CLOCK, 6, 2) == SUCCESS
    assert set_device(platform, LINUX, GPU, DENY) == SUCCESS
    assert platform.hypervisor.status(BASE, 0xB, VM1, 1) == SUCCESS
    assert platform.vm1.status(CLOCK, 6, 2) == SUCCESS


def test_one_protocol_of_a_device_can_be_denied(platform):
    hypervisor, linux = platform.hypervisor, platform.linux
    assert hypervisor.status(BASE, 0xA, LINUX, UART, RESET, DENY) == SUCCESS
    assert linux.status(RESET, 4, 0, 1, 0) == NOT_FOUND
    assert linux.status(CLOCK, 6, 0) == SUCCESS
    assert hypervisor.status(BASE, 0xA, LINUX, UART, RESET, ALLOW) == SUCCESS
    assert linux.status(RESET, 4, 0, 1, 0) == SUCCESS


@pytest.mark.parametrize("restore", [0, 1], ids=["configuration only", "permissions too"])
def test_resetting_an_agent_releases_votes_and_restores_devices_if_asked(platform, restore):
    vm1, linux = platform.vm1, platform.linux
    vm1.status(POWER, 4, 0, 0, ON)
    set_device(platform, VM1, GPU, DENY)
    assert platform.hypervisor.status(BASE, 0xB, VM1, restore) == SUCCESS
    assert linux.words(POWER, 5, 0) == [OFF]
    assert vm1.status(POWER, 4, 0, 2, ON) == (SUCCESS if restore else DENIED)


def test_resetting_one_of_two_agents_counts_one_vote(platform):
    """gpu (2) is in media (1) in soc (0): vm1 wants gpu and soc, several times; linux media."""
    linux, vm1, hypervisor = platform.linux, platform.vm1, platform.hypervisor
    for _ in range(3):
        vm1.status(POWER, 4, 0, 2, ON)
        vm1.status(POWER, 4, 0, 0, ON)
    linux.status(POWER, 4, 0, 1, ON)
    assert hypervisor.status(BASE, 0xB, VM1, 0) == SUCCESS
    assert [linux.words(POWER, 5, domain)[0] for domain in (0, 1)] == [ON, ON]
    assert vm1.words(POWER, 5, 2) == [OFF]
    assert hypervisor.status(BASE, 0xB, VM1, 0) == SUCCESS  # nothing is counted down twice
    assert linux.words(POWER, 5, 0) == [ON]
    assert hypervisor.status(BASE, 0xB, LINUX, 0) == SUCCESS
    assert [linux.words(POWER, 5, domain)[0] for domain in (0, 1)] == [OFF, OFF]


def test_a_denied_agent_loses_its_subscriptions(platform):
    linux = platform.linux
    linux.status(CLOCK, 9, 0, 1)
    set_device(platform, LINUX, UART, DENY)
    set_device(platform, LINUX, UART, ALLOW)
    linux.status(CLOCK, 5, 0, 0, 48_000_000, 0)
    assert linux.agent.take_events() == ()


def test_taking_a_running_clock_from_everybody_stops_it(platform):
    # clock 0 runs at boot by linux's right to it; the hypervisor only reads
    assert platform.hypervisor.words(CLOCK, 0xB, 0, 0) == [0, 1, 0]
    set_device(platform, LINUX, UART, DENY)
    assert platform.hypervisor.words(CLOCK, 0xB, 0, 0) == [0, 0, 0]
