"""Values of agents files that another package interprets: kept as written, with their positions."""

from collections.abc import Mapping

from scmigen.data import Data
from scmigen.diagnostics import Position

#: Characters of a wrong value that a message repeats.
MAX_SHOWN = 60


class Given(Data):
    """A scalar (its text), a list or a mapping; ``key``: the position of the key before it."""

    value: "str | tuple[Given, ...] | Mapping[str, Given]"
    position: Position | None = None
    key: Position | None = None

    @property
    def entries(self) -> "Mapping[str, Given]":
        """The entries of a mapping; empty for any other value."""
        return self.value if isinstance(self.value, Mapping) else {}


def shown(text: str) -> str:
    """Text as a message shows it: quoted, and cut where it is long."""
    return repr(cut(text))


def cut(text: str) -> str:
    """Text that is cut where it is long."""
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


class Outputs(Data):
    """Options of outputs: ``given`` under ``outputs``, ``former`` under ``platform``.

    Each is a tuple of mappings, one per file.
    """

    given: tuple[Given, ...] = ()
    former: tuple[Given, ...] = ()

    def __add__(self, other: "Outputs") -> "Outputs":
        return Outputs(self.given + other.given, self.former + other.former)


#: No options of any output.
NO_OUTPUTS = Outputs()
