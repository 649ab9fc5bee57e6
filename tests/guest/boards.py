"""The boards that guests boot with, compiled by scmigen."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from guest import programs, trees
from guest.expected import Asked, View, view
from guest.machine import Guest
from guest.serving import Served

import scmigen
from scmigen import Text
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.load import load
from scmigen.devicetree.tree import DeviceTree

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples" / "dts"
CORPUS = REPOSITORY.parent / "shared" / "corpus"
PROCESSORS = 4


@dataclass(frozen=True)
class Case:
    """An agent of a board that boots Linux, and how ids are numbered. The tree of a VM is what it
    has of the board (``--for guest``)."""

    board: str
    agent: str
    numbering: str = "shared"
    is_vm: bool = False

    def __str__(self) -> str:
        dense = "-dense" if self.numbering == "per-agent" else ""
        return f"{self.board}-{self.agent}{dense}"

    @property
    def source(self) -> Path:
        """The board's device tree."""
        if self.board == "orrery":
            return EXAMPLES / "orrery-board.dts"
        return CORPUS / f"{self.board}.symbols.dtb"

    @property
    def agents(self) -> Path | None:
        """Its agents file, if it has one."""
        own = CORPUS / "agents" / f"{self.board}.yaml"
        found = EXAMPLES / "agents.yaml" if self.board == "orrery" else own
        return found if found.exists() else None


CASES = (
    Case("orrery", "linux"),
    Case("orrery", "linux", "per-agent"),
    Case("orrery", "vm1", is_vm=True),
    Case("imx8mp-evk", "linux"),
    Case("imx8mp-evk", "linux", "per-agent"),
    Case("imx8mp-evk", "media", "per-agent", is_vm=True),
    Case("rk3588-rock-5b", "linux"),
    Case("rk3588-rock-5b", "vm1", is_vm=True),
    Case("juno-scmi", "linux"),
    Case("juno-scmi", "vm1", is_vm=True),
    Case("imx95-19x19-evk", "ospm"),
    Case("k3-am62l3-evm", "ospm"),
    Case("stm32mp257f-ev1", "ospm"),
)


@dataclass(frozen=True)
class Built:
    """What scmigen made of a board: the files, and the board's own tree."""

    folder: Path
    board: DeviceTree

    @property
    def runtime(self) -> Path:
        """The configuration of the server."""
        return self.folder / "runtime" / "runtime.json"

    def emitted(self, agent: str) -> DeviceTree:
        """The tree that scmigen wrote for an agent."""
        return load(self.folder / "consumer" / f"{agent}.dtb")


_KEPT = TemporaryDirectory(prefix="guest-boards-")


@cache
def build(board: str, numbering: str) -> Built:
    """What ``scmigen build --emit runtime,consumer`` makes of a board; once for all tests."""
    case = Case(board, "", numbering)
    tree = scmigen.load(case.source)
    agents: list[str | Text] = [str(case.agents)] if case.agents else []
    if vms := {each.agent: "guest" for each in CASES if each.board == board and each.is_vm}:
        whole = {"outputs": {"consumer": {"for": vms}}}
        agents.append(Text("outputs.yaml", json.dumps(whole)))
    result = scmigen.compile(tree, agents=agents, numbering=numbering)
    folder = Path(_KEPT.name) / f"{board}-{numbering}"
    scmigen.emit(result, ["runtime", "consumer"]).write(folder)
    return Built(folder, tree)


class Judge:
    """A guest that runs on a case, the server it talks to, and what it must see there."""

    def __init__(self, case: Case, served: Served, guest: Guest, reduced: trees.Reduced) -> None:
        self.case, self.served, self.guest, self.reduced = case, served, guest, reduced
        self.counts: dict[str, int] = {}

    @cached_property
    def view(self) -> View:
        """What the agent must see."""
        return view(build(self.case.board, self.case.numbering).runtime, self.case.agent)

    @property
    def board(self) -> DeviceTree:
        """The board's own tree."""
        return build(self.case.board, self.case.numbering).board

    @property
    def machine(self) -> DeviceTree:
        """QEMU's own tree."""
        return read_blob(programs.virt(PROCESSORS), "virt.dtb")

    @cached_property
    def asked(self) -> Mapping[str, tuple[Asked, ...]]:
        """What its devices ask for, by the path that they have in the guest."""
        found = dict(self.view.asked(self.board))
        for path in [path for path in found if path.startswith("/cpus/cpu@")]:
            asked = found.pop(path)
            # Linux takes the first clock of a processor for its performance domain, so one that
            # has a domain of another name has none.
            if self.view.scaled(path):
                asked = tuple(entry for entry in asked if entry.kind != "clk")
            found |= {ours: asked for ours, of in self.reduced.processors.items() if of == path}
        return {path: asked for path, asked in found.items() if not _has_no_clock(asked)}

    def same(self, what: str, seen: object, expected: object) -> None:
        """Compare, item by item where both are mappings, and count what was compared."""
        assert seen == expected, f"{self.case}: {what}"
        items = len(expected) if isinstance(expected, dict | set | tuple | list) else 1
        self.counts[what] = self.counts.get(what, 0) + items

    @property
    def summary(self) -> str:
        """The counts, for people."""
        return f"{self.case}: {sum(self.counts.values())} compared: " + ", ".join(
            f"{n} {what}" for what, n in self.counts.items() if n
        )


def _has_no_clock(asked: tuple[Asked, ...]) -> bool:
    """Whether ``clocks`` of a device name performance domains: for these, cpufreq has a provider of
    no clock (NULL), which the module cannot take."""
    return any(entry.kind == "dvfs" for entry in asked)


def reading(number: int) -> int:
    """What a sensor reads, in millidegrees: below all trip points."""
    return 20_000 + 100 * number


def _extra(of: View) -> Mapping[str, Mapping[str, Any]]:
    """What the configuration gets besides, by the names of resources."""
    sensors = of.runtime.get("sensors", ())
    clocks = of.granted["clock"]
    parents = {
        clocks[number].name: {"parents": [*clocks[number].what["parents"], parent]}
        for number, parent in of.second_parents.items()
    }
    readings = {each["name"]: {"readings": [[reading(each["id"])]]} for each in sensors}
    return {"sensors": readings, "clocks": parents}


@contextmanager
def booted(
    case: Case, folder: Path, processors: int = PROCESSORS, urls: Mapping[str, str] | None = None
) -> Iterator[Judge]:
    """A guest of a case that is up; ``urls`` are the addresses of other agents.

    Every sensor reads a value of its own: `reading` of its number. Clocks have the parents of the
    configuration, and `View.second_parents`.
    """
    built = build(case.board, case.numbering)
    reduced = trees.reduced(built.emitted(case.agent), programs.virt(processors), processors)
    extra = folder / "extra.json"
    extra.write_text(json.dumps(_extra(view(built.runtime, case.agent))))
    options = ("--extra", str(extra))
    with Served(folder, built.runtime, case.agent, urls=urls, options=options) as served:
        socket = served.sockets[case.agent]
        with Guest(folder, reduced.blob, socket, processors=processors) as guest:
            yield Judge(case, served, guest.ready(), reduced)
