"""The commands of an agent as methods, and what they return."""

from collections.abc import Iterator

from scmigen.client.channel import ScmiError
from scmigen.client.requests import Requests
from scmigen.data import Data
from scmigen.hints import Final
from scmigen.scmi import messages
from scmigen.scmi.layouts import name_text
from scmigen.scmi.protocols import KIND_OF, Protocol

_MYSELF: Final = 0xFFFF_FFFF
#: POWER_STATE: the generic states.
_ON: Final = 0x0
_OFF: Final = 0x4000_0000
_STATES: Final[dict[int | None, bool | None]] = {_ON: True, _OFF: False}
#: CLOCK_ATTRIBUTES: enabled. CLOCK_RATE_SET: round to the nearest rate.
_ENABLED: Final = 1
_ROUND_AUTO: Final = 1 << 3
#: VOLTAGE_CONFIG: the modes.
_SUPPLY_ON: Final = 0x7
_SUPPLY_OFF: Final = 0x0
_SUPPLY_STATES: Final[dict[int | None, bool | None]] = {_SUPPLY_ON: True, _SUPPLY_OFF: False}
#: The bit of a sensor with an extended name.
_EXTENDED_NAME: Final = 1 << 29


class ProtocolInfo(Data):
    """A protocol of the platform; ``resources`` is the size of the agent's id space in it."""

    id: int
    name: str
    version: tuple[int, int]
    resources: int | None


class PlatformInfo(Data):
    """The result of discovery. ``agents`` maps ids to names, as far as the platform reveals
    them."""

    version: tuple[int, int]
    vendor: str
    sub_vendor: str
    implementation_version: int
    agent: int | None
    agents: dict[int, str]
    protocols: tuple[ProtocolInfo, ...]


class ClockInfo(Data):
    """A clock; ``rate`` is in Hz, or ``None`` if the agent may not read it."""

    id: int
    name: str
    enabled: bool
    rate: int | None


class PowerDomainInfo(Data):
    """A power domain; ``on`` is ``None`` if the agent may not read the state, or it is not one of
    the generic ones."""

    id: int
    name: str
    on: bool | None


class ResetDomainInfo(Data):
    """A reset domain; ``latency`` is in µs, or ``None`` if the platform does not know it."""

    id: int
    name: str
    latency: int | None


class VoltageDomainInfo(Data):
    """A supply; ``on`` and ``level`` (in µV) are ``None`` if the agent may not read them, ``on``
    also if the mode is not a generic one."""

    id: int
    name: str
    on: bool | None
    level: int | None


class PerformanceDomainInfo(Data):
    """A performance domain: its level, and limits as PERFORMANCE_LIMITS_GET has them; ``None`` if
    the agent may not read them. Levels are those of PERFORMANCE_DESCRIBE_LEVELS, or their indices
    where that is used."""

    id: int
    name: str
    level: int | None
    minimum: int | None
    maximum: int | None


class SensorInfo(Data):
    """A sensor: its type (a number of the specification), and its reading, one value for each axis,
    in units of 10 ** ``exponent``; ``None`` if the platform does not give one."""

    id: int
    name: str
    type: int
    exponent: int
    reading: list[int] | None


