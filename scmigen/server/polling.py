"""Polled notifications: sensor trip points, sensor updates and power cap measurements.

The back end is polled by a timer as long as some agent subscribes to one of these notifications of
a resource, and not at all otherwise.
"""

from collections.abc import Callable
from struct import Struct
from typing import Final

from scmigen.scmi.protocols import Kind, Protocol
from scmigen.server.session import Services
from scmigen.server.state import SENSOR_TIMESTAMPS, Powercap, Sensor
from scmigen.server.timers import Timer, Timers

#: How often trip points and measurements are polled, and the shortest update interval, in µs.
PERIOD: Final = 20_000
SHORTEST: Final = 1_000
#: The longest update interval: one day in µs. Agents can request intervals of many years.
LONGEST: Final = 86_400_000_000

TRIP_POINT, UPDATE = 0x0, 0x1
MEASUREMENTS: Final = 0x1
_VALUE: Final = Struct("<qQ").pack
_RISING: Final = 1 << 16


def reading(timers: Timers, sensor: Sensor) -> bytes:
    """The values of a sensor with their timestamps, as in version 2 of the protocol and later.
    Raises `BackendError`."""
    stamp = timers.now() // 1000 if sensor.config & SENSOR_TIMESTAMPS else 0
    return b"".join([_VALUE(value, stamp) for value in sensor.read()])


def interval(sensor: Sensor) -> int:
    """The update interval that a sensor is set to, in µs."""
    value = sensor.config >> 16
    exponent = sensor.config >> 11 & 0x1F
    power = (exponent - 32 if exponent & 0x10 else exponent) + 6
    microseconds = value * 10**power if power >= 0 else value // 10**-power
    return min(max(microseconds, SHORTEST), LONGEST) if value else PERIOD


class Poller:
    """The polling timers, one per resource and event."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._timers: dict[tuple[Protocol, int, int], Timer] = {}
        #: (agent, power cap) → the limits outside of which the agent is notified.
        self._thresholds: dict[tuple[int, int], tuple[int, int]] = {}
        #: … → whether the power was outside of them at the last notification.
        self._outside: dict[tuple[int, int], bool] = {}

    def trip_points(self, sensor: Sensor) -> None:
        """Poll ``sensor`` for crossed trip points while any agent subscribes to them."""
        subscribers = self._services.subscribers(Protocol.SENSOR, TRIP_POINT, sensor.number)

        def poll() -> None:
            for number, rising in sensor.crossed():
                word = number | (_RISING if rising else 0)
                self._notify(Protocol.SENSOR, TRIP_POINT, sensor.number, (word,))

        if len(subscribers) <= 1:
            sensor.last = None
        self._start(Protocol.SENSOR, TRIP_POINT, sensor.number, lambda: PERIOD, poll)

    def updates(self, sensor: Sensor, *, restart: bool = False) -> None:
        """Send readings of ``sensor`` at its interval, while it is enabled and any agent subscribes
        to them; ``restart`` after the interval changed."""

        def poll() -> None:
            if sensor.enabled:
                values = reading(self._services.timers, sensor)
                self._notify(Protocol.SENSOR, UPDATE, sensor.number, (), values)

        period = lambda: interval(sensor)  # noqa: E731
        self._start(Protocol.SENSOR, UPDATE, sensor.number, period, poll, restart=restart)

    def measurements(self, agent: int, domain: Powercap, low: int, high: int) -> None:
        """Notify ``agent`` when the power of ``domain`` leaves ``low``..``high`` or returns."""
        self._thresholds[agent, domain.number] = (low, high)
        self._outside[agent, domain.number] = False
        self._measure(domain)

    def _measure(self, domain: Powercap) -> None:
        services = self._services

        def poll() -> None:
            power = domain.power()
            subscribers = services.subscribers(Protocol.POWERCAP, MEASUREMENTS, domain.number)
            for agent, own in tuple(subscribers.items()):
                key = (agent, domain.number)
                low, high = self._thresholds.get(key, (0, 0))
                outside = not low <= power <= high
                if outside != self._outside.get(key, False):
                    self._outside[key] = outside
                    values = (0, own, power)
                    session = services.sessions[agent]
                    services.notify(session, Protocol.POWERCAP, MEASUREMENTS, values)

        self._start(Protocol.POWERCAP, MEASUREMENTS, domain.number, lambda: PERIOD, poll)

    def resume(self, before: "Poller", kept: frozenset[int]) -> None:
        """Poll for all subscriptions, which were transferred from the server that ``before`` polled
        for; the agents in ``kept`` keep the limits they set there."""
        for (protocol, event, number), subscribers in self._services.subscriptions().items():
            if not subscribers or number is None:
                continue
            if protocol is Protocol.SENSOR:
                sensor = self._services.state[Kind.SENSOR][number]
                assert isinstance(sensor, Sensor)
                self.trip_points(sensor) if event == TRIP_POINT else self.updates(sensor)
            elif protocol is Protocol.POWERCAP and event == MEASUREMENTS:
                domain = self._services.state[Kind.POWERCAP][number]
                assert isinstance(domain, Powercap)
                for key in [(agent, number) for agent in kept & subscribers.keys()]:
                    self._thresholds[key] = before._thresholds.get(key, (0, 0))
                    self._outside[key] = before._outside.get(key, False)
                self._measure(domain)

    def _start(
        self,
        protocol: Protocol,
        event: int,
        number: int,
        period: Callable[[], int],
        poll: Callable[[], None],
        *,
        restart: bool = False,
    ) -> None:
        """Call ``poll`` now and every ``period`` µs until nobody subscribes to ``event`` any more.
        A timer that already runs for other agents goes on unchanged, unless it is to ``restart``:
        an agent that subscribes over and over can neither flood them nor keep the timer from
        firing."""
        key = (protocol, event, number)
        if key in self._timers:
            if len(self._services.subscribers(protocol, event, number)) > 1 and not restart:
                return
            self._timers[key].cancel()

        def fire() -> None:
            if not self._services.subscribers(protocol, event, number):
                self._timers.pop(key, None)
                return
            try:
                poll()
            except Exception as problem:
                self._services.failure(problem, f"polling {protocol.name.lower()} {number}")
            self._timers[key] = self._services.timers.after(period(), fire)

        fire()

    def _notify(
        self,
        protocol: Protocol,
        event: int,
        number: int,
        values: tuple[int, ...],
        tail: bytes = b"",
    ) -> None:
        services = self._services
        for agent, own in tuple(services.subscribers(protocol, event, number).items()):
            session = services.sessions[agent]
            services.notify(session, protocol, event, (0, own, *values), tail)
