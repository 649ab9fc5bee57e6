"""The whole example as a user runs it: build, serve, and a client as each of the five agents.

Numbers are looked up in the permission map by provider and cells, as a person would; what each
agent may do is what ``examples/dts/agents.yaml`` says, read by hand.
"""

import csv
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from patience import PATIENCE, eventually

CRU = "/soc@0/clock-controller@1000000"
AON = "/soc@0/clock-controller@100000"
PMU = "/soc@0/power-controller@110000"
AGENTS = ("linux", "optee", "vm1", "vm2", "hypervisor")


def scmigen(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scmigen", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if check:
        assert done.returncode == 0, done.stderr
    return done


class Board:
    """The served example: sockets of its agents, and numbers by provider."""

    def __init__(self, folder: Path, sockets: Path, log: Path) -> None:
        self.folder = folder
        self.sockets = sockets
        self.log = log
        with (folder / "permissions" / "permissions.csv").open() as file:
            self._rows = list(csv.DictReader(file))

    def number(self, kind: str, provider: str, cell: int) -> str:
        """The SCMI id of a resource, from the permission map."""
        (row,) = (
            row
            for row in self._rows
            if (row["kind"], row["provider"], row["cells"]) == (kind, provider, str(cell))
        )
        return row["number"]

    def url(self, agent: str) -> str:
        return f"unix:{self.sockets / agent}.sock"

    def ask(self, agent: str, *arguments: str) -> str:
        """What the client prints where the platform agrees."""
        return scmigen("client", self.url(agent), *arguments).stdout.strip()

    def refused(self, agent: str, *arguments: str) -> str:
        """The status word where the platform does not."""
        done = scmigen("client", self.url(agent), *arguments, check=False)
        assert done.returncode == 1, done.stdout
        return done.stderr.partition(":")[0]

    @contextmanager
    def holding(self, agent: str, *arguments: str) -> Iterator[None]:
        """A client that stays connected, so that its vote stands while the block runs."""
        command = [sys.executable, "-m", "scmigen", "client", self.url(agent), *arguments]
        with subprocess.Popen(
            [*command, "--hold", "600"], stdout=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout is not None
            try:
                assert running.stdout.readline()
                yield
            finally:
                running.terminate()

    def device(self, path: str) -> str:
        """The device id of a node, from the runtime configuration."""
        found = json.loads((self.folder / "runtime" / "runtime.json").read_text())
        return next(str(device["id"]) for device in found["devices"] if device["node"] == path)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory, examples: Path) -> Iterator[Board]:
    folder = tmp_path_factory.mktemp("out")
    sockets = tmp_path_factory.mktemp("s")
    scmigen(
        "build", examples / "orrery-board.dts", "-a", examples / "agents.yaml", "-o", folder, "-q"
    )
    command = [sys.executable, "-m", "scmigen", "serve", folder / "runtime" / "runtime.json"]
    command += ["--directory", sockets, "--state", "real"]
    log = folder / "serve.log"
    with log.open("w") as errors:
        server = subprocess.Popen(
            [*map(str, command)], stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert server.stdout is not None
    lines = iter(server.stdout.readline, "")
    assert any(line.strip() == "ready" for line in lines), log.read_text()
    try:
        yield Board(folder, sockets, log)
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=PATIENCE)
        assert server.returncode == 0, log.read_text()
        assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("agent", AGENTS)
def test_each_agent_learns_who_it_is(board: Board, agent: str) -> None:
    text = board.ask(agent, "info")
    assert f"agent {AGENTS.index(agent) + 1}: {agent} (this one)" in text


def test_an_agent_sees_what_it_was_granted_and_nothing_else(board: Board) -> None:
    vm1_uart = board.number("clock", CRU, 10)
    vm2_uart = board.number("clock", CRU, 11)
    ids = {line.split()[0] for line in board.ask("vm1", "clock", "list").splitlines()[1:]}
    assert vm1_uart in ids
    assert vm2_uart not in ids
    assert board.ask("vm1", "clock", "rate", vm1_uart).isdigit()
    assert board.refused("vm1", "clock", "rate", vm2_uart) == "NOT_FOUND"
    assert board.refused("vm2", "clock", "rate", vm1_uart) == "NOT_FOUND"


def test_a_rate_is_set_by_who_may_and_refused_to_who_only_uses_the_clock(board: Board) -> None:
    # owners: the media interconnect &cru 51 is linux's; the display of vm1 depends on it.
    media = board.number("clock", CRU, 51)
    rate = board.ask("linux", "clock", "rate", media)
    assert board.ask("linux", "clock", "rate", media, rate) == rate
    assert board.ask("vm1", "clock", "rate", media) == rate
    assert board.refused("vm1", "clock", "rate", media, rate) == "DENIED"
    refused = f"refused: vm1: CLOCK_RATE_SET on clock {media} ("
    assert eventually(lambda: refused in board.log.read_text())


def test_a_shared_clock_stays_on_while_one_voter_wants_it(board: Board) -> None:
    # Every agent has the register clock of the bus, &cru 9.
    bus = board.number("clock", CRU, 9)

    def state() -> str:
        rows = [line.split() for line in board.ask("optee", "clock", "list").splitlines()]
        return next(row[2] for row in rows if row[0] == bus)

    with board.holding("linux", "clock", "on", bus):
        with board.holding("vm1", "clock", "on", bus):
            assert state() == "on"
        assert state() == "on"
        board.ask("vm2", "clock", "on", bus)
        board.ask("vm2", "clock", "off", bus)
        assert state() == "on"
        board.ask("optee", "clock", "off", bus)
        assert state() == "on"


def test_power_domains_are_switched_by_their_agents_only(board: Board) -> None:
    gpu = board.number("power", PMU, 0)
    npu = board.number("power", PMU, 1)
    assert board.ask("vm1", "power", "set", gpu, "on")
    assert board.refused("linux", "power", "set", gpu, "off") == "NOT_FOUND"
    assert board.ask("linux", "power", "set", npu, "on")
    assert board.refused("vm1", "power", "set", npu, "off") == "NOT_FOUND"


def test_a_domain_stays_on_while_the_other_agent_wants_it(board: Board) -> None:
    # Domain 6 (peripherals) is voted for by linux and vm2.
    shared = board.number("power", PMU, 6)
    with board.holding("linux", "power", "set", shared, "on"):
        board.ask("vm2", "power", "set", shared, "on")
        board.ask("vm2", "power", "set", shared, "off")
        assert board.ask("vm2", "power", "get", shared) == "on"


def resets_of(examples: Path, agent: str) -> list[tuple[str, int]]:
    """The resets the hand-written table gives to one agent alone."""
    with (examples.parent.parent / "tests" / "grants" / "orrery.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "reset"]
    owners: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        owners.setdefault((row["provider"], int(row["cells"])), []).append(row["agent"])
    return [key for key, names in owners.items() if names == [agent]]


@pytest.mark.parametrize(("mine", "theirs"), [("vm1", "linux"), ("linux", "vm1"), ("vm2", "optee")])
def test_a_reset_line_is_one_agent_s(board: Board, examples: Path, mine: str, theirs: str) -> None:
    own = board.number("reset", *resets_of(examples, mine)[0])
    foreign = board.number("reset", *resets_of(examples, theirs)[0])
    assert board.ask(mine, "reset", own).endswith("done")
    assert board.refused(mine, "reset", foreign) == "NOT_FOUND"


def test_only_the_hypervisor_moves_the_assignable_device(board: Board) -> None:
    """The image processor is vm1's at boot; the hypervisor takes it and gives it to vm2."""
    domain = board.number("power", PMU, 4)
    device = board.device("/soc@0/isp@4300000")
    assert board.refused("vm2", "power", "set", domain, "on") == "DENIED"
    assert board.refused("linux", "raw", "base", "9", "4", device, "1") == "DENIED"
    board.ask("hypervisor", "raw", "base", "9", "3", device, "0")
    board.ask("hypervisor", "raw", "base", "9", "4", device, "1")
    assert board.ask("vm2", "power", "set", domain, "on")
    assert board.refused("vm1", "power", "set", domain, "off") == "DENIED"
    board.ask("hypervisor", "raw", "base", "9", "4", device, "0")
    board.ask("hypervisor", "raw", "base", "9", "3", device, "1")
    assert board.ask("vm1", "power", "set", domain, "off")
