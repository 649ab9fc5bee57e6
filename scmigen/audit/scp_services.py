"""The channels of a product of SCP-firmware, as its tables have them."""

from collections.abc import Sequence

from scmigen.audit.scp_findings import SCP_TABLE, Found
from scmigen.audit.scp_product import Element, Product, Reference, member, number, reference
from scmigen.audit.scp_views import Agent
from scmigen.csource.unit import Unit
from scmigen.csource.values import Cells, Unknown, Value
from scmigen.runtime.served_facts import MAX_SERVICES, ServedService
from scmigen.tuples import NamedTuple

#: In place of an element, where an identifier names another thing.
_NO_ELEMENT = -1
_ZERO = "a scmi_p2a_id of 0, or none, is service 0 for the firmware; FWK_ID_NONE_INIT is none"


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
    module = product.module_index("scmi")
    read = [_read(unit, place, row, found) for place, row in enumerate(rows)]
    every = _followed([one for one in read if one is not None], product, module)
    served = [one for one in every if one.role == 0]  # else the firmware is another's agent
    ids = {agent.id for agent in known}
    kept: list[_Service] = []
    for one in served:
        problem = f"is of agent {one.agent}: there is no such agent"
        if one.agent in ids:
            problem = _teller_problem(one, every, len(rows), module)
        if problem:
            hint = _ZERO if one.zero else None
            found.add(SCP_TABLE, f"{one.word}, {problem}", one.row.position, hint=hint)
        else:
            kept.append(one)
    # Which way the others are cannot be told where one is not known, or names a wrong one.
    return _numbered(kept, found) if len(kept) == len(served) and len(every) == len(rows) else ()


class _Service(NamedTuple):
    """An element of the module, its agent, and the element of that for notifications; ``zero``:
    that is not written, or as an identifier of zeros."""

    place: int
    agent: int
    role: int
    row: Element
    by: Reference | None
    zero: bool = False

    @property
    def word(self) -> str:
        """What it is called in messages."""
        return f"service {self.place}, {self.row.name}"


def _read(unit: Unit, place: int, row: Element, found: Found) -> _Service | None:
    """An element as it is written; None, which is told, where that is not known."""
    agent = number(member(unit, row.data, "scmi_agent_id"))
    role = number(member(unit, row.data, "scmi_entity_role"))
    said = member(unit, row.data, "scmi_p2a_id")
    teller = _teller(unit, said)
    for what, value in (
        ("scmi_agent_id", agent),
        ("scmi_entity_role", role),
        ("scmi_p2a_id", teller),
    ):
        if isinstance(value, Unknown):
            found.unread(f"{what} of service {place}, {row.name}", value, row.position)
    if isinstance(agent, Unknown) or isinstance(role, Unknown) or isinstance(teller, Unknown):
        return None
    return _Service(
        place, int(agent), int(role), row, teller, teller is None and _is_zero(unit, said)
    )


def _teller(unit: Unit, value: Value) -> Reference | Unknown | None:
    """What an identifier names; of no element where it is another thing than an element."""
    found = reference(unit, value)
    if found is not None or not isinstance(value, Cells) or _is_zero(unit, value):
        return found
    common = member(unit, value, "common") if "common" in value.values else None
    nothing = isinstance(common, Cells) and "module_idx" not in common.values
    return None if nothing else Reference(_NO_ELEMENT, _NO_ELEMENT)


def _is_zero(unit: Unit, value: Value) -> bool:
    """Whether all of an identifier is 0; FWK_ID_NONE has a type."""
    if isinstance(value, Cells):
        return all(_is_zero(unit, unit.evaluator.load(value, key)) for key in value.values)
    return isinstance(value, int) and value == 0


def _followed(
    every: Sequence[_Service], product: Product, module: int | None
) -> Sequence[_Service]:
    """The services, where an identifier of zeros names service 0: scmi_notify of module scmi sends
    there, as only FWK_ID_NONE is none for it. A firmware without notifications sends nothing, nor
    does one for the requests of a service that another one names: agents have no requests there."""
    if "BUILD_HAS_SCMI_NOTIFICATIONS" not in product.build.definitions:
        return every
    named = {one.by.element for one in every if one.by is not None}
    first = Reference(module or 0, 0)
    return [
        one._replace(by=first) if one.zero and one.role == 0 and one.place not in named else one
        for one in every
    ]


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
