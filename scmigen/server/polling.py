"""Polled notifications: sensor trip points, sensor updates and power cap measurements.

The back end is polled by a timer as long as some agent subscribes to one of these notifications of
a resource, and not at all otherwise.
"""

from collections.abc import Callable
from struct import Struct

from scmigen.hints import Final
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.server.session import Event, Services
from scmigen.server.state import SENSOR_TIMESTAMPS, Powercap, Sensor
from scmigen.server.timers import Timer, Timers

#: How often trip points and measurements are polled, and the shortest update interval, in µs.
PERIOD: Final = 20_000
SHORTEST: Final = 1_000
#: The longest update interval: one day in µs. Agents can request intervals of many years.
LONGEST: Final = 86_400_000_000

_VALUE: Final = Struct("<qQ").pack
_RISING: Final = 1 << 16


def trip_points_of(sensor: Sensor) -> Event:
    """SENSOR_TRIP_POINT_EVENT of a sensor."""
    return Protocol.SENSOR, 0x0, sensor.number


def updates_of(sensor: Sensor) -> Event:
    """SENSOR_UPDATE of a sensor."""
    return Protocol.SENSOR, 0x1, sensor.number


def measurements_of(domain: Powercap) -> Event:
    """POWERCAP_MEASUREMENTS_NOTIFY of a power capping domain."""
    return Protocol.POWERCAP, 0x1, domain.number


def reading(timers: Timers, sensor: Sensor) -> bytes:
    """The values of a sensor with their timestamps, as in version 2 of the protocol and later.
    Raises `BackendError`."""
    stamp = timers.now() // 1000 if sensor.config & SENSOR_TIMESTAMPS else 0
    return b"".join([_VALUE(value, stamp) for value in sensor.read()])


def interval(sensor: Sensor) -> int:
    """The update interval that a sensor is set to, in µs."""
    return microseconds(sensor.config >> 16, sensor.config >> 11 & 0x1F)


def microseconds(value: int, exponent: int) -> int:
    """An interval of ``value`` times 10 to the power of ``exponent`` s, which has five bits, within
    what is polled; `PERIOD` for none."""
    power = (exponent - 32 if exponent & 0x10 else exponent) + 6
    found = value * 10**power if power >= 0 else value // 10**-power
    return min(max(found, SHORTEST), LONGEST) if value else PERIOD


class Poller:
    """The polling timers, one per resource and event."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._timers: dict[Event, Timer] = {}
        #: (agent, power cap) → the limits outside of which the agent is notified.
        self._thresholds: dict[tuple[int, int], tuple[int, int]] = {}
        #: … → whether the power was outside of them at the last notification.
        self._outside: dict[tuple[int, int], bool] = {}

    def _until_tick(self) -> int:
        """µs until the next multiple of `PERIOD`: whatever is polled with it wakes the server up
        together."""
        return PERIOD - self._services.timers.now() // 1000 % PERIOD

    def trip_points(self, sensor: Sensor) -> None:
        """Poll ``sensor`` for crossed trip points while any agent subscribes to them."""
        if len(self._services.subscribers(trip_points_of(sensor))) <= 1:
            sensor.last = None
        self._watch(sensor)

    def _watch(self, sensor: Sensor) -> None:
        event = trip_points_of(sensor)

        def poll() -> None:
            for number, rising in sensor.crossed():
                self._notify(event, (number | (_RISING if rising else 0),))

        self._start(event, self._until_tick, poll)

    def updates(self, sensor: Sensor, *, restart: bool = False) -> None:
        """Send readings of ``sensor`` at its interval, while it is enabled and any agent subscribes
        to them; ``restart`` after the interval changed."""
        event = updates_of(sensor)

        def poll() -> None:
            if sensor.enabled:
                self._notify(event, (), reading(self._services.timers, sensor))

        self._start(event, lambda: interval(sensor), poll, restart=restart)

    def measurements(self, agent: int, domain: Powercap, low: int, high: int) -> None:
        """Notify ``agent`` when the power of ``domain`` leaves ``low``..``high`` or returns."""
        self._thresholds[agent, domain.number] = (low, high)
        self._outside[agent, domain.number] = False
        self._measure(domain)

    def _measure(self, domain: Powercap) -> None:
        services, event = self._services, measurements_of(domain)

        def poll() -> None:
            power = domain.power()
            for agent, own in tuple(services.subscribers(event).items()):
                key = (agent, domain.number)
                low, high = self._thresholds.get(key, (0, 0))
                outside = not low <= power <= high
                if outside != self._outside.get(key, False):
                    self._outside[key] = outside
                    session = services.sessions[agent]
                    interval = (domain.pai,) if session.concurrent_limits else ()
                    services.notify(session, *event[:2], (0, own, power, *interval))

        self._start(event, self._until_tick, poll)

    def resume(self, before: "Poller", kept: frozenset[int]) -> None:
        """Poll for all subscriptions, which were transferred from the server that ``before`` polled
        for; the agents in ``kept`` keep the limits they set there."""
        for event, subscribers in self._services.subscriptions().items():
            protocol, _, number = event
            if not subscribers or number is None:
                continue
            if protocol is Protocol.SENSOR:
                sensor = self._services.state[Kind.SENSOR][number]
                assert isinstance(sensor, Sensor)
                is_trip_point = event == trip_points_of(sensor)
                self._watch(sensor) if is_trip_point else self.updates(sensor)
            elif protocol is Protocol.POWERCAP:
                domain = self._services.state[Kind.POWERCAP][number]
                assert isinstance(domain, Powercap)
                if event != measurements_of(domain):
                    continue
                for key in [(agent, number) for agent in kept & subscribers.keys()]:
                    self._thresholds[key] = before._thresholds.get(key, (0, 0))
                    self._outside[key] = before._outside.get(key, False)
                self._measure(domain)

    def _start(
        self,
        event: Event,
        period: Callable[[], int],
        poll: Callable[[], None],
        *,
        restart: bool = False,
    ) -> None:
        """Call ``poll`` now and every ``period`` µs until nobody subscribes to ``event`` any more.
        A timer that already runs for other agents goes on unchanged, unless it is to ``restart``:
        an agent that subscribes over and over can neither flood them nor keep the timer from
        firing."""
        services = self._services
        if event in self._timers:
            if len(services.subscribers(event)) > 1 and not restart:
                return
            self._timers[event].cancel()

        def fire() -> None:
            if not services.subscribers(event):
                self._timers.pop(event, None)
                return
            try:
                poll()
            except Exception as problem:
                services.failure(problem, f"polling {event[0].name.lower()} {event[2]}")
            self._timers[event] = services.timers.after(period(), fire)

        fire()

    def _notify(self, event: Event, values: tuple[int, ...], tail: bytes = b"") -> None:
        services = self._services
        for agent, own in tuple(services.subscribers(event).items()):
            services.notify(services.sessions[agent], *event[:2], (0, own, *values), tail)
