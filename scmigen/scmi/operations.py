"""What an agent may do with a resource."""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from scmigen.hints import Final
from scmigen.scmi.protocols import KINDS, Kind, Operation

__all__ = ["OPERATIONS", "Operation", "aggregates", "ordered", "unaggregated", "with_implied"]

#: The operations that exist for a kind of resource, in the order they are listed for people.
OPERATIONS: Final[Mapping[Kind, tuple[Operation, ...]]] = MappingProxyType(
    {kind: row.operations for kind, row in KINDS.items()}
)

_IMPLY_READ: Final = frozenset({Operation.RATE, Operation.PARENT, Operation.LEVEL})


def aggregates(kind: Kind, operation: Operation) -> bool:
    """Whether the platform keeps one vote per agent for this operation.

    ``read`` changes nothing and never collides, so it counts as aggregated.
    """
    return operation is Operation.READ or operation in KINDS[kind].voted


@cache
def unaggregated(kind: Kind, operations: frozenset[Operation]) -> tuple[Operation, ...]:
    """Those of which only one agent's can hold, in the order of `OPERATIONS`."""
    return tuple(each for each in ordered(kind, operations) if not aggregates(kind, each))


def with_implied(operations: Iterable[Operation]) -> frozenset[Operation]:
    """``operations`` and what they imply: who sets a rate, parent or level may read it."""
    wanted = frozenset(operations)
    return wanted | {Operation.READ} if wanted & _IMPLY_READ else wanted


def ordered(kind: Kind, operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """``operations`` in the order of `OPERATIONS`."""
    wanted = frozenset(operations)
    return tuple(operation for operation in OPERATIONS[kind] if operation in wanted)
