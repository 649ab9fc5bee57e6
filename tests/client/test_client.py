"""The client library against a platform that a test scripts, byte by byte."""

import pytest
from patience import PATIENCE
from scmi_wire import BASE, CLOCK, DENIED, NOT_FOUND, POWER, RESET, notification, words

from scmigen.client import Client, ClientError, ScmiError, UrlError
from scmigen.scmi.status import Status


def platform(answers, seen=None):
    """Answers (protocol, message, words…) with the bytes behind the header, or NOT_FOUND."""

    def answer(message):
        header = int.from_bytes(message[:4], "little")
        key = (header >> 10 & 0xFF, header & 0xFF, message[4:])
        if seen is not None:
            seen.append(key)
        return [message[:4] + answers.get(key, words(NOT_FOUND))]

    return answer


def ask(protocol, message, *values):
    return protocol, message, words(*values)


CLOCK_1 = {ask(CLOCK, 0): words(0, 0x10000)}
CLOCK_3 = {ask(CLOCK, 0): words(0, 0x30000)}


def test_the_request_is_what_the_specification_says(scripted):
    seen = []
    answers = CLOCK_3 | {ask(CLOCK, 6, 7): words(0, 0x1000, 2)}
    with Client(scripted(platform(answers, seen))) as client:
        assert client.clock_rate(7) == 2 << 32 | 0x1000
    assert seen == [(CLOCK, 0, b""), (CLOCK, 6, bytes.fromhex("07000000"))]


@pytest.mark.parametrize(
    ("version", "extra"), [(0x10000, []), (0x20000, []), (0x30000, [0])], ids=["1.0", "2.0", "3.0"]
)
def test_layouts_follow_the_version(scripted, version, extra):
    seen = []
    answers = {ask(CLOCK, 0): words(0, version), ask(CLOCK, 7, 3, 1, *extra): words(0)}
    with Client(scripted(platform(answers, seen))) as client:
        client.enable_clock(3, True)
    assert seen[-1] == ask(CLOCK, 7, 3, 1, *extra)


def test_layouts_follow_the_version_that_was_negotiated(scripted):
    seen = []
    answers = CLOCK_3 | {
        ask(CLOCK, 0x10, 0x20000): words(0),
        ask(CLOCK, 0x10, 0x30000): words(0),
        ask(CLOCK, 7, 3, 1): words(0),
        ask(CLOCK, 7, 3, 1, 0): words(0),
    }
    with Client(scripted(platform(answers, seen))) as client:
        client.ask("clock.NEGOTIATE_PROTOCOL_VERSION", version=0x20000)
        client.enable_clock(3, True)
        with pytest.raises(ScmiError, match="NOT_FOUND"):
            client.ask("clock.NEGOTIATE_PROTOCOL_VERSION", version=0x10000)
        client.enable_clock(3, True)
        client.ask("clock.NEGOTIATE_PROTOCOL_VERSION", version=0x30000)
        client.enable_clock(3, True)
    assert [len(data) for _, message, data in seen if message == 7] == [8, 8, 12]


def test_a_refusal_raises_its_status(scripted):
    answers = CLOCK_3 | {ask(CLOCK, 5, 8, 1, 5, 0): words(DENIED), ask(CLOCK, 6, 1): words(-99)}
    with Client(scripted(platform(answers))) as client:
        with pytest.raises(
            ScmiError, match=r"^DENIED: CLOCK_RATE_SET flags=8 clock=1 rate=5$"
        ) as refused:
            client.set_clock_rate(1, 5)
        assert refused.value.status == Status.DENIED
        with pytest.raises(ScmiError, match=r"^status -99: CLOCK_RATE_GET"):
            client.clock_rate(1)


def test_rates_are_collected_from_all_parts(scripted):
    answers = CLOCK_3 | {
        ask(CLOCK, 4, 0, 0): words(0, 2 | 1 << 16, 10, 0, 20, 0),
        ask(CLOCK, 4, 0, 2): words(0, 1, 30, 0),
    }
    with Client(scripted(platform(answers))) as client:
        assert client.clock_rates(0) == [10, 20, 30]


def test_clocks_skip_holes_and_read_long_names(scripted):
    long = b"a-name-longer-than-fifteen".ljust(64, b"\0")
    answers = CLOCK_3 | {
        ask(CLOCK, 1): words(0, 3),
        ask(CLOCK, 3, 0): words(0, 1, "uart", 0),
        ask(CLOCK, 6, 0): words(0, 24, 0),
        ask(CLOCK, 3, 2): words(0, 1 << 29, "a-name-longer-t", 0),
        ask(CLOCK, 8, 2): words(0, 0) + long,
        ask(CLOCK, 6, 2): words(DENIED),
    }
    with Client(scripted(platform(answers))) as client:
        found = [(c.id, c.name, c.enabled, c.rate) for c in client.clocks()]
    assert found == [(0, "uart", True, 24), (2, "a-name-longer-than-fifteen", False, None)]


