"""The files of each group: which template makes it, and what it is told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scmigen.assignment.assignment import Target
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.files import File
from scmigen.targets.common.values import ASSUMED_VOLTAGE, clock_rates, voltage_levels
from scmigen.targets.scp import optee
from scmigen.targets.scp.drivers import Slot
from scmigen.targets.scp.firmware import Firmware
from scmigen.targets.scp.performance import PerfDomain
from scmigen.targets.scp.permissions import Table, build_table
from scmigen.targets.scp.rates import ClockRates, rate_table
from scmigen.targets.scp.spaces import Element, Space
from scmigen.targets.scp.text import render


@dataclass(frozen=True, slots=True)
class Domain:
    """A power domain and the agents (enumerators) whose vote for it stands at boot."""

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


def _clock_rates(firmware: Firmware, space: Space, assumed_rate: int) -> Iterator[ClockRates]:
    """The rates of every clock; those of a performance domain are the frequencies of its points."""
    for element in space.elements:
        if element.resource is None:
            yield rate_table(element, (), assumed_rate, ())
            continue
        rates, boot, assumed = clock_rates(element.resource, assumed_rate)
        yield rate_table(element, rates, boot, assumed)
    for element, domain in zip(space.private, firmware.perf, strict=True):
        rates = tuple(opp.frequency * 1000 for opp in domain.opps)
        yield rate_table(element, rates, rates[-1], domain.assumed)


def _clock_files(firmware: Firmware, space: Space, assumed_rate: int) -> Iterator[File]:
    """The clock driver, the clock module and the clock protocol."""
    context = {"fw": firmware, "space": space}
    drivers = firmware.drivers
    if (space.elements and drivers.mocked(Slot.CLOCK)) or (
        space.private and drivers.mocked(Slot.SCALED)
    ):
        clocks = list(_clock_rates(firmware, space, assumed_rate))
        yield _host("config_mock_clock.c", context | {"clocks": clocks})
    if not drivers.kept(Slot.CLOCK):
        yield render("config_clock.c", context)
    if space.elements:
        yield render("config_scmi_clock.c", context)


def _power_files(firmware: Firmware, space: Space, _: int) -> Iterator[File]:
    """The power controllers, the power domain module, its protocol and the votes of agents."""
    context = {"fw": firmware, "space": space}
    kept = firmware.drivers.kept(Slot.POWER)
    if not kept and (firmware.drivers.mocked(Slot.POWER) or firmware.drivers.mocked(Slot.TOP)):
        yield _host("config_mock_ppu.c", context)
    if not kept:
        yield render("config_power_domain.c", context)
    yield render("config_scmi_power_domain.c", context)
    yield render("scmi_power_domain_policy.c", context | {"domains": list(_domains(space))})


def _reset_files(firmware: Firmware, space: Space, _: int) -> Iterator[File]:
    """The reset driver, the reset domain module and its protocol."""
    context = {"fw": firmware, "space": space}
    if firmware.drivers.mocked(Slot.RESET):
        yield _host("config_mock_reset.c", context)
    if not firmware.drivers.kept(Slot.RESET):
        yield render("config_reset_domain.c", context)
    yield render("config_scmi_reset_domain.c", context)


@dataclass(frozen=True, slots=True)
class Supply:
    """A voltage domain: levels in µV, ascending, the first at boot; ``on`` at boot."""

    element: Element
    levels: tuple[int, ...]
    on: bool
    says: str


def _supplies(space: Space) -> Iterator[Supply]:
    for element in space.elements:
        on = space.starts_on(element)
        if element.resource is None:
            yield Supply(element, (ASSUMED_VOLTAGE,), on, element.origin)
            continue
        levels, assumed = voltage_levels(element.resource)
        said = f"; assumed: {', '.join(assumed)}" if assumed else ""
        yield Supply(element, levels, on, element.origin + said)


def _voltage_files(firmware: Firmware, space: Space, _: int) -> Iterator[File]:
    """The voltage driver, the voltage domain module and its protocol."""
    context = {"fw": firmware, "space": space}
    if firmware.drivers.mocked(Slot.VOLTAGE):
        supplies = list(_supplies(space))
        yield _host("config_mock_voltage_domain.c", context | {"supplies": supplies})
    if not firmware.drivers.kept(Slot.VOLTAGE):
        yield render("config_voltage_domain.c", context)
    yield render("config_scmi_voltage_domain.c", context)


def _sensor_files(firmware: Firmware, space: Space, _: int) -> Iterator[File]:
    """The sensor driver and the sensor module; the protocol's module has its own configuration."""
    context = {"fw": firmware, "space": space}
    if firmware.drivers.mocked(Slot.SENSOR):
        yield _host("config_reg_sensor.c", context)
    if not firmware.drivers.kept(Slot.SENSOR):
        yield render("config_sensor.c", context)


