"""All that the templates say of one firmware, worked out once from the platform."""

from collections.abc import Mapping

from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.thermal import TripPoint
from scmigen.data import Data
from scmigen.model.platform import MANY, Platform
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.targets.common.names import board_name
from scmigen.targets.common.values import trip_points
from scmigen.targets.scp.binding import Bound, Drivers, DriverTable
from scmigen.targets.scp.channels import Channel
from scmigen.targets.scp.domain_types import DEVICE, Shape, shapes
from scmigen.targets.scp.drivers import CLOCK_TABLE, MOCK_SUPPLY, MOCKS
from scmigen.targets.scp.fast_channels import FastChannels, fast_channels
from scmigen.targets.scp.guards import POWER_CAPS, POWER_VIEWS, SYSTEM_POWER, Guard
from scmigen.targets.scp.kinds import KINDS, Slot
from scmigen.targets.scp.options import Driver, Setup
from scmigen.targets.scp.performance import PerfDomain, perf_domains
from scmigen.targets.scp.platform_protocols import Allowed, allowed
from scmigen.targets.scp.powercaps import Powercaps, powercaps
from scmigen.targets.scp.product_channels import Channels
from scmigen.targets.scp.spaces import (
    Element,
    NamedAgent,
    Space,
    build_space,
    name_agents,
)
from scmigen.targets.scp.system import ALARMS, SystemPower, system_power, users
from scmigen.targets.scp.variant import Mocks, Variant
from scmigen.targets.scp.version import Version

#: Whose the templates are, and with them what is made of them unless somebody says otherwise.
_AUTHORS = "Copyright (c) 2026, the scmigen authors"


