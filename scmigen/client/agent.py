"""The commands of an agent as methods. Layouts follow the version the platform reports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from scmigen.client.channel import Channel, ClientError, ScmiError
from scmigen.scmi import messages
from scmigen.scmi.layouts import Bits, Entries, Message, name_text
from scmigen.scmi.protocols import KIND_OF, Protocol
from scmigen.scmi.status import Status

_MYSELF: Final = 0xFFFF_FFFF
#: POWER_STATE: the generic states.
_ON: Final = 0x0
_OFF: Final = 0x4000_0000
_STATES: Final[dict[int | None, bool | None]] = {_ON: True, _OFF: False}
#: CLOCK_ATTRIBUTES: enabled. CLOCK_RATE_SET: round to the nearest.
_ENABLED: Final = 1
_ROUND_AUTO: Final = 1 << 3
#: Attribute bit that says a resource has an extended name, and the message that reads it.
_EXTENDED_NAMES: Final = {
    Protocol.POWER: (1 << 27, 0x8),
    Protocol.PERFORMANCE: (1 << 26, 0xC),
    Protocol.CLOCK: (1 << 29, 0x8),
    Protocol.RESET: (1 << 29, 0x6),
    Protocol.VOLTAGE: (1 << 30, 0x9),
    Protocol.POWERCAP: (1 << 28, 0x8),
}
#: Statuses that mean "nothing for you at this id": the ids go on after it.
_HOLES: Final = frozenset({Status.NOT_FOUND, Status.DENIED})


@dataclass(frozen=True, slots=True)
class ProtocolInfo:
    """A protocol of the platform; ``resources`` is how many ids the agent has in it."""

    id: int
    name: str
    version: tuple[int, int]
    resources: int | None


@dataclass(frozen=True, slots=True)
class PlatformInfo:
    """What the base protocol tells. ``agents``: id → name, those the platform tells of."""

    version: tuple[int, int]
    vendor: str
    sub_vendor: str
    implementation_version: int
    agent: int | None
    agents: dict[int, str]
    protocols: tuple[ProtocolInfo, ...]


@dataclass(frozen=True, slots=True)
class ClockInfo:
    """A clock. ``rate`` in Hz, ``None`` where the agent may not read it."""

    id: int
    name: str
    enabled: bool
    rate: int | None


@dataclass(frozen=True, slots=True)
class PowerDomainInfo:
    """A power domain; ``on`` is ``None`` where the agent may not read it, or the state is neither
    of the generic ones."""

    id: int
    name: str
    on: bool | None


@dataclass(frozen=True, slots=True)
class ResetDomainInfo:
    """A reset domain; ``latency`` in µs, ``None`` where the platform does not know it."""

    id: int
    name: str
    latency: int | None


class Client(Channel):
    """An agent of a platform. Every method raises `ScmiError` where the platform refuses, and
    `ClientError` where it does not answer."""

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        super().__init__(url, timeout)
        self._versions: dict[Protocol, int] = {}

    # Any command

    def version(self, protocol: Protocol) -> int:
        """The PROTOCOL_VERSION word, asked for once."""
        if protocol not in self._versions:
            row = messages.commands(protocol, 0x10000)[messages.VERSION]
            (self._versions[protocol],) = self.exchange(protocol, row, ())[0]
        return self._versions[protocol]

    def message(self, protocol: Protocol, number: int) -> Message:
        """The row of a message at the version the platform has."""
        rows = messages.commands(protocol, self.version(protocol))
        if number not in rows:
            raise ScmiError(Status.NOT_SUPPORTED, f"{protocol.name.lower()} message {number:#x}")
        return rows[number]

    def call(self, protocol: Protocol, number: int, *words: int) -> tuple[Any, ...]:
        """Send a message with the words of its request; the fields of its reply."""
        return self.exchange(protocol, self.message(protocol, number), words)[0]

    def ask(self, name: str, tail: Sequence[Sequence[int]] = (), **fields: int) -> dict[str, Any]:
        """Send any message by its name (`messages.named`), with the fields of its request by
        theirs, 0 where none is given, and what comes behind them in ``tail``. Returns the fields of
        the reply; in ``entries`` those of a multi-part reply, as many as came with this one. Raises
        `ValueError` for a name that is not there."""
        found = messages.named(name)
        if found is None:
            raise ValueError(f"no message {name!r}")
        protocol, number = found
        message = self.message(protocol, number)
        names = [field.name for field in message.request.fields]
        unknown = sorted(fields.keys() - set(names))
        if unknown:
            raise ValueError(f"{name} has no field {unknown[0]!r}; it has: {', '.join(names)}")
        if tail and message.request_tail is None:
            raise ValueError(f"nothing comes behind the fields of {name}")
        words = tuple(fields.get(name, 0) for name in names)
        behind = b"".join(message.request_tail.pack(*it) for it in tail if message.request_tail)
        values, rest = self.exchange(protocol, message, words, behind)
        reply = _plain(message.reply.named(values))
        entries = message.entries
        if entries is None and message.reply_tail is not None:
            entries = Entries(message.reply_tail, "", Bits(0, 0))
        if entries is not None:
            reply["entries"] = [_plain(entry) for entry, _ in entries.taken(rest)]
            if entries.returned.width:  # what comes after that many is padding
                del reply["entries"][entries.returned.get(values[-1]) :]
        return reply

    def exchange(
        self, protocol: Protocol, message: Message, words: tuple[int, ...], behind: bytes = b""
    ) -> tuple[tuple[Any, ...], bytes]:
        """The fixed fields of the reply, and what stands behind them. ``behind``: what comes after
        the fields of the request."""
        what = f"{message.name}({', '.join(map(str, words))})"
        status, values = self.command(protocol, message.id, message.request.pack(*words) + behind)
        if status != Status.SUCCESS:
            raise ScmiError(status, what)
        size = message.reply.size
        open_ended = message.entries is not None or message.reply_tail is not None
        if len(values) < size or (len(values) > size and not open_ended):
            raise ClientError(f"{self.url}: {what} is answered with {len(values)} bytes")
        return message.reply.unpack(values[:size]), values[size:]

    def parts(self, protocol: Protocol, number: int, *words: int) -> Iterator[tuple[Any, ...]]:
        """The entries of a multi-part reply, asked for until none remain; ``words`` are those of
        the request before the index."""
        message = self.message(protocol, number)
        entries = message.entries
        assert entries is not None
        index = 0
        while True:
            fixed, rest = self.exchange(protocol, message, (*words, index))
            count = entries.returned.get(fixed[-1])
            if sum(1 for _ in entries.taken(rest)) < count:
                raise ClientError(f"{self.url}: {message.name} has fewer entries than it says")
            for found, _ in islice(entries.taken(rest), count):
                yield tuple(found.values())
            index += count
            if count == 0 or entries.remaining is None or not entries.remaining.get(fixed[-1]):
                return

    # Discovery

    def protocols(self) -> list[int]:
        """The ids of the protocols the agent can use, base left out."""
        (attributes,) = self.call(Protocol.BASE, messages.ATTRIBUTES)
        total = attributes & 0xFF
        message = self.message(Protocol.BASE, 0x6)
        found: list[int] = []
        while len(found) < total:
            (count,), ids = self.exchange(Protocol.BASE, message, (len(found),))
            if not 0 < count <= len(ids):
                raise ClientError(f"{self.url}: the list of protocols ends early")
            found += ids[:count]
        return found

    def agent_name(self, agent: int) -> tuple[int, str]:
        """Id and name of an agent; of this one for 0xFFFFFFFF (base version 2)."""
        *number, name = self.call(Protocol.BASE, 0x7, agent)
        return (number[0] if number else agent), name_text(name)

    def info(self) -> PlatformInfo:
        """All that discovery tells."""
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
        """How many ids the agent has in ``protocol``."""
        return int(self.call(protocol, messages.ATTRIBUTES)[0] & 0xFFFF)

    def each(self, protocol: Protocol) -> Iterator[tuple[int, str, tuple[Any, ...]]]:
        """Id, name and attribute fields of every resource that is not hidden."""
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
                pass  # the short one will do
        return name_text(short)

    def _unless_refused(self, protocol: Protocol, message: int, number: int) -> int | None:
        try:
            return int(self.call(protocol, message, number)[0])
        except ScmiError:
            return None

    # Clocks

    def clocks(self) -> list[ClockInfo]:
        """The clocks the agent can see."""
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
        """The rates of a clock in Hz; lowest, highest and step where it has a range."""
        return [rate for (rate,) in self.parts(Protocol.CLOCK, 0x4, clock)]

    def clock_rate(self, clock: int) -> int:
        """The rate of a clock in Hz."""
        return int(self.call(Protocol.CLOCK, 0x6, clock)[0])

    def set_clock_rate(self, clock: int, rate: int) -> None:
        """Set a clock to ``rate`` Hz or the nearest it has."""
        self.call(Protocol.CLOCK, 0x5, _ROUND_AUTO, clock, rate)

    def enable_clock(self, clock: int, on: bool) -> None:
        """Ask for a clock to run, or not any more."""
        fields = self.message(Protocol.CLOCK, 0x7).request.fields
        self.call(Protocol.CLOCK, 0x7, clock, int(on), *[0] * (len(fields) - 2))

    # Power domains

    def power_domains(self) -> list[PowerDomainInfo]:
        """The power domains the agent can see."""
        found = []
        for number, name, _ in self.each(Protocol.POWER):
            state = self._unless_refused(Protocol.POWER, 0x5, number)
            found.append(PowerDomainInfo(number, name, _STATES.get(state)))
        return found

    def power_state(self, domain: int) -> int:
        """The state word of a power domain: 0 on, 0x40000000 off."""
        return int(self.call(Protocol.POWER, 0x5, domain)[0])

    def set_power(self, domain: int, on: bool) -> None:
        """Ask for a power domain to be on, or not any more."""
        self.call(Protocol.POWER, 0x4, 0, domain, _ON if on else _OFF)

    # Resets

    def reset_domains(self) -> list[ResetDomainInfo]:
        """The reset domains the agent can see."""
        return [
            ResetDomainInfo(number, name, None if fields[1] == 0xFFFF_FFFF else fields[1])
            for number, name, fields in self.each(Protocol.RESET)
        ]

    def reset(self, domain: int) -> None:
        """Reset a domain, all the way through."""
        self.call(Protocol.RESET, 0x4, domain, 1, 0)


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of a reply with names as text."""
    return {
        name: name_text(value) if isinstance(value, bytes) else value
        for name, value in fields.items()
    }


def _split(version: int) -> tuple[int, int]:
    return version >> 16, version & 0xFFFF
