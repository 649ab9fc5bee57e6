"""The files of each group: template and context of each."""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.bindings.board import compatible_of
from scmigen.data import Data, replace
from scmigen.hints import Any
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.targets.common.files import File
from scmigen.targets.common.values import (
    ASSUMED_VOLTAGE,
    assumed_rate,
    clock_rates,
    voltage_levels,
)
from scmigen.targets.scp import optee
from scmigen.targets.scp.firmware import Firmware
from scmigen.targets.scp.kinds import KINDS, Permissions, Slot
from scmigen.targets.scp.performance import PerfDomain
from scmigen.targets.scp.permissions import TRIP_POINTS, Table, build_table
from scmigen.targets.scp.rates import ClockRates, rate_table
from scmigen.targets.scp.spaces import Element, Space
from scmigen.targets.scp.text import render


class Domain(Data):
    """A power domain and the agents (enumerators) that vote for it at boot."""

    element: Element
    voters: tuple[str, ...]


def _domains(space: Space) -> Iterator[Domain]:
    for element in space.elements:
        platform = ("SCMI_AGENT_IDX_PLATFORM",) if element in space.platform_votes else ()
        agents = tuple(
            view.enum
            for view in space.views
            for row in view.rows
            if row.element is element and row.starts_enabled
        )
        yield Domain(element, platform + agents)


def _clock_rates(firmware: Firmware, space: Space) -> Iterator[ClockRates]:
    """The rates of every clock; one that a performance domain sets has those of its points."""
    platform = firmware.platform
    scaled = {domain.clock: _point_rates(domain) for domain in firmware.perf}
    for element in space.elements:
        if element.resource is None:
            yield rate_table(element, (), assumed_rate(platform), ())
            continue
        rates, boot, assumed, _ = clock_rates(platform, element.resource)
        yield rate_table(element, (*rates, *scaled.get(element.number, ())), boot, assumed)
    domains = {domain.resource.number: domain for domain in firmware.perf}
    for number, element in space.private.items():
        domain = domains[number]
        rates = _point_rates(domain)
        yield rate_table(element, rates, rates[domain.sustained], domain.assumed)


def _point_rates(domain: PerfDomain) -> tuple[int, ...]:
    """The rate in Hz of each operating point."""
    return tuple(opp.frequency * 1000 for opp in domain.opps)


class ClockRow(Data):
    """An element of the clock module: its driver's slot, and the number that it is bound by."""

    element: Element
    slot: Slot
    number: int


def _clock_rows(space: Space) -> Iterator[ClockRow]:
    for element in space.elements:
        yield ClockRow(element, Slot.CLOCK, element.number)
    for number, element in space.private.items():
        yield ClockRow(element, Slot.SCALED, number)


class Supply(Data):
    """A voltage domain: levels in µV, ascending, or with ``step`` lowest and highest; the one at
    boot, and whether it is ``on`` then."""

    element: Element
    levels: tuple[int, ...]
    boot: int
    on: bool
    says: str
    step: int | None = None

    @property
    def table(self) -> tuple[int, ...]:
        """The levels as the driver's table has them: the step after lowest and highest."""
        return self.levels if self.step is None else (*self.levels, self.step)


def _supplies(firmware: Firmware, space: Space) -> Iterator[Supply]:
    for element in space.elements:
        on = space.starts_on(element)
        if element.resource is None:
            yield Supply(element, (ASSUMED_VOLTAGE,), ASSUMED_VOLTAGE, on, element.origin)
            continue
        levels, boot, assumed, step = voltage_levels(firmware.platform, element.resource)
        if step is not None:
            levels = (levels[0], levels[-1])
        said = f"; assumed: {', '.join(assumed)}" if assumed else ""
        yield Supply(element, levels, boot, on, element.origin + said, step)


class PerfRow(Data):
    """An element of the dvfs module: of its own domain, or ``like`` the first where it has none.

    ``clock`` is the index of the clock's element in C.
    """

    element: Element
    domain: PerfDomain
    clock: str
    like: bool


