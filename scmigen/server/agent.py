"""One agent's end of the server: a message in, its answer out.

Theory of operation. Everything that does not depend on a message is decided before it comes: for
each message the agent may send there is a `Command` with the exact size, the function that takes
the words apart, the table of resources that are open to it, and the handler. A message that finds
its command, has its size and names an open resource goes straight to the handler. All else goes to
`Agent._refuse`, which finds out why, in this order (DEN0056, section 4.1.4; scp-firmware's order):

1. not a command: PROTOCOL_ERROR
2. a protocol that is not served: NOT_SUPPORTED; one in which the agent has nothing: DENIED
3. a message that is not served: NOT_SUPPORTED, in profile 2.0 NOT_FOUND
4. a payload of another size than the layout's: PROTOCOL_ERROR
5. an id that is not there: NOT_FOUND; a hidden one: NOT_FOUND, in profile 2.0 DENIED; an operation
   that is not granted: DENIED
6. what the handler finds: reserved bits, values

Who speaks is settled by the channel the bytes came through; nothing in a message can change it.
This file does not know about sockets, nor what any message means.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from scmigen import runtime
from scmigen.scmi import messages
from scmigen.scmi.layouts import HEADER_SIZE, STATUS_SIZE, Header, Message, MessageType
from scmigen.scmi.operations import DESCRIBING, NEEDED
from scmigen.scmi.protocols import EXTENDED_NAME_SIZE, KIND_OF, VERSIONS, Kind, Profile, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols import SERVED, Handler, RequestError, common
from scmigen.server.state import Resource
from scmigen.server.view import Entry, View

if TYPE_CHECKING:
    from scmigen.server.core import Server
    from scmigen.server.delayed import Pending

#: The bits of a header that choose the command: message id, type, protocol.
_KEY: Final = 0x3FFFF
_SUCCESS: Final = bytes(4)
#: PROTOCOL_MESSAGE_ATTRIBUTES: there are FastChannels for this message.
_FASTCHANNEL: Final = 1
#: Events an agent has not taken yet; more are dropped, as a full channel drops them.
MAX_EVENTS: Final = 256
#: Messages that only agents with `permissions` may send.
_GUARDED: Final = {Protocol.BASE: frozenset({0x9, 0xA, 0xB}), Protocol.PINCTRL: frozenset({0xA})}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that an agent was not allowed to make; `str` is the line for the log."""

    agent: str
    message: str
    resource: str | None
    status: Status

    def __str__(self) -> str:
        what = f" on {self.resource}" if self.resource else ""
        return f"{self.agent}: {self.message}{what}: {self.status.name}"


@dataclass(frozen=True, slots=True)
class Command:
    """A message an agent may send; ``open`` is ``None`` where it names no resource."""

    message: Message
    size: int
    unpack: Callable[[bytes, int], tuple[Any, ...]]
    run: Handler
    subject: int
    tail: int
    open: dict[int, Resource] | None
    view: View | None


def _fits(command: Command, message: bytes) -> bool:
    """Whether what comes after the request is whole entries, where any may come."""
    more = len(message) - command.size
    return command.tail > 0 and more > 0 and more % command.tail == 0


