"""The runtime configuration: all that a server must know of one SCMI platform.

``scmigen build`` writes it as JSON, ``scmigen serve`` reads it. It is the whole contract between
the compiler and the server. Numbers are SCMI numbers; a resource that was removed leaves a hole.
Keys ``source``, ``labels`` and ``macro`` say where a thing came from; nothing depends on them.
What the fields mean, and their units, is in `descriptions`, which the JSON Schema shows too.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Profile
from scmigen.version import format_of

#: The value of ``format``; another value is another schema.
FORMAT = format_of("runtime")

#: Bounds that keep a hostile configuration small. Ids are 16 bits in PROTOCOL_ATTRIBUTES words.
MAX_RESOURCES = 0xFFFF
MAX_AGENTS = 255

Number = Annotated[int, Meta(ge=0, le=MAX_RESOURCES)]
Hertz = Annotated[int, Meta(ge=0, le=0x7FFF_FFFF_FFFF_FFFF)]
Word = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
#: Milliseconds that agents have before a graceful shutdown: up to an hour.
MAX_GRACE = 3_600_000
Grace = Annotated[int, Meta(ge=0, le=MAX_GRACE)]
Microvolt = Annotated[int, Meta(ge=-0x8000_0000, le=0x7FFF_FFFF)]
Name = Annotated[str, Meta(min_length=1, max_length=63)]
Positive = Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)]
Signed = Annotated[int, Meta(ge=-0x8000_0000_0000_0000, le=0x7FFF_FFFF_FFFF_FFFF)]
#: A power of ten, in five bits.
Exponent = Annotated[int, Meta(ge=-16, le=15)]


class Role(StrEnum):
    """What an agent is to the platform."""

    OSPM = "ospm"
    PSCI = "psci"
    HYPERVISOR = "hypervisor"
    SECURE = "secure"
    VM = "vm"
    OTHER = "other"


class Numbering(StrEnum):
    """How SCMI ids are given: one number per resource, or dense from 0 for each agent."""

    SHARED = "shared"
    PER_AGENT = "per-agent"


class Strict(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all of them: unknown keys are errors, defaults are not written."""


class Resource(Strict, frozen=True, kw_only=True):
    """What all resources have. ``id`` is the platform's number, the index in firmware tables;
    ``macro`` what the board's source writes for the cells (``CPG_MOD 702``); ``notifications``:
    whether agents can be told of its changes."""

    id: Number
    name: Name
    node: str
    cells: tuple[Word, ...] = ()
    assumed: tuple[str, ...] = ()
    source: str | None = None
    labels: tuple[str, ...] = ()
    macro: str | None = None
    notifications: bool = True


class Clock(Resource, frozen=True, kw_only=True):
    """A clock."""

    rates: tuple[Hertz, ...]
    rate: Hertz
    parents: tuple[Number, ...] = ()
    parent: Number | None = None
    enabled: bool = False
    always_on: bool = False
    step: Hertz | None = None
    latency: Word = 0
    asynchronous: bool = False
    enable_delay: Word = 0
    power: Number | None = None
    supply: Number | None = None


class PowerDomain(Resource, frozen=True, kw_only=True):
    """A power domain."""

    parent: Number | None = None
    enabled: bool = False
    always_on: bool = False
    settable: bool = True
    latency: Word = 0
    asynchronous: bool = False
    supply: Number | None = None


class ResetDomain(Resource, frozen=True, kw_only=True):
    """A reset domain."""

    latency: Word | None = None
    asynchronous: bool = False


class VoltageDomain(Resource, frozen=True, kw_only=True):
    """A supply."""

    levels: tuple[Microvolt, ...]
    level: Microvolt
    enabled: bool = False
    always_on: bool = False
    step: Microvolt | None = None
    latency: Word = 0
    asynchronous: bool = False
    parent: Number | None = None


class PerformanceLevel(Strict, frozen=True, kw_only=True):
    """An operating point."""

    level: Word
    frequency: Word
    voltage: Microvolt | None = None
    power: Word = 0
    latency: Annotated[int, Meta(ge=0, le=0xFFFF)] = 0