@dataclass(frozen=True, slots=True)
class PerfRow:
    """An element of the dvfs module: of its own domain, or ``like`` the first where it has none."""

    element: Element
    domain: PerfDomain
    clock: Element
    like: bool


def _perf_rows(firmware: Firmware, space: Space) -> Iterator[PerfRow]:
    clocks = firmware.spaces[Kind.CLOCK].private
    drives = {d.resource.number: (d, c) for d, c in zip(firmware.perf, clocks, strict=True)}
    first = drives[min(drives)]
    for element in space.elements:
        domain, clock = drives.get(element.number, first)
        yield PerfRow(element, domain, clock, element.number not in drives)


def _performance_files(firmware: Firmware, space: Space, _: int) -> Iterator[File]:
    """Power supplies, operating points, the performance protocol and the limits of agents."""
    paths = ("config_scmi_perf.c", "scmi_perf_policy.c")
    if firmware.drivers.kept(Slot.SUPPLY):
        for path in paths:
            yield render(path, {"fw": firmware, "space": space})
        return
    context = {"fw": firmware, "space": space, "rows": list(_perf_rows(firmware, space))}
    if firmware.drivers.mocked(Slot.SUPPLY):
        yield _host("config_mock_psu.c", context)
    for path in ("config_psu.c", "config_dvfs.c", *paths):
        yield render(path, context)


_FILES = {
    Kind.POWER: _power_files,
    Kind.CLOCK: _clock_files,
    Kind.PERFORMANCE: _performance_files,
    Kind.SENSOR: _sensor_files,
    Kind.RESET: _reset_files,
    Kind.VOLTAGE: _voltage_files,
}


def kind_files(firmware: Firmware, assumed_rate: int) -> Iterator[File]:
    """The tables of every kind, and of the drivers that are no mocks."""
    for kind, space in firmware.spaces.items():
        yield from _FILES[kind](firmware, space, assumed_rate)
    for table in firmware.tables:
        path = f"config_{table.symbol}.c"
        yield render(path, {"fw": firmware, "table": table}, "config_driver.c")


def _host(path: str, context: dict[str, Any]) -> File:
    """A driver's table for a firmware that runs on the build machine."""
    return render(path, context, f"host/{path}")


@dataclass(frozen=True, slots=True)
class _PermissionTable:
    """How the permission table of one protocol is called in C."""

    table: Table
    title: str
    space_note: str
    open_note: str
    prefix: str
    first: str
    last: str
    symbol: str
    field: str
    counters: str
    count_enum: str

    @property
    def commands(self) -> int:
        """Messages that have a row."""
        return len(self.table.agents[0].messages)


_OWN_IDS = "Ids are the agent's own, rows of its table."
_ELEMENTS = "Ids are indices of elements."

