"""The power domain protocol: states, votes of agents, votes of children."""

import pytest
from scmi_wire import (
    DENIED,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    OFF,
    ON,
    POWER,
    SUCCESS,
    notification,
    words,
)

from scmigen import runtime

NOTIFY = 1 << 31
REQUESTED_NOTIFY = 1 << 28
SYNCHRONOUS = 1 << 29
SOC, MEDIA, GPU, AON = range(4)


def put(wire, domain, state):
    assert wire.ask(POWER, 4, 0, domain, state) == (SUCCESS, b"")


def state(wire, domain):
    return wire.words(POWER, 5, domain)[0]


@pytest.mark.parametrize("profile", ["platform", "platform_2_0"], ids=["3.2", "2.0"])
def test_attributes_say_what_the_agent_may_do_or_may_be_given(profile, request):
    platform = request.getfixturevalue(profile)
    notify = NOTIFY if profile == "platform_2_0" else NOTIFY | REQUESTED_NOTIFY
    expected = words(notify | SYNCHRONOUS, "soc")
    assert platform.linux.ask(POWER, 3, SOC) == (SUCCESS, expected)
    # linux has not got the gpu's domain; but it may be given it, and asks for attributes once
    assert platform.linux.ask(POWER, 3, GPU) == (SUCCESS, words(notify | SYNCHRONOUS, "gpu"))
    # nobody gave it the state of this one
    assert platform.linux.ask(POWER, 3, AON) == (SUCCESS, words(notify, "aon"))


def test_names_are_read_from_release_3_1_on(platform, platform_2_0):
    assert platform.linux.ask(POWER, 8, MEDIA) == (SUCCESS, words(0) + b"media".ljust(64, b"\0"))
    assert platform_2_0.linux.status(POWER, 8, MEDIA) == NOT_FOUND


def test_domains_begin_in_their_state_at_boot(platform):
    assert [state(platform.linux, domain) for domain in (SOC, MEDIA, AON)] == [OFF, OFF, ON]


@pytest.mark.parametrize(
    ("flags", "wanted", "status"),
    [
        (0xE, ON, INVALID_PARAMETERS),
        (0xF, ON, INVALID_PARAMETERS),
        (0, 0xFF00_0000, INVALID_PARAMETERS),
        (0, 1, INVALID_PARAMETERS),  # no such state here
        (0, 0x4000_0001, INVALID_PARAMETERS),
        (1, ON, NOT_SUPPORTED),  # asynchronous
    ],
    ids=[
        "reserved flags",
        "all flags",
        "reserved state bits",
        "unknown state",
        "unknown off state",
        "asynchronous",
    ],
)
def test_unknown_flags_and_states_are_refused(platform, flags, wanted, status):
    assert platform.linux.status(POWER, 4, flags, SOC, wanted) == status
    assert state(platform.linux, SOC) == OFF


def test_hidden_missing_and_denied_domains_are_refused(platform):
    assert platform.linux.status(POWER, 4, 0, 4, ON) == NOT_FOUND
    assert platform.linux.status(POWER, 5, 5) == NOT_FOUND
    assert platform.vm1.status(POWER, 5, MEDIA) == NOT_FOUND
    assert platform.linux.status(POWER, 4, 0, AON, OFF) == DENIED


def test_a_domain_is_on_while_anybody_wants_it(platform):
    put(platform.linux, SOC, ON)
    put(platform.vm1, SOC, ON)
    put(platform.linux, SOC, OFF)
    assert state(platform.linux, SOC) == ON
    platform.vm1.agent.disconnect()
    assert state(platform.linux, SOC) == OFF


def test_a_child_holds_its_ancestors_on(platform):
    put(platform.vm1, GPU, ON)
    assert state(platform.linux, MEDIA) == ON
    assert state(platform.linux, SOC) == ON
    put(platform.linux, SOC, ON)
    put(platform.linux, SOC, OFF)  # heard, but the gpu needs it
    assert state(platform.linux, SOC) == ON
    put(platform.vm1, GPU, OFF)
    assert [state(platform.linux, domain) for domain in (SOC, MEDIA)] == [OFF, OFF]


def test_a_parents_own_vote_outlives_its_child(platform):
    put(platform.linux, MEDIA, ON)
    put(platform.vm1, GPU, ON)
    platform.vm1.agent.disconnect()
    assert state(platform.linux, MEDIA) == ON
    assert state(platform.linux, SOC) == ON


def test_notifications_are_about_the_state_not_the_vote(platform):
    linux, vm1 = platform.linux, platform.vm1
    assert linux.status(POWER, 6, SOC, 2) == INVALID_PARAMETERS
    linux.status(POWER, 6, SOC, 1)
    linux.status(POWER, 6, MEDIA, 1)
    put(vm1, GPU, ON)
    put(linux, MEDIA, ON)  # is on already
    put(vm1, GPU, OFF)
    put(linux, MEDIA, OFF)
    assert linux.agent.take_events() == (
        notification(POWER, 0, 2, SOC, ON),
        notification(POWER, 0, 2, MEDIA, ON),
        notification(POWER, 0, 1, MEDIA, OFF),
        notification(POWER, 0, 1, SOC, OFF),
    )
    assert vm1.agent.take_events() == ()


def test_a_disconnect_is_notified_and_unsubscribes(platform):
    platform.vm1.status(POWER, 6, SOC, 1)
    put(platform.linux, SOC, ON)
    platform.vm1.agent.take_events()
    platform.linux.agent.disconnect()
    assert platform.vm1.agent.take_events() == (notification(POWER, 0, 1, SOC, OFF),)
    platform.vm1.agent.disconnect()
    put(platform.linux, SOC, ON)
    assert platform.vm1.agent.take_events() == ()


def test_deep_nesting_is_no_recursion(serve):
    depth = 5000
    board = runtime.Runtime(
        format=runtime.FORMAT,
        name="deep",
        agents=(
            runtime.Agent(
                id=1,
                name="linux",
                role=runtime.Role.OSPM,
                grants={
                    "power": tuple(runtime.Grant(n, n, ("state", "read")) for n in (0, depth - 1))
                },
            ),
            runtime.Agent(id=2, name="vm1", role=runtime.Role.VM),
            runtime.Agent(id=3, name="hypervisor", role=runtime.Role.HYPERVISOR),
        ),
        power_domains=tuple(
            runtime.PowerDomain(id=n, name=f"d{n}", node="/", parent=n - 1 if n else None)
            for n in range(depth)
        ),
    )
    platform = serve(runtime.decode(runtime.encode(board)))
    put(platform.linux, depth - 1, ON)
    assert state(platform.linux, 0) == ON
    put(platform.linux, depth - 1, OFF)
    assert state(platform.linux, 0) == OFF
