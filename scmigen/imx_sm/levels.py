"""Levels of permission, and which operations each opens on a resource.

A level of imx-sm holds for one resource of one agent, and opens all that lower levels open. Reading
needs none: the firmware does not look at the level there.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from types import MappingProxyType

from scmigen.hints import Final
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind


class Level(IntEnum):
    """``SM_SCMI_PERM_*`` with the values of the firmware."""

    NONE = 0
    GET = 1
    NOTIFY = 2
    SET = 3
    PRIV = 4
    EXCLUSIVE = 5
    ALL = 255

    @property
    def word(self) -> str:
        """As configurations have it."""
        return self.name.lower()


LEVELS: Final[Mapping[str, Level]] = MappingProxyType({level.word: level for level in Level})

#: The protocol words, in the order in which the firmware's tool takes them. The same words in upper
#: case begin the names of their resources.
PROTOCOLS: Final = (
    *("base", "pd", "sys", "perf", "clk", "sensor", "rst", "volt", "lmm", "gpr", "rtc", "button"),
    *("cpu", "perlpi", "pin", "daisy", "ctrl", "fault", "fusa"),
)

#: The protocols with one level for the whole, which name no resource.
WHOLE: Final = frozenset({"sys", "fusa"})
#: The protocols whose resources are numbers in the names: ``LMM_2``.
NUMBERED: Final = frozenset({"base", "lmm"})

#: Kinds of resource and their protocols. imx-sm has no power capping; its other protocols are its
#: own, or have no resources in SCMI.
PROTOCOL_OF: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.POWER: "pd",
        Kind.PERFORMANCE: "perf",
        Kind.CLOCK: "clk",
        Kind.SENSOR: "sensor",
        Kind.RESET: "rst",
        Kind.VOLTAGE: "volt",
        Kind.PIN: "pin",
    }
)
KIND_OF: Final[Mapping[str, Kind]] = MappingProxyType(
    {protocol: kind for kind, protocol in PROTOCOL_OF.items()}
)

#: The level from which on a kind's operation is open. The trip points of sensors need `EXCLUSIVE`,
#: which no driver of Linux sets; the other messages of ``config`` need `SET`.
_FROM: Final[Mapping[Kind, Mapping[Operation, Level]]] = {
    Kind.POWER: {Operation.STATE: Level.SET},
    Kind.PERFORMANCE: {Operation.LIMITS: Level.SET, Operation.LEVEL: Level.PRIV},
    Kind.CLOCK: {
        Operation.STATE: Level.SET,
        Operation.RATE: Level.EXCLUSIVE,
        Operation.PARENT: Level.EXCLUSIVE,
    },
    Kind.SENSOR: {Operation.CONFIG: Level.SET},
    Kind.RESET: {Operation.RESET: Level.EXCLUSIVE},
    Kind.VOLTAGE: {Operation.STATE: Level.SET, Operation.LEVEL: Level.EXCLUSIVE},
    Kind.PIN: {Operation.CONFIG: Level.EXCLUSIVE},
}

#: The operations that are open whatever the level is.
UNCHECKED: Final[Mapping[Kind, tuple[Operation, ...]]] = MappingProxyType(
    {
        kind: tuple(found for found in OPERATIONS[kind] if found not in checked)
        for kind, checked in _FROM.items()
    }
)


def allowed(kind: Kind, level: Level) -> tuple[Operation, ...]:
    """The operations that a level opens, those aside that need none."""
    levels = _FROM[kind]
    return tuple(one for one in OPERATIONS[kind] if one in levels and level >= levels[one])


def least(kind: Kind, operations: Iterable[Operation]) -> Level:
    """The lowest level that opens all of ``operations``."""
    levels = _FROM[kind]
    return max((levels.get(one, Level.NONE) for one in operations), default=Level.NONE)


#: Protocols with messages for which the firmware counts no votes, and the level that opens these.
ALONE: Final[Mapping[str, Level]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("clk", "sensor", "rst", "volt", "gpr", "rtc", "cpu", "pin", "daisy", "ctrl", "fault"),
            Level.EXCLUSIVE,
        ),
    }
)
