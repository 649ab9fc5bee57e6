"""OPP tables (Linux ``Bindings/opp/opp-v2-base.yaml`` and ``opp-v1.yaml``)."""

from collections.abc import Iterable

from scmigen.bindings.facts import OperatingPoint, OppTable
from scmigen.bindings.references import references
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic


def _point(node: Node) -> OperatingPoint | None:
    cells = node.cells("opp-hz") or ()
    rates = tuple(high << 32 | low for high, low in zip(cells[::2], cells[1::2], strict=False))
    level = node.cell("opp-level")
    voltage = node.cell("opp-microvolt")
    if not rates and level is None:
        return None
    latency, power = node.cell("clock-latency-ns"), node.cell("opp-microwatt")
    return OperatingPoint(rates, voltage, level, latency, power)


def points_of(table: Node) -> tuple[OperatingPoint, ...]:
    """The operating points of a table, ascending."""
    found = (_point(child) for child in table.children.values())
    return tuple(sorted({p for p in found if p is not None}, key=_order))


def _order(point: OperatingPoint) -> tuple[tuple[int, ...], int, int]:
    return point.rates, point.level or 0, point.voltage or 0


def _old_points(node: Node) -> tuple[OperatingPoint, ...]:
    """``operating-points``: pairs of kHz and µV; ``clock-latency`` in ns is that of all."""
    cells = node.cells("operating-points") or ()
    pairs = zip(cells[::2], cells[1::2], strict=False)
    latency = node.cell("clock-latency")
    found = (OperatingPoint((k * 1000,), u, None, latency) for k, u in pairs)
    return tuple(sorted(found, key=_order))


def tables_of(
    tree: DeviceTree, consumers: Iterable[Node], problems: list[Diagnostic]
) -> tuple[OppTable, ...]:
    """The tables the given nodes use, in the order of the tables' paths."""
    users: dict[str, list[Node]] = {}
    tables: dict[str, tuple[Node, tuple[OperatingPoint, ...]]] = {}
    for node in consumers:
        found = references(tree, node, "operating-points-v2", lambda _: 0, problems)
        if found:
            table = found[0].provider
            if table.path not in tables:
                tables[table.path] = table, points_of(table)
            users.setdefault(table.path, []).append(node)
        elif "operating-points" in node:
            tables[node.path] = node, _old_points(node)
            users.setdefault(node.path, []).append(node)
    return tuple(
        OppTable(
            node,
            points,
            "opp-shared" in node,
            any("required-opps" in child for child in node.children.values()),
            tuple(sorted(users[path], key=lambda user: user.path)),
        )
        for path, (node, points) in sorted(tables.items())
    )
