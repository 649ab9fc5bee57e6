"""The runtime configuration: all that a server must know of one SCMI platform.

``scmigen build`` writes it as JSON, ``scmigen serve`` reads it. It is the whole contract between
the compiler and the server. Numbers are SCMI numbers; a resource that was removed leaves a hole.
Keys ``source``, ``labels``, ``macro`` and ``because`` say where a thing came from; nothing depends
on them.
What the fields mean, and their units, is in ``described``, which the JSON Schema shows too.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from scmigen.runtime.words import (
    FORMAT,
    MAX_AGENTS,
    MAX_GRACE,
    MAX_RESOURCES,
    Certainty,
    Numbering,
    PowerUnit,
    Role,
)
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Profile

Number = Annotated[int, Meta(ge=0, le=MAX_RESOURCES)]
Hertz = Annotated[int, Meta(ge=0, le=0x7FFF_FFFF_FFFF_FFFF)]
Word = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
AgentId = Annotated[int, Meta(ge=1, le=MAX_AGENTS)]
Grace = Annotated[int, Meta(ge=0, le=MAX_GRACE)]
Microvolt = Annotated[int, Meta(ge=-0x8000_0000, le=0x7FFF_FFFF)]
Name = Annotated[str, Meta(min_length=1, max_length=63)]
Positive = Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)]
Signed = Annotated[int, Meta(ge=-0x8000_0000_0000_0000, le=0x7FFF_FFFF_FFFF_FFFF)]
#: A power of ten, in five bits.
Exponent = Annotated[int, Meta(ge=-16, le=15)]


class Strict(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all of them: unknown keys are errors, defaults are not written. ``described`` is what
    the JSON Schema says of a structure; ``python -OO`` has no docstrings."""

    described: ClassVar[str] = ""


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

    described: ClassVar[str] = (
        "A clock: rates in Hz (discrete, ascending), the rate and the state at boot; "
        "``always_on``: the platform itself holds it on. With ``step`` the two ``rates`` are "
        "the lowest and the highest, with every ``step`` Hz between them. ``latency`` in µs is "
        "what an asynchronous change of the rate takes; one clock that is ``asynchronous`` "
        "makes all that an agent has so, since no attribute tells them apart; ``enable_delay`` "
        "in µs, 0 if unknown. The clock runs only while the power domain ``power`` and the "
        "supply ``supply`` are on."
    )
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

    described: ClassVar[str] = (
        "A power domain, its parent domain, and its state at boot; ``always_on``: the platform "
        "itself holds it on; ``settable``: it can be switched at all. ``latency`` in µs is what "
        "switching takes when an agent asks for it asynchronously. It is on only while "
        "``supply`` is."
    )
    parent: Number | None = None
    enabled: bool = False
    always_on: bool = False
    settable: bool = True
    latency: Word = 0
    asynchronous: bool = False
    supply: Number | None = None


class ResetDomain(Resource, frozen=True, kw_only=True):
    """A reset domain."""

    described: ClassVar[str] = (
        "A reset domain; ``latency`` in µs, absent if unknown; ``asynchronous``: agents may be "
        "told when a reset is over."
    )
    latency: Word | None = None
    asynchronous: bool = False


class VoltageDomain(Resource, frozen=True, kw_only=True):
    """A supply."""

    described: ClassVar[str] = (
        "A supply: levels in µV (discrete, ascending), level and state at boot; with ``step`` "
        "the two ``levels`` are the lowest and the highest. ``latency`` in µs. ``parent`` is "
        "the supply it is fed from: it is on only while that one is, and holds it on."
    )
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

    described: ClassVar[str] = (
        "An operating point: abstract level, frequency in kHz, voltage in µV, latency in µs, "
        "and power in the unit ``performance_power``, 0 if unknown."
    )
    level: Word
    frequency: Word
    voltage: Microvolt | None = None
    power: Word = 0
    latency: Annotated[int, Meta(ge=0, le=0xFFFF)] = 0


