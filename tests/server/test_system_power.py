"""The system power protocol."""

import msgspec
import pytest
from scmi_wire import (
    BASE,
    BUSY,
    DENIED,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    SUCCESS,
    SYSTEM,
    notification,
    words,
)
from server_running import strict_server

from scmigen.scmi.protocols import Profile
from scmigen.server.reload import transfer_state
from scmigen.server.simulator import Recorder

LINUX, VM1 = 1, 2


def test_system_power_is_set_by_agents_with_the_right(platform):
    linux = platform.linux
    assert linux.ask(SYSTEM, 1) == (SUCCESS, words(0))
    assert linux.ask(SYSTEM, 2, 3) == (SUCCESS, words(1 << 31))
    assert linux.status(SYSTEM, 4) == NOT_SUPPORTED
    assert linux.status(SYSTEM, 5, 2) == INVALID_PARAMETERS
    assert linux.ask(SYSTEM, 3, 1, 0) == (SUCCESS, b"")
    assert linux.status(SYSTEM, 3, 2, 0) == INVALID_PARAMETERS
    assert linux.status(SYSTEM, 3, 0, 3) == INVALID_PARAMETERS
    assert linux.status(SYSTEM, 3, 0, 4) == NOT_SUPPORTED
    assert linux.status(SYSTEM, 3, 0, 5) == INVALID_PARAMETERS
    assert platform.vm1.status(SYSTEM, 3, 0, 0) == DENIED


def test_an_agent_may_be_told_without_the_right_to_shut_down(full_with, full_board):
    linux, vm1 = full_board.agents
    vm1 = msgspec.structs.replace(vm1, system_power_told=True)
    full = full_with(board=msgspec.structs.replace(full_board, agents=(linux, vm1)))
    assert full.vm1.ask(BASE, 6, 0)[1][4 + 1] == SYSTEM  # the second protocol, after power
    assert full.vm1.words(SYSTEM, 2, 5) == [0]
    assert full.vm1.status(SYSTEM, 2, 3) == NOT_FOUND
    assert full.vm1.status(SYSTEM, 3, 0, 0) == DENIED
    assert full.vm1.status(SYSTEM, 3, 1, 0) == DENIED
    assert full.vm1.status(SYSTEM, 5, 1) == SUCCESS
    assert full.linux.status(SYSTEM, 3, 0, 2) == SUCCESS
    assert full.events(full.vm1) == (notification(SYSTEM, 0, LINUX, 0, 2, 0),)


@pytest.fixture
def graceful(full_with, full_board):
    """Both agents have the right; they have 300 ms."""
    agents = [msgspec.structs.replace(agent, system_power=True) for agent in full_board.agents]
    board = msgspec.structs.replace(full_board, agents=agents, system_power_grace=300)
    recorder = Recorder(lambda _: None)
    recorder.at = 0  # where the lines of the test begin

    def serve(**options):
        full = full_with(board=board, backend=recorder, **options)
        for wire in (full.linux, full.vm1):
            assert wire.ask(SYSTEM, 5, 1) == (SUCCESS, b"")
        recorder.at = len(recorder.effects)
        return full

    return serve


def done(full):
    recorder = full.server.backend
    return [str(effect) for effect in recorder.effects[recorder.at :]]


@pytest.mark.parametrize(("old", "timeout"), [(False, [300]), (True, [])], ids=["3.2", "2.0"])
def test_the_others_are_told_of_a_graceful_request_and_have_time(graceful, old, timeout):
    full = graceful(profiles={VM1: Profile.V2_0} if old else {})
    assert full.linux.ask(SYSTEM, 3, 1, 0) == (SUCCESS, b"")
    assert full.events(full.vm1) == (notification(SYSTEM, 0, LINUX, 1, 0, *timeout),)
    assert full.events(full.linux) == ()  # who asks knows
    full.linux.agent.disconnect()  # it shuts down, too
    full.wait(299_999)
    assert done(full) == []
    full.wait(1)
    assert done(full) == ["system 0 1"]


def test_a_second_request_waits_unless_it_is_forceful(graceful):
    full = graceful()
    assert full.linux.status(SYSTEM, 3, 1, 0) == SUCCESS
    assert full.vm1.status(SYSTEM, 3, 1, 1) == BUSY
    assert full.vm1.status(SYSTEM, 3, 0, 1) == SUCCESS
    assert done(full) == ["system 1 0"]
    assert full.events(full.linux) == (notification(SYSTEM, 0, VM1, 0, 1, 0),)
    full.wait(300_000)
    assert done(full) == ["system 1 0"], "in place of the graceful one"
    assert full.linux.status(SYSTEM, 3, 1, 0) == SUCCESS


def test_a_graceful_request_survives_a_reload(graceful):
    full = graceful()
    old = full.server
    assert full.linux.status(SYSTEM, 3, 1, 0) == SUCCESS
    full.wait(100_000)
    new = strict_server(old.configuration, now=full.time, backend=old.backend, successor=True)
    assert transfer_state(old, new) == {LINUX, VM1}
    full.use(new)
    old.backend.at = len(old.backend.effects)
    full.wait(199_000)
    assert done(full) == []
    full.wait(1_000)
    assert done(full) == ["system 0 1"]


def test_without_time_a_graceful_request_still_tells_first(full_with, full_board):
    """What is queued is sent before the back end acts."""
    agents = [msgspec.structs.replace(agent, system_power=True) for agent in full_board.agents]
    board = msgspec.structs.replace(full_board, agents=agents)
    recorder = Recorder(lambda _: None)
    full = full_with(board=board, backend=recorder)
    full.vm1.status(SYSTEM, 5, 1)
    assert full.linux.status(SYSTEM, 3, 1, 0) == SUCCESS
    assert not [effect for effect in recorder.effects if effect.what == "system"]
    assert full.events(full.vm1) == (notification(SYSTEM, 0, LINUX, 1, 0, 0),)
    full.wait(0)
    assert [effect.values for effect in recorder.effects if effect.what == "system"] == [(0, 1)]
