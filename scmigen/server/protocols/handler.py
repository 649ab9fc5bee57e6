"""The handler interface, the messages that every protocol has, and what handlers share.

A handler gets the session of the agent, the resource if the message names one, and the words of the
request in the order of the layout. It returns the values of the reply, packed, without the status
word; or a `Deferred` change to make later. It raises `RequestError` before it has changed anything.
"""

from collections.abc import Callable, Mapping, Sequence

from scmigen.data import Data, field
from scmigen.hints import Final, TypeVar
from scmigen.scmi import messages
from scmigen.scmi.layouts import Message, name_field
from scmigen.scmi.protocols import (
    EXTENDED_NAME_SIZE,
    KIND_OF,
    SHORT_NAME_SIZE,
    VERSIONS,
    Kind,
    Profile,
    Protocol,
    versions,
)
from scmigen.scmi.status import Status
from scmigen.server.session import Deferred, Session
from scmigen.server.state import Resource

#: How many asynchronous commands one agent may have pending in one protocol.
MAX_PENDING: Final = 8
WORD_SIZE: Final = 4
#: The values of an empty reply.
DONE: Final = b""
#: PROTOCOL_MESSAGE_ATTRIBUTES: the message has FastChannels.
_FASTCHANNEL: Final = 1
#: Multi-part replies of a range in place of a list: lowest, highest and step.
_TRIPLET: Final = 3 | 1 << 12

Handler = Callable[..., bytes | Deferred]
_Item = TypeVar("_Item")