def _perf_rows(firmware: Firmware, space: Space) -> Iterator[PerfRow]:
    domains = {domain.resource.number: domain for domain in firmware.perf}
    first = domains[min(domains)]
    for element in space.elements:
        domain = domains.get(element.number, first)
        clock = firmware.scaled_clock(domain)
        yield PerfRow(element, domain, clock, element.number not in domains)


def _distinct(tables: Iterable[tuple[int, ...]]) -> Mapping[tuple[int, ...], int]:
    """Each table once, with its number: many clocks and supplies have the same."""
    return {table: number for number, table in enumerate(dict.fromkeys(tables))}


def _context(firmware: Firmware, space: Space) -> dict[str, Any]:
    """The context of the templates of one kind."""
    context: dict[str, Any] = {"fw": firmware, "space": space}
    kept = firmware.kept(space.row.slots[0])
    match space.kind:
        case Kind.POWER:
            context["domains"] = list(_domains(space))
        case Kind.CLOCK:
            clocks = list(_clock_rates(firmware, space))
            context |= {"clocks": clocks, "tables": _distinct(clock.rates for clock in clocks)}
            context["rows"] = list(_clock_rows(space))
        case Kind.VOLTAGE:
            supplies = list(_supplies(firmware, space))
            context |= {"supplies": supplies, "tables": _distinct(item.table for item in supplies)}
        case Kind.PERFORMANCE if not kept:
            context["rows"] = list(_perf_rows(firmware, space))
    return context


def _kind_files(firmware: Firmware, space: Space) -> Iterator[File]:
    """The tables of one kind: of its mocks, of its HAL modules, of its protocol."""
    context, row = _context(firmware, space), space.row
    if any(firmware.drivers.mocked(slot) for slot in firmware.slots_of(space)):
        module = firmware.mock(row.modules[0]).module
        yield _host(f"config_{module.replace('-', '_')}.c", context)
    if not firmware.kept(row.slots[0]):
        for path in row.tables:
            yield render(path, context)
    if space.elements:
        for path in row.protocol_tables:
            yield render(path, context)


def kind_files(firmware: Firmware) -> Iterator[File]:
    """The tables of every kind, and of the drivers that are not mocks."""
    for space in firmware.spaces.values():
        yield from _kind_files(firmware, space)
    for table in firmware.tables:
        path = f"config_{table.symbol}.c"
        yield render(path, {"fw": firmware, "table": table}, "config_driver.c")


def _host(path: str, context: dict[str, Any]) -> File:
    """A driver's table for a firmware that runs on the build machine."""
    return render(path, context, f"host/{path}")


class _PermissionTable(Data):
    """The permission table of one protocol, and what it is called in C."""

    table: Table
    title: str
    id_note: str
    count_enum: str
    names: Permissions
    without_trips: bool = False

    @property
    def commands(self) -> int:
        """Messages that have a row."""
        return len(self.table.agents[0].messages)


#: The bits that deny protocols without resources here; `KINDS` has those of the others.
_OTHER_BITS: Mapping[Protocol, str] = {
    Protocol.SYSTEM: "MOD_RES_PERMS_SCMI_SYS_POWER_PROTOCOL_DENIED",
    Protocol.POWERCAP: "POWER_CAPPING_PROTOCOL_DENIED",
}


_GUARDS = (
    {
        "macro": "BUILD_HAS_MOD_SCMI_RESET_DOMAIN",
        "message": '\\"scmi-reset-domain\\" is missing from SCP_MODULES',
    },
    {
        "macro": "BUILD_HAS_SCMI_NOTIFICATIONS",
        "message": "RESET_NOTIFY is not safe without SCP_ENABLE_SCMI_NOTIFICATIONS",
    },
)


class _ProtocolRow(Data):
    """An agent and the bits of the protocols that it is denied."""

    enum: str
    name: str
    denied: tuple[str, ...]