class PerformanceDomain(Resource, frozen=True, kw_only=True):
    """A performance domain."""

    levels: tuple[PerformanceLevel, ...]
    sustained: Number = 0
    fastchannels: bool = False
    rate_limit: Annotated[int, Meta(ge=0, le=0xF_FFFF)] = 0
    indexed: bool = False
    clock: Number | None = None
    supply: Number | None = None


class Scaled(Strict, frozen=True, kw_only=True):
    """A value and its power of ten."""

    value: Annotated[int, Meta(ge=0, le=0x7FF_FFFF)]
    exponent: Exponent = 0


class Axis(Strict, frozen=True, kw_only=True):
    """One of several quantities of a sensor."""

    name: Name
    type: Annotated[int, Meta(ge=0, le=0xFF)] = 2
    exponent: Exponent = -3
    resolution: Scaled | None = None
    minimum: Signed = 0
    maximum: Signed = 0


class Interval(Strict, frozen=True, kw_only=True):
    """A time between two updates of a sensor."""

    value: Annotated[int, Meta(ge=0, le=0xFFFF)]
    exponent: Exponent = -3


class Sensor(Resource, frozen=True, kw_only=True):
    """A sensor."""

    type: Annotated[int, Meta(ge=0, le=0xFF)] = 2
    exponent: Exponent = -3
    resolution: Scaled | None = None
    minimum: Signed = 0
    maximum: Signed = 0
    asynchronous: bool = False
    latency: Word = 0
    trip_points: Annotated[int, Meta(ge=0, le=0xFF)] = 0
    updates: bool = False
    intervals: Annotated[tuple[Interval, ...], Meta(max_length=0xFFF)] = ()
    segmented: bool = False
    timestamps: bool = False
    power: Word = 0
    axes: Annotated[tuple[Axis, ...], Meta(max_length=7)] = ()
    readings: tuple[tuple[Signed, ...], ...] = ()
    period: Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)] = 1_000_000
    noise: Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)] = 0


class PowerUnit(StrEnum):
    """The unit of powers and caps."""

    ABSTRACT = "abstract"
    MICROWATT = "uW"
    MILLIWATT = "mW"


class Powercap(Resource, frozen=True, kw_only=True):
    """A power capping domain."""

    minimum_cap: Positive
    maximum_cap: Positive
    cap_step: Positive = 1
    cap: Positive | None = None
    minimum_pai: Positive = 1
    maximum_pai: Positive = 1
    pai_step: Positive = 1
    pai: Positive | None = None
    minimum_cai: Positive = 1
    maximum_cai: Positive = 1
    cai_step: Positive = 1
    cai: Positive | None = None
    unit: PowerUnit = PowerUnit.MICROWATT
    sustainable_power: Word = 0
    accuracy: Word = 0
    parent: Number | None = None
    monitoring: bool = True
    asynchronous: bool = False
    latency: Word = 0
    fastchannels: bool = False
    readings: tuple[Word, ...] = ()
    period: Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)] = 1_000_000


class PinSetting(Strict, frozen=True):
    """A configuration type of a pin and its value."""

    type: Annotated[int, Meta(ge=0, le=0xFF)]
    value: Word


class Pin(Resource, frozen=True, kw_only=True):
    """A pin."""

    settings: tuple[PinSetting, ...] = ()


class PinGroup(Strict, frozen=True, kw_only=True):
    """Pins that are used together."""

    name: Name
    pins: tuple[Number, ...]


class PinFunction(Strict, frozen=True, kw_only=True):
    """What groups or pins can be used for."""

    name: Name
    groups: tuple[Number, ...] = ()
    gpio: bool = False
    pins_only: bool = False


