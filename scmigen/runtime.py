"""The runtime configuration: all that a server must know of one SCMI platform.

``scmigen build`` writes it as JSON, ``scmigen serve`` reads it. It is the whole contract between
the compiler and the server. Numbers are SCMI numbers; a resource that was removed leaves a hole.
Keys ``source`` and ``labels`` say where a thing came from; nothing depends on them.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

#: The value of ``format``; another value is another schema.
FORMAT = "scmigen-runtime-1"

#: Bounds that keep a hostile configuration small. Ids are 16 bits in PROTOCOL_ATTRIBUTES words.
MAX_RESOURCES = 0xFFFF
MAX_AGENTS = 255

Number = Annotated[int, Meta(ge=0, le=MAX_RESOURCES)]
Hertz = Annotated[int, Meta(ge=0, le=0x7FFF_FFFF_FFFF_FFFF)]
Word = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
Microvolt = Annotated[int, Meta(ge=-0x8000_0000, le=0x7FFF_FFFF)]
Name = Annotated[str, Meta(min_length=1, max_length=63)]


class Role(StrEnum):
    """What an agent is to the platform."""

    OSPM = "ospm"
    PSCI = "psci"
    HYPERVISOR = "hypervisor"
    SECURE = "secure"
    VM = "vm"
    OTHER = "other"


class Numbering(StrEnum):
    """How SCMI ids are given: one number a resource, or dense from 0 for each agent."""

    SHARED = "shared"
    PER_AGENT = "per-agent"


class _Strict(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Resource(_Strict, frozen=True, kw_only=True):
    """What all resources have. ``id`` is the platform's number, the index in firmware tables."""

    id: Number
    name: Name
    node: str
    cells: tuple[Word, ...] = ()
    assumed: tuple[str, ...] = ()
    source: str | None = None
    labels: tuple[str, ...] = ()


class Clock(Resource, frozen=True, kw_only=True):
    """A clock: rates in Hz (discrete, ascending), the rate and the state at boot;
    ``always_on``: the platform itself holds it on."""

    rates: tuple[Hertz, ...]
    rate: Hertz
    parents: tuple[Number, ...] = ()
    parent: Number | None = None
    enabled: bool = False
    always_on: bool = False


class PowerDomain(Resource, frozen=True, kw_only=True):
    """A power domain, its parent domain, and its state at boot; ``always_on``: the platform
    itself holds it on."""

    parent: Number | None = None
    enabled: bool = False
    always_on: bool = False


class ResetDomain(Resource, frozen=True, kw_only=True):
    """A reset domain; ``latency`` in µs, absent where nobody knows."""

    latency: Word | None = None


class VoltageDomain(Resource, frozen=True, kw_only=True):
    """A supply: levels in µV (discrete, ascending), level and state at boot."""

    levels: tuple[Microvolt, ...]
    level: Microvolt
    enabled: bool = False
    always_on: bool = False


class PerformanceLevel(_Strict, frozen=True, kw_only=True):
    """An operating point: abstract level, frequency in kHz, voltage in µV, power in mW,
    latency in µs."""

    level: Word
    frequency: Word
    voltage: Microvolt | None = None
    power: Word = 0
    latency: Annotated[int, Meta(ge=0, le=0xFFFF)] = 0


class PerformanceDomain(Resource, frozen=True, kw_only=True):
    """A performance domain: levels ascending, ``sustained`` the index of the level at boot."""

    levels: tuple[PerformanceLevel, ...]
    sustained: Number = 0


class Sensor(Resource, frozen=True, kw_only=True):
    """A sensor: type and unit exponent as SENSOR_DESCRIPTION_GET has them."""

    type: Annotated[int, Meta(ge=0, le=0xFF)] = 2
    exponent: Annotated[int, Meta(ge=-16, le=15)] = -3


