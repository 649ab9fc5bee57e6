"""Each message with each status that it can have: the tables `scmi_statuses`, `scmi_refusals`.

Success, and the values it returns, are in the tests of the protocols.
"""

import json
from pathlib import Path

import pytest
from scmi_refusals import BROKEN, EXTRA, REFUSALS, SUCCEEDS, WITHOUT
from scmi_shapes import COMMON, NEGOTIATE, PROTOCOLS, REQUEST_WORDS, check
from scmi_statuses import NEVER, STATUSES
from scmi_wire import (
    CLOCK,
    HARDWARE_ERROR,
    NOT_FOUND,
    NOT_SUPPORTED,
    PINCTRL,
    PROTOCOL_ERROR,
    RESET,
    SUCCESS,
    Wire,
    request,
)
from server_running import strict_server

from scmigen import runtime
from scmigen.scmi.messages import commands
from scmigen.scmi.protocols import VERSIONS, Profile, Protocol
from scmigen.scmi.status import Status
from scmigen.server.simulator import Recorder


@pytest.fixture(scope="module")
def configuration():
    data = (Path(__file__).parent / "full.json").read_bytes()
    return runtime.decode(runtime.overlay(data, json.dumps(EXTRA).encode()))


def wires(configuration, profile=Profile.V3_2, failing=()):
    backend = Recorder(lambda _: None, failing=failing)
    server = strict_server(configuration, profile, backend=backend, now=lambda: 0)
    return {agent.name: Wire(agent) for agent in server.agents.values()}


def protocol_id(protocol):
    return Protocol(protocol).name.lower()


def case_id(case):
    """``CLOCK_RATE_SET-16-0-400000000-0-INVALID_PARAMETERS-linux``."""
    protocol, message, words, status, *rest = case
    row = commands(Protocol(protocol), VERSIONS[Profile.V3_2][Protocol(protocol)])[message]
    return "-".join(map(str, [row.name, *words, Status(status).name, *rest[:1]]))


@pytest.mark.parametrize("case", REFUSALS, ids=case_id)
def test_a_request_is_refused_with_its_status(configuration, case):
    protocol, message, words, expected, *rest = case
    agent, before = (rest or ["linux"])[0], rest[1:]
    # what is asked before must not fail
    failing = () if expected != HARDWARE_ERROR else ["power 1"] if before else BROKEN
    agents = wires(configuration, failing=failing)
    for sent in before:
        assert agents["linux"].status(*sent) == SUCCESS, sent
    assert agents[agent].ask(protocol, message, *words) == (expected, b"")


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=protocol_id)
def test_each_message_can_succeed_and_is_announced(configuration, protocol):
    sizes = COMMON | REQUEST_WORDS[protocol]
    version = {2: (0,), 0: (), 1: ()}
    tried = version | SUCCEEDS[protocol]
    linux = wires(configuration)["linux"]
    linux.status(PINCTRL, 7, 1, 0)  # has to have it to release it
    for message, words in tried.items():
        sent = request(protocol, message, *words)
        assert check(sent, linux.agent.handle(sent)) == SUCCESS, hex(message)
        assert linux.words(protocol, 2, message)[0] >= 0  # and it is said to be there
    (own,) = linux.words(protocol, 0)
    assert linux.ask(protocol, NEGOTIATE, own) == (SUCCESS, b"")
    left_out = {message for number, message in WITHOUT if number == protocol}
    assert sizes.keys() - tried.keys() - {NEGOTIATE} == left_out


def test_every_status_of_every_message_has_a_case():
    rows = {(case[0], case[1], case[3]) for case in REFUSALS}
    wanted = {
        (protocol, message, status)
        for protocol, messages in STATUSES.items()
        for message, statuses in messages.items()
        for status in statuses
    }
    assert wanted - rows == NEVER.keys()


@pytest.mark.parametrize(
    ("protocol", "message", "size"),
    [
        (protocol, message, size)
        for protocol in PROTOCOLS
        for message, size in (COMMON | REQUEST_WORDS[protocol]).items()
    ],
    ids=lambda value: f"{value:x}",
)
def test_a_payload_of_another_size_is_a_protocol_error(configuration, protocol, message, size):
    linux = wires(configuration)["linux"]
    entries = 2 if (protocol, message) == (PINCTRL, 6) else 0  # whole pairs may follow
    short = 1 if (protocol, message) == (CLOCK, 7) else 0  # its last word may be left out
    sizes = {0, size - 1, size + 1, size + 5} - {-1, size, size + entries, size - short}
    for wrong in sizes:
        assert linux.status(protocol, message, *[0] * wrong) == PROTOCOL_ERROR


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=protocol_id)
def test_what_no_protocol_has_is_not_supported(configuration, protocol):
    linux = wires(configuration)["linux"]
    assert linux.status(protocol, 0x11) == NOT_SUPPORTED
    assert linux.status(protocol, 2, 0x11) == NOT_FOUND
    assert linux.status(protocol, NEGOTIATE, 0x7FFF_0000) == NOT_SUPPORTED
    old = wires(configuration, Profile.V2_0)["linux"]
    if protocol <= RESET:
        assert old.status(protocol, 0x11) == NOT_FOUND
    else:
        assert old.status(protocol, 0) == NOT_SUPPORTED
