"""Two guests on one board (``data/twins.dts``), and the platform that both vote at.

The numbers here are those of the board's controllers, by hand: shared numbering counts the clocks,
domains and resets of one controller by its cells, and the supplies by their place in the PMIC.
"""

import json
import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from struct import unpack
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import NamedTuple, Self

from guest import linux, programs, trees
from guest.machine import Guest
from guest.serving import Served

import scmigen
from scmigen.devicetree.load import load

DATA = Path(__file__).with_name("data")
LEFT, RIGHT, HYPERVISOR, STRANGER = "left", "right", "hypervisor", "stranger"
#: Agent ids, as ``data/twins.yaml`` has them.
NUMBERS = {LEFT: 1, RIGHT: 2, HYPERVISOR: 3, STRANGER: 4}
DSP = {LEFT: "/soc/dsp@10000", RIGHT: "/soc/dsp@20000"}


class Use(NamedTuple):
    """Something that a device asks for: the module's words for it, and the platform's."""

    kind: str
    id: str
    effect: str

    @property
    def on(self) -> str:
        """What the back end is told when it is switched on."""
        return f"{self.effect} state 1"

    @property
    def off(self) -> str:
        """What the back end is told when it is switched off."""
        return f"{self.effect} state 0"


#: What the DSPs share, and the clock that each has for itself.
BUS, DOMAIN, SUPPLY = (
    Use("clk", "bus", "clock 0"),
    Use("pd", "0", "power 0"),
    Use("supply", "vdd", "voltage 0"),
)
SHARED = (BUS, DOMAIN, SUPPLY)
CORE = {LEFT: Use("clk", "core", "clock 1"), RIGHT: Use("clk", "core", "clock 2")}


class Device(NamedTuple):
    """What either guest may have: what it asks for, and the rate of its clock; one more thing that
    its guest can do to it, by the words of the module and of the back end; that as a message."""

    node: str
    uses: tuple[Use, ...]
    rate: int
    orders: tuple[str, ...]
    effect: str
    message: tuple[int, int, tuple[int, ...]]

    @property
    def name(self) -> str:
        """The node without its address."""
        return self.node.rpartition("/")[2].partition("@")[0]

    @property
    def changes(self) -> list[tuple[int, int, tuple[int, ...]]]:
        """Every change of what it asks for: protocol, message and payload."""
        (clock, domain, supply) = (int(use.effect.split()[1]) for use in self.uses)
        switched = [(0x14, 7, (clock, 1, 0)), (0x11, 4, (0, domain, 0)), (0x17, 5, (supply, 7))]
        return [*switched, self.message]


CODEC = Device(
    "/soc/codec@30000",
    (
        Use("clk", "core", "clock 3"),
        Use("pd", "0", "power 1"),
        Use("supply", "vdd", "voltage 2"),
    ),
    150_000_000,
    ("reset pulse 0",),
    "reset 2",
    (0x16, 4, (2, 1, 0)),
)
GPU = Device(
    "/soc/gpu@60000",
    (
        Use("clk", "core", "clock 6"),
        Use("pd", "power", "power 3"),
        Use("supply", "vdd", "voltage 1"),
    ),
    400_000_000,
    # Linux sets no level while the domain is idle.
    ("pd on perf", "pd level perf 200000", "pd off perf"),
    "performance 0",
    (0x13, 7, (0, 200_000)),
)
#: What the hypervisor's timer asks for.
TIMER_CLOCK, TIMER_DOMAIN = 4, 2

_NAMED = re.compile(r" \(.*\)")
_KEPT = TemporaryDirectory(prefix="guest-twins-")


@cache
def built(numbering: str) -> Path:
    """The folder of what scmigen makes of the board."""
    board, agents = DATA / "twins.dts", [DATA / "twins.yaml"]
    result = scmigen.compile(board, agents=agents, numbering=numbering)
    folder = Path(_KEPT.name) / numbering
    scmigen.emit(result, ["runtime", "consumer"]).write(folder)
    return folder


@cache
def blob(agent: str, numbering: str) -> bytes:
    """The tree of a guest."""
    emitted = load(built(numbering) / "consumer" / f"{agent}.dtb")
    return trees.reduced(emitted, programs.virt()).blob


