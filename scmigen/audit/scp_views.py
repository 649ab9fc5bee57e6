"""Which resource an agent of SCP-firmware knows by which id, by kind.

Clocks, resets and supplies have a table for each agent, whose rows are the ids. Power domains,
performance domains and sensors have the same ids for all agents, those of the elements.
"""

from collections.abc import Iterator, Mapping

from scmigen.audit.scp_findings import NOUNS, SCP_TABLE, Found
from scmigen.audit.scp_product import (
    Element,
    Elements,
    Product,
    followed,
    member,
    member_place,
    number,
    place_of,
    reference,
    text,
)
from scmigen.csource.tokens import Token
from scmigen.csource.unit import Unit
from scmigen.csource.values import Cells, Unknown, Value
from scmigen.data import Data, field
from scmigen.diagnostics import Position, counted
from scmigen.scmi.protocols import Kind

#: The longest table of an agent.
_MAX_ROWS = 4096
#: Characters of a name that the firmware reports.
NAME_LENGTH = 15


class Layout(Data):
    """Where a kind of resource is configured: its modules, and for those with a table for each
    agent the member with the number of rows."""

    elements: str
    protocol: str
    rows: str | None = None
    hidden: int = 0


LAYOUTS: Mapping[Kind, Layout] = {
    Kind.CLOCK: Layout("clock", "scmi-clock", "device_count"),
    Kind.RESET: Layout("reset-domain", "scmi-reset-domain", "agent_domain_count"),
    Kind.VOLTAGE: Layout("voltage-domain", "scmi-voltage-domain", "domain_count"),
    # The last power domain is the system's, which agents do not see.
    Kind.POWER: Layout("power-domain", "scmi-power-domain", hidden=1),
    Kind.PERFORMANCE: Layout("dvfs", "scmi-perf"),
    Kind.SENSOR: Layout("sensor", "scmi-sensor"),
    Kind.POWERCAP: Layout("power-capping", "scmi-power-capping"),
}


class Row(Data):
    """An id of an agent: the element that it is, None where that cannot be told, and where it is
    written. ``on``: whether the firmware has it on for that agent when it starts; None where that
    is not said."""

    element: int | None
    position: Position | None
    on: bool | None = None


class Agent(Data):
    """An agent of the table of ``scmi``."""

    id: int
    name: str
    type: int | None
    position: Position | None


class View(Data, frozen=False):
    """What the firmware has of a kind: the elements, and each agent's rows by id; ``whole``: all
    is known. ``kept``: the clocks that start with a vote of the platform's own, which no agent can
    take back; None where that cannot be told."""

    elements: tuple[Element, ...] = ()
    rows: dict[int, dict[int, Row]] = field(default_factory=dict)
    whole: bool = True
    unit: Unit | None = None
    kept: frozenset[int] | None = None


def agents(product: Product, found: Found) -> tuple[Agent, ...]:
    """The agents, from 1 on."""
    config = product.data("scmi")
    if config is None:
        found.unread("agents", Unknown("no source defines config_scmi"))
        return ()
    unit, data = config
    count = number(member(unit, data, "agent_count"))
    table = member(unit, data, "agent_table")
    if isinstance(count, Unknown):
        found.unread("the number of agents", count, place_of(data))
        return ()
    listed: list[Agent] = []
    for agent in range(1, min(count, 255) + 1):
        row, at = _entry(unit, table, agent)
        if isinstance(row, Unknown):
            found.unread(f"agent {agent}", row, member_place(data, "agent_table"))
            row = 0
        name = text(unit, member(unit, row, "name"))
        kind = member(unit, row, "type")
        listed.append(
            Agent(
                agent,
                name if isinstance(name, str) and name else f"agent-{agent}",
                kind if isinstance(kind, int) else None,
                at or place_of(row),
            )
        )
    return tuple(listed)


def _entry(unit: Unit, table: Value, index: int) -> tuple[Value, Position | None]:
    """A row of a table, and where it is written."""
    place = unit.evaluator.target(table, index, _HERE)
    if isinstance(place, Unknown):
        return place, None
    cells, key = place
    if isinstance(key, int) and cells.length is not None and key >= cells.length:
        return Unknown(f"its table has {cells.length} rows, and no row {key}", cells.at), None
    value = unit.evaluator.load(cells, key)
    at = cells.places.get(key)
    return value, at.position if at is not None else None


_HERE = Token("", "", "", 0)
#: In tables of agents the row before theirs.
_PLATFORM = Agent(0, "the platform", None, None)


