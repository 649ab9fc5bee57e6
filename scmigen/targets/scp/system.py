"""The system power protocol: which agents have it, and what the firmware needs for it.

SCP-firmware looks the messages of this protocol up as those of Base, so that its permissions deny
nothing. A guard before its module asks for the protocol: an agent has all of it, by its role, or
nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from scmigen.assignment.assignment import Agent, Target
from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Platform
from scmigen.runtime import Role
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.values import SYSTEM_POWER_ROLES
from scmigen.targets.scp.binding import Bound, Drivers
from scmigen.targets.scp.drivers import MOCKS, Driver, Slot
from scmigen.targets.scp.findings import SCP_SYSTEM_POWER

#: Enumerators of the alarms of the host's timer.
ALARMS = {Slot.ALARM: "ALARM_IDX_SYSTEM_POWER", Slot.FAST_ALARM: "ALARM_IDX_FAST_CHANNELS"}
#: Roles whose agents SCP-firmware lets set the state of the system.
SETTERS = frozenset({Role.PSCI, Role.HYPERVISOR})


@dataclass(frozen=True, slots=True)
class SystemPower:
    """What its users see of the system, and the drivers of shutdown and alarm."""

    view: str
    driver: Bound
    alarm: Bound

    @property
    def driver_id(self) -> str:
        """The driver of shutdown: a module, or where it says so an element."""
        if not self.driver.index:
            return f"FWK_ID_MODULE_INIT(FWK_MODULE_IDX_{self.driver.module})"
        return f"FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_{self.driver.module}, {self.driver.index})"


def alarm(drivers: Drivers, slot: Slot) -> Bound:
    """The alarm of a slot: a product's own, or one of the host's."""
    found = drivers.slots.get((slot, 0))
    return found or Bound(MOCKS[slot].macro, "0", "0", ALARMS[slot])


def wanted(platform: Platform) -> tuple[Agent, ...]:
    """The agents that have business with the system's power, by their roles."""
    return tuple(agent for agent in platform.agents if agent.role in SYSTEM_POWER_ROLES)


def _missing(platform: Platform, drivers: Drivers) -> str | None:
    """Why the firmware cannot have the protocol, with what to do about it."""
    if not platform.resources.get(Kind.POWER):
        return "SCP-firmware keeps the system's state with its power domains, and there are none"
    if platform.options.target is Target.OPTEE:
        return "OP-TEE has no timer for it, and the system is PSCI's to switch off"
    if platform.options.target is Target.HOST:
        return None
    if drivers.kept(Slot.POWER):
        return "the firmware has the table of power domains itself, and with it that of the system"
    missing = [slot.value for slot in (Slot.SHUTDOWN, Slot.ALARM) if (slot, 0) not in drivers.slots]
    if missing:
        return f"there is no driver for {' and '.join(missing)} (platform.drivers, system)"
    return None


def _has_own(platform: Platform, drivers: Drivers) -> bool:
    """Whether the system's power is the product's: its module, if any, gets no tables of ours."""
    return platform.options.target is Target.PRODUCT and drivers.kept(Slot.POWER)


def users(platform: Platform, drivers: Drivers) -> frozenset[int]:
    """The ids of the agents that may use the protocol, be its tables ours or the product's."""
    if _missing(platform, drivers) is not None and not _has_own(platform, drivers):
        return frozenset()
    return frozenset(agent.id for agent in wanted(platform))


def system_power(platform: Platform, drivers: Drivers) -> SystemPower | None:
    """The protocol of a platform; none where nobody has it, or something is missing."""
    agents = wanted(platform)
    if not agents or _missing(platform, drivers) is not None:
        return None
    others = any(agent.role is not Role.PSCI for agent in agents)
    shutdown: Driver = MOCKS[Slot.SHUTDOWN]
    return SystemPower(
        "OSPM" if others else "FULL",
        drivers.slots.get((Slot.SHUTDOWN, 0)) or Bound(shutdown.macro, "", shutdown.api),
        alarm(drivers, Slot.ALARM),
    )


def check(platform: Platform, drivers: Drivers) -> Iterator[Diagnostic]:
    """Agents that are denied the protocol, and what those that have it cannot do.

    On the build machine nothing is switched off by either.
    """
    if platform.options.target is Target.HOST:
        return
    agents = wanted(platform)
    missing = _missing(platform, drivers)
    readers = [agent for agent in agents if agent.role not in SETTERS]
    if agents and _has_own(platform, drivers):
        yield SCP_SYSTEM_POWER.note(
            f"system power is the firmware's own: of its scmi-system-power, where it has that, "
            f"{_names(agents)} can make use and nobody else",
            agents[0].position,
        )
    elif agents and missing is not None:
        yield SCP_SYSTEM_POWER.note(
            f"the system power protocol is denied to {_names(agents)}: {missing}",
            agents[0].position,
            hint="PSCI, or a service of the product, can switch the system off",
        )
    elif readers:
        yield SCP_SYSTEM_POWER.note(
            f"{_names(readers)} can ask for the state of the system and be told of its changes; "
            "SCP-firmware lets only agents of the roles psci and hypervisor set it",
            readers[0].position,
        )


def _names(agents: tuple[Agent, ...] | list[Agent]) -> str:
    return ", ".join(agent.name for agent in agents)
