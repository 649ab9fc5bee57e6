"""The control address: faults are switched while a driver runs, by who may open the socket only."""

import json
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from scmi_wire import BUSY, CLOCK, request, words
from server.test_faults import fault, packets
from server_running import Running, serving
from support import scmigen

from scmigen import runtime
from scmigen.client import ClientError, UrlError
from scmigen.client.control import RefusedError, control
from scmigen.server.control import ANSWER, LONGEST, Control, ControlError, _refusal
from scmigen.server.faults_file import FaultsError, read_faults
from scmigen.server.transports.address import Address, TransportError

BOARD = Path(__file__).parent / "board.json"
RATE_GET = request(CLOCK, 0x6, 0)
TWO = fault(status="BUSY", name="busy", off=True) + fault(status="DENIED", after=2)


@contextmanager
def controlled(board: runtime.Runtime, folder: Path, text: str = TWO) -> Iterator[Running]:
    """A server with two agents, and a control address ``control`` in ``folder``."""
    urls = {name: f"unix:{folder}/{name}" for name in ("linux", "vm1")}
    running = Running(board, urls, faults=read_faults(text, board))

    def use(text: str) -> None:
        try:
            running.service.inject(read_faults(text, board))
        except FaultsError as wrong:
            raise ControlError(wrong.problems) from None

    with running.running(), Control(Address(folder / "control"), running.service, use):
        yield running


def asked(folder: Path, command: str) -> list[tuple[str, bool, int, int]]:
    found = control(f"unix:{folder}/control", command, 60)
    return [(it.name, it.on, it.seen, it.hit) for it in found.faults]


def status(client: socket.socket) -> int:
    client.send(RATE_GET)
    return int.from_bytes(client.recv(100)[4:8], "little", signed=True)


def test_faults_are_switched_while_the_agent_is_connected(board, tmp_path):
    with controlled(board, tmp_path), packets(tmp_path / "linux") as client:
        assert asked(tmp_path, "list") == [("busy", False, 0, 0), ("2", True, 0, 0)]
        assert status(client) == 0
        assert asked(tmp_path, "on busy") == [("busy", True, 0, 0)]
        assert [status(client) for _ in range(3)] == [BUSY] * 3
        assert asked(tmp_path, "list") == [("busy", True, 3, 3), ("2", True, 1, 0)]
        assert asked(tmp_path, "off") == [("busy", False, 0, 0), ("2", False, 0, 0)]
        assert status(client) == 0


def test_a_fault_that_is_switched_on_begins_to_count_anew(board, tmp_path):
    once = fault(status="BUSY", count=1)
    with controlled(board, tmp_path, once), packets(tmp_path / "linux") as client:
        assert [status(client) for _ in range(3)] == [BUSY, 0, 0]
        asked(tmp_path, "on 1")
        assert [status(client) for _ in range(3)] == [BUSY, 0, 0]


def test_other_faults_are_used(board, tmp_path):
    with controlled(board, tmp_path), packets(tmp_path / "linux") as client:
        asked(tmp_path, f"use\n{fault(status='BUSY', name='new')}")
        assert status(client) == BUSY
        assert asked(tmp_path, "use\n") == []
        assert status(client) == 0


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("", "unknown command ''; known: list, on, off, use"),
        ("stop", "unknown command 'stop'"),
        ("list busy", "unknown command 'list'"),
        ("off bsy", "no fault 'bsy'; known: busy, 2"),
        ("\x1b[2J", "unknown command"),
    ],
    ids=["empty", "unknown", "words", "name", "control-characters"],
)
def test_other_commands_are_refused_and_logged(board, tmp_path, command, problem):
    with controlled(board, tmp_path) as running:
        with pytest.raises(RefusedError, match=problem.replace("'", ".")):
            control(f"unix:{tmp_path}/control", f"{command}\n", 60)
        told = [line for line in running.log if line.startswith("control (pid ")]
        assert len(told) == 2
        assert all(line.isprintable() for line in told)


def test_what_is_too_long_is_refused_and_what_is_told_has_room(board, tmp_path):
    many = "".join(fault(status="BUSY", name=f"n{number}") for number in range(900))
    with controlled(board, tmp_path, many):
        found = control(f"unix:{tmp_path}/control", "list", 60)
        assert len(found.faults) + found.left == 900
        assert found.left
        with pytest.raises(RefusedError, match="at most"):
            control(f"unix:{tmp_path}/control", "use\n" + "#" * LONGEST, 60)
        with packets(tmp_path / "control") as client:
            client.send(b"list")
            assert len(client.recv(1 << 20)) <= ANSWER


