"""OPP tables (Linux ``Bindings/opp/opp-v2-base.yaml`` and ``opp-v1.yaml``)."""

from collections.abc import Iterable, Iterator

from scmigen.bindings.facts import Asked, OperatingPoint, OppTable
from scmigen.bindings.node_kinds import is_cpu
from scmigen.bindings.opp_bins import (
    ANY,
    VOLTAGE,
    OppBin,
    certain_opps,
    enabled_opps,
    names_of,
    possible_opps,
    property_of,
)
from scmigen.bindings.references import References
from scmigen.data import replace
from scmigen.devicetree.nodes import Node, Property


def _point(node: Node, chosen: OppBin) -> OperatingPoint | None:
    cells = node.cells("opp-hz") or ()
    rates = tuple(high << 32 | low for high, low in zip(cells[::2], cells[1::2], strict=False))
    level = node.cell("opp-level")
    if not rates and level is None:
        return None
    # One entry per supply; what the device draws is all of them.
    power = sum(node.cells(property_of(node, "opp-microwatt", chosen)) or ()) or None
    latency, turbo = node.cell("clock-latency-ns"), "turbo-mode" in node
    return OperatingPoint(rates, _voltage(node, chosen), level, latency, power, turbo)


def _voltage(opp: Node, chosen: OppBin) -> int | None:
    """The voltage of the chosen bin; of an unknown one the highest, which is enough for any."""
    if chosen.name is None:
        every = (opp.cell(name) for name in _voltage_properties(opp, chosen))
        return max((each for each in every if each is not None), default=None)
    return opp.cell(property_of(opp, VOLTAGE, chosen))


def points_of(table: Node, chosen: OppBin = ANY) -> tuple[OperatingPoint, ...]:
    """The operating points of a table that the chosen chip has for certain, ascending."""
    return _points(table, certain_opps(table, chosen), chosen)


def _points(table: Node, opps: Iterable[Node], chosen: OppBin) -> tuple[OperatingPoint, ...]:
    found = (_point(opp, chosen) for opp in opps)
    points = tuple(sorted({p for p in found if p is not None}, key=_order))
    if chosen.name is None and names_of(enabled_opps(table)):
        return tuple(_rising(points))
    return points


def _rising(points: Iterable[OperatingPoint]) -> Iterator[OperatingPoint]:
    """Points of several bins: none has less voltage than one below, whose bin may be another."""
    highest = 0
    for point in points:
        highest = max(highest, point.voltage or 0)
        yield point if point.voltage is None else point._replace(voltage=highest)


def with_bin(table: OppTable, chosen: OppBin) -> OppTable:
    """A table with the points of a chip."""
    if table.prop == "operating-points":
        return table
    possible = possible_opps(enabled_opps(table.node), chosen)
    return replace(
        table,
        points=points_of(table.node, chosen),
        offered=_points(table.node, possible, chosen),
        chosen=chosen,
    )


def voltages_of(table: OppTable) -> Iterator[Asked]:
    """What the OPPs of a table ask of supplies: with the chosen name, else with any.

    Which of several supplies an entry belongs to is left to the driver by the binding.
    """
    if table.prop == "operating-points":
        cells, prop = table.node.cells(table.prop) or (), table.node.properties[table.prop]
        for at, (khz, voltage) in enumerate(zip(cells[::2], cells[1::2], strict=False)):
            place = prop.position_at(8 * at + 4)
            yield Asked(voltage, voltage, voltage, f"{khz} kHz", table.prop, place)
        return
    for node in possible_opps(enabled_opps(table.node), table.chosen):
        for name in _voltage_properties(node, table.chosen):
            yield from _asked(node, node.properties[name])


def _voltage_properties(opp: Node, chosen: OppBin) -> tuple[str, ...]:
    if chosen.name is None:
        found = (name for name in opp.properties if name.startswith(f"{VOLTAGE}-"))
        return tuple(name for name in (VOLTAGE, *found) if name in opp)
    name = property_of(opp, VOLTAGE, chosen)
    return (name,) if name in opp else ()


def _asked(opp: Node, prop: Property) -> Iterator[Asked]:
    """The entries of one property: each a voltage, or each ``<wanted lowest highest>``."""
    cells = opp.cells(prop.name) or ()
    triplets = list(zip(cells[::3], cells[1::3], cells[2::3], strict=False))
    if len(cells) % 3 or not all(low <= wanted <= high for wanted, low, high in triplets):
        triplets = [(voltage, voltage, voltage) for voltage in cells]
    size = len(prop.value) // max(len(triplets), 1)
    for at, (wanted, low, high) in enumerate(triplets):
        yield Asked(low, wanted, high, opp.name, prop.name, prop.position_at(size * at))


