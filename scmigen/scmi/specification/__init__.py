"""Every message of every protocol, as rows: a module for each protocol, named as in `Protocol`
(DEN0056, chapter 4).

A row: id, name, the version of the protocol it came with, request, values of the reply. The
specification can be read off these modules; server, client and documentation use them through
`messages` and `events`. Versions by release of the specification are in `protocols.VERSIONS`, what
messages need is in `operations`.
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Final

from scmigen.scmi.layouts import Bits, Message
from scmigen.scmi.protocols import Protocol


@dataclass(frozen=True, slots=True)
class Specification:
    """The messages of a protocol at all versions; a later row with an id replaces an earlier.

    ``attributes``: the values of PROTOCOL_ATTRIBUTES. ``delayed`` responses have the id of their
    command, and the values after their status; ``notifications`` have ids of their own.
    """

    attributes: str
    commands: tuple[Message, ...]
    delayed: tuple[Message, ...] = ()
    notifications: tuple[Message, ...] = ()


@cache
def specification(protocol: Protocol) -> Specification:
    """The messages of ``protocol``; its module is imported when they are first asked for."""
    found = import_module(f"{__name__}.{Protocol(protocol).name.lower()}").SPECIFICATION
    assert isinstance(found, Specification)
    return found


#: The values of a ``…_NAME_GET``.
NAME: Final = "u32 flags, name64 name"
#: The word in front of most multi-part replies: [11:0] how many came, [31:16] how many remain;
#: [12]: they are lowest, highest and step of a range.
RETURNED: Final = Bits(0, 12)
REMAINING: Final = Bits(16, 16)
TRIPLET: Final = Bits(12, 1)
