"""Running it: reload, the overlay, back ends, profiles by agent."""

import json
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE, eventually
from scmi_wire import CLOCK, NOT_FOUND, ON, POWER, SUCCESS, VOLTAGE, Wire, notification
from server_running import serving, strict_server

from scmigen import runtime
from scmigen.client import Client, ClientError
from scmigen.scmi.protocols import Profile, Protocol
from scmigen.server.backend import Backend, BackendError, load

FULL = Path(__file__).parent / "full.json"
SERVE = "import sys; from scmigen.cli.front import main; sys.argv.insert(1, 'serve'); main()"


# Reload


def is_gone(client):
    """Whether the server has ended the connection."""
    try:
        client.version(Protocol.POWER)
        client.count(Protocol.POWER)
    except ClientError:
        return True
    return False


@pytest.fixture
def reloadable(tmp_path):
    """A server process whose configuration can be changed."""
    path = tmp_path / "runtime.json"
    path.write_bytes(FULL.read_bytes())
    listen = [f"--listen={name}=unix:{tmp_path}/{name}" for name in ("linux", "vm1")]
    with serving(path, *listen) as process:

        def change(edit):
            """What the server says when it has read it."""
            configuration = json.loads(path.read_text())
            edit(configuration)
            path.write_text(json.dumps(configuration))
            process.send_signal(signal.SIGHUP)
            lines = iter(process.stderr.readline, "")
            return next(line for line in lines if line.startswith("reload"))

        yield change, f"unix:{tmp_path}/linux", f"unix:{tmp_path}/vm1"


def test_an_agent_whose_view_is_the_same_stays(reloadable):
    change, linux_url, vm1_url = reloadable
    with Client(linux_url) as linux, Client(vm1_url) as vm1:
        linux.call(Protocol.VOLTAGE, 5, 1, 7)
        linux.call(Protocol.POWER, 4, 0, 1, ON)
        linux.call(Protocol.POWER, 6, 1, 1)
        linux.call(Protocol.CLOCK, 5, 0, 0, 800_000_000)
        change(lambda c: c["agents"][1]["grants"].pop("pin"))  # vm1's
        assert eventually(lambda: is_gone(vm1))
        # still connected; what it has set is still set
        assert linux.clock_rate(0) == 800_000_000
        assert linux.clock_rate(1) == 200_000_000
        assert linux.power_state(1) == ON
        linux.call(Protocol.VOLTAGE, 5, 1, 0)
        head, payload = linux.next_event(PATIENCE)
        assert (head.protocol, payload[:8]) == (POWER, notification(POWER, 0, 1, 1)[4:])
    with Client(vm1_url) as vm1:
        assert 0x19 not in vm1.protocols()


def test_a_wrong_configuration_changes_nothing(reloadable):
    change, linux_url, _ = reloadable
    with Client(linux_url) as linux:
        refused = change(lambda c: c["agents"][0].pop("name"))
        assert refused.endswith("; still serving the old configuration\n")
        assert linux.clock_rate(0) == 400_000_000
        assert change(lambda c: c["agents"][0].update(name="linux")) == "reloaded\n"
        assert linux.clock_rate(0) == 400_000_000


def test_the_back_end_does_not_see_a_configuration_that_is_refused(reloadable):
    """--listen names vm1, which is called something else now; and the sensors are gone."""
    change, linux_url, _ = reloadable

    def edit(configuration):
        configuration["agents"][1]["name"] = "other"
        configuration["sensors"] = []
        del configuration["agents"][0]["grants"]["sensor"]

    with Client(linux_url) as linux:
        assert "unknown agent 'vm1'" in change(edit)
        message = linux.message(Protocol.SENSOR, 6)
        assert len(linux.exchange(Protocol.SENSOR, message, (0, 0))[1]) == 16


def test_an_agent_whose_resource_has_changed_begins_anew(reloadable):
    change, linux_url, _ = reloadable
    with Client(linux_url) as linux:
        change(lambda c: c["clocks"][3].update(rates=[1, 2]))
        assert eventually(lambda: is_gone(linux))
    with Client(linux_url) as linux:
        assert linux.clock_rates(3) == [1, 2]


# The overlay


