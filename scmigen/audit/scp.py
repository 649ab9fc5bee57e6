"""A product of SCP-firmware, as somebody wrote it: what its tables let each agent do.

The directory is that of a firmware (``product/juno/scp_ramfw``) or of its build, whose
CMakeCache.txt has the options that it is built with. Sources are read, never compiled or run.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from scmigen.audit.base import Audit, Reader
from scmigen.audit.conditions import Known, check_conditions
from scmigen.audit.scp_build import build_of, firmware_of, firmwares_in
from scmigen.audit.scp_checks import check_agents, check_build, check_devices
from scmigen.audit.scp_facts import (
    levels_of,
    parents_of,
    started,
    system_power_of,
    vendor_of,
    votes_of,
)
from scmigen.audit.scp_findings import FINDINGS, NOUNS, SCP_UNREAD, Found
from scmigen.audit.scp_permissions import Permissions, needed_messages, operations, permissions_of
from scmigen.audit.scp_product import Element, Product, member, number
from scmigen.audit.scp_rows import check_rows
from scmigen.audit.scp_services import services_of
from scmigen.audit.scp_uneven import check_uneven
from scmigen.audit.scp_views import LAYOUTS, NAME_LENGTH, Agent, Row, View, agents, view_of
from scmigen.csource.limits import TooMuchError
from scmigen.csource.values import Cells, Unknown
from scmigen.diagnostics import InputError, Position
from scmigen.runtime import Numbering, Role
from scmigen.runtime.served import Served, ServedAgent, ServedGrant, ServedResource
from scmigen.runtime.served_facts import ServedLevels
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

#: Agent types of SCP-firmware, by number.
_PSCI, _OSPM = 0, 2
_ROLES: Mapping[int | None, Role] = {_PSCI: Role.PSCI, _OSPM: Role.OSPM}
#: Types of power domains that only PSCI may set.
_CORES = frozenset((0, 1))
#: What a product's own check of power caps is called, in tables that scmigen writes.
_CAPS = "scmi_power_capping_permission"
#: The standard's protocols that a product may keep from PSCI where it has no permissions.
_BASE_MESSAGES = 0x10


def _recognises(path: Path) -> bool:
    return firmware_of(path) is not None or bool(firmwares_in(path))


def _read(path: Path) -> Audit:
    folder = firmware_of(path)
    if folder is None and (several := firmwares_in(path)):
        message = f"this is a product: name one of its firmwares: {', '.join(several)}"
        hint = f"as in {path / several[0]}"
        raise InputError([SCP_UNREAD.error(message, Position(str(path)), hint=hint)])
    if folder is None:
        message = "no firmware of SCP-firmware: there is no Firmware.cmake and no config_scmi.c"
        raise InputError([SCP_UNREAD.error(message, Position(str(path)))])
    found = Found(folder)
    try:
        return _audit(folder, path, found)
    except TooMuchError as problem:
        raise InputError(
            [*found.diagnostics, SCP_UNREAD.error(str(problem), Position(str(path)))]
        ) from None


def _audit(folder: Path, path: Path, found: Found) -> Audit:
    product = Product(build_of(folder, path if path != folder else None))
    known = agents(product, found)
    views = {kind: view_of(product, kind, known, found) for kind in LAYOUTS}
    permissions = permissions_of(product, found)
    check_build(product, found)
    # Modules and options are those of CMake files, which are read.
    build = Known(product.build.folder.parent, definitions=True, options=("BUILD_HAS_",))
    check_conditions(product.units(), product.sources, build, found)
    check_rows(views, found)
    found.directives(product.library.untold())
    if permissions is not None:
        for kind, view in views.items():
            for agent in known:
                ids = max(view.rows.get(agent.id, {}), default=-1) + 1
                permissions.check_masks(kind, agent.id, agent.name, ids)
                rows = view.rows.get(agent.id, {})
                served = [number for number in sorted(rows) if rows[number].element is not None]
                check_uneven(permissions, kind, agent, served, found)
        check_agents(permissions, found)
        check_devices(permissions, views, found)
    described = Served(
        name=folder.parent.name or folder.name,
        numbering=_numbering(views),
        kinds=tuple(kind for kind in Kind if kind not in views or views[kind].whole),
        agents=tuple(_agent(product, agent, views, permissions, found) for agent in known),
        resources=_resources(views, found),
        vendor=vendor_of(product, found),
        services=services_of(product, known, found),
        votes=votes_of(product),
    )
    files = (*product.build.settings.files, *product.sources.files)
    return Audit(described, tuple(found.diagnostics), files)


def _numbering(views: Mapping[Kind, View]) -> Numbering:
    same = all(
        number == row.element
        for view in views.values()
        for rows in view.rows.values()
        for number, row in rows.items()
    )
    return Numbering.SHARED if same else Numbering.PER_AGENT


def _resources(views: Mapping[Kind, View], found: Found) -> dict[Kind, tuple[ServedResource, ...]]:
    every: dict[Kind, tuple[ServedResource, ...]] = {}
    parents, on = parents_of(views[Kind.POWER]), started(views[Kind.CLOCK])
    for kind, view in views.items():
        if not view.whole:
            continue
        seen = {row.element for rows in view.rows.values() for row in rows.values()}
        listed = tuple(
            ServedResource(
                id=place,
                name=element.name[:NAME_LENGTH],
                parent=parents.get(place) if kind is Kind.POWER else None,
                on=on.get(place) if kind is Kind.CLOCK else None,
                facts={} if view.kept is None else {"always_on": place in view.kept},
                levels=_levels(kind, view, element, found),
                source=found.source(element.position),
            )
            for place, element in enumerate(view.elements)
            if place in seen
        )
        if listed:
            every[kind] = listed
    return every


def _levels(kind: Kind, view: View, element: Element, found: Found) -> tuple[ServedLevels, ...]:
    if kind is not Kind.PERFORMANCE or view.unit is None:
        return ()
    return levels_of(view.unit, element, found)


def _agent(
    product: Product,
    agent: Agent,
    views: Mapping[Kind, View],
    permissions: Permissions | None,
    found: Found,
) -> ServedAgent:
    grants: dict[Kind, tuple[ServedGrant, ...]] = {}
    kept_from = _kept_from(product, agent, permissions)
    for kind, view in views.items():
        if int(kind.protocol) in kept_from or not view.whole:
            continue
        if kind is Kind.POWERCAP and product.library.function(_CAPS) is not None:
            grants[kind] = tuple(_unread_caps(agent, view, found))
            continue
        listed = tuple(
            grant
            for number, row in sorted(view.rows.get(agent.id, {}).items())
            if (grant := _grant(agent, kind, number, row, view, permissions, found)) is not None
        )
        if listed:
            grants[kind] = listed
    return ServedAgent(
        id=int(agent.id),
        name=agent.name[:63],
        role=_ROLES.get(agent.type),
        permissions=_may_permit(agent, permissions),
        system_power=system_power_of(product, agent, permissions, kept_from, found),
        grants=grants,
        source=found.source(agent.position),
    )


def _unread_caps(agent: Agent, view: View, found: Found) -> Iterator[ServedGrant]:
    """The power caps of an agent where a function of the product checks who may set them."""
    why = Unknown(f"{_CAPS} decides it, and is not read")
    for place, row in sorted(view.rows.get(agent.id, {}).items()):
        if row.element is not None:
            found.unread(f"what {agent.name} may do with power caps", why, row.position)
            yield ServedGrant(
                id=place,
                resource=int(row.element),
                unknown=operations(Kind.POWERCAP),
                source=found.source(row.position),
            )


def _may_permit(agent: Agent, permissions: Permissions | None) -> bool | None:
    """Whether an agent may change permissions: any may that has the base protocol, where there are
    devices; without such, the messages answer NOT_FOUND."""
    if permissions is None or not permissions.has_devices():
        return False
    denied = permissions.protocol_denied(agent.id, _BASE_MESSAGES)
    return None if isinstance(denied, Unknown) else not denied


def _kept_from(product: Product, agent: Agent, permissions: Permissions | None) -> frozenset[int]:
    """The protocols that PSCI does not have, where no permissions say so."""
    config = product.data("scmi")
    if permissions is not None or agent.type != _PSCI or config is None:
        return frozenset()
    unit, data = config
    count = member(unit, data, "dis_protocol_count_psci")
    table = member(unit, data, "dis_protocol_list_psci")
    if not isinstance(count, int) or not isinstance(table, Cells):
        return frozenset()
    listed = (unit.evaluator.load(table, place) for place in range(min(count, 32)))
    return frozenset(number for number in listed if isinstance(number, int))


def _grant(
    agent: Agent,
    kind: Kind,
    number: int,
    row: Row,
    view: View,
    permissions: Permissions | None,
    found: Found,
) -> ServedGrant | None:
    """What an agent may do with a resource; None for nothing."""
    if row.element is None:
        # It is there; which element it is cannot be told.
        beyond = len(view.elements) + number
        every = operations(kind)
        source = found.source(row.position)
        return ServedGrant(id=number, resource=beyond, unknown=every, source=source)
    # Where agents have views of power domains, their permissions still are by the elements.
    asked = row.element if kind is Kind.POWER else number
    allowed: list[Operation] = []
    unknown: list[Operation] = []
    for operation in operations(kind):
        denied = _denied(agent, kind, operation, asked, permissions)
        if kind is Kind.POWER and operation is Operation.STATE and denied is not True:
            core = _is_core(view, row.element, agent)
            denied = denied if core is False else core
        if isinstance(denied, Unknown):
            unknown.append(operation)
            found.unread(f"what {agent.name} may do with {NOUNS[kind]}s", denied)
        elif not denied:
            allowed.append(operation)
    if not allowed and not unknown:
        return None
    in_table = permissions is not None or LAYOUTS[kind].rows is not None
    return ServedGrant(
        id=number,
        resource=int(row.element),
        operations=tuple(allowed) if in_table else (),
        unchecked=() if in_table else tuple(allowed),
        unknown=tuple(unknown),
        source=found.source(row.position),
    )


def _denied(
    agent: Agent, kind: Kind, operation: Operation, number: int, permissions: Permissions | None
) -> bool | Unknown:
    if permissions is None:
        return False
    unknown: Unknown | None = None
    for message in needed_messages(kind, operation):
        denied = permissions.denied(agent.id, kind, message, number)
        if denied is True:
            return True
        if isinstance(denied, Unknown):
            unknown = denied
    return unknown or False


def _is_core(view: View, element: int, agent: Agent) -> bool | Unknown:
    """Whether a power domain is a core or cluster, and the agent not PSCI."""
    if agent.type == _PSCI or element >= len(view.elements) or view.unit is None:
        return False
    attributes = member(view.unit, view.elements[element].data, "attributes")
    kind = number(member(view.unit, attributes, "pd_type"))
    return kind if isinstance(kind, Unknown) else kind in _CORES


READER = Reader(
    name="scp",
    about="the tables of a product of SCP-firmware, as C sources",
    recognises=_recognises,
    read=_read,
    findings=FINDINGS,
)