class RequestError(Exception):
    """Answers a request with ``status`` and no values; ``about`` names the resource in the log.
    What is neither about a resource nor DENIED is not logged."""

    def __init__(self, status: Status, about: str | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.about = about


def require(condition: bool, status: Status = Status.INVALID_PARAMETERS) -> None:
    """Refuse the request with ``status`` unless ``condition`` holds."""
    if not condition:
        raise RequestError(status)


class Served(Data):
    """A protocol of the server: handlers by message id, non-zero PROTOCOL_MESSAGE_ATTRIBUTES words,
    and the messages that answer for ids the agent may not see with an inert placeholder, because
    agents know these resources by position."""

    handlers: Mapping[int, Handler]
    message_attributes: Mapping[int, int] = field(default_factory=dict)
    inert: Mapping[int, Callable[[Session, int], bytes]] = field(default_factory=dict)


def row(protocol: Protocol, message: int) -> Message:
    """The newest layout of a message; handlers look up at import what no version changes."""
    return messages.commands(protocol, VERSIONS[Profile.V3_2][protocol])[message]


def reply(session: Session, protocol: Protocol, message: int, *values: object) -> bytes:
    """The values of a reply in the version in use, which may lack the last ones."""
    layout = session.row(protocol, message).reply
    return layout.pack(*values[: len(layout.fields)])


# Messages of every protocol (DEN0056, section 4.1.1); bound to their protocol


def _version(protocol: Protocol, session: Session) -> bytes:
    """PROTOCOL_VERSION: the newest one, whatever the agent has chosen."""
    return session.offered[protocol].to_bytes(4, "little")


def _message_attributes(protocol: Protocol, session: Session, message: int) -> bytes:
    """PROTOCOL_MESSAGE_ATTRIBUTES: NOT_FOUND for messages the agent cannot send."""
    word = session.messages.get((protocol, message))
    if word is None:
        raise RequestError(Status.NOT_FOUND)
    channels = session.services.fastchannels
    if channels is not None and channels.serves(session, protocol, message):
        word |= _FASTCHANNEL
    return word.to_bytes(4, "little")


def _negotiate(protocol: Protocol, session: Session, wanted: int) -> bytes:
    """NEGOTIATE_PROTOCOL_VERSION: a version of any release, up to that of the agent's profile; in
    use from the next message until the agent disconnects."""
    require(wanted in versions(protocol, session.offered[protocol]), Status.NOT_SUPPORTED)
    if wanted != session.versions[protocol]:
        session.speak({**session.versions, protocol: wanted})
        session.services.versions_changed(session)
    return DONE


#: PROTOCOL_ATTRIBUTES differs by protocol and is not here.
COMMON: Final[Mapping[int, Handler]] = {
    messages.VERSION: _version,
    messages.MESSAGE_ATTRIBUTES: _message_attributes,
    messages.NEGOTIATE: _negotiate,
}


# PROTOCOL_ATTRIBUTES


def counted(session: Session, protocol: Protocol) -> int:
    """The size of the agent's id space in ``protocol``, a 16-bit field of PROTOCOL_ATTRIBUTES."""
    return min(session.views[KIND_OF[protocol]].count, 0xFFFF)


def counts(protocol: Protocol) -> Handler:
    """The handler of a PROTOCOL_ATTRIBUTES that reports the number of ids and nothing else."""
    return lambda session: counted(session, protocol).to_bytes(4, "little")


def pending_field(session: Session, kind: Kind) -> int:
    """PROTOCOL_ATTRIBUTES [23:16]: how many asynchronous commands may be pending at once."""
    return MAX_PENDING << 16 if session.views[kind].asynchronous else 0


# Names


def short_name(resource: Resource) -> bytes:
    """The name field of an attributes reply: the first 15 characters."""
    return name_field(resource.name, SHORT_NAME_SIZE)


def reserved_name(own: int) -> bytes:
    """The name of the placeholder for a resource the agent may not see."""
    return name_field(f"reserved-{own}", SHORT_NAME_SIZE)


def extended_name_bit(session: Session, resource: Resource, bit: int) -> int:
    """``1 << bit`` if the name does not fit into the attributes reply, in versions that have a
    message for the whole name."""
    if len(resource.name) < SHORT_NAME_SIZE:
        return 0
    protocol = resource.kind.protocol
    return 1 << bit if messages.extended_names(protocol, session.versions[protocol]) else 0


def name_get(_: Session, resource: Resource, __: int) -> bytes:
    """…_NAME_GET: flags (0) and the extended name."""
    return bytes(4) + name_field(resource.name, EXTENDED_NAME_SIZE)


# Multi-part replies


def part(
    session: Session,
    message: Message,
    items: Sequence[_Item],
    index: int,
    pack: Callable[[_Item], bytes] | None = None,
    before: tuple[int, ...] = (),
) -> bytes:
    """The part of a multi-part reply that begins at ``index``: the words ``before`` the count, the
    count word, and as many entries as fit. ``pack`` makes an entry of an item; by default an item
    is the one field of its entry."""
    entries = message.entries
    assert entries is not None
    room = (session.room - message.reply.size) // WORD_SIZE * WORD_SIZE
    count, word = entries.part(len(items), index, room)
    pack = pack or entries.entry.pack
    found = b"".join([pack(item) for item in items[index : index + count]])
    return message.reply.pack(*before, word) + found


def filled(
    session: Session,
    message: Message,
    items: Sequence[_Item],
    index: int,
    pack: Callable[[_Item], bytes],
) -> bytes:
    """The part that begins at ``index`` of entries of different size: the count word, and as many
    as fit. ``pack`` makes an entry of an item; of those that do not fit, it makes one."""
    entries = message.entries
    assert entries is not None
    assert entries.remaining is not None
    room = session.room - message.reply.size
    found: list[bytes] = []
    for item in items[index : index + entries.returned.mask]:
        entry = pack(item)
        room -= len(entry)
        if room < 0:
            break
        found.append(entry)
    remaining = min(len(items) - index - len(found), entries.remaining.mask)
    word = len(found) << entries.returned.low | remaining << entries.remaining.low
    return message.reply.pack(word) + b"".join(found)


def values_part(
    session: Session, message: Message, values: Sequence[int], step: int | None, index: int
) -> bytes:
    """Part of a list of ascending values; or of a range: lowest, highest and ``step`` at once."""
    require(index < (len(values) if step is None else 1), Status.OUT_OF_RANGE)
    if step is None:
        return part(session, message, values, index)
    assert message.entries is not None
    triplet = b"".join([message.entries.entry.pack(value) for value in (*values, step)])
    return message.reply.pack(_TRIPLET) + triplet


# Changes and notifications


def now_or_later(session: Session, change: Deferred, *, later: bool) -> bytes | Deferred:
    """Make ``change`` at once, or return it to be made ``later``."""
    if later:
        return change
    change.make()
    session.services.context.latency = change.latency
    return DONE


def switched(enable: int) -> bool:
    """The ``enable`` word of a …_NOTIFY command: bit 0; the others are reserved."""
    require(enable in (0, 1))
    return enable == 1


def notify(protocol: Protocol, event: int) -> Handler:
    """The handler of a …_NOTIFY command for ``event`` on a resource."""

    def handle(session: Session, resource: Resource, own: int, enable: int) -> bytes:
        on = switched(enable)
        require(resource.notifications, Status.NOT_SUPPORTED)
        session.services.subscribe(session, (protocol, event, resource.number), own, on)
        return DONE

    return handle


# FastChannels


def fastchannel_bit(session: Session, protocol: Protocol, own: int, bit: int) -> int:
    """``bit`` if the domain that the agent calls ``own`` has FastChannels."""
    channels = session.services.fastchannels
    return bit if channels is not None and channels.has(session, protocol, own) else 0


def describe_fastchannel(protocol: Protocol) -> Handler:
    """The handler of …_DESCRIBE_FASTCHANNEL: NOT_FOUND for an unknown message, NOT_SUPPORTED if the
    domain or the message has no channel."""

    def handle(session: Session, _: Resource, own: int, message: int, limit: int = 0) -> bytes:
        require((protocol, message) in session.messages and limit == 0, Status.NOT_FOUND)
        channels = session.services.fastchannels
        found = None if channels is None else channels.describe(session, protocol, own, message)
        if found is None:
            raise RequestError(Status.NOT_SUPPORTED)
        return found

    return handle