class Client(Requests):
    """An agent of a platform. Every method raises `ScmiError` if the platform refuses the request,
    and `ClientError` if it does not answer."""

    # Discovery

    def agent_name(self, agent: int) -> tuple[int, str]:
        """Id and name of an agent; 0xFFFFFFFF is this agent (base version 2)."""
        *number, name = self.call(Protocol.BASE, 0x7, agent)
        return (number[0] if number else agent), name_text(name)

    def info(self) -> PlatformInfo:
        """Discover the platform, its agents and protocols."""
        (attributes,) = self.call(Protocol.BASE, messages.ATTRIBUTES)
        try:
            sub_vendor = name_text(self.call(Protocol.BASE, 0x4)[0])
        except ScmiError:
            sub_vendor = ""  # optional
        agents: dict[int, str] = {}
        myself = None
        for number in range(attributes >> 8 & 0xFF):
            try:
                agents[number + 1] = self.agent_name(number + 1)[1]
            except ScmiError:
                continue
        if self.version(Protocol.BASE) >= 0x20000 and agents:
            myself = self.agent_name(_MYSELF)[0]
        return PlatformInfo(
            _split(self.version(Protocol.BASE)),
            name_text(self.call(Protocol.BASE, 0x3)[0]),
            sub_vendor,
            self.call(Protocol.BASE, 0x5)[0],
            myself,
            agents,
            tuple(self._protocol(number) for number in self.protocols()),
        )

    def _protocol(self, number: int) -> ProtocolInfo:
        try:
            protocol = Protocol(number)
        except ValueError:
            status, values = self.command(number, messages.VERSION)
            word = int.from_bytes(values[:4], "little") if status == 0 else 0
            return ProtocolInfo(number, f"vendor {number:#x}", _split(word), None)
        counted = self.count(protocol) if protocol in KIND_OF else None
        return ProtocolInfo(number, protocol.name.lower(), _split(self.version(protocol)), counted)

    # Clocks

    def clocks(self) -> list[ClockInfo]:
        """The clocks that the agent can see."""
        return [
            ClockInfo(
                number,
                name,
                bool(fields[0] & _ENABLED),
                self._unless_refused(Protocol.CLOCK, 0x6, number),
            )
            for number, name, fields in self.each(Protocol.CLOCK)
        ]

    def clock_rates(self, clock: int) -> list[int]:
        """The rates of a clock in Hz; for a range: lowest, highest and step."""
        return [rate for (rate,) in self.entries(Protocol.CLOCK, 0x4, clock)]

    def clock_rate(self, clock: int) -> int:
        """The rate of a clock in Hz."""
        return int(self.call(Protocol.CLOCK, 0x6, clock)[0])

    def set_clock_rate(self, clock: int, rate: int) -> None:
        """Set a clock to the supported rate nearest to ``rate`` Hz."""
        self.call(Protocol.CLOCK, 0x5, _ROUND_AUTO, clock, rate)

    def enable_clock(self, clock: int, on: bool) -> None:
        """Vote for a clock to run, or not."""
        fields = self.message(Protocol.CLOCK, 0x7).request.fields
        self.call(Protocol.CLOCK, 0x7, clock, int(on), *[0] * (len(fields) - 2))

    # Power domains

    def power_domains(self) -> list[PowerDomainInfo]:
        """The power domains that the agent can see."""
        found = []
        for number, name, _ in self.each(Protocol.POWER):
            state = self._unless_refused(Protocol.POWER, 0x5, number)
            found.append(PowerDomainInfo(number, name, _STATES.get(state)))
        return found

    def power_state(self, domain: int) -> int:
        """The state word of a power domain: 0 on, 0x40000000 off."""
        return int(self.call(Protocol.POWER, 0x5, domain)[0])

    def set_power(self, domain: int, on: bool) -> None:
        """Vote for a power domain to be on, or not."""
        self.call(Protocol.POWER, 0x4, 0, domain, _ON if on else _OFF)

    # Resets

    def reset_domains(self) -> list[ResetDomainInfo]:
        """The reset domains that the agent can see."""
        return [
            ResetDomainInfo(number, name, None if fields[1] == 0xFFFF_FFFF else fields[1])
            for number, name, fields in self.each(Protocol.RESET)
        ]

    def reset(self, domain: int) -> None:
        """Reset a domain: the full cycle."""
        self.call(Protocol.RESET, 0x4, domain, 1, 0)

    # Supplies

    def voltage_domains(self) -> list[VoltageDomainInfo]:
        """The voltage domains that the agent can see."""
        return [
            VoltageDomainInfo(
                number,
                name,
                _SUPPLY_STATES.get(self._unless_refused(Protocol.VOLTAGE, 0x6, number)),
                self._unless_refused(Protocol.VOLTAGE, 0x8, number),
            )
            for number, name, _ in self.each(Protocol.VOLTAGE)
        ]

    def enable_supply(self, domain: int, on: bool) -> None:
        """Vote for a supply to be on, or not."""
        self.call(Protocol.VOLTAGE, 0x5, domain, _SUPPLY_ON if on else _SUPPLY_OFF)

    def voltage_level(self, domain: int) -> int:
        """The level of a supply in µV."""
        return int(self.call(Protocol.VOLTAGE, 0x8, domain)[0])

    def set_voltage_level(self, domain: int, level: int) -> None:
        """Set a supply to one of its levels, in µV."""
        self.call(Protocol.VOLTAGE, 0x7, domain, 0, level)

    # Performance domains

    def performance_domains(self) -> list[PerformanceDomainInfo]:
        """The performance domains that the agent can see."""
        found = []
        for number, name, _ in self.each(Protocol.PERFORMANCE):
            level = self._unless_refused(Protocol.PERFORMANCE, 0x8, number)
            try:
                limits: tuple[int | None, int | None] = self.performance_limits(number)
            except ScmiError:
                limits = None, None
            found.append(PerformanceDomainInfo(number, name, level, *limits))
        return found

    def performance_level(self, domain: int) -> int:
        """The level that a domain runs at."""
        return int(self.call(Protocol.PERFORMANCE, 0x8, domain)[0])

    def set_performance_level(self, domain: int, level: int) -> None:
        """Set a domain to one of its levels, within its limits."""
        self.call(Protocol.PERFORMANCE, 0x7, domain, level)

    def performance_limits(self, domain: int) -> tuple[int, int]:
        """The lowest and the highest level, as the platform tells them: the agent's own vote, or
        what follows from those of all."""
        maximum, minimum = self.call(Protocol.PERFORMANCE, 0x6, domain)
        return int(minimum), int(maximum)

    def set_performance_limits(self, domain: int, minimum: int, maximum: int) -> None:
        """Vote for the lowest and the highest level of a domain."""
        self.call(Protocol.PERFORMANCE, 0x5, domain, maximum, minimum)

    # Sensors

    def sensors(self) -> Iterator[SensorInfo]:
        """The sensors that the agent can see, one after another."""
        for part in self.parts(Protocol.SENSOR, 0x3, known=self.count(Protocol.SENSOR)):
            for sensor in part["entries"]:
                number, high = sensor["sensor"], sensor["attributes_high"]
                name = sensor["name"]
                if sensor["attributes_low"] & _EXTENDED_NAME:
                    name = self._long_name(Protocol.SENSOR, 0xC, number) or name
                exponent = high >> 11 & 0x1F
                exponent -= 32 if exponent & 0x10 else 0
                yield SensorInfo(number, name, high & 0xFF, exponent, self._reading(number))

    def _reading(self, sensor: int) -> list[int] | None:
        try:
            return self.sensor_reading(sensor)
        except ScmiError:
            return None

    def sensor_reading(self, sensor: int) -> list[int]:
        """Read a sensor: one value for each axis."""
        found = self.ask("SENSOR_READING_GET", sensor=sensor)
        return [entry["value"] for entry in found.get("entries", [found])]


def _split(version: int) -> tuple[int, int]:
    return version >> 16, version & 0xFFFF
