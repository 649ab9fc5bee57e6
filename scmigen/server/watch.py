"""What agents are told of without anybody having asked for a change: measurements.

While an agent wants the trip points of a sensor, its updates, or the measurements of a power cap, a
timer looks at the back end. Nothing is looked at for nobody.
"""

from collections.abc import Callable
from struct import Struct
from typing import TYPE_CHECKING, Final

from scmigen.scmi.protocols import Kind, Protocol
from scmigen.server.state import SENSOR_TIMESTAMPS, Powercap, Sensor
from scmigen.server.timers import Timer

if TYPE_CHECKING:
    from scmigen.server.core import Server

#: How often trip points and measurements are looked at, in µs; and the least time between updates.
PERIOD: Final = 20_000
SHORTEST: Final = 1_000
#: The longest update interval, a day; what is asked for may be many years.
LONGEST: Final = 86_400_000_000

TRIP_POINT, UPDATE = 0x0, 0x1
MEASUREMENTS: Final = 0x1
_VALUE: Final = Struct("<qQ").pack
_RISING: Final = 1 << 16


def reading(server: "Server", sensor: Sensor) -> bytes:
    """The values of a sensor with their time, as from version 2 of the protocol. Raises
    `BackendError`."""
    stamp = 0
    if sensor.config & SENSOR_TIMESTAMPS:
        stamp = server.timers.now() // 1000
    return b"".join([_VALUE(value, stamp) for value in sensor.read()])


def interval(sensor: Sensor) -> int:
    """The update interval a sensor is set to, in µs."""
    value = sensor.config >> 16
    exponent = sensor.config >> 11 & 0x1F
    power = (exponent - 32 if exponent & 0x10 else exponent) + 6
    microseconds = value * 10**power if power >= 0 else value // 10**-power
    return min(max(microseconds, SHORTEST), LONGEST) if value else PERIOD


class Watcher:
    """The timers that look at measurements, one a resource and event."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._timers: dict[tuple[Protocol, int, int], Timer] = {}
        #: (agent, domain) → the limits between which the power is not worth telling, and whether
        #: it was outside when the agent was last told.
        self.thresholds: dict[tuple[int, int], tuple[int, int]] = {}
        self._outside: dict[tuple[int, int], bool] = {}

    def trip_points(self, sensor: Sensor) -> None:
        """Look at the trip points of ``sensor`` while somebody wants to know."""
        told = self._server.subscribers(Protocol.SENSOR, TRIP_POINT, sensor.number)

        def look() -> None:
            for number, rising in sensor.crossed():
                word = number | (_RISING if rising else 0)
                self._tell(Protocol.SENSOR, TRIP_POINT, sensor.number, (word,))

        if len(told) <= 1:
            sensor.last = None
        self._watch(Protocol.SENSOR, TRIP_POINT, sensor.number, lambda: PERIOD, look)

    def updates(self, sensor: Sensor, *, anew: bool = False) -> None:
        """Send the readings of ``sensor`` while somebody wants them and it is enabled; ``anew``:
        it has another interval."""

        def look() -> None:
            if sensor.enabled:
                values = reading(self._server, sensor)
                self._tell(Protocol.SENSOR, UPDATE, sensor.number, (), values)

        period = lambda: interval(sensor)  # noqa: E731
        self._watch(Protocol.SENSOR, UPDATE, sensor.number, period, look, anew=anew)

    def measurements(self, agent: int, domain: Powercap, low: int, high: int) -> None:
        """Tell ``agent`` when the power of ``domain`` leaves ``low`` to ``high``, or returns."""
        self.thresholds[agent, domain.number] = (low, high)
        self._outside[agent, domain.number] = False
        self._measure(domain)

    def _measure(self, domain: Powercap) -> None:

        def look() -> None:
            power = domain.power()
            server = self._server
            told = server.subscribers(Protocol.POWERCAP, MEASUREMENTS, domain.number)
            for other, own in tuple(told.items()):
                key = (other, domain.number)
                low, high = self.thresholds.get(key, (0, 0))
                outside = not low <= power <= high
                if outside != self._outside.get(key, False):
                    self._outside[key] = outside
                    values = (0, own, power)
                    server.notify(server.agents[other], Protocol.POWERCAP, MEASUREMENTS, values)

        self._watch(Protocol.POWERCAP, MEASUREMENTS, domain.number, lambda: PERIOD, look)

    def resume(self, before: "Watcher", kept: frozenset[int]) -> None:
        """Look at all that somebody wants to know of, once subscriptions were taken over from the
        server that ``before`` watched for; the agents ``kept`` have told their limits there."""
        for (protocol, event, number), told in self._server.all_subscribers().items():
            if not told or number is None:
                continue
            if protocol is Protocol.SENSOR:
                sensor = self._server.state[Kind.SENSOR][number]
                assert isinstance(sensor, Sensor)
                self.trip_points(sensor) if event == TRIP_POINT else self.updates(sensor)
            elif protocol is Protocol.POWERCAP and event == MEASUREMENTS:
                domain = self._server.state[Kind.POWERCAP][number]
                assert isinstance(domain, Powercap)
                for key in [(agent, number) for agent in kept & told.keys()]:
                    self.thresholds[key] = before.thresholds.get(key, (0, 0))
                    self._outside[key] = before._outside.get(key, False)
                self._measure(domain)

    def _watch(
        self,
        protocol: Protocol,
        event: int,
        number: int,
        period: Callable[[], int],
        look: Callable[[], None],
        *,
        anew: bool = False,
    ) -> None:
        """Call ``look`` now and every ``period`` µs, until nobody wants ``event`` any more. Where
        others want it too it goes on as it is, unless it is to begin ``anew``: who subscribes
        again and again neither floods them nor keeps the timer from being due."""
        key = (protocol, event, number)
        if key in self._timers:
            if len(self._server.subscribers(protocol, event, number)) > 1 and not anew:
                return
            self._timers[key].cancel()

        def turn() -> None:
            if not self._server.subscribers(protocol, event, number):
                self._timers.pop(key, None)
                return
            try:
                look()
            except Exception as problem:
                self._server.failure(problem, f"looking at {protocol.name.lower()} {number}")
            self._timers[key] = self._server.timers.after(period(), turn)

        turn()

    def _tell(
        self,
        protocol: Protocol,
        event: int,
        number: int,
        values: tuple[int, ...],
        tail: bytes = b"",
    ) -> None:
        server = self._server
        for agent, own in tuple(server.subscribers(protocol, event, number).items()):
            server.notify(server.agents[agent], protocol, event, (0, own, *values), tail)
