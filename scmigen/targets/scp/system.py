"""The system power protocol: which agents have it, and what the firmware needs for it.

SCP-firmware looks the messages of this protocol up as those of Base, so that its permissions deny
nothing. A guard before its module asks for the protocol: an agent has all of it or nothing, and
whether it may then set the state follows from its type, which is that of its role.
"""

from collections.abc import Iterator

from scmigen import runtime
from scmigen.assignment.assignment import Agent
from scmigen.assignment.roles import ROLES
from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Finding, Severity
from scmigen.model.platform import Platform
from scmigen.runtime import Role
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.values import system_power_agents
from scmigen.targets.scp.binding import Bound, Drivers
from scmigen.targets.scp.drivers import MOCKS
from scmigen.targets.scp.kinds import Slot
from scmigen.targets.scp.options import Driver, Setup

SCP_SYSTEM_POWER = Finding(
    "scp-system-power",
    "What agents can do with system power, or why it is denied to them.",
    "Name the drivers it needs, or have PSCI switch the system off.",
    Severity.NOTE,
)

#: Enumerators of the alarms of the host's timer.
ALARMS = {Slot.ALARM: "ALARM_IDX_SYSTEM_POWER", Slot.FAST_ALARM: "ALARM_IDX_FAST_CHANNELS"}


class SystemPower(Data):
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


def _missing(setup: Setup, drivers: Drivers) -> str | None:
    """Why the firmware cannot have the protocol."""
    if not setup.platform.resources.get(Kind.POWER):
        return "SCP-firmware keeps the system's state with its power domains, and there are none"
    if setup.variant.no_system_power is not None or setup.variant.simulated:
        return setup.variant.no_system_power
    if drivers.kept(Slot.POWER):
        return "the firmware has the table of power domains itself, and with it that of the system"
    missing = [slot.value for slot in (Slot.SHUTDOWN, Slot.ALARM) if (slot, 0) not in drivers.slots]
    if missing:
        return f"there is no driver for {' and '.join(missing)} (drivers, system)"
    return None


def no_protocol(setup: Setup, drivers: Drivers) -> str | None:
    """Why no driver is needed for the protocol: nobody has it, or something is missing."""
    if not system_power_agents(setup.platform):
        return "no agent has a role that includes system power"
    return _missing(setup, drivers)


def _has_own(setup: Setup, drivers: Drivers) -> bool:
    """Whether the product has the tables of system power itself, if it has that protocol."""
    return setup.variant.included and drivers.kept(Slot.POWER)


def users(setup: Setup, drivers: Drivers) -> frozenset[int]:
    """The ids of the agents that may use the protocol, be its tables ours or the product's."""
    if _missing(setup, drivers) is not None and not _has_own(setup, drivers):
        return frozenset()
    return frozenset(agent.id for agent in _admitted(setup.platform))


def _admitted(platform: Platform) -> tuple[Agent, ...]:
    """The agents that have the protocol: not those that would get more than they are granted."""
    agents = system_power_agents(platform)
    return tuple(agent for agent in agents if not _would_set(agent))


def _would_set(agent: Agent) -> bool:
    """Whether an agent, with the protocol, could set the state though it may not."""
    may = agent.system_power is runtime.SystemPower.SET
    return ROLES[agent.role].sets_system_power and not may


def system_power(setup: Setup, drivers: Drivers) -> SystemPower | None:
    """The protocol of a platform, if an agent has it and nothing is missing."""
    agents = _admitted(setup.platform)
    if not agents or _missing(setup, drivers) is not None:
        return None
    others = any(agent.role is not Role.PSCI for agent in agents)
    shutdown: Driver = MOCKS[Slot.SHUTDOWN]
    return SystemPower(
        "OSPM" if others else "FULL",
        drivers.slots.get((Slot.SHUTDOWN, 0)) or Bound(shutdown.macro, "", shutdown.api),
        alarm(drivers, Slot.ALARM),
    )


def check(setup: Setup, drivers: Drivers) -> Iterator[Diagnostic]:
    """Agents that are denied the protocol, and what those that have it cannot do.

    A simulated firmware switches nothing off.
    """
    if setup.variant.simulated:
        return
    for agent in filter(_would_set, system_power_agents(setup.platform)):
        yield SCP_SYSTEM_POWER.note(
            f"the system power protocol is denied to {agent.name}, which may only be told: in "
            f"SCP-firmware, an agent of the role {agent.role} that is told may set the state, too",
            agent.position,
            hint="give it another role, or system-power: set or none",
        )
    agents = _admitted(setup.platform)
    missing = _missing(setup, drivers)
    readers = [
        agent
        for agent in agents
        if agent.system_power is runtime.SystemPower.SET and not ROLES[agent.role].sets_system_power
    ]
    if agents and _has_own(setup, drivers):
        yield SCP_SYSTEM_POWER.note(
            f"only {_names(agents)} may use system power; its module, scmi-system-power, is the "
            "firmware's own, and may be missing there",
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