def overlaid(extra):
    return runtime.decode(runtime.overlay(FULL.read_bytes(), json.dumps(extra).encode()))


def test_an_overlay_changes_what_it_names():
    found = overlaid({"vendor": "acme", "clocks": {"pll": {"latency": 7}}})
    assert found.vendor == "acme"
    assert found.clocks[0].latency == 7
    assert found.clocks[0].rates == (400_000_000, 800_000_000)
    assert [clock.latency for clock in found.clocks[1:]] == [5000, 0, 0]


def test_an_overlay_adds_what_is_not_there():
    found = overlaid(
        {
            "reset_domains": {"second": {"id": 1, "node": ""}},
            "agents": {
                "linux": {"grants": {"reset": [{"id": 1, "resource": 1, "operations": ["reset"]}]}}
            },
        }
    )
    assert [domain.name for domain in found.reset_domains] == ["block", "second"]
    assert Wire(strict_server(found).agent("linux")).status(0x16, 3, 1) == SUCCESS


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (b"[]", "JSON objects"),
        (b"{", "not JSON"),
        (b'{"a":' * 50 + b"1" + b"}" * 50, "nested too deeply"),
    ],
    ids=["a list", "not JSON", "nested too deeply"],
)
def test_an_invalid_overlay_is_refused(extra, words):
    with pytest.raises(runtime.ConfigurationError, match=words):
        runtime.overlay(FULL.read_bytes(), extra)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"clocks": {"pll": {"power": 9}}}, "pll depends on power 9"),
        ({"clocks": {"pll": {"step": 0}}}, "pll has a step"),
        ({"voltage_domains": {"buck": {"parent": 1}}}, "its own ancestor"),
        ({"sensors": {"accelerometer": {"readings": [[1]]}}}, "has not 3 values"),
        ({"sensors": {"cpu-thermal": {"segmented": True, "intervals": []}}}, "shortest"),
        ({"powercaps": {"soc": {"cap": 9999}}}, "the cap of soc"),
        ({"powercaps": {"soc": {"pai": 9999}}}, "an interval of soc"),
        ({"pin_groups": {"uart-pins": {"pins": [8]}}}, "pin group uart-pins"),
        ({"pin_functions": {"uart": {"groups": [8]}}}, "pin function uart"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value.replace(" ", "-"),
)
def test_a_configuration_that_contradicts_itself_is_refused(extra, words):
    with pytest.raises(runtime.ConfigurationError, match=words):
        overlaid(extra)


# Profiles and back ends


def test_each_agent_can_have_a_profile(full_with):
    full = full_with(profiles={2: Profile.V2_0})
    assert full.linux.words(POWER, 0) == [0x30001]
    assert full.vm1.words(POWER, 0) == [0x20000]
    # one event, each in its own layout
    full.linux.status(CLOCK, 9, 0, 1)
    full.vm1.status(POWER, 6, 1, 1)
    full.linux.status(VOLTAGE, 5, 1, 7)
    full.linux.status(POWER, 4, 0, 1, ON)
    full.linux.status(CLOCK, 5, 0, 0, 800_000_000, 0)
    assert full.events(full.vm1) == (notification(POWER, 0, 1, 1, ON),)
    assert full.events(full.linux) == (notification(CLOCK, 0, 1, 0, 800_000_000, 0),)
    assert full.vm1.status(POWER, 8, 1) == NOT_FOUND


class Hot(Backend):
    """A back end of a user's own: every sensor reads 99."""

    def read(self, kind, number):
        del kind, number
        return (99,)


def test_a_back_end_is_loaded_by_name_or_class(full_with):
    full = full_with(backend=Hot())
    assert full.linux.words(0x15, 6, 0, 0)[0] == 99
    assert isinstance(load("scmigen.server.simulator:Recorder"), Backend)
    with pytest.raises(BackendError, match="unknown back end 'nonsense'"):
        load("nonsense")
    with pytest.raises(BackendError, match="cannot be loaded"):
        load("no.such:Thing")
    with pytest.raises(BackendError, match="does not derive"):
        load("builtins:dict")


