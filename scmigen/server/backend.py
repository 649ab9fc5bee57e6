"""The interface of back ends, which carry out the server's changes.

The server checks permissions, counts votes and keeps the state; a back end carries the result out,
on a simulator, on a board or in a log. It is a class with the methods of `Backend`, named by an
entry point of the group ``scmigen.backends`` or as ``package.module:Class`` (``serve --backend``).
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from scmigen import runtime
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

#: The entry point group of back ends.
GROUP = "scmigen.backends"


class BackendError(Exception):
    """The hardware failed: the agent gets HARDWARE_ERROR, and the message is logged."""


class Effect(NamedTuple):
    """One change of one resource.

    ``what`` and ``values``: ``state`` (0 or 1; clocks, power domains, supplies), ``rate`` (Hz),
    ``parent`` (clock number), ``level`` (µV, or the performance level), ``reset`` (1 assert, 0
    release, 2 full cycle), ``config`` (a sensor's word, or type and value of a pin), ``cap``,
    ``pai``, ``function`` (of a pin; 0xFFFFFFFF: that of the start), ``system`` (state, flags;
    belongs to no resource).
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
    """The base class of back ends: accepts every change and measures nothing.

    Calls come one at a time and must not block: the server has a single thread and answers no agent
    meanwhile. Slow changes are modelled by ``latency`` in the configuration.
    """

    def start(self, configuration: runtime.Runtime, now: Callable[[], int]) -> None:
        """Called before anything else, and again after a reload. Everything is assumed to be off,
        with the rates, levels and parents of ``configuration``; `apply` is called for everything
        that differs. ``now`` is the server's clock in ns."""

    def apply(self, effect: Effect) -> None:
        """Carry out a change. Raises `BackendError`; a rate, parent, level, cap, setting or reset
        then stays as it was, while a vote for on or off stands."""

    def read(self, kind: Kind, number: int) -> tuple[int, ...]:
        """The reading of a sensor (one value per axis) or the power of a capping domain, in the
        units of the configuration; empty if nothing is measured. Raises `BackendError`."""
        del kind, number
        return ()


def load(name: str) -> Backend:
    """The back end called ``name``. Raises `BackendError` with a message for people."""
    from importlib.metadata import entry_points  # slow to import and rarely needed

    found = {point.name: point for point in entry_points(group=GROUP)}
    module, colon, attribute = name.partition(":")
    if name not in found and not colon:
        known = ", ".join(sorted(found)) or "none"
        raise BackendError(f"unknown back end {name!r}; installed: {known}; or give MODULE:CLASS")
    try:
        if name in found:
            made = found[name].load()()
        else:
            # An installed command does not look in the working folder; modules of others go first.
            sys.path.append(str(Path.cwd()))
            made = getattr(import_module(module), attribute)()
    except Exception as problem:
        reason = f"{type(problem).__name__}: {problem}"
        raise BackendError(f"back end {name!r} cannot be loaded: {reason}") from None
    if not isinstance(made, Backend):
        raise BackendError(f"{name!r} is not a back end: it does not derive from Backend")
    return made
