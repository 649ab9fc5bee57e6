"""Every message by its name: as a library, on the command line, and against the bytes of a hand."""

import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from patience import PATIENCE
from scmi_shapes import COMMON, NEGOTIATE, PROTOCOLS, REQUEST_WORDS
from scmi_wire import PINCTRL, SUCCESS, words
from server_running import strict_server

from scmigen import runtime
from scmigen.cli.main import cli
from scmigen.client import Client, ScmiError
from scmigen.client.dump import dump
from scmigen.scmi.messages import named
from scmigen.scmi.protocols import Profile
from scmigen.server.service import Service

FULL = Path(__file__).parent.parent / "server" / "full.json"
COMMON_NAMES = {
    0: "PROTOCOL_VERSION",
    1: "PROTOCOL_ATTRIBUTES",
    2: "PROTOCOL_MESSAGE_ATTRIBUTES",
    NEGOTIATE: "NEGOTIATE_PROTOCOL_VERSION",
}
#: Those of pin control, from message 3 on.
PINCTRL_NAMES = (
    "ATTRIBUTES LIST_ASSOCIATIONS SETTINGS_GET SETTINGS_CONFIGURE REQUEST RELEASE NAME_GET "
    "SET_PERMISSIONS"
)


@pytest.fixture(params=["3.2", "2.0"])
def profile(request):
    return Profile(request.param)


@pytest.fixture
def url(tmp_path, profile):
    server = strict_server(runtime.decode(FULL.read_bytes()), profile)
    url = f"unix:{tmp_path}/linux"
    with Service(server, {server.agent("linux"): url}, lambda *_: None) as service:
        thread = threading.Thread(target=service.run)
        thread.start()
        yield url
        service.stop()
        thread.join(PATIENCE)


@pytest.fixture
def run(url):
    def run(*arguments):
        return CliRunner().invoke(cli, ["client", url, *arguments])

    return run


def test_every_message_has_a_name():
    for number, name in enumerate(PINCTRL_NAMES.split(), 3):
        assert named(f"PINCTRL_{name}") == (PINCTRL, number)
    for number, name in COMMON_NAMES.items():
        assert named(f"clock.{name}") == (0x14, number)
        assert named(f"PowerCap.{name.lower()}") == (0x18, number)
    assert named("PROTOCOL_VERSION") is None
    assert named("clock.POWER_STATE_GET") is None
    assert named("") is None


def test_the_request_is_what_the_specification_says(scripted):
    """PINCTRL_SETTINGS_CONFIGURE: two pairs behind the fields."""
    seen = []

    def answer(message):
        seen.append(message)
        version = message[0] == 0
        return [message[:4] + words(SUCCESS, *([0x10000] if version else []))]

    with Client(scripted(answer)) as platform:
        pairs = ((4, 1), (10, 8))
        reply = platform.ask("PINCTRL_SETTINGS_CONFIGURE", pairs, id=3, attributes=2 << 2)
    assert reply == {}
    assert seen[-1][4:] == words(3, 0, 2 << 2, 4, 1, 10, 8)
    assert seen[-1][0] == 6


@pytest.mark.parametrize(
    "protocol",
    PROTOCOLS,
    ids=[
        "base",
        "power",
        "system",
        "performance",
        "clock",
        "sensor",
        "reset",
        "voltage",
        "powercap",
        "pinctrl",
    ],
)
@pytest.mark.parametrize("profile", [Profile.V3_2], indirect=False)
def test_every_message_can_be_asked(url, protocol):
    """With zeroes in all fields there is an answer, and it is understood, whatever it is."""
    from scmigen.scmi.messages import commands
    from scmigen.scmi.protocols import VERSIONS, Protocol

    rows = commands(Protocol(protocol), VERSIONS[Profile.V3_2][Protocol(protocol)])
    assert rows.keys() == (COMMON | REQUEST_WORDS[protocol]).keys()
    with Client(url) as linux:
        for number, row in rows.items():
            name = row.name
            if number in COMMON:
                name = f"{Protocol(protocol).name}.{row.name}"
            try:
                reply = linux.ask(name)
            except ScmiError:
                continue
            assert [*reply][: len(row.reply.fields)] == [it.name for it in row.reply.fields]


