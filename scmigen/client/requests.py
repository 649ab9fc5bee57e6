"""Any request of an agent, by the number or the name of its message, and what its reply says.
Layouts follow the protocol versions of the platform."""

import math
import time
from collections.abc import Iterator, Sequence

from scmigen.client.channel import Channel, ClientError, ScmiError
from scmigen.client.parts import PartError, Total
from scmigen.hints import Any, Final
from scmigen.scmi import messages
from scmigen.scmi.layouts import (
    HEADER_SIZE,
    Bits,
    Entries,
    Header,
    Message,
    MessageType,
    header,
    name_text,
)
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status
from scmigen.scmi.text import describe

#: The attribute bit of resources with an extended name, and the message that reads the name.
_EXTENDED_NAMES: Final = {
    Protocol.POWER: (1 << 27, 0x8),
    Protocol.PERFORMANCE: (1 << 26, 0xC),
    Protocol.CLOCK: (1 << 29, 0x8),
    Protocol.RESET: (1 << 29, 0x6),
    Protocol.VOLTAGE: (1 << 30, 0x9),
    Protocol.POWERCAP: (1 << 28, 0x8),
}
#: Statuses of hidden resources; ids continue after them.
_HOLES: Final = frozenset({Status.NOT_FOUND, Status.DENIED})


def _similar(name: str) -> str:
    """The messages that a misspelt ``name`` may stand for."""
    from difflib import get_close_matches

    known = {known.upper(): known for known in messages.names()}
    near = [known[word] for word in get_close_matches(name.upper(), known, 3)]
    return f"; did you mean {' or '.join(near)}?" if near else ""