_PERMISSION_TABLES: Mapping[Kind, Mapping[str, str]] = {
    Kind.POWER: {
        "title": "Power domains",
        "space_note": _ELEMENTS,
        "open_note": "Message 0x7 is not checked: it is open to whoever has the protocol.",
        "prefix": "POWER_DOMAIN",
        "first": "MOD_SCMI_PD_POWER_DOMAIN_ATTRIBUTES",
        "last": "MOD_SCMI_PD_POWER_STATE_NOTIFY",
        "symbol": "power_domain_permissions",
        "field": "scmi_pd_perms",
        "counters": "pd_counters",
    },
    Kind.CLOCK: {
        "title": "Clocks",
        "space_note": _OWN_IDS,
        "open_note": "",
        "prefix": "CLOCK",
        "first": "MOD_SCMI_CLOCK_ATTRIBUTES",
        "last": "MOD_SCMI_CLOCK_CONFIG_SET",
        "symbol": "clock_permissions",
        "field": "scmi_clock_perms",
        "counters": "clock_counters",
    },
    Kind.PERFORMANCE: {
        "title": "Performance domains",
        "space_note": _ELEMENTS,
        "open_note": "",
        "prefix": "PERF",
        "first": "MOD_SCMI_PERF_DOMAIN_ATTRIBUTES",
        "last": "MOD_SCMI_PERF_DESCRIBE_FAST_CHANNEL",
        "symbol": "perf_permissions",
        "field": "scmi_perf_perms",
        "counters": "perf_counters",
    },
    Kind.SENSOR: {
        "title": "Sensors",
        "space_note": _ELEMENTS,
        "open_note": "Who has a sensor may begin anywhere to describe them.",
        "prefix": "SENSOR",
        "first": "MOD_SCMI_SENSOR_DESCRIPTION_GET",
        "last": "MOD_SCMI_SENSOR_READING_GET",
        "symbol": "sensor_permissions",
        "field": "scmi_sensor_perms",
        "counters": "sensor_counters",
    },
    Kind.VOLTAGE: {
        "title": "Voltage domains",
        "space_note": _OWN_IDS,
        "open_note": "",
        "prefix": "VOLTAGE_DOMAIN",
        "first": "MOD_SCMI_VOLTD_DOMAIN_ATTRIBUTES",
        "last": "MOD_SCMI_VOLTD_LEVEL_GET",
        "symbol": "voltage_domain_permissions",
        "field": "scmi_voltd_perms",
        "counters": "voltd_counters",
    },
    Kind.RESET: {
        "title": "Reset domains",
        "space_note": _OWN_IDS,
        "open_note": "",
        "prefix": "RESET_DOMAIN",
        "first": "MOD_SCMI_RESET_DOMAIN_ATTRIBUTES",
        "last": "MOD_SCMI_RESET_NOTIFY",
        "symbol": "reset_domain_permissions",
        "field": "scmi_reset_domain_perms",
        "counters": "reset_domain_counters",
    },
}

