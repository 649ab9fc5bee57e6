"""All that the templates say of one firmware, worked out once from the platform."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scmigen.assignment.assignment import Target
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.model.platform import Platform
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.ctext import Enumerators
from scmigen.targets.common.values import TripPoint, trip_points
from scmigen.targets.scp.binding import Bound, Drivers, DriverTable, Mailbox
from scmigen.targets.scp.drivers import MOCKS, Slot
from scmigen.targets.scp.fast_channels import FastChannels, fast_channels
from scmigen.targets.scp.performance import PerfDomain, perf_domains
from scmigen.targets.scp.spaces import (
    EMITTED,
    Element,
    NamedAgent,
    Space,
    build_space,
    name_agents,
)
from scmigen.targets.scp.system import ALARMS, SystemPower, system_power, users

#: Kind → its slots of drivers, its HAL modules, and its protocol module.
_MODULES: Mapping[Kind, tuple[tuple[Slot, ...], tuple[str, ...], str]] = {
    Kind.POWER: ((Slot.POWER, Slot.TOP), ("power-domain",), "scmi-power-domain"),
    Kind.CLOCK: ((Slot.CLOCK, Slot.SCALED), ("clock",), "scmi-clock"),
    Kind.PERFORMANCE: ((Slot.SUPPLY,), ("psu", "dvfs"), "scmi-perf"),
    Kind.SENSOR: ((Slot.SENSOR,), ("sensor",), "scmi-sensor"),
    Kind.RESET: ((Slot.RESET,), ("reset-domain",), "scmi-reset-domain"),
    Kind.VOLTAGE: ((Slot.VOLTAGE,), ("voltage-domain",), "scmi-voltage-domain"),
}


@dataclass(frozen=True, slots=True)
class NamedDevice:
    """A device with its enumerator; ``number`` is the one other outputs give it."""

    enum: str
    number: int
    path: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of an agent: ``way`` is A2P (agent to platform) or P2A."""

    agent: NamedAgent
    way: str

    @property
    def enum(self) -> str:
        """The enumerator of service, transport channel and doorbell."""
        return f"{self.agent.channel}_{self.way}"


