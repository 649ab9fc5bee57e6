"""What Linux shows of its SCMI resources, read in a guest, and commands to its drivers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from guest.machine import Guest

DEBUG = "/sys/kernel/debug"
CONSUMERS = f"{DEBUG}/scmi_consumer"
RAW = f"{DEBUG}/scmi/0/raw/message"


@dataclass(frozen=True)
class Clock:
    """A line of clk_summary: Hz, what feeds it, how often it is enabled."""

    rate: int
    parent: str | None
    enabled: int


@dataclass(frozen=True)
class Domain:
    """A power domain, or a performance domain: its state and performance level."""

    state: str
    level: int


@dataclass(frozen=True)
class Regulator:
    """A regulator: µV and ``enabled`` or ``disabled``."""

    microvolts: int
    state: str


@dataclass(frozen=True)
class Policy:
    """A policy of cpufreq, or a device of devfreq: driver, and frequencies in its unit."""

    driver: str
    frequencies: tuple[int, ...]
    current: int


def clocks(guest: Guest) -> dict[str, Clock]:
    """Every clock that the kernel has, by name. Raises `ValueError` where two have one name."""
    found: dict[str, Clock] = {}
    above: list[str] = []
    for line in guest.read(f"{DEBUG}/clk/clk_summary").splitlines()[3:]:
        words = line.split()
        depth = (len(line) - len(line.lstrip()) - 1) // 3
        if len(words) < 6 or not words[1].isdigit():
            continue  # A further consumer of the clock above.
        if words[0] in found:
            raise ValueError(f"two clocks are called {words[0]}")
        above[depth:] = [words[0]]
        parent = above[depth - 1] if depth else None
        found[words[0]] = Clock(int(words[4]), parent, int(words[1]))
    return found


def domains(guest: Guest) -> dict[str, Domain]:
    """The domains of pm_genpd_summary, by name."""
    found: dict[str, Domain] = {}
    for line in guest.read(f"{DEBUG}/pm_genpd/pm_genpd_summary").splitlines():
        words = line.split()
        if len(words) >= 3 and not line[0].isspace() and words[-1].isdigit():
            found[words[0]] = Domain(words[1], int(words[-1]))
    return found


def regulators(guest: Guest) -> dict[str, Regulator]:
    """The regulators, by name, but for the dummy."""
    found = _files(guest, "/sys/class/regulator/*", "name", "microvolts", "state")
    return {
        each["name"]: Regulator(int(each.get("microvolts", 0)), each.get("state", ""))
        for each in found.values()
        if each["name"] != "regulator-dummy"
    }


def policies(guest: Guest) -> dict[str, Policy]:
    """The policies of cpufreq, by the processors they are for (``0 1``); kHz."""
    names = ("affected_cpus", "scaling_driver", "scaling_available_frequencies")
    found = _files(guest, "/sys/devices/system/cpu/cpufreq/policy*", *names, "scaling_cur_freq")
    return {
        each["affected_cpus"]: _policy(
            each["scaling_driver"], each[names[2]], each["scaling_cur_freq"]
        )
        for each in found.values()
    }


def devfreq(guest: Guest) -> dict[str, Policy]:
    """The devices of devfreq, by name; Hz."""
    found = _files(guest, "/sys/class/devfreq/*", "available_frequencies", "cur_freq", "governor")
    return {
        folder.rpartition("/")[2]: _policy(
            each["governor"], each["available_frequencies"], each["cur_freq"]
        )
        for folder, each in found.items()
    }


def sensors(guest: Guest) -> dict[str, int]:
    """The readings of the SCMI sensors of hwmon, by label."""
    for device in _files(guest, "/sys/class/hwmon/*", "name", labels=True).values():
        if device["name"] == "scmi_sensors":
            return {
                label: int(device[name.replace("_label", "_input")])
                for name, label in device.items()
                if name.endswith("_label")
            }
    return {}


def zones(guest: Guest) -> dict[str, int]:
    """The thermal zones: millidegrees by type."""
    found = _files(guest, "/sys/class/thermal/thermal_zone*", "type", "temp")
    return {each["type"]: int(each.get("temp", -1)) for each in found.values()}


@dataclass(frozen=True)
class Taken:
    """A line of a consumer's state: ``clk 0 id=core name=…`` (shared/linux-guest/README.md)."""

    kind: str
    index: int
    values: Mapping[str, str]