class Requests(Channel):
    """Requests of an agent. Every method raises `ScmiError` if the platform refuses the request,
    and `ClientError` if it does not answer."""

    def __init__(self, url: str, timeout: float = 5.0, deadline: float = math.inf) -> None:
        super().__init__(url, timeout, deadline)
        self._versions: dict[Protocol, int] = {}
        #: What was chosen with NEGOTIATE_PROTOCOL_VERSION.
        self._chosen: dict[Protocol, int] = {}

    # Any command

    def version(self, protocol: Protocol) -> int:
        """The PROTOCOL_VERSION word (cached), or the version that was negotiated."""
        if protocol not in self._versions:
            row = messages.commands(protocol, 0x10000)[messages.VERSION]
            try:
                (self._versions[protocol],) = self.exchange(protocol, row, ())[0]
            except ScmiError as refusal:
                raise ScmiError(
                    refusal.status,
                    f"this agent has nothing of the protocol {protocol.name.lower()}",
                ) from None
        return self._chosen.get(protocol, self._versions[protocol])

    def message(self, protocol: Protocol, number: int) -> Message:
        """The layout of a message in the version in use."""
        version = self.version(protocol)
        if number == messages.NEGOTIATE:  # also to get back from an older version
            version = self._versions[protocol]
        rows = messages.commands(protocol, version)
        if number not in rows:
            raise ScmiError(Status.NOT_SUPPORTED, f"{protocol.name.lower()} message {number:#x}")
        return rows[number]

    def call(self, protocol: Protocol, number: int, *words: int) -> tuple[Any, ...]:
        """Send a message with the words of its request; returns the fields of its reply."""
        return self.exchange(protocol, self.message(protocol, number), words)[0]

    def ask(self, name: str, tail: Sequence[Sequence[int]] = (), **fields: int) -> dict[str, Any]:
        """Send any message by name (`messages.named`), with the fields of its request by name and 0
        for those not given; ``tail`` are the entries that follow the fields. Returns the fields of
        the reply, and as ``entries`` those of this part of a multi-part reply. Raises `ValueError`
        for unknown names."""
        found = messages.named(name)
        if found is None:
            raise ValueError(f"unknown message {name!r}{_similar(name)}")
        protocol, number = found
        message = self.message(protocol, number)
        names = [field.name for field in message.request.fields]
        unknown = sorted(fields.keys() - set(names))
        if unknown:
            raise ValueError(f"{name} has no field {unknown[0]!r}; fields: {', '.join(names)}")
        if tail and message.request_tail is None:
            raise ValueError(f"{name} has no entries after its fields")
        words = tuple(fields.get(name, 0) for name in names)
        behind = b"".join(message.request_tail.pack(*it) for it in tail if message.request_tail)
        if message.entries is not None:
            begin = message.entries.at.get(words[names.index(message.entries.index)])
            total = Total(message.entries, index=begin)
            return self._part(protocol, message, words, total)[0]
        values, rest = self.exchange(protocol, message, words, behind)
        reply = _plain(message.reply.named(values))
        if message.reply_tail is not None:
            tail_of = Entries(message.reply_tail, "", Bits(0, 0))
            reply["entries"] = [_plain(entry) for entry, _ in tail_of.taken(rest)]
        return reply

    def exchange(
        self, protocol: Protocol, message: Message, words: tuple[int, ...], behind: bytes = b""
    ) -> tuple[tuple[Any, ...], bytes]:
        """Send a message; returns the fixed fields of the reply and the bytes after them.
        ``behind`` are the bytes after the fields of the request."""
        status, values = self.command(protocol, message.id, message.request.pack(*words) + behind)
        if status != Status.SUCCESS:
            raise ScmiError(status, _sentence(message, words))
        if message.id == messages.NEGOTIATE:
            (self._chosen[protocol],) = words
        size = message.reply.size
        open_ended = message.entries is not None or message.reply_tail is not None
        if len(values) < size or (len(values) > size and not open_ended):
            what = f"unexpected reply of {len(values)} bytes"
            raise ClientError(f"{self.url}: {_sentence(message, words)}: {what}")
        return message.reply.unpack(values[:size]), values[size:]

    def parts(
        self, protocol: Protocol, number: int, *words: int, known: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """All parts of a multi-part reply, as `ask` returns them; ``words`` are those of the first
        request, without an index at the end. ``known``: how many entries another message has
        announced. Raises `ClientError` also for parts that contradict each other."""
        message = self.message(protocol, number)
        entries = message.entries
        assert entries is not None
        names = [field.name for field in message.request.fields]
        request = [*words, *[0] * (len(names) - len(words))]
        place, first = names.index(entries.index), request[names.index(entries.index)]
        total, more = Total(entries, known), known != 0
        while more:
            request[place] = first | total.index << entries.at.low
            part, more = self._part(protocol, message, tuple(request), total)
            yield part

    def _part(
        self, protocol: Protocol, message: Message, words: tuple[int, ...], total: Total
    ) -> tuple[dict[str, Any], bool]:
        """A part of a multi-part reply, and whether more parts remain."""
        assert message.entries is not None
        fixed, rest = self.exchange(protocol, message, words)
        found = [_plain(entry) for entry, _ in message.entries.taken(rest)]
        try:
            count, more = total.add(fixed[-1], len(found))
        except PartError as problem:
            raise ClientError(f"{self.url}: {_sentence(message, words)}: {problem}") from None
        # what comes after the entries is padding
        return _plain(message.reply.named(fixed)) | {"entries": found[:count]}, more

    def entries(
        self, protocol: Protocol, number: int, *words: int, known: int | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """The fields of the entries of all `parts`."""
        for part in self.parts(protocol, number, *words, known=known):
            yield from (tuple(entry.values()) for entry in part["entries"])

    # Events

    def delayed_response(self, timeout: float) -> tuple[Header, bytes] | None:
        """The next delayed response, dropping notifications before it; ``None`` if there is none
        within ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            event = self.next_event(left)
            if event is None or event[0].kind == MessageType.DELAYED:
                return event
        return None

    def describe(self, frame: bytes, *, response: bool = False) -> str:
        """A frame in words, by the protocol versions of the platform."""
        return describe(frame, self._version_or_none, response=response)

    def describe_event(self, event: tuple[Header, bytes]) -> str:
        """A delayed response or notification in words."""
        head, payload = event
        word = header(head.protocol, head.message, head.token, head.kind)
        return self.describe(word.to_bytes(HEADER_SIZE, "little") + payload)

    def _version_or_none(self, protocol: Protocol) -> int:
        try:
            return self.version(protocol)
        except (ScmiError, ClientError):
            return 0

    # Resources

    def protocols(self) -> list[int]:
        """The ids of the protocols that the agent can use, without base."""
        (attributes,) = self.call(Protocol.BASE, messages.ATTRIBUTES)
        found = [number for (number,) in self.entries(Protocol.BASE, 0x6, known=attributes & 0xFF)]
        if len(set(found)) != len(found):
            raise ClientError(f"{self.url}: BASE_DISCOVER_LIST_PROTOCOLS: a protocol comes twice")
        return found

    def count(self, protocol: Protocol) -> int:
        """The size of the agent's id space in ``protocol``."""
        return int(self.call(protocol, messages.ATTRIBUTES)[0] & 0xFFFF)

    def each(self, protocol: Protocol) -> Iterator[tuple[int, str, tuple[Any, ...]]]:
        """Id, name and attribute fields of every visible resource."""
        for number in range(self.count(protocol)):
            try:
                fields = self.call(protocol, 0x3, number)
            except ScmiError as refusal:
                if refusal.status not in _HOLES:
                    raise
                continue
            yield number, self._name(protocol, number, fields), fields

    def _name(self, protocol: Protocol, number: int, fields: tuple[Any, ...]) -> str:
        short = next(field for field in fields if isinstance(field, bytes))
        bit, message = _EXTENDED_NAMES[protocol]
        if fields[0] & bit and message in messages.commands(protocol, self.version(protocol)):
            return self._long_name(protocol, message, number) or name_text(short)
        return name_text(short)

    def _long_name(self, protocol: Protocol, message: int, number: int) -> str | None:
        """The extended name of a resource; ``None`` if it is refused."""
        try:
            return name_text(self.call(protocol, message, number)[1])
        except ScmiError:
            return None

    def _unless_refused(self, protocol: Protocol, message: int, number: int) -> int | None:
        try:
            return int(self.call(protocol, message, number)[0])
        except ScmiError:
            return None


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a reply, with names as text."""
    return {
        name: name_text(value) if isinstance(value, bytes) else value
        for name, value in fields.items()
    }


def _sentence(message: Message, words: tuple[int, ...]) -> str:
    """A command for people, as a trace has it: ``CLOCK_RATE_GET clock=3``."""
    fields = zip(message.request.fields, words, strict=True)
    return " ".join([message.name, *(f"{field.name}={word}" for field, word in fields)])
