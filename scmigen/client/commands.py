"""The commands of an agent as methods. Layouts follow the protocol versions of the platform."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scmigen.client.channel import Channel, ClientError, ScmiError
from scmigen.client.parts import PartError, Total
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
from scmigen.scmi.protocols import KIND_OF, Protocol
from scmigen.scmi.status import Status
from scmigen.scmi.text import describe

_MYSELF: Final = 0xFFFF_FFFF
#: POWER_STATE: the generic states.
_ON: Final = 0x0
_OFF: Final = 0x4000_0000
_STATES: Final[dict[int | None, bool | None]] = {_ON: True, _OFF: False}
#: CLOCK_ATTRIBUTES: enabled. CLOCK_RATE_SET: round to the nearest rate.
_ENABLED: Final = 1
_ROUND_AUTO: Final = 1 << 3
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


@dataclass(frozen=True, slots=True)
class ProtocolInfo:
    """A protocol of the platform; ``resources`` is the size of the agent's id space in it."""

    id: int
    name: str
    version: tuple[int, int]
    resources: int | None


@dataclass(frozen=True, slots=True)
class PlatformInfo:
    """The result of discovery. ``agents`` maps ids to names, as far as the platform reveals
    them."""

    version: tuple[int, int]
    vendor: str
    sub_vendor: str
    implementation_version: int
    agent: int | None
    agents: dict[int, str]
    protocols: tuple[ProtocolInfo, ...]


@dataclass(frozen=True, slots=True)
class ClockInfo:
    """A clock; ``rate`` is in Hz, or ``None`` if the agent may not read it."""

    id: int
    name: str
    enabled: bool
    rate: int | None


@dataclass(frozen=True, slots=True)
class PowerDomainInfo:
    """A power domain; ``on`` is ``None`` if the agent may not read the state, or it is not one of
    the generic ones."""

    id: int
    name: str
    on: bool | None


@dataclass(frozen=True, slots=True)
class ResetDomainInfo:
    """A reset domain; ``latency`` is in µs, or ``None`` if the platform does not know it."""

    id: int
    name: str
    latency: int | None


