"""A platform as SCP-firmware's tables hold it, worked out from its runtime configuration."""

import struct
from collections.abc import Mapping
from functools import cached_property

from scmigen import runtime
from scmigen.hints import Final
from scmigen.runtime import Role
from scmigen.scmi.needs import needed
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import KIND_OF, Kind, Protocol
from scmigen.server.device_permissions import Permissions

#: The kinds that SCP-firmware's tables have.
KINDS: Final = (
    Kind.POWER,
    Kind.PERFORMANCE,
    Kind.CLOCK,
    Kind.SENSOR,
    Kind.RESET,
    Kind.VOLTAGE,
)
#: Kinds whose ids are rows of the agent's own table.
_TABLES: Final = (Kind.CLOCK, Kind.RESET, Kind.VOLTAGE)
_AGENT_TYPES: Final = {Role.PSCI: 0, Role.HYPERVISOR: 1, Role.OSPM: 2}
#: The types up to this one may set the state of the system.
_MANAGEMENT: Final = 1
#: Level in µV of a supply that says none.
_ASSUMED_VOLTAGE: Final = 1_000_000
#: Messages that a grant does not open: POWER_STATE_CHANGE_REQUESTED_NOTIFY.
_UNGUARDED: Final = frozenset({(Protocol.POWER, 0x7)})
#: SENSOR_DESCRIPTION_GET: how bits of the high attribute word say temperature in thousandths.
_TEMPERATURE: Final = 2 | (-3 & 0x1F) << 11