class Twin:
    """A guest of the board, which can be started again. A context manager: it is gone afterwards,
    whatever happened."""

    def __init__(self, folder: Path, name: str, socket: str, tree: bytes) -> None:
        self.name, self._folder, self._socket, self._tree = name, folder, socket, tree
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._killed:
            self.kill()

    def start(self) -> None:
        """Start QEMU; `ready` waits for Linux. It goes on after a reboot."""
        self._killed = False
        reboots = ("-action", "reboot=reset")
        self.guest = Guest(
            self._folder, self._tree, self._socket, name=self.name, arguments=reboots
        )

    def ready(self) -> Self:
        """Wait until Linux is up, and has its DSP."""
        self.guest.ready()
        self.take(DSP[self.name])
        return self

    def take(self, node: str) -> None:
        """Have a device, with its power domain off."""
        assert linux.take(self.guest, [node]) == {}
        domain = next(each for each in linux.taken(self.guest)[node] if each.kind == "pd")
        name = domain.values["name"]
        self.guest.run(
            f"until grep -q '^{name} *off' {linux.DEBUG}/pm_genpd/pm_genpd_summary; "
            "do usleep 10000; done",
            10,
        )

    def give_back(self, node: str) -> None:
        """Leave a device."""
        driver = "/sys/bus/platform/drivers/scmi_consumer"
        self.guest.run(f"echo {linux.device(node)} >{driver}/unbind")

    def order(self, *orders: tuple[Use, str], node: str = "") -> list[int]:
        """Switch what a device asks for, by default the DSP; the errno of each order, or 0."""
        commands = [f"{use.kind} {word} {use.id}" for use, word in orders]
        where = node or DSP[self.name]
        return linux.order(self.guest, [(where, command) for command in commands])

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop QEMU, as one is that hangs; it goes on afterwards."""
        self.guest.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.guest.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End QEMU as ``kill -9`` does."""
        self._killed = True
        self.guest.kill()


class Twins:
    """The server, what it serves, and both guests; ``urls`` are the addresses of the others."""

    def __init__(
        self, served: Served, runtime: Path, left: Twin, right: Twin, urls: Mapping[str, str]
    ) -> None:
        self.served, self.runtime = served, runtime
        self.left, self.right, self.urls = left, right, urls

    def device(self, node: str) -> int:
        """The number of a device."""
        devices = json.loads(self.runtime.read_text())["devices"]
        return next(int(each["id"]) for each in devices if each["node"] == node)

    def reload(self, grants: Mapping[str, object]) -> None:
        """Serve the configuration with other grants of these agents."""
        configuration = json.loads(self.runtime.read_text())
        for agent in configuration["agents"]:
            agent["grants"] = grants.get(agent["name"], agent["grants"])
        self.runtime.write_text(json.dumps(configuration))
        before = self.served.log.count("reloaded")
        self.served.reload()
        end = time.monotonic() + 10
        while self.served.log.count("reloaded") == before:
            assert time.monotonic() < end, self.served.log
            time.sleep(0.02)

    def effects(self) -> list[str]:
        """What the back end was told since this was asked last, without the names of resources."""
        return [_NAMED.sub("", line) for line in self.served.events()]

    def expect(self, *effects: str) -> None:
        """Wait for effects since `effects` was asked last."""
        for effect in effects:
            what, _, state = effect.partition(" state ")
            self.served.expect(rf"^{what} \(.*\) state {state}$")

    def open_files(self) -> int:
        """How many files the server has open."""
        return len([*Path(f"/proc/{self.served.process.pid}/fd").iterdir()])

    def step(self, twin: Twin, word: str, use: Use, *effects: str, node: str = "") -> None:
        """A guest switches something, and the platform makes these effects of it."""
        assert twin.order((use, word), node=node) == [0]
        seen = self.effects()
        assert seen == [*effects], f"{twin.name} {word} {use}: {seen}"

    def votes(self, twin: Twin, use: Use) -> list[bool]:
        """The votes that a guest has cast on something so far: on, or off."""
        kind, number = use.effect.split()
        vote = _VOTES[kind]
        return [
            words[vote.state] == vote.on
            for agent, words in self.commands()
            if (agent, words[0] & 0x3FFFF) == (twin.name, vote.header)
            and words[vote.number] == int(number)
        ]

    def commands(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Every command so far, by its sender: the words of header and payload."""
        for line in self.served.trace.splitlines():
            _, agent, way, message = line.partition("#")[0].split(maxsplit=3)
            if way == ">":
                data = bytes.fromhex(message)
                yield agent, unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


@contextmanager
def running(folder: Path, numbering: str = "shared") -> Iterator[Twins]:
    """The server, and both guests, up; ``folder`` takes their sockets and logs."""
    urls = {
        HYPERVISOR: f"unix:{folder}/{HYPERVISOR}.sock",
        STRANGER: f"vhost-user:{folder}/{STRANGER}.sock",
    }
    runtime = folder / "runtime.json"
    runtime.write_bytes((built(numbering) / "runtime" / "runtime.json").read_bytes())
    with (
        Served(folder, runtime, LEFT, RIGHT, urls=urls) as served,
        Twin(folder, LEFT, served.sockets[LEFT], blob(LEFT, numbering)) as left,
        Twin(folder, RIGHT, served.sockets[RIGHT], blob(RIGHT, numbering)) as right,
    ):
        left.ready()
        right.ready()
        served.events()
        yield Twins(served, runtime, left, right, urls)


class _Vote(NamedTuple):
    """A command that casts a vote: bits [17:0] of its header, the places of the number and of the
    state, and the state that is on (scmi-messages.md, 4 to 9)."""

    header: int
    number: int
    state: int
    on: int


_VOTES = {
    "clock": _Vote(0x14 << 10 | 7, 1, 2, 1),
    "power": _Vote(0x11 << 10 | 4, 2, 3, 0),
    "voltage": _Vote(0x17 << 10 | 5, 1, 2, 7),
}