class Client(Channel):
    """An agent of a platform. Every method raises `ScmiError` if the platform refuses the request,
    and `ClientError` if it does not answer."""

    def __init__(self, url: str, timeout: float = 5.0, deadline: float = math.inf) -> None:
        super().__init__(url, timeout, deadline)
        self._versions: dict[Protocol, int] = {}

    # Any command

    def version(self, protocol: Protocol) -> int:
        """The PROTOCOL_VERSION word (cached)."""
        if protocol not in self._versions:
            row = messages.commands(protocol, 0x10000)[messages.VERSION]
            (self._versions[protocol],) = self.exchange(protocol, row, ())[0]
        return self._versions[protocol]

    def message(self, protocol: Protocol, number: int) -> Message:
        """The layout of a message in the version that the platform has."""
        rows = messages.commands(protocol, self.version(protocol))
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
            raise ValueError(f"unknown message {name!r}")
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
        what = _sentence(message, words)
        status, values = self.command(protocol, message.id, message.request.pack(*words) + behind)
        if status != Status.SUCCESS:
            raise ScmiError(status, what)
        size = message.reply.size
        open_ended = message.entries is not None or message.reply_tail is not None
        if len(values) < size or (len(values) > size and not open_ended):
            raise ClientError(f"{self.url}: {what}: unexpected reply of {len(values)} bytes")
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

    # Discovery

    def protocols(self) -> list[int]:
        """The ids of the protocols that the agent can use, without base."""
        (attributes,) = self.call(Protocol.BASE, messages.ATTRIBUTES)
        found = [number for (number,) in self.entries(Protocol.BASE, 0x6, known=attributes & 0xFF)]
        if len(set(found)) != len(found):
            raise ClientError(f"{self.url}: BASE_DISCOVER_LIST_PROTOCOLS: a protocol comes twice")
        return found

    def agent_name(self, agent: int) -> tuple[int, str]:
        """Id and name of an agent; 0xFFFFFFFF is this agent (base version 2)."""
        *number, name = self.call(Protocol.BASE, 0x7, agent)
        return (number[0] if number else agent), name_text(name)

    def info(self) -> PlatformInfo:
        """Discover the platform, its agents and protocols."""
        (attributes,) = self.call(Protocol.BASE, messages.ATTRIBUTES)
        try:
            sub_vendor = name_text(self.call(Protocol.BASE, 0x4)[0])
        except ScmiError:
            sub_vendor = ""  # optional
        agents: dict[int, str] = {}
        myself = None
        for number in range(attributes >> 8 & 0xFF):
            try:
                agents[number + 1] = self.agent_name(number + 1)[1]
            except ScmiError:
                continue
        if self.version(Protocol.BASE) >= 0x20000 and agents:
            myself = self.agent_name(_MYSELF)[0]
        return PlatformInfo(
            _split(self.version(Protocol.BASE)),
            name_text(self.call(Protocol.BASE, 0x3)[0]),
            sub_vendor,
            self.call(Protocol.BASE, 0x5)[0],
            myself,
            agents,
            tuple(self._protocol(number) for number in self.protocols()),
        )

    def _protocol(self, number: int) -> ProtocolInfo:
        try:
            protocol = Protocol(number)
        except ValueError:
            status, values = self.command(number, messages.VERSION)
            word = int.from_bytes(values[:4], "little") if status == 0 else 0
            return ProtocolInfo(number, f"vendor {number:#x}", _split(word), None)
        counted = self.count(protocol) if protocol in KIND_OF else None
        return ProtocolInfo(number, protocol.name.lower(), _split(self.version(protocol)), counted)

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
            try:
                return name_text(self.call(protocol, message, number)[1])
            except ScmiError:
                pass  # fall back to the short name
        return name_text(short)

    def _unless_refused(self, protocol: Protocol, message: int, number: int) -> int | None:
        try:
            return int(self.call(protocol, message, number)[0])
        except ScmiError:
            return None

    # Clocks

    def clocks(self) -> list[ClockInfo]:
        """The clocks that the agent can see."""
        return [
            ClockInfo(
                number,
                name,
                bool(fields[0] & _ENABLED),
                self._unless_refused(Protocol.CLOCK, 0x6, number),
            )
            for number, name, fields in self.each(Protocol.CLOCK)
        ]

    def clock_rates(self, clock: int) -> list[int]:
        """The rates of a clock in Hz; for a range: lowest, highest and step."""
        return [rate for (rate,) in self.entries(Protocol.CLOCK, 0x4, clock)]

    def clock_rate(self, clock: int) -> int:
        """The rate of a clock in Hz."""
        return int(self.call(Protocol.CLOCK, 0x6, clock)[0])

    def set_clock_rate(self, clock: int, rate: int) -> None:
        """Set a clock to the supported rate nearest to ``rate`` Hz."""
        self.call(Protocol.CLOCK, 0x5, _ROUND_AUTO, clock, rate)

    def enable_clock(self, clock: int, on: bool) -> None:
        """Vote for a clock to run, or not."""
        fields = self.message(Protocol.CLOCK, 0x7).request.fields
        self.call(Protocol.CLOCK, 0x7, clock, int(on), *[0] * (len(fields) - 2))

    # Power domains

    def power_domains(self) -> list[PowerDomainInfo]:
        """The power domains that the agent can see."""
        found = []
        for number, name, _ in self.each(Protocol.POWER):
            state = self._unless_refused(Protocol.POWER, 0x5, number)
            found.append(PowerDomainInfo(number, name, _STATES.get(state)))
        return found

    def power_state(self, domain: int) -> int:
        """The state word of a power domain: 0 on, 0x40000000 off."""
        return int(self.call(Protocol.POWER, 0x5, domain)[0])

    def set_power(self, domain: int, on: bool) -> None:
        """Vote for a power domain to be on, or not."""
        self.call(Protocol.POWER, 0x4, 0, domain, _ON if on else _OFF)

    # Resets

    def reset_domains(self) -> list[ResetDomainInfo]:
        """The reset domains that the agent can see."""
        return [
            ResetDomainInfo(number, name, None if fields[1] == 0xFFFF_FFFF else fields[1])
            for number, name, fields in self.each(Protocol.RESET)
        ]

    def reset(self, domain: int) -> None:
        """Reset a domain: the full cycle."""
        self.call(Protocol.RESET, 0x4, domain, 1, 0)


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a reply, with names as text."""
    return {
        name: name_text(value) if isinstance(value, bytes) else value
        for name, value in fields.items()
    }


def _sentence(message: Message, words: tuple[int, ...]) -> str:
    """A command for people: ``CLOCK_RATE_GET(3)``."""
    return f"{message.name}({', '.join(map(str, words))})"


def _split(version: int) -> tuple[int, int]:
    return version >> 16, version & 0xFFFF