class PerformanceDomain(Resource, frozen=True, kw_only=True):
    """A performance domain."""

    described: ClassVar[str] = (
        "A performance domain: levels ascending, ``sustained`` the index of the level at boot. "
        "``clock`` and ``supply`` follow the level. ``indexed``: agents name levels by their "
        "index (level indexing mode, release 3.2). ``rate_limit`` in µs: how often a level may "
        "change."
    )
    levels: tuple[PerformanceLevel, ...]
    sustained: Number = 0
    fastchannels: bool = False
    rate_limit: Annotated[int, Meta(ge=0, le=0xF_FFFF)] = 0
    indexed: bool = False
    clock: Number | None = None
    supply: Number | None = None


class Scaled(Strict, frozen=True, kw_only=True):
    """A value and its power of ten."""

    described: ClassVar[str] = "``value`` times 10 to the power of ``exponent``."
    value: Annotated[int, Meta(ge=0, le=0x7FF_FFFF)]
    exponent: Exponent = 0


class Axis(Strict, frozen=True, kw_only=True):
    """One of several quantities of a sensor."""

    described: ClassVar[str] = (
        "One of several quantities of a sensor; axes are numbered from 0. Fields as of `Sensor`."
    )
    name: Name
    type: Annotated[int, Meta(ge=0, le=0xFF)] = 2
    exponent: Exponent = -3
    resolution: Scaled | None = None
    minimum: Signed = 0
    maximum: Signed = 0


class Interval(Strict, frozen=True, kw_only=True):
    """A time between two updates of a sensor."""

    described: ClassVar[str] = (
        "A time between two updates of a sensor: ``value`` times 10 to the power of ``exponent`` s."
    )
    value: Annotated[int, Meta(ge=0, le=0xFFFF)]
    exponent: Exponent = -3


class Sensor(Resource, frozen=True, kw_only=True):
    """A sensor."""

    described: ClassVar[str] = (
        "A sensor: type and unit exponent as SENSOR_DESCRIPTION_GET has them; where the "
        "``resolution`` is known, ``minimum`` and ``maximum`` are the range. A reading of one "
        "with ``axes`` has a value for each. ``readings`` are what it reads, one after the "
        "other, each for ``period`` µs, again and again; ``noise`` is the most that a random "
        "amount adds or takes. ``intervals`` are the update intervals it can be set to, "
        "ascending; ``segmented``: they are the shortest, the longest and the step. "
        "``timestamps``: readings can have one. ``power`` in µW."
    )
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


class Powercap(Resource, frozen=True, kw_only=True):
    """A power capping domain."""

    described: ClassVar[str] = (
        "A power capping domain: caps in ``unit``, averaging intervals in µs: ``pai`` of "
        "measurements, ``cai`` of the cap (profile 4.0-beta). What has one value only cannot be "
        "set. ``cap``, ``pai`` and ``cai`` are those at boot, absent: the highest cap, the "
        "shortest interval. ``readings`` and ``period`` as for a sensor."
    )
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

    described: ClassVar[str] = (
        "A configuration type of a pin (release 3.2, section 4.11.2.6) and its value."
    )
    type: Annotated[int, Meta(ge=0, le=0xFF)]
    value: Word


class Pin(Resource, frozen=True, kw_only=True):
    """A pin."""

    described: ClassVar[str] = (
        "A pin: the settings it has at boot, which are all it can be set to have."
    )
    settings: tuple[PinSetting, ...] = ()


class PinGroup(Strict, frozen=True, kw_only=True):
    """Pins that are used together."""

    described: ClassVar[str] = "Pins that are used together; groups are numbered from 0."
    name: Name
    pins: tuple[Number, ...]


class PinFunction(Strict, frozen=True, kw_only=True):
    """What groups or pins can be used for."""

    described: ClassVar[str] = (
        "What groups, or with ``pins_only`` single pins, can be used for; numbered from 0."
    )
    name: Name
    groups: tuple[Number, ...] = ()
    gpio: bool = False
    pins_only: bool = False


class TelemetryElement(Resource, frozen=True, kw_only=True):
    """A data element of telemetry."""

    described: ClassVar[str] = (
        "A data element of telemetry (profile 4.0-beta): agents know it by the number "
        "``element``. ``size`` in bytes; ``type``, ``unit`` with its ``exponent``, "
        "``component`` and the instances as TELEMETRY_DE_DESCRIPTION has them; ``rate`` of its "
        "timestamps in kHz, 0: it has none. ``readings`` and ``period`` as for a sensor."
    )
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


