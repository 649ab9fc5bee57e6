"""What a handler is, and the few things handlers share.

A handler gets the agent, the resource where the message names one, and the words of the request in
the order of the layout. It returns the values of the reply, packed, without the status word, or
raises `RequestError` before it has changed anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from scmigen.scmi.layouts import name_field
from scmigen.scmi.messages import commands
from scmigen.scmi.protocols import (
    EXTENDED_NAME_SIZE,
    KIND_OF,
    SHORT_NAME_SIZE,
    VERSIONS,
    Kind,
    Profile,
    Protocol,
)
from scmigen.scmi.status import Status

#: Asynchronous commands of one agent under way in one protocol.
MAX_PENDING: Final = 8

if TYPE_CHECKING:
    from scmigen.scmi.layouts import Message
    from scmigen.server.agent import Agent
    from scmigen.server.state import Resource

Handler = Callable[..., bytes]

#: The values of a reply that has none.
DONE: Final = b""


class RequestError(Exception):
    """The answer is a status and no values; ``about`` names the resource for the log."""

    def __init__(self, status: Status, about: str | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.about = about


@dataclass(frozen=True, slots=True)
class Served:
    """A protocol of the server: its handlers by message id, the PROTOCOL_MESSAGE_ATTRIBUTES word
    of the messages where that is not 0, and what answers for an id that is not the agent's where
    agents know resources by position."""

    handlers: Mapping[int, Handler]
    message_attributes: Mapping[int, int] = field(default_factory=dict)
    inert: Mapping[int, Callable[[int], bytes]] = field(default_factory=dict)


def row(protocol: Protocol, message: int, profile: Profile = Profile.V3_2) -> "Message":
    """The layout of a message in a profile; handlers look it up once, when they are loaded."""
    return commands(protocol, VERSIONS[profile][protocol])[message]


def require(condition: bool, status: Status = Status.INVALID_PARAMETERS) -> None:
    """Refuse with ``status`` unless ``condition`` holds."""
    if not condition:
        raise RequestError(status)


def short_name(resource: "Resource") -> bytes:
    """The name field of an attributes reply: the first 15 characters."""
    return name_field(resource.name, SHORT_NAME_SIZE)


def extended_name_bit(agent: "Agent", resource: "Resource", bit: int) -> int:
    """``1 << bit`` where the name does not fit the attributes reply (release 3.1)."""
    longer = len(resource.name) >= SHORT_NAME_SIZE and not agent.legacy
    return 1 << bit if longer else 0


def name_get(_: "Agent", resource: "Resource", __: int) -> bytes:
    """…_NAME_GET: flags (0) and the extended name."""
    return bytes(4) + name_field(resource.name, EXTENDED_NAME_SIZE)


def switched(enable: int) -> bool:
    """The ``enable`` word of a …_NOTIFY command: bit 0, the others reserved."""
    require(enable in (0, 1))
    return enable == 1


def notify(protocol: Protocol, *events: int) -> Handler:
    """The handler of a …_NOTIFY command for ``events`` on a resource."""

    def handle(agent: "Agent", resource: "Resource", own: int, enable: int) -> bytes:
        on = switched(enable)
        require(resource.notifications, Status.NOT_SUPPORTED)
        for event in events:
            agent.server.subscribe(agent, protocol, event, resource.number, own, on)
        return DONE

    return handle


def counted(agent: "Agent", protocol: Protocol) -> int:
    """The number of ids the agent has in ``protocol``, for 16 bits of PROTOCOL_ATTRIBUTES."""
    return min(agent.views[KIND_OF[protocol]].count, 0xFFFF)


def counts(protocol: Protocol) -> Handler:
    """The handler of a PROTOCOL_ATTRIBUTES that has the number of ids, and nothing else."""
    return lambda agent: counted(agent, protocol).to_bytes(4, "little")


def pending_field(agent: "Agent", kind: Kind) -> int:
    """PROTOCOL_ATTRIBUTES [23:16]: asynchronous commands that may be under way at once."""
    named = agent.views[kind].named.values()
    able = any(getattr(item, "asynchronous", False) for item in named)
    return MAX_PENDING << 16 if able else 0


def describe_fastchannel(protocol: Protocol) -> Handler:
    """The handler of …_DESCRIBE_FASTCHANNEL: NOT_FOUND for a message there is not, NOT_SUPPORTED
    where the domain or the message has no channel."""

    def handle(agent: "Agent", _: "Resource", own: int, message: int) -> bytes:
        require(message <= 0xFF and agent.supports(protocol, message), Status.NOT_FOUND)
        channels = agent.server.fastchannels
        found = None if channels is None else channels.describe(agent, protocol, own, message)
        if found is None:
            raise RequestError(Status.NOT_SUPPORTED)
        return found

    return handle
