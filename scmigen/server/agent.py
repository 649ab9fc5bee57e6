"""Dispatch of one agent's messages: bytes in, the bytes of the answer out.

Theory of operation. Everything that does not depend on a message is decided before one arrives:
each message the agent may send has a `Command` with its exact size, the function that unpacks its
words, the table of the resources it may name, and the handler. A message that has a command, the
right size and a permitted resource goes straight to the handler. `Agent._refuse` answers everything
else; it checks in this order (DEN0056, section 4.1.4; scp-firmware's order):

1. message type is not "command": PROTOCOL_ERROR
2. protocol is not served: NOT_SUPPORTED; the agent has nothing in it: DENIED
3. message is not served: NOT_SUPPORTED, in profile 2.0 NOT_FOUND
4. payload size differs from the layout: PROTOCOL_ERROR
5. resource does not exist: NOT_FOUND; is hidden: NOT_FOUND, in profile 2.0 DENIED; operation is not
   granted: DENIED
6. reserved bits and values: left to the handler

The channel that delivered a message identifies its sender; nothing in the message can change that.
This module knows neither sockets nor the meaning of any message.
"""

from collections.abc import Callable, Mapping
from functools import partial

from scmigen.data import Data
from scmigen.hints import Any, Final
from scmigen.scmi import messages
from scmigen.scmi.layouts import HEADER_SIZE, Header, Message, MessageType
from scmigen.scmi.needs import discovers, is_told_early, needed
from scmigen.scmi.protocols import KIND_OF, Protocol
from scmigen.scmi.status import Status
from scmigen.server import delayed
from scmigen.server.protocols import SERVED
from scmigen.server.protocols.handler import COMMON, Handler, RequestError
from scmigen.server.session import Deferred, Refusal, Session
from scmigen.server.state import Resource
from scmigen.server.view import View

#: The header bits that select the command: message id, type, protocol.
_KEY: Final = 0x3FFFF
_SUCCESS: Final = bytes(4)
#: Messages that only agents with `permissions` may send.
_GUARDED: Final = {Protocol.BASE: frozenset({0x9, 0xA, 0xB}), Protocol.PINCTRL: frozenset({0xA})}
#: SYSTEM_POWER_STATE_SET, which agents that are only told of it may not send.
_SYSTEM_STATE: Final = frozenset({0x3})


class Command(Data):
    """A message an agent may send. ``open`` holds the resources it may name, by the agent's id;
    it is ``None`` if the message names none. Entries of ``tail`` bytes may follow the request."""

    message: Message
    size: int
    unpack: Callable[[bytes, int], tuple[Any, ...]]
    run: Handler
    subject: int
    tail: int
    open: dict[int, Resource] | None
    view: View | None


class _Table(Data):
    """The messages of one version of a protocol: the commands, by their header bits, and the
    PROTOCOL_MESSAGE_ATTRIBUTES words, by protocol and message."""

    commands: Mapping[int, Command]
    words: Mapping[tuple[int, int], int]


def _fits(command: Command, message: bytes) -> bool:
    """Whether the bytes that follow the fixed part are whole entries the message may have."""
    more = len(message) - command.size
    return command.tail > 0 and more > 0 and more % command.tail == 0