class TelemetryElement(Resource, frozen=True, kw_only=True):
    """A data element of telemetry."""

    element: Word
    group: Annotated[int, Meta(ge=0, le=0xFFF)] | None = None
    size: Annotated[int, Meta(ge=1, le=8)] = 8
    type: Annotated[int, Meta(ge=0, le=0xFF)] = 0
    unit: Annotated[int, Meta(ge=0, le=0xFF)] = 0
    exponent: Annotated[int, Meta(ge=-128, le=127)] = 0
    instance: Annotated[int, Meta(ge=0, le=0xFF)] = 0
    component: Annotated[int, Meta(ge=0, le=0xFF)] = 0
    component_instance: Annotated[int, Meta(ge=0, le=0xFFFF)] = 0
    persistent: bool = False
    rate: Word = 0
    readings: tuple[Hertz, ...] = ()
    period: Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)] = 1_000_000


class Grant(Strict, frozen=True):
    """What an agent may do with a resource."""

    id: Number
    resource: Number
    operations: tuple[Operation, ...]
    by_hand: tuple[Operation, ...] = ()


class Transport(Strict, frozen=True, kw_only=True):
    """How an agent reaches the platform on hardware."""

    type: str
    smc_id: Word | None = None
    shmem: str | None = None
    channel: Word | None = None


class Agent(Strict, frozen=True, kw_only=True):
    """An agent."""

    id: Annotated[int, Meta(ge=1, le=MAX_AGENTS)]
    name: Annotated[str, Meta(min_length=1, max_length=63)]
    role: Role
    profile: Profile | None = None
    permissions: bool = False
    system_power: bool = False
    system_power_told: bool = False
    transport: Transport | None = None
    grants: dict[Kind, tuple[Grant, ...]] = {}


class DeviceResource(Strict, frozen=True):
    """A resource of a device."""

    kind: Kind
    id: Number
    operations: tuple[Operation, ...] = ()


class Device(Strict, frozen=True, kw_only=True):
    """A device for BASE_SET_DEVICE_PERMISSIONS."""

    id: Number
    name: str
    node: str
    agents: tuple[int, ...]
    assignable: tuple[int, ...] = ()
    resources: tuple[DeviceResource, ...] = ()
    source: str | None = None
    labels: tuple[str, ...] = ()


class Runtime(Strict, frozen=True, kw_only=True):
    """One SCMI platform."""

    format: Annotated[str, Meta(extra_json_schema={"enum": [FORMAT]})]
    name: str
    vendor: Annotated[str, Meta(max_length=15)] = "scmigen"
    sub_vendor: Annotated[str, Meta(max_length=15)] = ""
    implementation_version: Word = 1
    system_power_grace: Grace = 0
    numbering: Numbering = Numbering.SHARED
    agents: tuple[Agent, ...]
    clocks: tuple[Clock, ...] = ()
    power_domains: tuple[PowerDomain, ...] = ()
    reset_domains: tuple[ResetDomain, ...] = ()
    voltage_domains: tuple[VoltageDomain, ...] = ()
    performance_domains: tuple[PerformanceDomain, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    powercaps: tuple[Powercap, ...] = ()
    pins: tuple[Pin, ...] = ()
    pin_groups: tuple[PinGroup, ...] = ()
    pin_functions: tuple[PinFunction, ...] = ()
    telemetry: tuple[TelemetryElement, ...] = ()
    telemetry_revision: tuple[Word, Word, Word, Word] = (0, 0, 0, 0)
    telemetry_intervals: Annotated[tuple[Interval, ...], Meta(min_length=1, max_length=0xFFF)] = (
        Interval(value=1, exponent=0),
    )
    devices: tuple[Device, ...] = ()
    performance_power: PowerUnit = PowerUnit.MILLIWATT

    def resources(self, kind: Kind) -> tuple[Resource, ...]:
        """The resources of one kind, ascending by number."""
        found: tuple[Resource, ...] = {
            Kind.CLOCK: self.clocks,
            Kind.POWER: self.power_domains,
            Kind.RESET: self.reset_domains,
            Kind.VOLTAGE: self.voltage_domains,
            Kind.PERFORMANCE: self.performance_domains,
            Kind.SENSOR: self.sensors,
            Kind.POWERCAP: self.powercaps,
            Kind.PIN: self.pins,
            Kind.TELEMETRY: self.telemetry,
        }[kind]
        return found
