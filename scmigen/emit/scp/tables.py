"""The files of each group: which template makes it, and what it is told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scmigen.emit.files import File
from scmigen.emit.scp.firmware import Firmware
from scmigen.emit.scp.limits import MAX_RATE
from scmigen.emit.scp.permissions import Table, build_table
from scmigen.emit.scp.spaces import Element, Space
from scmigen.emit.scp.text import render
from scmigen.scmi.protocols import Kind


@dataclass(frozen=True, slots=True)
class MockClock:
    """A mock clock: rates in Hz, ascending, and the one at boot, which is among them."""

    element: Element
    rates: tuple[int, ...]
    rate: int

    @property
    def says(self) -> str:
        """Where the clock comes from, and what of it was assumed."""
        resource = self.element.resource
        assumed = resource.assumed if resource else ()
        return self.element.origin + (f"; assumed: {', '.join(assumed)}" if assumed else "")


def _mock_clock(element: Element, assumed_rate: int) -> MockClock:
    known = element.resource.facts.rates if element.resource else ()
    usable = [rate for rate in known if rate <= MAX_RATE] or [min(assumed_rate, MAX_RATE)]
    return MockClock(element, tuple(sorted(set(usable))), usable[0])


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


def clock_files(firmware: Firmware, space: Space, assumed_rate: int) -> Iterator[File]:
    """The clock driver, the clock module and the clock protocol."""
    context = {"fw": firmware, "space": space}
    clocks = [_mock_clock(element, assumed_rate) for element in space.elements]
    yield _host("config_mock_clock.c", context | {"clocks": clocks})
    yield render("config_clock.c", context)
    yield render("config_scmi_clock.c", context)


def power_files(firmware: Firmware, space: Space) -> Iterator[File]:
    """The power controllers, the power domain module, its protocol and the votes of agents."""
    context = {"fw": firmware, "space": space}
    yield _host("config_mock_ppu.c", context)
    yield render("config_power_domain.c", context)
    yield render("config_scmi_power_domain.c", context)
    yield render("scmi_power_domain_policy.c", context | {"domains": list(_domains(space))})


def reset_files(firmware: Firmware, space: Space) -> Iterator[File]:
    """The reset driver, the reset domain module and its protocol."""
    context = {"fw": firmware, "space": space}
    yield _host("config_mock_reset.c", context)
    yield render("config_reset_domain.c", context)
    yield render("config_scmi_reset_domain.c", context)


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

_PERMISSION_TABLES: Mapping[Kind, Mapping[str, str]] = {
    Kind.POWER: {
        "title": "Power domains",
        "space_note": "Ids are indices of elements.",
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

#: The protocols that an agent can be denied, and the names of their bits.
_PROTOCOL_BITS: Mapping[str, Kind | None] = {
    "MOD_RES_PERMS_SCMI_POWER_DOMAIN_DENIED": Kind.POWER,
    "MOD_RES_PERMS_SCMI_SYS_POWER_PROTOCOL_DENIED": None,
    "MOD_RES_PERMS_SCMI_PERF_PROTOCOL_DENIED": None,
    "MOD_RES_PERMS_SCMI_CLOCK_PROTOCOL_DENIED": Kind.CLOCK,
    "MOD_RES_PERMS_SCMI_SENSOR_PROTOCOL_DENIED": None,
    "MOD_RES_PERMS_SCMI_RESET_DOMAIN_PROTOCOL_DENIED": Kind.RESET,
    "MOD_RES_PERMS_SCMI_VOLTAGE_DOMAIN_PROTOCOL_DENIED": None,
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
        denied = [bit for bit, kind in _PROTOCOL_BITS.items() if kind not in granted]
        yield {"enum": named.enum, "name": named.agent.name, "denied": denied}


def _permission_table(space: Space) -> _PermissionTable:
    names = _PERMISSION_TABLES[space.kind]
    return _PermissionTable(build_table(space), count_enum=f"{space.prefix}_COUNT", **names)


def common_files(firmware: Firmware) -> Iterator[File]:
    """What every firmware has: indices, services, channels and permissions."""
    context = {"fw": firmware}
    yield render("scmi_idx.h", context)
    yield render("config_scmi.c", context)
    yield render("config_transport.c", context)
    yield _host("config_mock_doorbell.c", context)
    permissions = {
        "guards": _GUARDS if firmware.has_resets else (),
        "protocols": list(_denied_protocols(firmware)),
        "tables": [_permission_table(space) for space in firmware.spaces.values()],
    }
    yield render("config_resource_perms.c", context | permissions)


def build_files(firmware: Firmware, sources: list[str]) -> Iterator[File]:
    """What SCP-firmware's build asks of a firmware directory."""
    yield render("Firmware.cmake", {"fw": firmware})
    yield render("CMakeLists.txt", {"fw": firmware, "sources": sources})