class Firmware(Data):
    """One SCP-firmware: agents, id spaces by kind, drivers, and where everything comes from."""

    name: str
    copyright: str
    license: str
    vendor: str
    sub_vendor: str
    variant: Variant
    version: Version
    platform: Platform
    shared: bool
    agents: tuple[NamedAgent, ...]
    spaces: Mapping[Kind, Space]
    perf: tuple[PerfDomain, ...]
    drivers: Drivers
    shapes: Mapping[int, Shape]
    channels: tuple[Channel, ...]
    service_count: str | None
    system_power: SystemPower | None
    system_users: frozenset[int]
    fast_channels: FastChannels | None
    powercaps: Powercaps | None
    trips: Mapping[int, tuple[TripPoint, ...]] | None
    platform_protocols: tuple[Allowed, ...]
    platform_protocols_said: bool
    #: Where the modules are that many instances have in common, from the tables of one.
    common: str | None

    @property
    def channel_headers(self) -> tuple[str, ...]:
        """The headers that have the product's names for channels."""
        return tuple(dict.fromkeys(header for row in self.channels for header in row.headers))

    @property
    def unnamed_channels(self) -> tuple[Channel, ...]:
        """The channels that the product has no enumerator for."""
        return tuple(row for row in self.channels if not row.named)

    @property
    def named_channels(self) -> tuple[Channel, ...]:
        """The channels that the product has an enumerator for."""
        return tuple(row for row in self.channels if row.named)

    @property
    def renamed_channels(self) -> bool:
        """Whether a service has a name of its own, another than its agent's."""
        return any(row.name != row.agent.agent.name for row in self.channels)

    @property
    def has_resets(self) -> bool:
        """Whether there are tables of the reset protocol."""
        return Kind.RESET in self.protocols

    @property
    def to_agents(self) -> int:
        """How many channels a build without SCMI notifications does not have."""
        return sum(row.optional for row in self.channels)

    @property
    def protocols(self) -> tuple[Kind, ...]:
        """The kinds whose protocol is there: a space of private elements has none."""
        return tuple(kind for kind, space in self.spaces.items() if space.elements)

    @property
    def boot_events(self) -> int:
        """The power and performance domains, each of which has an event at boot."""
        kinds = (Kind.POWER, Kind.PERFORMANCE)
        return sum(len(self.spaces[kind].elements) + 1 for kind in kinds if kind in self.spaces)

    @property
    def subscriptions(self) -> int:
        """Subscriptions within the firmware: to autonomous resets, and of each power cap's module
        and protocol to its changes."""
        caps = self.powercaps.caps if self.powercaps is not None else ()
        return 1 + 4 * len(caps)

    @property
    def protocol_count(self) -> int:
        """Protocol modules of the build, without base."""
        others = (self.system_power, self.powercaps)
        return len(self.protocols) + sum(each is not None for each in others)

    @property
    def most_protocols(self) -> int:
        """Protocol modules that the build of a product may have, without base: its own, too."""
        own = {row.protocol for row in self.platform_protocols}
        return len(KINDS) + len((Protocol.SYSTEM, Protocol.POWERCAP)) + max(len(own), 1)

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
        found = [*self.variant.transport, "scmi", "resource-perms"]
        if self.variant.mailboxes:
            found[:0] = [row.mailbox.bell for row in self.channels if row.mailbox is not None]
        if self.alarms and self.variant.simulated:
            found.append("mock-timer")
        found += [name for slot in self._alarm_slots for name in self._used(slot)]
        found += ["fch-polled"] if self.fast_channels else []
        found += [*self._used(Slot.SHUTDOWN), "system-power"] if self.system_power else []
        for space in self.spaces.values():
            found += [name for slot in self.slots_of(space) for name in self._used(slot)]
            found += [] if self.kept(space.row.slots[0]) else space.row.hal
            found += [space.row.protocol] if space.elements else []
        found += ["scmi-system-power"] if self.system_power else []
        if self.powercaps is not None:
            mocks = () if self.powercaps.kept else ("pid-controller", "mock-power")
            found += [*mocks, "power-capping", "scmi-power-capping"]
        return tuple(dict.fromkeys([*found, *self.variant.last]))

    def slots_of(self, space: Space) -> tuple[Slot, ...]:
        """The slots of a kind that have elements, but for those that the product keeps itself."""
        empty = {
            Slot.CLOCK: not space.elements,
            Slot.SCALED: not space.private,
            Slot.TOP: self.kept(Slot.POWER),
        }
        return tuple(slot for slot in space.row.modules if not empty.get(slot, False))

    def _used(self, slot: Slot) -> tuple[str, ...]:
        return tuple(driver.module for driver in self.drivers.used.get(slot, (self.mock(slot),)))

    def mock(self, slot: Slot) -> Driver:
        """The mock of a slot: of supplies one that drives mock voltage domains, where a performance
        domain sets one."""
        both = Slot.SUPPLY if self.drivers.mocked(Slot.VOLTAGE) else None
        if slot is both and any(domain.voltage is not None for domain in self.perf):
            return MOCK_SUPPLY
        return MOCKS[slot]

    def kept(self, slot: str) -> bool:
        """Whether the firmware has the table of the HAL module above a slot itself."""
        return self.drivers.kept(Slot(slot))

    def indices(self, space: Space) -> tuple[Element, ...]:
        """The elements that have an enumerator: all, but where the firmware has the HAL's table
        itself and no table here has a row for each, those of resources."""
        if space.kind is Kind.PERFORMANCE or not self.kept(space.row.slots[0]):
            return space.all_elements
        unused = {element.number for element in space.elements if element.resource is None}
        return tuple(each for each in space.all_elements if each.number not in unused)

    def shape(self, element: Element) -> Shape:
        """What a power domain is, and what it is under."""
        return self.shapes.get(element.number, DEVICE)

    @property
    def flat(self) -> bool:
        """Whether no power domain is under another, but for the one above all."""
        return all(shape.parent is None for shape in self.shapes.values())

    @property
    def voted_alone(self) -> bool:
        """Whether agents vote for all power domains: there is no core among them."""
        return not self.kept(Slot.POWER) and all(each.is_voted for each in self.shapes.values())

    def hal(self, slot: str, element: Element) -> str:
        """The index of a HAL element: its enumerator, or what the agents file says."""
        return (
            self.driver(slot, element.number, element.enum).index
            if self.kept(slot)
            else element.enum
        )

    def scaled_clock(self, domain: PerfDomain) -> str:
        """The index of the HAL clock that a performance domain sets."""
        if domain.clock is not None:
            return self.hal(Slot.CLOCK, self.spaces[Kind.CLOCK].elements[domain.clock])
        number = domain.resource.number
        clocks = self.spaces.get(Kind.CLOCK)
        if clocks is not None and number in clocks.private:
            return clocks.private[number].enum
        return self.driver(Slot.SCALED, number, "").index

    @property
    def denies_trips(self) -> bool:
        """Whether only permissions can leave out trip points: the table of sensors, which says how
        many there are, is the firmware's own."""
        return self.trips is None and self.kept(Slot.SENSOR)

    @property
    def own_modules(self) -> tuple[str, ...]:
        """Directories of the drivers that come with the tables."""
        if self.variant.mocks is Mocks.REFUSED:
            return ()
        own = (
            "mock-interrupt",
            "mock-doorbell",
            "mock-timer",
            "mock-system",
            "mock-reset",
            "mock-supply",
            "mock-power",
        )
        built = self.modules
        return tuple(name.replace("-", "_") for name in own if name in built)

    @property
    def module_folder(self) -> str:
        """Where the modules are that come with the tables, from these."""
        return "module" if self.common is None else f"{self.common}/module"

    @property
    def has_power_views(self) -> bool:
        """Whether each agent has a table of power domains, with numbers of its own."""
        return self.variant.power_views and not self.shared and Kind.POWER in self.protocols

    @property
    def guards(self) -> tuple[Guard, ...]:
        """The modules of SCP-firmware that are compiled behind a check of ours.

        A product may have that of system power without tables of ours.
        """
        needed = {
            SYSTEM_POWER: self.system_power is not None or self.variant.included,
            POWER_VIEWS: self.has_power_views,
            POWER_CAPS: self.powercaps is not None,
        }
        return tuple(guard for guard, wanted in needed.items() if wanted)

    @property
    def tables(self) -> tuple[DriverTable, ...]:
        """The tables of the drivers that are not mocks."""
        return self.drivers.tables

    def driver(self, slot: str, number: int, enum: str) -> Bound:
        """The driver of an element: a mock's element has the index of the HAL's."""
        found = self.drivers.of(Slot(slot), number)
        if found is not None:
            return found
        mock = self.mock(Slot(slot))
        return Bound(mock.macro, enum, mock.api)

    def headers(self, *slots: str) -> tuple[str, ...]:
        """The headers of the drivers of some slots."""
        wanted = [Slot(slot) for slot in slots]
        mocks = {slot: {self.mock(slot).header} for slot in wanted if slot in MOCKS}
        found = {
            header
            for slot in wanted
            for header in self.drivers.includes.get(slot, mocks.get(slot, set()))
        }
        return tuple(sorted(header for header in found if header))