def test_every_option_of_serve_takes_effect(tmp_path):
    trace = tmp_path / "trace"
    extra = tmp_path / "extra.json"
    extra.write_text('{"clocks": {"pll": {"rates": [5], "rate": 5}}}')
    options = ["--trace", trace, "--extra", extra, "--profile", "vm1=linux-6.6"]
    options += ["--fastchannel", f"{tmp_path}/fc:0x10000000:0x1000,idle=20"]
    options += ["--backend", "scmigen.server.simulator:Recorder"]
    with serving(FULL, "--directory", tmp_path / "s,mode=6", *options) as process:
        with Client(f"unix:{tmp_path}/s,,mode=6/linux.sock") as linux:
            assert linux.clock_rate(0) == 5
            linux.call(Protocol.VOLTAGE, 5, 0, 7)
        with Client(f"unix:{tmp_path}/s,,mode=6/vm1.sock") as vm1:
            assert vm1.version(Protocol.POWER) == 0x30000
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "voltage 0 (buck) state 1" in output
    assert "VOLTAGE_CONFIG_SET domain=0 config=7" in trace.read_text()


def test_a_change_is_written_when_it_happens(tmp_path):
    """Into a pipe, too, of which the reader wants to know what has become of the board."""
    options = ["--listen", f"linux=unix:{tmp_path}/s", "--backend", "recorder"]
    with serving(FULL, *options) as process, Client(f"unix:{tmp_path}/s") as linux:
        linux.call(Protocol.VOLTAGE, 5, 0, 7)
        assert select.select([process.stdout], [], [], PATIENCE)[0]
        assert process.stdout.readline() == "voltage 0 (buck) state 1\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--profile", "4.0"],
            "unknown profile '4.0'; known: a release (2.0, 3.0, 3.1, 3.2, 4.0-beta) or",
        ),
        (["--profile", "nobody=2.0"], "unknown agent 'nobody'; known: linux, vm1"),
        (["--state", "mine"], "unknown state 'mine'; known: own, real"),
        (["--state", "nobody=real"], "unknown agent 'nobody'; known: linux, vm1"),
        (["--fastchannel", "x"], "give FILE:ADDR:SIZE"),
        (["--fastchannel", "x:3:4096"], "multiple of 8"),
        (["--fastchannel", "/:0x1000:4096"], "--fastchannel"),
        (["--fastchannel", "x:0xfffffffffffff008:4096"], "addresses have 64 bits"),
        (["--fastchannel", "x:0x1000:4096,often"], "give FILE:ADDR:SIZE"),
        (["--fastchannel", "x:0x1000:4096,idle=1"], "idle= must be 2 to 1000 ms"),
        (["--fastchannel", "nobody=x:0x1000:4096"], "unknown agent 'nobody'; known: linux, vm1"),
        (["--fastchannel", "vm1=x:0x1000:4096"], "vm1 has no domain with FastChannels"),
        (["--fastchannel", "x:0:4096", "--fastchannel", "linux=y:0:4096"], "two files for linux"),
        (["--backend", "nonsense"], "unknown back end 'nonsense'"),
        (["--extra", "/no/such"], "No such file"),
        (["--listen", "linux=smt:x,slot=5"], "give at least 128 bytes"),
        (["--listen", "linux=smt:x,nonsense"], "is not an option of smt:"),
        (["--listen", "linux=smt:x,p2a=0x10"], "overlap"),
        (["--listen", "linux=smt:x,offset=q"], "is not a number"),
    ],
    ids=[
        "unknown profile",
        "profile of an unknown agent",
        "unknown state",
        "state of an unknown agent",
        "fastchannel without a size",
        "fastchannel at an odd address",
        "fastchannel in a directory",
        "fastchannel past the addresses",
        "unknown fastchannel option",
        "fastchannel polled too often",
        "fastchannel of an unknown agent",
        "fastchannel of an agent without any",
        "two fastchannels of an agent",
        "unknown back end",
        "no such overlay",
        "slot too small",
        "unknown smt option",
        "overlapping areas",
        "offset is not a number",
    ],
)
def test_serve_refuses_wrong_options_with_the_reason(tmp_path, arguments, words):
    command = [sys.executable, "-c", SERVE, str(FULL), *arguments]
    if "--listen" not in arguments:
        command += ["--directory", str(tmp_path / "s")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
