"""The measurements of a simulated SoC: sensor readings and the power of capping domains.

Everything that has a state (clock tree, supplies, power hierarchy) is in `state`; the simulator
only measures. It follows the script in the configuration: each reading for ``period`` µs, in a
loop, plus noise. A sensor without a script reads 0, a capping domain its sustainable power. Noise
comes from the simulator's own random generator, so that a seed makes runs repeatable.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final, TypeVar

from scmigen import runtime
from scmigen.scmi.protocols import Kind
from scmigen.server.backend import Backend, BackendError, Effect

_NANOSECONDS: Final = 1000
Reading = TypeVar("Reading")


class Simulator(Backend):
    """The default back end; ``seed`` seeds its noise."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)
        self._sensors: dict[int, runtime.Sensor] = {}
        self._powercaps: dict[int, runtime.Powercap] = {}
        self._telemetry: dict[int, runtime.TelemetryElement] = {}
        self._now: Callable[[], int] = lambda: 0
        self._start = 0

    def start(self, configuration: runtime.Runtime, now: Callable[[], int]) -> None:
        """Start the scripts."""
        self._sensors = {sensor.id: sensor for sensor in configuration.sensors}
        self._powercaps = {domain.id: domain for domain in configuration.powercaps}
        self._telemetry = {element.id: element for element in configuration.telemetry}
        self._now = now
        self._start = now()

    def _current(self, readings: Sequence[Reading], period: int) -> Reading:
        step = (self._now() - self._start) // (period * _NANOSECONDS)
        return readings[step % len(readings)]

    def read(self, kind: Kind, number: int) -> tuple[int, ...]:
        """The current reading of the script."""
        if kind is Kind.POWERCAP:
            domain = self._powercaps[number]
            if not domain.readings:
                return (domain.sustainable_power,)
            return (self._current(domain.readings, domain.period),)
        if kind is Kind.TELEMETRY:
            element = self._telemetry[number]
            values = element.readings
            return (self._current(values, element.period),) if values else (0,)
        sensor = self._sensors[number]
        if not sensor.readings:
            return ()
        values = self._current(sensor.readings, sensor.period)
        if not sensor.noise:
            return values
        noise = self._random.randint
        return tuple(value + noise(-sensor.noise, sensor.noise) for value in values)


class Recorder(Simulator):
    """The simulator, recording every effect in ``effects`` and passing it to ``write`` as a line.

    Use it in tests, or with ``serve --backend recorder``, which writes the lines to stdout. Effects
    whose text begins with one of ``failing`` are refused, as by broken hardware.
    """

    def __init__(
        self,
        write: Callable[[str], None] = print,
        failing: Sequence[str] = (),
        keep: int = 10_000,
    ) -> None:
        super().__init__()
        self.effects: list[Effect] = []
        self.failing = tuple(failing)
        self._write = write
        self._keep = keep

    def apply(self, effect: Effect) -> None:
        """Record the effect and write its line."""
        text = str(effect)
        if text.startswith(self.failing):
            raise BackendError(f"{text}: refused by the recorder")
        if len(self.effects) < self._keep:
            self.effects.append(effect)
        self._write(text)