class Grant(_Strict, frozen=True):
    """What an agent may do with the resource ``resource``, which it knows by ``id``.

    ``by_hand``: those of the operations that stand whatever devices the agent is given or denied
    at run time. A resource of none of the agent's devices needs no such mark.
    """

    id: Number
    resource: Number
    operations: tuple[Operation, ...]
    by_hand: tuple[Operation, ...] = ()


class Transport(_Strict, frozen=True, kw_only=True):
    """How an agent reaches the platform on hardware; the server's own sockets are named when it
    is started."""

    type: str
    smc_id: Word | None = None
    shmem: str | None = None
    channel: Word | None = None


class Agent(_Strict, frozen=True, kw_only=True):
    """An agent: ids from 1; ``permissions``: whether it may call base messages 0x9 to 0xB."""

    id: Annotated[int, Meta(ge=1, le=MAX_AGENTS)]
    name: Annotated[str, Meta(min_length=1, max_length=63)]
    role: Role
    permissions: bool = False
    system_power: bool = False
    transport: Transport | None = None
    grants: dict[Kind, tuple[Grant, ...]] = {}


class DeviceResource(_Strict, frozen=True):
    """A resource of a device: kind and platform number.

    ``operations``: those that having the device opens, as far as the agent's grant has them; none
    given means all that the grant has.
    """

    kind: Kind
    id: Number
    operations: tuple[Operation, ...] = ()


class Device(_Strict, frozen=True, kw_only=True):
    """A device for BASE_SET_DEVICE_PERMISSIONS: who has it at boot, who may be given it."""

    id: Number
    name: str
    node: str
    agents: tuple[int, ...]
    assignable: tuple[int, ...] = ()
    resources: tuple[DeviceResource, ...] = ()
    source: str | None = None
    labels: tuple[str, ...] = ()