def _denied_protocols(firmware: Firmware) -> Iterator[_ProtocolRow]:
    bits = {kind.protocol: row.permissions.denied for kind, row in KINDS.items()}
    bits |= _OTHER_BITS
    for index, named in enumerate(firmware.agents):
        granted = {
            kind.protocol for kind, space in firmware.spaces.items() if space.views[index].allowed
        }
        if named.agent.id in firmware.system_users:
            granted.add(Protocol.SYSTEM)
        if firmware.powercaps is not None and named.agent.id in firmware.powercaps.users:
            granted.add(Protocol.POWERCAP)
        denied = tuple(bits[protocol] for protocol in sorted(bits) if protocol not in granted)
        yield _ProtocolRow(named.enum, named.agent.name, denied)


def _permission_table(firmware: Firmware, kind: Kind) -> _PermissionTable:
    space, closed = firmware.spaces[kind], kind is Kind.SENSOR and firmware.denies_trips
    row = space.row
    return _PermissionTable(
        build_table(space, TRIP_POINTS if closed else ()),
        row.title,
        row.id_note,
        f"{space.prefix}_COUNT",
        row.permissions,
        closed,
    )


def common_files(firmware: Firmware) -> Iterator[File]:
    """The files of every firmware: indices, services, channels and permissions."""
    context = {"fw": firmware}
    yield render("scmi_idx.h", context)
    yield render("config_scmi.c", context)
    for path, template in firmware.variant.transport_files.items():
        yield render(path, context, template)
    permissions = {
        "guards": _GUARDS if Kind.RESET in firmware.spaces else (),
        "protocols": list(_denied_protocols(firmware)),
        "tables": [_permission_table(firmware, kind) for kind in firmware.protocols],
    }
    yield render("config_resource_perms.c", context | permissions)
    yield from _system_power_files(firmware)
    yield from _power_cap_files(firmware)


def _power_cap_files(firmware: Firmware) -> Iterator[File]:
    """The tables of power caps, and of what applies them unless that is the product's own."""
    if firmware.powercaps is None:
        return
    context = {"fw": firmware, "caps": firmware.powercaps}
    if not firmware.powercaps.kept:
        yield _host("config_mock_power.c", context)
        yield _host("config_pid_controller.c", context)
        yield _host("config_power_capping.c", context)
    yield render("config_scmi_power_capping.c", context)


def _system_power_files(firmware: Firmware) -> Iterator[File]:
    """The alarms of the host, and the system power modules if an agent has that protocol."""
    context = {"fw": firmware}
    simulated = firmware.variant.simulated
    if simulated and firmware.alarms:
        yield _host("config_timer.c", context)
        yield _host("config_mock_timer.c", context)
    if firmware.fast_channels is not None:
        yield render("config_fch_polled.c", context)
    if firmware.system_power is not None:
        if simulated:
            yield _host("config_mock_system.c", context)
        yield render("config_system_power.c", context)
        yield render("config_scmi_system_power.c", context)


def build_files(firmware: Firmware, sources: list[str]) -> Iterator[File]:
    """What SCP-firmware's build asks of a firmware directory, with the modules it lacks.

    A product has its own; it gets a fragment to include.
    """
    context = {"fw": firmware, "sources": sources, "added": list(optee.added(firmware))}
    for path, template in firmware.variant.build_files.items():
        yield render(path, context, template)
    if firmware.common is None:
        yield from _modules(firmware)
        return
    # They name the board, and none of its instances.
    board = replace(firmware, name=compatible_of(firmware.platform.inventory.tree) or "a board")
    yield from (replace(file, alike=True) for file in _modules(board))


def _modules(firmware: Firmware) -> Iterator[File]:
    """The modules that SCP-firmware lacks."""
    context: dict[str, Any] = {"fw": firmware}
    for guard in firmware.guards:
        for path, template in guard.files.items():
            yield render(f"module/{guard.folder}/{path}", context | {"guard": guard}, template)
    for module in firmware.own_modules:
        for path in ("Module.cmake", "CMakeLists.txt", f"src/mod_{module}.c"):
            yield _host(f"module/{module}/{path}", context)
        if module in ("mock_interrupt", "mock_power", "mock_supply"):
            yield _host(f"module/{module}/include/mod_{module}.h", context)