def test_power_and_reset_commands_are_those_of_the_specification(scripted):
    answers = {
        ask(POWER, 0): words(0, 0x20000),
        ask(POWER, 1): words(0, 2, 0, 0, 0),
        ask(POWER, 3, 0): words(0, 0, "cpu"),
        ask(POWER, 5, 0): words(0, 0),
        ask(POWER, 3, 1): words(0, 0, "gpu"),
        ask(POWER, 5, 1): words(0, 0x4000_0000),
        ask(POWER, 4, 0, 1, 0): words(0),
        ask(RESET, 0): words(0, 0x10000),
        ask(RESET, 1): words(0, 1),
        ask(RESET, 3, 0): words(0, 0, 0xFFFF_FFFF, "spi"),
        ask(RESET, 4, 0, 1, 0): words(0),
    }
    with Client(scripted(platform(answers))) as client:
        assert [(d.id, d.name, d.on) for d in client.power_domains()] == [
            (0, "cpu", True),
            (1, "gpu", False),
        ]
        client.set_power(1, True)
        assert [(d.id, d.name, d.latency) for d in client.reset_domains()] == [(0, "spi", None)]
        client.reset(0)


def test_info_of_a_small_platform(scripted):
    answers = {
        ask(BASE, 0): words(0, 0x20000),
        ask(BASE, 1): words(0, 2 << 8 | 2),
        ask(BASE, 3): words(0, "acme"),
        ask(BASE, 5): words(0, 9),
        ask(BASE, 6, 0): words(0, 1, 0x14),  # one at a time
        ask(BASE, 6, 1): words(0, 1, 0x90),
        ask(BASE, 7, 1): words(0, 1, "linux"),
        ask(BASE, 7, 0xFFFF_FFFF): words(0, 1, "linux"),
        ask(0x90, 0): words(0, 0x10002),
        ask(CLOCK, 0): words(0, 0x10000),
        ask(CLOCK, 1): words(0, 4),
    }
    with Client(scripted(platform(answers))) as client:
        info = client.info()
    assert (info.vendor, info.sub_vendor, info.implementation_version) == ("acme", "", 9)
    assert (info.agent, info.agents) == (1, {1: "linux"})
    assert [(p.id, p.name, p.version, p.resources) for p in info.protocols] == [
        (0x14, "clock", (1, 0), 4),
        (0x90, "vendor 0x90", (1, 2), None),
    ]


def test_late_responses_and_events_are_told_apart(scripted):
    event = notification(CLOCK, 0, 2, 0, 5, 0)

    def answer(message):
        other = int.from_bytes(message[:4], "little") ^ 1 << 18  # another token
        late = words(other, 0, 111, 0)
        good = words(0, 0x30000) if message[0] == 0 else words(0, 222, 0)
        return [late, event, message[:4] + good]

    with Client(scripted(answer)) as client:
        assert client.clock_rate(0) == 222
        header, payload = client.events[-1]
        assert (header.protocol, header.message, header.kind) == (CLOCK, 0, 3)
        assert payload == words(2, 0, 5, 0)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: None, "closed the connection|reset by peer"),
        (lambda _: [], "no answer within 0.2 s"),
        (lambda _: [b"ab"], "without a header"),
        (lambda m: [m[:4] + b"\0\0"], "does not match its command"),
        (lambda m: [m[:4] + words(0)], "unexpected reply of 0 bytes"),
        (lambda m: [m[:4] + words(0, 1, 2)], "unexpected reply of 8 bytes"),
    ],
    ids=["hangs up", "silent", "no header", "no status", "reply too short", "reply too long"],
)
def test_a_platform_that_violates_the_protocol_is_a_client_error(scripted, answer, reason):
    url = scripted(answer)
    timeout = 0.2 if reason.startswith("no answer") else PATIENCE
    with Client(url, timeout) as client, pytest.raises(ClientError, match=reason):
        client.version(BASE)


@pytest.mark.parametrize("url", ["", "unix", "unix:", "tcp:1", "/run/scmi.sock"], ids=repr)
def test_an_invalid_url_is_refused(url):
    with pytest.raises(UrlError, match="known: unix:PATH, unix-stream:PATH"):
        Client(url)


def test_a_missing_server_is_a_client_error(tmp_path):
    with pytest.raises(ClientError, match=r"^no server at unix:.*: No such file"):
        Client(f"unix:{tmp_path}/none")
