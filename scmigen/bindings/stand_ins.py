"""Rails that never change, in the place of regulators whose chip an agent does not drive.

There is nothing to control about a regulator that is always on at one voltage, so every agent has
it natively; but its node has a driver only for whoever drives the chip. What it supplies would wait
for that for ever, so it gets a regulator of its own (Linux
``Bindings/regulator/fixed-regulator.yaml``).
"""

import re
from collections.abc import Iterator

from scmigen.bindings.regulators import UNSWITCHED
from scmigen.devicetree.edits import AddNode, Edit, SetProperty, Strings, Value, cells, free_label
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.patterns import pattern

_UNWANTED = pattern(r"[^A-Za-z0-9]+")
_NO_LABEL = pattern(r"\W+", re.ASCII)
_CLOCK, _RAIL = "fixed-clock", "regulator-fixed"
#: What switches a rail, or feeds it from one that can be off.
_SWITCH = pattern(r"(.+-)?gpios?|clocks|power-domains|vin-supply")
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


def stand_in(node: Node) -> tuple[str, dict[str, Value]] | None:
    """What anybody can have of a node for himself: a clock that never changes, and a rail that
    nothing switches; what to call it, and its properties."""
    names, rate = node.strings("compatible"), node.cell("clock-frequency")
    if _CLOCK in names and rate is not None:
        clock: dict[str, Value] = {"compatible": Strings((_CLOCK,)), "#clock-cells": cells(0)}
        return _CLOCK, {**clock, "clock-frequency": cells(rate)}
    if _RAIL not in names or any(_SWITCH.fullmatch(name) for name in node.properties):
        return None
    rail: dict[str, Value] = {"compatible": Strings((_RAIL,))}
    rail["regulator-name"] = Strings((name_of(node),))
    for name in _LIMITS:
        voltage = node.cell(name)
        if voltage is not None:
            rail[name] = cells(voltage)
    rail["regulator-always-on"] = ()
    return "fixed-rail", rail


def name_of(regulator: Node) -> str:
    """What people call a regulator."""
    return regulator.string("regulator-name") or regulator.base_name