def test_entries_that_differ_in_length(url, profile):
    with Client(url) as linux:
        found = linux.ask("SENSOR_DESCRIPTION_GET")["entries"]
    assert [item["name"] for item in found] == ["cpu-thermal", "accelerometer", "a-sensor-with-a"]
    if profile is Profile.V3_2:
        assert (found[0]["power"], found[0]["minimum"]) == (12, -40_000)
        assert "minimum" not in found[1]
        assert "power" not in found[2]
    else:
        assert "power" not in found[0]


def test_call_refuses_unknown_names_and_fields(run):
    for arguments, told in [
        (["NO_SUCH_MESSAGE"], "unknown message 'NO_SUCH_MESSAGE'"),
        (["clock_rate_gett"], "did you mean CLOCK_RATE_GET or"),
        (["clock.PROTOCOL_VERSIO"], "did you mean clock.PROTOCOL_VERSION or"),
        (["RESET", "clock=1"], "fields: domain, flags, reset_state"),
        (["RESET", "1:2"], "has no entries after its fields"),
        (["RESET", "domain=x"], "is not a number"),
        (["RESET", "domain=-1"], "RESET"),
    ]:
        result = run("call", *arguments)
        assert result.exit_code == 2, arguments
        assert told in result.output


def test_call_prints_fields_and_entries(run, profile):
    assert run("call", "base.protocol_version").output == (
        "version: 131073\n" if profile is Profile.V3_2 else "version: 131072\n"
    )
    assert run("call", "BASE_DISCOVER_VENDOR").output == "vendor: scmigen\n"
    result = run("call", "CLOCK_DESCRIBE_RATES", "--format", "json")
    assert json.loads(result.output)["entries"] == [{"rate": 400_000_000}, {"rate": 800_000_000}]
    result = run("call", "CLOCK_RATE_SET", "clock=0", "rate=1")
    assert (result.exit_code, result.output.split(":")[0]) == (1, "INVALID_PARAMETERS")


def test_a_delayed_response_is_waited_for(run):
    asked = ["CLOCK_RATE_SET", "clock=1", "rate=200000000", "flags=1", "--wait", "5"]
    assert run("call", *asked).output == "CLOCK_RATE_SET_COMPLETE SUCCESS clock=1 rate=200000000\n"


def test_a_level_may_be_negative(scripted):
    seen = []

    def answer(message):
        seen.append(message)
        return [message[:4] + words(SUCCESS, *([0x20001] if message[0] == 0 else []))]

    result = CliRunner().invoke(
        cli, ["client", scripted(answer), "call", "voltage_level_set", "level=-5"]
    )
    assert result.exit_code == 0, result.output
    assert seen[-1][4:] == words(0, 0, -5)


def test_dump_has_what_there_is_of_everything(url, profile):
    with Client(url) as linux:
        found = dump(linux)
    clocks = found["clock"]
    assert clocks[0]["rates"] == [400_000_000, 800_000_000]
    assert found["power"] == [
        {"id": 0, "name": "fixed", "state": "on"},
        {"id": 1, "name": "slow", "state": "off"},
    ]
    assert found["performance"][0]["level"] == 20
    assert found["reset"] == [{"id": 0, "name": "block", "latency": 300}]
    assert found["sensor"][0]["reading"][0] in (40_000, 60_000, 50_000)
    if profile is Profile.V2_0:
        assert "may" not in clocks[0]
        return
    assert clocks[1]["parents"] == [0, 2]
    assert clocks[1]["may"] == ["state", "parent", "rate"]
    assert found["sensor"][1]["reading"] == [1, -2, 3]
    assert found["sensor"][2]["name"] == "a-sensor-with-an-extended-name"
    assert found["voltage"][0]["state"] == "off"
    assert found["powercap"][0]["caps"] == [1000, 9000, 100]
    pins = {(item["what"], item["id"]): item for item in found["pinctrl"]}
    assert pins["pin", 0] == {
        "id": 0,
        "what": "pin",
        "name": "gpio0",
        "settings": [[4, 1], [10, 8]],
    }
    assert pins["pin", 3]["name"] == "a-pin-with-an-extended-name"
    assert pins["function", 0] == {"id": 0, "what": "function", "name": "uart"}