def answer(folder: Path, command: str) -> dict[str, list[str]]:
    with packets(folder / "control") as client:
        client.send(command.encode())
        return json.loads(client.recv(1 << 20))


def test_unknown_names_are_told_once_and_some_of_the_known(board, tmp_path):
    many = "".join(fault(status="BUSY", name=f"n{number}" + "n" * 56) for number in range(900))
    with controlled(board, tmp_path, many) as running:
        (told,) = answer(tmp_path, "off x " + "x " * 60_000)["problems"]
        assert told.startswith("no fault 'x'; known: n0nnn")
        assert told.endswith(", and 880 more")
        names = [f"x{number}" for number in range(10_000)]
        (told,) = answer(tmp_path, f"off {' '.join(names)}")["problems"]
        assert "'x0', 'x1'" in told
        assert "'x19', and 9980 more; known: n0" in told
        assert all(len(line) < 3000 for line in running.log)


def test_many_problems_are_an_answer_with_whole_ones(board, tmp_path):
    """Each fault lacks what it is to do."""
    with controlled(board, tmp_path) as running:
        told = answer(tmp_path, "use\n" + "[[fault]]\nagent = 'linux'\n" * 3000)["problems"]
        assert all("fault " in problem for problem in told[:-1])
        assert len(told) > 300
        assert all(len(line) < 3000 for line in running.log)
    many = [f"{number}: {'p' * 90}" for number in range(3000)]
    told = json.loads(_refusal(many))["problems"]
    assert told[:-1] == many[: len(told) - 1]
    assert told[-1] == f"and {3000 - len(told) + 1} more"
    assert ANSWER // 2 < len(_refusal(many)) <= ANSWER


def test_only_the_owner_can_open_it_and_it_is_removed(board, tmp_path):
    with controlled(board, tmp_path):
        mode = (tmp_path / "control").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
    assert not (tmp_path / "control").exists()


def test_a_client_that_says_nothing_keeps_no_agent_waiting(board, tmp_path):
    silent = tmp_path / "control"
    with controlled(board, tmp_path), packets(silent), packets(tmp_path / "linux") as client:
        assert status(client) == 0


def test_an_agent_cannot_switch_faults(board, tmp_path):
    """Its own socket takes messages of SCMI only."""
    with controlled(board, tmp_path):
        with pytest.raises(ClientError, match="no control address"):
            control(f"unix:{tmp_path}/vm1", "on busy", 60)
        assert asked(tmp_path, "list")[0] == ("busy", False, 0, 0)


def test_an_address_that_is_in_use_is_an_error(board, tmp_path):
    used = pytest.raises(TransportError, match="another server")
    with controlled(board, tmp_path) as running, used:
        Control(Address(tmp_path / "control"), running.service, lambda _: None)


def test_no_server_and_no_address(tmp_path):
    with pytest.raises(ClientError, match="No such file"):
        control(f"unix:{tmp_path}/control", "list", 1)
    with pytest.raises(UrlError, match="unix:PATH"):
        control(f"smt:{tmp_path}/control", "list", 1)


def test_the_commands(tmp_path):
    """As people type them; what is wrong is said in lines, with the line of the file."""
    file, other = tmp_path / "faults.toml", tmp_path / "other.toml"
    file.write_text(fault(status="BUSY", name="busy", off=True))
    other.write_text(fault(status="SLOW"))
    at = f"unix:{tmp_path}/control"
    with (
        serving(
            *(BOARD, "--directory", tmp_path / "run", "--faults", file),
            *("--control", at),
        ) as server,
        packets(tmp_path / "run/linux.sock") as client,
    ):
        done = scmigen("client", at, "fault", "on", "busy")
        assert done.stdout.splitlines() == [
            "NAME  STATE  SEEN  HIT  FAULT",
            "busy  on     0     0    linux CLOCK_RATE_GET: status=BUSY",
        ]
        client.send(RATE_GET)
        assert client.recv(100)[4:8] == words(BUSY)
        told = json.loads(scmigen("client", at, "fault", "list", "--format", "json").stdout)
        assert (told["faults"][0]["hit"], told["left"]) == (1, 0)
        done = scmigen("client", at, "fault", "use", other)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"Error: {other}:1: fault 1: status = 'SLOW': one of")
        assert scmigen("client", at, "fault", "off").returncode == 0
        server.terminate()
        assert "control (pid " in server.stderr.read()
        assert server.wait(60) == 0
