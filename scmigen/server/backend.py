"""What carries the server's changes out: the interface of a back end.

The server decides who may do what, counts votes and keeps the state; a back end makes it true, on
a simulator, a board or in a log. It is a class with the methods of `Backend`, named by an entry
point of the group ``scmigen.backends``, or as ``package.module:Class`` (``serve --backend``).
"""

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from scmigen import runtime
from scmigen.scmi.protocols import Kind

#: The group of entry points.
GROUP = "scmigen.backends"


class BackendError(Exception):
    """The hardware did not do it: the agent is answered HARDWARE_ERROR. The message is logged."""


class Effect(NamedTuple):
    """One change of one resource.

    ``what`` and ``values``: ``state`` (0 or 1; clocks, power domains, supplies), ``rate`` (Hz),
    ``parent`` (clock number), ``level`` (µV, or the performance level), ``reset`` (1 asserted, 0
    released, 2 the whole way), ``config`` (a sensor's word, or type and value of a pin), ``cap``,
    ``pai``, ``function`` (of a pin), ``system`` (state, flags; of no resource).
    """

    kind: Kind | None
    number: int
    name: str
    what: str
    values: tuple[int, ...]

    def __str__(self) -> str:
        where = f"{self.kind} {self.number} ({self.name}) " if self.kind is not None else ""
        return f"{where}{self.what} {' '.join(map(str, self.values))}"


class Backend:
    """A back end that agrees with everything and measures nothing; derive from it.

    Calls come one at a time and must not wait: the server has one thread, and answers nobody
    meanwhile. What takes long is the ``latency`` of the configuration.
    """

    def start(self, configuration: runtime.Runtime, now: Callable[[], int]) -> None:
        """Called before anything else, and again when the server has another configuration.
        Everything is off; rates, levels and parents are those of ``configuration``; what is not so
        is told by `apply`. ``now`` is the server's clock in ns."""

    def apply(self, effect: Effect) -> None:
        """Make a change true. Raises `BackendError`; a rate, parent, level, cap, setting or reset
        is then as it was before, a vote for on or off stands."""

    def read(self, kind: Kind, number: int) -> tuple[int, ...]:
        """What a sensor reads (a value for each axis), or the power a capping domain draws, in
        the units of the configuration; empty where nothing is measured. Raises `BackendError`."""
        del kind, number
        return ()


def load(name: str) -> Backend:
    """The back end called ``name``. Raises `BackendError` with a sentence for people."""
    from importlib.metadata import entry_points  # slow to import, and seldom needed

    found = {point.name: point for point in entry_points(group=GROUP)}
    module, colon, attribute = name.partition(":")
    if name not in found and not colon:
        known = ", ".join(sorted(found)) or "none is installed"
        raise BackendError(f"no back end {name!r}; known: {known}; or MODULE:CLASS")
    try:
        if name in found:
            made = found[name].load()()
        else:
            made = getattr(import_module(module), attribute)()
    except Exception as problem:
        reason = f"{type(problem).__name__}: {problem}"
        raise BackendError(f"back end {name!r} cannot be loaded: {reason}") from None
    if not isinstance(made, Backend):
        raise BackendError(f"{name!r} is no back end: it does not derive from Backend")
    return made
