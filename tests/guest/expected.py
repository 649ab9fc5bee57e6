"""What an agent must see, from two things that the emitted tree has no part in: the board's own
tree, which says what each device asks for, and the runtime configuration, which says what each
resource is and who has it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from guest.trees import LISTS, Entry, entries, is_enabled

from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree

#: Kinds of the configuration, and the list of their resources.
KINDS = {
    "clock": "clocks",
    "power": "power_domains",
    "reset": "reset_domains",
    "voltage": "voltage_domains",
    "performance": "performance_domains",
    "sensor": "sensors",
}
#: Where a payload has the id of the resource.
ID = -1


class Message(NamedTuple):
    """A message about one resource, and the operation without which it is refused."""

    protocol: int
    message: int
    payload: tuple[int, ...]
    operation: str

    def to(self, number: int) -> tuple[int, int, tuple[int, ...]]:
        """The message to one resource."""
        return self.protocol, self.message, tuple(number if w == ID else w for w in self.payload)


#: What the module calls the entries of a list, and the kinds that they may refer to. An entry of
#: ``clocks`` that names a performance domain is no clock: cpufreq looks there for its domain.
ASKED = {
    "clocks": ("clk", ("clock", "performance")),
    "power-domains": ("pd", ("power", "performance")),
    "resets": ("reset", ("reset",)),
}
#: Messages about one resource by kind: protocol, message, and its payload with 0 for the id; and
#: the operation that allows it (scmi-messages.md).
MESSAGES = {
    "clock": (
        Message(0x14, 0x3, (ID,), "read"),
        Message(0x14, 0x5, (0, ID, 1_000_000, 0), "rate"),
        Message(0x14, 0x7, (ID, 1, 0), "state"),
        Message(0x14, 0xD, (ID, 0), "parent"),
    ),
    "power": (Message(0x11, 0x3, (ID,), "read"), Message(0x11, 0x4, (0, ID, 0), "state")),
    "reset": (Message(0x16, 0x3, (ID,), ""), Message(0x16, 0x4, (ID, 1, 0), "reset")),
    "voltage": (
        Message(0x17, 0x3, (ID,), "read"),
        Message(0x17, 0x5, (ID, 7), "state"),
        Message(0x17, 0x7, (ID, 0, 1_000_000), "level"),
    ),
    "performance": (
        Message(0x13, 0x3, (ID,), "read"),
        Message(0x13, 0x5, (ID, 0, 0), "limits"),
        Message(0x13, 0x7, (ID, 1), "level"),
    ),
}


class Granted(NamedTuple):
    """A resource of an agent: its number, the agent's id of it, what it is, and what is allowed."""

    number: int
    id: int
    what: Mapping[str, Any]
    operations: frozenset[str]

    @property
    def name(self) -> str:
        """What the agent calls it."""
        name: str = self.what["name"]
        return name


@dataclass(frozen=True)
class Asked:
    """One entry of a device's property: what kind, which one, its name, and the resource.

    ``kind`` is the module's word, or ``dvfs`` where ``clocks`` name a performance domain.
    ``resource`` is None where the agent has none: a local provider, or nothing granted.
    """

    kind: str
    index: int
    name: str | None
    resource: Granted | None