def _order(point: OperatingPoint) -> tuple[tuple[int, ...], int, int]:
    return point.rates, point.level or 0, point.voltage or 0


def _old_points(node: Node) -> tuple[OperatingPoint, ...]:
    """``operating-points``: pairs of kHz and µV; ``clock-latency`` in ns is that of all."""
    cells = node.cells("operating-points") or ()
    pairs = zip(cells[::2], cells[1::2], strict=False)
    latency = node.cell("clock-latency")
    found = (OperatingPoint((k * 1000,), u, None, latency) for k, u in pairs)
    return tuple(sorted(found, key=_order))


def power_coefficient(device: Node) -> int | None:
    """What a device draws, in µW per MHz and V² (Linux ``Bindings/arm/cpus.yaml``)."""
    return device.cell("dynamic-power-coefficient") or None


def with_power(points: Iterable[OperatingPoint], coefficient: int) -> tuple[OperatingPoint, ...]:
    """The points of a device, with the power that follows from its coefficient.

    As Linux has it for energy models: coefficient · frequency · voltage², unless some point has a
    power of its own (``dev_pm_opp_of_register_em``).
    """
    every = tuple(points)
    if any(point.power for point in every):
        return every
    return tuple(point._replace(power=_dynamic_power(point, coefficient)) for point in every)


def _dynamic_power(point: OperatingPoint, coefficient: int) -> int | None:
    """µW, rounded up: what is known is never 0, which Linux refuses."""
    hertz = next(filter(None, point.rates), 0)
    # MHz are Hz / 10⁶, and V² are µV² / 10¹².
    return -(-coefficient * hertz * (point.voltage or 0) ** 2 // 10**18) or None


def table_of(references: References, node: Node) -> Node | None:
    """The OPP table of ``node``, if it has one."""
    return references.target(node, "operating-points-v2")


def only_votes(references: References, node: Node) -> bool:
    """Whether a device asks its power domains for points of theirs, and scales itself.

    ``required-opps`` says so, in the device or its table, and ``opp-level`` in the table.
    """
    table = table_of(references, node)
    opps = () if table is None else enabled_opps(table)
    names = {name for opp in opps for name in opp.properties}
    return "required-opps" in node or not names.isdisjoint({"required-opps", "opp-level"})


def tables_of(references: References, consumers: Iterable[Node]) -> tuple[OppTable, ...]:
    """The tables the given nodes use, in the order of the tables' paths."""
    users: dict[str, list[Node]] = {}
    tables: dict[str, Node] = {}
    old: list[Node] = []
    cpus: list[Node] = []
    for node in consumers:
        table = table_of(references, node)
        if table is not None:
            tables[table.path] = table
            users.setdefault(table.path, []).append(node)
        elif "operating-points" in node:
            old.append(node)
        elif is_cpu(node) and not any(name in node for name in ("clocks", "operating-points-v2")):
            cpus.append(node)
    made = [_table(node, users[path]) for path, node in tables.items()]
    return tuple(sorted((*made, *_old_tables(old, cpus)), key=lambda table: table.node.path))


def _table(node: Node, users: Iterable[Node]) -> OppTable:
    table = OppTable(
        node,
        (),
        "opp-shared" in node,
        any("required-opps" in child for child in node.children.values()),
        _by_path(users),
    )
    return with_bin(table, ANY)


def _old_tables(owners: Iterable[Node], cpus: Iterable[Node]) -> Iterator[OppTable]:
    """The tables in the devices themselves.

    The first version of the binding has no ``opp-shared``: all CPUs change together, so those that
    name no clock follow the first that does. ``cpus`` have neither clocks nor operating points.
    """
    followers = list(cpus)
    leader = None
    for node in _by_path(owners):
        if is_cpu(node) and "clocks" in node:
            leader = leader or node
        elif is_cpu(node):
            followers.append(node)
    for node in _by_path(owners):
        if node is leader:
            yield _old_table(node, (node, *followers))
        elif leader is None or node not in followers:
            yield _old_table(node, (node,))


def _old_table(node: Node, users: Iterable[Node]) -> OppTable:
    found = _by_path(users)
    points = _old_points(node)
    return OppTable(node, points, len(found) > 1, False, found, "operating-points", points)


def _by_path(nodes: Iterable[Node]) -> tuple[Node, ...]:
    return tuple(sorted(nodes, key=lambda node: node.path))
