"""Which operation each message on a resource needs, as the rows of the specification have it.

A grant is a set of operations. The compiler derives deny bits from this, the server checks requests
with it.
"""

from collections.abc import Mapping

from scmigen.scmi.protocols import Operation, Protocol
from scmigen.scmi.specification import specification


def needed(protocol: Protocol) -> Mapping[int, Operation | None]:
    """Message id → the operation that opens the message on a resource; None: any operation does. A
    message that is absent names no resource."""
    return specification(protocol).needed


def discovers(protocol: Protocol, message: int) -> bool:
    """Whether a message on a resource only asks what there is, not what it does now."""
    found = specification(protocol)
    return found.needed.get(message, Operation.READ) is None or message in found.describing


def is_told_early(protocol: Protocol, message: int) -> bool:
    """Whether an agent that may be given a resource later may send a message before it has it."""
    found = specification(protocol)
    return message in found.describing or message in found.registering