def _first_uses(platform: Platform) -> Mapping[ResourceKey, Use]:
    """The first use of each resource that gives it to an agent, or else the first of all."""
    giving = {
        (why.consumer.path, why.prop, why.key)
        for grant in platform.all_grants
        for why in grant.because
        if isinstance(why, Use)
    }
    uses = platform.inventory.uses
    found: dict[ResourceKey, Use] = {}
    for use in sorted(uses, key=lambda use: (use.consumer.path, use.prop, use.key) not in giving):
        found.setdefault(use.key, use)
    return found


def _trips(setup: Setup) -> Mapping[int, tuple[TripPoint, ...]] | None:
    """The trip points of each sensor, if agents can set them."""
    if not setup.options.trip_points:
        return None
    return {
        resource.number: trip_points(setup.platform, resource)
        for resource in setup.platform.resources.get(Kind.SENSOR, ())
    }


def _has_own_clock(domain: PerfDomain, drivers: Drivers) -> bool:
    """Whether a domain needs an element for its clock: the platform serves none that it sets, and
    the table of clocks is ours."""
    bound = drivers.of(Slot.SCALED, domain.resource.number)
    return domain.clock is None and (bound is None or bound.module != CLOCK_TABLE)


def _common(setup: Setup) -> str | None:
    """OP-TEE's build takes all from one folder."""
    many = len(setup.platform.inventory.instances) >= MANY
    shares = setup.variant.simulated or setup.variant.included
    return f"../../{setup.output}" if many and shares else None


def build(setup: Setup, drivers: Drivers, channels: Channels) -> Firmware:
    """The firmware of a platform whose limits have been checked."""
    platform = setup.platform
    agents = name_agents(platform)
    uses = _first_uses(platform)
    perf = () if drivers.kept(Slot.SUPPLY) else perf_domains(platform)
    private = {Kind.CLOCK: [domain.own_clock for domain in perf if _has_own_clock(domain, drivers)]}
    spaces = {
        kind: build_space(
            platform, kind, agents, uses, private.get(kind, ()), kept=drivers.kept(row.slots[0])
        )
        for kind, row in KINDS.items()
    }
    performance = spaces[Kind.PERFORMANCE]
    return Firmware(
        name=board_name(platform),
        copyright=setup.options.copyright or _AUTHORS,
        license=setup.options.license,
        vendor=platform.options.vendor,
        sub_vendor=platform.options.sub_vendor,
        variant=setup.variant,
        version=setup.version,
        platform=platform,
        shared=platform.numbering is Numbering.SHARED,
        agents=agents,
        spaces={kind: space for kind, space in spaces.items() if space is not None},
        perf=perf,
        drivers=drivers,
        shapes=shapes(setup),
        channels=channels.rows,
        service_count=channels.counter,
        system_power=system_power(setup, drivers),
        system_users=users(setup, drivers),
        fast_channels=fast_channels(setup, drivers, performance),
        powercaps=powercaps(setup, drivers, agents),
        trips=_trips(setup),
        platform_protocols=allowed(setup.options, agents),
        platform_protocols_said=setup.options.platform_protocols is not None,
        common=_common(setup),
    )
