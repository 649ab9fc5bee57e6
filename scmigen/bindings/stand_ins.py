"""Rails that never change, in the place of regulators whose chip an agent does not drive.

There is nothing to control about a regulator that is always on at one voltage, so every agent has
it natively; but its node has a driver only for whoever drives the chip. What it supplies would wait
for that for ever, so it gets a regulator of its own (Linux
``Bindings/regulator/fixed-regulator.yaml``).
"""

import re
from collections.abc import Iterator

from scmigen.bindings.regulators import UNSWITCHED
from scmigen.devicetree.edits import AddNode, Edit, SetProperty, Strings, cells, free_label
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree

_UNWANTED = re.compile(r"[^A-Za-z0-9]+")
_NO_LABEL = re.compile(r"\W+", re.ASCII)
_LIMITS = tuple(name for name in UNSWITCHED if name.endswith(("min-microvolt", "max-microvolt")))


class StandIns:
    """The rails of one tree, each made when it is first asked for."""

    def __init__(self, tree: DeviceTree) -> None:
        self._tree = tree
        self._paths: dict[Node, str] = {}

    def of(self, regulator: Node) -> str:
        """The path of the rail that stands for a regulator."""
        path = self._paths.get(regulator)
        if path is None:
            name = _UNWANTED.sub("-", name_of(regulator)).strip("-") or "rail"
            wanted, number = f"/regulator-{name}", 0
            path = wanted
            while self._tree.node(path) is not None or path in self._paths.values():
                number += 1
                path = f"{wanted}-{number}"
            self._paths[regulator] = path
        return path

    def edits(self) -> Iterator[Edit]:
        """The edits that add all of them, below the root."""
        taken = set(self._tree.labels)
        for regulator, path in self._paths.items():
            label = free_label(taken, _NO_LABEL.sub("_", f"fixed_{name_of(regulator)}"))
            taken.add(label)
            yield AddNode(path, label, f"{regulator.path} never changes")
            yield SetProperty(path, "compatible", Strings(("regulator-fixed",)))
            yield SetProperty(path, "regulator-name", Strings((name_of(regulator),)))
            for name in _LIMITS:
                voltage = regulator.cell(name)
                if voltage is not None:
                    yield SetProperty(path, name, cells(voltage))
            yield SetProperty(path, "regulator-always-on", ())


def name_of(regulator: Node) -> str:
    """What people call a regulator."""
    return regulator.string("regulator-name") or regulator.base_name