def view_of(product: Product, kind: Kind, known: tuple[Agent, ...], found: Found) -> View:
    """What the agents have of a kind."""
    layout = LAYOUTS[kind]
    build = product.build
    if not build.has(layout.protocol):
        return View()
    elements = product.elements(layout.elements)
    view = View(elements.rows, whole=elements.problem is None, unit=elements.unit)
    if elements.problem is not None:
        found.unread(f"the elements of {layout.elements}", elements.problem, elements.position)
    _check_end(product, layout, elements, found)
    if layout.rows is not None:
        if kind is Kind.CLOCK:
            _own_tables(product, kind, (_PLATFORM, *known), view, found)
            view.kept = _kept(view.rows.pop(_PLATFORM.id, None))
        else:
            _own_tables(product, kind, known, view, found)
        return view
    if kind is Kind.POWER and build.settings.is_on("SCP_ENABLE_AGENT_LOGICAL_DOMAIN"):
        _own_domains(product, known, view, found)
        return view
    count = len(elements.rows) - (layout.hidden if view.whole else 0)
    if kind is Kind.PERFORMANCE:
        count = _domains(product, count, view, found)
    for agent in known:
        view.rows[agent.id] = {
            place: Row(place, row.position)
            for place, row in enumerate(elements.rows[: max(count, 0)])
        }
    return view


def _check_end(product: Product, layout: Layout, elements: Elements, found: Found) -> None:
    """A table that ends at an element without a name, with others after it."""
    unit_config = product.config(layout.elements)
    if unit_config is None or elements.problem is not None:
        return
    unit, config = unit_config
    table = member(unit, member(unit, config, "elements"), "table")
    if elements.endless is not None:
        found.add(
            SCP_TABLE,
            f"the table of {layout.elements} has no element without a name at its end: the "
            "framework reads past it",
            elements.endless.position,
        )
    if isinstance(table, Cells):
        beyond = [key for key in table.values if isinstance(key, int) and key > len(elements.rows)]
        if beyond:
            at = table.places.get(min(beyond))
            found.add(
                SCP_TABLE,
                f"the table of {layout.elements} ends at index {len(elements.rows)}, which has no "
                f"name: the {len(beyond)} rows after it are left out",
                at.position if at is not None else place_of(table),
            )


def _domains(product: Product, count: int, view: View, found: Found) -> int:
    """The number of performance domains."""
    config = product.data("scmi-perf")
    if config is None:
        found.unread("performance domains", Unknown("no source defines config_scmi_perf"))
        view.whole = False
        return 0
    unit, data = config
    said = number(member(unit, data, "perf_doms_count"))
    if isinstance(said, Unknown):
        found.unread("the number of performance domains", said, place_of(data))
        view.whole = False
        return count
    if view.whole and said > count:
        found.add(
            SCP_TABLE,
            f"scmi-perf has {said} domains, dvfs {count} elements",
            member_place(data, "perf_doms_count"),
        )
    return min(said, count)


def _agent_tables(
    product: Product, module: str, table: str, known: tuple[Agent, ...], view: View, found: Found
) -> Iterator[tuple[Agent, Unit, Value]]:
    """The row of each agent in a module's table of agents."""
    config = product.data(module)
    if config is None:
        why = Unknown(f"no source defines the tables of {module}")
        found.unread(f"what agents have of {module}", why)
        view.whole = False
        return
    unit, data = config
    elements = product.elements(module)
    if table == "agent_table" and (elements.rows or elements.problem is not None):
        yield from _agent_elements(elements, module, known, view, found)
        return
    agent_table = member(unit, data, table)
    count = member(unit, data, "agent_count")
    for agent in known:
        if table == "agent_table" and isinstance(count, int) and agent.id >= max(count, 1):
            found.add(
                SCP_TABLE,
                f"agent_count of {module} is {count}: agent {agent.id}, {agent.name}, has nothing; "
                "it counts the platform too",
                member_place(data, "agent_count"),
            )
            continue
        row, _ = _entry(unit, agent_table, agent.id)
        if isinstance(row, Unknown):
            found.unread(f"what {agent.name} has of {module}", row, place_of(data))
            view.whole = False
            continue
        yield agent, unit, row