def take(guest: Guest, paths: Iterable[str]) -> dict[str, str]:
    """Have the module take nodes; what went wrong with each that it could not take."""
    lines = "\n".join(f"echo {path} >{CONSUMERS}/add || echo 'failed {path}'" for path in paths)
    said = guest.run(f"{lines}\n:", 60)
    problems: dict[str, str] = {}
    last = ""
    for line in said.splitlines():
        if line.startswith("failed "):
            problems[line.removeprefix("failed ")] = last
        last = line
    return problems


def taken(guest: Guest) -> dict[str, tuple[Taken, ...]]:
    """What the module has, by node."""
    found: dict[str, tuple[Taken, ...]] = {}
    node = ""
    for line in guest.run(f"cat {CONSUMERS}/*/state || :", 60).splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "node":
            node = rest
            found[node] = ()
        elif rest:
            index, _, values = rest.partition(" ")
            pairs = dict(word.partition("=")[::2] for word in values.split(" "))
            found[node] = (*found[node], Taken(kind, int(index), pairs))
    return found


def order(guest: Guest, orders: Iterable[tuple[str, str]]) -> list[int]:
    """Give the module's devices commands, (node, command); the errno of each, or 0."""
    listed = [(node, command) for node, command in orders]
    lines = [
        f'c={CONSUMERS}/{device(node)}/ctl; echo {command} >$c; read -r r <$c; echo "=$r"'
        for node, command in listed
    ]
    said = guest.run("\n".join([*lines, ":"]), 120)
    found = [int(rc) for rc in re.findall(r"^=rc=(-?\d+) ", said, re.MULTILINE)]
    if len(found) != len(listed):
        raise AssertionError(f"{len(listed)} orders, {len(found)} results: {said}")
    return [-rc for rc in found]


def device(node: str) -> str:
    """What the module calls the device of a node."""
    return node.strip("/").replace("/", ":")


def rebound(name: str, old: str, new: str) -> str:
    """What the shell has to do to give a platform device another driver."""
    drivers = "/sys/bus/platform/drivers"
    return (
        f"echo {name} >{drivers}/{old}/unbind\n"
        f"echo {new} >/sys/bus/platform/devices/{name}/driver_override\n"
        f"echo {name} >{drivers}/{new}/bind"
    )


class Raw:
    """Raw SCMI messages through the kernel. Every message has a token of its own, as long as they
    last: a token that returns makes the kernel wait."""

    #: Messages that wait for their answers to be read together; the kernel has room for as many.
    BATCH = 16

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._tokens = count(0x100)

    def send(self, *messages: tuple[int, int, Sequence[int]]) -> list[tuple[int, ...]]:
        """The payloads of the answers to (protocol, message, payload) in words of 32 bits."""
        found: list[tuple[int, ...]] = []
        for start in range(0, len(messages), self.BATCH):
            found += self._batch(messages[start : start + self.BATCH])
        return found

    def _batch(self, messages: Sequence[tuple[int, int, Sequence[int]]]) -> list[tuple[int, ...]]:
        headers, lines = [], []
        for protocol, message, payload in messages:
            headers.append(next(self._tokens) % 0x400 << 18 | protocol << 10 | message)
            data = b"".join(word.to_bytes(4, "little") for word in (headers[-1], *payload))
            lines.append("printf '" + "".join(f"\\{byte:03o}" for byte in data) + f"' >{RAW}")
        # One answer for each time that the file is opened. The answers come in any order.
        lines.append(f"od -v -An -tx4 {' '.join([RAW] * len(messages))}")
        words = [int(word, 16) for word in self._guest.run("\n".join(lines), 60).split()]
        starts = [*(index for index, word in enumerate(words) if word in headers), len(words)]
        answers = {words[at]: tuple(words[at + 1 : end]) for at, end in pairwise(starts)}
        return [answers[header] for header in headers]


def _files(
    guest: Guest, folders: str, *names: str, labels: bool = False
) -> dict[str, dict[str, str]]:
    """The files ``names`` of each of the folders, by folder and name; ``labels``: hwmon's too."""
    every = [*names, *(["*_label", "*_input"] if labels else [])]
    said = guest.run(f"grep -sH '' {' '.join(f'{folders}/{name}' for name in every)} || :")
    found: dict[str, dict[str, str]] = {}
    # Names of devices may have colons, of files they have none.
    for folder, name, value in re.findall(r"^(.+)/([^/:]+):(.*)$", said, re.MULTILINE):
        found.setdefault(folder, {})[name] = value.strip()
    return found


def _policy(driver: str, frequencies: str, current: str) -> Policy:
    return Policy(driver, tuple(sorted(map(int, frequencies.split()))), int(current))