class Agent:
    """One agent of the server, as transports use it: `handle` takes its messages and `take_events`
    returns everything else to send to it, delayed responses and notifications, in order."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.id = session.id
        self.name = session.name
        self.services = session.services
        self._context = session.services.context
        self._commands: dict[int, Command] = {}
        self._tables: dict[tuple[Protocol, int], _Table] = {}
        self.refresh()

    # Permissions

    def refresh(self) -> None:
        """Recompute everything that depends on the agent's permissions."""
        session = self.session
        session.fill_views()
        session.protocols = tuple(
            protocol
            for protocol in sorted(SERVED)
            if protocol in session.versions and self._has(protocol)
        )
        self.speak()

    def speak(self) -> None:
        """Take messages in the versions in use. Permissions change the tables of resources that
        commands refer to, not the commands, so that each version's are made once: an agent can
        choose versions as often as it likes."""
        session = self.session
        tables = [self._table(it, session.versions[it]) for it in session.protocols]
        self._commands = {key: it for table in tables for key, it in table.commands.items()}
        session.messages = {key: word for table in tables for key, word in table.words.items()}

    def _table(self, protocol: Protocol, version: int) -> _Table:
        found = self._tables.get((protocol, version))
        if found is None:
            rows = self._messages(protocol, version)
            attributes = SERVED[protocol].message_attributes
            found = self._tables[protocol, version] = _Table(
                {row.id | protocol << 10: self._command(protocol, row, run) for row, run in rows},
                {(protocol, row.id): attributes.get(row.id, 0) for row, _ in rows},
            )
        return found

    def _has(self, protocol: Protocol) -> bool:
        kind = KIND_OF.get(protocol)
        if kind is not None:
            return bool(self.session.views[kind].named)
        about = self.session.configuration
        return protocol is Protocol.BASE or about.system_power or about.system_power_told

    def _closed(self, protocol: Protocol) -> frozenset[int]:
        """The messages of ``protocol`` that the agent has no right to."""
        about = self.session.configuration
        if protocol is Protocol.SYSTEM:
            return frozenset() if about.system_power else _SYSTEM_STATE
        return frozenset() if about.permissions else _GUARDED.get(protocol, frozenset())

    def _messages(self, protocol: Protocol, version: int) -> list[tuple[Message, Handler]]:
        rows = {**messages.commands(protocol, version)}
        offered = messages.commands(protocol, self.session.offered[protocol])
        if messages.NEGOTIATE in offered:  # also to get back from an older version
            rows[messages.NEGOTIATE] = offered[messages.NEGOTIATE]
        handlers = SERVED[protocol].handlers
        bound: dict[int, Handler] = {
            number: partial(run, protocol) for number, run in COMMON.items()
        }
        guarded = self._closed(protocol)
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
        view = self.session.views[kind]
        operation = needed(protocol)[message.id]
        if operation is None:
            table = view.named
        elif is_told_early(protocol, message.id):
            table = view.described
        else:
            table = view.open[operation]
        return Command(message, size, unpack, run, subject, 0, table, view)

    # Messages

    def handle(self, message: bytes) -> tuple[bytes, ...]:
        """The frames that answer ``message`` (bytes of header and payload): one response.

        A message without a complete header cannot be answered and gets no frame. Events that the
        message causes, for this and other agents, are queued for `take_events`.
        """
        head = message[:HEADER_SIZE]
        command = self._commands.get(int.from_bytes(head, "little") & _KEY)
        try:
            if command is None or (len(message) != command.size and not _fits(command, message)):
                return self._complete(message, command)
            words = command.unpack(message, HEADER_SIZE)
            if command.open is None:
                if command.tail:
                    words = (*words, message[command.size :])
                values = command.run(self.session, *words)
            else:
                resource = command.open.get(words[command.subject])
                if resource is None:
                    return self._refuse_resource(head, command, words[command.subject])
                values = command.run(self.session, resource, *words)
            if type(values) is Deferred:
                values = delayed.begin(self.session, values, message)
            context = self._context
            if context.changes:
                self.services.publish(self.id)
            if context.failed is None:
                return (head + _SUCCESS + values,)
            return (_refused(head, self.services.settle(self._log_prefix(head))),)
        except RequestError as refusal:
            told = refusal.status is Status.DENIED or refusal.about is not None
            if told and command is not None and not _discovers(head):
                self._log(command.message.name, refusal.about, refusal.status)
            return (_refused(head, refusal.status),)
        except Exception as problem:  # of a back end, or a bug: fails this one message
            self.services.publish(self.id)
            self._context.take_failure()
            return (_refused(head, self.services.failure(problem, self._log_prefix(head))),)

    def _log_prefix(self, head: bytes) -> str:
        return f"{self.name}: message {head[::-1].hex()}"

    def _complete(self, message: bytes, command: Command | None) -> tuple[bytes, ...]:
        """Handle a message without the words that it may leave out; refuse any other."""
        if command is not None and 0 < command.size - len(message) == command.message.optional:
            return self.handle(message + bytes(command.message.optional))
        return self._refuse(message, command)

    def _refuse(self, message: bytes, command: Command | None) -> tuple[bytes, ...]:
        head = message[:HEADER_SIZE]
        if len(head) < HEADER_SIZE:
            return ()
        header = Header.of(int.from_bytes(head, "little"))
        status = Status.PROTOCOL_ERROR if command else self._missing(header)
        if status is Status.DENIED:
            self._log(self._describe(header), self._about(header, message), status)
        return (_refused(head, status),)

    def _missing(self, header: Header) -> Status:
        """Why there is no command for ``header``."""
        if header.kind != MessageType.COMMAND:
            return Status.PROTOCOL_ERROR
        if header.protocol not in SERVED or header.protocol not in self.session.versions:
            return Status.NOT_SUPPORTED
        protocol = Protocol(header.protocol)
        if protocol not in self.session.protocols:
            return Status.DENIED
        if header.message in self._closed(protocol):
            return Status.DENIED
        return Status.NOT_FOUND if self.session.legacy else Status.NOT_SUPPORTED

    def _refuse_resource(self, head: bytes, command: Command, number: int) -> tuple[bytes, ...]:
        view = command.view
        assert view is not None
        inert = SERVED[view.kind.protocol].inert.get(command.message.id)
        if inert is not None and number < view.count and number not in view.named:
            return (head + _SUCCESS + inert(self.session, number),)
        status = view.refusal(number)
        about = view.describe(number)
        # Discovery asks for every number: a hole is no news, nor is what others have.
        if about is not None and (number in view.named or not _discovers(head)):
            self._log(command.message.name, about, status)
        return (_refused(head, status),)

    def _describe(self, header: Header) -> str:
        protocol = Protocol(header.protocol)
        row = messages.commands(protocol, self.session.versions[protocol]).get(header.message)
        return row.name if row else f"{protocol.name.lower()} message {header.message:#x}"

    def _about(self, header: Header, message: bytes) -> str | None:
        """The device and the agent that a permission message names, for the log."""
        protocol = Protocol(header.protocol)
        if header.message not in _GUARDED.get(protocol, ()):
            return None
        rows = messages.commands(protocol, self.session.versions[protocol])
        request = rows[header.message].request
        if len(message) != HEADER_SIZE + request.size:
            return None
        words = request.unpack_from(message, HEADER_SIZE)
        named = dict(zip((field.name for field in request.fields), words, strict=True))
        other = self.services.sessions.get(named["agent"])
        target = f"agent {named['agent']}" + (f" ({other.name})" if other else "")
        if "device" not in named:
            return target
        device = self.services.permissions.device_name(named["device"])
        return f"device {named['device']}{f' ({device})' if device else ''} for {target}"

    def _log(self, message: str, resource: str | None, status: Status) -> None:
        self.services.refused(Refusal(self.name, message, resource, status))

    # Transports

    def limit(self, max_reply: int) -> None:
        """Cap reply payloads at ``max_reply`` bytes, status included."""
        self.session.limit(max_reply)

    def take_events(self) -> tuple[bytes, ...]:
        """Empty the queue of delayed responses and notifications and return its frames."""
        return self.session.take_events()

    def disconnect(self) -> None:
        """The client is gone: drop its pending commands, votes, subscriptions, events and chosen
        versions."""
        self.services.disconnected(self.session)
        self.session.discard_events()
        if self.session.versions is not self.session.offered:
            self.session.speak(self.session.offered)
            self.services.versions_changed(self.session)


def _discovers(head: bytes) -> bool:
    """Whether the message is one of discovery."""
    header = Header.of(int.from_bytes(head, "little"))
    return header.protocol in KIND_OF and discovers(Protocol(header.protocol), header.message)


def _refused(head: bytes, status: Status) -> bytes:
    return head + status.to_bytes(4, "little", signed=True)