@dataclass(frozen=True, slots=True)
class Firmware:
    """One SCP-firmware: agents, id spaces by kind, drivers, and where everything comes from."""

    name: str
    vendor: str
    sub_vendor: str
    target: Target
    shared: bool
    agents: tuple[NamedAgent, ...]
    spaces: Mapping[Kind, Space]
    perf: tuple[PerfDomain, ...]
    devices: tuple[NamedDevice, ...]
    drivers: Drivers
    mailboxes: Mapping[int, Mailbox]
    system_power: SystemPower | None
    system_users: frozenset[int]
    fast_channels: FastChannels | None
    trips: Mapping[int, tuple[TripPoint, ...]] | None

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels in the order of their indices; only the host has them both ways."""
        ways = ("A2P", "P2A") if self.target is Target.HOST else ("A2P",)
        return tuple(Channel(agent, way) for agent in self.agents for way in ways)

    @property
    def protocols(self) -> tuple[Kind, ...]:
        """The kinds whose protocol is there: a space of private elements has none."""
        return tuple(kind for kind, space in self.spaces.items() if space.elements)

    @property
    def protocol_count(self) -> int:
        """Protocol modules of the build, without base."""
        return len(self.protocols) + (self.system_power is not None)

    @property
    def _alarm_slots(self) -> tuple[Slot, ...]:
        return (
            *((Slot.ALARM,) if self.system_power else ()),
            *((Slot.FAST_ALARM,) if self.fast_channels else ()),
        )

    @property
    def alarms(self) -> tuple[str, ...]:
        """The enumerators of the alarms of the host's timer."""
        return tuple(ALARMS[slot] for slot in self._alarm_slots)

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules of the build in the order in which the framework starts them."""
        found = [*_TRANSPORT[self.target], "scmi", "resource-perms"]
        if self.target is Target.PRODUCT:
            found[:0] = [driver.module for driver in self.drivers.used.get(Slot.DOORBELL, ())]
        if self.alarms and self.target is Target.HOST:
            found.append("mock-timer")
        found += [name for slot in self._alarm_slots for name in self._used(slot)]
        found += ["fch-polled"] if self.fast_channels else []
        found += [*self._used(Slot.SHUTDOWN), "system-power"] if self.system_power else []
        for kind, space in self.spaces.items():
            slots, hal, protocol = _MODULES[kind]
            found += [name for slot in slots for name in self._driver_modules(slot, space)]
            found += [] if self.kept(slots[0]) else hal
            found += [protocol] if space.elements else []
        found += ["scmi-system-power"] if self.system_power else []
        if self.target is Target.OPTEE:
            found.append("optee-console")
        return tuple(dict.fromkeys(found))

    def _driver_modules(self, slot: Slot, space: Space) -> Iterator[str]:
        if slot is Slot.CLOCK and not space.elements:
            return
        if slot is Slot.SCALED and not space.private:
            return
        if slot is Slot.TOP and self.kept(Slot.POWER):
            return
        yield from self._used(slot)

    def _used(self, slot: Slot) -> tuple[str, ...]:
        return tuple(driver.module for driver in self.drivers.used.get(slot, (MOCKS[slot],)))

    def kept(self, slot: str) -> bool:
        """Whether the firmware has the table of the HAL module above a slot itself."""
        return self.drivers.kept(Slot(slot))

    def hal(self, slot: str, element: Element) -> str:
        """The index of a HAL element: its enumerator, or what the agents file says."""
        return (
            self.driver(slot, element.number, element.enum).index
            if self.kept(slot)
            else element.enum
        )

    @property
    def own_modules(self) -> tuple[str, ...]:
        """Directories of the drivers that come with the tables."""
        if self.target is Target.PRODUCT:
            return ()
        own = ("mock-interrupt", "mock-doorbell", "mock-timer", "mock-system", "mock-reset")
        return tuple(name.replace("-", "_") for name in own if name in self.modules)

    @property
    def guarded(self) -> bool:
        """Whether the system power module, which asks for no permission itself, gets a guard.

        A product may have that module without tables of ours.
        """
        return self.system_power is not None or self.target is Target.PRODUCT

    @property
    def tables(self) -> tuple[DriverTable, ...]:
        """The tables of the drivers that are no mocks."""
        return self.drivers.tables

    def driver(self, slot: str, number: int, enum: str) -> Bound:
        """The driver of an element: a mock's element has the index of the HAL's."""
        found = self.drivers.of(Slot(slot), number)
        if found is not None:
            return found
        mock = MOCKS[Slot(slot)]
        return Bound(mock.macro, enum, mock.api)

    def headers(self, *slots: str) -> tuple[str, ...]:
        """The headers of the drivers of some slots."""
        return self.drivers.headers(*map(Slot, slots))


_TRANSPORT: Mapping[Target, tuple[str, ...]] = {
    Target.HOST: ("mock-interrupt", "mock-doorbell", "transport"),
    Target.PRODUCT: ("transport",),
    Target.OPTEE: ("optee-mbx", "msg-smt"),
}


def _first_uses(platform: Platform) -> Mapping[ResourceKey, Use]:
    found: dict[ResourceKey, Use] = {}
    for use in platform.inventory.uses:
        found.setdefault(use.key, use)
    return found


def _devices(platform: Platform) -> tuple[NamedDevice, ...]:
    enums = Enumerators("SCMI_DEVICE_IDX")
    numbered = [(device.number, device.node) for device in platform.devices]
    return tuple(
        NamedDevice(enums.name(number, node.name, node.base_name), number, node.path)
        for number, node in numbered
        if number is not None
    )


def _trips(platform: Platform) -> Mapping[int, tuple[TripPoint, ...]] | None:
    """The trip points of each sensor, where agents can set them."""
    if not platform.options.trip_points:
        return None
    return {
        resource.number: trip_points(platform, resource)
        for resource in platform.resources.get(Kind.SENSOR, ())
    }


def build(platform: Platform, drivers: Drivers) -> Firmware:
    """The firmware of a platform whose limits have been checked."""
    agents = name_agents(platform)
    uses = _first_uses(platform)
    perf = () if drivers.kept(Slot.SUPPLY) else perf_domains(platform)
    private = {Kind.CLOCK: [domain.clock for domain in perf]}
    spaces = {
        kind: build_space(platform, kind, agents, uses, private.get(kind, ())) for kind in EMITTED
    }
    performance = spaces[Kind.PERFORMANCE]
    return Firmware(
        name=platform.name,
        vendor=platform.options.vendor,
        sub_vendor=platform.options.sub_vendor,
        target=platform.options.target,
        shared=platform.numbering is Numbering.SHARED,
        agents=agents,
        spaces={kind: space for kind, space in spaces.items() if space is not None},
        perf=perf,
        devices=_devices(platform),
        drivers=drivers,
        mailboxes=drivers.mailboxes,
        system_power=system_power(platform, drivers),
        system_users=users(platform, drivers),
        fast_channels=fast_channels(platform, drivers, performance),
        trips=_trips(platform),
    )