@dataclass(frozen=True)
class View:
    """What one agent has of a configuration."""

    runtime: Mapping[str, Any]
    agent: str

    @cached_property
    def granted(self) -> Mapping[str, Mapping[int, Granted]]:
        """By kind and number."""
        owner = next(each for each in self.runtime["agents"] if each["name"] == self.agent)
        found: dict[str, dict[int, Granted]] = {}
        for kind, listed in KINDS.items():
            resources = {each["id"]: each for each in self.runtime.get(listed, ())}
            found[kind] = {
                grant["resource"]: Granted(
                    grant["resource"],
                    grant["id"],
                    resources[grant["resource"]],
                    frozenset(grant["operations"]),
                )
                for grant in owner["grants"].get(kind, ())
            }
        return found

    def names(self, kind: str) -> set[str]:
        """The names of what it has."""
        return {each.name for each in self.granted[kind].values()}

    @property
    def second_parents(self) -> Mapping[int, int]:
        """A second parent for each clock whose parent the agent may set, but that has only one: the
        first of its clocks that has none itself. Trees hardly ever name two."""
        clocks = self.granted["clock"]
        roots = [number for number, each in clocks.items() if "parents" not in each.what]
        return {
            number: next(root for root in roots if root not in each.what["parents"])
            for number, each in clocks.items()
            if "parent" in each.operations and len(each.what.get("parents", ())) == 1 and roots[1:]
        }

    def feeding(self, resources: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """What feeds resources, (kind, number), and what feeds that, granted or not."""
        found: set[tuple[str, int]] = set()
        stack = [*resources]
        while stack:
            kind, number = stack.pop()
            what = next(w for w in self.runtime[KINDS[kind]] if w["id"] == number)
            for key, feeds in (("parent", kind), ("power", "power"), ("supply", "voltage")):
                above = (feeds, what.get(key, number))
                if key in what and above not in found:
                    found.add(above)
                    stack.append(above)
        return found

    def strangers(self, kind: str) -> list[int]:
        """Ids below the highest of all, and two beyond, under which the agent has nothing."""
        resources = self.runtime.get(KINDS[kind], ())
        own = {each.id for each in self.granted[kind].values()}
        highest = max([*(each["id"] for each in resources), *own, 0])
        return [number for number in range(highest + 3) if number not in own]

    def asked(self, board: DeviceTree) -> Mapping[str, tuple[Asked, ...]]:
        """What the devices of the agent ask for, by path: entries of the board's own tree."""
        by_place = {
            (kind, each.what["node"], tuple(each.what.get("cells", ()))): each
            for kind, granted in self.granted.items()
            for each in granted.values()
        }
        devices = {each["node"]: each["agents"] for each in self.runtime["devices"]}
        found = {
            node.path: tuple(_asked(board, node, by_place))
            for node in board.nodes
            if is_enabled(node) and self._number in _owners(devices, node)
        }
        return {path: asked for path, asked in found.items() if any(a.resource for a in asked)}

    def scaled(self, path: str) -> Granted | None:
        """The performance domain that serves the operating points of a device, if any."""
        listed = [d["resources"] for d in self.runtime["devices"] if d["node"] == path]
        for each in (one for resources in listed for one in resources):
            if each["kind"] == "performance" and each["id"] in self.granted["performance"]:
                return self.granted["performance"][each["id"]]
        return None

    @property
    def _number(self) -> int:
        number: int = next(a["id"] for a in self.runtime["agents"] if a["name"] == self.agent)
        return number


def view(runtime: Path, agent: str) -> View:
    """The view of an agent in a ``runtime.json``."""
    return View(json.loads(runtime.read_text()), agent)


def _asked(
    board: DeviceTree,
    node: Node,
    by_place: Mapping[tuple[str, str, tuple[int, ...]], Granted],
) -> Iterator[Asked]:
    """The entries of a node's lists of references, and its supplies."""
    for name, (called, kinds) in ASKED.items():
        words = node.strings(LISTS[name][1] or "")
        for index, entry in enumerate(entries(board, node, name) if name in node else ()):
            found = ((k, by_place.get((k, *at))) for at in _places(entry) for k in kinds)
            kind, resource = next(((k, each) for k, each in found if each), ("", None))
            word = words[index] if index < len(words) else None
            is_scaled = called == "clk" and kind == "performance"
            yield Asked("dvfs" if is_scaled else called, index, word, resource)
    for index, name in enumerate(sorted(n for n in node.properties if n.endswith("-supply"))):
        provider = board.by_phandle(node.cell(name) or 0)
        if provider is None:
            continue
        # Its own node, or the protocol and the number of one that the tree has over SCMI.
        above = [each.path for each in provider.ancestors()][1:2]
        domain = provider.cells("reg") or ()
        places = [("voltage", path, domain) for path in above]
        places.append(("voltage", provider.path, ()))
        resource = next((by_place[place] for place in places if place in by_place), None)
        yield Asked("supply", index, name.removesuffix("-supply"), resource)


def _places(entry: Entry) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Where the configuration may say that an entry's resource is: at the provider, or, of a domain
    with a node of its own below its controller, at the controller by ``reg``."""
    if entry.node is not None:
        yield entry.node.path, entry.cells
        for above in entry.node.ancestors() if not entry.cells else ():
            yield above.path, entry.node.cells("reg") or ()


def _owners(devices: Mapping[str, list[int]], node: Node) -> list[int]:
    """The agents of a node: of the device that it is, or, without a compatible, is a part of."""
    device = next((n for n in (node, *node.ancestors()) if "compatible" in n), node)
    return devices.get(node.path, devices.get(device.path, []))
