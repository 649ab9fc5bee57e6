"""The channels of a product of SCP-firmware, as its tables have them."""

from collections.abc import Sequence
from typing import NamedTuple

from scmigen.audit.scp_findings import SCP_TABLE, Found
from scmigen.audit.scp_product import Element, Product, Reference, member, number, reference
from scmigen.audit.scp_views import Agent
from scmigen.csource.unit import Unit
from scmigen.csource.values import Cells, Unknown, Value
from scmigen.runtime.served_facts import MAX_SERVICES, ServedService

#: In place of an element, where an identifier names another thing.
_NO_ELEMENT = -1


def services_of(
    product: Product, known: tuple[Agent, ...], found: Found
) -> tuple[ServedService, ...]:
    """The channels, in the order of the module's elements; none where that cannot be told."""
    elements = product.elements("scmi")
    if elements.problem is not None or elements.unit is None:
        if elements.unit is not None and elements.problem is not None:
            found.unread("services", elements.problem, elements.position)
        return ()
    unit, rows = elements.unit, elements.rows[:MAX_SERVICES]
    read = [_read(unit, place, row, found) for place, row in enumerate(rows)]
    module = product.module_index("scmi")
    every = [one for one in read if one is not None]
    served = [one for one in every if one.role == 0]  # else the firmware is another's agent
    ids = {agent.id for agent in known}
    kept: list[_Service] = []
    for one in served:
        problem = f"is of agent {one.agent}: there is no such agent"
        if one.agent in ids:
            problem = _teller_problem(one, every, len(rows), module)
        if problem:
            found.add(SCP_TABLE, f"{one.word}, {problem}", one.row.position)
        else:
            kept.append(one)
    # Which way the others are cannot be told where one is not known, or names a wrong one.
    return _numbered(kept, found) if len(kept) == len(served) and len(every) == len(rows) else ()


class _Service(NamedTuple):
    """An element of the module, its agent, and the element of that for notifications."""

    place: int
    agent: int
    role: int
    row: Element
    by: Reference | None

    @property
    def word(self) -> str:
        """What it is called in messages."""
        return f"service {self.place}, {self.row.name}"


def _read(unit: Unit, place: int, row: Element, found: Found) -> _Service | None:
    """An element as it is written; None, which is told, where that is not known."""
    agent = number(member(unit, row.data, "scmi_agent_id"))
    role = number(member(unit, row.data, "scmi_entity_role"))
    teller = _teller(unit, member(unit, row.data, "scmi_p2a_id"))
    for what, value in (
        ("scmi_agent_id", agent),
        ("scmi_entity_role", role),
        ("scmi_p2a_id", teller),
    ):
        if isinstance(value, Unknown):
            found.unread(f"{what} of service {place}, {row.name}", value, row.position)
    if isinstance(agent, Unknown) or isinstance(role, Unknown) or isinstance(teller, Unknown):
        return None
    return _Service(place, int(agent), int(role), row, teller)


def _teller(unit: Unit, value: Value) -> Reference | Unknown | None:
    """What an identifier names; of no element where it is another thing than an element."""
    found = reference(unit, value)
    if found is not None or not isinstance(value, Cells):
        return found
    common = member(unit, value, "common") if "common" in value.values else None
    nothing = not value.values or (isinstance(common, Cells) and "module_idx" not in common.values)
    return None if nothing else Reference(_NO_ELEMENT, _NO_ELEMENT)


def _teller_problem(
    one: _Service, every: Sequence[_Service], count: int, module: int | None
) -> str:
    """What is wrong with the service that another one names for notifications; empty for nothing,
    and where that cannot be told."""
    if one.by is None:
        return ""
    if one.by.module == _NO_ELEMENT or module not in (None, one.by.module):
        return "names no service for notifications, but another identifier"
    if one.by.element >= count:
        return f"names service {one.by.element} for notifications: there are {count}"
    if one.by.element == one.place:
        return "names itself for notifications"
    other = next((each for each in every if each.place == one.by.element), None)
    if other is None:
        return ""
    if other.role != 0:
        return f"names {other.word}, for notifications: the firmware is the agent there"
    if other.agent != one.agent:
        return f"names {other.word}, for notifications: that is of another agent"
    return ""


def _numbered(kept: Sequence[_Service], found: Found) -> tuple[ServedService, ...]:
    """The services by their places among those that are kept."""
    places = {one.place: number for number, one in enumerate(kept)}
    tellers = {one.by.element for one in kept if one.by is not None}
    return tuple(
        ServedService(
            agent=one.agent,
            name=one.row.name[:255],
            notifies=one.place in tellers,
            by=None if one.by is None else places.get(one.by.element),
            source=found.source(one.row.position),
        )
        for one in kept
    )