class Because(Strict, frozen=True, kw_only=True):
    """Who says that a driver does something."""

    described: ClassVar[str] = (
        "Who says that a driver does something: a ``table`` of drivers, with the file and the "
        "function of the driver as ``source`` and, where the row has one, its ``reason``; or the "
        "needs of an agent, with their ``position`` in the agents file. ``certainty``: ``sure``, "
        "or ``may`` for what it does in some cases only."
    )
    table: str
    certainty: Certainty
    source: str | None = None
    reason: str | None = None
    position: str | None = None


class Grant(Strict, frozen=True):
    """What an agent may do with a resource."""

    described: ClassVar[str] = (
        "What an agent may do with the resource ``resource``, which it knows by ``id``. "
        "``by_hand``: those of the operations that hold whatever devices the agent is given or "
        "denied at run time. A resource of none of the agent's devices needs no such mark. "
        "``because``: for each operation that neither the tree nor a user asks for, the drivers "
        "that do; nothing depends on it."
    )
    id: Number
    resource: Number
    operations: tuple[Operation, ...]
    by_hand: tuple[Operation, ...] = ()
    because: dict[Operation, tuple[Because, ...]] = {}


class Transport(Strict, frozen=True, kw_only=True):
    """How an agent reaches the platform on hardware."""

    described: ClassVar[str] = (
        "How an agent reaches the platform on hardware; the server's own sockets are named when "
        "it is started."
    )
    type: str
    smc_id: Word | None = None
    shmem: str | None = None
    channel: Word | None = None


class Agent(Strict, frozen=True, kw_only=True):
    """An agent."""

    described: ClassVar[str] = (
        "An agent: ids from 1; ``profile``: the SCMI release it speaks, if not the newest; "
        "``permissions``: whether it may call base messages 0x9 to 0xB; ``system_power``: "
        "whether it may set the state of the system and be told of it, ``system_power_told``: "
        "only be told."
    )
    id: AgentId
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

    described: ClassVar[str] = (
        "A resource of a device: kind and platform number. ``operations``: those that having "
        "the device opens, as far as the agent's grant has them; none given means all that the "
        "grant has. ``withheld``: by the id of an agent, those of them that the device does not "
        "open to it, though its grant has them for another device."
    )
    kind: Kind
    id: Number
    operations: tuple[Operation, ...] = ()
    withheld: dict[AgentId, tuple[Operation, ...]] = {}


class Device(Strict, frozen=True, kw_only=True):
    """A device for BASE_SET_DEVICE_PERMISSIONS."""

    described: ClassVar[str] = (
        "A device for BASE_SET_DEVICE_PERMISSIONS: who has it at boot, who may be given it."
    )
    id: Number
    name: str
    node: str
    agents: tuple[int, ...]
    assignable: tuple[int, ...] = ()
    resources: tuple[DeviceResource, ...] = ()
    source: str | None = None
    labels: tuple[str, ...] = ()


#: The key of a configuration that has the resources of a kind.
KEYS: Mapping[Kind, str] = {
    Kind.CLOCK: "clocks",
    Kind.POWER: "power_domains",
    Kind.RESET: "reset_domains",
    Kind.VOLTAGE: "voltage_domains",
    Kind.PERFORMANCE: "performance_domains",
    Kind.SENSOR: "sensors",
    Kind.POWERCAP: "powercaps",
    Kind.PIN: "pins",
    Kind.TELEMETRY: "telemetry",
}


class Runtime(Strict, frozen=True, kw_only=True):
    """One SCMI platform."""

    described: ClassVar[str] = (
        "One SCMI platform. ``performance_power`` is the unit of the power of all operating "
        "points; ``system_power_grace`` the time in ms between the notification of a graceful "
        "shutdown or reset and that. ``telemetry_revision`` is the UUID of the meaning of data "
        "elements, in words; ``telemetry_intervals`` are those in which they can be collected."
    )
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
        found: tuple[Resource, ...] = getattr(self, KEYS[kind])
        return found
