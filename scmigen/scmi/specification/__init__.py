"""Every message of every protocol, as rows: a module for each protocol, named as in `Protocol`
(DEN0056, chapter 4).

A row: id, name, the version of the protocol it came with, request, values of the reply. The
specification can be read off these modules; server, client and documentation use them through
`messages`, `events` and `needs`. Versions by release of the specification are in
`protocols.VERSIONS`.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from scmigen.data import Data, field
from scmigen.hints import Final
from scmigen.scmi.layouts import Bits, Message
from scmigen.scmi.protocols import Operation, Protocol


class Specification(Data):
    """The messages of a protocol at all versions; a later row with an id replaces an earlier.

    ``attributes``: the values of PROTOCOL_ATTRIBUTES. ``delayed`` responses have the id of their
    command, and the values after their status; ``notifications`` have ids of their own.

    ``needed``: message on a resource → the operation that opens it; None: any does (attributes and
    names). ``describing``: messages that need ``read`` but only describe: an agent that may be
    given the resource later can ask them before it has it, since agents enumerate once.
    ``registering``: messages that read a state, which agents ask for once, and do without the
    resource if they are refused: Linux registers no power domain without its state, no regulator
    without its level, and no power capping without every cap. An agent that may be given the
    resource later is told what it is at boot.
    """

    attributes: str
    commands: tuple[Message, ...]
    delayed: tuple[Message, ...] = ()
    notifications: tuple[Message, ...] = ()
    needed: Mapping[int, Operation | None] = field(default_factory=dict)
    describing: frozenset[int] = frozenset()
    registering: frozenset[int] = frozenset()


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
