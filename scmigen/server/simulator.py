"""The measurements of a simulated SoC: sensor readings and the power of capping domains.

Everything that has a state (clock tree, supplies, power hierarchy) is in `state`; the simulator
only measures. It follows the script in the configuration: each reading for ``period`` µs, in a
loop, plus noise. A sensor without a script reads 0, a capping domain its sustainable power. Noise
comes from the simulator's own random generator, so that a seed makes runs repeatable.
"""

from collections.abc import Callable, Sequence
from random import Random

from scmigen import runtime
from scmigen.data import Data
from scmigen.hints import Any, Final
from scmigen.scmi.protocols import Kind
from scmigen.server.backend import Backend, BackendError, Effect

_NANOSECONDS: Final = 1000


class _Script(Data):
    """Readings one after the other, each for ``period`` µs; a reading has one value or several."""

    readings: Sequence[tuple[int, ...]]
    period: int
    noise: int


def _script(item: Any) -> _Script:
    """The script of a resource that has ``readings``."""
    found = [each if isinstance(each, tuple) else (each,) for each in item.readings]
    if not found and isinstance(item, runtime.Powercap):
        found = [(item.sustainable_power,)]
    return _Script(found, item.period, getattr(item, "noise", 0))


class Simulator(Backend):
    """The default back end; ``seed`` seeds its noise."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)
        self._scripts: dict[tuple[Kind, int], _Script] = {}
        self._now: Callable[[], int] = lambda: 0
        self._start = 0

    def start(self, configuration: runtime.Runtime, now: Callable[[], int]) -> None:
        """Start the scripts."""
        self._scripts = {
            (kind, item.id): _script(item)
            for kind in Kind
            for item in configuration.resources(kind)
            if hasattr(item, "readings")
        }
        self._now = now
        self._start = now()

    def read(self, kind: Kind, number: int) -> tuple[int, ...]:
        """The current reading of the script."""
        script = self._scripts[kind, number]
        if not script.readings:
            return ()
        step = (self._now() - self._start) // (script.period * _NANOSECONDS)
        values = script.readings[step % len(script.readings)]
        if not script.noise:
            return values
        noise = self._random.randint
        return tuple(value + noise(-script.noise, script.noise) for value in values)


def _print(line: str) -> None:
    """Write a line that is seen at once, in a pipe too."""
    print(line, flush=True)


class Recorder(Simulator):
    """The simulator, recording every effect in ``effects`` and passing it to ``write`` as a line.

    Use it in tests, or with ``serve --backend recorder``, which writes the lines to stdout. Effects
    whose text begins with one of ``failing`` are refused, as by broken hardware.
    """

    def __init__(
        self,
        write: Callable[[str], None] = _print,
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
