"""``scmigen client`` against the real server, as a user types it."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from patience import PATIENCE
from server_running import Running, strict_server

from scmigen import runtime
from scmigen.cli.main import cli
from scmigen.scmi.protocols import Profile
from scmigen.scmi.units import unit
from scmigen.server.service import Service
from scmigen.topology.read import read_listing

VM1 = 2
BOARD = Path(__file__).parent.parent / "server" / "board.json"


@pytest.fixture(params=["3.2", "2.0"])
def urls(request, tmp_path):
    """Agent → URL of a running server, in each profile."""
    board = runtime.decode(BOARD.read_bytes())
    server = strict_server(board, Profile(request.param), state_readers={VM1})
    names = {"linux": f"unix:{tmp_path}/linux", "vm1": f"unix-stream:{tmp_path}/vm1"}
    agents = {server.agent(name): url for name, url in names.items()}
    with Service(server, agents, lambda *_: None) as service:
        thread = threading.Thread(target=service.run)
        thread.start()
        yield names
        service.stop()
        thread.join(PATIENCE)


@pytest.fixture
def full(tmp_path):
    """Runs a command as linux on the board of full.json."""
    board = runtime.decode(BOARD.with_name("full.json").read_bytes())
    url = f"unix:{tmp_path}/full"
    with Running(board, {"linux": url}).running():
        yield lambda *arguments: CliRunner().invoke(cli, ["client", url, *arguments])


@pytest.fixture
def run(urls):
    def run(agent, *arguments):
        return CliRunner().invoke(cli, ["client", urls[agent], *arguments])

    return run


def text(result):
    assert result.exit_code == 0, result.output
    return result.output


def test_info_lists_agents_and_protocols(run):
    lines = text(run("vm1", "info")).splitlines()
    assert "vendor acme, lab" in lines
    assert "agent 2: vm1 (this one)" in lines
    assert [line.split()[2] for line in lines if line.startswith("protocol")] == [
        "power",
        "performance",
        "clock",
    ]
    found = json.loads(text(run("vm1", "info", "--format", "json")))
    assert found["agents"] == {"1": "linux", "2": "vm1", "3": "hypervisor"}
    assert found["agent"] == 2


def test_clocks_are_listed_read_and_switched(run):
    lines = text(run("vm1", "clock", "list")).splitlines()
    assert [line.split() for line in lines] == [
        ["ID", "NAME", "STATE", "RATE"],
        ["1", "bus", "off", "200000000"],
        ["2", "gpu", "off", "1000"],
    ]
    assert text(run("linux", "clock", "rate", "0")) == "24000000\n"
    assert text(run("linux", "clock", "rate", "0", "49000000")) == "48000000\n"
    assert text(run("linux", "clock", "on", "1")) == "clock 1: on\n"
    assert text(run("linux", "clock", "off", "0x1")) == "clock 1: voted off\n"
    assert json.loads(text(run("linux", "clock", "rate", "0", "--format", "json"))) == {
        "id": 0,
        "rate": 48_000_000,
    }


def test_format_is_accepted_before_the_command(urls):
    arguments = ["client", "--format", "json", urls["linux"], "power", "get", "3"]
    result = CliRunner().invoke(cli, arguments)
    assert json.loads(text(result)) == {"id": 3, "state": 0}


def test_power_domains_are_listed_and_voted_for(run):
    lines = text(run("linux", "power", "list")).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["0", "soc", "off"],
        ["1", "media", "off"],
        ["2", "gpu", "off"],
        ["3", "aon", "on"],
    ]
    assert text(run("linux", "power", "get", "3")) == "on\n"
    assert text(run("linux", "power", "set", "1", "on")) == "power domain 1: on\n"
    # that vote went with its connection
    assert text(run("linux", "power", "get", "1")) == "off\n"


def test_a_vote_can_be_held(urls, run):
    program = [sys.executable, "-m", "scmigen", "client"]
    options = ["power", "set", "0", "on", "--hold", "600"]
    with subprocess.Popen([*program, urls["linux"], *options], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"power domain 0: on\n"
        assert text(run("vm1", "power", "get", "0")) == "on\n"
        holder.kill()
    assert text(run("vm1", "power", "get", "0")) == "off\n"


def test_supplies_are_listed_switched_and_set(full):
    lines = text(full("voltage", "list")).splitlines()
    assert [line.split() for line in lines] == [
        ["ID", "NAME", "STATE", "LEVEL"],
        ["0", "buck", "off", "800000"],
        ["1", "ldo", "off", "600000"],
    ]
    assert text(full("voltage", "level", "0")) == "800000\n"
    assert text(full("voltage", "level", "0", "1150000")) == "1150000\n"
    assert text(full("voltage", "on", "0")) == "voltage domain 0: on\n"
    assert text(full("voltage", "off", "0x0")) == "voltage domain 0: voted off\n"
    wrong = full("voltage", "level", "0", "-800000")
    assert wrong.exit_code == 1
    assert wrong.stderr.splitlines() == [
        "INVALID_PARAMETERS: VOLTAGE_LEVEL_SET domain=0 flags=0 level=-800000",
        "possible: 800000 to 1200000 in steps of 50000",
    ]
    wrong = full("voltage", "level", "1", "650000")
    assert wrong.stderr.splitlines()[1:] == ["possible: 600000, 700000, 900000"]
    wrong = full("performance", "level", "1", "205")
    assert wrong.stderr.splitlines()[1:] == ["possible: 0, 1"]
    found = json.loads(text(full("voltage", "list", "--format", "json")))
    assert found[0] == {"id": 0, "name": "buck", "on": False, "level": 1_150_000}


def test_performance_domains_are_listed_and_set(run):
    lines = text(run("vm1", "performance", "list")).splitlines()
    assert [line.split() for line in lines] == [
        ["ID", "NAME", "LEVEL", "MIN", "MAX"],
        ["0", "cpu", "1200", "600", "1800"],
    ]
    assert text(run("linux", "performance", "level", "0", "1800")) == "1800\n"
    assert text(run("vm1", "performance", "level", "0")) == "1800\n"
    assert text(run("linux", "performance", "limits", "0", "1200", "1800")) == "1200 1800\n"
    # that vote went with its connection
    assert json.loads(text(run("linux", "performance", "limits", "0", "--format", "json"))) == {
        "id": 0,
        "minimum": 600,
        "maximum": 1800,
    }
    assert run("linux", "performance", "level", "0", "1201").stderr == (
        "OUT_OF_RANGE: PERFORMANCE_LEVEL_SET domain=0 level=1201\npossible: 600, 1200, 1800\n"
    )
    assert run("vm1", "performance", "level", "0", "600").stderr.startswith("DENIED: ")
    one = run("linux", "performance", "limits", "0", "600")
    assert one.exit_code == 2
    assert "give both limits, MIN and MAX, or none" in one.stderr


def test_sensors_are_listed_and_read(full):
    lines = [line.split() for line in text(full("sensor", "list")).splitlines()]
    assert lines[0] == ["ID", "NAME", "READING", "UNIT"]
    assert lines[1][2] in {"40000", "50000", "60000"}  # the script goes on meanwhile
    assert lines[1][:2] + lines[1][3:] == ["0", "cpu-thermal", "0.001", "degrees", "C"]
    assert lines[2] == ["1", "accelerometer", "1", "-2", "3", "0.001", "m/s^2"]
    assert lines[3] == ["2", "a-sensor-with-an-extended-name", "0", "0.001", "degrees", "C"]
    assert text(full("sensor", "read", "1")) == "1 -2 3\n"
    assert json.loads(text(full("sensor", "read", "1", "--format", "json"))) == {
        "id": 1,
        "reading": [1, -2, 3],
    }
    assert full("sensor", "read", "9").stderr == "NOT_FOUND: SENSOR_READING_GET sensor=9 flags=0\n"


@pytest.mark.parametrize(
    ("kind", "exponent", "expected"),
    [
        (2, -3, "0.001 degrees C"),
        (0x5D, 0, "rad/s^2"),
        (0x59, 0, "m/s^2"),
        (0x41, -1, "0.1 %"),
        (0x14, 6, "1000000 Hz"),
        (0x5, -6, "1e-06 V"),
        (0x30, 0, "F"),
        (0x3B, 0, "K (color)"),
        (0x51, 0, "uncorrectable errors"),
        (0x57, 0, "rad/s"),
        (0, 0, "none"),
        (0x5E, 2, "100 type 94"),
        (0xFF, 0, "type 255"),
    ],
)
def test_units_are_those_of_the_table_in_the_specification(kind, exponent, expected):
    """By hand, from the enumerators of Linux (include/linux/scmi_protocol.h)."""
    assert unit(kind, exponent) == expected


def test_the_timeout_may_stand_after_the_command(scripted):
    url = scripted(lambda _: [])
    result = CliRunner().invoke(cli, ["client", url, "info", "--timeout", "0.1"])
    assert "no answer within 0.1 s" in result.stderr


def test_reset_domains_are_listed_and_reset(run):
    lines = text(run("linux", "reset", "list")).splitlines()
    assert lines[1].split() == ["0", "uart-reset", "10", "us"]
    assert text(run("linux", "reset", "2")) == "reset domain 2: done\n"


def test_raw_sends_words_or_hexadecimal_bytes(run):
    assert text(run("linux", "raw", "0x14", "6", "0")) == "0x016e3600 0x00000000\n"
    assert text(run("linux", "raw", "clock", "6", "00000000")) == "0x016e3600 0x00000000\n"
    assert text(run("linux", "raw", "power", "4", "0", "0", "0")) == "SUCCESS\n"
    wrong_size = run("linux", "raw", "clock", "6", "hex:0000")
    assert (wrong_size.exit_code, wrong_size.stderr) == (
        1,
        "PROTOCOL_ERROR: protocol 0x14 message 0x6\n",
    )


def test_what_is_refused_says_so_and_exits_1(run):
    result = run("vm1", "clock", "rate", "1", "100")
    assert result.exit_code == 1
    assert result.stderr == "DENIED: CLOCK_RATE_SET flags=8 clock=1 rate=100\n"
    assert (
        "DENIED: this agent has nothing of the protocol reset" in run("vm1", "reset", "list").stderr
    )
    assert run("linux", "power", "set", "3", "on").stderr.startswith("DENIED: POWER_STATE_SET")


def test_no_server_exits_1(tmp_path):
    result = CliRunner().invoke(cli, ["client", f"unix:{tmp_path}/none", "info"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: no server at unix:")


@pytest.mark.parametrize(
    "arguments",
    [
        ["tcp:1", "info"],
        ["unix:x", "nothing"],
        ["unix:x", "clock", "rate", "one"],
        ["unix:x", "clock", "rate", "-1"],
        ["unix:x", "clock", "rate", "0x100000000"],
        ["unix:x", "power", "set", "0", "half"],
        ["unix:x", "reset", "all"],
        ["unix:x", "raw", "clock", "256"],
        ["unix:x", "raw", "clock", "6", "hex:0"],
        ["unix:x", "raw", "clock", "6", "00" * 132],
    ],
    ids=[
        "unknown scheme",
        "unknown command",
        "id in letters",
        "negative id",
        "id too high",
        "unknown state",
        "unknown target",
        "message id too high",
        "half a byte",
        "payload too long",
    ],
)
def test_wrong_usage_exits_2(arguments):
    assert CliRunner().invoke(cli, ["client", *arguments]).exit_code == 2


def test_the_topology_is_what_a_check_reads(full):
    """What the board says of its parents comes back through the wire and the file."""
    printed = text(full("clock", "topology"))
    assert "scmi/clock/3/name:leaf\nscmi/clock/3/state:0\nscmi/clock/3/parent:1\n" in printed
    assert "scmi/clock/1/possible_parents:0 2\n" in printed
    found = read_listing(printed.encode(), "topology")
    above = {c.name: found.clocks[c.parent].name for c in found.clocks if c.parent is not None}
    assert above == {"leaf": "mux", "mux": "pll"}
    assert [clock.number for clock in found.clocks] == [0, 1, 2, 3]
    assert found.clocks[1].possible == (0, 2)


def test_an_older_platform_tells_no_parents(run):
    printed = text(run("linux", "clock", "topology"))
    assert "scmi/clock/0/name:uart" in printed