class Agent:
    """An agent of the server. `handle` takes its messages, `take_events` gives what else it is
    to be sent: delayed responses and notifications, in order."""

    def __init__(self, server: "Server", configuration: runtime.Agent) -> None:
        self.server = server
        self.configuration = configuration
        self.id = configuration.id
        self.name = configuration.name
        profile = server.profiles.get(configuration.id, server.profile)
        #: Protocol versions, layouts and attribute bits of release 2.0.
        self.legacy = profile is Profile.V2_0
        self.versions = VERSIONS[profile]
        #: The header of the message that is being handled.
        self.head = b""
        #: Asynchronous commands under way.
        self.pending: list[Pending] = []
        self._dropped = False
        #: Bytes for the values of a reply: multi-part replies are cut to it.
        self.room = 0
        self.limit(server.max_reply)
        self._events: deque[bytes] = deque()
        self._commands: dict[int, Command] = {}
        hidden = Status.DENIED if self.legacy else Status.NOT_FOUND
        self.views = {
            kind: View(kind, max((grant.id for grant in grants), default=-1) + 1, hidden)
            for kind, grants in ((kind, configuration.grants.get(kind, ())) for kind in Kind)
        }
        #: The protocols the agent can use, ascending, base first.
        self.protocols: tuple[Protocol, ...] = ()
        self.refresh()

    def limit(self, max_reply: int) -> None:
        """No reply payload may be longer than this, status included; a word and an extended name
        must fit."""
        self.room = max(max_reply - STATUS_SIZE, 4 + EXTENDED_NAME_SIZE)

    # What the agent may do

    def refresh(self) -> None:
        """Look up again what the agent may do: its permissions have changed."""
        permissions = self.server.permissions
        for kind, view in self.views.items():
            resources = self.server.state[kind]
            view.fill(
                Entry(
                    grant.id,
                    resources[grant.resource],
                    permissions.operations(self.id, kind, grant),
                    frozenset(grant.operations),
                    permissions.describable(self.id, kind, grant.resource),
                )
                for grant in self.configuration.grants.get(kind, ())
            )
        self.protocols = tuple(
            protocol
            for protocol in sorted(SERVED)
            if protocol in self.versions and self._has(protocol)
        )
        self._commands = {
            message.id | protocol << 10: self._command(protocol, message, run)
            for protocol in self.protocols
            for message, run in self._messages(protocol)
        }

    def _has(self, protocol: Protocol) -> bool:
        kind = KIND_OF.get(protocol)
        if kind is not None:
            return bool(self.views[kind].named)
        return protocol is Protocol.BASE or self.configuration.system_power

    def _messages(self, protocol: Protocol) -> list[tuple[Message, Handler]]:
        rows = messages.commands(protocol, self.versions[protocol])
        handlers = SERVED[protocol].handlers
        bound: dict[int, Handler] = {
            number: partial(run, protocol) for number, run in common.HANDLERS.items()
        }
        guarded = () if self.configuration.permissions else _GUARDED.get(protocol, ())
        return [
            (row, bound.get(number) or handlers[number])
            for number, row in rows.items()
            if (number in bound or number in handlers) and number not in guarded
        ]

    def _command(self, protocol: Protocol, message: Message, run: Handler) -> Command:
        size = HEADER_SIZE + message.request.size
        unpack = message.request.unpack_from
        subject = message.request.subject
        kind = KIND_OF.get(protocol)
        tail = message.request_tail.size if message.request_tail else 0
        if kind is None or subject is None:
            return Command(message, size, unpack, run, 0, tail, None, None)
        view = self.views[kind]
        needed = NEEDED[protocol][message.id]
        if needed is None:
            table = view.named
        elif message.id in DESCRIBING.get(protocol, ()):
            table = view.described
        else:
            table = view.open[needed]
        return Command(message, size, unpack, run, subject, 0, table, view)

    def supports(self, protocol: Protocol, message: int) -> bool:
        """Whether the agent may send this message, whatever the resource."""
        return message | protocol << 10 in self._commands

    def attributes_of(self, protocol: Protocol, message: int) -> int:
        """The PROTOCOL_MESSAGE_ATTRIBUTES word of a message."""
        channels = self.server.fastchannels
        if channels is not None and channels.serves(self, protocol, message):
            return _FASTCHANNEL
        return SERVED[protocol].message_attributes.get(message, 0)

    # Messages

    def handle(self, message: bytes) -> tuple[bytes, ...]:
        """The frames that answer ``message`` (header and payload, as bytes): one response.

        A message without a whole header cannot be answered: no frame. Events that the message
        caused, for this and other agents, wait in `take_events`.
        """
        self.head = head = message[:HEADER_SIZE]
        command = self._commands.get(int.from_bytes(head, "little") & _KEY)
        try:
            if command is None or (len(message) != command.size and not _fits(command, message)):
                return self._refuse(message, command)
            words = command.unpack(message, HEADER_SIZE)
            if command.open is None:
                if command.tail:
                    words = (*words, message[command.size :])
                values = command.run(self, *words)
            else:
                resource = command.open.get(words[command.subject])
                if resource is None:
                    return self._refuse_resource(head, command, words[command.subject])
                values = command.run(self, resource, *words)
            if self.server.changes:
                self.server.publish(self.id)
            if self.server.context.failed is None:
                return (head + _SUCCESS + values,)
            problem = self.server.context.failed
        except RequestError as refusal:
            if refusal.status is Status.DENIED and command is not None:
                self._log(command.message.name, refusal.about, refusal.status)
            return (head + refusal.status.to_bytes(4, "little", signed=True),)
        except Exception as raised:  # a back end's, or a mistake: one agent's message, no more
            problem = raised
        return self._failed(head, problem)

    def _failed(self, head: bytes, problem: Exception) -> tuple[bytes, ...]:
        server = self.server
        server.context.failed = None
        server.publish(self.id)
        status = server.failure(problem, f"{self.name}: message {head[::-1].hex()}")
        return (head + status.to_bytes(4, "little", signed=True),)

    def _refuse(self, message: bytes, command: Command | None) -> tuple[bytes, ...]:
        head = message[:HEADER_SIZE]
        if len(head) < HEADER_SIZE:
            return ()
        header = Header.of(int.from_bytes(head, "little"))
        status = Status.PROTOCOL_ERROR if command else self._missing(header)
        if status is Status.DENIED:
            self._log(self._describe(header), self._about(header, message), status)
        return (head + status.to_bytes(4, "little", signed=True),)

    def _missing(self, header: Header) -> Status:
        """Why there is no command for ``header``."""
        if header.kind != MessageType.COMMAND:
            return Status.PROTOCOL_ERROR
        if header.protocol not in SERVED or header.protocol not in self.versions:
            return Status.NOT_SUPPORTED
        protocol = Protocol(header.protocol)
        if protocol not in self.protocols:
            return Status.DENIED
        if header.message in _GUARDED.get(protocol, ()):
            return Status.DENIED
        return Status.NOT_FOUND if self.legacy else Status.NOT_SUPPORTED

    def _refuse_resource(self, head: bytes, command: Command, number: int) -> tuple[bytes, ...]:
        view = command.view
        assert view is not None
        inert = SERVED[view.kind.protocol].inert.get(command.message.id)
        if inert is not None and number < view.count:
            return (head + _SUCCESS + inert(number),)
        status = view.refusal(number)
        resource = view.named.get(number)
        if resource is None and self.server.shared_numbers and number < view.count:
            resource = self.server.state[view.kind].get(number)
        if resource is not None:
            self._log(command.message.name, f"{view.kind} {number} ({resource.name})", status)
        return (head + status.to_bytes(4, "little", signed=True),)

    def _describe(self, header: Header) -> str:
        protocol = Protocol(header.protocol)
        row = messages.commands(protocol, self.versions[protocol]).get(header.message)
        return row.name if row else f"{protocol.name.lower()} message {header.message:#x}"

    def _about(self, header: Header, message: bytes) -> str | None:
        """The device and the agent that a message on permissions names."""
        protocol = Protocol(header.protocol)
        if header.message not in _GUARDED.get(protocol, ()):
            return None
        request = messages.commands(protocol, self.versions[protocol])[header.message].request
        if len(message) != HEADER_SIZE + request.size:
            return None
        words = request.unpack_from(message, HEADER_SIZE)
        named = dict(zip((field.name for field in request.fields), words, strict=True))
        agent = self.server.agents.get(named["agent"])
        target = f"agent {named['agent']}" + (f" ({agent.name})" if agent else "")
        if "device" not in named:
            return target
        device = self.server.permissions.device_name(named["device"])
        return f"device {named['device']}{f' ({device})' if device else ''} for {target}"

    def _log(self, message: str, resource: str | None, status: Status) -> None:
        self.server.refused(Refusal(self.name, message, resource, status))

    # Events and the end

    def push_event(self, frame: bytes) -> None:
        """Put a delayed response or notification into the queue; dropped when it is full."""
        if len(self._events) < MAX_EVENTS:
            self._events.append(frame)
            self.server.waiting.add(self.id)
        else:
            self._dropped = True

    def take_events(self) -> tuple[bytes, ...]:
        """The frames that wait for this agent; they do not wait any more."""
        frames = tuple(self._events)
        self._events.clear()
        self.server.waiting.discard(self.id)
        if self._dropped:
            self._dropped = False
            self.server.report_error(self, Status.COMMS_ERROR, b"")
        return frames

    def cancel(self, *, told: bool) -> None:
        """What the agent has under way does not happen; it may be ``told``."""
        for pending in tuple(self.pending):
            pending.cancel(told=told)

    def disconnect(self) -> None:
        """The agent is gone: its votes, subscriptions and waiting events go with it."""
        self.cancel(told=False)
        self._events.clear()
        self._dropped = False
        self.server.waiting.discard(self.id)
        self.server.forget(self)