_SYSTEM_POWER = "MOD_RES_PERMS_SCMI_SYS_POWER_PROTOCOL_DENIED"
#: The protocols that an agent can be denied, and the names of their bits.
_PROTOCOL_BITS: Mapping[str, Kind | None] = {
    "MOD_RES_PERMS_SCMI_POWER_DOMAIN_DENIED": Kind.POWER,
    _SYSTEM_POWER: None,
    "MOD_RES_PERMS_SCMI_PERF_PROTOCOL_DENIED": Kind.PERFORMANCE,
    "MOD_RES_PERMS_SCMI_CLOCK_PROTOCOL_DENIED": Kind.CLOCK,
    "MOD_RES_PERMS_SCMI_SENSOR_PROTOCOL_DENIED": Kind.SENSOR,
    "MOD_RES_PERMS_SCMI_RESET_DOMAIN_PROTOCOL_DENIED": Kind.RESET,
    "MOD_RES_PERMS_SCMI_VOLTAGE_DOMAIN_PROTOCOL_DENIED": Kind.VOLTAGE,
    "POWER_CAPPING_PROTOCOL_DENIED": None,
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


def _denied_protocols(firmware: Firmware) -> Iterator[Mapping[str, object]]:
    for index, named in enumerate(firmware.agents):
        granted = {kind for kind, space in firmware.spaces.items() if space.views[index].allowed}
        denied = [
            bit
            for bit, kind in _PROTOCOL_BITS.items()
            if kind not in granted
            and not (bit == _SYSTEM_POWER and named.agent.id in firmware.system_users)
        ]
        yield {"enum": named.enum, "name": named.agent.name, "denied": denied}


def _permission_table(space: Space) -> _PermissionTable:
    names = _PERMISSION_TABLES[space.kind]
    return _PermissionTable(build_table(space), count_enum=f"{space.prefix}_COUNT", **names)


def common_files(firmware: Firmware) -> Iterator[File]:
    """What every firmware has: indices, services, channels and permissions."""
    context: dict[str, Any] = {"fw": firmware}
    yield render("scmi_idx.h", context)
    yield render("config_scmi.c", context)
    yield from _transport_files(firmware)
    permissions = {
        "guards": _GUARDS if Kind.RESET in firmware.spaces else (),
        "protocols": list(_denied_protocols(firmware)),
        "tables": [_permission_table(firmware.spaces[kind]) for kind in firmware.protocols],
    }
    yield render("config_resource_perms.c", context | permissions)
    yield from _system_power_files(firmware)


def _system_power_files(firmware: Firmware) -> Iterator[File]:
    """The alarms of the host, and the system power modules where an agent has that protocol."""
    context = {"fw": firmware}
    host = firmware.target is Target.HOST
    if host and firmware.alarms:
        yield _host("config_timer.c", context)
        yield _host("config_mock_timer.c", context)
    if firmware.fast_channels is not None:
        yield render("config_fch_polled.c", context)
    if firmware.system_power is not None:
        if host:
            yield _host("config_mock_system.c", context)
        yield render("config_system_power.c", context)
        yield render("config_scmi_system_power.c", context)


def _transport_files(firmware: Firmware) -> Iterator[File]:
    context = {"fw": firmware}
    if firmware.target is Target.OPTEE:
        yield render("config_msg_smt.c", context, "optee/config_msg_smt.c")
        yield render("config_optee_mbx.c", context, "optee/config_optee_mbx.c")
        return
    yield render("config_transport.c", context)
    if firmware.target is Target.HOST:
        yield _host("config_mock_interrupt.c", context)
        yield _host("config_mock_doorbell.c", context)


def build_files(firmware: Firmware, sources: list[str]) -> Iterator[File]:
    """What SCP-firmware's build asks of a firmware directory, with the modules it lacks.

    A product has its own; it gets a fragment to include.
    """
    context: dict[str, Any] = {"fw": firmware, "sources": sources}
    if firmware.guarded:
        for path in ("Module.cmake", "CMakeLists.txt", "src/mod_scmi_system_power_guard.c"):
            yield render(f"module/scmi_system_power/{path}", context)
    if firmware.target is Target.PRODUCT:
        yield render("scmi.cmake", context, "product/scmi.cmake")
        return
    yield render("Firmware.cmake", context)
    yield render("CMakeLists.txt", context)
    if firmware.target is Target.HOST:
        for path in ("product.mk", "fmw_notification.h"):
            yield render(path, context, f"host/{path}")
    else:
        context["added"] = list(optee.added(firmware))
        yield render("fmw_notification.h", context, "host/fmw_notification.h")
        for path in ("optee-conf.mk", "optee-sub.mk", "fmw_io.h", "fmw_log.h"):
            yield render(path, context, f"optee/{path}")
    for module in firmware.own_modules:
        for path in ("Module.cmake", "CMakeLists.txt", f"src/mod_{module}.c"):
            place = f"module/{module}/{path}"
            yield render(place, context, f"host/{place}")
        if module == "mock_interrupt":
            place = f"module/{module}/include/mod_{module}.h"
            yield render(place, context, f"host/{place}")
