"""What an agent may do with a resource, and which messages that opens.

A grant is a set of operations. One table here maps every message on a resource to the operation it
needs; the compiler derives deny bits from it, the server checks requests with it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from scmigen.scmi.protocols import Kind, Protocol


class Operation(StrEnum):
    """One thing that can be allowed on a resource."""

    STATE = "state"
    RATE = "rate"
    PARENT = "parent"
    RESET = "reset"
    LEVEL = "level"
    LIMITS = "limits"
    CONFIG = "config"
    READ = "read"


#: The operations that exist for a kind of resource, in the order they are listed for people.
OPERATIONS: Final[Mapping[Kind, tuple[Operation, ...]]] = MappingProxyType(
    {
        Kind.CLOCK: (Operation.STATE, Operation.RATE, Operation.PARENT, Operation.READ),
        Kind.POWER: (Operation.STATE, Operation.READ),
        Kind.RESET: (Operation.RESET,),
        Kind.VOLTAGE: (Operation.STATE, Operation.LEVEL, Operation.READ),
        Kind.PERFORMANCE: (Operation.LEVEL, Operation.LIMITS, Operation.READ),
        Kind.SENSOR: (Operation.CONFIG, Operation.READ),
        Kind.POWERCAP: (Operation.CONFIG, Operation.READ),
        Kind.PIN: (Operation.CONFIG, Operation.READ),
        # Who may read an element may have it measured, which nobody else notices.
        Kind.TELEMETRY: (Operation.READ,),
    }
)

_AGGREGATED: Final = frozenset(
    {
        (Kind.CLOCK, Operation.STATE),
        (Kind.POWER, Operation.STATE),
        (Kind.VOLTAGE, Operation.STATE),
        (Kind.PERFORMANCE, Operation.LIMITS),
    }
)

_IMPLY_READ: Final = frozenset({Operation.RATE, Operation.PARENT, Operation.LEVEL})


def aggregates(kind: Kind, operation: Operation) -> bool:
    """Whether the platform keeps one vote per agent for this operation.

    ``read`` changes nothing and never collides, so it counts as aggregated.
    """
    return operation is Operation.READ or (kind, operation) in _AGGREGATED


def with_implied(operations: Iterable[Operation]) -> frozenset[Operation]:
    """``operations`` and what they imply: who sets a rate, parent or level may read it."""
    wanted = frozenset(operations)
    return wanted | {Operation.READ} if wanted & _IMPLY_READ else wanted


def ordered(kind: Kind, operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """``operations`` in the order of `OPERATIONS`."""
    wanted = frozenset(operations)
    return tuple(operation for operation in OPERATIONS[kind] if operation in wanted)


#: Protocol → message id → the operation that opens the message on a resource. ``None``: any
#: operation does (attributes and names). A message that is absent names no resource.
NEEDED: Final[Mapping[Protocol, Mapping[int, Operation | None]]] = MappingProxyType(
    {
        Protocol.POWER: {
            0x3: None,
            0x4: Operation.STATE,
            0x5: Operation.READ,
            0x6: Operation.READ,
            0x7: Operation.READ,
            0x8: None,
        },
        Protocol.PERFORMANCE: {
            0x3: None,
            0x4: Operation.READ,
            0x5: Operation.LIMITS,
            0x6: Operation.READ,
            0x7: Operation.LEVEL,
            0x8: Operation.READ,
            0x9: Operation.READ,
            0xA: Operation.READ,
            0xB: Operation.READ,
            0xC: None,
        },
        Protocol.CLOCK: {
            0x3: None,
            0x4: Operation.READ,
            0x5: Operation.RATE,
            0x6: Operation.READ,
            0x7: Operation.STATE,
            0x8: None,
            0x9: Operation.READ,
            0xA: Operation.READ,
            0xB: Operation.READ,
            0xC: Operation.READ,
            0xD: Operation.PARENT,
            0xE: Operation.READ,
            0xF: None,
        },
        Protocol.SENSOR: {
            0x3: None,
            0x4: Operation.READ,
            0x5: Operation.CONFIG,
            0x6: Operation.READ,
            0x7: None,
            0x8: Operation.READ,
            0x9: Operation.READ,
            0xA: Operation.CONFIG,
            0xB: Operation.READ,
            0xC: None,
            0xD: None,
        },
        Protocol.RESET: {
            0x3: None,
            0x4: Operation.RESET,
            0x5: Operation.RESET,
            0x6: None,
        },
        Protocol.VOLTAGE: {
            0x3: None,
            0x4: Operation.READ,
            0x5: Operation.STATE,
            0x6: Operation.READ,
            0x7: Operation.LEVEL,
            0x8: Operation.READ,
            0x9: None,
        },
        Protocol.POWERCAP: {
            0x3: None,
            0x4: Operation.READ,
            0x5: Operation.CONFIG,
            0x6: Operation.READ,
            0x7: Operation.CONFIG,
            0x8: None,
            0x9: Operation.READ,
            0xA: Operation.READ,
            0xB: Operation.READ,
            0xC: Operation.READ,
            0xD: None,
            0xE: Operation.READ,
            0xF: Operation.CONFIG,
        },
        # A pin control message says in its flags whether it is about a pin, a group or a function;
        # a group needs the operation on each of its pins. Who may send 0xA says the agent's right
        # to permissions.
        Protocol.PINCTRL: {
            0x3: None,
            0x4: None,
            0x5: Operation.READ,
            0x6: Operation.CONFIG,
            0x7: Operation.CONFIG,
            0x8: Operation.CONFIG,
            0x9: None,
        },
    }
)

#: Messages that need ``read`` but only describe: an agent that may be given the resource later can
#: ask them before it has it, since agents enumerate once.
DESCRIBING: Final[Mapping[Protocol, frozenset[int]]] = MappingProxyType(
    {
        Protocol.PERFORMANCE: frozenset({0x4}),
        Protocol.CLOCK: frozenset({0x4, 0xC}),
        Protocol.SENSOR: frozenset({0x8}),
        Protocol.VOLTAGE: frozenset({0x4}),
    }
)

#: Messages that read a state, which agents ask for once, and do without the resource if they are
#: refused: Linux registers no power domain without its state, no regulator without its level, and
#: no power capping without every cap. An agent that may be given the resource later is told what it
#: is at boot.
REGISTERING: Final[Mapping[Protocol, frozenset[int]]] = MappingProxyType(
    {
        Protocol.POWER: frozenset({0x5}),
        Protocol.VOLTAGE: frozenset({0x6, 0x8}),
        Protocol.POWERCAP: frozenset({0x4}),
    }
)


def discovers(protocol: Protocol, message: int) -> bool:
    """Whether a message on a resource only asks what there is, not what it does now."""
    needed = NEEDED.get(protocol, {})
    return needed.get(message, Operation.READ) is None or message in DESCRIBING.get(protocol, ())