class Runtime(_Strict, frozen=True, kw_only=True):
    """One SCMI platform."""

    format: str
    name: str
    vendor: Annotated[str, Meta(max_length=15)] = "scmigen"
    sub_vendor: Annotated[str, Meta(max_length=15)] = ""
    implementation_version: Word = 1
    numbering: Numbering = Numbering.SHARED
    agents: tuple[Agent, ...]
    clocks: tuple[Clock, ...] = ()
    power_domains: tuple[PowerDomain, ...] = ()
    reset_domains: tuple[ResetDomain, ...] = ()
    voltage_domains: tuple[VoltageDomain, ...] = ()
    performance_domains: tuple[PerformanceDomain, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    devices: tuple[Device, ...] = ()

    def resources(self, kind: Kind) -> tuple[Resource, ...]:
        """The resources of one kind, ascending by number."""
        found: tuple[Resource, ...] = {
            Kind.CLOCK: self.clocks,
            Kind.POWER: self.power_domains,
            Kind.RESET: self.reset_domains,
            Kind.VOLTAGE: self.voltage_domains,
            Kind.PERFORMANCE: self.performance_domains,
            Kind.SENSOR: self.sensors,
        }[kind]
        return found


class ConfigurationError(ValueError):
    """A runtime configuration that does not hold together; the message says why."""


def decode(data: bytes) -> Runtime:
    """A configuration from its JSON. Raises `ConfigurationError` with a sentence for people."""
    try:
        runtime = msgspec.json.decode(data, type=Runtime)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise ConfigurationError(f"not a runtime configuration: {problem}") from None
    if runtime.format != FORMAT:
        raise ConfigurationError(f"format is {runtime.format!r}, this program reads {FORMAT!r}")
    _check(runtime)
    return runtime


def _ascending(ids: Sequence[int]) -> bool:
    return all(first < second for first, second in pairwise(ids))


def _check_agents(runtime: Runtime, numbers: Mapping[Kind, set[int]]) -> None:
    agents = [agent.id for agent in runtime.agents]
    if agents != list(range(1, len(agents) + 1)):
        raise ConfigurationError("agent ids are not 1, 2, 3, …")
    if len({agent.name for agent in runtime.agents}) != len(agents):
        raise ConfigurationError("two agents have one name")
    for agent in runtime.agents:
        for kind, grants in agent.grants.items():
            if not _ascending([grant.id for grant in grants]):
                raise ConfigurationError(
                    f"{kind} grants of {agent.name} are not in ascending order"
                )
            if len({grant.resource for grant in grants}) != len(grants):
                raise ConfigurationError(f"{agent.name} is granted one {kind} twice")
            for grant in grants:
                if grant.resource not in numbers[kind]:
                    raise ConfigurationError(
                        f"{agent.name} is granted {kind} {grant.resource}: no such"
                    )


def _check_devices(runtime: Runtime, numbers: Mapping[Kind, set[int]]) -> None:
    if not _ascending([device.id for device in runtime.devices]):
        raise ConfigurationError("devices are not in ascending order of their ids")
    for device in runtime.devices:
        for agent in (*device.agents, *device.assignable):
            if not 1 <= agent <= len(runtime.agents):
                raise ConfigurationError(f"device {device.name} names agent {agent}: no such")
        for wanted in device.resources:
            if wanted.id not in numbers[wanted.kind]:
                raise ConfigurationError(
                    f"device {device.name} names {wanted.kind} {wanted.id}: no such"
                )


def _check_clocks(runtime: Runtime, numbers: set[int]) -> None:
    for clock in runtime.clocks:
        if not _ascending(clock.rates):
            raise ConfigurationError(f"rates of clock {clock.name} are not in ascending order")
        if not numbers.issuperset(clock.parents):
            raise ConfigurationError(f"clock {clock.name} has a parent that is no clock")
        if clock.parent is not None and clock.parent not in clock.parents:
            raise ConfigurationError(f"the parent of clock {clock.name} is none of its parents")


def _check_power_domains(runtime: Runtime) -> None:
    parents = {domain.id: domain.parent for domain in runtime.power_domains}
    sound: set[int] = set()
    for domain in runtime.power_domains:
        path: list[int] = []
        on_path: set[int] = set()
        at: int | None = domain.id
        while at is not None and at not in sound:
            if at not in parents:
                raise ConfigurationError(f"power domain {domain.name} is below {at}: no such")
            if at in on_path:
                raise ConfigurationError(f"power domain {domain.name} is its own ancestor")
            path.append(at)
            on_path.add(at)
            at = parents[at]
        sound.update(path)


def _check_levels(runtime: Runtime) -> None:
    for supply in runtime.voltage_domains:
        if not _ascending(supply.levels):
            raise ConfigurationError(f"levels of {supply.name} are not in ascending order")
    for domain in runtime.performance_domains:
        if not _ascending([level.level for level in domain.levels]):
            raise ConfigurationError(f"levels of {domain.name} are not in ascending order")
        if domain.levels and domain.sustained >= len(domain.levels):
            raise ConfigurationError(f"the sustained level of {domain.name} is none of its levels")


def _check(runtime: Runtime) -> None:
    """Every reference inside the configuration has its target, and no id stands twice."""
    numbers: dict[Kind, set[int]] = {}
    for kind in Kind:
        ids = [resource.id for resource in runtime.resources(kind)]
        if not _ascending(ids):
            raise ConfigurationError(f"{kind} resources are not in ascending order of their ids")
        numbers[kind] = set(ids)
    _check_agents(runtime, numbers)
    _check_devices(runtime, numbers)
    _check_clocks(runtime, numbers[Kind.CLOCK])
    _check_power_domains(runtime)
    _check_levels(runtime)


def encode(runtime: Runtime) -> bytes:
    """The JSON of a configuration: indented, keys in the order of the schema."""
    return msgspec.json.format(msgspec.json.encode(runtime), indent=1) + b"\n"


def json_schema() -> bytes:
    """The JSON Schema (2020-12) of the configuration."""
    schema = msgspec.json.schema(Runtime)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "scmigen runtime configuration"
    return msgspec.json.format(msgspec.json.encode(schema), indent=1) + b"\n"