class Tables:
    """What the tables of a firmware say of a platform. Ids of resources are those of an agent,
    elements the platform's numbers."""

    def __init__(self, configuration: runtime.Runtime) -> None:
        self.configuration = configuration
        self.agents = {agent.id: agent for agent in configuration.agents}
        self._permissions = Permissions(configuration)
        self._grants: dict[tuple[int, Kind], Mapping[int, runtime.Grant]] = {}
        self._numbered: dict[Kind, Mapping[int, runtime.Resource]] = {}

    def numbered(self, kind: Kind) -> Mapping[int, runtime.Resource]:
        """Number → resource."""
        if kind not in self._numbered:
            found = self.configuration.resources(kind)
            self._numbered[kind] = {resource.id: resource for resource in found}
        return self._numbered[kind]

    def size(self, kind: Kind) -> int:
        """Elements: up to the highest number."""
        return max(self.numbered(kind), default=-1) + 1

    def grants(self, agent: int, kind: Kind) -> Mapping[int, runtime.Grant]:
        """The agent's id → its grant, those too that an assignable device may bring later."""
        if (agent, kind) not in self._grants:
            about = self.agents.get(agent)
            found = about.grants.get(kind, ()) if about else ()
            self._grants[agent, kind] = {grant.id: grant for grant in found}
        return self._grants[agent, kind]

    def opened(self, agent: int, kind: Kind, grant: runtime.Grant) -> frozenset[Operation]:
        """What the agent may do with the resource of a grant from boot on."""
        return self._permissions.operations(agent, kind, grant)

    def has(self, agent: int, kind: Kind) -> bool:
        """Whether the agent may do anything with any resource of a kind."""
        found = self.grants(agent, kind).values()
        return any(self.opened(agent, kind, grant) for grant in found)

    def rows(self, agent: int, kind: Kind) -> int:
        """Ids of the agent's table; of kinds without tables: elements."""
        if kind not in _TABLES:
            return self.size(kind)
        return max(self.grants(agent, kind), default=-1) + 1

    def allows(self, agent: int, kind: Kind, message: int, number: int) -> bool:
        """Whether a grant allows a message for an id."""
        if kind is Kind.SENSOR and message == 0x3:
            # Where to begin with describing: anywhere, for an agent that has a sensor at all.
            return number < self.size(kind) and self.has(agent, kind)
        grant = self.grants(agent, kind).get(number)
        needs = needed(kind.protocol)
        if grant is None or message not in needs or (kind.protocol, message) in _UNGUARDED:
            return False
        held = self.opened(agent, kind, grant)
        operation = needs[message]
        return bool(held) if operation is None else operation in held

    def assignable(self, agent: int, kind: Kind, number: int) -> bool:
        """Whether the agent may be given the resource later, and so may read about it."""
        grant = self.grants(agent, kind).get(number)
        return grant is not None and self._permissions.describable(agent, kind, grant.resource)

    def agent_type(self, agent: int) -> int:
        """The type of an agent: 0 PSCI, 1 management, 2 OSPM, 3 other."""
        about = self.agents.get(agent)
        return 3 if about is None else _AGENT_TYPES.get(about.role, 3)

    @cached_property
    def system_agents(self) -> frozenset[int]:
        """The agents that have system power: none where there is no power domain, nor who may only
        be told and could set the state by its type."""
        if not self.numbered(Kind.POWER):
            return frozenset()
        return frozenset(
            number
            for number, it in self.agents.items()
            if it.system_power or (it.system_power_told and self.agent_type(number) > _MANAGEMENT)
        )

    def protocols(self, agent: int) -> list[int]:
        """The protocols that the agent has, without base."""
        system = [Protocol.SYSTEM] if agent in self.system_agents else []
        granted = (kind.protocol for kind in KINDS if self.has(agent, kind))
        return sorted([*system, *granted])

    def kept_on(self, kind: Kind) -> list[int]:
        """Numbers of what the platform keeps on: always on, or needed by a device of its own."""
        own = {
            (resource.kind, resource.id)
            for device in self.configuration.devices
            if not device.agents and not device.assignable
            for resource in device.resources
            if Operation.STATE in resource.operations
        }
        return [
            number
            for number, resource in sorted(self.numbered(kind).items())
            if getattr(resource, "always_on", False) or (kind, number) in own
        ]

    def has_vote(self, agent: int, kind: Kind, grant: runtime.Grant) -> bool:
        """A vote that stands at boot: one that can be taken back, or for what is always on."""
        resource = self.numbered(kind)[grant.resource]
        held = self.opened(agent, kind, grant)
        if getattr(resource, "always_on", False):
            return bool(held)
        return getattr(resource, "enabled", False) and Operation.STATE in held

    # Values

    @cached_property
    def _short_names(self) -> dict[Kind, Mapping[int, str]]:
        from scmigen.model.naming import unique  # brings the compiler

        return {
            kind: {
                number: short
                for number, (_, short) in unique(
                    (), {number: it.name for number, it in self.numbered(kind).items()}
                ).items()
            }
            for kind in KINDS
        }

    def short_name(self, kind: Kind, number: int) -> str:
        """The name of at most 15 bytes of an element."""
        return self._short_names[kind].get(number, f"reserved-{number}")

    def points(self, number: int) -> list[tuple[int, int, int]]:
        """(level, mV, kHz) of a performance domain, ascending: voltages rounded up, and no two
        alike; no level of 0."""
        domain = self.numbered(Kind.PERFORMANCE)[number]
        assert isinstance(domain, runtime.PerformanceDomain)
        found: list[tuple[int, int, int]] = []
        taken: set[int] = set()
        for level in domain.levels:
            if not level.level:
                continue
            microvolts = _ASSUMED_VOLTAGE if level.voltage is None else level.voltage
            wanted = max(-(-microvolts // 1000), 1)
            while wanted in taken:
                wanted += 1
            taken.add(wanted)
            found.append((level.level, wanted, level.frequency or level.level))
        return found

    def descriptors(self) -> list[bytes]:
        """SENSOR_DESCRIPTION_GET's descriptor of each sensor: a temperature in thousandths of a
        degree; type 0, without a unit, where there is none."""
        known = self.numbered(Kind.SENSOR)
        return [
            struct.pack(
                "<3I16s",
                number,
                0,
                _TEMPERATURE if number in known else 0,
                self.short_name(Kind.SENSOR, number).encode()[:15],
            )
            for number in range(self.size(Kind.SENSOR))
        ]

    def values(self, agent: int, kind: Kind | None, number: int) -> dict[str, object]:
        """Values of the resource that an id of an agent means: levels and rates, ascending."""
        grant = None if kind is None else self.grants(agent, kind).get(number)
        resource = None if grant is None or kind is None else self.numbered(kind)[grant.resource]
        scaled = isinstance(resource, runtime.PerformanceDomain)
        points = self.points(resource.id) if resource is not None and scaled else []
        name = "" if resource is None or kind is None else self.short_name(kind, resource.id)
        held = frozenset() if grant is None or kind is None else self.opened(agent, kind, grant)
        return {
            "levels": [level for level, _, _ in points],
            "millivolts": [voltage for _, voltage, _ in points],
            "kilohertz": [frequency for _, _, frequency in points],
            "rates": sorted(resource.rates) if isinstance(resource, runtime.Clock) else [],
            "microvolts": (
                sorted(resource.levels) if isinstance(resource, runtime.VoltageDomain) else []
            ),
            "name": list(struct.unpack("<4I", name.encode()[:15].ljust(16, b"\0"))),
            "sensors": self.descriptors() if kind is Kind.SENSOR else [],
            "operations": [str(operation.value) for operation in held],
        }

    def names(
        self, agent: int, protocol: int, message: int, number: int, *, beyond: bool
    ) -> dict[str, object]:
        """What the expressions of rules may speak of, of the platform, for one message, or one
        ``beyond`` those that the firmware knows."""
        kind = _kind(protocol)
        present = kind is not None and bool(self.numbered(kind))
        grants = self.grants(agent, kind) if kind is not None and present else {}
        grant = grants.get(number)
        return {
            "present": present or protocol == Protocol.BASE,
            "offered": bool(grants),
            "opened": protocol == Protocol.BASE or (kind is not None and self.has(agent, kind)),
            "elements": self.size(kind) if kind is not None else 0,
            "rows": self.rows(agent, kind) if kind is not None else 0,
            "known": grant is not None
            and kind is not None
            and bool(self.opened(agent, kind, grant)),
            "allowed": kind is not None
            and not beyond
            and self.allows(agent, kind, message, number),
            "assignable": kind is not None and self.assignable(agent, kind, number),
            "agents": len(self.agents),
            "agent_type": self.agent_type(agent),
            "system": bool(self.system_agents),
            "protocols": self.protocols(agent),
            **self.values(agent, kind if present else None, number),
        }


def _kind(protocol: int) -> Kind | None:
    """The kind of a protocol, if the tables have it."""
    try:
        found = KIND_OF.get(Protocol(protocol))
    except ValueError:
        return None
    return found if found in KINDS else None