def _agent_elements(
    elements: Elements, module: str, known: tuple[Agent, ...], view: View, found: Found
) -> Iterator[tuple[Agent, Unit, Value]]:
    """The clocks of SCP-firmware 2025-11: an element for each agent, and one for the platform."""
    assert elements.unit is not None
    if elements.problem is not None:
        found.unread(f"the elements of {module}", elements.problem, elements.position)
        view.whole = False
    for agent in known:
        if agent.id < len(elements.rows):
            yield agent, elements.unit, elements.rows[agent.id].data
        elif elements.problem is None:
            found.add(
                SCP_TABLE,
                f"{module} has {counted(len(elements.rows), 'element')}: agent {agent.id}, "
                f"{agent.name}, has none, and the firmware reads past them for its requests; "
                "element 0 is the platform's",
                elements.rows[-1].position,
            )


def _own_tables(
    product: Product, kind: Kind, known: tuple[Agent, ...], view: View, found: Found
) -> None:
    layout = LAYOUTS[kind]
    assert layout.rows is not None
    module = product.module_index(layout.elements)
    for agent, unit, row in _agent_tables(
        product, layout.protocol, "agent_table", known, view, found
    ):
        devices = member(unit, row, "device_table")
        count = number(member(unit, row, layout.rows))
        if isinstance(count, Unknown) or not count:
            elsewhere = number(member(unit, row, f"agent_{layout.rows}"))
            count = elsewhere if isinstance(elsewhere, int) and elsewhere else count
        if isinstance(count, Unknown):
            found.unread(f"how many {NOUNS[kind]}s {agent.name} has", count, place_of(row))
            view.whole = False
            continue
        rows = view.rows.setdefault(agent.id, {})
        dark: list[tuple[int, Unknown, Position | None]] = []
        for place in range(min(count, _MAX_ROWS)):
            device, at = _entry(unit, devices, place)
            one = reference(unit, member(unit, device, "element_id"))
            if isinstance(device, Unknown) or isinstance(one, Unknown):
                why = device if isinstance(device, Unknown) else one
                assert isinstance(why, Unknown)
                dark.append((place, why, at or place_of(row)))
                rows[place] = Row(None, at)
                if isinstance(device, Unknown):
                    break
                continue
            if one is None:
                found.add(SCP_TABLE, f"{kind} {place} of {agent.name} names no element", at)
                continue
            if one.module != module:
                found.add(
                    SCP_TABLE,
                    f"{kind} {place} of {agent.name} names an element of "
                    f"{_module(product, one.module)}, not of {layout.elements}",
                    at,
                )
            elif view.whole and one.element >= len(view.elements):
                found.add(
                    SCP_TABLE,
                    f"{kind} {place} of {agent.name} names element {one.element} of "
                    f"{layout.elements}, which has {len(view.elements)}",
                    at,
                )
                continue
            rows[place] = Row(one.element, at, _starts(unit, kind, device))
        if dark:
            first, why, at = dark[0]
            more = f" and {len(dark) - 1} more" if len(dark) > 1 else ""
            found.unread(f"{kind} {first}{more} of {agent.name}", why, at)


def _kept(rows: Mapping[int, Row] | None) -> frozenset[int] | None:
    """The clocks of the platform's rows that start on, where all of them are known."""
    if rows is None or any(row.element is None or row.on is None for row in rows.values()):
        return None
    return frozenset(row.element for row in rows.values() if row.element is not None and row.on)


def _starts(unit: Unit, kind: Kind, device: Value) -> bool | None:
    on = member(unit, device, "starts_enabled") if kind is Kind.CLOCK else None
    return bool(on) if isinstance(on, int) else None


def _module(product: Product, index: int) -> str:
    modules = product.build.modules
    return modules[index] if index < len(modules) else f"module {index}"


def _own_domains(product: Product, known: tuple[Agent, ...], view: View, found: Found) -> None:
    """Power domains where each agent has its own numbers."""
    tables = _agent_tables(product, "scmi-power-domain", "agent_config_table", known, view, found)
    for agent, unit, row in tables:
        count = number(member(unit, row, "domain_count"))
        domains = member(unit, row, "domains")
        if isinstance(count, Unknown):
            found.unread(f"how many power domains {agent.name} has", count, place_of(row))
            view.whole = False
            continue
        rows = view.rows.setdefault(agent.id, {})
        for place in range(min(count, _MAX_ROWS)):
            value, at = _entry(unit, followed(unit, domains), place)
            if isinstance(value, int) and value < len(view.elements):
                rows[place] = Row(value, at)
            elif isinstance(value, Unknown):
                found.unread(f"power domain {place} of {agent.name}", value, at)
                view.whole = False
